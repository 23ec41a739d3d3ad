"""Pictures as the network reads them: planes of scaled channels, with their targets and what is held out of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.segmentation import SegmentationConfig
from napari_hicstruct.labels.image_targets import targets

Floats = NDArray[np.float32]

_MAX_MEASURED = 4_000_000
"""Pixels of a channel from which percentiles are taken, evenly drawn: enough for any picture."""

_TRIALS = 24


@dataclass(frozen=True, slots=True)
class Plane:
    """One plane to learn from.

    Attributes
    ----------
    x : float32, shape (C + 1, Y, X)
        Scaled channels, and 1 where the picture is.
    mask, sdf, boundary : shape (Y, X)
        See :class:`~napari_hicstruct.labels.image_targets.ImageTargets`.
    known : float32, shape (Y, X)
        Weight of each pixel in training, 0 where it validates.
    held_out : float32, shape (Y, X)
        Weight of each pixel in validation.
    labels : integer ndarray, shape (Y, X)
    """

    x: Floats
    mask: NDArray[np.int16]
    sdf: Floats
    boundary: Floats
    known: Floats
    held_out: Floats
    labels: NDArray[Any]


def channel_limits(image: NDArray[Any], low: float, high: float) -> Floats:
    """Percentiles of each channel of ``(…, C)``, shape (C, 2); of a constant channel the second lies 1 above."""
    found = []
    for k in range(image.shape[-1]):
        channel = image[..., k]
        step = max(1, int(np.ceil((channel.size / _MAX_MEASURED) ** (1 / channel.ndim))))
        some = np.asarray(channel[tuple(slice(None, None, step) for _ in channel.shape)], np.float64)
        some = some[np.isfinite(some)]
        first, last = np.percentile(some, [low, high]) if some.size else (0.0, 1.0)
        found.append((first, last if last > first else first + 1.0))
    return np.asarray(found, np.float32)


def scaled(plane: NDArray[Any], limits: Floats) -> Floats:
    """``(Y, X, C)`` of any dtype → ``(C + 1, Y, X)``: limits become 0 and 1, what lies far outside is clipped.

    Pixels that are no number are 0 and not valid.
    """
    values = np.moveaxis(np.asarray(plane, np.float32), -1, 0)
    first, last = limits[:, 0, None, None], limits[:, 1, None, None]
    out = np.clip((values - first) / (last - first), -1.0, 3.0)
    valid = np.isfinite(out).all(0)
    out[:, ~valid] = 0
    return np.concatenate([out, valid[None]]).astype(np.float32)


def held_out_blocks(
    mask: NDArray[np.int16],
    config: SegmentationConfig,
    rng: np.random.Generator,
    known: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Blocks that validate, True at their pixels: of some drawings the one that holds out the fairest share of each
    class; where little of a picture is ``known``, of what is."""
    seen = np.ones(mask.shape, bool) if known is None else known
    side = min(config.block, max(16, min(mask.shape) // 4))
    rows, cols = (-(-n // side) for n in mask.shape)
    count = max(1, round(config.held_out * rows * cols))
    wanted = np.unique(mask[seen])
    best, least = np.zeros(mask.shape, bool), np.inf
    for _ in range(_TRIALS):
        chosen = np.zeros(rows * cols, bool)
        chosen[rng.permutation(rows * cols)[:count]] = True
        pixels = chosen.reshape(rows, cols).repeat(side, 0).repeat(side, 1)[: mask.shape[0], : mask.shape[1]]
        shares = [float(pixels[seen & (mask == value)].mean()) for value in wanted]
        unfair = max((abs(share - config.held_out) for share in shares), default=0.0)
        if unfair < least:
            best, least = pixels, unfair
    return best


def make_plane(
    x: Floats,
    labels: NDArray[Any],
    weight: Floats | None,
    values: Sequence[int],
    config: SegmentationConfig,
    held_out: NDArray[np.bool_] | None = None,
) -> Plane:
    """One plane with its targets; ``held_out`` None: all of it is learnt from."""
    made = targets(labels, tuple(values), truncate=config.targets.truncate, width=config.targets.boundary_width)
    known = x[-1] if weight is None else x[-1] * weight
    out = np.zeros(labels.shape, bool) if held_out is None else held_out
    return Plane(x, made.mask, made.sdf, made.boundary, known * ~out, known * out, labels)


def swapped(plane: Plane) -> Plane:
    """The same plane, in which what was learnt from validates."""
    return replace(plane, known=plane.held_out, held_out=plane.known)


def padded(array: NDArray[Any], shape: tuple[int, int], *, mirror: bool) -> NDArray[Any]:
    """The last two axes filled up at their ends to ``shape``: by reflection, or by 0."""
    more = [(0, 0)] * (array.ndim - 2) + [(0, max(0, n - m)) for n, m in zip(shape, array.shape[-2:], strict=True)]
    if not any(end for _, end in more):
        return array
    return np.pad(array, more, mode="symmetric") if mirror else np.pad(array, more)


def padded_input(x: Floats, shape: tuple[int, int]) -> Floats:
    """Channels filled up by reflection, ``valid`` by 0."""
    return np.concatenate([padded(x[:-1], shape, mirror=True), padded(x[-1:], shape, mirror=False)])
