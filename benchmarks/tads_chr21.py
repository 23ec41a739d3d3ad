"""TAD boundaries on real GM12878 chr21 at 10 kb: hicstruct beside cooltools insulation, at equal numbers.

F1 at ±1 and ±2 bins (10 kb), one-to-one, against HiTAD alone and against Arrowhead ∪ HiTAD: the strongest of each
caller, as many as the truth has or the shorter list gives.  An insulation minimum is a bin, not a border: the peer is
scored at its bins' starts, centres and ends, and the best of the three counts.  Bar: F1@±2 bins against the union at
least .08 above the peer's, against HiTAD not below it.  By size: the share of the ends of true domains that are found.

    python -m benchmarks.tads_chr21 [--pred DIR] [--model M]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._borders import BIN, SIZE_NAMES, compare, predicted
from benchmarks._callers import insulation, predict
from benchmarks._harness import data_dir, record, rounded, say, scratch
from benchmarks.loops_chr21 import MAP
from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.evaluation.boundaries import boundaries_of
from napari_hicstruct.evaluation.records import domain_table, select

GAIN = 0.08
UNION, ONE = "Arrowhead ∪ HiTAD", "HiTAD"


def domains_of(name: str) -> Any:
    """Starts and ends of the published domains on chr21."""
    return domain_table(select(read_labels(data_dir() / "labels" / name).records, Kind.TAD, "chr21"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pred", type=Path, help="score this folder instead of running hicstruct predict")
    parser.add_argument("--model", default="default")
    parser.add_argument("--no-peers", action="store_true")
    args = parser.parse_args()
    work = scratch("chr21")
    uri = f"{data_dir() / 'maps'}/{MAP}"
    folder = args.pred or predict(uri, work / "predicted_tads", model=args.model, tasks="tad", chrom="21")
    calls = {"hicstruct": predicted(folder, "chr21")}
    if not args.no_peers:
        calls["cooltools insulation"] = insulation(uri, work)
    hitad = domains_of("GM12878_chr21.HiTAD.20kb.hg19.txt")
    both = np.vstack([domains_of("GM12878_chr21.Arrowhead.hg19.bed"), hitad])
    truths = {ONE: (boundaries_of(hitad), hitad), UNION: (boundaries_of(both, merge=BIN), both)}
    found = {name: compare(calls, *truth) for name, truth in truths.items()}
    for name, one in found.items():
        for caller, rates in one["callers"].items():
            ends = "  ".join(f"{size} {rounded(rates['ends_found'][size]['found'])}" for size in SIZE_NAMES)
            say(f"{caller:22s} best {one['n']} of {len(calls[caller])} against {name:18s}: F1 ±1 bin "
                f"{rates['f1_1_bin']:.3f}  ±2 bins {rates['f1_2_bins']:.3f}  shifted precision "
                f"{rates['shifted_precision']:.3f}  ends found: {ends}")  # fmt: skip
    result: dict[str, Any] = {"model": args.model, "truths": found}
    if not args.no_peers:
        gain = {
            name: one["callers"]["hicstruct"]["f1_2_bins"] - one["callers"]["cooltools insulation"]["f1_2_bins"]
            for name, one in found.items()
        }
        result |= {"gain": gain, "met": gain[UNION] >= GAIN and gain[ONE] >= 0}
    record("tads_chr21", result)


if __name__ == "__main__":
    main()
