"""What changed between two sets of calls of one map: what appeared, what vanished, what moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.loci import SAME_CALL_BP, match_closest, pairs_within, points
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.evaluation.stripes import overlap

Pair = tuple[Annotation, Annotation]


@dataclass(frozen=True, slots=True)
class Changes:
    """Two sets of calls, matched one to one; each list by position.

    Attributes
    ----------
    appeared, vanished : tuple of Annotation
        Only in the new set; only in the old one.
    moved : tuple of (Annotation, Annotation)
        Old and new, at least one bin apart.
    kept : tuple of (Annotation, Annotation)
        Old and new at the same place.
    """

    appeared: tuple[Annotation, ...]
    vanished: tuple[Annotation, ...]
    moved: tuple[Pair, ...]
    kept: tuple[Pair, ...]


def place_of(record: Annotation) -> tuple[float, float]:
    """Row and column (bp) where a call is marked: a loop's or stripe's centre, a TAD's corner, a boundary's bin."""
    if record.kind is Kind.TAD:
        return float(record.anchor1.start), float(record.anchor1.end)
    return float(record.anchor1.center), float(record.anchor2.center)


def compare_calls(
    before: Sequence[Annotation], after: Sequence[Annotation], tolerance: float = SAME_CALL_BP
) -> Changes:
    """Match two sets of calls one to one, kind by kind, the closest pairs first.

    Loops match by both anchors' centres, TADs by both ends, boundaries by their centre, stripes by their anchor's
    centre if they point the same way and share part of their extent.

    Parameters
    ----------
    before, after : sequence of Annotation
        Of any kinds and chromosomes.
    tolerance : float
        bp, largest difference of any of these coordinates; one base pair of slack is added.
    """
    appeared: list[Annotation] = []
    vanished: list[Annotation] = []
    pairs: list[Pair] = []
    old_groups, new_groups = _grouped(before), _grouped(after)
    for group in {*old_groups, *new_groups}:
        old, new = old_groups.get(group, []), new_groups.get(group, [])
        matched = _match(old, new, tolerance)
        olds, news = {i for i, _ in matched}, {j for _, j in matched}
        pairs += [(old[i], new[j]) for i, j in matched]
        vanished += [record for i, record in enumerate(old) if i not in olds]
        appeared += [record for j, record in enumerate(new) if j not in news]
    moved = [pair for pair in pairs if _apart(*pair)]
    kept = [pair for pair in pairs if not _apart(*pair)]
    return Changes(
        tuple(sorted(appeared, key=_order)),
        tuple(sorted(vanished, key=_order)),
        tuple(sorted(moved, key=lambda pair: _order(pair[1]))),
        tuple(sorted(kept, key=lambda pair: _order(pair[1]))),
    )


def _grouped(records: Sequence[Annotation]) -> dict[tuple[str, Kind], list[Annotation]]:
    groups: dict[tuple[str, Kind], list[Annotation]] = {}
    for record in records:
        groups.setdefault((record.chrom, record.kind), []).append(record)
    return groups


def _order(record: Annotation) -> tuple[str, int, int, str]:
    return record.chrom, record.span.start, record.span.end, record.kind.value


def _match(old: list[Annotation], new: list[Annotation], tolerance: float) -> list[tuple[int, int]]:
    """Indices of calls of one kind and chromosome that are the same one."""
    possible = pairs_within(points(old), points(new), tolerance).tolist()
    return match_closest((_difference(old[i], new[j]), i, j) for i, j in possible if _share(old[i], new[j]))


def _share(old: Annotation, new: Annotation) -> bool:
    """False for stripes of one anchor that share nothing of their extent."""
    a, b = old.anchor2, new.anchor2
    return old.kind is not Kind.STRIPE or bool(overlap(a.start, a.end, b.start, b.end) > 0)


def _edges(record: Annotation) -> NDArray[np.float64]:
    first, second = record.anchor1, record.anchor2
    if record.kind is Kind.STRIPE:
        return np.array([first.center, second.start, second.end], float)
    return np.array([first.start, first.end] if record.kind is Kind.TAD else place_of(record), float)


def _difference(old: Annotation, new: Annotation) -> float:
    """Largest difference (bp) of any coordinate that is drawn."""
    return float(np.abs(_edges(old) - _edges(new)).max())


def _apart(old: Annotation, new: Annotation) -> bool:
    """True if they are drawn at two places: at least one bin apart."""
    return _difference(old, new) >= max(old.resolution, new.resolution, 1)
