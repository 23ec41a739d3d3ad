"""TAD boundaries on real GM12878 chr21 at 10 kb: hicstruct beside cooltools insulation, at equal numbers.

F1 at ±1 and ±2 bins (10 kb), one-to-one: the strongest 138 of each caller, as many as HiTAD has, against HiTAD alone
and against Arrowhead ∪ HiTAD, and as many as the union has.  An insulation minimum is a bin, not a border: the peer is
scored at its bins' starts, centres and ends, and the best of the three counts.  Bar: F1@±2 bins against the union
at least .08 above the peer's at both numbers, against HiTAD not below it.  By size: the share of the ends of true
domains found; our domains against either list (a Jaccard of .7 is a hit), and by their calibrated probability: the
share that is in one of the lists, and by chance, if all are moved by 0.5, 1 and 2 Mb to either side; boundaries
likewise (20 kb).

    python -m benchmarks.tads_chr21 [--pred DIR] [--model M]
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._borders import BIN, CALLERS, SIZE_NAMES, compare, predicted, whole_domains
from benchmarks._callers import insulation, predict
from benchmarks._harness import data_dir, record, rounded, say, scratch
from benchmarks.loops_chr21 import MAP
from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.loci import near_any
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.evaluation.boundaries import boundaries_of
from napari_hicstruct.evaluation.domains import jaccard_matrix
from napari_hicstruct.evaluation.records import domain_table, select

GAIN = 0.08
ONE, UNION, WHOLE = "HiTAD", "Arrowhead ∪ HiTAD", "the union, as many as it has"


def domains_of(name: str) -> Any:
    """Starts and ends of the published domains on chr21."""
    return domain_table(select(read_labels(data_dir() / "labels" / name).records, Kind.TAD, "chr21"))


EDGES = {Kind.TAD: (0.0, 0.3, 0.5, 0.7, 0.85, 1.01), Kind.BOUNDARY: (0.0, 0.25, 0.5, 0.75, 0.9, 1.01)}
SHIFTS = tuple(sign * shift for shift in (500_000, 1_000_000, 2_000_000) for sign in (-1, 1))


def by_probability(folder: Path, domains: Any) -> dict[str, dict[str, dict[str, float]]]:
    """Number, mean probability, share in the lists and by chance, of TADs and boundaries by probability."""
    tads, boundaries = (
        select(read_labels(folder / name, kind=kind).records, kind, "chr21")
        for kind, name in ((Kind.TAD, "tads.bed"), (Kind.BOUNDARY, "boundaries.bed"))
    )
    table, places = domain_table(tads), np.array([[record.anchor1.center] for record in boundaries])
    ends = np.unique(domains)[:, None]

    def found(kind: Kind, shift: float) -> Any:
        if kind is Kind.TAD:
            return jaccard_matrix(table + shift, domains).max(axis=1) >= 0.7
        return near_any(places + shift, ends, 2 * BIN)

    result: dict[str, dict[str, dict[str, float]]] = {}
    for kind, records in ((Kind.TAD, tads), (Kind.BOUNDARY, boundaries)):
        p = np.array([record.probability for record in records])
        here, chance = found(kind, 0), np.mean([found(kind, shift) for shift in SHIFTS], axis=0)
        rows = {f"{a:g} – {b:g}": (p >= a) & (p < b) for a, b in itertools.pairwise(EDGES[kind])}
        rows["all"] = np.ones(len(p), bool)
        if kind is Kind.TAD:
            level = np.array([record.level for record in records])
            rows |= {"level 1": level == 1, "deeper levels": level > 1}
        values = {"p": p, "in_lists": here, "by_chance": chance}
        result[kind.value] = {
            name: {"n": int(own.sum())} | {key: float(one[own].mean()) for key, one in values.items()}
            for name, own in rows.items()
            if own.any()
        }
    return result


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
    classes = by_probability(folder, both)
    for kind, rows in classes.items():
        for name, row in rows.items():
            say(f"{kind:8s} {name:14s} " + "  ".join(f"{key} {value:.2f}" for key, value in row.items()))
    result: dict[str, Any] = {"model": args.model, "truths": found, "domains": whole, "by_probability": classes}
    if not args.no_peers:
        gain = {
            name: part["callers"][CALLERS[0]]["f1_2_bins"] - part["callers"][CALLERS[1]]["f1_2_bins"]
            for name, part in found.items()
        }
        result |= {"gain": gain, "met": min(gain[UNION], gain[WHOLE]) >= GAIN and gain[ONE] >= 0}
    record("tads_chr21", result)


if __name__ == "__main__":
    main()
