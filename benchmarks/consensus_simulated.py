"""Soft scores of several callers beside each of them, on held-out simulated maps at 10 kb, cell by cell.

Eight cells: two simulators, four depths; in each three maps of 10 Mb (``_maps.CORNERS``), which are three chromosomes
of one genome here.  Callers: chromosight, cooltools dots, mustache and hicpeaks as their authors set them, run once per
map.  Truth: what is visible at the depth; what is too faint counts neither way.  ±20 kb, one-to-one, 40 kb – 3 Mb.
Bars: average precision of the learnt soft score above the best single caller's in every cell; its calibration error
(ECE, ten classes of equal width, the soft labels of all cells together) ≤ .05.

    python -m benchmarks.consensus_simulated
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks import _maps as maps
from benchmarks._callers import at_root, loop_files
from benchmarks._harness import record, rounded, say
from napari_hicstruct.annotations import Annotation, Kind, read_labels
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.evaluation.loops import match_loops, prepare, prepare_order, rank
from napari_hicstruct.evaluation.records import loop_table, select
from napari_hicstruct.genome import Interval
from napari_hicstruct.labels.consensus import CallerCalls, ConsensusOptions, Method, consensus

RESOLUTION, TOLERANCE = 10_000, 20_000
APART = 10**9
"""bp between the maps of a cell, when they are judged in one list."""

CLASSES = 10
ECE_BAR = 0.05
METHODS = (Method.COUNT, Method.EM)

Lists = Mapping[str, Sequence[Annotation]]


def calls_of(test: maps.TestMap) -> dict[str, list[Annotation]]:
    """Loops by caller on a chromosome that is called after its corner; a caller may have found none."""
    folder = test.path.with_suffix("") / "consensus"
    root = at_root(test.path, f"resolutions/{RESOLUTION}", folder / "map.cool")
    found = {}
    for name, path in loop_files(root, folder, RESOLUTION).items():
        try:
            records = read_labels(path, kind=Kind.LOOP).records
        except HicStructError:  # an empty file, or its header alone
            records = []
        found[name] = [_on(one, f"chr{test.corner + 1}") for one in records]
    return found


def lists_of(tests: Sequence[maps.TestMap]) -> dict[str, list[Annotation]]:
    """Loops of the maps of a cell together, by caller."""
    lists: dict[str, list[Annotation]] = {}
    for test in tests:
        for name, records in calls_of(test).items():
            lists.setdefault(name, []).extend(records)
    return lists


def _on(one: Annotation, chrom: str) -> Annotation:
    first, second = (Interval(chrom, side.start, side.end) for side in (one.anchor1, one.anchor2))
    return one.with_(anchor1=first, anchor2=second)


def table(records: Sequence[Annotation]) -> Any:
    """As ``loop_table`` of all chromosomes, each far from the others."""
    found = loop_table(records)
    found[:, :2] += np.array([[int(one.chrom[3:]) * APART] for one in records]).reshape(-1, 1)
    return found


def truths(tests: Sequence[maps.TestMap]) -> tuple[Any, Any]:
    """What is visible in the maps of a cell, and what is too faint."""
    both = []
    for folder in ("", "faint"):
        records = [
            _on(one, f"chr{test.corner + 1}")
            for test in tests
            for one in select(read_labels(test.truth / folder / "loops.bedpe").records, Kind.LOOP)
        ]
        both.append(table(records))
    return prepare(both[0][:, :2]), rank(both[1])


def judged(records: Sequence[Annotation], truth: tuple[Any, Any]) -> tuple[float, Any, Any]:
    """Average precision of a list; scores of the calls that count, and which of them are true."""
    calls = table(records)
    order = prepare_order(calls)
    match = match_loops(prepare(calls), truth[0], TOLERANCE, ignore=truth[1])
    return match.average_precision(), calls[order][match.kept, 2], match.hits


def agreed(lists: Lists, method: Method) -> list[Annotation]:
    """All soft labels, also what a single caller says."""
    calls = [CallerCalls(name, tuple(records)) for name, records in lists.items() if records]
    return list(consensus(calls, Kind.LOOP, ConsensusOptions(method=method)).records)


def cell(tests: Sequence[maps.TestMap]) -> tuple[dict[str, Any], Any, Any]:
    """Figures of one cell; the learnt scores and which are true."""
    lists, truth = lists_of(tests), truths(tests)
    alone = {name: judged(records, truth)[0] for name, records in lists.items()}
    together, scores, hits = {}, np.zeros(0), np.zeros(0, bool)
    for method in METHODS:
        together[method.value], scores, hits = judged(agreed(lists, method), truth)
    figures = {
        "alone": alone,
        "together": together,
        "calls": {name: len(records) for name, records in lists.items()},
        "true": len(truth[0]),
        "ece": expected_calibration_error(scores, hits),
        "above": together["em"] > max(alone.values()),
    }
    return figures, scores, hits


def expected_calibration_error(scores: Any, hits: Any) -> float:
    """Mean distance of score and share of true ones over classes of equal width, weighted by their sizes."""
    classes = np.minimum((scores * CLASSES).astype(int), CLASSES - 1)
    away = np.bincount(classes, hits - scores, CLASSES)
    return float(np.abs(away).sum() / max(len(scores), 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one map per cell instead of three")
    args = parser.parse_args()
    corners = 1 if args.quick else len(maps.CORNERS)
    found, scores, hits = {}, [], []
    for style in maps.STYLES:
        for depth in maps.DEPTHS:
            name = f"{style}, depth {depth:g}"
            found[name], soft, true = cell(maps.held_out(style, depth, corners=corners))
            scores.append(soft)
            hits.append(true)
            shown = "  ".join(f"{key} {v:.3f}" for key, v in (found[name]["alone"] | found[name]["together"]).items())
            mark = "" if found[name]["above"] else "  NOT ABOVE"
            say(f"{name:22s} {shown}  ECE {found[name]['ece']:.3f}{mark}")
    error = expected_calibration_error(np.concatenate(scores), np.concatenate(hits))
    say(f"calibration error {error:.3f} over {sum(map(len, scores)):,} soft labels")
    met = all(one["above"] for one in found.values()) and error <= ECE_BAR
    result = {"maps_per_cell": corners, "cells": found, "ece": error, "met": met if not args.quick else None}
    record("consensus_simulated", rounded(result))


if __name__ == "__main__":
    main()
