"""Contacts of structures and of their surroundings, in several maps at once: what a comparison of maps tests.

Each structure is a *focus*, whose contacts make it what it is, and a *background* at the same distances, which says
how many contacts the focus would have without it:

======== ============================================= =========================================================
kind     focus                                         background
======== ============================================= =========================================================
loop     its pixels and one around them                the ring 4 to 7 pixels away
stripe   three rows of its anchor, along its extent    three rows on either side, three rows away
boundary what crosses it, up to 100 kb on either side  what stays on either side, within the same 100 kb
TAD      all within it                                 its outer half to as much of either neighbour
======== ============================================= =========================================================

All of them are rectangles of pixels, and sums over rectangles come from running sums along the diagonals of a band.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.expected import mean_by_distance, valid_pairs
from napari_hicstruct.evaluation.standing_out import stripe_reach

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

RING = (4, 7)
"""Bins from a loop's centre: its background."""

BORDER_BP = 100_000
"""How far to either side of a boundary contacts are counted."""

MIN_DISTANCE_BINS = {Kind.LOOP: 2, Kind.STRIPE: 3, Kind.TAD: 2, Kind.BOUNDARY: 1}
"""Nearer to the diagonal nothing is counted: what stands there depends on the protocol more than on the cell."""

FOCUS, BACKGROUND = 0, 1


class Footprint(NamedTuple):
    """Rectangles of one structure, in bins: each ``(part, sign, row0, row1, col0, col1)``, half-open."""

    rectangles: tuple[tuple[int, int, int, int, int, int], ...]
    nearest: int
    bins: tuple[int, ...]
    """Bins without which it cannot be: both anchors, a border, all of a TAD."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Contacts of structures in one map.

    Attributes
    ----------
    observed, expected : float64, shape (n, 2)
        Of focus and background: contacts, and how many the distance and the coverage of the bins let expect.
    """

    observed: F64
    expected: F64

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.observed + other.observed, self.expected + other.expected)

    @property
    def focus(self) -> F64:
        """Contacts in the focus, shape (n,)."""
        return self.observed[:, FOCUS]

    @property
    def background(self) -> F64:
        """Contacts in the background, shape (n,)."""
        return self.observed[:, BACKGROUND]

    @property
    def predicted(self) -> F64:
        """Contacts that the background lets expect in the focus: what it would have without the structure."""
        with np.errstate(divide="ignore", invalid="ignore"):
            around = (self.background + 0.5) / (self.expected[:, BACKGROUND] + 0.5)
        return np.asarray(self.expected[:, FOCUS] * around)


def footprint(record: Annotation, resolution: int, partner: Annotation | None = None) -> Footprint:
    """Focus and background of a structure; with ``partner``, the same structure in the other map, of both places."""
    both = [record] if partner is None else [record, partner]
    return _SHAPES[record.kind](both, resolution)


