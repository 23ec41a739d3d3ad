"""Two maps as one pyramid: each on its own half, their difference, their log-ratio; depth-matched, read lazily."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.block_cache import BlockCache
from napari_hicstruct.contacts.pyramid import Level, build_levels
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import NameMatcher, display_name, format_bin_size

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource

F32 = NDArray[np.float32]


class Joined(StrEnum):
    """How two maps become one picture."""

    FIRST = "first"
    """The first map alone."""
    HALVES = "halves"
    """The first above the diagonal (columns behind rows), the second below it."""
    SECOND = "second"
    """The second map alone, its contacts times the ratio of depths."""
    DIFFERENCE = "difference"
    """Second minus first."""
    RATIO = "ratio"
    """log2 of second over first."""


DIVERGING = (Joined.DIFFERENCE, Joined.RATIO)
"""Values about 0."""

CACHE_BYTES = 2**24
"""Of what was read last, for each map."""

MAX_SMOOTH = 5.0
"""Bins; standard deviation of the Gaussian that both maps are smoothed by."""

_SAMPLES, _SAMPLE_BINS, _NEAREST = 12, 192, 2
"""Squares along the diagonal by which depths are compared, and from how many bins off the diagonal on."""

_TRUNCATE = 3.0
"""Standard deviations at which a Gaussian ends."""

_PSEUDO_SHARE = np.float32(0.1)
"""Share of the mean contacts of bins some way off the diagonal that is added to both sides of a ratio."""


class MatchedPair:
    """One resolution of one chromosome in two maps, and how deep they are; shared by all ways of showing both.

    Parameters
    ----------
    first, second : Level
        Of one resolution and shape.
    """

    def __init__(self, first: Level, second: Level) -> None:
        self.first, self.second = first, second

    @cached_property
    def depths(self) -> tuple[float, float]:
        """What the second map's values are multiplied by, and the mean of the first where depths are compared.

        Both maps' sums over squares along the diagonal, of what both know, two bins off the diagonal and more.
        """
        n, size = self.first.shape[0], min(_SAMPLE_BINS, self.first.shape[0])
        starts = np.unique(np.linspace(0, n - size, _SAMPLES).astype(int))
        sums, pixels = np.zeros(2), 0
        away = np.abs(np.subtract.outer(np.arange(size), np.arange(size))) >= _NEAREST
        for start in starts:
            part = slice(int(start), int(start) + size)
            a, b = self.first[part, part], self.second[part, part]
            known = np.isfinite(a) & np.isfinite(b) & away
            known &= _held(a) & _held(b)
            sums += float(a[known].sum()), float(b[known].sum())
            pixels += int(known.sum())
        factor = float(sums[0] / sums[1]) if sums.min() > 0 else 1.0
        return factor, float(sums[0] / pixels) if pixels else 1.0


class PairLevel:
    """One resolution of one chromosome of two maps; ``level[rows, cols]`` (bins) gives float32, NaN where unknown.

    Parameters
    ----------
    matched : MatchedPair
    joined : Joined
    smooth : float
        Standard deviation in bins, for differences and ratios.

    Attributes
    ----------
    resolution : int
        Bin size, bp.
    """

    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(self, matched: MatchedPair, joined: Joined, smooth: float = 0.0) -> None:
        self._matched, self.joined, self.smooth = matched, joined, smooth
        first = self.first = matched.first
        self.second = matched.second
        self.resolution, self.shape = first.resolution, tuple(first.shape)
        self.norm, self.derived = first.norm, first.derived

    @property
    def n_bins(self) -> int:
        """Bins of the chromosome of the first map, without those that only pad."""
        return self.first.n_bins

    @property
    def size(self) -> int:
        """Number of bin pairs."""
        return int(self.shape[0] * self.shape[1])

    @property
    def depths(self) -> tuple[float, float]:
        """See :attr:`MatchedPair.depths`."""
        return self._matched.depths

    def __getitem__(self, key: Any) -> F32:
        rows, cols = (part.indices(size) for part, size in zip(key, self.shape, strict=True))
        r0, r1, c0, c1 = rows[0], max(rows[1], rows[0] + 1), cols[0], max(cols[1], cols[0] + 1)
        place = slice(r0, r1), slice(c0, c1)
        if self.joined not in DIVERGING:
            return self._of_each(place)
        if self.smooth <= 0:
            return self._compared(self.first[place], self.second[place])
        reach = int(np.ceil(_TRUNCATE * self.smooth))
        low, high = (max(0, r0 - reach), max(0, c0 - reach)), (r1 + reach, c1 + reach)
        place = slice(low[0], min(high[0], self.shape[0])), slice(low[1], min(high[1], self.shape[1]))
        whole = self._compared(*(smoothed(one[place], self.smooth) for one in (self.first, self.second)))
        return whole[r0 - low[0] : r1 - low[0], c0 - low[1] : c1 - low[1]]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self[:, :], dtype=dtype or self.dtype)

    def pair(self, row: int, col: int) -> tuple[float, float]:
        """Values of one bin pair in both maps, the second's as it is; reads from what was drawn last where it can."""
        place = slice(row, row + 1), slice(col, col + 1)
        return float(self.first[place][0, 0]), float(self.second[place][0, 0])

    def _of_each(self, place: tuple[slice, slice]) -> F32:
        """Each pixel of one map; what lies on one side of the diagonal alone is not read of the other."""
        rows, cols = place
        if self.joined is Joined.FIRST or (self.joined is Joined.HALVES and cols.start >= rows.stop - 1):
            return self.first[place]
        second: F32 = self.second[place] * np.float32(self.depths[0])
        if self.joined is Joined.SECOND or cols.stop <= rows.start:
            return second
        above = (
            np.arange(cols.start, cols.stop, dtype=np.int32)
            >= np.arange(rows.start, rows.stop, dtype=np.int32)[:, None]
        )
        np.copyto(second, self.first[place], where=above)
        return second

    def _compared(self, a: F32, b: F32) -> F32:
        factor, mean = self.depths
        if self.joined is Joined.DIFFERENCE:
            return b * np.float32(factor) - a
        least = np.float32(mean) * _PSEUDO_SHARE
        with np.errstate(divide="ignore", invalid="ignore"):
            found: F32 = np.log2((b * np.float32(factor) + least) / (a + least))
        found[(a == 0) & (b == 0)] = 0
        return found


