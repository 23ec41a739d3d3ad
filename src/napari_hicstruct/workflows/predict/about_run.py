"""How a set was predicted: what a project keeps of the run, and what it says to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_hicstruct.annotations.kinds import plural_of_task
from napari_hicstruct.contacts.fused import FUSED_FROM, names_of
from napari_hicstruct.genome import format_bin_size
from napari_hicstruct.workflows.predict.request import PredictRequest

PARTIAL = "partial"
"""Key of a kept run that has not come to its end; end of the name of its set."""
_OF_MODEL = ("name", "version", "sha256")


def kept_run(
    model: Mapping[str, Any], parameters: Mapping[str, Any], fused_from: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Model and request of a run, alike from the window, the shell and Python: what ``run.json`` says of them.

    Parameters
    ----------
    model : mapping
        ``name``, ``version``, ``sha256``; what else it holds, such as the device, is not of the calls.
    parameters : mapping
        As :meth:`PredictRequest.to_run` gives them; what was worked out from the map is left out.
    fused_from : mapping, optional
        What the map was fused from, as :func:`~napari_hicstruct.contacts.fused.sources_of` gives it.
    """
    asked = PredictRequest(regions=()).to_run()
    fused = {FUSED_FROM: dict(fused_from)} if fused_from else {}
    return {
        "model": {key: model[key] for key in _OF_MODEL if key in model},
        "parameters": {key: parameters[key] for key in asked if key in parameters},
        **fused,
    }


def label_of_run(run: Mapping[str, Any]) -> str:
    """Name and version of its model, as calls name it."""
    model = run["model"]
    return f"{model['name']} {model['version']}"


def words_of_run(run: Mapping[str, Any]) -> str:
    """Mode and limits: ``accurate; TAD size 100 kb–600 kb; probability of loops ≥ 0.3``."""
    asked = run["parameters"]
    said = [str(asked["mode"])] if "mode" in asked else []
    said += [f"{_title(name)} {_length(value)}" for name, value in asked.get("limits", {}).items()]
    said += [
        f"probability of {plural_of_task(task)} ≥ {least:g}" for task, least in asked.get("min_probability", {}).items()
    ]
    if size := asked.get("resolution"):
        said.append(f"bins of {format_bin_size(size)}")
    said = said if len(said) > 1 else [*said, "no limits set"]
    if fused := run.get(FUSED_FROM):
        said.append("on a map fused from {} and {}".format(*names_of(fused)))
    return "; ".join([*said, "ended before it was through"] if run.get(PARTIAL) else said)


def place_of_run(run: Mapping[str, Any]) -> str:
    """What was looked for, and where: ``loops, TADs in chr21:30,000,000-33,000,000``."""
    asked = run["parameters"]
    regions = asked.get("regions", [])
    where = regions[0] if len(regions) == 1 else f"{len(regions):,} regions"
    return f"{', '.join(map(plural_of_task, asked.get('tasks', [])))} in {where}"


def _title(limit: str) -> str:
    return limit.replace("_", " ").replace("tad", "TAD")


def _length(value: int | list[int]) -> str:
    return "–".join(map(format_bin_size, value if isinstance(value, list) else [value]))
