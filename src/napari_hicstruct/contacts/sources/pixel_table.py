"""Dense blocks from a cooler's sorted pixels: per row a search for the columns, so that only their chunks are read.

The row index says where a row's pixels begin and end; within it they are sorted by column.  A row of a deep,
genome-wide map lies in many chunks, of which a block touches one or two; rows of shallow maps share one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numba
import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.sources.chunked_column import ChunkedColumn

if TYPE_CHECKING:
    import h5py

    Block = NDArray[np.float32]
    Positions = NDArray[np.int64]

_PROBED_ROWS = 32  # of so many rows one is searched without knowing anything, the others near where it was found
_TILE = 32


class NotSorted(Exception):
    """A row's pixels are not sorted by column."""


class PixelTable:
    """The pixels of one level; not thread-safe, hold the file's lock."""

    def __init__(self, cooler: h5py.Group) -> None:
        self.bin2 = ChunkedColumn(cooler["pixels/bin2_id"], np.int32)
        self.count = ChunkedColumn(cooler["pixels/count"], np.float32)
        self._is_sorted = True
        self._last_view = (0, (0, 0), np.zeros((2, 0), np.int64))  # first row, columns, chunks of their edges
        if len(cooler["pixels/bin2_id"]) != len(cooler["pixels/count"]):
            raise ValueError("the columns of its pixels differ in length")

    def block(self, index: Positions, first_row: int, cols: tuple[int, int]) -> Block:
        """A block of the upper triangle, mirrored where it reaches below the diagonal.

        Parameters
        ----------
        index : int64, shape (n_rows + 1,)
            Positions in the table at which the rows begin, and the end of the last one.
        first_row : int
            Bin of the first row, in the level's bin table.
        cols : tuple of int
            First bin and end; neither lies before those of the rows.

        Returns
        -------
        float32, shape (n_rows, n_columns)
            Pixels below the diagonal are left out; what stands twice counts twice, as in cooler.
        """
        if self._is_sorted:
            try:
                return self._filled(index, first_row, cols)
            except NotSorted:
                self._is_sorted = False
        return self._filled(index, first_row, cols)

    def _filled(self, index: Positions, first_row: int, cols: tuple[int, int]) -> Block:
        block = np.zeros((len(index) - 1, cols[1] - cols[0]), np.float32)
        edges = self._known_edges(first_row, len(block), cols)
        for a, b in self._batches(index):
            part = index[a : b + 1]
            if self._is_sorted:
                starts, ends = self._search(part, first_row + a, cols, edges[:, a:b])
            else:
                starts, ends = part[:-1], part[1:]
            if not (starts < ends).any():
                continue
            for column in (self.bin2, self.count):
                column.load(_chunks_of(starts, ends, column.chunk))
            bin2, count = self.bin2, self.count
            place = (first_row + a, *cols)
            _add_pixels(block[a:b], starts, ends, place, bin2.kept, bin2.slot_of, count.kept, count.slot_of)
        self._last_view = (first_row, cols, edges)
        if first_row + len(block) > cols[0]:
            _mirror(block[cols[0] - first_row :])
        return block

    def _batches(self, index: Positions) -> Iterator[tuple[int, int]]:
        """Rows whose chunks fit into what is kept, at least one."""
        room = min(self.bin2.n_slots * self.bin2.chunk, self.count.n_slots * self.count.chunk)
        room -= 2 * max(self.bin2.chunk, self.count.chunk)
        a, n = 0, len(index) - 1
        while a < n:
            b = max(a + 1, int(np.searchsorted(index, index[a] + room, side="right")) - 1)
            yield a, min(b, n)
            a = b

    # ---- search -----------------------------------------------------------------------------------------------

    def _known_edges(self, first_row: int, n_rows: int, cols: tuple[int, int]) -> Positions:
        """Per row the chunks in which a view beside this one began and ended, shape (2, n_rows); -1 if unknown."""
        edges = np.full((2, n_rows), -1, np.int64)
        row, columns, known = self._last_view
        a, b = max(first_row, row), min(first_row + n_rows, row + known.shape[1])
        if a < b and abs(cols[0] - columns[0]) < cols[1] - cols[0]:
            edges[:, a - first_row : b - first_row] = known[:, a - row : b - row]
        return edges

    def _search(
        self, index: Positions, first_row: int, cols: tuple[int, int], edges: Positions
    ) -> tuple[Positions, Positions]:
        """Where, in each row, the columns begin and end; puts the chunks of both into ``edges``."""
        rows = first_row + np.arange(len(index) - 1)
        chunk = self.bin2.chunk
        low, high = index[:-1] // chunk, np.maximum(index[1:] - 1, index[:-1]) // chunk
        low, high = (np.where(np.diff(index) > 0, part, -1) for part in (low, high))
        edges[0] = self._chunk_of(index[:-1], (low, np.where(rows >= cols[0], low, high)), cols[0], edges[0])
        edges[1] = self._chunk_of(index[:-1], (edges[0], high), cols[1], edges[1])
        touched = np.unique(edges)
        self.bin2.load(touched[touched >= 0])
        bounds = np.empty((2, len(rows)), np.int64)
        for bound, where, column in zip(bounds, edges, cols, strict=True):
            if not _lower_bounds(index, where, column, self.bin2.kept, self.bin2.slot_of, bound):
                raise NotSorted
        return bounds[0], np.maximum(bounds[0], bounds[1])

    def _chunk_of(
        self, starts: Positions, within: tuple[Positions, Positions], column: int, guess: Positions
    ) -> Positions:
        """Of the chunks ``within`` each row the one in which, or at whose end, ``column`` begins.

        Searches in all rows at once, in steps that grow from a guess (-1: none); the rows begin at ``starts``.
        """
        low, high = (part.copy() for part in within)
        if (guess[low < high] < 0).any():
            guess = self._guess(starts, within, column, guess)
        at, step = np.clip(guess, low, high), 1
        while (searched := np.flatnonzero(low < high)).size:
            here = at[searched]
            self.bin2.load(np.unique(here))
            slots = self.bin2.slot_of[here]
            left = (here > low[searched]) & (self.bin2.kept[slots, 0] >= column)
            right = ~left & (here < high[searched]) & (self.bin2.kept[slots, -1] < column)
            low[searched] = np.where(left, low[searched], here + right)
            high[searched] = np.where(right, high[searched], here - left)
            middle = (low + high) // 2
            at[searched] = np.where(
                left, np.maximum(high - step + 1, middle)[searched], np.minimum(low + step - 1, middle)[searched]
            )
            step *= 2
        return low

    def _guess(
        self, starts: Positions, within: tuple[Positions, Positions], column: int, known: Positions
    ) -> Positions:
        """About as far into each row as in rows near by that are known, or in some that are searched."""
        low, high = within
        middle, probes = (low + high) // 2, np.flatnonzero(known >= 0)
        if len(probes):
            found = known[probes]
        elif len(low) <= _PROBED_ROWS or (high - low).max() < 3:
            return middle
        else:
            probes = np.flatnonzero(low < high)[::_PROBED_ROWS]
            found = self._chunk_of(starts[probes], (low[probes], high[probes]), column, middle[probes])
        chunk = self.bin2.chunk
        depth = np.interp(np.arange(len(low)), probes, found * chunk + chunk // 2 - starts[probes])
        guess: Positions = np.where(known >= 0, known, (starts + depth.astype(np.int64)) // chunk)
        return guess


def _chunks_of(starts: Positions, ends: Positions, chunk: int) -> Positions:
    """Numbers of the chunks that hold some stretches of a column, rising."""
    full = starts < ends
    first, last = starts[full] // chunk, (ends[full] - 1) // chunk
    origin = int(first.min())
    edges = np.zeros(int(last.max()) - origin + 2, np.int64)
    np.add.at(edges, first - origin, 1)
    np.add.at(edges, last - origin + 1, -1)
    return origin + np.flatnonzero(np.cumsum(edges) > 0)


# ---- compiled --------------------------------------------------------------------------------------------------


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _lower_bounds(
    index: Positions, where: Positions, column: int, kept: NDArray[np.int32], slot_of: NDArray[np.int32], out: Positions
) -> bool:
    """Position of the first pixel of each row at or after ``column``, in or at the end of chunk ``where``.

    False if pixels there are not sorted, which is looked for along the way.
    """
    chunk = kept.shape[1]
    for r in range(len(where)):
        if where[r] < 0:
            out[r] = index[r]
            continue
        origin = where[r] * chunk
        values = kept[slot_of[where[r]]]
        start, end = max(index[r] - origin, 0), min(index[r + 1] - origin, chunk)
        before, falls = 0, 0
        for i in range(start, end):
            before += values[i] < column
        for i in range(start + 1, end):
            falls += values[i] < values[i - 1]
        if falls:
            return False
        out[r] = origin + start + before
    return True


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _add_pixels(  # noqa: PLR0913 - a kernel takes arrays
    block: Block,
    starts: Positions,
    ends: Positions,
    place: tuple[int, int, int],
    bins: NDArray[np.int32],
    bin_slots: NDArray[np.int32],
    counts: NDArray[np.float32],
    count_slots: NDArray[np.int32],
) -> None:
    """Add the pixels at ``starts``…``ends`` of each row; ``place``: first row, first column, end of the columns."""
    first_row, low, high = place
    bin_chunk, count_chunk = bins.shape[1], counts.shape[1]
    for r in range(len(starts)):
        row = block[r]
        left = max(low, first_row + r)
        at = starts[r]
        while at < ends[r]:
            b, c = at // bin_chunk, at // count_chunk
            stop = min(ends[r], (b + 1) * bin_chunk, (c + 1) * count_chunk)
            columns, values = bins[bin_slots[b]], counts[count_slots[c]]
            i, j = at - b * bin_chunk, at - c * count_chunk
            for k in range(stop - at):
                column = columns[i + k]
                if left <= column < high:
                    row[column - low] += values[j + k]
            at = stop


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _mirror(square: Block) -> None:
    """Copy what is above the diagonal of the first ``len(square)`` columns below it, tile by tile."""
    n = min(square.shape)
    for top in range(0, n, _TILE):
        for left in range(top, n, _TILE):
            for i in range(top, min(top + _TILE, n)):
                for j in range(max(left, i + 1), min(left + _TILE, n)):
                    square[j, i] = square[i, j]
