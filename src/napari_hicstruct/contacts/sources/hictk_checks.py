"""Which coolers may be given to hictkpy: it ends the process, or misreads, where a file is not as cooler writes it.

Measured with hictkpy 1.4: a bin size of 0 in the attributes divides by zero, attributes of other types are refused
at opening, tables of unequal lengths are read beyond their ends, more than a thousand contigs take minutes, pixels
that are not sorted or stand at another place than the index says are misread or searched for without end, and a
chromosome all of whose rows but the last are empty is taken for empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_hicstruct.contacts.sources.bin_table import BinTable, ChromosomeBins

if TYPE_CHECKING:
    import h5py

MAX_CONTIGS = 1_000
SAMPLE_PIXELS, SAMPLE_PLACES = 10_000, 3
"""Order is checked in so many places of each chromosome: writers that do not sort do so nowhere."""

_TEXT = {"format": "HDF5::Cooler", "bin-type": "fixed", "storage-mode": "symmetric-upper"}


def hictk_can_read(cooler: h5py.Group, table: BinTable, path: str) -> bool:
    """True for files that are in all that matters as cooler (format 3 and later) writes them."""
    return (
        path.isprintable()  # a name that is no Unicode is not
        and len(table.chroms) <= MAX_CONTIGS
        and table.regular
        and _attributes_fit(cooler, table)
        and _tables_fit(cooler, table)
    )


def _attributes_fit(cooler: h5py.Group, table: BinTable) -> bool:
    attributes = cooler.attrs
    numbers = {name: attributes.get(name) for name in ("bin-size", "format-version", "nbins", "nchroms", "nnz")}
    given = {name: value for name, value in numbers.items() if value is not None}
    if not all(isinstance(value, np.integer | int) for value in given.values()):
        return False
    expected = {"nbins": len(cooler["bins/start"]), "nchroms": len(cooler["chroms/name"])}
    expected |= {"nnz": len(cooler["pixels/count"]), "bin-size": table.size}
    if any(int(given[name]) != value for name, value in expected.items() if name in given) or "bin-size" not in given:
        return False
    texts = {name: attributes.get(name) for name in _TEXT}
    if texts["storage-mode"] is None:  # absent from files of early versions
        texts["storage-mode"] = _TEXT["storage-mode"]
    same = all(isinstance(value, str) and value == _TEXT[name] for name, value in texts.items())
    return same and int(given.get("format-version", 0)) >= 3


def _tables_fit(cooler: h5py.Group, table: BinTable) -> bool:
    n_bins, n_pixels = len(cooler["bins/start"]), len(cooler["pixels/count"])
    lengths = {
        "chroms/name": None,
        "chroms/length": len(cooler["chroms/name"]),
        "bins/chrom": n_bins,
        "bins/start": n_bins,
        "bins/end": n_bins,
        "pixels/bin1_id": n_pixels,
        "pixels/bin2_id": n_pixels,
        "pixels/count": n_pixels,
        "indexes/bin1_offset": n_bins + 1,
        "indexes/chrom_offset": len(cooler["chroms/name"]) + 1,
    }
    for name, length in lengths.items():
        column = cooler.get(name)
        if getattr(column, "ndim", None) != 1 or (length is not None and len(column) != length):
            return False
        kinds = "iuf" if name == "pixels/count" else "iu"
        if length is not None and column.dtype.kind not in kinds:
            return False
    firsts = [bins.first for bins in table.chroms.values()]
    offsets = cooler["indexes/chrom_offset"][:]
    ends = cooler["indexes/bin1_offset"]
    return offsets[: len(firsts)].tolist() == firsts and int(ends[0]) == 0 and int(ends[n_bins]) == n_pixels


@dataclass(frozen=True, slots=True)
class PixelOrder:
    """What samples of a level's pixels say.

    Attributes
    ----------
    indexed : bool
        They stand where the index of rows says.
    upper, lower : bool
        There are pixels above, below the diagonal.
    """

    indexed: bool
    upper: bool
    lower: bool


def pixel_order(cooler: h5py.Group) -> PixelOrder:
    """Look at the pixels in some places of a level."""
    index = cooler["indexes/bin1_offset"]
    total, n = len(cooler["pixels/count"]), len(index) - 1
    indexed, upper, lower = True, False, False
    for place in np.unique(np.linspace(0, max(0, total - SAMPLE_PIXELS), SAMPLE_PLACES).astype(np.int64)):
        part = slice(int(place), min(int(place) + SAMPLE_PIXELS, total))
        bin1, bin2 = (cooler[f"pixels/{name}"][part].astype(np.int64) for name in ("bin1_id", "bin2_id"))
        if not len(bin1):
            continue
        low, high = max(0, int(bin1.min())), min(n, int(bin1.max()) + 1)
        starts = index[low : high + 1].astype(np.int64)
        at = np.arange(part.start, part.stop)
        rows = low + np.searchsorted(starts, at, side="right") - 1
        indexed &= bool((rows == bin1).all())
        upper |= bool((bin2 > bin1).any())
        lower |= bool((bin2 < bin1).any())
    return PixelOrder(indexed, upper, lower)


def pixels_fit(cooler: h5py.Group, bins: ChromosomeBins) -> bool:
    """True if a chromosome's pixels are sorted and stand where the index says, as far as samples tell."""
    index = cooler["indexes/bin1_offset"][bins.first : bins.first + bins.count + 1].astype(np.int64)
    start, stop = int(index[0]), int(index[-1])
    if index[-2] <= start or (np.diff(index) < 0).any() or start < 0 or stop > len(cooler["pixels/count"]):
        return False
    for place in np.unique(np.linspace(start, max(start, stop - SAMPLE_PIXELS), SAMPLE_PLACES).astype(np.int64)):
        part = slice(int(place), min(int(place) + SAMPLE_PIXELS, stop))
        bin1, bin2 = (cooler[f"pixels/{name}"][part].astype(np.int64) for name in ("bin1_id", "bin2_id"))
        rows = bins.first + np.searchsorted(index, np.arange(part.start, part.stop), side="right") - 1
        if (bin1 != rows).any() or (bin2 < bin1).any() or ((np.diff(bin2) <= 0) & (np.diff(bin1) == 0)).any():
            return False
    return True
