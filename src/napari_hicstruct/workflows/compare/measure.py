"""Contacts of the structures of two maps, and of places like them: what the test is fed with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.evaluation.changes import compare_calls
from napari_hicstruct.evaluation.differences import Places, prominence
from napari_hicstruct.evaluation.structure_counts import (
    Counts,
    Footprint,
    Rectangles,
    bin_contacts,
    count,
    empty_runs,
    footprint,
    is_part,
    lacking,
    pixels,
)

if TYPE_CHECKING:
    from napari_hicstruct.contacts.band import Band

MIN_SHIFT, MAX_SHIFT = 10, 400
"""Bins by which the places beside a structure are moved along the diagonal."""

CONTROLS = 4_000
"""Places beside structures of one kind on a chromosome, about."""

MAX_CONTROLS = 200
"""The same for one structure."""

MIN_KNOWN = 0.5
"""Share of a focus' pixels that all maps must know."""

MIN_EMPTY_BP = 50_000
"""Empty bins in a row that are taken for a deletion."""

Pair = tuple[Annotation | None, Annotation | None]


@dataclass(slots=True)
class Measured:
    """Structures of one kind, on any chromosomes.

    Attributes
    ----------
    pairs : list of (Annotation or None, Annotation or None)
        The structure in A and in B, None where it is not called.
    parts : set of (str, str)
        ``A`` or ``B``, and a chromosome of which that one holds less than half of what the other holds.
    known : list of bool array
        By chromosome: whether enough of it is known in all maps.
    lost_bins, new_bins : list of bool array
        Whether its bins are empty in B, or in A.
    strength : list of float64 array
        Of structures whose bins are empty in one map: how far they stand out in the other, standard deviations.
    contacts : list of float64 array
        All contacts of its bins, in the map that holds more of them.
    depth_share : list of float64 array
        A's share of both maps' contacts on the chromosome.
    at, beside : list of (list of Counts, list of Counts)
        Of each map of A and of B: at the structures, and at places like them.
    """

    pairs: list[Pair] = field(default_factory=list)
    parts: set[tuple[str, str]] = field(default_factory=set)
    known: list[NDArray[np.bool_]] = field(default_factory=list)
    lost_bins: list[NDArray[np.bool_]] = field(default_factory=list)
    new_bins: list[NDArray[np.bool_]] = field(default_factory=list)
    strength: list[NDArray[np.float64]] = field(default_factory=list)
    contacts: list[NDArray[np.float64]] = field(default_factory=list)
    depth_share: list[NDArray[np.float64]] = field(default_factory=list)
    at: list[tuple[list[Counts], list[Counts]]] = field(default_factory=list)
    beside: list[tuple[list[Counts], list[Counts]]] = field(default_factory=list)


def pair_up(a: Sequence[Annotation], b: Sequence[Annotation], tolerance: float) -> list[Pair]:
    """Structures of one kind and chromosome: the same one of both maps together, then those of one alone."""
    found = compare_calls(a, b, tolerance)
    both: list[Pair] = [*found.moved, *found.kept]
    return [*both, *((one, None) for one in found.vanished), *((None, one) for one in found.appeared)]


