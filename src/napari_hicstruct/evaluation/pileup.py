"""Pile-up (aggregate peak analysis): is there, on average, a dot where the loops are, and what at the other calls?

Source: Rao et al., Cell 159 (2014) 1665; Flyamer et al., Bioinformatics 36 (2020) 2980.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
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
    size = 2 * windows.flank + 1
    return mean_window(loop_blocks(fetch, loops, windows, expected=expected), (size, size), min_valid)


def loop_blocks(
    fetch: Fetch, loops: ArrayLike, windows: Windows, *, expected: NDArray[np.float64] | None = None
) -> Iterator[NDArray[np.float64]]:
    """The windows that :func:`pile_up` averages, each over its expected."""
    flank = windows.flank
    for i, j in windows.centres(loops):
        yield _over_expected(fetch, (i - flank, i + flank + 1), (j - flank, j + flank + 1), expected)


def mean_window(blocks: Iterable[NDArray[np.float64]], shape: tuple[int, int], min_valid: float) -> PileUp:
    """The mean of windows of one shape; those of which less than ``min_valid`` is known are left out."""
    total, covered, n = np.zeros(shape), np.zeros(shape), 0
    for block in blocks:
        valid = np.isfinite(block)
        if valid.mean() < min_valid:
            continue
        total[valid] += block[valid]
        covered += valid
        n += 1
    return PileUp(np.divide(total, covered, out=np.full_like(total, np.nan), where=covered > 0), n)


def pile_up_boundaries(
    fetch: Fetch, bins: Iterable[int], windows: Windows, *, expected: NDArray[np.float64], min_valid: float = 0.5
) -> PileUp:
    """Average the windows on the diagonal around boundaries, shape (2·flank, 2·flank); the first two diagonals are NaN.

    Parameters
    ----------
    fetch : Fetch
    bins : iterable of int
        Of the boundaries; each border is the left edge of its bin, the middle of the window.
    windows : Windows
    expected : float64, shape (n_distances,)
    min_valid : float
    """
    size = 2 * windows.flank
    return mean_window(boundary_blocks(fetch, bins, windows, expected=expected), (size, size), min_valid)


def boundary_blocks(
    fetch: Fetch, bins: Iterable[int], windows: Windows, *, expected: NDArray[np.float64]
) -> Iterator[NDArray[np.float64]]:
    """The windows that :func:`pile_up_boundaries` averages."""
    flank = windows.flank
    for x in bins:
        if flank <= x <= windows.n_bins - flank:
            block = _over_expected(fetch, (x - flank, x + flank), (x - flank, x + flank), expected)
            yield np.where(_near_diagonal(2 * flank), np.nan, block)


def _near_diagonal(n: int) -> NDArray[np.bool_]:
    """The first two diagonals of a square on the diagonal, which hold self-ligations."""
    return np.asarray(np.abs(np.subtract.outer(np.arange(n), np.arange(n))) < 2)


def across_over_within(pile: PileUp, *, side: int = 10) -> float:
    """Contacts across the middle of a :func:`pile_up_boundaries` over those within its two sides; NaN if empty.

    Of the ``side`` bins on either side of the border.
    """
    middle, half = len(pile.window) // 2, min(side, len(pile.window) // 2)
    window = pile.window[middle - half : middle + half, middle - half : middle + half]
    within = np.concatenate([window[:half, :half].ravel(), window[half:, half:].ravel()])
    return _nan_mean(window[:half, half:]) / _nan_mean(within) if pile.n else float("nan")


def pile_up_stripes(
    fetch: Fetch,
    stripes: Iterable[tuple[int, int, int]],
    windows: Windows,
    *,
    expected: NDArray[np.float64],
    along: range,
) -> PileUp:
    """Average stripes laid in one direction, shape (2·flank + 1, len(along)); beyond its own end a stripe is NaN.

    Parameters
    ----------
    fetch : Fetch
    stripes : iterable of (int, int, int)
        Bin of the anchor, side (1 down, -1 up), bins from the diagonal to the far end.
    windows : Windows
    expected : float64, shape (n_distances,)
    along : range
        Bins from the diagonal that are averaged.
    """
    shape = 2 * windows.flank + 1, len(along)
    return mean_window(stripe_blocks(fetch, stripes, windows, expected=expected, along=along), shape, 0.1)


def stripe_blocks(
    fetch: Fetch,
    stripes: Iterable[tuple[int, int, int]],
    windows: Windows,
    *,
    expected: NDArray[np.float64],
    along: range,
) -> Iterator[NDArray[np.float64]]:
    """The windows that :func:`pile_up_stripes` averages."""
    flank, steps = windows.flank, np.arange(along.start, along.stop)
    for x, side, far in stripes:
        cols = (x + along.start, x + along.stop) if side > 0 else (x - along.stop + 1, x - along.start + 1)
        if min(x - flank, cols[0]) < 0 or max(x + flank + 1, cols[1]) > windows.n_bins:
            continue
        block = _over_expected(fetch, (x - flank, x + flank + 1), cols, expected)[::side, ::side]
        yield np.where(steps <= far, block, np.nan)


BEYOND = 0.5
"""What is shown behind the end of a stretched stripe, in lengths of it."""


def rescaled_stripe_blocks(
    fetch: Fetch,
    stripes: Iterable[tuple[int, int, int]],
    windows: Windows,
    *,
    expected: NDArray[np.float64],
    size: int = 90,
) -> Iterator[NDArray[np.float64]]:
    """Stripes laid in one direction, each stretched along itself to one length, with half of that behind its end.

    Parameters
    ----------
    fetch, windows, expected
        As of :func:`pile_up_stripes`.
    stripes : iterable of (int, int, int)
        Bin of the anchor, side (1 down, -1 up), bins from the diagonal to the far end; shorter ones than five bins are
        left out.
    size : int
        Pixels along.
    """
    for x, side, far in stripes:
        reach = far + round(BEYOND * far)
        along = stripe_blocks(fetch, [(x, side, reach)], windows, expected=expected, along=range(reach))
        for block in along if far >= 5 else ():
            below = np.subtract.outer(np.arange(len(block)) - windows.flank, np.arange(reach)) > -2
            block[below] = np.nan  # the first two diagonals, and what is the other half of the map
            yield _stretched(block, np.eye(len(block)), _overlaps(reach, size))


def rescaled_blocks(
    fetch: Fetch,
    domains: Iterable[tuple[int, int]],
    windows: Windows,
    *,
    expected: NDArray[np.float64],
    size: int = 90,
    margin: float = 1.0,
) -> Iterator[NDArray[np.float64]]:
    """Squares on the diagonal around domains, each stretched to one size.

    Parameters
    ----------
    fetch : Fetch
    domains : iterable of (int, int)
        First bin, and the bin behind the last one; those of less than three bins are left out.
    windows : Windows
        Only its ``n_bins`` count.
    expected : float64, shape (n_distances,)
    size : int
        Pixels of a side.
    margin : float
        What is shown on each side, in lengths of the domain.
    """
    for start, end in domains:
        flank = round(margin * (end - start))
        low, high = start - flank, end + flank
        if end - start < 3 or low < 0 or high > windows.n_bins:
            continue
        block = _over_expected(fetch, (low, high), (low, high), expected)
        yield stretch(np.where(_near_diagonal(high - low), np.nan, block), size)


def stretch(block: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """A square stretched to ``size`` pixels a side: each pixel is the mean of what lies under it, by area.

    NaN do not count; a pixel under which all is NaN is NaN.
    """
    shares = _overlaps(len(block), size)
    return _stretched(block, shares, shares)


def _stretched(block: NDArray[np.float64], rows: NDArray[np.float64], cols: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of what is known, by how much of each bin (last axis) lies in each pixel (first axis)."""
    from scipy.sparse import csr_array

    down, across = csr_array(rows), csr_array(cols)  # a pixel lies over a few bins, a bin under a few pixels
    known = np.isfinite(block)
    both = np.where(known, block, 0.0), known.astype(np.float64)
    total, weight = (np.asarray(down @ (across @ values.T).T) for values in both)
    return np.asarray(np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 1e-9))


