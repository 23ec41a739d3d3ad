"""TAD boundaries on real GM12878 chr21 at 10 kb: hicstruct beside cooltools insulation, at equal numbers.

Both give as many boundaries as HiTAD has (the strongest ones), F1 at ±1 and ±2 bins (10 kb), one-to-one, against
HiTAD alone and against Arrowhead ∪ HiTAD.  An insulation minimum is a bin, not a border: the peer is scored at its
bins' starts, centres and ends, and the best of the three counts.  Bar: F1@±2 bins at or above the peer's.

    python -m benchmarks.tads_chr21 [--pred DIR] [--model M]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._harness import data_dir, hicstruct, peer, record, run_program, say, scratch
from benchmarks.loops_chr21 import MAP
from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.evaluation.boundaries import (
    CONTROL_SHIFT,
    boundaries_of,
    boundary_f1,
    boundary_score,
    strongest,
)
from napari_hicstruct.evaluation.records import boundary_table, domain_table, select

BIN = 10_000
WINDOW = 100_000


def domains_of(path: Path) -> Any:
    """Starts and ends of the domains on chr21."""
    return domain_table(select(read_labels(path).records, Kind.TAD, "chr21"))


def predicted(folder: Path) -> Any:
    """Positions and scores of the predicted boundaries, or of the ends of the predicted domains."""
    both = {
        kind: select(read_labels(folder / name, kind=kind).records, kind, "chr21") if (folder / name).exists() else []
        for kind, name in ((Kind.BOUNDARY, "boundaries.bed"), (Kind.TAD, "tads.bed"))
    }
    return boundary_table(both[Kind.BOUNDARY], both[Kind.TAD])


def insulation(map_uri: str, out: Path) -> Any:
    """Start (bp) and strength of all minima of the insulation score."""
    run_program([peer("cooltools"), "insulation", map_uri, str(WINDOW), "-o", out])
    table = pd.read_csv(out, sep="\t")
    table = table[table[f"boundary_strength_{WINDOW}"].notna()]
    return table[["start", f"boundary_strength_{WINDOW}"]].to_numpy(float)


def score(table: Any, offsets: tuple[int, ...], n: int, truths: dict[str, Any]) -> dict[str, Any]:
    """F1 of the ``n`` strongest against each truth, at the offset that suits them best."""
    best: dict[str, Any] = {"calls": len(table), "ranked_at": n}
    for name, truth in truths.items():
        tried = [strongest(table[:, 0] + offset, table[:, 1], n) for offset in offsets]
        positions = max(tried, key=lambda p: boundary_f1(p, truth, 2 * BIN))
        best[name] = {
            "f1_1_bin": boundary_f1(positions, truth, BIN),
            "f1_2_bins": boundary_f1(positions, truth, 2 * BIN),
            "precision_2_bins": boundary_score(positions, truth, 2 * BIN).precision,
            "shifted_precision": boundary_score(positions + CONTROL_SHIFT, truth, 2 * BIN).precision,
        }
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pred", type=Path, help="score this folder instead of running hicstruct predict")
    parser.add_argument("--model", default="default")
    parser.add_argument("--no-peers", action="store_true")
    args = parser.parse_args()
    labels, work = data_dir() / "labels", scratch("chr21")
    map_uri = f"{data_dir() / 'maps'}/{MAP}"
    folder = args.pred or work / "predicted_tads"
    if args.pred is None:
        command = [hicstruct(), "predict", map_uri, "-o", folder, "--chrom", "21", "--model", args.model]
        run_program([*command, "--tasks", "tad", "--quiet"])
    hitad = domains_of(labels / "GM12878_chr21.HiTAD.20kb.hg19.txt")
    arrowhead = domains_of(labels / "GM12878_chr21.Arrowhead.hg19.bed")
    truths = {
        "HiTAD": boundaries_of(hitad),
        "Arrowhead ∪ HiTAD": boundaries_of(np.vstack([arrowhead, hitad]), merge=BIN),
    }
    n = len(truths["HiTAD"])
    callers = {"hicstruct": score(predicted(folder), (0,), n, truths)}
    if not args.no_peers:
        peers = insulation(map_uri, work / "insulation.tsv")
        callers["cooltools insulation"] = score(peers, (0, BIN // 2, BIN), n, truths)
    for name, found in callers.items():
        for truth in truths:
            say(f"{name:22s} {found['calls']:4d} calls, best {n} against {truth:18s}: F1 ±1 bin "
                f"{found[truth]['f1_1_bin']:.3f}  ±2 bins {found[truth]['f1_2_bins']:.3f}  "
                f"shifted precision {found[truth]['shifted_precision']:.3f}")  # fmt: skip
    result: dict[str, Any] = {"callers": callers}
    if not args.no_peers:
        ours, theirs = (callers[name] for name in ("hicstruct", "cooltools insulation"))
        result["met"] = all(ours[truth]["f1_2_bins"] >= theirs[truth]["f1_2_bins"] for truth in truths)
    truth_sizes = {name: len(positions) for name, positions in truths.items()}
    record("tads_chr21", {**result, "truth": truth_sizes})


if __name__ == "__main__":
    main()
