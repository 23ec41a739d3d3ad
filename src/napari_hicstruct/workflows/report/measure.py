"""What a map says of the calls on it: depth, decay, pile-ups, how many stand out; one chromosome at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.contacts.band_pair import bins_for, iter_band_pair
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import MapError
from napari_hicstruct.evaluation.pileup import (
    Fetch,
    PileUp,
    Windows,
    across_over_within,
    line_over_sides,
    pile_up,
    pile_up_boundaries,
    pile_up_stripes,
    pool,
    shifted_control,
)
from napari_hicstruct.evaluation.records import loop_table
from napari_hicstruct.evaluation.standing_out import TESTED, PassRate, StandingOut, stripe_reach
from napari_hicstruct.genome import NameMatcher
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.wording import how_many
from napari_hicstruct.workflows.evaluate.pile_up import FLANK, SHIFTS
from napari_hicstruct.workflows.report.gather import Result

if TYPE_CHECKING:
    from napari_hicstruct.contacts.band import Band

SEED = 0
"""Of the random places."""

BOUNDARY_FLANK = 20
"""Bins on each side of a boundary's pile-up."""

ALONG_BINS = range(5, 45)
"""Bins from the diagonal that a stripe's pile-up shows."""

Pair = tuple[PileUp, PileUp]
"""A pile-up, and that of the same calls moved along the diagonal."""


@dataclass(slots=True)
class Measures:
    """What was measured on one map.

    Attributes
    ----------
    depth : float
        Mean contacts of neighbouring bins, of the bins that loops are called in; NaN where unknown.
    sizes : tuple of int
        Bin sizes, bp: of loops, and of everything else.
    decay : float64, shape (n_distances,)
        Mean contacts by distance, in the larger bins; the first is the diagonal's.
    piles : dict of Kind to (PileUp, PileUp)
        Of the calls, and of the same calls moved.
    rates : dict of Kind to PassRate
    notes : list of str
    """

    depth: float = float("nan")
    sizes: tuple[int, int] = (0, 0)
    decay: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    piles: dict[Kind, Pair] = field(default_factory=dict)
    rates: dict[Kind, PassRate] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


RATIOS: dict[Kind, Callable[[PileUp], float]] = {
    Kind.LOOP: PileUp.ratio,
    Kind.STRIPE: line_over_sides,
    Kind.BOUNDARY: across_over_within,
}
"""The one number of a pile-up, by kind."""


def iter_measure(
    source: ContactSource, result: Result, clock: Clock, token: CancelToken
) -> Generator[Progress, None, Measures]:
    """Measure chromosome after chromosome; those without contacts become notes."""
    found, parts = Measures(), _Parts()
    rng = np.random.default_rng(SEED)
    config = _bins(source, result)
    found.sizes = (config.fine_resolution, config.coarse_resolution)
    by_chrom = _by_chrom(source, result, found.notes)
    for done, (chrom, calls) in enumerate(by_chrom.items()):
        yield clock.step(f"measure {chrom}", done, len(by_chrom))
        try:
            fine, coarse = yield from iter_band_pair(
                source, chrom, config, norm=_norm(result), token=token, clock=clock
            )
        except MapError as error:
            found.notes.append(f"{chrom}: {error.message} Nothing is measured there.")
            continue
        if fine is None:
            found.sizes = (config.coarse_resolution, config.coarse_resolution)
        parts.add(fine, coarse, calls, rng)
    parts.sum_up(found)
    return found


def _bins(source: ContactSource, result: Result) -> ModelConfig:
    """The bins that the prediction read."""
    asked = result.about("parameters").get("resolution")
    return bins_for(source, ModelConfig(), asked if isinstance(asked, int) else 0)


def _norm(result: Result) -> str | None:
    """The balancing that was asked for; None: the best."""
    asked = result.about("parameters").get("norm")
    return asked if isinstance(asked, str) and asked != "best stored" else None


def _by_chrom(source: ContactSource, result: Result, notes: list[str]) -> dict[str, dict[Kind, list[Annotation]]]:
    """Calls by the map's name of their chromosome, and by kind; the chromosomes that were predicted, too."""
    names, found = NameMatcher(source.chromsizes), dict[str, dict[Kind, list[Annotation]]]()
    norms = result.about("parameters").get("norms")
    for chrom in norms if isinstance(norms, Mapping) else ():
        if (known := names.match(str(chrom))) is not None:
            found.setdefault(known, {})
    lost = 0
    for kind, records in result.calls.items():
        for record in records:
            if (known := names.match(record.chrom)) is None or record.span.end > source.chromsizes[known]:
                lost += 1
            else:
                found.setdefault(known, {}).setdefault(kind, []).append(record)
    if lost:
        notes.append(f"{how_many(lost, 'call')} beyond the map's chromosomes: not measured.")
    return found


