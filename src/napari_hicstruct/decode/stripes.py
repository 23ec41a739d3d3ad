"""Stripe mask → stripes: each anchor's best run from the diagonal, thinned across anchors, to rectangles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.decode.extent import stripe_extent
from napari_hicstruct.decode.prominence import stripe_prominence
from napari_hicstruct.genome import Interval

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeSettings:
    """Thresholds of stripe decoding."""

    level: float = 0.07
    """Mask probability that neither lengthens nor shortens a run: what lies above adds, what lies below takes away."""
    threshold: float = 0.6
    """Least score: mean probability of a run, its log-odds raised by ``rise_weight`` times its rise."""
    rise_weight: float = 4.0
    """Log-odds per log2 of how far the anchor's row stands above the stronger of its two sides."""
    least_z: float = 1.0
    """Standard deviations by which it must at least: one edge of a domain is no stripe."""
    near_bp: int = 40_000
    """Pixels nearer the diagonal than this count for nothing: every anchor is bright there."""
    min_length_bp: int = 150_000
    max_length_bp: int = 10**9
    max_width_bp: int = 60_000
    cut_to_width: bool = False
    """Cut what is wider, about its strongest row; else a stripe may be a bin or two wider than that."""
    opposite: float = 0.5
    """Of two stripes that leave one anchor both ways, the weaker is kept if it has this share of the other's weight."""


class _Run(NamedTuple):
    """A stripe in bins: rows [low, high) about the peak, ``length`` from the diagonal on ``side`` (1 down, -1 up)."""

    weight: float
    peak: int
    low: int
    high: int
    side: int
    length: int
    score: float


def shear(p: Array) -> Array:
    """``[i, d]`` about bins (i, i + d) → ``[j, d]`` about bins (j - d, j): rows become columns of the map."""
    n, n_diagonals = p.shape
    out = np.zeros_like(p)
    for d in range(min(n, n_diagonals)):
        out[d:, d] = p[: n - d, d]
    return out


