"""Every metric of one task as plain nested dictionaries, ready for a table or JSON.

Positions are bp; rates lie in [0, 1]; NaN where a thing is not defined (no calls, no truth).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_hicstruct.annotations.loci import SAME_CALL_BP, near_any
from napari_hicstruct.evaluation import agreement
from napari_hicstruct.evaluation.boundaries import (
    CONTROL_SHIFT,
    boundaries_of,
    boundary_score,
    rank_boundaries,
    strongest,
)
from napari_hicstruct.evaluation.calibration import calibration
from napari_hicstruct.evaluation.domains import (
    DomainScore,
    adjusted_mutual_information,
    domain_score,
    domain_score_by_size,
    ends_found_by_size,
    partitions,
    rank_domains,
    variation_of_information,
)
from napari_hicstruct.evaluation.loops import (
    LoopMatch,
    dropped_counts,
    match_loops,
    prepare,
    prepare_order,
    rank,
    unite,
)
from napari_hicstruct.evaluation.matching import Score, as_points
from napari_hicstruct.evaluation.ranking import Ranked, precision_of_top
from napari_hicstruct.evaluation.stripes import SCORE, drop_ignored, rank_stripes, stripe_score

FAINT_ONLY = "right only about what is too faint to ask for"
"""Why a call is left out that fits nothing but a structure to ignore."""

BINS = (1, 2)
"""Tolerances in bins that are always reported beside the one wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """How strictly to compare: ``tolerance`` (bp), ``resolution`` (bp per bin), ``top`` (numbers of best calls)."""

    tolerance: float = SAME_CALL_BP
    resolution: int = 10_000
    top: Sequence[int] = (25, 50, 100)

    def tolerances(self) -> dict[str, float]:
        """Name → bp of every tolerance that is reported."""
        return {f"±{n} bin{'s' * (n > 1)}": float(n * self.resolution) for n in BINS}


@dataclass(frozen=True, slots=True)
class Section:
    """Metrics of one task, and the arrays its plots need."""

    metrics: dict[str, Any]
    plots: dict[str, NDArray[np.float64]] = field(default_factory=dict)


def _faint_only(count: int) -> dict[str, int]:
    """The entry of ``calls_left_out`` for calls that only fit what is ignored."""
    return {FAINT_ONLY: count} if count else {}


def _rates(score: Score) -> dict[str, float]:
    return score._asdict()


def loop_section(
    calls: ArrayLike,
    truths: Sequence[ArrayLike],
    rule: Yardstick,
    *,
    ignore: ArrayLike | None = None,
    probability: ArrayLike | None = None,
) -> Section:
    """Loops, arrays of shape ``(n, 2 or 3)``; ``probability`` has one entry per call.  See ``loops.py``."""
    xy, truth = prepare(calls), unite(truths)
    faint = None if ignore is None else rank(ignore)

    def at(tolerance: float) -> LoopMatch:
        return match_loops(xy, truth, tolerance, ignore=faint)

    match = at(rule.tolerance)
    curve = match.curve()
    metrics: dict[str, Any] = {
        "calls": len(match.calls),
        "calls_left_out": dropped_counts(calls) | _faint_only(len(xy) - len(match.calls)),
        "truth": len(truth),
        "truth_left_out": dropped_counts(np.vstack([np.zeros((0, 2)), *map(rank, truths)])),
        "tolerance_bp": rule.tolerance,
        "resolution_bp": rule.resolution,
        **_rates(match.score()),
        "average_precision": match.average_precision(),
        "shifted_control_precision": match.control,
        "precision_at": match.precision_at(rule.top),
        "f1_at": {n: match.score(n).f1 for n in rule.top if n <= len(match.calls)},
        "by_tolerance": {name: _rates(at(bp).score()) for name, bp in rule.tolerances().items()},
        "by_distance": {
            _span(*edges): {**_rates(score), "average_precision": precision}
            for (edges, score), precision in zip(
                match.by_distance().items(), match.average_precision_by_distance(), strict=True
            )
        },
    }
    plots = {"precision": curve.precision, "recall": curve.recall}
    if probability is not None:
        close = at(rule.resolution)
        _add_calibration(metrics, plots, probability, Ranked(prepare_order(calls)[close.kept], close.hits, len(truth)))
    return Section(metrics, plots)


