"""What a repair of votes changed: objects that stay, move, come or go, and pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_hicstruct.annotations import loci
from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Annotation, Kind, place_text
from napari_hicstruct.wording import how_many

Pair = tuple[int, int]

SAME_WITHIN_BINS = 2
"""By so much the two sides of an object may differ."""


@dataclass(frozen=True, slots=True)
class KindChange:
    """One kind before and after.

    Attributes
    ----------
    kind : Kind
    before, after : int
        Objects read off the votes, and off the repaired votes.
    moved : int
        Those of both that do not lie at the same bins.
    new, gone : int
    pixels, changed_pixels : int
        Of the votes' mask, and how many pixels came or went.
    places : tuple of str
        Where those lie that moved, are new or gone, one a line.
    """

    kind: Kind
    before: int
    after: int
    moved: int
    new: int
    gone: int
    pixels: int
    changed_pixels: int
    places: tuple[str, ...] = ()

    def sentence(self) -> str:
        """For people."""
        kept = self.after - self.new
        info = KINDS[self.kind]
        return (
            f"{info.plural[:1].upper()}{info.plural[1:]}: {self.before:,} in the votes, {self.after:,} repaired; "
            f"{kept:,} stay ({self.moved:,} of them moved), {self.new:,} new, {self.gone:,} gone; "
            f"{self.changed_pixels:,} of {how_many(self.pixels, 'pixel')} changed."
        )


def compared(
    kind: Kind, before: Sequence[Annotation], after: Sequence[Annotation], pixels: tuple[int, int], bin_size: int
) -> KindChange:
    """Count what stays within two bins, one-to-one, the closest first.

    Parameters
    ----------
    pixels : tuple of int
        Of the mask before, and how many of them changed.
    """
    old, new = loci.points(before), loci.points(after)
    pairs = loci.pairs_within(old, new, SAME_WITHIN_BINS * bin_size).tolist()
    near = [(float(np.abs(old[i] - new[j]).max()), i, j) for i, j in pairs]
    kept = loci.match_closest(near)
    moved = sum(not np.array_equal(old[i], new[j]) for i, j in kept)
    places = _places(kind, before, after, [(i, j) for i, j in kept if not np.array_equal(old[i], new[j])], kept)
    return KindChange(kind, len(old), len(new), moved, len(new) - len(kept), len(old) - len(kept), *pixels, places)


def _places(
    kind: Kind, before: Sequence[Annotation], after: Sequence[Annotation], moved: Sequence[Pair], kept: Sequence[Pair]
) -> tuple[str, ...]:
    """One line for each object that is not where it was, along the map."""
    name, olds, news = KINDS[kind].singular, {i for i, _ in kept}, {j for _, j in kept}
    found = [(before[i], f"{place_text(before[i])} → {place_text(after[j])}", "moved") for i, j in moved]
    found += [(one, place_text(one), "new") for j, one in enumerate(after) if j not in news]
    found += [(one, place_text(one), "gone") for i, one in enumerate(before) if i not in olds]
    found.sort(key=lambda row: (row[0].anchor1.start, row[0].anchor2.start))
    return tuple(f"{word}\t{name}\t{text}" for _, text, word in found)


def added_up(changes: Sequence[KindChange]) -> list[KindChange]:
    """One entry per kind: stripes of both directions together."""
    found: dict[Kind, KindChange] = {}
    for one in changes:
        other = found.get(one.kind)
        if other is not None:
            names = ("before", "after", "moved", "new", "gone", "pixels", "changed_pixels")
            numbers = {name: getattr(one, name) + getattr(other, name) for name in names}
            one = KindChange(one.kind, **numbers, places=other.places + one.places)
        found[one.kind] = one
    return list(found.values())
