"""Pile-up (aggregate peak analysis) of loops: is there, on average, a dot where the calls are?

Source: Rao et al., Cell 159 (2014) 1665; Flyamer et al., Bioinformatics 36 (2020) 2980.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_hicstruct.contacts.expected import expected_block

Fetch = Callable[[int, int, int, int], NDArray[np.floating]]
"""``fetch(row0, row1, col0, col1)``: dense block of chromosome-relative bins, half-open; NaN where a bin is bad."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Which windows of a chromosome are piled up.

    Attributes
    ----------
    resolution : int
        bp per bin.
    n_bins : int
        Bins of the chromosome; windows that leave it, or that reach the diagonal, are left out.
    flank : int
        Bins on each side of a loop.
    """

    resolution: int
    n_bins: int
    flank: int = 10

    def centres(self, loops: ArrayLike) -> list[tuple[int, int]]:
        """Centre bins (i ≤ j) of the loops whose whole window lies inside the chromosome and above the diagonal."""
        table = np.asarray(loops, np.float64)
        if not table.size:
            return []
        centres = np.sort(table[:, :2] // self.resolution, axis=1).astype(np.int64)
        i, j = centres[:, 0], centres[:, 1]
        inside = (i >= self.flank) & (j + self.flank < self.n_bins) & (j - i > 2 * self.flank)
        return [(int(a), int(b)) for a, b in centres[inside]]


@dataclass(frozen=True, slots=True)
class PileUp:
    """The mean window around loops.

    Attributes
    ----------
    window : float64, shape (2·flank + 1, 2·flank + 1)
        Mean over the loops; each window was first divided by its expected (or by its own mean without one).
    n : int
        Windows that went in.
    """

    window: NDArray[np.float64]
    n: int

    def ratio(self, *, centre: int = 3, corner: int = 3) -> float:
        """Mean of the ``centre``² middle bins over the mean of the four ``corner``² corners; NaN if empty."""
        size, middle = len(self.window), len(self.window) // 2
        half = centre // 2
        inner = self.window[middle - half : middle + half + 1, middle - half : middle + half + 1]
        ends = np.r_[0:corner, size - corner : size]
        outer = self.window[np.ix_(ends, ends)]
        return _nan_mean(inner) / _nan_mean(outer) if self.n else float("nan")


def pile_up(
    fetch: Fetch,
    loops: ArrayLike,
    windows: Windows,
    *,
    expected: NDArray[np.float64] | None = None,
    min_valid: float = 0.5,
) -> PileUp:
    """Average the windows around loops.

    Parameters
    ----------
    fetch : Fetch
        For a :class:`ContactSource`: balanced contacts.
    loops : array, shape (n, 2)
        Anchor centres in bp; other columns are not read.
    windows : Windows
    expected : float64, shape (n_distances,), optional
        Mean contact per distance in bins.
    min_valid : float
        Least share of finite bins in a window.
    """
    flank = windows.flank
    size = 2 * flank + 1
    total, covered, n = np.zeros((size, size)), np.zeros((size, size)), 0
    for i, j in windows.centres(loops):
        rows, cols = (i - flank, i + flank + 1), (j - flank, j + flank + 1)
        block = np.asarray(fetch(*rows, *cols), np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            block = block / (_nan_mean(block) if expected is None else expected_block(expected, rows, cols))
        valid = np.isfinite(block)
        if valid.mean() < min_valid:
            continue
        total[valid] += block[valid]
        covered += valid
        n += 1
    return PileUp(np.divide(total, covered, out=np.full_like(total, np.nan), where=covered > 0), n)


def pool(piles: Sequence[PileUp]) -> PileUp:
    """One pile-up of several (chromosomes): the mean weighted by the number of windows.

    Raises
    ------
    ValueError
        If there is none, or their sizes differ.
    """
    weight = np.array([pile.n for pile in piles], np.float64)[:, None, None]
    windows = np.stack([pile.window for pile in piles])
    covered = np.isfinite(windows) & (weight > 0)
    total = (np.where(covered, windows, 0) * weight).sum(axis=0)
    share = (covered * weight).sum(axis=0)
    mean = np.divide(total, share, out=np.full_like(total, np.nan), where=share > 0)
    return PileUp(mean, int(weight.sum()))


def shifted_control(
    fetch: Fetch,
    loops: ArrayLike,
    windows: Windows,
    *,
    shifts: Sequence[int],
    expected: NDArray[np.float64] | None = None,
) -> PileUp:
    """The pile-up of the same loops with both anchors shifted by each of ``shifts`` (bp), distance kept."""
    xy = np.asarray(loops, np.float64)
    xy = xy.reshape(-1, xy.shape[-1] if xy.ndim > 1 else 2)[:, :2]
    moved = np.vstack([xy + shift for shift in shifts])
    return pile_up(fetch, moved, windows, expected=expected)


def _nan_mean(values: NDArray[np.float64]) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")