def boundary_section(
    calls: ArrayLike,
    truth: ArrayLike,
    rule: Yardstick,
    *,
    ignore: ArrayLike | None = None,
    probability: ArrayLike | None = None,
) -> Section:
    """Boundaries: calls ``(n, 2)`` position and score, truth ``(m,)`` positions.  See ``boundaries.py``."""
    table, true = as_points(calls, 2), as_points(truth, 1)
    ranked = rank_boundaries(table, true, rule.tolerance, ignore=ignore)
    close = rank_boundaries(table, true, rule.resolution, ignore=ignore)
    scored, given = bool(np.isfinite(table[:, 1]).any()), len(table)
    if ignore is not None and np.size(ignore):
        faint = as_points(ignore, 1)
        table = table[near_any(table[:, :1], true, rule.tolerance) | ~near_any(table[:, :1], faint, rule.tolerance)]
    positions, true = table[:, 0], true[:, 0]
    equal = strongest(positions, table[:, 1], len(true))
    tolerances = {"asked": rule.tolerance, **rule.tolerances()}
    metrics: dict[str, Any] = {
        "calls": len(positions),
        "calls_left_out": _faint_only(given - len(positions)),
        "truth": len(true),
        "tolerance_bp": rule.tolerance,
        "resolution_bp": rule.resolution,
        **_rates(boundary_score(positions, true, rule.tolerance)),
        "shifted_control_precision": boundary_score(positions + CONTROL_SHIFT, true, rule.tolerance).precision,
        "by_tolerance": {name: _rates(boundary_score(positions, true, bp)) for name, bp in tolerances.items()},
        "at_equal_number": {
            "calls": len(equal),
            **{f"f1 {name}": boundary_score(equal, true, bp).f1 for name, bp in tolerances.items()},
        },
    }
    plots = _add_ranking(metrics, ranked, rule) if scored else {}
    if probability is not None:
        _add_calibration(metrics, plots, probability, close)
    return Section(metrics, plots)


def domain_section(
    pred: Sequence[ArrayLike],
    truth: Sequence[ArrayLike],
    rule: Yardstick,
    *,
    boundaries: Sequence[ArrayLike] = (),
    probability: ArrayLike | None = None,
) -> Section:
    """Domains, one array per chromosome in the same order on both sides.  See ``domains.py``.

    Parameters
    ----------
    pred, truth : sequence of array, shape (n, 2 or 3) and (m, 2)
        Starts, ends (bp) and perhaps scores.
    rule : Yardstick
    boundaries : sequence of array, shape (k,), optional
        Called boundaries (bp), to be sought at the ends of the true domains; default: the called domains' ends.
    probability : array, shape (sum of n,), optional
        Of all domains, chromosome after chromosome.
    """
    labels = partitions([_ends(x) for x in pred], [_ends(x) for x in truth], rule.resolution)
    ours, theirs = (np.vstack([np.zeros((0, 2)), *_strung([_ends(x) for x in side])]) for side in (pred, truth))
    scores = np.concatenate([np.zeros(0), *map(_scores, pred)])
    called = boundaries or [boundaries_of(_ends(x)) for x in pred]
    places = np.concatenate([np.zeros(0), *_strung([np.asarray(x, np.float64).ravel() for x in called])])
    found = {name: ends_found_by_size(places, theirs, bp) for name, bp in rule.tolerances().items()}
    whole = domain_score(ours, theirs)
    metrics: dict[str, Any] = {
        "calls": whole.n_pred,
        "truth": whole.n_truth,
        "resolution_bp": rule.resolution,
        "mean_best_jaccard": whole.jaccard,
        **{f"{name}_at_jaccard_0.7": value for name, value in _rates(whole.score).items()},
        "variation_of_information_nats": variation_of_information(*labels),
        "adjusted_mutual_information": adjusted_mutual_information(*labels),
        "by_size": {
            _span(*size): _of_size(s) | {f"ends_found {name}": share[size] for name, share in found.items()}
            for size, s in domain_score_by_size(ours, theirs).items()
        },
    }
    plots: dict[str, NDArray[np.float64]] = {}
    ranked = rank_domains(np.column_stack([ours, scores]), theirs)
    if np.isfinite(scores).any():
        plots = _add_ranking(metrics, ranked, rule)
    if probability is not None:
        _add_calibration(metrics, plots, probability, ranked)
    return Section(metrics, plots)


