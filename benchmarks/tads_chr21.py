"""TAD boundaries on real GM12878 chr21 at 10 kb: hicstruct beside cooltools insulation, at equal numbers.

F1 at ±1 and ±2 bins (10 kb), one-to-one: the strongest 138 of each caller, as many as HiTAD has, against HiTAD alone
and against Arrowhead ∪ HiTAD, and as many as the union has.  An insulation minimum is a bin, not a border: the peer is
scored at its bins' starts, centres and ends, and the best of the three counts.  Bar: F1@±2 bins against the union
at least .08 above the peer's at both numbers, against HiTAD not below it.  By size: the share of the ends of true
domains found; our domains against either list (a Jaccard of .7 is a hit).

    python -m benchmarks.tads_chr21 [--pred DIR] [--model M]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._borders import BIN, CALLERS, SIZE_NAMES, compare, predicted, whole_domains
from benchmarks._callers import insulation, predict
from benchmarks._harness import data_dir, record, rounded, say, scratch
from benchmarks.loops_chr21 import MAP
from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.evaluation.boundaries import boundaries_of
from napari_hicstruct.evaluation.records import domain_table, select

GAIN = 0.08
ONE, UNION, WHOLE = "HiTAD", "Arrowhead ∪ HiTAD", "the union, as many as it has"


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
    arrowhead = domains_of("GM12878_chr21.Arrowhead.hg19.bed")
    both = np.vstack([arrowhead, hitad])
    one, union = boundaries_of(hitad), boundaries_of(both, merge=BIN)
    found = {
        ONE: compare(calls, one, hitad),
        UNION: compare(calls, union, both, most=len(one)),
        WHOLE: compare(calls, union, both),
    }
    for name, part in found.items():
        for caller, rates in part["callers"].items():
            ends = "  ".join(f"{size} {rounded(rates['ends_found'][size]['found'])}" for size in SIZE_NAMES)
            say(f"{caller:22s} best {part['n']} of {len(calls[caller])} against {name:28s}: F1 ±1 bin "
                f"{rates['f1_1_bin']:.3f}  ±2 bins {rates['f1_2_bins']:.3f}  shifted precision "
                f"{rates['shifted_precision']:.3f}  ends found: {ends}")  # fmt: skip
    whole = {name: whole_domains(folder, list_, "chr21") for name, list_ in (("Arrowhead", arrowhead), (ONE, hitad))}
    say(f"domains: {whole}")
    result: dict[str, Any] = {"model": args.model, "truths": found, "domains": whole}
    if not args.no_peers:
        gain = {
            name: part["callers"][CALLERS[0]]["f1_2_bins"] - part["callers"][CALLERS[1]]["f1_2_bins"]
            for name, part in found.items()
        }
        result |= {"gain": gain, "met": min(gain[UNION], gain[WHOLE]) >= GAIN and gain[ONE] >= 0}
    record("tads_chr21", result)


if __name__ == "__main__":
    main()
