"""Train a model from simulated maps by a recipe, and pack the best checkpoint as a model folder."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct import __version__
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.jobs import CancelToken, Progress, drain

if TYPE_CHECKING:
    from napari_hicstruct.training.samples import Batch

VALIDATION_BATCHES = 18


def pool_folder(out: Path) -> Path:
    """Where simulated maps are kept: ``$HICSTRUCT_POOL``, else inside the run's folder."""
    chosen = os.environ.get("HICSTRUCT_POOL")
    return Path(chosen) if chosen else out / "maps"


def iter_train_model(
    config: TrainConfig, out: str | Path, *, device: str = "auto", token: CancelToken | None = None
) -> Generator[Progress, None, Path]:
    """Simulate what is missing, train (or go on), and write ``out/model``; gives that folder.

    Raises
    ------
    ConfigError, JobError, OutputError
    """
    from napari_hicstruct.training.engine import iter_train
    from napari_hicstruct.training.pool import iter_make_pool

    out, token = Path(out), token or CancelToken()
    out.mkdir(parents=True, exist_ok=True)
    (out / "recipe.json").write_text(config.model_dump_json(indent=2), encoding="utf-8")
    train_paths = yield from iter_make_pool(config.train, pool_folder(out), token=token)
    validation_paths = yield from iter_make_pool(config.validation, pool_folder(out), token=token)
    batches = validation_batches(config, validation_paths)
    best = yield from iter_train(config, out, train_paths=train_paths, validation=batches, device=device, token=token)
    return pack_model(config, best, out / "model")


def validation_batches(config: TrainConfig, paths: list[Path]) -> list[Batch]:
    """Fixed batches of the validation pool: other seeds, other depths, the same every time."""
    from napari_hicstruct.training.samples import SampleStream

    few = config.model_copy(update={"steps_per_draw": 3})
    stream = SampleStream(few, paths, first_step=0, last_step=VALIDATION_BATCHES, seed=config.seed + 1_000_003)
    return list(stream)


def pack_model(config: TrainConfig, best: Path, folder: Path) -> Path:
    """Turn a checkpoint's averaged weights into a model folder with card."""
    from napari_hicstruct.models.store import save_model
    from napari_hicstruct.training.checkpoint import load_checkpoint

    saved = load_checkpoint(best)
    card: dict[str, Any] = {
        "name": config.name,
        "version": config.version,
        "tasks": [task.name for task in config.model.tasks],
        "data": f"{config.train.extrusion} loop-extrusion and {config.train.painted} painted simulated maps",
        "metrics": {"validation (simulated)": saved["scores"]},
        "step": saved["step"],
        "seed": config.seed,
        "parent": None,
        "licence": "BSD-3-Clause",
        "made_with": f"napari-hicstruct {__version__}",
        "recipe": json.loads(config.model_dump_json()),
    }
    save_model(folder, config.model, saved["net"], card)
    return folder


def train_model(config: TrainConfig, out: str | Path, *, device: str = "auto") -> Path:
    """:func:`iter_train_model` run to its end."""
    return drain(iter_train_model(config, out, device=device))
