"""Pairs of simulated maps with planted changes, as bands: what a comparison must find, and what it must not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.contacts.band import Band, make_band
from napari_hicstruct.evaluation.differences import prominence
from napari_hicstruct.evaluation.structure_counts import Footprint, Rectangles, count, footprint
from napari_hicstruct.genome import Interval
from napari_hicstruct.synth.records import truth_records
from napari_hicstruct.synth.simulate import simulate_map
from napari_hicstruct.synth.types import SimulatedMap

RESOLUTION = 10_000
CALLED = 2.5
"""Standard deviations from which on the caller of these benchmarks calls: low, so that it calls much that is noise."""

RANDOM = 1_500
"""Places of each kind without a structure that the caller looks at besides: what it calls there is noise."""

SMALL = 0.01
"""log2; a true change below it is none: what a planted change far off leaves in the expected contacts."""


@dataclass(frozen=True, slots=True)
class Planted:
    """Two maps of one chromosome before noise, and which structures differ.

    Attributes
    ----------
    a, b : SimulatedMap
    records : tuple of Annotation
        Structures of either, and random places.
    planted : frozenset of str
        Ids of those that differ.
    """

    a: SimulatedMap
    b: SimulatedMap
    records: tuple[Annotation, ...]
    planted: frozenset[str]


def simulated(seed: int, length: int = 60_000_000) -> SimulatedMap:
    """One chromosome of usual structure: every parameter in the middle of what simulations draw."""
    config = SimulationConfig(length=length, resolution=RESOLUTION, overdispersion=(0.02, 0.02))
    return simulate_map(config, seed)


def plant(sim: SimulatedMap, share: float, rng: np.random.Generator) -> Planted:
    """Weaken ``share`` of the loops, stripes and boundaries of a map in one of two copies, by a third to all of it."""
    records = [one for some in truth_records(sim, 1_000.0) for one in some]
    bands = [sim.band.copy(), sim.band.copy()]
    planted: set[str] = set()
    places = [footprint(one, RESOLUTION) for one in records]
    plain = _as_band(sim, sim.band)
    here = count(plain, np.ones(sim.n_bins, bool), Rectangles.of(places))
    rise = here.focus / here.predicted
    for k, record in enumerate(records):
        if record.kind is Kind.TAD or rng.random() >= share:
            continue
        fewer = record.kind is Kind.BOUNDARY
        if (rise[k] > 0.9) if fewer else (rise[k] < 1.15):
            continue
        target = 1 + (rise[k] - 1) * (1 - rng.uniform(0.34, 1.0))
        _scale(bands[int(rng.random() < 0.5)], places[k], target / rise[k])
        planted.add(record.uid)
    noise = _random_places(sim, records, rng)
    a, b = (replace(sim, band=band) for band in bands)
    return Planted(a, b, (*records, *noise), frozenset(planted))


def _as_band(sim: SimulatedMap, values: NDArray[np.float32]) -> Band:
    return make_band("chr1", RESOLUTION, values * np.float32(1e4), weights=np.ones(sim.n_bins, np.float32))


def _scale(band: NDArray[np.float32], place: Footprint, factor: float) -> None:
    """Multiply a structure's focus."""
    n_diagonals, n = band.shape
    for part, _, r0, r1, c0, c1 in place.rectangles:
        if part:
            continue
        for d in range(max(1, c0 - r1 + 1), min(n_diagonals, c1 - r0)):
            low, high = max(0, r0, c0 - d), min(n - d, r1, c1 - d)
            if high > low:
                band[d, low:high] *= np.float32(factor)


def _random_places(sim: SimulatedMap, records: Sequence[Annotation], rng: np.random.Generator) -> list[Annotation]:
    """Structures moved elsewhere along the diagonal."""
    out = []
    for kind in Kind:
        own = [one for one in records if one.kind is kind]
        for k in rng.integers(0, len(own), RANDOM) if own else ():
            one, by = own[int(k)], int(rng.integers(-400, 400)) * RESOLUTION
            if one.span.start + by < 0 or one.span.end + by > sim.length or abs(by) < 200_000:
                continue
            first, second = (Interval(i.chrom, i.start + by, i.end + by) for i in (one.anchor1, one.anchor2))
            out.append(Annotation(kind=kind, anchor1=first, anchor2=second, direction=one.direction, source="random"))
    return out


def draw(sim: SimulatedMap, depth: float, rng: np.random.Generator) -> Band:
    """One experiment: counts with noise, balanced by themselves."""
    return make_band("chr1", RESOLUTION, sim.sample(depth, rng))


def called(band: Band, records: Sequence[Annotation], least: float = CALLED) -> list[Annotation]:
    """Those that a caller by contacts alone lists: at least so many standard deviations above their surround."""
    shapes = [footprint(one, RESOLUTION) for one in records]
    here = count(band, band.valid, Rectangles.of(shapes))
    sign = np.array([-1 if one.kind is Kind.BOUNDARY else 1 for one in records])
    with np.errstate(invalid="ignore"):
        stands = sign * prominence(here, np.full(len(records), 0.003), 1) >= least
    return [one for one, is_called in zip(records, stands, strict=True) if is_called]


def true_change(planted: Planted, records: Sequence[Annotation]) -> NDArray[np.float64]:
    """log2 ratio of the enrichments before noise, B over A."""
    shapes = Rectangles.of([footprint(one, RESOLUTION) for one in records])
    known = ~planted.a.masked
    ratios = []
    for sim in (planted.a, planted.b):
        here = count(_as_band(sim, sim.band), known, shapes)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios.append(np.log2(here.focus / here.predicted))
    return np.asarray(np.nan_to_num(ratios[1] - ratios[0]))