def _loop(records: Sequence[Annotation], size: int) -> Footprint:
    rows = [int(one.anchor1.center // size) for one in records]
    cols = [int(one.anchor2.center // size) for one in records]
    r0, r1, c0, c1 = min(rows), max(rows) + 1, min(cols), max(cols) + 1
    near, far = RING
    parts = (
        (FOCUS, 1, r0 - 1, r1 + 1, c0 - 1, c1 + 1),
        (BACKGROUND, 1, r0 - far, r1 + far, c0 - far, c1 + far),
        (BACKGROUND, -1, r0 - near + 1, r1 + near - 1, c0 - near + 1, c1 + near - 1),
    )
    return Footprint(parts, MIN_DISTANCE_BINS[Kind.LOOP], (*range(r0, r1), *range(c0, c1)))


def _stripe(records: Sequence[Annotation], size: int) -> Footprint:
    x0 = min(int(one.anchor1.center // size) for one in records) - 1
    x1 = max(int(one.anchor1.center // size) for one in records) + 2
    reaches = [stripe_reach(one, size) for one in records]
    side, far, near = reaches[0][0], max(reach for _, reach in reaches), 4
    middle = (x0 + x1) // 2
    span = (middle + near, middle + max(far, near + 1)) if side > 0 else (middle - max(far, near + 1), middle - near)
    parts = []
    for part, low, high in ((FOCUS, x0, x1), (BACKGROUND, x0 - 5, x0 - 2), (BACKGROUND, x1 + 2, x1 + 5)):
        rows, cols = ((low, high), span) if side > 0 else (span, (low, high))
        parts.append((part, 1, *rows, *cols))
    return Footprint(tuple(parts), MIN_DISTANCE_BINS[Kind.STRIPE], tuple(range(x0 + 1, x1 - 1)))


def _boundary(records: Sequence[Annotation], size: int) -> Footprint:
    centre = int(sum(one.anchor1.center for one in records) / len(records) // size)
    wide = max(3, BORDER_BP // size)
    before, behind = (centre - wide, centre), (centre + 1, centre + 1 + wide)
    parts = ((FOCUS, 1, *before, *behind), (BACKGROUND, 1, *before, *before), (BACKGROUND, 1, *behind, *behind))
    return Footprint(parts, MIN_DISTANCE_BINS[Kind.BOUNDARY], (centre - 1, centre, centre + 1))


def _tad(records: Sequence[Annotation], size: int) -> Footprint:
    start = round(sum(one.anchor1.start for one in records) / len(records) / size)
    end = max(start + 3, round(sum(one.anchor1.end for one in records) / len(records) / size))
    half = max(2, (end - start) // 2)
    parts = (
        (FOCUS, 1, start, end, start, end),
        (BACKGROUND, 1, start - half, start, start, start + half),
        (BACKGROUND, 1, end - half, end, end, end + half),
    )
    return Footprint(parts, MIN_DISTANCE_BINS[Kind.TAD], tuple(range(start, end)))


_SHAPES = {Kind.LOOP: _loop, Kind.STRIPE: _stripe, Kind.BOUNDARY: _boundary, Kind.TAD: _tad}


@dataclass(frozen=True, slots=True)
class Rectangles:
    """Rectangles of many structures as columns; ``owner`` and ``part`` say whose they are."""

    owner: I64
    part: I64
    sign: I64
    corners: I64
    nearest: I64
    n: int

    @classmethod
    def of(cls, footprints: Sequence[Footprint], shifts: Iterable[int] | None = None) -> Rectangles:
        """Those of ``footprints``, each moved along the diagonal by its shift (bins)."""
        moved = [0] * len(footprints) if shifts is None else list(shifts)
        rows = [
            (k, part, sign, *(v + moved[k] for v in corners), one.nearest)
            for k, one in enumerate(footprints)
            for part, sign, *corners in one.rectangles
        ]
        table = np.array(rows, np.int64).reshape(-1, 8)
        return cls(table[:, 0], table[:, 1], table[:, 2], table[:, 3:7], table[:, 7], len(footprints))

    def sums(self, band: F64) -> F64:
        """Sums of a band (``band[d, i]``, running along i, a 0 before the first) over focus and background, (n, 2)."""
        r0, r1, c0, c1 = self.corners.T
        n_diagonals, n = band.shape[0], band.shape[1] - 1
        total = np.zeros(len(r0))
        for d in range(n_diagonals):
            low = np.clip(np.maximum(r0, c0 - d), 0, n - d)
            high = np.clip(np.minimum(r1, c1 - d), 0, n - d)
            meets = (high > low) & (d >= self.nearest)
            if meets.any():
                total[meets] += band[d, high[meets]] - band[d, low[meets]]
        out = np.bincount(self.owner * 2 + self.part, weights=total * self.sign, minlength=2 * self.n)
        return np.asarray(out.reshape(-1, 2))


def running(band: NDArray[np.floating]) -> F64:
    """Running sums along each diagonal, with a 0 before the first: what :meth:`Rectangles.sums` takes."""
    out = np.zeros((band.shape[0], band.shape[1] + 1))
    np.cumsum(band, axis=1, dtype=np.float64, out=out[:, 1:])
    return out


def count(band: Band, valid: NDArray[np.bool_], rectangles: Rectangles) -> Counts:
    """Contacts of one map in all rectangles, where both bins are ``valid``."""
    known, expected = _masked(band, valid)
    observed = rectangles.sums(running(known))
    del known
    return Counts(observed, rectangles.sums(running(expected)))


def pixels(valid: NDArray[np.bool_], n_diagonals: int, rectangles: Rectangles) -> F64:
    """Pixels of focus and background whose two bins are valid, shape (n, 2)."""
    n = len(valid)
    known = np.zeros((n_diagonals, n), np.float32)
    for d in range(min(n_diagonals, n)):
        known[d, : n - d] = valid[: n - d] & valid[d:]
    return rectangles.sums(running(known))


def _masked(band: Band, valid: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Contacts between valid bins, and those that distance and coverage let expect, both as a band."""
    n_diagonals, n = band.counts.shape
    weights = np.where(valid, band.weights, np.nan).astype(np.float64)
    filled = np.nan_to_num(weights)
    with np.errstate(divide="ignore"):
        coverage = np.nan_to_num(1 / weights)
    sums, pairs = np.zeros(n_diagonals), np.zeros(n_diagonals, np.int64)
    found = valid_pairs(valid)[:n_diagonals]
    pairs[: len(found)] = found
    known = np.zeros_like(band.counts)
    for d in range(min(n_diagonals, n)):
        known[d, : n - d] = band.counts[d, : n - d] * (valid[: n - d] & valid[d:])
        sums[d] = np.sum(known[d, : n - d] * filled[: n - d] * filled[d:])
    decay = np.nan_to_num(mean_by_distance(sums, pairs))
    expected = np.zeros_like(band.counts)
    for d in range(min(n_diagonals, n)):
        expected[d, : n - d] = decay[d] * coverage[: n - d] * coverage[d:]
    return known, expected


def empty_runs(bands: Sequence[Band], others: Sequence[Band], least: int) -> NDArray[np.bool_]:
    """Bins that hold contacts in ``others``, but none in any of ``bands``, in runs of at least ``least`` bins.

    Bins off the part that ``bands`` hold (:func:`is_part`) are not gone: nobody has looked there.
    """
    held = [sum((_coverage(band) for band in group), np.zeros(group[0].n_bins)) for group in (bands, others)]
    gone = (held[0] <= 0) & (held[1] > 0)
    if _is_part(*held):
        own = np.flatnonzero(held[0] > 0)
        inside = np.zeros(len(gone), bool)
        inside[own[0] if len(own) else 0 : own[-1] + 1 if len(own) else 0] = True
        gone &= inside
    edges = np.flatnonzero(np.diff(np.concatenate([[0], gone.astype(np.int8), [0]])))
    out = np.zeros(len(gone), bool)
    for start, end in edges.reshape(-1, 2):
        out[start:end] = end - start >= least
    return out


def is_part(bands: Sequence[Band], others: Sequence[Band]) -> bool:
    """True for maps cut out of a chromosome: with contacts in less than half of the bins of ``others``."""
    return _is_part(*(sum((_coverage(one) for one in group), np.zeros(group[0].n_bins)) for group in (bands, others)))


def _is_part(held: F64, other: F64) -> bool:
    return bool(2 * np.count_nonzero(held > 0) < np.count_nonzero(other > 0))


def _coverage(band: Band) -> F64:
    """Contacts of each bin within the band."""
    n_diagonals, n = band.counts.shape
    total = np.zeros(n)
    for d in range(min(n_diagonals, n)):
        total[: n - d] += band.counts[d, : n - d]
        if d:
            total[d:] += band.counts[d, : n - d]
    return total


def lacking(footprints: Sequence[Footprint], gone: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """True for structures at least half of whose own bins are ``gone``."""
    if not gone.any():
        return np.zeros(len(footprints), bool)
    own = [np.array([k for k in one.bins if 0 <= k < len(gone)], np.int64) for one in footprints]
    return np.array([len(bins) > 0 and bool(gone[bins].mean() >= 0.5) for bins in own], bool)


def bin_contacts(bands: Sequence[Band], footprints: Sequence[Footprint]) -> F64:
    """Contacts of the bins without which each structure cannot be, in all ``bands`` together."""
    total = sum((_coverage(band) for band in bands), np.zeros(bands[0].n_bins))
    return np.array([total[[k for k in one.bins if 0 <= k < len(total)]].sum() for one in footprints])
