"""A realistic training without end, for measuring what it does to a window and what the window does to it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import yaml

from benchmarks._harness import scratch
from napari_hicstruct.jobs import CancelToken, Progress

SIDE = 128
"""Bins of a window, as in fine-tuning."""


def recipe() -> Any:
    """The small model's recipe with fine-tuning's windows on three short maps, never validated."""
    from napari_hicstruct.config import parse_config
    from napari_hicstruct.config.resources import resource
    from napari_hicstruct.config.training import TrainConfig

    pool = {"extrusion": 3, "first_seed": 1, "settings": {"length": 8_000_000}}
    changes = {"steps": 1_000_000, "coarse_size": SIDE, "train": pool, "validate_every": 10**9}
    settings = yaml.safe_load(resource("configs", "tiny.yaml").read_text(encoding="utf-8")) | changes
    settings |= {"checkpoint_every": 10**9, "warmup": 10}
    return parse_config(TrainConfig, settings, where="window smoothness")


def maps() -> list[Path]:
    """The simulated maps; made once."""
    from napari_hicstruct.jobs import drain
    from napari_hicstruct.training.pool import iter_make_pool

    return drain(iter_make_pool(recipe().train, scratch("window_smoothness"), token=CancelToken()))


def iter_endless(*, token: CancelToken) -> Generator[Progress, None, Path]:
    """Train until cancelled, with all processor cores but one."""
    import torch

    from napari_hicstruct.training.engine import RunOptions, iter_train

    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    with tempfile.TemporaryDirectory() as out:
        return (
            yield from iter_train(
                recipe(), Path(out), train_paths=maps(), validation=[], token=token, options=RunOptions(in_process=True)
            )
        )