def _strung(parts: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Positions of chromosome after chromosome on one line, far apart."""
    return [part + 1e10 * k for k, part in enumerate(parts)]


def _of_size(score: DomainScore) -> dict[str, Any]:
    whole = {"calls": score.n_pred, "truth": score.n_truth, "mean_best_jaccard": score.jaccard}
    return {**whole, **_rates(score.score)}


def _ends(domains: ArrayLike) -> NDArray[np.float64]:
    """Starts and ends alone, shape ``(n, 2)``."""
    table = np.asarray(domains, np.float64)
    return table[:, :2] if table.size else np.zeros((0, 2))


def _scores(domains: ArrayLike) -> NDArray[np.float64]:
    """The third column; NaN where there is none."""
    table = np.asarray(domains, np.float64)
    return table[:, 2] if table.size and table.shape[1] > 2 else np.full(len(table), np.nan)


def stripe_section(
    calls: ArrayLike,
    truth: ArrayLike,
    rule: Yardstick,
    *,
    ignore: ArrayLike | None = None,
    probability: ArrayLike | None = None,
) -> Section:
    """Stripes, arrays ``(n, 6)``; ``probability`` has one entry per call.  See ``stripes.py``."""
    pred, true = as_points(calls, 6), as_points(truth, 6)
    ranked = rank_stripes(pred, true, rule.tolerance, ignore=ignore)
    close = rank_stripes(pred, true, rule.resolution, ignore=ignore)
    given = len(pred)
    if ignore is not None and np.size(ignore):
        pred = pred[drop_ignored(pred, true, ignore, rule.tolerance)]
    whole = asdict(stripe_score(pred, true, rule.tolerance))
    metrics: dict[str, Any] = {
        "calls": len(pred),
        "calls_left_out": _faint_only(given - len(pred)),
        "truth": len(true),
        "tolerance_bp": rule.tolerance,
        "resolution_bp": rule.resolution,
        **_rates(whole.pop("score")),
        **whole,
        "by_tolerance": {name: _rates(stripe_score(pred, true, bp).score) for name, bp in rule.tolerances().items()},
    }
    plots = _add_ranking(metrics, ranked, rule) if np.isfinite(pred[:, SCORE]).any() else {}
    if probability is not None:
        _add_calibration(metrics, plots, probability, close)
    return Section(metrics, plots)


def across_section(
    loops: ArrayLike, stripes: ArrayLike, domains: ArrayLike, boundaries: ArrayLike, rule: Yardstick
) -> Section:
    """Agreement of the tasks of one set with each other, as far as it has them.  See ``agreement.py``."""
    tolerance = rule.tolerance
    measures = {
        "tad_corners_with_loop": (agreement.corners_with_loop, domains, loops),
        "loops_at_tad_corner": (agreement.loops_at_corner, loops, domains),
        "stripes_on_boundary": (agreement.stripes_on_boundary, stripes, boundaries),
    }
    found = {name: measure(a, b, tolerance) for name, (measure, a, b) in measures.items() if np.size(a) and np.size(b)}
    return Section({name: {"share": s.value, "shifted_control": s.control} for name, s in found.items()})


def _add_ranking(metrics: dict[str, Any], ranked: Ranked, rule: Yardstick) -> dict[str, NDArray[np.float64]]:
    """Add average precision and precision at n, and give the curve."""
    curve = ranked.curve()
    metrics["average_precision"] = ranked.average_precision()
    metrics["precision_at"] = precision_of_top(ranked.hits, rule.top)
    return {"precision": curve.precision, "recall": curve.recall}


def _add_calibration(
    metrics: dict[str, Any], plots: dict[str, NDArray[np.float64]], probability: ArrayLike, close: Ranked
) -> None:
    """Add ECE and Brier where there are probabilities: the probability that a call is right within one bin."""
    known = np.asarray(probability, np.float64)[close.kept]
    if np.isfinite(known).any():
        result = calibration(known, close.hits)
        metrics["ece"], metrics["brier"] = result.ece, result.brier
        plots["confidence"], plots["hit_rate"] = result.confidence, result.hit_rate
        plots["count"] = result.count.astype(np.float64)


def _span(low: float, high: float) -> str:
    """A class of lengths for people: ``100–250 kb``, ``> 1000 kb``."""
    if not np.isfinite(high):
        return f"> {low / 1000:.0f} kb"
    return f"< {high / 1000:.0f} kb" if low <= 0 else f"{low / 1000:.0f}–{high / 1000:.0f} kb"
