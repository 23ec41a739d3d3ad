"""Loops on real GM12878 chr21 at 10 kb: hicstruct, chromosight and Peakachu's published calls, one protocol.

Truth: HiCCUPS ∪ RAD21 ChIA-PET (179 loops after merging); ±20 kb, one-to-one, 40 kb – 3 Mb, best score first.
Bars: P@50 ≥ .74, P@100 ≥ .60.

    python -m benchmarks.loops_chr21 [--pred DIR|FILE] [--model M] [--no-peers]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks._harness import THREADS, data_dir, hicstruct, peer, record, run_program, say, scratch
from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.evaluation.records import loop_table, select
from napari_hicstruct.evaluation.report import Yardstick, loop_section

TOP = (17, 25, 50, 100, 133)
BARS = {50: 0.74, 100: 0.60}
MAP = "GM12878_MboI_chr21_10kb_hg19.cool::/10000"


def loops_of(path: Path) -> Any:
    """Centres and scores of the loops on chr21 in a label file, or in the ``loops.bedpe`` of a folder."""
    file = path / "loops.bedpe" if path.is_dir() else path
    return loop_table(select(read_labels(file).records, Kind.LOOP, "chr21"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pred", type=Path, help="score these calls instead of running hicstruct predict")
    parser.add_argument("--model", default="default")
    parser.add_argument("--no-peers", action="store_true")
    args = parser.parse_args()
    labels, work, speed = data_dir() / "labels", scratch("chr21"), {}
    map_uri = f"{data_dir() / 'maps'}/{MAP}"
    callers: dict[str, Path] = {"Peakachu (published)": labels / "GM12878_chr21.peakachu.10kb.hg19.bedpe"}
    if args.pred is None:
        command = [hicstruct(), "predict", map_uri, "-o", work / "predicted", "--chrom", "21", "--model", args.model]
        speed["hicstruct"] = run_program([*command, "--tasks", "loop", "--quiet"])
        callers["hicstruct"] = work / "predicted"
    else:
        callers["hicstruct"] = args.pred
    if not args.no_peers:
        speed["chromosight"] = run_program(chromosight(map_uri, work / "chromosight"))
        callers["chromosight"] = work / "chromosight.tsv"
    truth = [loops_of(labels / f"GM12878_chr21.{name}.hg19.bedpe") for name in ("HiCCUPS", "RAD21_ChIA-PET")]
    rule = Yardstick(tolerance=20_000, resolution=10_000, top=TOP)
    scores = {name: loop_section(loops_of(path), truth, rule).metrics for name, path in sorted(callers.items())}
    for name, metrics in scores.items():
        top = "  ".join(f"P@{n} {value:.3f}" for n, value in metrics["precision_at"].items())
        say(f"{name:22s} {metrics['calls']:4d} calls  {top}  AP {metrics['average_precision']:.3f}"
            f"  chance {metrics['shifted_control_precision']:.3f}")  # fmt: skip
    ours = scores["hicstruct"]["precision_at"]
    record(
        "loops_chr21",
        {
            "callers": scores,
            "seconds": {name: run.wall_s for name, run in speed.items()},
            "calls_from": "hicstruct predict" if args.pred is None else args.pred.name,
            "met": all(ours[n] >= bar for n, bar in BARS.items()),
        },
    )


def chromosight(map_uri: str, prefix: Path, *, threads: int = THREADS) -> list[str | Path]:
    """Chromosight's loop detection as its authors set it, up to 3 Mb."""
    options = ["--threads", str(threads), "--no-plotting", "--max-dist", "3000000"]
    return [peer("chromosight"), "detect", *options, map_uri, prefix]


if __name__ == "__main__":
    main()
