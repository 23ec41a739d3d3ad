"""Stripes on held-out simulated maps at 10 kb: hicstruct beside StripePy.

Two simulators, four depths, three maps of 10 Mb each (``_maps.py``), together per cell.  Truth: what is visible at the
depth; what is too faint counts neither way.  A call is right if its anchor's centre lies within ±2 bins of a true one
and the extents share half of what they cover (``f1``), or by the anchor alone (``anchor_f1``).  StripePy runs with its
authors' settings and two others (``_callers.STRIPEPY``), each with all thresholds on the relative change, and the best
F1 of them in the cell counts; ours are taken as listed.  Recall at its precision is read off our whole curve, with
what is too faint to be listed (``--min-probability stripe=0.001``).  Bars: both F1 above StripePy's, recall above its
at its precision, in every cell; direction right in 95 % of those matched by the anchor.

    python -m benchmarks.stripes_simulated [--model M] [--quick]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _maps as maps
from benchmarks._callers import STRIPEPY, predict, stripepy
from benchmarks._harness import record, say
from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.loci import UNMATCHED
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.evaluation.matching import score_counts
from napari_hicstruct.evaluation.records import select, stripe_table
from napari_hicstruct.evaluation.stripes import DIRECTION, SCORE, drop_ignored, match_stripes

TOLERANCE = 20_000
THRESHOLDS = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
DIRECTION_BAR = 0.95
MATCHES = {"f1": 0.5, "anchor_f1": 0.0}
"""Length-IoU that a hit needs."""
WHOLE = "hicstruct, all"


def stripes_of(folder: Path) -> Any:
    """Stripes of the ``stripes.bedpe`` of a folder."""
    return stripe_table(select(read_labels(folder / "stripes.bedpe", kind=Kind.STRIPE).records, Kind.STRIPE))


class Tally:
    """Hits of one caller over the maps of a cell: score and hit of every call, and how many truths there are."""

    def __init__(self) -> None:
        self.scores, self.hits, self.truth = np.zeros(0), np.zeros(0, bool), 0
        self.same_way = np.zeros(0, bool)

    def add(self, calls: Any, truth: Any, faint: Any, min_length_iou: float) -> None:
        """Count the calls of one map."""
        if len(faint):
            calls = calls[drop_ignored(calls, truth, faint, TOLERANCE)]
        matched = match_stripes(calls, truth, TOLERANCE, min_length_iou=min_length_iou)
        hit = matched != UNMATCHED
        self.scores, self.hits = np.append(self.scores, calls[:, SCORE]), np.append(self.hits, hit)
        self.same_way = np.append(self.same_way, calls[hit, DIRECTION] == truth[matched[hit], DIRECTION])
        self.truth += len(truth)

    def rates(self, threshold: float = -np.inf) -> Any:
        """Precision, recall and F1 of the calls that reach ``threshold``."""
        kept = self.scores >= threshold
        return score_counts(int(self.hits[kept].sum()), int(kept.sum()), self.truth)

    def recall_at(self, precision: float) -> float:
        """The most recall at that precision or more."""
        hits = np.cumsum(self.hits[np.argsort(-self.scores, kind="stable")])
        good = hits / np.arange(1, len(hits) + 1) >= precision
        return float(hits[good].max() / self.truth) if good.any() and self.truth else 0.0


def cell(tests: list[maps.TestMap], model: str) -> dict[str, Any]:
    """Both callers over the maps of one cell, by both rules of matching."""
    names = ("hicstruct", WHOLE, *STRIPEPY)
    tallies = {(name, rule): Tally() for name in names for rule in MATCHES}
    for test in tests:
        uri, folder = test.uri(10_000), test.path.with_suffix("") / "10000"
        ours = predict(uri, folder / "predicted_stripes", model=model, tasks="stripe")
        calls = {"hicstruct": stripes_of(ours)}
        every = predict(uri, folder / "all_stripes", "--min-probability", "stripe=0.001", model=model, tasks="stripe")
        calls[WHOLE] = stripes_of(every)
        calls |= {name: stripepy(uri, folder, 10_000, setting=name) for name in STRIPEPY}
        truth, faint = stripes_of(test.truth), stripes_of(test.truth / "faint")
        for (name, rule), tally in tallies.items():
            tally.add(calls[name], truth, faint, MATCHES[rule])
    return {rule: _beside(tallies, rule) for rule in MATCHES}


def _beside(tallies: dict[tuple[str, str], Tally], rule: str) -> dict[str, Any]:
    mine = tallies["hicstruct", rule]
    theirs = max((tallies[name, rule].rates(t) for name in STRIPEPY for t in THRESHOLDS), key=lambda score: score.f1)
    authors = tallies["authors", rule].rates(5.0)
    recall = tallies[WHOLE, rule].recall_at(theirs.precision)
    ours = mine.rates()
    return {
        "hicstruct": ours._asdict(),
        "stripepy": theirs._asdict(),
        "stripepy as its authors set it": authors._asdict(),
        "recall_at_its_precision": recall,
        "direction_agreement": float(mine.same_way.mean()) if len(mine.same_way) else None,
        "truth": mine.truth,
        "above": ours.f1 > theirs.f1 and recall > theirs.recall,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("--quick", action="store_true", help="one map per cell instead of three")
    args = parser.parse_args()
    corners = 1 if args.quick else len(maps.CORNERS)
    cells: dict[str, Any] = {}
    for style in maps.STYLES:
        for depth in maps.DEPTHS:
            name = f"{style}, depth {depth:g}"
            cells[name] = cell(maps.held_out(style, depth, corners=corners), args.model)
            for rule, one in cells[name].items():
                way = one["direction_agreement"]
                say(f"{name:24s} {rule:9s} ours {one['hicstruct']['f1']:.3f}  StripePy {one['stripepy']['f1']:.3f} "
                    f"(as set {one['stripepy as its authors set it']['f1']:.3f})  recall at its precision "
                    f"{one['recall_at_its_precision']:.3f} against {one['stripepy']['recall']:.3f}  direction "
                    f"{'–' if way is None else f'{way:.3f}'}  {'' if one['above'] else 'NOT ABOVE'}")  # fmt: skip
    # by the anchor alone: extents that share half of what they cover point the same way anyhow
    ways = [one["anchor_f1"]["direction_agreement"] for one in cells.values()]
    agreement = min((way for way in ways if way is not None), default=0.0)
    met = all(one[rule]["above"] for one in cells.values() for rule in MATCHES) and agreement >= DIRECTION_BAR
    record(
        "stripes_simulated",
        {
            "model": args.model,
            "maps_per_cell": corners,
            "cells": cells,
            "least_direction_agreement": agreement,
            "met": None if args.quick else met,
        },
    )


if __name__ == "__main__":
    main()
