"""The folder of a training run: it belongs to one recipe, and a run goes on only by that one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from napari_hicstruct.config import parse_config
from napari_hicstruct.config.files import output_error
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.errors import ConfigError, HicStructError

RECIPE = "recipe.json"
FREE = {"name", "version", "checkpoint_every", "patience"}
"""Keys that may change on the way: they touch no weight."""

_HINT = "Give the run's own recipe, or a new folder."


def prepare_folder(config: TrainConfig, out: Path) -> None:
    """Make ``out``, or make sure that the run in it was begun by the same recipe (more steps may be asked for).

    Raises
    ------
    ConfigError
        If a checkpoint of another recipe lies there: its card would tell of settings that did not make it.
    OutputError
        If the folder cannot be made.
    """
    from napari_hicstruct.training.state import CHECKPOINT

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(out, error, what="the folder cannot be made") from error
    if (out / CHECKPOINT).exists() and (out / RECIPE).exists():
        before, now = _begun_by(out), config.model_dump(mode="json")
        if key := next((key for key in now if key not in FREE and _other(key, before, now)), None):
            raise ConfigError(f"key '{key}' is not that of the run in this folder.", where=out, hint=_HINT)


def _begun_by(out: Path) -> dict[str, Any]:
    try:
        text = json.loads((out / RECIPE).read_text(encoding="utf-8"))
        return parse_config(TrainConfig, text, where=str(out / RECIPE)).model_dump(mode="json")
    except (HicStructError, ValueError) as error:
        raise ConfigError("was begun by another version of this program.", where=out / RECIPE, hint=_HINT) from error


def _other(key: str, before: dict[str, Any], now: dict[str, Any]) -> bool:
    return bool(now[key] < before[key]) if key == "steps" else bool(now[key] != before[key])
