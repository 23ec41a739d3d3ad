"""Juicer's ``.hic`` files, versions 8 and 9, through hictkpy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.norms import order_norms
from napari_hicstruct.contacts.protocol import Normalisation, Pixels
from napari_hicstruct.contacts.sources._hictk import hictkpy
from napari_hicstruct.contacts.sources.base import Block, MapSource
from napari_hicstruct.contacts.sources.unicode_name import readable_name
from napari_hicstruct.genome import n_bins

STRIP = 4_000
"""Rows read at once when streaming pixels."""


class HicSource(MapSource):
    """A ``.hic`` file; made by :func:`~napari_hicstruct.contacts.open_map`."""

    def __init__(
        self, path: str, *, assembly: str, resolutions: tuple[int, ...], chromsizes: Mapping[str, int]
    ) -> None:
        super().__init__(path, None, assembly=assembly, resolutions=resolutions, chromsizes=chromsizes)
        self._norms: dict[int, tuple[Normalisation, ...]] = {}
        self._genome_weights: dict[tuple[int, str], NDArray[np.float64]] = {}

    def _file(self, resolution: int) -> Any:
        """The open file at one resolution; call it while holding the file's lock."""
        return self._file_lock.handle(
            ("hictk", resolution), lambda: hictkpy().File(readable_name(self._path), resolution)
        )

    def _stored_norms(self, resolution: int) -> tuple[Normalisation, ...]:
        """Juicer's vectors are all divisive."""
        if resolution not in self._norms:
            with self._reading(), self._file_lock:
                names = list(self._file(resolution).avail_normalizations())
            self._norms[resolution] = tuple(Normalisation(name, divisive=True) for name in order_norms(sorted(names)))
        return self._norms[resolution]

    def _occupied(self, chrom: str) -> dict[int, NDArray[np.int64]]:
        """The first bin with contacts of each level, or none."""
        found = {}
        for resolution in self._resolutions:
            with self._file_lock:
                pixels = self._file(resolution).fetch(chrom, chrom, count_type="float32")
                first = next(iter(pixels), None)
            starts = [] if first is None else [first.bin1_id * resolution]
            found[resolution] = np.array(starts, np.int64)
        return found

    def _read_block(self, chrom: str, rows: tuple[int, int], cols: tuple[int, int], resolution: int) -> Block:
        with self._file_lock:
            return _dense_block(self._file(resolution), chrom, rows, cols, resolution, self._chromsizes[chrom])

    def _read_weights(self, chrom: str, resolution: int, norm: Normalisation) -> NDArray[np.float64]:
        known = self._genome_weights
        key = (resolution, norm.name)
        if key not in known:
            with self._file_lock:
                known[key] = self._file(resolution).weights(norm.name, divisive=True)
        start = 0
        for name, length in self._chromsizes.items():
            size = n_bins(length, resolution)
            if name == chrom:
                return np.asarray(known[key][start : start + size], dtype=np.float64)
            start += size
        raise KeyError(chrom)

    def _read_pixels(
        self, chrom: str, rows: tuple[int, int], resolution: int, max_bins: int | None
    ) -> Iterator[Pixels]:
        length = self._chromsizes[chrom]
        size = n_bins(length, resolution)
        for row in range(*rows, STRIP):
            stop = min(rows[1], row + STRIP)
            last = size if max_bins is None else min(size, stop + max_bins)
            first, second = (f"{chrom}\t{row * resolution}\t{min(end * resolution, length)}" for end in (stop, last))
            with self._file_lock:
                found = self._file(resolution).fetch(first, second, count_type="float64", query_type="BED").to_coo()
            bin1, bin2 = found.row.astype(np.int64) + row, found.col.astype(np.int64) + row
            keep = (bin1 <= bin2) & (bin1 < stop)
            if max_bins is not None:
                keep &= bin2 - bin1 <= max_bins
            if keep.any():
                yield Pixels(bin1[keep], bin2[keep], found.data[keep].astype(np.float64))

    def _read_genome_pixels(self, chrom: str, others: Sequence[str], resolution: int) -> Iterator[tuple[str, Pixels]]:
        for other in others:
            if other == chrom:
                whole = (0, n_bins(self._chromsizes[chrom], resolution))
                yield from ((other, part) for part in self._read_pixels(chrom, whole, resolution, None))
                continue
            with self._file_lock:
                found = self._file(resolution).fetch(chrom, other, count_type="float64").to_coo()
            yield other, Pixels(found.row.astype(np.int64), found.col.astype(np.int64), found.data.astype(np.float64))

    def _coarse_pixels(self) -> Iterator[Pixels]:
        """Pixels of the coarsest level, chromosome after chromosome, the longest first."""
        for chrom in sorted(self._chromsizes, key=lambda name: -self._chromsizes[name]):
            coarsest = self._resolutions[-1]
            yield from self._read_pixels(chrom, (0, n_bins(self._chromsizes[chrom], coarsest)), coarsest, None)

    def _samples(self) -> Iterator[tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]]:
        with self._reading():
            for chrom in sorted(self._chromsizes, key=lambda name: -self._chromsizes[name]):
                for resolution in reversed(self._resolutions):
                    rows = (0, min(STRIP, n_bins(self._chromsizes[chrom], resolution)))
                    part = next(self._read_pixels(chrom, rows, resolution, 200), None)
                    if part is not None:
                        yield part.count, part.bin1, part.bin2 - part.bin1
                        return

    def _digest_content(self, add: Callable[[object], None]) -> None:
        for number, part in enumerate(self._coarse_pixels()):
            add(part.bin1)
            add(part.bin2)
            add(part.count)
            if number == 3:
                return


def _dense_block(
    file: Any, chrom: str, rows: tuple[int, int], cols: tuple[int, int], resolution: int, length: int
) -> Block:
    """Dense raw block on or above the diagonal through an open ``hictkpy.File``; hold its lock."""
    first, second = (f"{chrom}\t{span[0] * resolution}\t{min(span[1] * resolution, length)}" for span in (rows, cols))
    # Float throughout: with integers hictkpy truncates float counts.
    selector = file.fetch(first, second, count_type="float32", query_type="BED")
    return np.asarray(selector.to_numpy(), dtype=np.float32)
