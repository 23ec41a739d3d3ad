"""Pairs of maps of one thing, with faults put into them, and what is known of the thing: for training a fusion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.band import sum_blocks
from napari_hicstruct.synth.map_faults import FaultyBand, add_faults
from napari_hicstruct.synth.types import SimulatedMap, draw_counts

F32 = NDArray[np.float32]

FAULTS_PER_KILOBIN = 3
"""Of each kind, up to so many for 1,000 bins in each of the two maps."""

OWN_COVERAGE = 0.4
"""Share of pairs whose second map covers bins in a way of its own."""


@dataclass(frozen=True, slots=True)
class SyntheticPair:
    """Two maps of one thing.

    Attributes
    ----------
    first, second : FaultyBand
        What a fusion gets.  With ``spread`` the second's bins are twice as large.
    checks : pair of float32, shape (n_diagonals, n_bins)
        Counts that are in neither and have no faults: each of a part ``factor`` of both maps' contacts, times share.
    truth : float32 or None
        Contacts of both maps together that are expected without noise, where they are known (simulated maps).
    factor : float
        Contacts of the checks over those of both maps.
    spread : bool
    resolution : int
        Bin size, bp.
    """

    first: FaultyBand
    second: FaultyBand
    checks: tuple[F32, F32]
    truth: F32 | None
    factor: float
    spread: bool
    resolution: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where a pair is cut from: first bin, bins, diagonals."""

    start: int
    n_bins: int
    n_diagonals: int


def cut(band: F32, place: Stretch) -> F32:
    """A stretch of a band; what reaches beyond its end is 0."""
    out = np.array(band[: place.n_diagonals, place.start : place.start + place.n_bins], np.float32)
    n = out.shape[1]
    for d in range(min(len(out), n)):
        out[d, n - d :] = 0
    return out


def _covered(band: F32, coverage: F32) -> F32:
    """A band times both bins' coverage."""
    out, n = band.copy(), band.shape[1]
    for d in range(min(band.shape)):
        out[d, : n - d] *= coverage[: n - d] * coverage[d:]
    return out


def simulated_pair(
    sim: SimulatedMap, depths: tuple[float, float], place: Stretch, rng: np.random.Generator, *, spread: bool
) -> SyntheticPair:
    """Two draws of a simulated map, with faults.

    Parameters
    ----------
    sim : SimulatedMap
    depths : pair of float
        Mean count at a distance of one bin of ``sim``, of each map.
    place : Stretch
    rng : numpy.random.Generator
    spread : bool
        The second map is in bins twice as large.
    """
    band = cut(sim.band, place)
    seen = np.where(sim.masked, 0, sim.bias)[place.start : place.start + band.shape[1]].astype(np.float32)
    own = np.ones(len(seen), np.float32)
    if rng.random() < OWN_COVERAGE:  # other enzymes, other protocols
        own = np.exp(rng.normal(0, rng.uniform(0.03, 0.2), len(seen))).astype(np.float32)
    expected = [_covered(band, seen) * np.float32(depths[0]), _covered(band, seen * own) * np.float32(depths[1])]
    draws = [draw_counts(one.copy(), sim.overdispersion, rng).astype(np.float32) for one in (*expected, *expected)]
    truth = expected[0] + expected[1]
    first, second = _with_faults(draws[0], draws[1], rng, spread=spread)
    return SyntheticPair(first, second, (draws[2], draws[3]), truth, 1.0, spread, sim.resolution)


def real_pair(counts: F32, resolution: int, place: Stretch, rng: np.random.Generator, *, spread: bool) -> SyntheticPair:
    """The contacts of a real map shared out among two maps and a third part that checks them, with faults."""
    whole = np.rint(cut(counts, place)).astype(np.int64)
    third = 0.4
    check = rng.binomial(whole, third)
    share = rng.uniform(0.1, 0.35) if spread else rng.uniform(0.2, 0.8)
    first = rng.binomial(whole - check, share)
    second = whole - check - first
    made = _with_faults(first.astype(np.float32), second.astype(np.float32), rng, spread=spread)
    part = rng.binomial(check, share)
    checks = part.astype(np.float32), (check - part).astype(np.float32)
    return SyntheticPair(*made, checks, None, third / (1 - third), spread, resolution)


def _with_faults(first: F32, second: F32, rng: np.random.Generator, *, spread: bool) -> tuple[FaultyBand, FaultyBand]:
    if spread:
        second = sum_blocks(second, 2)
    made = []
    for counts in (first, second):
        # in unlike bins a network learns where contacts lie, not whom to believe
        most = 0 if spread else max(1, round(FAULTS_PER_KILOBIN * counts.shape[1] / 1000))
        numbers = {kind: int(rng.integers(0, most + 1)) for kind in ("bad_bins", "stripes", "blocks")}
        made.append(add_faults(counts, rng, **numbers))
    return made[0], made[1]
