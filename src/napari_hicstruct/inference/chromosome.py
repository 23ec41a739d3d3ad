"""All calls of one model on one chromosome, as records, while the windows go by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.decode.boundaries import THRESHOLD, decode_boundaries
from napari_hicstruct.decode.insulation import boundary_evidence, counting_noise, noise_at
from napari_hicstruct.decode.loops import LoopDecoder, LoopSettings
from napari_hicstruct.decode.stripe_settings import StripeSettings
from napari_hicstruct.decode.stripes import decode_stripes
from napari_hicstruct.decode.tads import decode_tads, with_hierarchy
from napari_hicstruct.decode.thresholds import decoder_threshold, is_listed
from napari_hicstruct.evaluation.calibrate import calibrated
from napari_hicstruct.inference.maps import Predictor, RowDone, StripFeatures
from napari_hicstruct.inference.stretch import Stretch
from napari_hicstruct.inference.tiling import Tiling

MAX_STRIPE_ROWS = 40_000
"""Bins whose stripes are decoded at once: longer stretches take memory by the block, not by the chromosome."""


@dataclass(slots=True)
class ChromosomeRun:
    """One chromosome's prediction.

    Parameters
    ----------
    predictor : Predictor
    fine : Band or None
        5 kb band; without it loops are called at coarse bins by the auxiliary head.
    coarse : Band
        10 kb band.
    stretch : Stretch
    """

    predictor: Predictor
    fine: Band | None
    coarse: Band
    stretch: Stretch
    track: NDArray[np.float32] | None = field(default=None, init=False)
    _noise: NDArray[np.float64] | None = field(default=None, init=False)

    def _tasks(self, head: str) -> list[str]:
        return self.stretch.tasks_of(self.predictor.net.config, head)

    def _min_probability(self, head: str) -> float | None:
        return min((p for name in self._tasks(head) if (p := self.stretch.min_probability.get(name))), default=None)

    def _least(self, kind: Kind) -> float | None:
        """Smallest probability of a listed call of a kind."""
        own = self.stretch.min_probability.get(kind.value) if kind is Kind.BOUNDARY else None
        return self._min_probability(KINDS[kind].head) if own is None else own

    def _reach(self, band: Band) -> int:
        return self.stretch.reach(band)

    def _bins(self, band: Band) -> tuple[int, int]:
        return self.stretch.bins(band)

    def _fine_tiling(self) -> Tiling | None:
        return self.stretch.fine_tiling(self.predictor.net.config, self.fine, self.predictor.overlap)

    def _coarse_tiling(self) -> Tiling | None:
        config, has_fine = self.predictor.net.config, self.fine is not None
        return self.stretch.coarse_tiling(config, self.coarse, self.predictor.overlap, has_fine=has_fine)

    def windows(self) -> int:
        """Number of windows and strips in all: the unit of progress."""
        total = sum(tiling.count() for tiling in (self._fine_tiling(), self._coarse_tiling()) if tiling is not None)
        return total + sum(self._strip().count(self.predictor.net.config.windows) for _ in self._tasks("boundary"))

    def _strip(self) -> StripFeatures:
        return StripFeatures(*self._bins(self.coarse))

    def run(self) -> Iterator[tuple[Annotation, ...]]:
        """Annotations as they become final; each once, all inside the stretch."""
        for found in self._run():
            inside = (a for a in found if self.stretch.start <= a.span.start and a.span.end <= self.stretch.end)
            calls = (calibrated(a, self.predictor.calibration, self.noise_of(a)) for a in inside)
            listed = [a for a in calls if is_listed(a, self._least(a.kind))]
            tads = with_hierarchy(a for a in listed if a.kind is Kind.TAD)  # a parent may not be listed
            yield (*(a for a in listed if a.kind is not Kind.TAD), *tads)

    def noise_of(self, record: Annotation) -> float:
        """Counting noise at the ends of a call of this run, with which its score is calibrated."""
        return 0.0 if self._noise is None else noise_at(record, self._noise, self.coarse.resolution)

    def _run(self) -> Iterator[list[Annotation]]:
        start, stop = self._bins(self.coarse)
        reach = self._reach(self.coarse) + self.predictor.net.config.windows.coarse_size
        self.predictor.prepare_prior(self.coarse, start - reach, stop + reach)
        fine = self._fine_tiling()
        if fine is not None and self.fine is not None:
            yield from self._points(self.fine, self.predictor.fine(self.fine, fine, self._tasks("point")))
        coarse = self._coarse_tiling()
        if coarse is None:
            return
        strips = {name: self._strip() for name in self._tasks("boundary")}
        points = self._tasks("point") if self.fine is None else []
        rows = self.predictor.coarse(self.coarse, coarse, points=points, masks=self._tasks("mask"), strips=strips)
        yield from self._points(self.coarse, rows)
        for name, features in strips.items():
            yield self._domains(name, features)

    def _points(self, band: Band, rows: Iterator[RowDone]) -> Iterator[list[Annotation]]:
        """Feed rows to the loop decoder as they come; masks wait for the end, for a stripe may cross many rows."""
        min_score = decoder_threshold(self._min_probability("point"), LoopSettings().min_score)
        decoder = LoopDecoder(
            chrom=band.chrom,
            resolution=band.resolution,
            valid=band.valid,
            band=band,
            length=self.stretch.length,
            settings=self.stretch.limits.loops(min_score, band.resolution, band.scale),
            model=self.stretch.model,
        )
        decoder.begin(max(0, self._bins(band)[0] - decoder.settings.suppress))
        last: dict[str, RowDone] = {}
        masks = set(self._tasks("mask"))
        for row in rows:
            last[row.name] = row
            if row.name not in masks:
                start, stop = decoder.needs_from, min(band.n_bins, row.final + 4)
                values = row.canvas.rows(start, stop)
                yield list(decoder.feed(values[0], values[1:], start=start, final=row.final))
        for name, row in last.items():
            if name in masks:
                yield self._stripes(band, row)
            else:
                start = decoder.needs_from
                values = row.canvas.rows(start, band.n_bins)
                yield list(decoder.finish(values[0], values[1:], start=start))

    def _stripes(self, band: Band, row: RowDone) -> list[Annotation]:
        """Stripes of the stretch, block by block where it is very long; each block is read a reach beyond its ends."""
        first, stop = self._bins(band)
        found: list[Annotation] = []
        for low in range(first, stop, MAX_STRIPE_ROWS):
            high = min(stop, low + MAX_STRIPE_ROWS)
            inside = (low * band.resolution, high * band.resolution)
            found += [s for s in self._stripes_of(band, row, low, high) if inside[0] <= s.anchor1.start < inside[1]]
        return found

    def _stripes_of(self, band: Band, row: RowDone, low: int, high: int) -> list[Annotation]:
        reach = row.canvas.rows(0, 1).shape[-1]
        start, stop = max(0, low - reach), min(band.n_bins, high + reach)
        values = row.canvas.rows(start, stop)
        threshold = decoder_threshold(self._min_probability("mask"), StripeSettings().threshold)
        return decode_stripes(
            values[0],
            values[1],
            first_bin=start,
            chrom=band.chrom,
            resolution=band.resolution,
            length=self.stretch.length,
            band=band,
            settings=self.stretch.limits.stripes(threshold, band.scale),
            model=self.stretch.model,
        )

    def _domains(self, name: str, features: StripFeatures) -> list[Annotation]:
        p = self.predictor.boundaries(self.coarse, name, features)
        self.track, self._noise = p, counting_noise(self.coarse)
        p = boundary_evidence(p, self.coarse)
        boundaries = decode_boundaries(
            p,
            chrom=self.coarse.chrom,
            resolution=self.coarse.resolution,
            length=self.stretch.length,
            threshold=decoder_threshold(self._least(Kind.BOUNDARY), THRESHOLD),
            model=self.stretch.model,
        )
        tads = decode_tads(
            p,
            self.coarse,
            length=self.stretch.length,
            settings=self.stretch.limits.tads(self.coarse.resolution, self.coarse.scale),
            model=self.stretch.model,
        )
        return [*boundaries, *tads]
