"""Stripe mask and map → stripes: what the network calls, then rows that stand out by themselves, to rectangles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.decode.extent import stripe_extent
from napari_hicstruct.decode.row_stripes import RowEvidence
from napari_hicstruct.decode.stripe_odds import stripe_odds
from napari_hicstruct.decode.stripe_runs import StripeRun, shear, stripe_runs, without_weak_opposites
from napari_hicstruct.decode.stripe_settings import StripeSettings
from napari_hicstruct.genome import Interval

Array = NDArray[np.float32]


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
    s = settings or StripeSettings().at_scale(1.0 if band is None else band.scale)
    # a pixel that surely belongs to a stripe of the other orientation adds nothing to this one
    own = {1: p * np.minimum(2 * down, 1), -1: shear(p) * np.minimum(2 * shear(1 - down), 1)}
    found = [run for side, mask in own.items() for run in stripe_runs(mask, side, resolution, s)]
    near = max(1, s.max_width_bp // resolution // 2)
    kept = [
        run._replace(peak=run.peak + first_bin, low=run.low + first_bin, high=run.high + first_bin)
        for run in without_weak_opposites(found, near, s.opposite)
    ]
    if band is not None:
        kept = _by_the_map(kept, own, band, s, first_bin)
    kept = [run for run in kept if run.score >= s.threshold and run.length * resolution <= s.max_length_bp]
    if s.cut_to_width:
        kept = [_cut(run, max(1, s.max_width_bp // resolution)) for run in kept]
    stripes = [_record(run, chrom, resolution, length, model) for run in kept]
    return sorted(stripes, key=lambda stripe: (stripe.anchor1.start, stripe.anchor2.start))


def _by_the_map(
    runs: list[StripeRun], own: dict[int, Array], band: Band, s: StripeSettings, first_bin: int
) -> list[StripeRun]:
    """Runs ranked and drawn as far as the map shows them, and rows that it shows besides."""
    n_bins, reach = own[1].shape
    rows = RowEvidence(band, range(first_bin, first_bin + n_bins), s)
    raised = [one for run in runs if (one := _raised(run, band, s)) is not None]
    # before any threshold: a lower one lists more, and nothing else
    runs, others = rows.likeliest([rows.weighed(run) for run in raised], rows.stripes(own))
    called = [run for run in runs if run.score >= s.threshold]
    drawn = [rows.cut(_extended(run, band, band.resolution, reach, s)) for run in called]
    known = [_known(run, band) for run in [*drawn, *others]]
    return [run for run in known if run.length * band.resolution >= s.min_length_bp]


def _known(run: StripeRun, band: Band) -> StripeRun:
    """The run to the last bin that the map knows: a stripe goes on beyond a gap, but does not end in one."""
    partners = run.peak + run.side * np.arange(run.length)
    inside = (partners >= 0) & (partners < band.n_bins)
    known = np.flatnonzero(inside & (band.weights[np.where(inside, partners, 0)] > 0))
    return run._replace(length=int(known[-1]) + 1 if len(known) else 0)


def _cut(run: StripeRun, width: int) -> StripeRun:
    """At most ``width`` rows, the peak among them and as near the middle as the run allows."""
    low = min(max(run.low, run.peak - (width - 1) // 2), max(run.low, run.high - width))
    return run._replace(low=low, high=min(run.high, low + width))


def _record(run: StripeRun, chrom: str, resolution: int, length: int, model: str) -> Annotation:
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


def _raised(run: StripeRun, band: Band, s: StripeSettings) -> StripeRun | None:
    """The run with its log-odds raised; None if it hardly stands out."""
    odds, z = stripe_odds(run.score, band, range(run.low, run.high), run.side, run.length, s)
    return None if z < s.min_z else run._replace(score=float(expit(odds)))


def _extended(run: StripeRun, band: Band, resolution: int, far: int, s: StripeSettings) -> StripeRun:
    """The run as far as the contacts support it, never shorter than it was."""
    near = max(1, s.near_bp // resolution)
    return run._replace(length=max(run.length, stripe_extent(band, run.peak, run.side, near, far)))
