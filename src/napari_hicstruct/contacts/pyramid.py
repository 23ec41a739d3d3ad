"""The pyramid of one chromosome: one array-like per resolution, all covering exactly the same base pairs.

Levels are read through dask.  A viewer asks for one rectangle per view: :class:`Level` slices its dask array, fuses
the slice into one read and keeps what was read; nothing is interpolated.  napari must be given the levels, not their
dask arrays, for which it turns fusion off (ADR 19).  Every level is padded with NaN to one multiple of all bin sizes,
so that bin ``i`` of any level starts at ``i · resolution`` bp and overlays sit on the same spot at every zoom.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.block_cache import BlockCache, Rectangle
from napari_hicstruct.contacts.file_level import FileLevel
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.contacts.summed_level import SummedLevel
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import n_bins

if TYPE_CHECKING:
    import dask.array as da

COARSEST_BINS = 64
"""The last level has at most this many bins: napari reads it whole for its thumbnail, and on the smallest canvas, or
zoomed out, its bins are no smaller than a pixel."""

MIN_BINS = 16
"""A stored level that has fewer bins on this chromosome is left out."""


CHUNK_BINS = 4096
"""Side of a chunk of a level's dask array: 64 MiB."""

_FUSING = threading.Lock()  # dask's settings belong to the whole process


class LevelReader:
    """The array that dask reads a level from: every ``[rows, cols]`` is read afresh, as one rectangle.

    Slices, integers (bins) and an ellipsis are taken; bins beyond the chromosome's end are NaN.
    """

    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(self, bins: FileLevel | SummedLevel, size: int) -> None:
        self.bins = bins
        self.shape = (size, size)

    def __getitem__(self, key: Any) -> NDArray[np.float32]:
        wanted, after = as_rectangle(key, self.shape)
        found: NDArray[np.float32] = self.read(wanted)[after]
        return found

    def read(self, wanted: Rectangle) -> NDArray[np.float32]:
        """Fresh values of a rectangle inside the level."""
        r0, r1, c0, c1 = wanted
        end = self.bins.n
        inside = (min(r0, end), min(r1, end), min(c0, end), min(c1, end))
        rows, cols = inside[1] - inside[0], inside[3] - inside[2]
        if rows and cols:
            block = self.bins.read(inside)
            if inside == wanted:
                return block
        padded = np.full((r1 - r0, c1 - c0), np.nan, np.float32)
        if rows and cols:
            padded[:rows, :cols] = block
        return padded

    def to_dask(self, chunks: int) -> da.Array:
        """The level as a dask array of square chunks (bins)."""
        import dask.array as da

        return da.from_array(self, chunks=chunks, name=False, asarray=False, meta=np.empty((0, 0), self.dtype))


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

    dtype = LevelReader.dtype
    ndim = 2

    def __init__(self, reader: LevelReader, cache: BlockCache) -> None:
        self._reader = reader
        self._cache = cache
        self.resolution = reader.bins.resolution
        self.derived = isinstance(reader.bins, SummedLevel)
        self.shape = reader.shape

    def __repr__(self) -> str:
        return f"<Level {self._reader.bins.chrom} {self.resolution:,} bp, {self.shape[0]:,} bins>"

    @property
    def norm(self) -> str:
        """Normalisation of this level; differs from the one asked for where the file lacks that one."""
        return self._reader.bins.norm

    @property
    def n_bins(self) -> int:
        """Bins of the chromosome; those of :attr:`shape` beyond them only pad."""
        return self._reader.bins.n

    @property
    def size(self) -> int:
        """Number of bin pairs."""
        return self.shape[0] * self.shape[1]

    @cached_property
    def dask(self) -> da.Array:
        """The same level for whatever composes lazily; its chunks are read afresh and not kept."""
        return self._reader.to_dask(CHUNK_BINS)

    @cached_property
    def _view(self) -> da.Array:
        """The same level in one chunk: a view that crosses chunks would be read in up to four rectangles."""
        return self._reader.to_dask(max(1, self.shape[0]))

    def __getitem__(self, key: Any) -> NDArray[np.float32]:
        (r0, r1, c0, c1), after = as_rectangle(key, self.shape)
        if r1 <= r0 or c1 <= c0:
            return self._reader[key]
        values = self._cache.get(self.resolution, (r0, r1, c0, c1))
        if values is None:
            values = fused_compute(self._view[r0:r1, c0:c1])
            self._cache.put(self.resolution, (r0, r1, c0, c1), values)
        found: NDArray[np.float32] = values[after]
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self[:, :], dtype=dtype or self.dtype)

    def forget(self) -> None:
        """Let go of what this pyramid holds in memory; the next read goes to the file."""
        self._cache.clear()

    def to_dask(self, chunks: int = CHUNK_BINS) -> da.Array:
        """As :attr:`dask`, in chunks of another size (bins)."""
        return self.dask if chunks == CHUNK_BINS else self._reader.to_dask(chunks)


def fused_compute(lazy: da.Array) -> NDArray[np.float32]:
    """Compute a slice of one chunk in this thread, fused even where napari (or the user) has switched that off."""
    import dask
    from dask.array.optimization import optimize

    ((key,),) = lazy.__dask_keys__()
    with _FUSING, dask.config.set({"optimization.fuse.active": True}):
        graph = optimize(lazy.__dask_graph__(), key)
    values: NDArray[np.float32] = dask.get(graph, key)  # the synchronous scheduler; compute() takes three times as long
    return values


def as_rectangle(key: Any, shape: tuple[int, int]) -> tuple[Rectangle, Any]:
    """Contiguous rectangle to read for an index of slices, integers and an ellipsis, and how to index what was read."""
    parts = list(key) if isinstance(key, tuple) else [key]
    if len([part for part in parts if part is not Ellipsis]) > 2:
        raise IndexError(f"a level has 2 axes, not {len(parts)}")
    place = next((i for i, part in enumerate(parts) if part is Ellipsis), len(parts))
    missing = 2 - (len(parts) - (place < len(parts)))
    parts[place : place + 1] = [slice(None)] * missing
    spans, after = zip(*(_span(part, size) for part, size in zip(parts, shape, strict=True)), strict=True)
    (r0, r1), (c0, c1) = spans
    return (r0, r1, c0, c1), after


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
        left out; coarser ones are added by exact summation, doubling the bins, until one has at most 64 bins.
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
    return [Level(LevelReader(bins, total // bins.resolution), cache) for bins in ladder]


def _usable(resolutions: list[int], length: int) -> list[int]:
    """The finest, and of the others those with enough bins and a common multiple that pads little."""
    kept = resolutions[:1]
    for resolution in resolutions[1:]:
        if n_bins(length, resolution) >= MIN_BINS and math.lcm(*kept, resolution) <= length / 4:
            kept.append(resolution)
    return kept
