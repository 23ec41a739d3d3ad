"""Calls → votes by pixel: which share of the callers has a domain, a stripe or a loop at each pixel of a region.

Pixels are bins of the upper triangle: row = the bin upstream, column = the bin downstream.  Domains, stripes and loops
lie over each other, so each kind has a map of its own; so have stripes that point downstream and upstream, which cross.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.loci import goes_down
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.genome import Interval, canonical_name

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

LOOP_RADIUS_BINS = 2
"""A loop is a disc of this radius: what a dot covers at the bin size at which it is seen."""


class MaskKind(StrEnum):
    """What a map of votes shows."""

    DOMAIN = "domain"
    STRIPE_DOWN = "stripe down"
    STRIPE_UP = "stripe up"
    LOOP = "loop"

    @property
    def kind(self) -> Kind:
        """The kind of annotation that it is of."""
        return _KINDS[self]


_KINDS = {
    MaskKind.DOMAIN: Kind.TAD,
    MaskKind.STRIPE_DOWN: Kind.STRIPE,
    MaskKind.STRIPE_UP: Kind.STRIPE,
    MaskKind.LOOP: Kind.LOOP,
}


@dataclass(frozen=True, slots=True)
class VoteMap:
    """Votes on one kind over a region.

    Attributes
    ----------
    kind : MaskKind
    region : Interval
        From the start of its first bin to the end of its last.
    bin_size : int
        bp.
    share : float32, shape (n_bins, n_bins)
        Share of the callers in [0, 1]; 0 below the diagonal.
    callers : tuple of str
        Those that have calls of this kind, sorted.
    """

    kind: MaskKind
    region: Interval
    bin_size: int
    share: Floats
    callers: tuple[str, ...]

    def threshold(self, share: float) -> float:
        """The share that divides what has ``share`` of the callers or more from what has one caller less.

        Between two numbers of callers: what a repair makes of three quarters is a little more or less.
        """
        n_callers = len(self.callers)
        wanted = min(max(math.ceil(share * n_callers - 1e-9), 1), n_callers)
        return (wanted - 0.5) / n_callers

    def level(self, n_callers: int) -> Bools:
        """Pixels that at least ``n_callers`` callers have."""
        return np.asarray(self.share * len(self.callers) > n_callers - 0.5)


def vote_maps(
    calls: Mapping[str, Sequence[Annotation]], region: Interval, bin_size: int, kinds: Iterable[MaskKind] = MaskKind
) -> list[VoteMap]:
    """Count the callers at each pixel; kinds that nobody calls in the region are left out.

    Parameters
    ----------
    calls : mapping of caller to records
        A caller counts for a kind if it has any record of it, wherever that lies.
    region : Interval
        Grown to whole bins.
    bin_size : int
        bp.
    """
    region = region.snap(bin_size)
    found = []
    for kind in kinds:
        voters = sorted(name for name, records in calls.items() if any(one.kind is kind.kind for one in records))
        counts = np.zeros((len(region) // bin_size,) * 2, np.uint8)
        for name in voters:
            counts += drawn(_on(calls[name], region), region, bin_size, kind)
        if counts.any():
            share = np.asarray(counts / len(voters), np.float32)
            found.append(VoteMap(kind, region, bin_size, share, tuple(voters)))
    return found


def _on(records: Iterable[Annotation], region: Interval) -> list[Annotation]:
    """The records on the region's chromosome, however they spell it."""
    chrom = canonical_name(region.chrom)
    return [one for one in records if canonical_name(one.chrom) == chrom]


def drawn(records: Sequence[Annotation], region: Interval, bin_size: int, kind: MaskKind) -> Bools:
    """Pixels of one caller, shape (n_bins, n_bins); records of another kind are passed over."""
    mask = np.zeros((len(region) // bin_size,) * 2, bool)
    own = [one for one in records if one.kind is kind.kind]
    if kind is MaskKind.DOMAIN:
        _draw_domains(mask, own, region, bin_size)
    elif kind is MaskKind.LOOP:
        _draw_loops(mask, own, region, bin_size)
    else:
        _draw_stripes(mask, own, region, bin_size, down=kind is MaskKind.STRIPE_DOWN)
    return np.triu(mask)


def _bins(span: Interval, region: Interval, bin_size: int) -> tuple[int, int]:
    """First and last bin (exclusive, at least one bin) of a span, counted from the region's start, unclipped."""
    first = round((span.start - region.start) / bin_size)
    last = round((span.end - region.start) / bin_size)
    return first, max(last, first + 1)


def _draw_domains(mask: Bools, records: Sequence[Annotation], region: Interval, bin_size: int) -> None:
    """Squares of the finest domains: two bins belong together if one domain holds both and no border parts them.

    So nested domains keep each border that their caller drew.
    """
    spans = [_bins(one.anchor1, region, bin_size) for one in records]
    cuts = np.unique(np.array(spans, np.int64).ravel())
    inside = np.zeros(max(len(cuts) - 1, 0), bool)
    for first, last in spans:
        inside[np.searchsorted(cuts, first) : np.searchsorted(cuts, last)] = True
    for number in np.flatnonzero(inside):
        first, last = (int(np.clip(cut, 0, len(mask))) for cut in cuts[number : number + 2])
        mask[first:last, first:last] = True


def _draw_loops(mask: Bools, records: Sequence[Annotation], region: Interval, bin_size: int) -> None:
    reach = np.arange(-LOOP_RADIUS_BINS, LOOP_RADIUS_BINS + 1)
    rows, cols = (part.ravel() for part in np.meshgrid(reach, reach, indexing="ij"))
    disc = rows**2 + cols**2 <= LOOP_RADIUS_BINS**2 + 1  # +1: a disc of whole pixels is rounder so
    for one in records:
        centre = [int((side.center - region.start) // bin_size) for side in (one.anchor1, one.anchor2)]
        row, col = rows[disc] + centre[0], cols[disc] + centre[1]
        there = (row >= 0) & (row < len(mask)) & (col >= 0) & (col < len(mask))
        mask[row[there], col[there]] = True


def _draw_stripes(mask: Bools, records: Sequence[Annotation], region: Interval, bin_size: int, *, down: bool) -> None:
    """A stripe downstream runs along its anchor's rows, one upstream along its anchor's columns."""
    for one in records:
        if goes_down(one) is not down:
            continue
        x, y = (_clipped(_bins(side, region, bin_size), len(mask)) for side in (one.anchor1, one.anchor2))
        mask[(x, y) if down else (y, x)] = True


def _clipped(bins: tuple[int, int], n: int) -> slice:
    return slice(max(bins[0], 0), min(max(bins[1], 0), n))
