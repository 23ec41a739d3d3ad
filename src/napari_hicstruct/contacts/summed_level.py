"""Coarser bins than the file has, as exact sums of its own: read on demand, or streamed once where that is quicker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.block_cache import Rectangle
from napari_hicstruct.contacts.cache import load_array, store_array
from napari_hicstruct.contacts.expected import valid_bins
from napari_hicstruct.contacts.file_level import FileLevel, divide_by_distance
from napari_hicstruct.contacts.protocol import RAW

DENSE_BINS = 3_200
"""Levels of at most this many bins are summed once over the whole chromosome and held."""


class SummedLevel:
    """Bins of ``factor`` stored bins each.

    Contacts inside one bin count once, as in cooler: a bin on the main diagonal is the sum of its upper triangle.
    Balanced values are sums of balanced values over the valid bins; NaN where a bin has none.
    """

    def __init__(self, base: FileLevel, factor: int, finer: SummedLevel | None) -> None:
        self.base = base
        self.factor = factor
        self._finer = finer
        self._lock = threading.Lock()
        self._dense: NDArray[np.float32] | None = None
        self.chrom = base.chrom
        self.norm = base.norm
        self.resolution = base.resolution * factor
        self.n = -(-base.n // factor)

    @classmethod
    def ladder(cls, base: FileLevel, coarsest: int) -> list[SummedLevel]:
        """Levels of doubling bins until one has at most ``coarsest``; empty if ``base`` has no more."""
        levels: list[SummedLevel] = []
        while (levels[-1].n if levels else base.n) > coarsest:
            levels.append(cls(base, 2 ** (len(levels) + 1), levels[-1] if levels else None))
        return levels

    def read(self, wanted: Rectangle) -> NDArray[np.float32]:
        """Fresh values of a rectangle inside the chromosome."""
        r0, r1, c0, c1 = wanted
        block = self.dense()[r0:r1, c0:c1].copy() if self.n <= DENSE_BINS else self._summed(wanted)
        share = self._share
        if self.base.ratio:
            divide_by_distance(block, wanted, self._expected)
            with np.errstate(divide="ignore", invalid="ignore"):
                block /= share[r0:r1, None]
                block /= share[None, c0:c1]
        if self.norm != RAW or self.base.ratio:
            block[share[r0:r1] == 0] = np.nan
            block[:, share[c0:c1] == 0] = np.nan
        return block

    # ---- sums -------------------------------------------------------------------------------------------------

    @cached_property
    def _filled(self) -> NDArray[np.float64]:
        return np.nan_to_num(self.base.weights)

    @cached_property
    def _share(self) -> NDArray[np.float32]:
        """Share of valid stored bins in each bin; for raw counts it matters to the expected only."""
        if self.norm == RAW and not self.base.ratio:
            return np.ones(self.n, np.float32)
        valid = valid_bins(self.base.source, self.chrom, resolution=self.base.resolution, norm=self.norm)
        counts = np.bincount(np.arange(self.base.n) // self.factor, weights=valid, minlength=self.n)
        return (counts / self.factor).astype(np.float32)

    @cached_property
    def _expected(self) -> NDArray[np.float64]:
        """Expected of a bin pair whose stored bins are all valid."""
        k = self.factor
        fine = np.nan_to_num(self.base.expected)
        fine = np.concatenate([fine, np.zeros(k * self.n + k - len(fine))])
        centre = k * np.arange(self.n)
        total = sum((k - abs(t)) * fine[np.abs(centre + t)] for t in range(1 - k, k))
        assert isinstance(total, np.ndarray)
        total[0] = sum((k - t) * fine[t] for t in range(k))
        return total

    def _summed(self, wanted: Rectangle) -> NDArray[np.float32]:
        """Sum the pixels under a rectangle; what lies below the diagonal is summed mirrored."""
        r0, r1, c0, c1 = wanted
        meet = r0 < c1 and c0 < r1
        first, last = (min(r0, c0), max(r1, c1)) if meet else min((r0, r1), (c0, c1))
        total = np.zeros((r1 - r0) * (c1 - c0))
        for row, col, values in self._pixels(first * self.factor, min(last * self.factor, self.base.n)):
            for i, j, mirrored in ((row, col, False), (col, row, True)):
                keep = (i >= r0) & (i < r1) & (j >= c0) & (j < c1)
                if mirrored:
                    keep &= i != j
                flat = (i[keep] - r0) * (c1 - c0) + (j[keep] - c0)
                np.add.at(total, flat, values[keep])
        return total.reshape(r1 - r0, c1 - c0).astype(np.float32)

    def _pixels(
        self, first: int, last: int
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
        """Row, column and balanced value of the pixels in stored rows ``first``…``last``, in bins of this level."""
        rows = self.base.span(first, last)
        for part in self.base.source.pixels(self.chrom, resolution=self.base.resolution, rows=rows):
            values = part.count * self._filled[part.bin1] * self._filled[part.bin2]
            yield part.bin1 // self.factor, part.bin2 // self.factor, values

    def dense(self) -> NDArray[np.float32]:
        """The whole level, symmetric; computed once and kept, in memory and in the cache folder."""
        with self._lock:
            if self._dense is None:
                finer = self._finer
                if finer is not None and finer.n <= DENSE_BINS:
                    self._dense = halve(finer.dense())
                else:
                    self._dense = self._stream()
            return self._dense

    def _stream(self) -> NDArray[np.float32]:
        source, base = self.base.source, self.base
        key = ("sums", 1, source.fingerprint(), self.chrom, base.resolution, self.factor, self.norm, base.digest())
        found = load_array(key)
        if found is not None and found.shape == (self.n, self.n):
            return found.astype(np.float32, copy=False)
        upper = np.zeros((self.n, self.n), np.float64)
        for row, col, values in self._pixels(0, base.n):
            first, last = int(row.min()), int(row.max()) + 1
            flat = np.bincount((row - first) * self.n + col, weights=values, minlength=(last - first) * self.n)
            upper[first:last] += flat.reshape(last - first, self.n)
        whole = (upper + np.triu(upper, 1).T).astype(np.float32)
        store_array(key, whole)
        return whole


def halve(dense: NDArray[np.float32]) -> NDArray[np.float32]:
    """A symmetric level summed 2 × 2, contacts inside one bin counted once."""
    n = len(dense)
    padded = np.pad(dense, (0, n % 2))
    pairs = padded[0::2] + padded[1::2]
    out = pairs[:, 0::2] + pairs[:, 1::2]
    inside = np.diagonal(padded, 1)[::2]
    out[np.diag_indices(len(out))] -= inside
    return out
