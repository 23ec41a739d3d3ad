"""Loops on real GM12878 chr21 at 10 kb: hicstruct, chromosight and Peakachu's published calls, one protocol.

Truth: HiCCUPS ∪ RAD21 ChIA-PET (179 loops after merging); ±20 kb, one-to-one, 40 kb – 3 Mb, best score first.
Bars: P@25 ≥ .96, P@50 ≥ .88, P@100 ≥ .72, P@133 ≥ .64, F1@133 ≥ .54; at or above both peers at every number of calls,
above them from 30 on.  An independent scorer of the protocol, where there is one, must give the same figures.

    python -m benchmarks.loops_chr21 [--pred DIR|FILE] [--model M] [--no-peers]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import _curves as curves
from benchmarks._callers import peer_loops, predict
from benchmarks._harness import data_dir, record, say, scratch
from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.evaluation.records import loop_table, select
from napari_hicstruct.evaluation.report import Yardstick, loop_section

TOP = (17, 25, 50, 100, 133)
BARS = {25: 0.96, 50: 0.88, 100: 0.72, 133: 0.64}
F1_BAR, ABOVE_FROM = 0.54, 30
MAP = f"{curves.REAL}::/10000"


def loops_of(path: Path) -> Any:
    """Centres and scores of the loops on chr21 in a label file, or in the ``loops.bedpe`` of a folder."""
    file = path / "loops.bedpe" if path.is_dir() else path
    return loop_table(select(read_labels(file).records, Kind.LOOP, "chr21"))


def neutral(path: Path) -> dict[int, float]:
    """Precision at :data:`TOP` by the independent scorer; empty where there is none."""
    scorer = curves.neutral_scorer()
    if scorer is None:
        return {}
    truths = [data_dir() / "labels" / name for name in curves.TRUTHS]
    file = path / "loops.bedpe" if path.is_dir() else path
    words = [sys.executable, scorer, file, "--chrom", "chr21", "--truth", *truths, "--top", *map(str, TOP)]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=True)
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("top")]
    found = {int(row[1].rstrip(":")): float(row[3]) for row in rows}
    return {n: value for n, value in found.items() if n in TOP}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pred", type=Path, help="score these calls instead of running hicstruct predict")
    parser.add_argument("--model", default="default")
    parser.add_argument("--no-peers", action="store_true")
    args = parser.parse_args()
    work = scratch("chr21")
    uri = f"{data_dir() / 'maps'}/{MAP}"
    ours = args.pred or predict(uri, work / "predicted", model=args.model, chrom="21")
    calls = {
        "hicstruct": loops_of(ours),
        "Peakachu (published)": loops_of(data_dir() / "labels" / "GM12878_chr21.peakachu.10kb.hg19.bedpe"),
    }
    if not args.no_peers:
        calls["chromosight"] = peer_loops("chromosight", uri, work)
    rule = Yardstick(tolerance=curves.TOLERANCE, resolution=10_000, top=TOP)
    scores = {name: loop_section(table, [curves.real_truth()], rule).metrics for name, table in sorted(calls.items())}
    for name, metrics in scores.items():
        top = "  ".join(f"P@{n} {value:.3f}" for n, value in metrics["precision_at"].items())
        say(f"{name:22s} {metrics['calls']:4d} calls  {top}  AP {metrics['average_precision']:.3f}"
            f"  F1@133 {metrics['f1_at'].get(133, float('nan')):.3f}"
            f"  chance {metrics['shifted_control_precision']:.3f}")  # fmt: skip
    curve = {name: curves.precisions(curves.real_match(table)) for name, table in calls.items()}
    below = {
        name: curves.worse(curve["hicstruct"], theirs, above_from=ABOVE_FROM)
        for name, theirs in curve.items()
        if name != "hicstruct"
    }
    for name, ns in below.items():
        say(f"below {name} (from {ABOVE_FROM} on: not above) at n = {curves.spans(ns)}")
    found = scores["hicstruct"]
    other = neutral(ours)
    agrees = all(abs(found["precision_at"][n] - value) < 6e-4 for n, value in other.items())
    say(f"independent scorer: {other or 'not here'}")
    bars = all(found["precision_at"][n] >= bar - 1e-9 for n, bar in BARS.items())
    met = bars and found["f1_at"].get(133, 0) >= F1_BAR and agrees and not any(below.values())
    record(
        "loops_chr21",
        {
            "model": args.model if args.pred is None else str(args.pred.name),
            "callers": scores,
            "below_at": {name: curves.spans(ns) for name, ns in below.items()},
            "independent_scorer": {"precision_at": other, "agrees": agrees if other else None},
            "met": met,
        },
    )


if __name__ == "__main__":
    main()
