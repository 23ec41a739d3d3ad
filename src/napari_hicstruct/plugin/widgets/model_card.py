"""A model's card in a few lines: what it is, what it learnt from, how good it is, where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from qtpy.QtWidgets import QLabel

from napari_hicstruct.plugin.widgets.style import subdued

_LINES = 6


def card_lines(model: Any) -> list[tuple[str, str]]:
    """(what, value) of a model's card; parts that the card lacks are left out, but lineage and calibration are said.

    Parameters
    ----------
    model : ModelInfo
        Anything with ``name``, ``version``, ``tasks`` and ``card``.
    """
    card: Mapping[str, Any] = model.card
    lines = [("Model", model.label), ("Finds", ", ".join(model.tasks))]
    if card.get("data"):
        lines.append(("Trained on", str(card["data"])))
    for name, metrics in _mapping(card.get("metrics")).items():
        lines.append((name[:1].upper() + name[1:], _figures(_mapping(metrics)) or "no figures"))
    finetuned = _mapping(card.get("finetuned"))
    if finetuned:
        verdict = finetuned.get("verdict") or ("taken" if finetuned.get("taken") else "not taken")  # of before the four
        what = f"on {finetuned.get('corrections', 0):,} corrections, {verdict}: {finetuned.get('reason', '')}"
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
    """``loop/fine 0.894 · …``: average precisions where there are any, else all numbers but losses."""
    if isinstance(metrics.get("average_precision"), Mapping):
        return "average precision " + _figures(metrics["average_precision"])
    parts = []
    for name, value in metrics.items():
        if isinstance(value, Mapping) and name != "losses":
            parts.append(_figures(value, f"{before}{name} "))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            parts.append(f"{before}{name} {value:.3g}")
    return " · ".join(part for part in parts[:_LINES] if part)


def _calibration(maps: Mapping[str, Any]) -> str:
    """Which probabilities are calibrated, and their error if the card has it."""
    if not maps:
        return "none: probabilities are what the network gives"
    parts = []
    for name, one in maps.items():
        error = _mapping(one).get("ece")
        parts.append(f"{name} (off by {error:.3f} on average)" if isinstance(error, (int, float)) else str(name))
    return ", ".join(parts[:_LINES])


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
