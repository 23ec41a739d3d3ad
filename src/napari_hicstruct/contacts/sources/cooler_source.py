"""Maps in cooler's HDF5 layout: ``.cool``, ``.mcool`` (old and new), any group.

Blocks are read from the sparse rows themselves through the file's row index, with one compiled reader for all files,
bin sizes and distances from the diagonal (ADR 21).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.protocol import Normalisation, Pixels
from napari_hicstruct.contacts.sources.base import Block, MapSource
from napari_hicstruct.contacts.sources.bin_table import ChromosomeBins
from napari_hicstruct.contacts.sources.coverage import with_contacts
from napari_hicstruct.contacts.sources.level_matching import ConsistentLevels, CoolerLevel
from napari_hicstruct.contacts.sources.pixel_order import PixelOrder, pixel_order
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import format_bin_size, n_bins

if TYPE_CHECKING:
    import h5py

    from napari_hicstruct.contacts.sources.pixel_table import PixelTable

CHUNK = 2_000_000
"""Pixels read at once when streaming."""

CIS_SAMPLES = 24
"""Rows of a chromosome that are looked at to tell whether its contacts are with itself."""

SAMPLE_PIXELS, SAMPLE_PLACES = 30_000, 3
"""Pixels looked at in each of so many places of a level to tell what its values are."""


class CoolerSource(MapSource):
    """A cooler or several coolers in one HDF5 file; made by :func:`~napari_hicstruct.contacts.open_map`."""

    def __init__(
        self,
        path: str,
        group: str | None,
        *,
        assembly: str,
        levels: ConsistentLevels,
        notes: tuple[str, ...] = (),
        fusion: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            path,
            group,
            assembly=assembly,
            resolutions=tuple(levels.levels),
            chromsizes=levels.chromsizes,
            notes=(*levels.notes, *notes),
        )
        self.fusion = fusion
        """What the map was fused from, where it says so; see :mod:`~napari_hicstruct.contacts.fused`."""
        self._levels = dict(levels.levels)
        self._orders: dict[int, PixelOrder] = {}

    def _stored_norms(self, resolution: int) -> tuple[Normalisation, ...]:
        return self._levels[resolution].norms

    def _check_level(self, chrom: str, resolution: int) -> None:
        super()._check_level(chrom, resolution)
        if chrom not in self._levels[resolution].chroms:
            sizes = ", ".join(format_bin_size(r) for r, level in self._levels.items() if chrom in level.chroms)
            raise MapError(
                f"has no {chrom} at {format_bin_size(resolution)}.", where=self.uri, hint=f"It has it at {sizes}."
            )

    def _missing_bins(self, chrom: str, resolution: int) -> NDArray[np.bool_] | None:
        bins = self._levels[resolution].chroms[chrom]
        if bins.grid is None:
            return None
        mask = np.ones(n_bins(self._chromsizes[chrom], resolution), bool)
        mask[bins.grid] = False
        return mask

    # ---- reading ----------------------------------------------------------------------------------------------

    def _root(self, resolution: int) -> h5py.Group:
        """The cooler's group; call it while holding the file's lock."""
        return self._file_lock.h5()[self._levels[resolution].group]

    def _place(self, chrom: str, resolution: int) -> ChromosomeBins:
        return self._levels[resolution].chroms[chrom]

    def _index(self, resolution: int, bins: ChromosomeBins, first: int, last: int) -> NDArray[np.int64]:
        """Where the pixels of rows ``first``…``last`` (counted from the chromosome's first) begin; hold the lock."""
        self._check_order(resolution)
        rows = slice(bins.first + first, bins.first + last + 1)
        index: NDArray[np.int64] = self._root(resolution)["indexes/bin1_offset"][rows].astype(np.int64)
        if len(index) != last - first + 1:
            raise ValueError("the index of its rows is too short")
        if index[0] < 0 or index[-1] > self._levels[resolution].n_pixels or (np.diff(index) < 0).any():
            raise ValueError("the index of its rows does not fit its pixels")
        return index

    def _check_order(self, resolution: int) -> None:
        """Refuse a level whose pixels are not what the cooler format says: they would be taken for others."""
        if resolution in self._orders:
            return
        root = self._root(resolution)
        order = pixel_order(root)
        where = f"{self._path}::{self._levels[resolution].group}"
        hint = "Make the file again with cooler load, which sorts them."
        if not order.indexed:
            raise MapError("holds pixels at other places than its index says.", where=where, hint=hint)
        if order.outside:
            raise MapError("holds pixels of bins that it does not have.", where=where, hint="Make the file again.")
        if order.lower and not order.upper:
            raise MapError("holds pixels below the diagonal only, where those above belong.", where=where, hint=hint)
        self._orders[resolution] = order

    def level_notes(self, chrom: str) -> tuple[str, ...]:
        """As every map's; and where pixels stand twice, above and below the diagonal."""
        notes = super().level_notes(chrom)
        twice = [r for r, order in self._orders.items() if order.lower]
        sizes = ", ".join(map(format_bin_size, twice))
        return (*notes, f"Pixels below the diagonal repeat those above and are not used ({sizes}).") if twice else notes

    def _occupied(self, chrom: str) -> dict[int, NDArray[np.int64]]:
        found = {}
        for resolution, level in self._levels.items():
            if chrom in level.chroms:
                bins = level.chroms[chrom]
                with self._file_lock:
                    index = self._index(resolution, bins, 0, bins.count)
                rows = np.flatnonzero(np.diff(index) > 0)
                if len(rows) and not self._mostly_cis(bins, resolution, index, rows):
                    rows = self._cis_rows(chrom, resolution)
                found[resolution] = bins.bins(rows) * resolution
        if len(self._chromsizes) > 1 and len(with_contacts(found)) < sum(len(rows) > 0 for rows in found.values()):
            # a level may only seem to have less: the other one's rows may hold contacts with other chromosomes alone
            found = {r: self._place(chrom, r).bins(self._cis_rows(chrom, r)) * r for r in found}
        return found

    def _mostly_cis(
        self, bins: ChromosomeBins, resolution: int, index: NDArray[np.int64], rows: NDArray[np.int64]
    ) -> bool:
        """True if nearly all of some rows hold a contact within the chromosome; in a sorted row it comes first."""
        if len(self._chromsizes) == 1:
            return True
        picked = np.unique(rows[np.linspace(0, len(rows) - 1, CIS_SAMPLES).astype(int)])
        end = bins.first + bins.count
        with self._file_lock:
            bin2 = self._root(resolution)["pixels/bin2_id"]
            cis = [bool(bin2[int(index[row])] < end) for row in picked]
        return float(np.mean(cis)) > 0.9

    def _cis_rows(self, chrom: str, resolution: int) -> NDArray[np.int64]:
        """Rows of the bin table, counted from the chromosome's first, that begin a contact within it."""
        bins = self._place(chrom, resolution)
        whole = (0, n_bins(self._chromsizes[chrom], resolution))
        found = [np.unique(part.bin1) for part in self._read_pixels(chrom, whole, resolution, None)]
        seen = np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)
        return np.searchsorted(bins.positions, seen)

    def _table(self, resolution: int) -> PixelTable:
        """The pixels of one level, with what was read of them last; call it while holding the file's lock."""
        from napari_hicstruct.contacts.sources.pixel_table import PixelTable  # numba waits for the first read

        root = self._root(resolution)
        table: PixelTable = self._file_lock.handle(("pixels", root.name), lambda: PixelTable(root))
        return table

    def _read_block(self, chrom: str, rows: tuple[int, int], cols: tuple[int, int], resolution: int) -> Block:
        bins = self._place(chrom, resolution)
        first, second = bins.rows(*rows), bins.rows(*cols)
        with self._file_lock:
            index = self._index(resolution, bins, *first)
            columns = (bins.first + second[0], bins.first + second[1])
            found = self._table(resolution).block(index, bins.first + first[0], columns)
        if bins.grid is None:
            return found
        block = np.zeros((rows[1] - rows[0], cols[1] - cols[0]), np.float32)
        block[np.ix_(bins.grid[slice(*first)] - rows[0], bins.grid[slice(*second)] - cols[0])] = found
        return block

    def _read_weights(self, chrom: str, resolution: int, norm: Normalisation) -> NDArray[np.float64]:
        bins = self._place(chrom, resolution)
        with self._file_lock:
            stored = np.asarray(self._root(resolution)["bins"][norm.name][bins.first : bins.first + bins.count], float)
        if bins.grid is None:
            return stored
        vector = np.full(n_bins(self._chromsizes[chrom], resolution), np.nan)
        vector[bins.grid] = stored
        return vector

    def _read_pixels(
        self, chrom: str, rows: tuple[int, int], resolution: int, max_bins: int | None
    ) -> Iterator[Pixels]:
        bins = self._place(chrom, resolution)
        first, last = bins.rows(*rows)
        offset, at = bins.first, bins.positions
        with self._file_lock:
            index = self._index(resolution, bins, first, last)
        row = 0
        while row < len(index) - 1:
            # as many whole rows as fit into a chunk, at least one
            stop = max(row + 1, int(np.searchsorted(index, index[row] + CHUNK, side="right")) - 1)
            if index[stop] > index[row]:
                with self._file_lock:
                    table = self._table(resolution)
                    bin2 = table.bin2.read(int(index[row]), int(index[stop])).astype(np.int64) - offset
                    count = table.count.read(int(index[row]), int(index[stop]))
                bin1 = np.repeat(np.arange(first + row, first + stop), np.diff(index[row : stop + 1]))
                keep = (bin2 >= bin1) & (bin2 < bins.count)
                bin1, bin2, count = at[bin1[keep]], at[bin2[keep]], count[keep].astype(np.float64)
                if max_bins is not None:
                    near = bin2 - bin1 <= max_bins
                    bin1, bin2, count = bin1[near], bin2[near], count[near]
                if len(bin1):
                    yield Pixels(bin1, bin2, count)
            row = stop

    def _read_genome_pixels(self, chrom: str, others: Sequence[str], resolution: int) -> Iterator[tuple[str, Pixels]]:
        bins = self._place(chrom, resolution)
        places = {other: self._levels[resolution].chroms.get(other) for other in others}
        with self._file_lock:
            index = self._index(resolution, bins, 0, bins.count)
        row = 0
        while row < bins.count:
            stop = max(row + 1, int(np.searchsorted(index, index[row] + CHUNK, side="right")) - 1)
            if index[stop] > index[row]:
                with self._file_lock:
                    table = self._table(resolution)
                    bin2 = table.bin2.read(int(index[row]), int(index[stop])).astype(np.int64)
                    count = table.count.read(int(index[row]), int(index[stop])).astype(np.float64)
                bin1 = np.repeat(np.arange(row, stop), np.diff(index[row : stop + 1]))
                for other, there in places.items():
                    if there is None:
                        continue
                    second = bin2 - there.first
                    keep = (second >= 0) & (second < there.count) & (bin2 >= bin1 + bins.first)
                    if keep.any():
                        first, last = bins.positions[bin1[keep]], there.positions[second[keep]]
                        yield other, Pixels(first, last, count[keep])
            row = stop

    def _samples(self) -> Iterator[tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]]:
        full = [r for r, level in self._levels.items() if level.n_pixels] or [self._resolutions[-1]]
        for resolution in sorted({full[0], full[-1]}):
            with self._reading(), self._file_lock:
                yield self._sample(self._root(resolution), self._levels[resolution])

    def _sample(
        self, root: h5py.Group, level: CoolerLevel
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Pixels of some places of a level; rows that a place cuts count as no row."""
        starts = np.array(sorted(bins.first for bins in level.chroms.values()))
        parts = []
        for place in np.unique(np.linspace(0, max(0, level.n_pixels - SAMPLE_PIXELS), SAMPLE_PLACES).astype(int)):
            part = slice(int(place), int(place) + SAMPLE_PIXELS)
            value = np.asarray(root["pixels/count"][part], np.float64)
            if root["pixels/count"].dtype.kind in "iu":  # counts: where they stand does not matter
                parts.append((value, np.full(len(value), -1), np.zeros(len(value), np.int64)))
                continue
            bin1, bin2 = (root[f"pixels/{name}"][part].astype(np.int64) for name in ("bin1_id", "bin2_id"))
            cut = (bin1 == bin1[0]) & (place > 0) if len(bin1) else np.zeros(0, bool)
            cut |= (bin1 == bin1[-1]) & (part.stop < level.n_pixels) if len(bin1) else cut
            trans = np.searchsorted(starts, bin1, "right") != np.searchsorted(starts, bin2, "right")
            parts.append((value, np.where(cut | trans, -1, bin1), bin2 - bin1))
        value, rows, distances = (np.concatenate(column) for column in zip(*parts, strict=True))
        return value, rows, distances

    def _digest_content(self, add: Callable[[object], None]) -> None:
        with self._file_lock:
            for resolution in self._resolutions:
                pixels: Any = self._root(resolution)["pixels"]
                total = len(pixels["count"])
                add((resolution, total))
                for start in sorted({0, total // 3, total // 2, max(0, total - 2000)}):
                    add(pixels["bin2_id"][start : start + 2000].astype("<i8"))
                    add(pixels["count"][start : start + 2000].astype("<f8"))
