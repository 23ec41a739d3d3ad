"""Fine-tuning by gradient steps: windows around corrections and replayed simulated maps, the usual engine."""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from napari_hicstruct.config import parse_config
from napari_hicstruct.config.finetune import FinetuneConfig
from napari_hicstruct.config.model import ModelConfig, WindowConfig
from napari_hicstruct.config.training import PoolConfig, TrainConfig
from napari_hicstruct.jobs import CancelToken, Progress
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.training.adapt import choose_trainable, merge_adapters
from napari_hicstruct.training.checkpoint import load_checkpoint
from napari_hicstruct.training.engine import RunOptions, iter_train
from napari_hicstruct.training.samples import SampleStream
from napari_hicstruct.training.state import open_fabric

N_VALIDATIONS = 4
"""How often the network is validated on the way."""

_BATCHES = 4


def train_config(model: ModelConfig, config: FinetuneConfig, pool: PoolConfig, corrections: int) -> TrainConfig:
    """The recipe of a fine-tuning as the engine reads it.

    Raises
    ------
    ConfigError
        If the windows are too small for the model's margins.
    """
    steps = config.steps_for(corrections)
    sizes = model.windows.model_dump() | {"fine_size": min(config.fine_size, model.windows.fine_size)}
    windows = parse_config(WindowConfig, sizes, where="fine-tuning")
    recipe = {
        "name": "finetune",
        "seed": config.seed,
        "model": model.model_copy(update={"windows": windows}),
        "train": pool,
        "datasets": ("corrections",),
        "dataset_share": config.correction_share,
        "thinning": config.thinning,
        "dropped_bins": 0.02,
        "steps": steps,
        "coarse_size": config.coarse_size,
        "steps_per_draw": 8,
        "learning_rate": config.rate_for(corrections),
        "warmup": min(10, steps // 4),
        "average": config.ema_decay,
        "validate_every": max(1, steps // N_VALIDATIONS),
        "checkpoint_every": max(1, steps // N_VALIDATIONS),
        "patience": config.patience,
    }
    return parse_config(TrainConfig, recipe, where="fine-tuning")


def iter_tune(  # noqa: PLR0913 - keywords of a use case
    recipe: TrainConfig,
    config: FinetuneConfig,
    weights: dict[str, Tensor],
    paths: tuple[list[Path], list[Path]],
    out: Path,
    *,
    device: str,
    token: CancelToken,
    stop: CancelToken | None = None,
) -> Generator[Progress, None, tuple[dict[str, Tensor], int]]:
    """Train; gives the best weights, adapters merged, and after how many steps they were reached.

    Stopped before the first validation, that is what it started from, after 0 steps.

    Parameters
    ----------
    recipe : TrainConfig
        Of :func:`train_config`.
    weights : dict of str to Tensor
        To start from.
    paths : (list of Path, list of Path)
        Maps to learn from (regions of corrections, simulated maps) and to validate on.
    out : Path
        Empty folder for checkpoints.
    """
    prepare = partial(choose_trainable, what=config.trainable, rank=config.rank)
    stream = SampleStream(recipe, paths[1], first_step=0, last_step=_BATCHES, seed=recipe.seed + 1_000_003)
    out.mkdir(parents=True, exist_ok=True)
    best = yield from iter_train(
        recipe,
        out,
        train_paths=paths[0],
        validation=list(stream),
        token=token,
        fabric=open_fabric(device),
        weights=weights,
        options=RunOptions(prepare=prepare, in_process=True, stop=stop),
    )
    if not best.exists():  # stopped before anything was measured, or never a finite loss
        return weights, 0
    saved = load_checkpoint(best)
    return merged(recipe.model, saved["net"], prepare), int(saved["step"])


def merged(model: ModelConfig, state: dict[str, Tensor], prepare: Any) -> dict[str, Tensor]:
    """A trained network's weights as those of an ordinary network."""
    net = MultiTaskNet(model)
    prepare(net)
    net.load_state_dict(state)
    merge_adapters(net)
    return {name: value.detach().clone() for name, value in net.state_dict().items()}


class Speed:
    """Steps per second since it was made."""

    def __init__(self) -> None:
        self._start, self._steps = time.monotonic(), 0

    def step(self) -> float:
        """Count one more."""
        self._steps += 1
        return self._steps / max(1e-6, time.monotonic() - self._start)