class _Parts:
    """What chromosomes add to a map's measures."""

    def __init__(self) -> None:
        self._decay = np.zeros(0)
        self._weight = np.zeros(0)
        self._depth: list[tuple[float, int]] = []
        self._piles: dict[Kind, list[Pair]] = {}
        self._rates: dict[Kind, PassRate] = {}

    def add(
        self, fine: Band | None, coarse: Band, calls: Mapping[Kind, list[Annotation]], rng: np.random.Generator
    ) -> None:
        """One chromosome."""
        band, valid = fine or coarse, int(coarse.valid.sum())
        self._depth.append((band.depth, int(band.valid.sum())))
        self._add_decay(coarse.expected, valid)
        tests = StandingOut(coarse, fine)
        for kind in (kind for kind in TESTED if kind in calls):
            rate = tests.rate(calls[kind], rng)
            self._rates[kind] = self._rates.get(kind, PassRate()) + rate
            used = band if kind is Kind.LOOP else coarse
            self._piles.setdefault(kind, []).append(_PILES[kind](used, calls[kind]))

    def _add_decay(self, expected: NDArray[np.float32], valid: int) -> None:
        n = max(len(self._decay), len(expected))
        known = np.pad((expected > 0) * float(valid), (0, n - len(expected)))
        self._decay = np.pad(self._decay, (0, n - len(self._decay)))
        self._weight = np.pad(self._weight, (0, n - len(self._weight)))
        self._decay += np.pad(expected.astype(np.float64), (0, n - len(expected))) * known
        self._weight += known

    def sum_up(self, found: Measures) -> None:
        """Means over all chromosomes."""
        if bins := sum(n for _, n in self._depth):
            found.depth = sum(depth * n for depth, n in self._depth) / bins
        found.decay = np.divide(
            self._decay, self._weight, out=np.full(len(self._decay), np.nan), where=self._weight > 0
        )
        found.rates = self._rates
        for kind, pairs in self._piles.items():
            own, moved = (pool([pair[k] for pair in pairs]) for k in (0, 1))
            found.piles[kind] = own, moved
            if not own.n:
                found.notes.append(f"No {KINDS[kind].singular} has room around it for a pile-up.")


# ---------------------------------------------------------------------- pile-ups
def _band_fetch(band: Band) -> Fetch:
    """Balanced contacts of a band; NaN beyond its diagonals and in bad bins."""

    def fetch(row0: int, row1: int, col0: int, col1: int) -> NDArray[np.floating]:
        i, j = np.arange(row0, row1)[:, None], np.arange(col0, col1)[None]
        low, apart = np.minimum(i, j), np.abs(i - j)
        held = apart < band.n_diagonals
        values = band.counts[np.where(held, apart, 0), low] * band.weights[i] * band.weights[j]
        return np.where(held, values, np.nan)

    return fetch


def _pile_loops(band: Band, loops: Iterable[Annotation]) -> Pair:
    windows, expected = Windows(band.resolution, band.n_bins, FLANK), band.expected.astype(np.float64)
    table, fetch = loop_table(list(loops)), _band_fetch(band)
    return (
        pile_up(fetch, table, windows, expected=expected),
        shifted_control(fetch, table, windows, shifts=SHIFTS, expected=expected),
    )


def _pile_boundaries(band: Band, boundaries: Iterable[Annotation]) -> Pair:
    windows, expected = Windows(band.resolution, band.n_bins, BOUNDARY_FLANK), band.expected.astype(np.float64)
    at, fetch = [int(one.anchor1.center // band.resolution) for one in boundaries], _band_fetch(band)
    moved = [x + shift for x in at for shift in _shifts(band)]
    return (
        pile_up_boundaries(fetch, at, windows, expected=expected),
        pile_up_boundaries(fetch, moved, windows, expected=expected),
    )


def _pile_stripes(band: Band, stripes: Iterable[Annotation]) -> Pair:
    windows, expected = Windows(band.resolution, band.n_bins, FLANK), band.expected.astype(np.float64)
    fetch, size = _band_fetch(band), band.resolution
    own = [(int(one.anchor1.center // size), *stripe_reach(one, size)) for one in stripes]
    moved = [(x + shift, side, far) for x, side, far in own for shift in _shifts(band)]
    return (
        pile_up_stripes(fetch, own, windows, expected=expected, along=ALONG_BINS),
        pile_up_stripes(fetch, moved, windows, expected=expected, along=ALONG_BINS),
    )


_PILES = {Kind.LOOP: _pile_loops, Kind.STRIPE: _pile_stripes, Kind.BOUNDARY: _pile_boundaries}


def _shifts(band: Band) -> list[int]:
    """The control's shifts in bins."""
    return [round(shift / band.resolution) for shift in SHIFTS]
