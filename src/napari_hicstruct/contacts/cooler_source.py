"""Maps in cooler's HDF5 layout: ``.cool``, ``.mcool`` (old and new), any group.

Two ways to read a block.  hictkpy seeks each row's columns, which wins near the diagonal of deep or genome-wide
files; it is used only where it is right (cooler format 3 and later, at most 1,000 contigs).  The sparse rows
themselves, read with h5py through the file's row index, do for everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts._hictk import hictkpy
from napari_hicstruct.contacts.base import Block, MapSource, order_norms
from napari_hicstruct.contacts.protocol import Normalisation, Pixels
from napari_hicstruct.genome import n_bins

if TYPE_CHECKING:
    import h5py

CHUNK = 2_000_000
"""Pixels read at once when streaming."""

FAR = 4_000_000
"""Distance from the diagonal (bp) beyond which the sparse rows may be quicker than hictkpy."""

FEW_PIXELS = 600_000
"""Rows with fewer pixels are read in about the 30 ms that hictkpy takes at its best there (it takes up to 400)."""

MANY_COLUMNS = 150
"""Non-zero pixels per row of a block from which hictkpy beats reading full rows; below 20 it is ten times slower."""

MAX_HICTK_CONTIGS = 1_000
DIVISIVE = frozenset({"KR", "VC", "VC_SQRT", "SCALE"})
_BALANCE_ATTRIBUTES = frozenset({"divisive_weights", "converged", "tol", "ignore_diags", "mad_max"})


@dataclass(frozen=True, slots=True)
class CoolerLevel:
    """One cooler of the file: where it is and which bins it has."""

    group: str
    resolution: int
    norms: tuple[Normalisation, ...]
    hictk_can_read: bool


class CoolerSource(MapSource):
    """A cooler or a ladder of coolers in one HDF5 file; made by :func:`~napari_hicstruct.contacts.open_map`."""

    def __init__(
        self,
        path: str,
        group: str | None,
        *,
        assembly: str,
        levels: Mapping[int, CoolerLevel],
        chromsizes: Mapping[str, int],
    ) -> None:
        super().__init__(path, group, assembly=assembly, resolutions=tuple(levels), chromsizes=chromsizes)
        self._levels = dict(levels)
        self._offsets: dict[tuple[int, str], int] = {}
        self._seen: dict[tuple[int, str], bool] = {}
        self._found: dict[tuple[int, int], float] = {}

    def normalisations(self, resolution: int) -> tuple[Normalisation, ...]:
        """Normalisations stored at ``resolution``, the best first."""
        self._check_resolution(resolution)
        return self._levels[resolution].norms

    # ---- reading ----------------------------------------------------------------------------------------------

    def _root(self, resolution: int) -> h5py.Group:
        """The cooler's group; call it while holding the gate."""
        import h5py

        file = self._gate.handle("h5", lambda: h5py.File(self._path, "r", rdcc_nbytes=32 * 2**20))
        return file[self._levels[resolution].group]

    def _offset(self, root: h5py.Group, chrom: str, resolution: int) -> int:
        """First bin of ``chrom`` among all bins; call it while holding the gate."""
        if not self._offsets.get((resolution, chrom)):
            names = list(self._chromsizes)
            starts = root["indexes/chrom_offset"][: len(names)]
            self._offsets.update({(resolution, name): int(start) for name, start in zip(names, starts, strict=True)})
        return self._offsets[resolution, chrom]

    def _read_block(self, chrom: str, rows: tuple[int, int], cols: tuple[int, int], resolution: int) -> Block:
        if not self._hictk_sees(chrom, resolution):
            return self._row_block(chrom, rows, cols, resolution)
        distance = cols[0] - rows[1]
        if distance * resolution < FAR:
            return self._hictk_block(chrom, rows, cols, resolution)
        if self._pixels_in(chrom, rows, resolution) < FEW_PIXELS:
            return self._row_block(chrom, rows, cols, resolution)
        # In such full rows hictkpy is the quicker one where it finds many columns per row, as like blocks told.
        place = (resolution, distance.bit_length())
        reader = self._hictk_block if self._found.get(place, 0.0) >= MANY_COLUMNS else self._row_block
        block = reader(chrom, rows, cols, resolution)
        self._found[place] = np.count_nonzero(block) / len(block)
        return block

    def _pixels_in(self, chrom: str, rows: tuple[int, int], resolution: int) -> int:
        """Number of stored pixels in some rows, trans ones included."""
        with self._gate:
            root = self._root(resolution)
            offset = self._offset(root, chrom, resolution)
            index = root["indexes/bin1_offset"]
            return int(index[offset + rows[1]] - index[offset + rows[0]])

    def _hictk_sees(self, chrom: str, resolution: int) -> bool:
        """False where hictkpy would misread.

        Version 1.4 takes a chromosome for empty if all its rows but the last are: one of a single bin always.
        """
        if not self._levels[resolution].hictk_can_read:
            return False
        key = (resolution, chrom)
        if key not in self._seen:
            with self._gate:
                root = self._root(resolution)
                offset = self._offset(root, chrom, resolution)
                index = root["indexes/bin1_offset"]
                last = offset + n_bins(self._chromsizes[chrom], resolution) - 1
                self._seen[key] = bool(index[last] > index[offset])
        return self._seen[key]

    def _hictk_block(self, chrom: str, rows: tuple[int, int], cols: tuple[int, int], resolution: int) -> Block:
        uri = f"{self._path}::{self._levels[resolution].group}"
        with self._gate as gate:
            file = gate.handle(("hictk", resolution), lambda: hictkpy().File(uri))
            return hictk_block(file, chrom, rows, cols, resolution, self._chromsizes[chrom])

    def _row_block(self, chrom: str, rows: tuple[int, int], cols: tuple[int, int], resolution: int) -> Block:
        block = np.zeros((rows[1] - rows[0], cols[1] - cols[0]), np.float32)
        with self._gate:
            root = self._root(resolution)
            offset = self._offset(root, chrom, resolution)
            index = root["indexes/bin1_offset"][offset + rows[0] : offset + rows[1] + 1]
            bin2 = root["pixels/bin2_id"][index[0] : index[-1]]
            kept = np.flatnonzero((bin2 >= offset + cols[0]) & (bin2 < offset + cols[1]))
            if not len(kept):
                return block
            first = index[0] + kept[0]
            count = root["pixels/count"][first : index[0] + kept[-1] + 1]
        row = np.searchsorted(index, kept + index[0], side="right") - 1
        block[row, bin2[kept] - (offset + cols[0])] = count[kept - kept[0]]
        if rows[1] > cols[0]:
            square = block[cols[0] - rows[0] :, : rows[1] - cols[0]]
            square += np.triu(square, 1).T
        return block

    def _read_weights(self, chrom: str, resolution: int, norm: Normalisation) -> NDArray[np.float64]:
        with self._gate:
            root = self._root(resolution)
            offset = self._offset(root, chrom, resolution)
            stop = offset + n_bins(self._chromsizes[chrom], resolution)
            return np.asarray(root["bins"][norm.name][offset:stop], dtype=np.float64)

    def _read_pixels(
        self, chrom: str, rows: tuple[int, int], resolution: int, max_bins: int | None
    ) -> Iterator[Pixels]:
        size = n_bins(self._chromsizes[chrom], resolution)
        with self._gate:
            root = self._root(resolution)
            offset = self._offset(root, chrom, resolution)
            index = root["indexes/bin1_offset"][offset + rows[0] : offset + rows[1] + 1]
        row = 0
        while row < len(index) - 1:
            # as many whole rows as fit into a chunk, at least one
            stop = max(row + 1, int(np.searchsorted(index, index[row] + CHUNK, side="right")) - 1)
            if index[stop] > index[row]:
                with self._gate:
                    pixels = self._root(resolution)["pixels"]
                    bin2 = pixels["bin2_id"][index[row] : index[stop]].astype(np.int64) - offset
                    count = pixels["count"][index[row] : index[stop]]
                bin1 = np.repeat(np.arange(rows[0] + row, rows[0] + stop), np.diff(index[row : stop + 1]))
                keep = bin2 < size if max_bins is None else (bin2 < size) & (bin2 - bin1 <= max_bins)
                if keep.all():
                    yield Pixels(bin1, bin2, count.astype(np.float64))
                elif keep.any():
                    yield Pixels(bin1[keep], bin2[keep], count[keep].astype(np.float64))
            row = stop

    def _sample_values(self) -> NDArray[np.float64]:
        with self._reading(), self._gate:
            count = self._root(self._resolutions[-1])["pixels/count"]
            return np.asarray(count[:100_000], dtype=np.float64)

    def _digest_content(self, add: Callable[[object], None]) -> None:
        with self._gate:
            for resolution in self._resolutions:
                pixels: Any = self._root(resolution)["pixels"]
                total = len(pixels["count"])
                add((resolution, total))
                for start in sorted({0, total // 3, total // 2, max(0, total - 2000)}):
                    add(pixels["bin2_id"][start : start + 2000].astype("<i8"))
                    add(pixels["count"][start : start + 2000].astype("<f8"))


def hictk_block(
    file: Any, chrom: str, rows: tuple[int, int], cols: tuple[int, int], resolution: int, length: int
) -> Block:
    """Dense raw block on or above the diagonal through an open ``hictkpy.File``; hold its gate."""
    first, second = (f"{chrom}\t{span[0] * resolution}\t{min(span[1] * resolution, length)}" for span in (rows, cols))
    # Float throughout: with integers hictkpy truncates float counts.
    selector = file.fetch(first, second, count_type="float32", query_type="BED")
    return np.asarray(selector.to_numpy(), dtype=np.float32)


def stored_norms(bins: h5py.Group, generated_by: str) -> tuple[Normalisation, ...]:
    """Weight columns of a bin table, multiplicative and divisive told apart, the best first.

    The column's own ``divisive_weights`` decides; without it Juicer's vectors are divisive, except in files of
    hic2cool before 0.5, which inverted them.
    """
    inverted = generated_by.startswith(("hic2cool-0.4", "hic2cool-0.3", "hic2cool-0.2", "hic2cool-0.1"))
    found: dict[str, Normalisation] = {}
    for name, column in bins.items():
        plain = name.removeprefix("GW_").removeprefix("INTER_").removeprefix("perChrom")
        juicer = plain in DIVISIVE
        known = juicer or plain in {"weight", "ICE", "IC"} or bool(_BALANCE_ATTRIBUTES & set(column.attrs))
        if known and name not in {"chrom", "start", "end"} and column.dtype.kind == "f":
            divisive = bool(column.attrs.get("divisive_weights", juicer and not inverted))
            found[name] = Normalisation(name, divisive)
    return tuple(found[name] for name in order_norms(list(found)))
