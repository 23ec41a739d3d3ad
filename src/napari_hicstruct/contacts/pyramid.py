"""The pyramid of one chromosome: one array-like per resolution, all covering exactly the same base pairs.

A viewer asks for one rectangle per view, so a level reads one rectangle and keeps it; nothing is interpolated.
Every level is padded with NaN to one multiple of all bin sizes, so that bin ``i`` of any level starts at
``i · resolution`` bp and overlays sit on the same spot at every zoom.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.summed_level import SummedLevel
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.contacts.block_cache import Rectangle, BlockCache
from napari_hicstruct.contacts.file_level import FileLevel
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import n_bins

if TYPE_CHECKING:
    import dask.array as da

COARSEST_BINS = 512
"""The last level has at most this many bins: napari reads it whole for its thumbnail."""

MIN_BINS = 16
"""A stored level that has fewer bins on this chromosome is left out."""


class Level:
    """One resolution of one chromosome as a square array of float32, read lazily one rectangle at a time.

    ``level[rows, cols]`` takes slices or integers (bins) and gives a read-only array: contacts of bin pairs, NaN where
    a bin is bad or lies beyond the chromosome's end.

    Attributes
    ----------
    resolution : int
        Bin size, bp.
    shape : tuple of int
        Padded; ``shape[0] · resolution`` is the same for all levels of a pyramid.
    derived : bool
        True if the file lacks this resolution and its values are exact sums of finer bins.
    """

    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(self, bins: FileLevel | SummedLevel, size: int, cache: BlockCache) -> None:
        self._bins = bins
        self._cache = cache
        self.resolution = bins.resolution
        self.derived = isinstance(bins, SummedLevel)
        self.shape = (size, size)

    def __repr__(self) -> str:
        return f"<Level {self._bins.chrom} {self.resolution:,} bp, {self.shape[0]:,} bins>"

    @property
    def norm(self) -> str:
        """Normalisation of this level; differs from the one asked for where the file lacks that one."""
        return self._bins.norm

    @property
    def size(self) -> int:
        """Number of bin pairs."""
        return self.shape[0] * self.shape[1]

    def __getitem__(self, key: Any) -> NDArray[np.float32]:
        parts = list(key) if isinstance(key, tuple) else [key]
        if len([part for part in parts if part is not Ellipsis]) > 2:
            raise IndexError(f"a level has 2 axes, not {len(parts)}")
        place = next((i for i, part in enumerate(parts) if part is Ellipsis), len(parts))
        missing = 2 - (len(parts) - (place < len(parts)))
        parts[place : place + 1] = [slice(None)] * missing
        spans, after = zip(*(_span(part, size) for part, size in zip(parts, self.shape, strict=True)), strict=True)
        (r0, r1), (c0, c1) = spans
        found: NDArray[np.float32] = self._read((r0, r1, c0, c1))[after]
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self[:, :], dtype=dtype or self.dtype)

    def forget(self) -> None:
        """Let go of what this pyramid holds in memory; the next read goes to the file."""
        self._cache.clear()

    def to_dask(self, chunks: int = 512) -> da.Array:
        """The same level as a dask array, for whatever composes lazily."""
        import dask.array as da

        return da.from_array(self, chunks=chunks, name=False, asarray=False, meta=np.empty((0, 0), self.dtype))

    def _read(self, wanted: Rectangle) -> NDArray[np.float32]:
        r0, r1, c0, c1 = wanted
        if r1 <= r0 or c1 <= c0:
            return np.empty((max(0, r1 - r0), max(0, c1 - c0)), np.float32)
        found = self._cache.get(self.resolution, wanted)
        if found is None:
            found = self._fresh(wanted)
            self._cache.put(self.resolution, wanted, found)
        return found

    def _fresh(self, wanted: Rectangle) -> NDArray[np.float32]:
        r0, r1, c0, c1 = wanted
        end = self._bins.n
        inside = (min(r0, end), min(r1, end), min(c0, end), min(c1, end))
        rows, cols = inside[1] - inside[0], inside[3] - inside[2]
        if rows and cols:
            block = self._bins.read(inside)
            if inside == wanted:
                return block
        padded = np.full((r1 - r0, c1 - c0), np.nan, np.float32)
        if rows and cols:
            padded[:rows, :cols] = block
        return padded


def _span(part: Any, size: int) -> tuple[tuple[int, int], Any]:
    """Contiguous range to read, and how to index what was read."""
    if isinstance(part, slice):
        start, stop, step = part.indices(size)
        picked = range(start, stop, step)
        if not picked:
            return (0, 0), slice(None)
        low, high = min(picked[0], picked[-1]), max(picked[0], picked[-1]) + 1
        return (low, high), slice(None, None, step)
    index = int(part)
    if not -size <= index < size:
        raise IndexError(f"bin {index} is outside 0…{size - 1}")
    index %= size
    return (index, index + 1), 0


def build_levels(
    source: ContactSource,
    chrom: str,
    *,
    norm: str,
    transform: str = "none",
    resolutions: Sequence[int] | None = None,
    cache: BlockCache | None = None,
) -> list[Level]:
    """Pyramid of one chromosome, finest level first; reads nothing yet.

    Parameters
    ----------
    source : ContactSource
    chrom : str
    norm : str
        A stored normalisation, ``RAW`` or ``COMPUTED``.  A level that lacks a stored one on this chromosome gets the
        next best that it has, or is balanced in memory (its ``norm`` says so).
    transform : {"none", "oe"}
        Observed over expected at ``"oe"``; the first read of a level then needs its expected, which
        :func:`expected_by_distance` computes and keeps (do so in the background first).
    resolutions : sequence of int, optional
        Stored bin sizes (bp) to use; default all that hold its contacts.  Levels too coarse for the chromosome are
        left out; coarser ones are added by exact summation, doubling the bins, until one has at most 512 bins.
    cache : BlockCache, optional
        Share one to hold several pyramids under one byte limit.

    Raises
    ------
    MapError
        If no resolution is left or ``transform`` is unknown.
    """
    if transform not in ("none", "oe"):
        raise MapError(f"transform '{transform}' is unknown.", where=source.uri, hint="Choose none or oe.")
    length = source.chromsizes[chrom]
    stored = _usable(sorted(set(source.resolutions_of(chrom) if resolutions is None else resolutions)), length)
    if not stored:
        raise MapError("no resolution was chosen.", where=source.uri, hint="Name at least one of the map's bin sizes.")
    ratio = transform == "oe"
    bins = [FileLevel(source, chrom, r, source.norm_for(chrom, r, norm), ratio=ratio) for r in stored]
    ladder: list[FileLevel | SummedLevel] = [*bins, *SummedLevel.ladder(bins[-1], COARSEST_BINS)]
    return _same_extent(ladder, length, cache if cache is not None else BlockCache())


def _same_extent(ladder: Sequence[FileLevel | SummedLevel], length: int, cache: BlockCache) -> list[Level]:
    """Levels that all cover one number of bp: the least of whole bins of every size that holds the chromosome."""
    total = math.lcm(*(bins.resolution for bins in ladder))
    total *= -(-length // total)
    return [Level(bins, total // bins.resolution, cache) for bins in ladder]


def _usable(resolutions: list[int], length: int) -> list[int]:
    """The finest, and of the others those with enough bins and a common multiple that pads little."""
    kept = resolutions[:1]
    for resolution in resolutions[1:]:
        if n_bins(length, resolution) >= MIN_BINS and math.lcm(*kept, resolution) <= length / 4:
            kept.append(resolution)
    return kept
