"""A model's card in a few lines: what it is, what it learnt from, how good it is, where it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from qtpy.QtWidgets import QLabel

from napari_hicstruct.annotations.kinds import plural_of_task
from napari_hicstruct.config.training import simulated_maps
from napari_hicstruct.genome import format_bin_size
from napari_hicstruct.plugin.widgets.style import subdued
from napari_hicstruct.wording import how_many

_LINES = 6
_PARTS = {"fine": " (fine bins)", "coarse": " (coarse bins)"}
_OF_BEFORE = re.compile(r"(\d+) loop-extrusion and (\d+) painted simulated maps")


def card_lines(model: Any) -> list[tuple[str, str]]:
    """(what, value) of a model's card; parts that the card lacks are left out, but lineage and calibration are said.

    Parameters
    ----------
    model : ModelInfo
        Anything with ``name``, ``version``, ``tasks`` and ``card``.
    """
    card: Mapping[str, Any] = model.card
    lines = [("Model", model.label), ("Finds", ", ".join(map(plural_of_task, model.tasks)))]
    if card.get("data"):
        lines.append(("Trained on", _maps(str(card["data"]))))
    for name, metrics in _mapping(card.get("metrics")).items():
        lines.append((name[:1].upper() + name[1:], _figures(_mapping(metrics)) or "no figures"))
    finetuned = _mapping(card.get("finetuned"))
    if finetuned:
        verdict = finetuned.get("verdict") or ("taken" if finetuned.get("taken") else "not taken")  # of before the four
        what = f"on {how_many(finetuned.get('corrections', 0), 'correction')}, {verdict}: {finetuned.get('reason', '')}"
        lines.append(("Fine-tuned", what))
    lines.append(("Calibration", _calibration(_mapping(card.get("calibration")))))
    lines.append(("Lineage", _lineage(card)))
    if card.get("licence"):
        lines.append(("Licence", str(card["licence"])))
    return lines


class ModelCard(QLabel):
    """The card of the model that *Run model* would run."""

    def __init__(self) -> None:
        super().__init__()
        subdued(self)
        self.setWordWrap(True)
        self.setAccessibleName("Model card")

    def show_model(self, model: Any | None) -> None:
        """Show a model's card, or nothing."""
        lines = [] if model is None else card_lines(model)
        rows = (f"<b>{escape(what)}</b> {escape(value)}" for what, value in lines)
        self.setText("<br>".join(rows))
        self.setVisible(bool(lines))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _figures(metrics: Mapping[str, Any], before: str = "") -> str:
    """``loops (fine bins) 0.894 · …``: average precisions where there are any, else all numbers but losses."""
    if isinstance(metrics.get("average_precision"), Mapping):
        return "average precision: " + _figures(metrics["average_precision"])
    parts = []
    for name, value in metrics.items():
        if isinstance(value, Mapping) and name != "losses":
            parts.append(_figures(value, f"{before}{name} "))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            parts.append(f"{before}{_what(name)} {value:.3g}")
    return " · ".join(part for part in parts[:_LINES] if part)


def _calibration(maps: Mapping[str, Any]) -> str:
    """Which probabilities are calibrated, and their error if the card has it."""
    if not maps:
        return "none: probabilities are what the network gives"
    errors = {_what(str(name)): _mapping(one).get("ece") for name, one in maps.items()}
    known = [f"{what} {error:.3f}" for what, error in errors.items() if isinstance(error, (int, float))]
    if not known:
        return ", ".join(list(errors)[:_LINES])
    return f"mean error of the probabilities: {' · '.join(known[:_LINES])}"


def _what(name: str) -> str:
    """``loop@10000`` and ``loop/fine``, which cards hold, as people write them: ``loops at 10 kb``."""
    task, at, size = name.partition("@")
    if at and size.isdigit():
        return f"{plural_of_task(task)} at {format_bin_size(int(size))}"
    task, _, part = name.partition("/")
    return f"{plural_of_task(task)}{_PARTS.get(part, '')}"


def _maps(data: str) -> str:
    """What a card says of its data; cards of before name simulators of which there was no map."""
    found = _OF_BEFORE.match(data)
    if found is None:
        return data
    extrusion, painted, rest = int(found[1]), int(found[2]), data[found.end() :]
    return simulated_maps(extrusion, painted) + rest


def _lineage(card: Mapping[str, Any]) -> str:
    """Ancestors, oldest first; ``from scratch`` where there are none."""
    parent = card.get("parent")
    ancestors = [str(one) for one in card.get("lineage") or ()]
    if not ancestors and parent:
        name = parent.get("name", "") if isinstance(parent, Mapping) else parent
        sha = str(_mapping(parent).get("sha256", ""))[:12]
        ancestors = [f"{name} ({sha})" if sha else str(name)]
    made = f"trained from scratch, seed {card['seed']}" if "seed" in card else "trained from scratch"
    return " → ".join([*ancestors, "this"]) if ancestors else made
