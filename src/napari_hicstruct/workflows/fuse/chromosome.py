"""One chromosome of two maps: read as bands, fused, and given out again as pixels, far ones included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.band import Band, make_band
from napari_hicstruct.contacts.band_loading import level_for
from napari_hicstruct.contacts.fused import fusion_of
from napari_hicstruct.contacts.protocol import COMPUTED
from napari_hicstruct.contacts.unbalance import count_scale
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import Interval, display_name, n_bins
from napari_hicstruct.workflows.fuse.write import FusedPixels, summed

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.fusion.map_pair import MapPair
    from napari_hicstruct.fusion.maps import FusedBand
    from napari_hicstruct.jobs import CancelToken
    from napari_hicstruct.models.fusion.network import HybridFusionNet
    from napari_hicstruct.workflows.fuse.map_checks import ChromPlan, MapPlan

STRIP = 512
"""Rows given out at once."""

CHANGED = 0.1
"""A pixel whose mask is so far from the share of contacts was decided by the network."""

F32 = NDArray[np.float32]


class ChromosomeFusion:
    """Two maps of one chromosome, or of a part of it.

    Parameters
    ----------
    sources : pair of ContactSource
    chrom : ChromPlan
    plan : MapPlan
    token : CancelToken
    max_distance : int
        bp; up to there the network decides.
    """

    def __init__(
        self,
        sources: tuple[ContactSource, ContactSource],
        chrom: ChromPlan,
        plan: MapPlan,
        token: CancelToken,
        max_distance: int,
    ) -> None:
        self.chrom, self.plan, self.token = chrom, plan, token
        self.notes: list[str] = []
        self.readers = [
            BandReader(source, name, chrom, size, token)
            for source, name, size in zip(sources, chrom.names, plan.read, strict=True)
        ]
        self._max_distance = max_distance
        self._pair: MapPair | None = None
        self._fused: FusedBand | None = None
        self._totals = [0.0, 0.0, 0.0, 0.0]  # of each map, of the fused one, of the first's part in it
        self._decided = 0.0

    @property
    def _sharp(self) -> int:
        """Which of the two has the smaller bins; the network gets it first."""
        return int(np.argmin(self.plan.read))

    def iter_fuse(self, net: HybridFusionNet) -> Iterator[float]:
        """Read both and fuse them; yields the share done."""
        from napari_hicstruct.fusion.map_pair import make_pair, make_unlike_pair
        from napari_hicstruct.fusion.maps import iter_fuse_bands

        # of larger bins one more diagonal, so that it covers those of the smaller ones
        bands = [
            reader.band(self._max_distance + (2 * size if size > self.plan.resolution else 0))
            for reader, size in zip(self.readers, self.plan.read, strict=True)
        ]
        yield 0.1
        make = make_unlike_pair if self.plan.read[0] != self.plan.read[1] else make_pair
        self._pair = make(bands[self._sharp], bands[1 - self._sharp])
        steps = iter_fuse_bands(net, self._pair, self.token)
        while True:
            try:
                yield 0.1 + 0.9 * next(steps)
            except StopIteration as end:
                self._fused = end.value
                return

    def iter_pixels(self, rng: np.random.Generator | None) -> Iterator[FusedPixels]:
        """Pixels in order, strip by strip; whole numbers where there is a ``rng`` to round them with."""
        assert self._fused is not None
        n = self._fused.counts.shape[1]
        first_bin = self.chrom.region.start // self.plan.resolution
        for start in range(0, n, STRIP):
            stop = min(n, start + STRIP)
            made = _joined(self._near(start, stop), self._far(start, stop))
            if rng is not None:
                count = np.floor(made.count + rng.random(len(made))).astype(np.float32)
                keep = count > 0
                made = FusedPixels(made.bin1[keep], made.bin2[keep], count[keep], made.share[keep])
            self._count(made)
            yield FusedPixels(made.bin1 + first_bin, made.bin2 + first_bin, made.count, made.share)

    def _near(self, start: int, stop: int) -> FusedPixels:
        """What the network made of the rows of a strip."""
        assert self._fused is not None
        assert self._pair is not None
        counts, mask = self._fused.counts[:, start:stop].T, self._fused.mask[:, start:stop].T
        row, distance = np.nonzero(counts > 0)
        share = mask[row, distance]
        bin1 = row.astype(np.int64) + start
        value = counts[row, distance]
        plain = self._pair.share(bin1, np.minimum(bin1 + distance, self._pair.n_bins - 1))
        self._decided += float(value[np.abs(share - plain) > CHANGED].sum(dtype=np.float64))
        return FusedPixels(bin1, bin1 + distance, value, 1 - share if self._sharp else share)

    def _far(self, start: int, stop: int) -> FusedPixels:
        """The sum of both maps beyond the band."""
        assert self._pair is not None
        pair, depth = self._pair, self._pair.n_diagonals
        parts = [reader.far((start, stop), depth, self.plan.resolution, pair.n_bins) for reader in self.readers]
        bands = (pair.second, pair.first) if self._sharp else (pair.first, pair.second)
        for k, (band, part) in enumerate(zip(bands, parts, strict=True)):
            self._totals[k] += float(band.counts[:, start:stop].sum(dtype=np.float64)) + float(part[2].sum())
        bin1, bin2, count = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        share = pair.share(bin1, bin2) if len(bin1) else np.zeros(0, np.float32)
        return summed(bin1, bin2, count, 1 - share if self._sharp else share)

    def _count(self, made: FusedPixels) -> None:
        self._totals[2] += float(made.count.sum(dtype=np.float64))
        self._totals[3] += float((made.count * made.share).sum(dtype=np.float64))

    def figures(self) -> dict[str, Any]:
        """Contacts of both and of the fused map; share of the first; where the network decided."""
        a, b, total, first = self._totals
        return {
            "contacts_first": a,
            "contacts_second": b,
            "contacts_fused": total,
            "share_of_contacts": a / (a + b) if a + b > 0 else float("nan"),
            "share_of_first": first / total if total > 0 else float("nan"),
            "decided": self._decided / total if total > 0 else float("nan"),
        }


class BandReader:
    """One map's chromosome in its bins: the band, and what lies beyond."""

    def __init__(self, source: ContactSource, name: str, chrom: ChromPlan, bin_size: int, token: CancelToken) -> None:
        self.source, self.name, self.size, self.token = source, name, bin_size, token
        self.level = level_for(source, bin_size, name)
        self.first = chrom.region.start // bin_size
        self.n = n_bins(chrom.region.end, bin_size) - self.first
        self._rows = Interval(name, chrom.region.start, chrom.region.end)
        self._scale = 1.0

    def band(self, max_distance: int) -> Band:
        """Counts near the diagonal, balanced as the map is shown."""
        depth = min(max(2, max_distance // self.size), self.n)
        counts = np.zeros((depth, self.n), np.float32)
        for bin1, bin2, count in self._pixels(self._rows, max_distance):
            d = bin2 - bin1
            near = (d < depth) & (bin2 < self.n)
            np.add.at(counts, (d[near], bin1[near]), count[near])
        if not counts.any():
            where = display_name(self.name)
            raise MapError(f"holds no contacts near the diagonal of {where}.", where=self.source.uri)
        # fractions: as many contacts as their noise says; those of a fused map are on the scale of counts
        if not self.source.integer_counts and fusion_of(self.source) is None:
            self._scale = count_scale(counts)
            counts *= np.float32(self._scale)
        return make_band(self.name, self.size, counts, weights=self._weights())

    def _weights(self) -> NDArray[np.float64] | None:
        """The map's own, where it has any in these bins."""
        if self.level != self.size:
            return None
        norm = self.source.default_norm(self.level, self.name)
        if norm == COMPUTED and self.n < n_bins(self.source.chromsizes[self.name], self.size):
            return None  # a region is balanced by itself
        found = self.source.weights(self.name, resolution=self.level, norm=norm)[self.first : self.first + self.n]
        return found if np.isfinite(found).any() else None

    def far(
        self, span: tuple[int, int], depth: int, resolution: int, n: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Pixels of some rows at ``depth`` or more; those of larger bins over all that they hold.

        All in bins of ``resolution``, of which the part has ``n``.
        """
        step, (start, stop) = self.size // resolution, span
        low, high = (start // step + self.first) * self.size, (-(-stop // step) + self.first) * self.size
        rows = Interval(self.name, low, min(high, self._rows.end))
        found = []
        for bin1, bin2, count in self._pixels(rows, None):
            keep = (bin2 < self.n) & (step * (bin2 - bin1 + 1) > depth) & (count > 0)
            found.append(_divided(bin1[keep], bin2[keep], count[keep] * self._scale, step))
        if not found:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)
        bin1, bin2, count = (np.concatenate(columns) for columns in zip(*found, strict=True))
        bin2 = np.minimum(bin2, n - 1)  # the last bin may be half of a larger one
        keep = (bin2 - bin1 >= depth) & (bin1 >= start) & (bin1 < stop)
        return bin1[keep], bin2[keep], count[keep].astype(np.float32)

    def _pixels(
        self, rows: Interval, max_distance: int | None
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
        """Pixels in this reader's bins, counted from the region's first."""
        factor = self.size // self.level
        for part in self.source.pixels(self.name, resolution=self.level, max_distance=max_distance, rows=rows):
            self.token.check()
            good = np.isfinite(part.count) & (part.count > 0)
            bin1, bin2 = part.bin1[good] // factor - self.first, part.bin2[good] // factor - self.first
            keep = bin1 >= 0
            yield bin1[keep], bin2[keep], part.count[good][keep]


def _divided(
    bin1: NDArray[np.int64], bin2: NDArray[np.int64], count: NDArray[np.float64], step: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pixels of larger bins as equal parts of smaller ones; far off the diagonal decay within a bin is nothing."""
    if step == 1:
        return bin1, bin2, count
    x, y = np.meshgrid(np.arange(step), np.arange(step), indexing="ij")
    first = (bin1[:, None] * step + x.ravel()).ravel()
    second = (bin2[:, None] * step + y.ravel()).ravel()
    return first, second, np.repeat(count / step**2, step**2)


def _joined(near: FusedPixels, far: FusedPixels) -> FusedPixels:
    """Both in order: far columns lie beyond every near one of their row."""
    bin1 = np.concatenate([near.bin1, far.bin1])
    order = np.argsort(bin1, kind="stable")
    bin2, count, share = (
        np.concatenate([getattr(near, name), getattr(far, name)])[order] for name in ("bin2", "count", "share")
    )
    return FusedPixels(bin1[order], bin2, count, share)
