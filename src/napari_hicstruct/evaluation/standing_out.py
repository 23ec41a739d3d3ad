"""Does the map itself show what is called there?  One test for each kind, and what it gives by chance.

The tests need no network and no list of truth: a call passes where the contacts stand out of their neighbourhood.

- A *loop* passes where its 3×3 pixels hold at least two standard deviations more contacts than the strongest of the
  four neighbourhoods of HiCCUPS lets expect (:func:`~napari_hicstruct.decode.prominence.prominence`).
- A *stripe* passes where the best row of its anchor stands, from 40 kb off the diagonal to its far end, at least two
  standard deviations and 10 % above the stronger of its two sides
  (:func:`~napari_hicstruct.decode.prominence.stripe_prominence`).
- A *boundary* passes where, within one bin, a valley of border contrast is at least 0.2 log2 (13 %) and two standard
  deviations of counting deep (:func:`~napari_hicstruct.decode.insulation.nearest_valleys`).

Chance is the share of the same calls that pass at random places of the same chromosome, shape and distance kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from napari_hicstruct.annotations.records import Annotation, Direction, Kind, stripe_direction
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.decode.insulation import WIDTH, nearest_valleys
from napari_hicstruct.decode.prominence import prominence, stripe_prominence
from napari_hicstruct.decode.stripe_settings import StripeSettings

MIN_DEVIATIONS = 2.0
"""Standard deviations by which a call must stand out."""

MIN_RISE = 1.1
"""Contacts of a stripe over those of its stronger side."""

MIN_DEPTH = 0.2
"""log2; depth of a boundary's valley."""

WITHIN_BINS = 1
"""How far a boundary's valley may be off."""

TESTED = (Kind.LOOP, Kind.STRIPE, Kind.BOUNDARY)
"""Kinds that have a test; a TAD is as good as the boundaries at its ends."""

DRAWS = 5
"""Random places for each call."""

MIN_SHIFT_BINS = 10
"""A random place is at least that far from the call: nearer it would see the call itself."""


@dataclass(frozen=True, slots=True)
class PassRate:
    """How many calls stand out, and how many would by chance.

    Attributes
    ----------
    passed, judged : int
        Calls that stand out, of those where the map holds enough to say.
    calls : int
        All calls.
    chance_passed, chance_judged : int
        The same at random places.
    """

    passed: int = 0
    judged: int = 0
    calls: int = 0
    chance_passed: int = 0
    chance_judged: int = 0

    @property
    def share(self) -> float:
        """Of the calls that can be judged, how many pass; NaN without any."""
        return self.passed / self.judged if self.judged else float("nan")

    @property
    def chance(self) -> float:
        """The same at random places."""
        return self.chance_passed / self.chance_judged if self.chance_judged else float("nan")

    def __add__(self, other: PassRate) -> PassRate:
        return PassRate(
            self.passed + other.passed,
            self.judged + other.judged,
            self.calls + other.calls,
            self.chance_passed + other.chance_passed,
            self.chance_judged + other.chance_judged,
        )


