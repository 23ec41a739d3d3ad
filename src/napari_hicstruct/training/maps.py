"""One map at one depth: simulated and sampled anew, or a labelled region of a data set, thinned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.contacts.band import Band, coarsen_band, empty_fine, make_band
from napari_hicstruct.labels.corrections import Marks
from napari_hicstruct.labels.scope import Scope
from napari_hicstruct.labels.truth import BinTruth, truth_in_bins
from napari_hicstruct.labels.weak import WeakBoundaries, weak_boundaries
from napari_hicstruct.synth.types import SimulatedMap
from napari_hicstruct.training.augment import reverse_band, reverse_truth
from napari_hicstruct.training.dataset import Region, load_region, thinned
from napari_hicstruct.training.lines import draw_line, of_line
from napari_hicstruct.training.pool import load_map

NO_MARKS: Marks = np.zeros((0, 5), np.float32)


@dataclass(frozen=True, slots=True)
class DrawnMap:
    """One simulated map at one depth, at both bin sizes."""

    fine: Band
    coarse: Band
    fine_truth: BinTruth
    coarse_truth: BinTruth
    weak: WeakBoundaries | None = None
    scope: Scope | None = None
    tracks: Mapping[int, NDArray[np.float32]] = field(default_factory=dict)
    """The model's 1-D tracks by bin size, shape (n_tracks, n_bins); empty where it reads none."""

    def tracks_of(self, band: Band) -> NDArray[np.float32] | None:
        """The tracks in a band's bins."""
        return self.tracks.get(band.resolution)

    def judged(self, *heads: str, fine: bool = False) -> Marks:
        """Rectangles in which people said something of these heads; of the first that has any."""
        if self.scope is None:
            return NO_MARKS
        marks = self.scope.fine_marks if fine else self.scope.coarse_marks
        own = (marks[head] for head in heads if head in marks)
        return next((found for part in own if len(found := part[part[:, 4] > 0])), NO_MARKS)


def draw_map(path: Path, config: TrainConfig, rng: np.random.Generator) -> DrawnMap:
    """A simulated map at a log-uniform depth, balanced as a real one, or a region of a data set, thinned."""
    return draw_region(path, config, rng) if path.is_dir() else _draw_simulated(path, config, rng)


def draw_region(path: Path, config: TrainConfig, rng: np.random.Generator) -> DrawnMap:
    """A labelled region with its contacts thinned by a factor of 1 … 16, bins dropped, perhaps reversed.

    Weak labels are what all its contacts say: the network learns to see in few what many show.
    """
    region = load_region(path)
    whole = region.coarse
    fine, coarse = thinned(region, float(np.exp(rng.uniform(0, np.log(config.thinning)))), rng)
    fine, coarse = _without_bins(fine, coarse, config.dropped_bins, rng)
    tracks = region_tracks(region, config.model.tracks)
    truths, scope = [region.fine_truth, region.coarse_truth], region.scope
    if rng.random() < 0.5 and fine.n_bins == 2 * coarse.n_bins:
        truths = [reverse_truth(t, band.n_bins) for t, band in zip(truths, (fine, coarse), strict=True)]
        scope = scope.reversed(fine.n_bins, coarse.n_bins)
        tracks = {resolution: values[:, ::-1].copy() for resolution, values in tracks.items()}
        fine, coarse = reverse_band(fine), reverse_band(coarse)
        whole = reverse_band(whole)
    weak = weak_boundaries(whole, config.weak) if config.weak.enabled else None
    return DrawnMap(fine, coarse, truths[0], truths[1], weak, scope, tracks)


def region_tracks(region: Region, names: Sequence[str]) -> dict[int, NDArray[np.float32]]:
    """The named tracks of a region by bin size, in that order; empty where none are wanted."""
    if not names:
        return {}
    parts = zip(*(region.tracks[name] for name in names), strict=True)
    return {band.resolution: np.stack(part) for band, part in zip((region.fine, region.coarse), parts, strict=True)}


def _draw_simulated(path: Path, config: TrainConfig, rng: np.random.Generator) -> DrawnMap:
    sim = load_map(path)
    if config.lines.enabled:
        sim = of_line(sim, draw_line(config.lines, rng), rng)
    depth = float(np.exp(rng.uniform(*np.log(config.depth))))
    counts, whole = _counts(sim, depth, config, rng)
    fine, coarse = _in_bins(make_band(sim.chrom, sim.resolution, counts), config, rng)
    fine, coarse = _without_diagonals(fine, rng), _without_diagonals(coarse, rng)
    fine, coarse = _without_bins(fine, coarse, config.dropped_bins, rng)
    truths = [truth_in_bins(sim.truth, band.resolution, base=sim.resolution, depth=depth) for band in (fine, coarse)]
    if (
        rng.random() < 0.5 and fine.n_bins == 2 * coarse.n_bins
    ):  # an odd count would shift coarse bins against fine ones
        truths = [reverse_truth(t, band.n_bins) for t, band in zip(truths, (fine, coarse), strict=True)]
        fine, coarse = reverse_band(fine), reverse_band(coarse)
        whole = None if whole is None else reverse_band(whole)
    weak = None if whole is None else weak_boundaries(whole, config.weak)
    return DrawnMap(fine, coarse, truths[0], truths[1], weak)


def _in_bins(base: Band, config: TrainConfig, rng: np.random.Generator) -> tuple[Band, Band]:
    """Fine and coarse bins of one of the recipe's sizes; no fine ones where the simulated bins do not sum to them."""
    size = int(rng.choice(config.bin_sizes)) if config.bin_sizes else config.model.coarse_resolution
    coarse = base if size == base.resolution else coarsen_band(base, size // base.resolution)
    if size == 2 * base.resolution:
        return base, coarse
    half = size // 2
    return (coarsen_band(base, half // base.resolution) if half % base.resolution == 0 else empty_fine(coarse)), coarse


def _counts(
    sim: SimulatedMap, depth: float, config: TrainConfig, rng: np.random.Generator
) -> tuple[NDArray[np.float32], Band | None]:
    """Fine counts at ``depth``; for weak labels the deepest map that they are thinned from, in coarse bins."""
    most = config.model.max_distance // sim.resolution
    if not config.weak.enabled:
        return sim.sample(depth, rng)[:most], None
    deepest = config.depth[1]
    counts = sim.sample(deepest, rng)[:most]
    whole = coarsen_band(make_band(sim.chrom, sim.resolution, counts), config.model.coarse_resolution // sim.resolution)
    return rng.binomial(counts.astype(np.int64), depth / deepest).astype(np.float32), whole


def _without_diagonals(band: Band, rng: np.random.Generator) -> Band:
    """Many published maps have lost their first diagonals: so do some of ours."""
    lost = int(rng.choice([0, 0, 1, 2]))
    counts, expected = band.counts.copy(), band.expected.copy()
    counts[:lost], expected[:lost] = 0, 0
    return replace(band, counts=counts, expected=expected)


def _without_bins(fine: Band, coarse: Band, share: float, rng: np.random.Generator) -> tuple[Band, Band]:
    """Mark up to ``share`` of the coarse bins, and the fine bins in them, as bad."""
    bad = rng.random(coarse.n_bins) < rng.uniform(0, share)
    factor = coarse.resolution // fine.resolution
    weights = [np.where(np.repeat(bad, k)[: b.n_bins], np.nan, b.weights) for k, b in ((factor, fine), (1, coarse))]
    return (
        replace(fine, weights=weights[0].astype(np.float32)),
        replace(coarse, weights=weights[1].astype(np.float32)),
    )