def _overlaps(n: int, size: int) -> NDArray[np.float64]:
    """How much of each of ``n`` bins lies in each of ``size`` pixels of the same whole, shape (size, n)."""
    pixel, own = np.linspace(0, n, size + 1), np.arange(n)
    low = np.maximum(pixel[:-1, None], own)
    high = np.minimum(pixel[1:, None], own + 1)
    return np.asarray(np.clip(high - low, 0, None))


def inside_over_outside(pile: PileUp, *, margin: float = 1.0) -> float:
    """Contacts within the middle of :func:`rescaled_blocks` over those between it and both sides; NaN if empty."""
    n = len(pile.window)
    low, high = (round(n * part / (1 + 2 * margin)) for part in (margin, 1 + margin))
    window = pile.window
    outer = np.concatenate([window[low:high, :low].ravel(), window[low:high, high:].ravel()])
    return _nan_mean(window[low:high, low:high]) / _nan_mean(outer) if pile.n else float("nan")


def line_over_sides(pile: PileUp, *, line: int = 3, beside: int = 5, beyond: float = 0.0) -> float:
    """The middle ``line`` rows of a :func:`pile_up_stripes` over the rows ``beside`` or more away; NaN if empty.

    ``beyond``: what the window shows behind the end of stripes, in lengths of them; it does not count.
    """
    away = np.abs(np.arange(len(pile.window)) - len(pile.window) // 2)
    own = pile.window[:, : round(pile.window.shape[1] / (1 + beyond))]
    middle, sides = own[away <= line // 2], own[away >= beside]
    return _nan_mean(middle) / _nan_mean(sides) if pile.n else float("nan")


def _over_expected(
    fetch: Fetch, rows: tuple[int, int], cols: tuple[int, int], expected: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """A block over its expected, or over its own mean without one."""
    block = np.asarray(fetch(*rows, *cols), np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(block / (_nan_mean(block) if expected is None else expected_block(expected, rows, cols)))


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