class StandingOut:
    """The tests of one chromosome.

    Parameters
    ----------
    coarse : Band
        Stripes and boundaries are tested in its bins.
    fine : Band, optional
        Loops are tested in its bins; default: in those of ``coarse``.
    """

    def __init__(self, coarse: Band, fine: Band | None = None) -> None:
        self._bands = {Kind.LOOP: fine or coarse, Kind.STRIPE: coarse, Kind.BOUNDARY: coarse}
        self._known = {kind: np.flatnonzero(band.valid) for kind, band in self._bands.items()}
        self._depth, self._deviations = nearest_valleys(coarse, WITHIN_BINS)

    def passes(self, record: Annotation, shift: int = 0) -> bool | None:
        """Whether a call stands out, moved along the diagonal by so many bins; None where the map cannot say."""
        if not self._inside(record, shift):
            return None
        if record.kind is Kind.LOOP:
            return self._loop(record, shift)
        if record.kind is Kind.STRIPE:
            return self._stripe(record, shift)
        return self._boundary(record, shift)

    def rate(self, records: Iterable[Annotation], rng: np.random.Generator) -> PassRate:
        """How many of some calls of one kind stand out, and how many of them at random places."""
        found = PassRate()
        for record in records:
            own = self.passes(record)
            moved = [self.passes(record, shift) for shift in self._shifts(record, rng)]
            judged = [one for one in moved if one is not None]
            found += PassRate(own is True, own is not None, 1, sum(judged), len(judged))
        return found

    def _loop(self, record: Annotation, shift: int) -> bool | None:
        band = self._bands[Kind.LOOP]
        i, j = (int(anchor.center // band.resolution) + shift for anchor in (record.anchor1, record.anchor2))
        i, j = min(i, j), max(i, j)
        if not 2 <= j - i < band.n_diagonals or not (band.valid[i] and band.valid[j]):
            return None
        return prominence(band, i, j) >= MIN_DEVIATIONS

    def _stripe(self, record: Annotation, shift: int) -> bool | None:
        band = self._bands[Kind.STRIPE]
        side, far = stripe_reach(record, band.resolution)
        near = max(1, StripeSettings().near_bp // band.network_resolution)
        first, last = record.anchor1.start // band.resolution, -(-record.anchor1.end // band.resolution)
        rows = [x + shift for x in range(first, max(last, first + 1)) if 0 <= x + shift < band.n_bins]
        rows = [x for x in rows if band.valid[x]]
        if far <= near or not rows:
            return None
        both = [stripe_prominence(band, x, side, near, min(far, band.n_diagonals)) for x in rows]
        if all(rise == 0 and z == 0 for rise, z in both):  # a whole side is unknown
            return None
        return any(z >= MIN_DEVIATIONS and rise >= np.log2(MIN_RISE) for rise, z in both)

    def _boundary(self, record: Annotation, shift: int) -> bool | None:
        band = self._bands[Kind.BOUNDARY]
        x = int(record.anchor1.center // band.resolution) + shift
        before, behind = band.valid[max(0, x - WIDTH) : x], band.valid[x : x + WIDTH]
        if min(before.sum(), behind.sum()) < WIDTH / 2:  # one of its sides is missing
            return None
        return bool(self._depth[x] >= MIN_DEPTH and self._deviations[x] >= MIN_DEVIATIONS)

    def _span(self, record: Annotation) -> tuple[int, int]:
        """First and last bin of a call."""
        size = self._bands[record.kind].resolution
        return record.span.start // size, max(record.span.end - 1, record.span.start) // size

    def _inside(self, record: Annotation, shift: int) -> bool:
        """Whether it lies among the bins that the map knows."""
        (first, last), known = self._span(record), self._known[record.kind]
        return bool(len(known)) and bool(known[0] <= first + shift and last + shift <= known[-1])

    def _shifts(self, record: Annotation, rng: np.random.Generator) -> list[int]:
        """Random places, as bins to move by; fewer where there is no room."""
        (first, last), known = self._span(record), self._known[record.kind]
        if not len(known):
            return []
        low, high = int(known[0]) - first, int(known[-1]) - last
        before, behind = max(0, 1 - MIN_SHIFT_BINS - low), max(0, 1 + high - MIN_SHIFT_BINS)
        if not before + behind:
            return []
        drawn = rng.integers(0, before + behind, DRAWS)
        return [int(low + k if k < before else MIN_SHIFT_BINS + k - before) for k in drawn]


def stripe_reach(record: Annotation, resolution: int) -> tuple[int, int]:
    """Side of a stripe (1 down, -1 up) and bins from the middle of its anchor to its far end."""
    x, y = record.anchor1, record.anchor2
    way = record.direction if record.direction is not Direction.NONE else stripe_direction(x, y)
    side = -1 if way is Direction.UP else 1
    reach = y.end - x.center if side > 0 else x.center - y.start
    return side, int(reach // resolution)
