"""Where the bins of each chromosome stand in a cooler's bin table, also where bins are missing or lengths overflowed.

A cooler's table usually holds every bin of every chromosome: bin ``k`` of a chromosome is then its ``k``-th row.
Matrices that were cut out (5C, capture, hicAdjustMatrix) lack bins; their rows are placed by what the table says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import n_bins
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    import h5py

CHECKED_CHROMOSOMES = 8
"""Of the longest so many the first and last bin are looked at; all of them have their bins counted."""

INT32_SPAN = 2**32
_TOO_LONG = "{name} is too long for the file's 32-bit numbers; it is read as {length:,} bp by its number of bins."


@dataclass(frozen=True, slots=True, eq=False)
class ChromosomeBins:
    """The bins of one chromosome in a bin table.

    Attributes
    ----------
    first : int
        Row of its first bin.
    count : int
        Number of rows.
    length : int
        bp.
    grid : int64 array, shape (count,), or None
        Bin (start ÷ bin size) of each row, rising; None where the table holds every bin.
    """

    first: int
    count: int
    length: int
    grid: NDArray[np.int64] | None = None

    def rows(self, start: int, stop: int) -> tuple[int, int]:
        """The rows, counted from :attr:`first`, that hold bins ``start``…``stop``."""
        if self.grid is None:
            return start, stop
        low, high = np.searchsorted(self.grid, (start, stop))
        return int(low), int(high)

    def bins(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Bins of rows counted from :attr:`first`."""
        return rows if self.grid is None else self.grid[rows]

    @property
    def positions(self) -> NDArray[np.int64]:
        """Bin of each row, shape (count,)."""
        return np.arange(self.count) if self.grid is None else self.grid


@dataclass(frozen=True, slots=True, eq=False)
class BinTable:
    """All bins of one cooler.

    Attributes
    ----------
    size : int
        Bin size, bp.
    chroms : mapping of str to ChromosomeBins
        By the file's own spelling, in file order.
    notes : tuple of str
        What is peculiar, one sentence each.
    """

    size: int
    chroms: Mapping[str, ChromosomeBins]
    notes: tuple[str, ...] = field(default=())

    @property
    def regular(self) -> bool:
        """True if every bin of every chromosome is in the table, as the cooler format has it."""
        return not self.notes and all(bins.grid is None for bins in self.chroms.values())


def text_of(value: object) -> str:
    """An attribute as text, however its writer stored it (bytes, fixed length, an array of one)."""
    if isinstance(value, np.ndarray):
        value = value.reshape(-1)[0] if value.size == 1 else ""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return "" if value is None or type(value).__name__ == "Empty" else str(value).strip("\x00 ")


def whole_of(value: object) -> int | None:
    """An attribute as a whole number, or None if it is none."""
    try:
        number = float(text_of(value))
    except ValueError:
        return None
    return int(number) if number == number and abs(number) < 2**53 and number == int(number) else None


def read_bin_table(cooler: h5py.Group, where: str) -> BinTable:
    """Read and check where the bins of each chromosome stand.

    Parameters
    ----------
    cooler : h5py.Group
    where : str
        For the error.

    Raises
    ------
    MapError
        If bins differ in size, or chromosomes have impossible lengths.
    """
    names = [text_of(name) for name in cooler["chroms/name"][:]]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise MapError(f"names the chromosome {twice} more than once.", where=where, hint="Make the file again.")
    lengths = np.asarray(cooler["chroms/length"][:]).astype(np.int64)
    offsets = _offsets(cooler, len(names))
    size = whole_of(cooler.attrs.get("bin-size")) or 0
    fixed = text_of(cooler.attrs.get("bin-type")) != "variable" and size > 0
    if fixed:
        lengths, notes = _unwrapped(names, lengths, np.diff(offsets), size, where)
        if _is_regular(cooler, lengths, offsets, size):
            spans = zip(names, offsets, np.diff(offsets), lengths, strict=False)
            found = {name: ChromosomeBins(int(o), int(n), int(length)) for name, o, n, length in spans if n}
            return BinTable(size, found, notes)
    return _from_rows(cooler, where, names, lengths, offsets, size)


def _offsets(cooler: h5py.Group, n_chroms: int) -> NDArray[np.int64]:
    """First row of each chromosome and, last, the number of rows."""
    total = len(cooler["bins/start"])
    index = cooler.get("indexes/chrom_offset")
    stored = np.zeros(0, np.int64) if getattr(index, "ndim", 0) != 1 else np.asarray(index[:]).astype(np.int64)
    if len(stored) == n_chroms + 1 and stored[0] == 0 and stored[-1] == total and (np.diff(stored) >= 0).all():
        return stored
    ids = _chrom_ids(cooler, n_chroms)
    return np.searchsorted(ids, np.arange(n_chroms + 1)).astype(np.int64)


def _chrom_ids(cooler: h5py.Group, n_chroms: int) -> NDArray[np.int64]:
    column: Any = cooler["bins/chrom"]
    if column.dtype.kind in "iu":
        ids = np.asarray(column[:]).astype(np.int64)
    else:
        order = {text_of(name): k for k, name in enumerate(cooler["chroms/name"][:])}
        ids = np.array([order[text_of(name)] for name in column[:]], np.int64)
    if len(ids) and (ids.min() < 0 or ids.max() >= n_chroms or (np.diff(ids) < 0).any()):
        raise ValueError("bins are not sorted by chromosome")
    return ids