def measure(
    found: Measured, pairs: Sequence[Pair], bands: tuple[Sequence[Band], Sequence[Band]], rng: np.random.Generator
) -> None:
    """Count the contacts of structures of one kind on one chromosome, into ``found``.

    Parameters
    ----------
    found : Measured
        Is added to.
    pairs : sequence
        See :func:`pair_up`.
    bands : pair of sequences of Band
        Of the maps of A and of B, in the same bins.
    rng : numpy.random.Generator
        Draws the places beside.
    """
    first, second = bands
    every = [*first, *second]
    valid = np.logical_and.reduce([band.valid & (band.weights > 0) for band in every])
    size, reach = every[0].resolution, every[0].n_diagonals
    shapes = [_shape(pair, size) for pair in pairs]
    which, shifts = _beside(shapes, len(valid), rng)
    n = len(shapes)
    everywhere = Rectangles.of([*shapes, *(shapes[k] for k in which)], [*([0] * n), *shifts])
    known = _known(everywhere, valid, reach)
    empty = max(2, MIN_EMPTY_BP // size)
    found.pairs += pairs
    found.known.append(known[:n])
    lost, new = (lacking(shapes, empty_runs(*two, empty)) for two in ((second, first), (first, second)))
    found.parts |= {
        (which, every[0].chrom) for which, two in (("A", (first, second)), ("B", (second, first))) if is_part(*two)
    }
    found.lost_bins.append(lost)
    found.new_bins.append(new)
    found.strength.append(np.where(lost, _strength(first[0], shapes), np.where(new, _strength(second[0], shapes), 0)))
    found.contacts.append(np.maximum(bin_contacts(first, shapes), bin_contacts(second, shapes)))
    total = [sum(float(band.counts[2:, valid].sum()) for band in group) for group in bands]
    found.depth_share.append(np.full(n, total[0] / max(sum(total), 1e-9)))
    counted = [[count(band, valid, everywhere) for band in group] for group in bands]
    beside = np.flatnonzero(known[n:]) + n
    own, other = ([[_chosen(one, at) for one in group] for group in counted] for at in (np.arange(n), beside))
    found.at.append((own[0], own[1]))
    found.beside.append((other[0], other[1]))


def _shape(pair: Pair, size: int) -> Footprint:
    one, other = pair
    return footprint(one, size, other) if one is not None else footprint(_there(other), size)


def _strength(band: Band, shapes: Sequence[Footprint]) -> NDArray[np.float64]:
    """How far structures stand out in one map by itself, standard deviations of counting."""
    here = count(band, band.valid & (band.weights > 0), Rectangles.of(shapes))
    return np.nan_to_num(np.abs(prominence(here, np.zeros(len(shapes)), 1)))


def _there(record: Annotation | None) -> Annotation:
    assert record is not None  # a pair has one at least
    return record


def _beside(shapes: Sequence[Footprint], n_bins: int, rng: np.random.Generator) -> tuple[list[int], list[int]]:
    """Places like the structures, moved along the diagonal: whose, and by how many bins."""
    which, shifts = [], []
    each = int(np.clip(CONTROLS // max(len(shapes), 1), 2, MAX_CONTROLS))
    for k, shape in enumerate(shapes):
        corners = [v for one in shape.rectangles for v in one[2:]]
        low, high = max(-MAX_SHIFT, -min(corners)), min(MAX_SHIFT, n_bins - max(corners))
        for shift in rng.integers(low, high + 1, each) if high > low else ():
            if abs(shift) >= MIN_SHIFT:
                which.append(k)
                shifts.append(int(shift))
    return which, shifts


def _known(rectangles: Rectangles, valid: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """Whether enough pixels of focus and background are known."""
    have = pixels(valid, reach, rectangles)
    whole = pixels(np.ones_like(valid), reach, rectangles)
    return np.asarray((whole > 0).all(axis=1) & (have >= MIN_KNOWN * whole).all(axis=1))


def _chosen(counts: Counts, which: NDArray[np.int64]) -> Counts:
    return Counts(counts.observed[which], counts.expected[which])


def joined(parts: Sequence[Counts]) -> Counts:
    """Counts of several chromosomes one after the other."""
    return Counts(np.concatenate([one.observed for one in parts]), np.concatenate([one.expected for one in parts]))


def summed(parts: Sequence[Counts]) -> Counts:
    """Counts of several maps added up."""
    total = parts[0]
    for one in parts[1:]:
        total = total + one
    return total


def places(groups: Sequence[tuple[list[Counts], list[Counts]]]) -> Places:
    """The same places in A and in B, replicates added up."""
    a, b = (joined([summed(chrom[side]) for chrom in groups]) for side in (0, 1))
    return Places(a, b, *(_share([chrom[side] for chrom in groups]) for side in (0, 1)))


def _share(groups: Sequence[list[Counts]]) -> float:
    """Sum of squares of the replicates' shares of the contacts."""
    totals = np.array([sum(float(chrom[r].focus.sum()) for chrom in groups) for r in range(len(groups[0]))])
    return float(((totals / max(totals.sum(), 1e-9)) ** 2).sum()) if totals.sum() > 0 else 1.0


def replicate_places(groups: Sequence[tuple[list[Counts], list[Counts]]]) -> list[Places]:
    """The same places in each two neighbouring replicates of one condition; empty without replicates."""
    found = []
    for side in (0, 1):
        n = len(groups[0][side])
        for r in range(n - 1):
            one, other = (joined([chrom[side][k] for chrom in groups]) for k in (r, r + 1))
            found.append(Places(one, other))
    return found


KINDS_TESTED = (Kind.TAD, Kind.BOUNDARY, Kind.LOOP, Kind.STRIPE)
