"""TAD boundaries on held-out simulated maps at 10 kb: hicstruct beside cooltools insulation, at equal numbers.

Two simulators, four depths, three maps of 10 Mb each (``_maps.py``).  Truth: sites that insulate visibly in the
noise-free map; fainter ones count neither way.  The strongest of each caller, as many as the truth has or the shorter
list gives; of the starts, centres and ends of its bins, the peer has what suits it best over all maps.  Bar: F1@±2 bins
at least .08 above the peer's, mean over all maps; ends of domains beyond 1 Mb found no less often than those of domains
below 400 kb.  Our domains beside the true ones too: F1 and average precision, where a Jaccard of .7 is a hit.

    python -m benchmarks.tads_simulated [--model M] [--quick]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks import _maps as maps
from benchmarks._borders import CALLERS, OFFSETS, SIZE_NAMES, compare, mean_found, predicted, whole_domains
from benchmarks._callers import insulation, predict
from benchmarks._harness import record, rounded, say
from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.evaluation.records import boundary_table, domain_table, select

GAIN = 0.08
SLACK = 0.01


def one_map(test: maps.TestMap, model: str) -> dict[int, dict[str, Any]]:
    """Both callers on one map, by the offset of the peer's positions; our domains with each."""
    uri = test.uri(10_000)
    ours = predict(uri, test.path.with_suffix("") / "predicted_tads", model=model, tasks="tad")
    calls = {"hicstruct": predicted(ours), CALLERS[1]: insulation(uri, test.path.with_suffix("") / "10000")}
    truth, faint = (
        boundary_table(select(read_labels(folder / "boundaries.bed", kind=Kind.BOUNDARY).records, Kind.BOUNDARY), [])
        for folder in (test.truth, test.truth / "faint")
    )
    domains = domain_table(select(read_labels(test.truth / "tads.bed", kind=Kind.TAD).records, Kind.TAD))
    whole = {"domains": whole_domains(ours, domains)}
    return {k: compare(calls, truth[:, 0], domains, faint=faint[:, 0], offsets=(k,)) | whole for k in OFFSETS}


def mean_f1(parts: Sequence[dict[str, Any]], caller: str) -> float:
    """Mean F1@±2 bins of a caller."""
    return float(np.mean([part["callers"][caller]["f1_2_bins"] for part in parts]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("--quick", action="store_true", help="one map per simulator and depth instead of three")
    args = parser.parse_args()
    corners = 1 if args.quick else len(maps.CORNERS)
    measured: dict[str, list[dict[int, dict[str, Any]]]] = {}
    for style in maps.STYLES:
        for depth in maps.DEPTHS:
            tests = maps.held_out(style, depth, corners=corners)
            measured[f"{style}, depth {depth:g}"] = [one_map(test, args.model) for test in tests]
    everything = [part for cell in measured.values() for part in cell]
    offset = max(OFFSETS, key=lambda k: mean_f1([part[k] for part in everything], CALLERS[1]))
    parts = [part[offset] for part in everything]
    cells = {name: {c: mean_f1([part[offset] for part in cell], c) for c in CALLERS} for name, cell in measured.items()}
    for name, cell in cells.items():
        say(f"{name:24s} " + "  ".join(f"{caller} F1@±2 {value:.3f}" for caller, value in cell.items()))
    domains = {
        name: {key: float(np.mean([part[offset]["domains"][key] for part in cell])) for key in ("listed", "f1", "ap")}
        for name, cell in measured.items()
    }
    f1 = {c: mean_f1(parts, c) for c in CALLERS}
    sizes = {c: mean_found(parts, c) for c in CALLERS}
    gain = f1[CALLERS[0]] - f1[CALLERS[1]]
    small, large = (sizes["hicstruct"][SIZE_NAMES[k]] for k in (0, 2))
    even = None if small is None or large is None else large >= small - SLACK
    for name, cell in domains.items():
        say(f"{name:24s} domains {cell['listed']:.0f}  F1 {cell['f1']:.3f}  average precision {cell['ap']:.3f}")
    say(f"all: {rounded(f1)}, gain {gain:.3f}; ends found by size of the domain: {rounded(sizes)}")
    record(
        "tads_simulated",
        {
            "model": args.model,
            "maps_per_cell": corners,
            "f1_2_bins": f1,
            "gain": gain,
            "cells": cells,
            "ends_found": sizes,
            "domains": domains,
            "met": None if args.quick else gain >= GAIN and even is not False,
        },
    )


if __name__ == "__main__":
    main()