def decode_stripes(  # noqa: PLR0913 - keywords of a use case
    p: Array,
    down: Array,
    *,
    chrom: str,
    resolution: int,
    length: int,
    band: Band | None = None,
    settings: StripeSettings | None = None,
    model: str = "",
    first_bin: int = 0,
) -> list[Annotation]:
    """Stripes of a chromosome, or of some rows of it.

    Parameters
    ----------
    p, down : float32, shape (n_bins, n_diagonals)
        Probability of the mask, and of the direction down, of bins (i, i + d).
    chrom : str
    resolution : int
        bp.
    length : int
        Chromosome length, bp.
    band : Band, optional
        The chromosome's map; without it the score is the network's alone.
    settings : StripeSettings, optional
    model : str
        Name for the records.
    first_bin : int
        Bin of the first row.
    """
    s = settings or StripeSettings()
    found = _runs(p, down, 1, resolution, s) + _runs(shear(p), shear(1 - down), -1, resolution, s)
    near = max(1, s.max_width_bp // resolution // 2)
    kept = [
        run._replace(peak=run.peak + first_bin, low=run.low + first_bin, high=run.high + first_bin)
        for run in _without_weak_opposites(found, near, s.opposite)
    ]
    if band is not None:
        kept = [raised for run in kept if (raised := _raised(run, band, s)) is not None]
    kept = [run for run in kept if run.score >= s.threshold]
    if band is not None:
        kept = [_extended(run, band, resolution, p.shape[1], s) for run in kept]
    kept = [run for run in kept if run.length * resolution <= s.max_length_bp]
    if s.cut_to_width:
        kept = [_cut(run, max(1, s.max_width_bp // resolution)) for run in kept]
    stripes = [_record(run, chrom, resolution, length, model) for run in kept]
    return sorted(stripes, key=lambda stripe: (stripe.anchor1.start, stripe.anchor2.start))


def _cut(run: _Run, width: int) -> _Run:
    """At most ``width`` rows, the peak among them and as near the middle as the run allows."""
    low = min(max(run.low, run.peak - (width - 1) // 2), max(run.low, run.high - width))
    return run._replace(low=low, high=min(run.high, low + width))


def _record(run: _Run, chrom: str, resolution: int, length: int, model: str) -> Annotation:
    far = run.peak + run.side * (run.length - 1)
    start, end = (run.low, far + 1) if run.side > 0 else (far, run.high)
    score = round(run.score, 6)
    return Annotation(
        kind=Kind.STRIPE,
        anchor1=Interval(chrom, run.low * resolution, min(run.high * resolution, length)),
        anchor2=Interval(chrom, max(start, 0) * resolution, min(end * resolution, length)),
        direction=Direction.DOWN if run.side > 0 else Direction.UP,
        score=score,
        probability=score,
        resolution=resolution,
        source=model or "model",
        model=model,
    )


def stripe_odds(
    p: float, band: Band, rows: range, side: int, length: int, settings: StripeSettings | None = None
) -> tuple[float, float]:
    """Log-odds of a stripe, raised by how far its best row stands out.

    Parameters
    ----------
    p : float
        Mean mask probability along the stripe.
    band : Band
    rows : range
        Bins of the anchor.
    side : int
        1 down, -1 up.
    length : int
        Bins from the diagonal.
    settings : StripeSettings, optional

    Returns
    -------
    odds : float
    z : float
        Standard deviations by which the best row stands out.
    """
    s = settings or StripeSettings()
    near = max(1, s.near_bp // band.resolution)
    rise, z = max((stripe_prominence(band, x, side, near, length) for x in rows), key=lambda both: both[1])
    p = min(max(p, 1e-3), 1 - 1e-3)
    return float(np.log(p / (1 - p)) + s.rise_weight * min(max(rise, -1.0), 1.0)), z


def _raised(run: _Run, band: Band, s: StripeSettings) -> _Run | None:
    """The run with its log-odds raised; None if it hardly stands out."""
    odds, z = stripe_odds(run.score, band, range(run.low, run.high), run.side, run.length, s)
    return None if z < s.least_z else run._replace(score=float(1 / (1 + np.exp(-odds))))


def _extended(run: _Run, band: Band, resolution: int, far: int, s: StripeSettings) -> _Run:
    """The run as far as the contacts support it, never shorter than it was."""
    near = max(1, s.near_bp // resolution)
    return run._replace(length=max(run.length, stripe_extent(band, run.peak, run.side, near, far)))


def best_runs(p: Array, near: int, level: float) -> tuple[NDArray[np.int64], Array]:
    """Where each row's run from the diagonal ends: the length with the largest sum of ``p − level``.

    A gap inside a long stripe costs what it is worth and no more; a run needs no threshold to be cut at.

    Parameters
    ----------
    p : float32, shape (rows, n_diagonals)
    near : int
        bins; distances below it do not count.
    level : float

    Returns
    -------
    length : int64, shape (rows,)
        bins, ``near`` or more; ``near`` where nothing begins.
    weight : float32, shape (rows,)
        The sum, 0 or more.
    """
    gain = np.cumsum(p[:, near:] - np.float32(level), axis=1)
    best = gain.argmax(axis=1)
    weight = np.maximum(gain[np.arange(len(p)), best], 0).astype(np.float32)
    return np.where(weight > 0, near + best + 1, near), weight


def _runs(p: Array, way: Array, side: int, resolution: int, s: StripeSettings) -> list[_Run]:
    """Stripes in one orientation; ``way`` is how likely each pixel belongs to one."""
    near = min(max(1, s.near_bp // resolution), p.shape[1] - 1)
    # a pixel that surely belongs to a stripe of the other orientation adds nothing to this one
    own = p * np.minimum(2 * way, 1)
    length, weight = best_runs(own, near, s.level)
    counted = np.arange(p.shape[1])[None, :] < length[:, None]
    counted[:, :near] = False
    mean = (own * counted).sum(axis=1) / np.maximum(length - near, 1)
    weight = np.where(length * resolution >= s.min_length_bp, weight, 0)
    half = max(1, s.max_width_bp // resolution // 2)
    return [
        _Run(float(weight[i]), i, low, high, side, int(length[i]), float(mean[i]))
        for i, low, high in _thinned(weight, half)
    ]


def _thinned(weight: Array, half: int) -> list[tuple[int, int, int]]:
    """``(peak, low, high)`` of the heaviest rows, one per group of neighbours, with the rows half as heavy or more."""
    taken = np.zeros(len(weight), bool)
    out = []
    for i in np.argsort(-weight, kind="stable"):
        if weight[i] <= 0:
            break
        if taken[max(0, i - half) : i + half + 1].any():
            continue
        low, high = int(i), int(i) + 1
        while low > max(0, i - half) and weight[low - 1] >= 0.5 * weight[i] and not taken[low - 1]:
            low -= 1
        while high < min(len(weight), i + half + 1) and weight[high] >= 0.5 * weight[i] and not taken[high]:
            high += 1
        taken[low:high] = True
        out.append((int(i), low, high))
    return out


def _without_weak_opposites(runs: list[_Run], near: int, share: float) -> list[_Run]:
    """Runs, heaviest first, but those that a heavier one leaving the same anchor the other way outweighs."""
    kept: list[_Run] = []
    for run in sorted(runs, reverse=True):
        rivals = (k for k in kept if k.side != run.side and abs(k.peak - run.peak) <= near)
        if all(run.weight >= share * k.weight for k in rivals):
            kept.append(run)
    return kept
