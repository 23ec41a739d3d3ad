"""Segment a picture by a trained model."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.jobs import CancelToken, Progress


@dataclass(frozen=True, slots=True, eq=False)
class SegmentRequest:
    """What to segment, and by what.

    Attributes
    ----------
    image : ndarray
        As the model was trained on: ``(Y, X)``, ``(Y, X, C)`` with channels last, ``(Z, Y, X)``, ``(Z, Y, X, C)``.
    model : Path
        Folder of the model.
    device : str
    threads : int, optional
    instances : bool, optional
        Each object gets a label of its own: touching ones are split by a watershed on distance and boundary.  None:
        as the labels were that the model learnt from.
    min_size : int
        Pixels; smaller objects are left out (of instances).
    """

    image: NDArray[Any]
    model: Path
    device: str = "auto"
    threads: int | None = None
    instances: bool | None = None
    min_size: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Segmented:
    """A picture that was segmented.

    Attributes
    ----------
    labels : int32 ndarray, ``([Z,] Y, X)``
        The classes' values as they were learnt, or numbers of objects; 0 is background.
    probability : float32 ndarray, ``(C, [Z,] Y, X)``
        Of each class.
    distance : float32 ndarray, ``([Z,] Y, X)``, or None
        Pixels to the nearest border, above 0 inside objects, truncated; None if the model has no such task.
    boundary : float32 ndarray, ``([Z,] Y, X)``, or None
        Probability of a border.
    classes : tuple of str
        In the order of ``probability``.
    notes : tuple of str
    """

    labels: NDArray[np.int32]
    probability: NDArray[np.float32]
    distance: NDArray[np.float32] | None
    boundary: NDArray[np.float32] | None
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()


def iter_segment(request: SegmentRequest, token: CancelToken) -> Generator[Progress, None, Segmented]:
    """Segment, tile by tile and slice by slice; stage ``segment``, ``done`` tiles of ``total``.

    Raises
    ------
    ModelError
        If the folder holds no model of pictures, or a damaged one.
    LabelError
        If the picture is not of the kind that the model was trained on.
    Cancelled
    """
    raise NotImplementedError
    yield
