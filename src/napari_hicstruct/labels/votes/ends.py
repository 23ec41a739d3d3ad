"""Where domains end: what the callers of domains agree on, together with the anchors of loops.

Two callers seldom draw an end in the same bin, so that pixels alone put it between them, and an end that one of them
has alone still counts where its domain is large.  Read by themselves, ends of several callers meet in a peak; and a
boundary holds loops, so that an anchor at the same place counts for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.genome import Interval, canonical_name

Floats = NDArray[np.float64]

APART_BINS = 3
"""Between two ends: no shorter domain is read off."""


def shared_ends(
    calls: Mapping[str, Sequence[Annotation]],
    region: Interval,
    bin_size: int,
    *,
    least: float = 0.5,
    reach: float = 2.0,
    loops: float = 0.25,
) -> NDArray[np.int64]:
    """Places between bins, counted from the region's start, where so many callers agree that a domain ends.

    Parameters
    ----------
    calls : mapping of caller to records
        Of domains and of loops; a caller counts for a kind if it has any record of it.
    region : Interval
        Of whole bins; its own two ends are always among the places, for what lies across them is not seen.
    bin_size : int
        bp.
    least : float
        Share of the callers that a place needs, in (0, 1].
    reach : float
        Bins: standard deviation of the bell around each caller's ends.
    loops : float
        Weight of the callers of loops beside those of domains, whose weight is 1.  Without any calls of loops domains
        alone count.

    Returns
    -------
    ndarray of int64
        Ascending, the highest peaks first where two lie nearer than ``APART_BINS``.
    """
    n_bins = len(region) // bin_size
    agreed, anchored = (agreement(calls, region, bin_size, kind, reach) for kind in (Kind.TAD, Kind.LOOP))
    weight = 0.0 if anchored is None else loops
    if agreed is None:
        return np.array([0, n_bins])
    profile = (agreed + weight * (0.0 if anchored is None else anchored)) / (1 + weight)
    found: list[int] = [0, n_bins]
    inner = profile[1:-1]
    is_peak = (inner >= profile[:-2]) & (inner >= profile[2:]) & (inner >= least - 1e-6)  # 2 / 4 of them is a half
    candidates = np.flatnonzero(is_peak) + 1
    for place in candidates[np.argsort(-profile[candidates], kind="stable")]:
        if min(abs(place - other) for other in found) >= APART_BINS:
            found.append(int(place))
    return np.array(sorted(found))


def agreement(
    calls: Mapping[str, Sequence[Annotation]], region: Interval, bin_size: int, kind: Kind, reach: float
) -> Floats | None:
    """Mean over the callers of a kind of how near each has an end (or an anchor), at every place between bins.

    1 where all have one just there; None if nobody calls the kind.
    """
    chrom, n_bins = canonical_name(region.chrom), len(region) // bin_size
    total, n_callers = np.zeros(n_bins + 1), 0
    for records in calls.values():
        own = [one for one in records if one.kind is kind]
        n_callers += bool(own)
        there = [one for one in own if canonical_name(one.chrom) == chrom]
        places = (np.array([_places(one) for one in there]).ravel() - region.start) / bin_size
        total += _nearness(places, n_bins, reach)
    return total / n_callers if n_callers else None


def _places(record: Annotation) -> tuple[float, float]:
    """Ends of a domain, middles of a loop's anchors, bp."""
    if record.kind is Kind.LOOP:
        return record.anchor1.center, record.anchor2.center
    return record.anchor1.start, record.anchor1.end


def _nearness(places: Floats, n_bins: int, reach: float) -> Floats:
    """A bell around each place, the nearest alone counts."""
    at = np.arange(n_bins + 1)
    if not len(places):
        return np.zeros(n_bins + 1)
    ordered = np.sort(places)
    after = np.clip(np.searchsorted(ordered, at), 0, len(ordered) - 1)
    away = np.minimum(np.abs(ordered[after] - at), np.abs(ordered[np.maximum(after - 1, 0)] - at))
    return np.asarray(np.exp(-0.5 * (away / reach) ** 2))
