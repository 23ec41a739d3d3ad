"""Soft scores of several callers beside each of them, on GM12878 chr21 at 10 kb.

Loops of chromosight, mustache, cooltools dots and hicpeaks (as their authors set them), Peakachu's published calls and
HiCCUPS's list; truth: RAD21 ChIA-PET alone, an assay that none of them saw.  ±20 kb, one-to-one, 40 kb – 3 Mb, best
score first; equal scores come in random order (the mean of 200 orders), for a count of six callers has six values.
Boundaries of cooltools insulation at two windows, of HiTAD and of Arrowhead: each is left out once, the other programs
agree, and the one that was left out is the truth (±20 kb).  Two windows of one program are one caller: neither votes
where the other judges (with it: ``with_own_window``).  Bars: P@50 and average precision of the soft
score above the best single caller's and the plain count's, ``em`` not below ``count``; boundaries: average precision
above the best single caller's in each case.

    python -m benchmarks.consensus
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._callers import chr21_at_root, loop_files
from benchmarks._harness import data_dir, record, rounded, say, scratch
from napari_hicstruct.annotations import Annotation, Kind, read_labels
from napari_hicstruct.evaluation.boundaries import rank_boundaries
from napari_hicstruct.evaluation.loops import match_loops, prepare, unite
from napari_hicstruct.evaluation.records import loop_table, select
from napari_hicstruct.genome import Interval
from napari_hicstruct.labels.consensus import CallerCalls, ConsensusOptions, Method, consensus

CHROM, BIN, TOLERANCE, TOP = "chr21", 10_000, 20_000, 50
ORDERS = 200
WINDOWS = (100_000, 200_000)
PUBLISHED = {"Peakachu": "GM12878_chr21.peakachu.10kb.hg19.bedpe", "HiCCUPS": "GM12878_chr21.HiCCUPS.hg19.bedpe"}
DOMAINS = {"HiTAD": "GM12878_chr21.HiTAD.20kb.hg19.txt", "Arrowhead": "GM12878_chr21.Arrowhead.hg19.bed"}

Lists = Mapping[str, Sequence[Annotation]]


def on_chr21(path: Path, kind: Kind) -> list[Annotation]:
    """Records of one kind of a file; chromosome ``21`` is ``chr21``."""
    return [_named(one) for one in select(read_labels(path, kind=kind).records, kind, CHROM)]


def _named(one: Annotation) -> Annotation:
    first, second = (Interval(CHROM, side.start, side.end) for side in (one.anchor1, one.anchor2))
    return one.with_(anchor1=first, anchor2=second)


def agreed(lists: Lists, kind: Kind, method: Method) -> list[Annotation]:
    """All soft labels, also what a single caller says."""
    calls = [CallerCalls(name, tuple(records)) for name, records in lists.items()]
    return list(consensus(calls, kind, ConsensusOptions(method=method)).records)


def loop_figures(records: Sequence[Annotation], truth: Any) -> dict[str, float]:
    """Precision of the best 50 and average precision; means over orders of equal scores."""
    draw = np.random.default_rng(0)
    distinct = len({one.score for one in records}) == len(records)
    precisions, averages = [], []
    for _ in range(1 if distinct else ORDERS):
        mixed = [records[k] for k in draw.permutation(len(records))]
        match = match_loops(prepare(loop_table(mixed)), truth, TOLERANCE)
        hits = match.hits[:TOP]
        precisions.append(float(np.mean(hits)) if len(hits) == TOP else float("nan"))
        averages.append(match.average_precision())
    return {"calls": len(match.hits), "p_at_50": float(np.mean(precisions)), "ap": float(np.mean(averages))}


def loops(work: Path) -> dict[str, Any]:
    """Every caller, the count and the learnt score against the assay."""
    files = loop_files(chr21_at_root(work), work, BIN)
    files |= {name: data_dir() / "labels" / file for name, file in PUBLISHED.items()}
    lists = {name: on_chr21(path, Kind.LOOP) for name, path in files.items()}
    truth = unite([loop_table(on_chr21(data_dir() / "labels" / "GM12878_chr21.RAD21_ChIA-PET.hg19.bedpe", Kind.LOOP))])
    alone = {name: loop_figures(records, truth) for name, records in lists.items()}
    together = {one.value: loop_figures(agreed(lists, Kind.LOOP, one), truth) for one in (Method.COUNT, Method.EM)}
    best = {key: float(np.nanmax([one[key] for one in alone.values()])) for key in ("p_at_50", "ap")}
    met = all(together["em"][key] > best[key] and together["em"][key] >= together["count"][key] for key in best)
    return {"alone": alone, "together": together, "met": met}


def boundaries(work: Path) -> dict[str, Any]:
    """Each caller left out once and asked of what the others agree on."""
    from benchmarks._callers import insulation

    lists: dict[str, list[Annotation]] = {}
    for window in WINDOWS:
        found = insulation(f"{chr21_at_root(work)}", work, window)
        scores = found[:, 1].argsort().argsort() / max(len(found) - 1, 1)
        lists[f"insulation {window // 1000} kb"] = [_at(int(x), s) for (x, _), s in zip(found, scores, strict=True)]
    for name, file in DOMAINS.items():
        ends = {
            end
            for one in on_chr21(data_dir() / "labels" / file, Kind.TAD)
            for end in (one.anchor1.start, one.anchor1.end)
        }
        lists[name] = [_at(end, float("nan")) for end in sorted(ends)]
    cases = {}
    for judge in lists:
        truth = np.array([one.anchor1.start for one in lists[judge]], float)
        program = judge.split()[0]
        case = _judged({name: found for name, found in lists.items() if name.split()[0] != program}, truth)
        case["with_own_window"] = _judged({name: found for name, found in lists.items() if name != judge}, truth)
        cases[judge] = case
    return {"left_out": cases, "met": all(case["met"] for case in cases.values())}


def _judged(voters: Lists, truth: Any) -> dict[str, Any]:
    """Average precision of each voter and of what they agree on."""
    alone = {name: _boundary_ap(found, truth) for name, found in voters.items()}
    together = {one.value: _boundary_ap(agreed(voters, Kind.BOUNDARY, one), truth) for one in (Method.COUNT, Method.EM)}
    return {"alone": alone, "together": together, "met": together["em"] > max(alone.values())}


def _at(start: int, score: float) -> Annotation:
    place = Interval(CHROM, start, start + BIN)
    return Annotation(kind=Kind.BOUNDARY, anchor1=place, anchor2=place, score=score, resolution=BIN)


def _boundary_ap(records: Sequence[Annotation], truth: Any) -> float:
    calls = np.array([(one.anchor1.start, one.score if one.score == one.score else 0.5) for one in records])
    return float(rank_boundaries(calls, truth, TOLERANCE).average_precision())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    work = scratch("consensus")
    result = {"loops": loops(work), "boundaries": boundaries(work)}
    for name, one in (result["loops"]["alone"] | result["loops"]["together"]).items():
        say(f"loops {name:16s} {one['calls']:4d} calls  P@50 {one['p_at_50']:.2f}  AP {one['ap']:.3f}")
    for left_out, case in result["boundaries"]["left_out"].items():
        shown = "  ".join(f"{name} {value:.3f}" for name, value in (case["alone"] | case["together"]).items())
        say(f"boundaries, {left_out} judges: {shown}")
    met = result["loops"]["met"] and result["boundaries"]["met"]
    record("consensus", rounded(result) | {"met": met})


if __name__ == "__main__":
    main()
