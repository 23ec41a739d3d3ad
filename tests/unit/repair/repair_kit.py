"""Small labellings and settings that the tests of label repair share."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.base import with_changes
from napari_hicstruct.config.repair import LabelClass, RepairConfig
from napari_hicstruct.jobs import CancelToken
from napari_hicstruct.label_repair.fitting import FitContext
from napari_hicstruct.label_repair.sample import LabelSample
from napari_hicstruct.training.state import open_fabric

T = TypeVar("T")

DISK, SMALL = 1, 2

FAST = with_changes(
    RepairConfig(classes=(LabelClass(name="disk", value=DISK), LabelClass(name="small", value=SMALL))),
    shape={
        "latent": 16,
        "epochs": 40,
        "train_size": 24,
        "points": 128,
        "batch": 2,
        "validation_points": 128,
        "validate_every": 10,
        "checkpoint_every": 10,
    },
    joint={
        "latent": 16,
        "steps": 80,
        "positives": 64,
        "band_points": 32,
        "negatives": 64,
        "batch": 2,
        "validate_every": 20,
        "validation_points": 128,
        "checkpoint_every": 20,
        "new_sample_steps": 40,
    },
)
"""Settings that end within a second and still learn two disks."""


def ball(shape: tuple[int, ...], centre: tuple[float, ...], radius: float) -> NDArray[np.bool_]:
    """A disk or ball; ``centre`` in voxels."""
    at = np.indices(shape).astype(float)
    away = sum((axis - middle) ** 2 for axis, middle in zip(at, centre, strict=True))
    inside: NDArray[np.bool_] = np.asarray(away) <= radius**2
    return inside


def two_disks(shift: float = 0.0, shape: tuple[int, ...] = (20, 20)) -> NDArray[np.uint8]:
    """A disk (or ball) and a small one that touches it."""
    labels = np.zeros(shape, np.uint8)
    middle = [n / 2 for n in shape]
    labels[ball(shape, (*middle[:-1], middle[-1] - 2 + shift), shape[-1] / 4)] = DISK
    labels[ball(shape, (*middle[:-1], middle[-1] + 4.5 + shift), shape[-1] / 8)] = SMALL
    return labels


def sample(labels: NDArray[Any], name: str = "a", spacing: tuple[float, ...] | None = None) -> LabelSample:
    """A sample with spacing 1 unless another is given."""
    return LabelSample(name, labels, spacing or (1.0,) * labels.ndim)


def samples(n: int = 2, shape: tuple[int, ...] = (20, 20)) -> list[LabelSample]:
    """So many samples of two disks, each a little to the right of the one before."""
    return [sample(two_disks(k / 2, shape), f"s{k}") for k in range(n)]


def dice(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Dice coefficient of two masks."""
    return 2 * float((one & other).sum()) / float(one.sum() + other.sum())


def context(token: CancelToken | None = None, stop: CancelToken | None = None) -> FitContext:
    """One processor."""
    return FitContext(open_fabric("cpu"), token or CancelToken(), stop)


def finish(steps: Generator[Any, None, T]) -> T:
    """What a generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