def _held(block: F32) -> NDArray[np.bool_]:
    """Pairs of bins that hold any contact in the block: maps without weights have bins without reads."""
    used = np.asarray(np.nan_to_num(block).any(axis=1), bool)
    return used[:, None] & used[None, :] if block.shape[0] == block.shape[1] else np.ones(block.shape, bool)


def smoothed(block: F32, sigma: float) -> F32:
    """Gaussian mean of what is known; NaN stays NaN."""
    from scipy.ndimage import gaussian_filter

    known = np.isfinite(block)
    weight = gaussian_filter(known.astype(np.float32), sigma, truncate=_TRUNCATE)
    total = gaussian_filter(np.where(known, block, np.float32(0)), sigma, truncate=_TRUNCATE)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(known, total / weight, np.float32(np.nan)).astype(np.float32)


def pair_levels(
    maps: tuple[ContactSource, ContactSource],
    chrom: str,
    norms: tuple[str, str],
    joined: Joined,
    *,
    smooth: float = 0.0,
    over_expected: bool = False,
) -> list[PairLevel]:
    """Pyramid of two maps, finest first: the levels that both have.

    Parameters
    ----------
    maps : pair of ContactSource
    chrom : str
        As the first map spells it.
    norms : pair of str
        Normalisation of each.
    joined : Joined
    smooth : float
        Standard deviation in bins.
    over_expected : bool
        Of observed over expected.

    Raises
    ------
    MapError
        If the maps share no level on this chromosome.
    """
    matched = matched_pairs(maps, chrom, norms, over_expected=over_expected)
    return [PairLevel(one, joined, smooth) for one in matched]


def matched_pairs(
    maps: tuple[ContactSource, ContactSource],
    chrom: str,
    norms: tuple[str, str],
    *,
    over_expected: bool = False,
    of_first: Sequence[Level] | None = None,
) -> list[MatchedPair]:
    """What :func:`pair_levels` joins.

    ``of_first``: the first map's levels of this normalisation where there are some; what they hold is not read twice.
    """
    how = "oe" if over_expected else "none"
    own = NameMatcher(maps[1].chromsizes).match(chrom)
    if own is None:
        raise MapError(f"has no {display_name(chrom)}.", where=maps[1].uri, hint="Show another chromosome.")
    first = of_first or build_levels(maps[0], chrom, norm=norms[0], transform=how, cache=BlockCache(CACHE_BYTES))
    second = build_levels(maps[1], own, norm=norms[1], transform=how, cache=BlockCache(CACHE_BYTES))
    return [MatchedPair(a, b) for a, b in _common(maps, first, second)]


def _common(
    maps: tuple[ContactSource, ContactSource], first: Sequence[Level], second: Sequence[Level]
) -> list[tuple[Level, Level]]:
    by_size = {level.resolution: level for level in second}
    found = [(level, by_size[level.resolution]) for level in first if level.resolution in by_size]
    found = [(a, b) for a, b in found if a.shape == b.shape]
    if not found:
        have, had = (", ".join(format_bin_size(one.resolution) for one in own) for own in (second, first))
        text = f"has bins of {have}, {maps[0].name} of {had}: they have none in common."
        raise MapError(text, where=maps[1].uri, hint="Make both maps with one bin size in common.")
    return found
