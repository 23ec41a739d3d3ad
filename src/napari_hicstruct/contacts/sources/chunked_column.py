"""One column of a cooler's pixel table, chunk by chunk, with the chunks read last kept in memory.

Chunks that are compressed as cooler writes them (deflate after byte shuffle) are taken as they stand in the file and
inflated here, which takes half the time of HDF5's own pipeline; all others are left to HDF5.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import h5py

MAX_KEPT_VALUES = 4_000_000
"""Values of one column that are kept: about two views of 1,024 full rows."""

_WITHOUT_CHUNKS = 8_192  # values read at once of a column that is not stored in chunks
_AT_ONCE = 65_536  # values that go through the processor's cache together
_DEFLATE, _SHUFFLE = 1, 2  # HDF5's numbers of filters
_WORDS = {4: np.uint32, 8: np.uint64}


class ChunkedColumn:
    """Reads an HDF5 dataset of one dimension; not thread-safe, hold the file's lock.

    Attributes
    ----------
    chunk : int
        Values per chunk.
    kept : array, shape (n_slots, chunk)
        Chunks in memory, as ``dtype``.
    slot_of : int32 array, shape (n_chunks,)
        Row of :attr:`kept` that holds a chunk; -1 for those that are not in memory.
    """

    def __init__(self, dataset: h5py.Dataset, dtype: type[np.int32] | type[np.float32]) -> None:
        self._dataset = dataset
        self._dtype = dataset.dtype
        self._filters = _filters(dataset)
        self.chunk = int(dataset.chunks[0]) if dataset.chunks else _WITHOUT_CHUNKS
        n_chunks = -(-len(dataset) // self.chunk)
        n_slots = max(1, min(n_chunks, MAX_KEPT_VALUES // self.chunk))
        self.kept: NDArray[Any] = np.empty((n_slots, self.chunk), dtype)
        self.slot_of = np.full(n_chunks, -1, np.int32)
        self._chunk_in = np.full(n_slots, -1, np.int64)
        self._last_use = np.zeros(n_slots, np.int64)
        self._uses = 0

    @property
    def n_slots(self) -> int:
        """Number of chunks that are kept at most."""
        return len(self.kept)

    def load(self, numbers: NDArray[np.int64]) -> None:
        """Have some chunks (rising numbers) in memory, all of them at once."""
        self._uses += 1
        if len(numbers) > self.n_slots:
            self._grow(len(numbers))
        slots = self.slot_of[numbers]
        self._last_use[slots[slots >= 0]] = self._uses
        missing = numbers[slots < 0]
        if not len(missing):
            return
        free = np.argsort(self._last_use, kind="stable")[: len(missing)]
        left = self._chunk_in[free]
        self.slot_of[left[left >= 0]] = -1
        self._chunk_in[free] = -1
        for part in self._parts(len(missing)):
            self.kept[free[part]] = _as_type(self._read(missing[part]), self.kept.dtype)
        self._chunk_in[free], self.slot_of[missing], self._last_use[free] = missing, free, self._uses

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Values ``start``…``stop``, for once: nothing of it is kept."""
        if stop <= start:
            return np.zeros(0, self._dtype)
        first = start // self.chunk
        numbers = np.arange(first, -(-stop // self.chunk))
        values = np.concatenate([self._read(numbers[part]).reshape(-1) for part in self._parts(len(numbers))])
        found: NDArray[Any] = values[start - first * self.chunk : stop - first * self.chunk]
        return found

    # ---- inside -----------------------------------------------------------------------------------------------

    def _parts(self, n_chunks: int) -> Iterator[slice]:
        step = max(1, _AT_ONCE // self.chunk)
        return (slice(k, k + step) for k in range(0, n_chunks, step))

    def _grow(self, n_slots: int) -> None:
        more = n_slots - self.n_slots
        self.kept = np.concatenate([self.kept, np.empty((more, self.chunk), self.kept.dtype)])
        self._chunk_in = np.concatenate([self._chunk_in, np.full(more, -1, np.int64)])
        self._last_use = np.concatenate([self._last_use, np.zeros(more, np.int64)])

    def _read(self, numbers: NDArray[np.int64]) -> NDArray[Any]:
        """Chunks as they are stored, shape (n, chunk); what lies behind the column's end is of no meaning."""
        if self._filters is not None:
            try:
                return self._inflate(numbers)
            except (zlib.error, ValueError, OSError, RuntimeError):
                pass  # a chunk that was left out or stored otherwise; if it is damaged, HDF5 says so below
        values = np.zeros((len(numbers), self.chunk), self._dtype)
        breaks = np.flatnonzero(np.diff(numbers) > 1) + 1
        for run in np.split(np.arange(len(numbers)), breaks):
            start = int(numbers[run[0]]) * self.chunk
            part = self._dataset[start : start + len(run) * self.chunk]
            values[run[0] : run[-1] + 1].reshape(-1)[: len(part)] = part
        return values

    def _inflate(self, numbers: NDArray[np.int64]) -> NDArray[Any]:
        read, size = self._dataset.id.read_direct_chunk, self.chunk * self._dtype.itemsize
        filters = self._filters or ()
        parts = []
        for number in numbers.tolist():
            skipped, data = read((number * self.chunk,))
            data = zlib.decompress(data, bufsize=size) if _DEFLATE in filters else data
            if skipped or len(data) != size:
                raise ValueError("a chunk is stored otherwise than its column")
            parts.append(data)
        raw = np.frombuffer(b"".join(parts), np.uint8)
        if _SHUFFLE in filters:
            return unshuffled(raw, self.chunk, self._dtype)
        values: NDArray[Any] = raw.view(self._dtype).reshape(-1, self.chunk)
        return values


def _filters(dataset: h5py.Dataset) -> tuple[int, ...] | None:
    """HDF5's filters of a column that can be read without its help, else None."""
    if not dataset.chunks or not dataset.dtype.isnative or dataset.dtype.kind not in "iuf":
        return None
    properties = dataset.id.get_create_plist()
    filters = tuple(properties.get_filter(i)[0] for i in range(properties.get_nfilters()))
    return filters if filters in ((), (_DEFLATE,), (_SHUFFLE,), (_SHUFFLE, _DEFLATE)) else None


def _as_type(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Bin numbers that no table has become the last possible one; counts beyond float32 infinite."""
    if dtype == values.dtype:
        return values
    with np.errstate(over="ignore", invalid="ignore"):  # infinite counts are no contacts: they become NaN later
        if dtype.kind == "f":
            return values.astype(dtype)
        return np.clip(values.astype(np.int64, copy=False), -1, np.iinfo(np.int32).max).astype(dtype)


def unshuffled(raw: NDArray[np.uint8], chunk: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Undo HDF5's shuffle, which stores the first bytes of all values of a chunk, then the second ones …

    Parameters
    ----------
    raw : uint8, shape (n · chunk · itemsize,)
    chunk : int
        Values per chunk.
    dtype : dtype

    Returns
    -------
    array of ``dtype``, or of int32 where the values of a longer type fit, shape (n, chunk)
    """
    planes = raw.reshape(-1, dtype.itemsize, chunk)
    if dtype.kind in "iu" and dtype.itemsize == 8:  # bin numbers and counts nearly always fit
        small = np.empty((len(planes), chunk), np.uint32)
        if _join_bytes(planes, small):
            return small.view(np.int32)
    if dtype.itemsize in _WORDS:
        values = np.empty((len(planes), chunk), _WORDS[dtype.itemsize])
        _join_bytes(planes, values)
        return values.view(dtype)
    return planes.swapaxes(1, 2).copy().view(dtype)[..., 0]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _join_bytes(planes: NDArray[np.uint8], values: NDArray[Any]) -> bool:
    """``values[i, j]`` from its bytes ``planes[i, :, j]``, the lowest first; False if 31 bits are too few."""
    n, size, chunk = planes.shape
    kind = values.dtype.type
    width = min(size, values.itemsize)
    for i in range(n):
        row = values[i]
        plane = planes[i, 0]
        for j in range(chunk):
            row[j] = plane[j]
        for k in range(1, size):
            plane = planes[i, k]
            any_bit = np.uint8(0)
            for j in range(chunk):
                any_bit |= plane[j]
            if any_bit == 0:
                continue
            if k >= width or (k == width - 1 and width < size and any_bit >= 128):
                return False
            shift = kind(8 * k)
            for j in range(chunk):
                row[j] |= kind(plane[j]) << shift
    return True
