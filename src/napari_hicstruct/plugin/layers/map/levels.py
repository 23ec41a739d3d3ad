"""The pyramid as napari draws it: each level remembers the rectangle that was read last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.colours import NO_CONTACTS, Scale, colour_range

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.contacts.pyramid import Level
    from napari_hicstruct.contacts.shares import ShareLevel


CACHE_BYTES = 24 * 2**20
"""Rectangles that were seen and are kept; a screenful takes 2 to 9 MB."""


__all__ = [
    "CACHE_BYTES",
    "NO_CONTACTS",
    "Scale",
    "Tile",
    "ViewedLevel",
    "colour_range",
    "stored_norms",
    "viewed_levels",
]

_MIN_SHARE = 0.2
"""Share of a view that must be left to find its colours by."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle of contacts in memory: ``values[0, 0]`` is bin (``row``, ``col``) at ``resolution`` bp."""

    row: int
    col: int
    resolution: int
    values: NDArray[np.float32]

    def value(self, row_bp: float, col_bp: float) -> float | None:
        """Value of the bin that holds the position (bp); None outside the rectangle, NaN where the bin is bad."""
        i, j = int(row_bp // self.resolution) - self.row, int(col_bp // self.resolution) - self.col
        rows, cols = self.values.shape
        return float(self.values[i, j]) if 0 <= i < rows and 0 <= j < cols else None

    def covers(self, rows: tuple[int, int], cols: tuple[int, int]) -> bool:
        """True if ``rows`` × ``cols`` (bp) lie in it, or reach beyond it by less than a bin."""
        spans = zip((rows, cols), (self.row, self.col), self.values.shape, strict=True)
        return all(
            (first - 1) * self.resolution < start and end < (first + size + 1) * self.resolution
            for (start, end), first, size in spans
        )

    def crop(self, rows: tuple[int, int], cols: tuple[int, int], beyond: float = 0.0) -> NDArray[np.float32]:
        """The part inside ``rows`` × ``cols`` (bp); the whole if they do not meet.

        What lies nearer to the diagonal than ``beyond`` (bp) is NaN, unless that leaves less than a fifth.
        """
        parts = []
        for (start, end), first, size in zip((rows, cols), (self.row, self.col), self.values.shape, strict=True):
            low = max(0, start // self.resolution - first)
            high = min(size, -(-end // self.resolution) - first)
            if low >= high:
                return self.values
            parts.append(slice(low, high))
        values = self.values[parts[0], parts[1]]
        if not beyond:
            return values
        row, col = (np.arange(p.start, p.stop) + first for p, first in zip(parts, (self.row, self.col), strict=True))
        far = np.abs(row[:, None] - col[None]) * self.resolution >= beyond
        return np.where(far, values, np.float32(np.nan)) if far.mean() > _MIN_SHARE else values


class ViewedLevel:
    """One level as an array for napari (shape, dtype, ``[rows, cols]``), in bins of ``resolution`` bp.

    Reading sets :attr:`tile`, so that colour limits and the cursor's read-out need no file access.  Ratios are drawn
    as their logarithm to base 2; of bins without contacts that of :data:`NO_CONTACTS`: only masked bins are NaN.
    """

    def __init__(self, level: Level | ShareLevel, *, scale: Scale) -> None:
        self._level = level
        self._scale = scale
        self.resolution = level.resolution
        self.norm = level.norm
        self.derived = level.derived
        self.shape = tuple(level.shape)
        self.dtype = np.dtype(np.float32)
        self.ndim = 2
        self.tile: Tile | None = None

    def __getitem__(self, key: Any) -> NDArray[np.float32]:
        rows, cols = key if isinstance(key, tuple) else (key, slice(None))
        (row, row_end, _), (col, col_end, _) = (
            part.indices(size) for part, size in zip((rows, cols), self.shape, strict=True)
        )
        # What only pads is not drawn: it would lie beside the map as a band of masked bins.  napari places a rectangle
        # by its first bin, and may still hold the corners of the chromosome before: never give it an empty one.
        n = self._level.n_bins
        row, col = min(row, n - 1), min(col, n - 1)
        row_end, col_end = max(min(row_end, n), row + 1), max(min(col_end, n), col + 1)
        block = np.asarray(self._level[row:row_end, col:col_end], dtype=np.float32)
        self.tile = Tile(row, col, self.resolution, block)
        return self._drawn(block)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        whole = self[:, :]
        return whole if dtype is None else whole.astype(dtype)

    @property
    def level(self) -> Level | ShareLevel:
        """What is read, before it is drawn."""
        return self._level

    @property
    def size(self) -> int:
        """Number of bins pairs."""
        return self.shape[0] * self.shape[1]

    def _drawn(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._scale is not Scale.RATIO:
            return block
        with np.errstate(invalid="ignore"):
            return np.log2(np.maximum(block, NO_CONTACTS))


def viewed_levels(
    source: ContactSource, chrom: str, *, norm: str, over_expected: bool, scale: Scale
) -> list[ViewedLevel]:
    """All levels of ``chrom``, finest first."""
    from napari_hicstruct.contacts import build_levels
    from napari_hicstruct.contacts.block_cache import BlockCache

    cache = BlockCache(CACHE_BYTES)
    transform = "oe" if over_expected else "none"
    levels = build_levels(source, chrom, norm=norm, transform=transform, cache=cache)
    return [ViewedLevel(level, scale=scale) for level in levels]


def stored_norms(source: ContactSource, chrom: str, *, norm: str) -> dict[int, str]:
    """Normalisation of each level that the file holds (bp → name): ``norm``, or what stands in where it is missing."""
    from napari_hicstruct.contacts import build_levels

    return {level.resolution: level.norm for level in build_levels(source, chrom, norm=norm) if not level.derived}
