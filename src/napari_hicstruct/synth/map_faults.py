"""Faults put into one of two maps, and where: what a fusion should leave to the other map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Touched = NDArray[np.bool_]

MIN_EXPECTED = 0.05
"""Contacts of a pixel below which a stripe is not drawn on: nobody could see it."""


@dataclass(frozen=True, slots=True)
class FaultyBand:
    """Counts with faults.

    Attributes
    ----------
    counts : float32, shape (n_diagonals, n_bins)
    bad_bins, stripes, blocks : bool, same shape
        Pixels that each kind of fault changed.
    """

    counts: F32
    bad_bins: Touched
    stripes: Touched
    blocks: Touched

    @property
    def touched(self) -> Touched:
        """Pixels that any fault changed."""
        return np.asarray(self.bad_bins | self.stripes | self.blocks)


def add_faults(
    counts: F32, rng: np.random.Generator, *, bad_bins: int = 0, stripes: int = 0, blocks: int = 0
) -> FaultyBand:
    """Put faults at random places of a band of counts; ``counts`` stays as it is.

    Parameters
    ----------
    counts : float32, shape (n_diagonals, n_bins)
    rng : numpy.random.Generator
    bad_bins : int
        Runs of 1 to 3 bins that lose nearly all contacts, some of which get as many stray ones.
    stripes : int
        Lines of 1 to 3 bins with 1.5 to 4 times the contacts that are expected there in addition.
    blocks : int
        Squares that lie in the map a second time, somewhere farther from the diagonal, on top of what is there.
    """
    out = counts.copy()
    masks: dict[str, Touched] = {}
    todo: tuple[tuple[str, int, Callable[..., None]], ...] = (
        ("blocks", blocks, add_block),
        ("stripes", stripes, add_stripe),
        ("bad_bins", bad_bins, break_bins),
    )
    for name, number, put in todo:
        masks[name] = np.zeros(counts.shape, bool)
        for _ in range(number):
            put(out, masks[name], rng)
    return FaultyBand(out, masks["bad_bins"], masks["stripes"], masks["blocks"])


def break_bins(counts: F32, touched: Touched, rng: np.random.Generator) -> None:
    """A run of bins loses 85 to 100 % of its contacts; half of the runs get stray ones in their place, at any distance.

    In place, as all of these.
    """
    n_diagonals, n = counts.shape
    start, width = _filled_bin(counts, rng), int(rng.integers(1, 4))
    kept, stray = rng.uniform(0, 0.15), rng.random() < 0.5
    for x in range(start, min(n, start + width)):
        for d, i in _line(x, n_diagonals, n):
            before = counts[d, i]
            counts[d, i] = rng.binomial(before.astype(np.int64), kept)
            if stray:
                counts[d, i] += rng.poisson(np.full(len(d), before.mean()))
            touched[d, i] = True


def add_stripe(counts: F32, touched: Touched, rng: np.random.Generator) -> None:
    """A line of contacts from the diagonal, along one bin, upstream or downstream."""
    n_diagonals, n = counts.shape
    start, width = _filled_bin(counts, rng), int(rng.integers(1, 4))
    reach = int(rng.integers(max(2, n_diagonals // 4), n_diagonals))
    strength, downstream = rng.uniform(1.5, 4.0), rng.random() < 0.5
    decay = counts.mean(axis=1)
    seen = decay > MIN_EXPECTED
    for x in range(start, min(n, start + width)):
        d = np.arange(2, reach)
        d = d[(x + d < n) if downstream else (x - d >= 0)]
        d = d[seen[d]]
        i = np.full(len(d), x) if downstream else x - d
        counts[d, i] += rng.poisson(strength * decay[d])
        touched[d, i] = True


def add_block(counts: F32, touched: Touched, rng: np.random.Generator) -> None:
    """A square of the map once more, at two to four times its distance."""
    n_diagonals, n = counts.shape
    size = int(rng.integers(max(3, n_diagonals // 14), max(4, n_diagonals // 5)))
    near = int(rng.integers(max(size + 1, n_diagonals // 10), max(size + 2, n_diagonals // 4)))
    far = int(near * rng.uniform(2.0, 4.0))
    far = min(far, n_diagonals - size - 1)
    source, target = _filled_bin(counts, rng), _filled_bin(counts, rng)
    if far <= near or max(source + near, target + far) + 2 * size >= n:
        return
    for x in range(size):
        y = np.arange(size)
        counts[far + y - x, target + x] += counts[near + y - x, source + x]
        touched[far + y - x, target + x] = True


def _line(x: int, n_diagonals: int, n: int) -> tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...]:
    """Pixels of one bin: distances and first bins, downstream and upstream."""
    down = np.arange(min(n_diagonals, n - x))
    up = np.arange(1, min(n_diagonals, x + 1))
    return (down, np.full(len(down), x)), (up, x - up)


def _filled_bin(counts: F32, rng: np.random.Generator) -> int:
    """A bin that has about as many contacts as most."""
    total = counts[2 : max(3, len(counts) // 4)].sum(axis=0)
    typical = np.median(total[total > 0]) if (total > 0).any() else 0
    good = np.flatnonzero(total > 0.3 * typical)
    return int(rng.choice(good)) if len(good) else int(rng.integers(counts.shape[1]))
