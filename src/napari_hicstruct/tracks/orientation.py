"""How the motifs at the two anchors of an object point: convergent, tandem, divergent, or none."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import numpy as np

from napari_hicstruct.genome import Interval
from napari_hicstruct.tracks.intervals import IntervalTrack


class Orientation(StrEnum):
    """Of two motifs, read along the genome."""

    CONVERGENT = "convergent"
    TANDEM = "tandem"
    DIVERGENT = "divergent"
    NONE = "none"


_OF_SIGNS = {
    (1, -1): Orientation.CONVERGENT,
    (1, 1): Orientation.TANDEM,
    (-1, -1): Orientation.TANDEM,
    (-1, 1): Orientation.DIVERGENT,
}
_BY_WORTH = (Orientation.CONVERGENT, Orientation.TANDEM, Orientation.DIVERGENT)


def orientations(
    motifs: IntervalTrack, pairs: Iterable[tuple[Interval, Interval]], *, margin: int = 0
) -> list[Orientation]:
    """Orientation of the motifs at both anchors of each pair.

    Where an anchor holds several motifs of both strands, their scores decide; without scores, the pair of motifs that
    points at each other is taken before a tandem one, as in the field (Rao et al. 2014 take anchors with a unique
    motif only).

    Parameters
    ----------
    motifs : IntervalTrack
        With strands.
    pairs : iterable of (Interval, Interval)
        First and second anchor.
    margin : int
        How far (bp) a motif may lie outside of its anchor.

    Returns
    -------
    list of Orientation
        ``NONE`` where an anchor has no motif with a strand.
    """
    return [
        _of_pair(_signs(motifs, first, margin), _signs(motifs, second, margin)) for first, second in _ordered(pairs)
    ]


def _ordered(pairs: Iterable[tuple[Interval, Interval]]) -> Iterable[tuple[Interval, Interval]]:
    for first, second in pairs:
        swapped = first.chrom == second.chrom and second.start < first.start
        yield (second, first) if swapped else (first, second)


def _signs(motifs: IntervalTrack, anchor: Interval, margin: int) -> tuple[int, ...]:
    """Strands of the motifs at an anchor: the one of the best score, or all that there are without scores."""
    found = motifs.within(anchor.expand(margin))
    known = np.flatnonzero(found.strand)
    if not len(known):
        return ()
    scores = found.score[known]
    if np.isfinite(scores).any():
        known = known[scores == np.nanmax(scores)]
    return tuple(sorted({int(sign) for sign in found.strand[known]}, reverse=True))


def _of_pair(first: tuple[int, ...], second: tuple[int, ...]) -> Orientation:
    possible = {_OF_SIGNS[one, other] for one in first for other in second}
    return next((one for one in _BY_WORTH if one in possible), Orientation.NONE)