def _unwrapped(
    names: list[str], lengths: NDArray[np.int64], counts: NDArray[np.int64], size: int, where: str
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Lengths that overflowed 32 bits, put right where the number of bins says by how much."""
    lengths, notes = lengths.copy(), []
    for k in np.flatnonzero(lengths < 0):
        turns = (int(lengths[k]) + turn * INT32_SPAN for turn in (1, 2, 3))
        found = next((length for length in turns if n_bins(length, size) == counts[k]), 0)
        if not found:
            raise MapError(
                f"says that {names[k]} is {lengths[k]:,} bp long.",
                where=where,
                hint="Chromosomes of more than 2,147,483,647 bp do not fit this file: split them into arms.",
            )
        lengths[k] = found
        notes.append(_TOO_LONG.format(name=names[k], length=found))
    if zero := [names[k] for k in np.flatnonzero((lengths == 0) & (counts > 0))]:
        raise MapError(f"says that {zero[0]} is 0 bp long.", where=where, hint="Make the file again.")
    return lengths, tuple(notes)


def _is_regular(cooler: h5py.Group, lengths: NDArray[np.int64], offsets: NDArray[np.int64], size: int) -> bool:
    """True if every chromosome has the bins that its length asks for, and the longest begin and end as they must."""
    counts = np.diff(offsets)
    if (counts != -(-lengths // size)).any():
        return False
    starts = cooler["bins/start"]
    for k in np.argsort(-lengths)[:CHECKED_CHROMOSOMES]:
        if not counts[k]:
            continue
        first, last = int(starts[int(offsets[k])]), int(starts[int(offsets[k + 1]) - 1])
        if first != 0 or last % INT32_SPAN != (int(counts[k]) - 1) * size % INT32_SPAN:
            return False
    return True


def _from_rows(
    cooler: h5py.Group, where: str, names: list[str], lengths: NDArray[np.int64], offsets: NDArray[np.int64], size: int
) -> BinTable:
    """The table row by row: bins may be missing, and need not begin at multiples of their size."""
    start, end, turned = _positions(cooler, offsets)
    size = _common_size(start, end, offsets, size)
    variable = MapError(
        "has bins of variable size (restriction fragments?).",
        where=where,
        hint="Make a map with bins of one size, for example with 'cooler cload'.",
    )
    if size < 1:
        raise variable
    found, shift = {}, 0
    for k, name in enumerate(names):
        rows = slice(int(offsets[k]), int(offsets[k + 1]))
        if rows.start == rows.stop:  # chromosomes that were cut away
            continue
        grid = (start[rows] + size // 2) // size
        if (np.diff(grid) < 1).any() or (len(grid) and grid[0] < 0):
            raise variable
        shift = max(shift, int(np.abs(start[rows] - grid * size).max(initial=0)))
        length = _length(int(lengths[k]), int(end[rows].max()))
        whole = len(grid) == n_bins(length, size) and bool((grid == np.arange(len(grid))).all())
        if len(grid) and grid[-1] >= n_bins(length, size):
            length = (int(grid[-1]) + 1) * size
        found[name] = ChromosomeBins(int(offsets[k]), len(grid), length, None if whole else grid)
    notes = [_TOO_LONG.format(name=names[k], length=found[names[k]].length) for k in np.flatnonzero(turned)]
    if any(bins.grid is not None for bins in found.values()):
        missing = sum(n_bins(b.length, size) - b.count for b in found.values())
        notes.append(f"The file lacks {how_many(missing, 'bin')} of its chromosomes, shown as bad bins.")
    if shift:
        notes.append(f"Bins begin up to {shift:,} bp beside multiples of {size:,} bp and are drawn at the nearest.")
    return BinTable(size, found, tuple(notes))


def _positions(
    cooler: h5py.Group, offsets: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Starts and ends of all bins, 32-bit overflows undone; and the chromosomes that had any."""
    stored = np.asarray(cooler["bins/start"][:]).astype(np.int64)
    width = (np.asarray(cooler["bins/end"][:]).astype(np.int64) - stored) % INT32_SPAN
    start, turned = stored % INT32_SPAN, np.zeros(len(offsets) - 1, bool)
    for k, (low, high) in enumerate(pairwise(offsets)):
        start[low + 1 : high] += INT32_SPAN * np.cumsum(np.diff(start[low:high]) < 0)
        turned[k] = bool((start[low:high] != stored[low:high]).any())
    return start, start + width, turned


def _length(stored: int, last_end: int) -> int:
    """A chromosome's length, an overflow of 32 bits undone; at least where its last bin ends."""
    length = stored % INT32_SPAN
    length += max(0, (last_end - length) // INT32_SPAN) * INT32_SPAN
    return max(length, last_end)


def _common_size(start: NDArray[np.int64], end: NDArray[np.int64], offsets: NDArray[np.int64], stated: int) -> int:
    """The size that all bins have, but those at the end of a stretch, which may be shorter; 0 if there is none."""
    width = end - start
    if not len(width) or (width < 1).any():
        return 0
    values, counts = np.unique(width, return_counts=True)
    size = stated if stated > 0 else int(values[np.argmax(counts)])
    last = np.zeros(len(width), bool)
    last[offsets[1:][np.diff(offsets) > 0] - 1] = True
    before_gap = np.append(start[1:] != end[:-1], True)
    fits = (width == size) | ((width < size) & (last | before_gap))
    alone = len(values) == 1 or counts.max() > len(width) / 2
    return size if fits.all() and alone else 0
