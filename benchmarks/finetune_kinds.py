"""What fifty corrections of stripes, or of TADs, of one half of a map bring on its other half.

``finetune_gain`` for the other two kinds: two kinds of simulated maps (of real ones nobody knows all stripes or TADs),
three seeds each.  An oracle judges the first 50 of the queue (default order) of one kind in the first half; a stripe is
right if its anchor lies within 20 kb of a true one and half of the length is shared, a TAD if both ends lie within
20 kb of those of a true domain.  Average precision of what is listed in the second half before and after: stripes,
TADs, and after corrections of TADs also boundaries, which is what the network learns from them.

    python -m benchmarks.finetune_kinds [--n 50] [--quick]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks._harness import record, say, scratch
from benchmarks._oracle import SEEDS, TOLERANCE, Case, project_with
from napari_hicstruct.active.candidates import candidates_of
from napari_hicstruct.active.strategies import DEFAULT, priorities
from napari_hicstruct.annotations import Annotation, Kind, Status, read_labels
from napari_hicstruct.annotations.loci import UNMATCHED
from napari_hicstruct.annotations.validation import midpoint
from napari_hicstruct.evaluation.boundaries import rank_boundaries
from napari_hicstruct.evaluation.ranking import average_precision_of
from napari_hicstruct.evaluation.records import boundary_table, scored_domain_table, select, stripe_table
from napari_hicstruct.evaluation.stripes import drop_ignored, match_stripes, rank_stripes
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import drain
from napari_hicstruct.workflows.finetune import iter_finetune, prepare_finetune, record_result
from napari_hicstruct.workflows.predict import predict
from napari_hicstruct.workflows.predict.request import PredictRequest
from napari_hicstruct.workflows.rescore import MIN_PROPOSAL_PROBABILITY

MAPS = ("other style", "HFFc6-like depth")
KINDS = {"stripe": ("stripe",), "tad": ("tad", "boundary")}
"""What is corrected, and what is measured after it."""


def truth_of(case: Case, kind: Kind, *, faint: bool = False) -> list[Annotation]:
    """True objects of one kind; or those too faint to be asked for."""
    folder = case.path.with_suffix(".truth") / ("faint" if faint else "")
    name = {Kind.STRIPE: "stripes.bedpe", Kind.TAD: "tads.bed", Kind.BOUNDARY: "boundaries.bed"}[kind]
    return select(read_labels(folder / name, kind=kind).records, kind)


def called(case: Case, task: str, model: str, *, faint: bool) -> list[Annotation]:
    """What a model calls on the whole chromosome, also below the threshold."""
    region = Interval(case.chrom, 0, case.source.chromsizes[case.chrom])
    min_probability = {task: MIN_PROPOSAL_PROBABILITY} if faint else {}
    return list(
        predict(
            case.source, PredictRequest(regions=(region,), tasks=(task,), model=model, min_probability=min_probability)
        ).annotations
    )


def domain_hits(calls: Any, truth: Any) -> Any:
    """Domains (start, end, score) best first, each with the first free truth of both ends: hits in that order."""
    free, hits = np.ones(len(truth), bool), []
    for start, end, _ in calls[np.argsort(-calls[:, 2], kind="stable")]:
        near = (np.abs(truth[:, :2] - (start, end)).max(axis=1) <= TOLERANCE) & free if len(truth) else free
        hits.append(bool(near.any()))
        free[np.argmax(near)] &= not near.any()
    return np.array(hits, bool)


def half(case: Case, records: Sequence[Annotation], *, second: bool) -> list[Annotation]:
    """Those whose midpoint lies in one half."""
    return [r for r in records if (midpoint(r) >= case.cut) is second]


def precision(case: Case, what: str, records: Sequence[Annotation]) -> float:
    """Average precision of one kind in the second half."""
    kind = Kind(what)
    calls, true, faint = (
        half(case, some, second=True)
        for some in (select(records, kind), truth_of(case, kind), truth_of(case, kind, faint=True))
    )
    if kind is Kind.STRIPE:
        tables = [stripe_table(some) for some in (calls, true, faint)]
        return rank_stripes(tables[0], tables[1], TOLERANCE, ignore=tables[2]).average_precision()
    if kind is Kind.BOUNDARY:
        table, known, unsure = (boundary_table(some, []) for some in (calls, true, faint))
        return rank_boundaries(table, known[:, 0], TOLERANCE, ignore=unsure[:, 0]).average_precision()
    return average_precision_of(domain_hits(scored_domain_table(calls), scored_domain_table(true)), len(true))


def stripe_words(case: Case, ranked: list[Annotation]) -> list[bool | None]:
    """Whether each stripe is there; None where nobody can say."""
    true, faint = (stripe_table(truth_of(case, Kind.STRIPE, faint=which)) for which in (False, True))
    mine = stripe_table(ranked)
    mine[:, 4] = -np.arange(len(mine))  # one after the other, as the queue has them
    hit, known = match_stripes(mine, true, TOLERANCE) != UNMATCHED, np.ones(len(mine), bool)
    if len(faint):
        known = drop_ignored(mine, true, faint, TOLERANCE)
    return [bool(h) if h or k else None for h, k in zip(hit, known, strict=True)]


def tad_words(case: Case, ranked: list[Annotation]) -> list[bool | None]:
    """Whether each TAD is there."""
    mine = scored_domain_table(ranked)
    mine[:, 2] = -np.arange(len(mine))
    return list(domain_hits(mine, scored_domain_table(truth_of(case, Kind.TAD))))


WORDS: dict[str, Callable[[Case, list[Annotation]], list[bool | None]]] = {"stripe": stripe_words, "tad": tad_words}


def one(case: Case, task: str, n: int) -> dict[str, Any]:
    """Average precisions before and after one fine-tune."""
    before = called(case, task, "default", faint=False)
    pool = half(case, select(called(case, task, "default", faint=True), Kind(task)), second=False)
    worth = priorities(candidates_of(pool), DEFAULT, seed=case.seed)
    ranked = [pool[k] for k in np.argsort(-worth, kind="stable")]
    words = {True: Status.ACCEPTED, False: Status.REJECTED}
    answers = zip(ranked, WORDS[task](case, ranked), strict=True)
    judged = [r.with_(status=words[word]) for r, word in answers if word is not None][:n]
    done = {r.uid for r in judged}
    folder = scratch("finetune") / f"kinds-{case.name}-{case.seed}-{task}".replace(" ", "_")
    with project_with(case, judged, [r for r in ranked if r.uid not in done], folder) as project:
        job = prepare_finetune(project, case.source)
        result = drain(iter_finetune(job))
        record_result(project, job, result)
    after = called(case, task, result.model, faint=False)
    pairs = {what: [precision(case, what, records) for records in (before, after)] for what in KINDS[task]}
    accepted = sum(r.status is Status.ACCEPTED for r in judged)
    return {"accepted": accepted, "judged": len(judged), "taken": result.taken, "reason": result.reason, **pairs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=50)
    parser.add_argument("--quick", action="store_true", help="one seed")
    args = parser.parse_args()
    found: dict[str, Any] = {}
    for task, measured in KINDS.items():
        for name in MAPS:
            runs = []
            for seed in SEEDS[:1] if args.quick else SEEDS:
                run = one(Case(name, seed), task, args.n)
                shown = "  ".join(f"{what} {run[what][0]:.3f} → {run[what][1]:.3f}" for what in measured)
                verdict = "taken" if run["taken"] else "not taken"
                say(f"{task:6s} {name:18s} {seed}: {shown}  {run['accepted']} of {run['judged']} accepted  {verdict}")
                runs.append(run)
            means = {what: np.mean([run[what] for run in runs], axis=0).tolist() for what in measured}
            found.setdefault(task, {})[name] = {"runs": runs, **means}
    record("finetune_kinds", {"n": args.n, "tasks": found, "met": None})


if __name__ == "__main__":
    main()
