"""Truth in bins → what each head should say inside one window, with masks of where nobody knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.labels.truth import BinTruth

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PointTarget:
    """Loops: ``heat`` (S, S) in [0, 1], ``offset`` (2, S, S) in bins, ``known`` (S, S) 0 where ignored."""

    heat: Array
    offset: Array
    known: Array


@dataclass(frozen=True, slots=True)
class MaskTarget:
    """Stripes, all (S, S): ``mask`` 0/1, ``down`` and ``along`` 0/1 (meaningful inside the mask), ``known``.

    ``along`` is 1 where the stripe runs along the window's row.  Above the diagonal that is where it goes down, below
    it where it goes up: a network that knows neither where the diagonal lies nor whether its window was transposed can
    learn it.
    """

    mask: Array
    down: Array
    along: Array
    known: Array


def loop_sigma(soft: float = 1.0, n_tools: int = 4) -> float:
    """Width of a loop's Gaussian in bins: more agreement between callers, narrower."""
    return float(np.clip(1.6 * (1.6 - 0.6 * soft) * 1.2 / min(4, max(1, n_tools)), 0.8, 2.5))


def point_target(truth: BinTruth, row0: int, col0: int, size: int, *, sigma: float = 1.0) -> PointTarget:
    """Heat map and offsets of the loops in the window, in both orientations.

    Parameters
    ----------
    truth : BinTruth
    row0, col0 : int
        Bin of the window's corner.
    size : int
    sigma : float
        bins, of loops that bring no width of their own; see :func:`loop_sigma`.
    """
    heat, known = np.zeros((size, size), np.float32), np.ones((size, size), np.float32)
    offset = np.zeros((2, size, size), np.float32)
    widths = truth.loops[:, 3] if truth.loops.shape[1] > 3 else np.full(len(truth.loops), sigma)
    both = np.concatenate([truth.loops[:, :3], truth.loops[:, [1, 0, 2]]])
    widths = np.concatenate([widths, widths])
    y, x = both[:, 0] - row0, both[:, 1] - col0
    near = (y > -4) & (y < size + 4) & (x > -4) & (x < size + 4)
    for py, px, weight, sigma in zip(y[near], x[near], both[near, 2], widths[near], strict=True):
        reach = int(np.ceil(3 * sigma))
        iy, ix = int(np.floor(py)), int(np.floor(px))
        y0, y1, x0, x1 = max(iy - reach, 0), iy + reach + 1, max(ix - reach, 0), ix + reach + 1
        if weight == 0:
            known[max(iy - 2, 0) : max(iy + 3, 0), max(ix - 2, 0) : max(ix + 3, 0)] = 0
            continue
        gy, gx = np.arange(y0, min(y1, size)), np.arange(x0, min(x1, size))
        bump = np.exp(-((gy[:, None] - iy) ** 2 + (gx[None, :] - ix) ** 2) / (2 * sigma**2))
        patch = heat[y0:y1, x0:x1]
        if weight < 1:  # an uncertain label counts less, and so do its neighbours
            own = known[y0:y1, x0:x1]
            np.minimum(own, np.where(bump > patch, weight, own), out=own)
        np.maximum(patch, bump, out=patch)
        if 0 <= iy < size and 0 <= ix < size:
            offset[:, iy, ix] = py - iy - 0.5, px - ix - 0.5
    known[(heat >= 0.999) & (known == 0)] = 1
    return PointTarget(heat, offset, known)


def mask_target(truth: BinTruth, row0: int, col0: int, size: int) -> MaskTarget:
    """Mask of the stripes in the window, marked as rows = x, columns = y and transposed, with direction."""
    mask, known = np.zeros((size, size), np.float32), np.ones((size, size), np.float32)
    down, along, own = (np.zeros((size, size), np.float32) for _ in range(3))
    for x0, x1, y0, y1, is_down, weight in truth.stripes:
        for top, bottom, left, right, is_along in ((x0, x1, y0, y1, 1), (y0, y1, x0, x1, 0)):
            rows = slice(max(int(np.floor(top)) - row0, 0), max(int(np.ceil(bottom)) - row0, 0))
            cols = slice(max(int(np.floor(left)) - col0, 0), max(int(np.ceil(right)) - col0, 0))
            if weight > 0:
                mask[rows, cols], down[rows, cols], along[rows, cols] = 1, is_down, is_along
                own[rows, cols] = np.maximum(own[rows, cols], weight)
            else:
                known[rows, cols] = 0
    return MaskTarget(mask, down, along, np.where(mask > 0, own, known))


def boundary_target(truth: BinTruth, first: int, length: int, *, sigma: float = 1.0) -> Array:
    """Soft boundary label per bin, shape (length,): the strongest bump of height = soft label at each bin."""
    out = np.zeros(length, np.float32)
    position = truth.boundaries[:, 0] - first
    near = (position > -5) & (position < length + 5)
    grid = np.arange(length) + 0.5
    for p, soft in zip(position[near], truth.boundaries[near, 1], strict=True):
        np.maximum(out, soft * np.exp(-((grid - p) ** 2) / (2 * sigma**2)), out=out)
    return out
