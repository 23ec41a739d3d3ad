"""A fused map as a cooler of several levels: pixels in order, summed to coarser bins, balanced."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct import __version__
from napari_hicstruct.config.files import check_room
from napari_hicstruct.contacts.fused import FUSED
from napari_hicstruct.contacts.sources.first_part import SHARE
from napari_hicstruct.genome import n_bins

if TYPE_CHECKING:
    import h5py

    from napari_hicstruct.jobs import CancelToken

CHUNK = 1_000_000
"""Pixels held at once when levels are summed."""

PIXEL_BYTES = 28
"""Of a pixel at most, before compression: two bins, 64-bit counts, a share."""

ROOM = 16_000_000
"""Bytes that stay free for what HDF5 holds back, and for weights: it cannot close a file on a full disk."""

MIN_BALANCED_BINS = 40
"""Fewer bins cannot be balanced, or it means nothing."""

_STORE = {"compression": "gzip", "compression_opts": 6, "shuffle": True}
_MAX_ENUM = 1_000  # chromosomes: HDF5 keeps the names of an enum in 64 kB


@dataclass(frozen=True, slots=True)
class FusedPixels:
    """Pixels of one chromosome in order, ``bin1 <= bin2`` counted from its first bin; value, share of the first map."""

    bin1: NDArray[np.int64]
    bin2: NDArray[np.int64]
    count: NDArray[np.float32]
    share: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.bin1)


class LevelWriter:
    """One level of a map that is written pixel chunk by pixel chunk.

    Parameters
    ----------
    group : h5py.Group
        Empty.
    chromsizes : mapping of str to int
    resolution : int
        bp.
    integer : bool
        Counts are whole numbers.
    most : float
        No pixel can hold more.
    place : Path, optional
        Where the file will be; its disk must have room for each part before that is written.
    """

    def __init__(
        self,
        group: h5py.Group,
        chromsizes: Mapping[str, int],
        resolution: int,
        *,
        integer: bool,
        most: float = 0,
        place: Path | None = None,
    ) -> None:
        self.group, self.resolution, self._place = group, resolution, place
        self._sizes = [n_bins(length, resolution) for length in chromsizes.values()]
        self._offsets = dict(zip(chromsizes, np.r_[0, np.cumsum(self._sizes)[:-1]].tolist(), strict=True))
        self._rows = np.zeros(sum(self._sizes) + 1, np.int64)
        self._total = 0.0
        _write_bins(group, chromsizes, resolution)
        # 64 bits only where a pixel might need them: some programs take no others than 32
        whole = "i8" if most > np.iinfo(np.int32).max else "i4"
        kinds = {"bin1_id": "i8", "bin2_id": "i8", "count": whole if integer else "f4", SHARE: "f4"}
        pixels = group.create_group("pixels")
        for name, kind in kinds.items():
            pixels.create_dataset(name, (0,), kind, maxshape=(None,), chunks=(1 << 16,), **_STORE)

    def add(self, chrom: str, part: FusedPixels) -> None:
        """Append pixels; they follow those that were added before."""
        if not len(part):
            return
        if self._place is not None:
            check_room(self._place, ROOM + PIXEL_BYTES * len(part))
        offset, pixels = self._offsets[chrom], self.group["pixels"]
        before = len(pixels["count"])
        columns = {"bin1_id": part.bin1 + offset, "bin2_id": part.bin2 + offset, "count": part.count, SHARE: part.share}
        for name, values in columns.items():
            pixels[name].resize((before + len(part),))
            pixels[name][before:] = values
        self._rows[:-1] += np.bincount(part.bin1 + offset, minlength=len(self._rows) - 1)
        self._total += float(part.count.sum(dtype=np.float64))

    def close(self, assembly: str, about: Mapping[str, Any]) -> None:
        """Write the index and the attributes that make a cooler of it."""
        indexes = self.group.create_group("indexes")
        ends = np.r_[0, np.cumsum(self._rows[:-1])]
        indexes.create_dataset("bin1_offset", data=ends, **_STORE)
        indexes.create_dataset("chrom_offset", data=np.r_[0, np.cumsum(self._sizes)], **_STORE)
        self.group.attrs.update(
            {
                "format": "HDF5::Cooler",
                "format-url": "https://github.com/open2c/cooler",
                "format-version": 3,
                "storage-mode": "symmetric-upper",
                "bin-type": "fixed",
                "bin-size": self.resolution,
                "nbins": sum(self._sizes),
                "nchroms": len(self._sizes),
                "nnz": int(ends[-1]),
                "sum": self._total,
                "genome-assembly": assembly or "unknown",
                "generated-by": f"napari-hicstruct-{__version__}",
                "creation-date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                "metadata": json.dumps({"fused": about}),
                FUSED: json.dumps(about),
            }
        )


def _write_bins(group: h5py.Group, chromsizes: Mapping[str, int], resolution: int) -> None:
    import h5py

    names = list(chromsizes)
    chroms = group.create_group("chroms")
    chroms.create_dataset("name", data=np.array([name.encode() for name in names]), **_STORE)
    chroms.create_dataset("length", data=np.array(list(chromsizes.values()), np.int32), **_STORE)
    sizes = [n_bins(length, resolution) for length in chromsizes.values()]
    number = np.repeat(np.arange(len(names), dtype=np.int32), sizes)
    start = np.concatenate([np.arange(size, dtype=np.int64) * resolution for size in sizes])
    end = np.minimum(start + resolution, np.repeat(list(chromsizes.values()), sizes))
    enum = h5py.enum_dtype({name: k for k, name in enumerate(names)}, "i4") if len(names) <= _MAX_ENUM else "i4"
    bins = group.create_group("bins")
    bins.create_dataset("chrom", data=number, dtype=enum, **_STORE)
    bins.create_dataset("start", data=start.astype(np.int32), **_STORE)
    bins.create_dataset("end", data=end.astype(np.int32), **_STORE)


def sum_level(
    fine: h5py.Group, writer: LevelWriter, chromsizes: Mapping[str, int], factor: int, token: CancelToken
) -> None:
    """Sum a level's bins; the share of a sum is the mean of its pixels' weighted by value.

    Parameters
    ----------
    fine : h5py.Group
        A level that is closed.
    writer : LevelWriter
        Of the coarser level.
    chromsizes : mapping of str to int
    factor : int
        Fine bins in a coarse one.
    token : CancelToken
    """
    offsets = fine["indexes/chrom_offset"][:]
    rows = fine["indexes/bin1_offset"][:]
    for k, name in enumerate(chromsizes):
        for first, last in _row_blocks(rows, int(offsets[k]), int(offsets[k + 1]), factor):
            token.check()
            part = slice(int(rows[first]), int(rows[last]))
            bin1, bin2, count, share = (fine[f"pixels/{one}"][part] for one in ("bin1_id", "bin2_id", "count", SHARE))
            big1, big2 = (bin1 - offsets[k]) // factor, (bin2 - offsets[k]) // factor
            writer.add(name, summed(big1, big2, count, share))


def _row_blocks(rows: NDArray[np.int64], begin: int, end: int, factor: int) -> Iterator[tuple[int, int]]:
    """Runs of fine bins of one chromosome that hold about :data:`CHUNK` pixels and whole coarse bins."""
    first = begin
    while first < end:
        wanted = int(np.searchsorted(rows, rows[first] + CHUNK, side="right")) - 1
        steps = max(1, (min(wanted, end) - begin) // factor - (first - begin) // factor)
        last = min(end, first + steps * factor)
        yield first, last
        first = last


def summed(
    bin1: NDArray[np.int64], bin2: NDArray[np.int64], count: NDArray[Any], share: NDArray[np.float32]
) -> FusedPixels:
    """Pixels of equal bins as one, in order."""
    if not len(bin1):
        return FusedPixels(bin1, bin2, count.astype(np.float32), share)
    width = int(bin2.max()) + 1
    key, at = np.unique(bin1 * width + bin2, return_inverse=True)
    total = np.bincount(at, weights=count)
    first = np.bincount(at, weights=count * share.astype(np.float64))
    part = np.divide(first, total, out=np.zeros_like(total), where=total > 0)
    return FusedPixels(key // width, key % width, total.astype(np.float32), np.clip(part, 0, 1).astype(np.float32))


def balance_level(group: h5py.Group, token: CancelToken) -> bool:
    """Write weights, where enough bins hold contacts; True if there are any now."""
    from napari_hicstruct.synth.balance import balance

    rows = group["indexes/bin1_offset"][:]
    if int((np.diff(rows) > 0).sum()) < MIN_BALANCED_BINS:
        return False
    return balance(group, token)


def mark_file(file: h5py.File, about: Mapping[str, Any]) -> None:
    """What makes a ``.mcool`` of a file of levels."""
    file.attrs.update({"format": "HDF5::MCOOL", "format-version": 2, FUSED: json.dumps(about)})
