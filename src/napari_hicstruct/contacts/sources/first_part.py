"""What the first of two maps gave to each pixel of the map that was fused from them."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.sources.chunked_column import ChunkedColumn
from napari_hicstruct.contacts.sources.cooler_source import CoolerSource
from napari_hicstruct.contacts.sources.level_matching import ConsistentLevels

if TYPE_CHECKING:
    import h5py

    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.contacts.sources.pixel_table import PixelTable

SHARE = "share_of_first"
"""Column of a fused map's pixels: which share of them is of the first map, 0 to 1."""


class FirstPartSource(CoolerSource):
    """A fused map whose values are those of the first map's part: share times value.

    Sums of them over any block, divided by the fused map's, are that block's share.  Made by :func:`first_part`.
    """

    @cached_property
    def _fingerprint(self) -> str:
        """Another than the fused map's: sums of both are kept in one cache."""
        return hashlib.sha256(f"{SHARE} {super()._fingerprint}".encode()).hexdigest()

    def _table(self, resolution: int) -> PixelTable:
        from napari_hicstruct.contacts.sources.pixel_table import PixelTable  # numba waits for the first read

        root = self._root(resolution)

        def made() -> PixelTable:
            table = PixelTable(root)
            table.count = _ProductColumn(root["pixels/count"], root[f"pixels/{SHARE}"])
            return table

        table: PixelTable = self._file_lock.handle((SHARE, root.name), made)
        return table


class _ProductColumn(ChunkedColumn):
    """Two columns of one length, multiplied as they are read."""

    def __init__(self, values: h5py.Dataset, factors: h5py.Dataset) -> None:
        if len(values) != len(factors):
            raise ValueError("the columns of its pixels differ in length")
        super().__init__(values, np.float32)
        self._factors = factors

    def _read(self, numbers: NDArray[np.int64]) -> NDArray[Any]:
        values = super()._read(numbers).astype(np.float32)
        for row, number in zip(values, numbers.tolist(), strict=True):
            part = self._factors[number * self.chunk : (number + 1) * self.chunk]
            row[: len(part)] *= part
        return values

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """As of every column, also where it is empty."""
        return super().read(start, stop).astype(np.float32)


def first_part(source: ContactSource) -> FirstPartSource | None:
    """The first map's part of a fused map; None of any other map.

    Raises
    ------
    MapError
        If the file is damaged.
    """
    if not isinstance(source, CoolerSource) or isinstance(source, FirstPartSource):
        return None
    with source._reading(), source._file_lock:
        if not all(SHARE in source._root(resolution)["pixels"] for resolution in source.resolutions):
            return None
    levels = ConsistentLevels(levels=source._levels, chromsizes=source.chromsizes, notes=())
    return FirstPartSource(source._path, source._group, assembly=source.assembly, levels=levels)
