"""Loops on held-out simulated maps: average precision beside chromosight, cooltools dots and mustache, cell by cell.

16 cells: two simulators (loop extrusion, and painted kernels that no training ever sees), four depths, 5 and 10 kb;
in each the mean over three maps of 10 Mb, each with parameters beyond every range of training (``_maps.CORNERS``).
Truth: what is visible at the depth; what is too faint counts neither way.  ±2 bins at 10 kb, ±20 kb at 5 kb too,
40 kb – 3 Mb.  Every peer runs with its authors' thresholds and with loose ones (``_callers``): in each cell the better
of its two averages counts.  Bar: above every peer in every cell.

    python -m benchmarks.loops_simulated [--model M] [--quick]
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from benchmarks import _maps as maps
from benchmarks._callers import PEER_LOOPS, our_loops, peer_loops, predict
from benchmarks._harness import BenchmarkError, record, say
from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.evaluation.loops import match_loops, prepare, rank
from napari_hicstruct.evaluation.records import loop_table, select

RESOLUTIONS = (5_000, 10_000)
TOLERANCE = 20_000


def score(calls: Any, test: maps.TestMap) -> float:
    """Average precision of calls on one map; NaN where nothing is visible."""
    truth, faint = (
        loop_table(select(read_labels(folder / "loops.bedpe").records, Kind.LOOP))
        for folder in (test.truth, test.truth / "faint")
    )
    visible = prepare(truth[:, :2])
    if not len(visible):
        return float("nan")
    return match_loops(prepare(calls), visible, TOLERANCE, ignore=rank(faint)).average_precision()


def cell(tests: list[maps.TestMap], resolution: int, model: str, peers: tuple[str, ...]) -> dict[str, Any]:
    """Mean average precision of every caller over the maps of one cell; a peer's better setting."""
    values: dict[str, list[float]] = {}
    for test in tests:
        uri = test.uri(resolution)
        ours = predict(uri, test.path.with_suffix("") / f"predicted_{resolution}", model=model)
        values.setdefault("hicstruct", []).append(score(our_loops(ours), test))
        for name in peers:
            for loose in (False, True):
                folder = test.path.with_suffix("") / str(resolution)
                label = f"{name} loose" if loose else name
                values.setdefault(label, []).append(score(peer_calls(name, uri, folder, loose), test))
    means = {name: float(np.nanmean(found)) for name, found in values.items()}
    best = {name: max(means[name], means[f"{name} loose"]) for name in peers}
    return {
        "hicstruct": means["hicstruct"],
        **best,
        "settings": means,
        "maps": values["hicstruct"],
        "above": all(means["hicstruct"] > theirs for theirs in best.values()),
    }


def peer_calls(name: str, uri: str, folder: Any, loose: bool) -> Any:
    """A peer's calls; none where it fails on the map (a line says so)."""
    try:
        return peer_loops(name, uri, folder, loose=loose)
    except BenchmarkError as error:
        say(f"{name} gave nothing on {uri}: {str(error).strip().splitlines()[-1]}")
        return np.zeros((0, 3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--quick", action="store_true", help="one map per cell instead of three")
    args = parser.parse_args()
    corners = 1 if args.quick else len(maps.CORNERS)
    peers = () if args.no_peers else PEER_LOOPS
    found: dict[str, Any] = {}
    for style in maps.STYLES:
        for depth in maps.DEPTHS:
            tests = maps.held_out(style, depth, corners=corners)
            for resolution in RESOLUTIONS:
                name = f"{style}, {resolution // 1000} kb, depth {depth:g}"
                one = found[name] = cell(tests, resolution, args.model, peers)
                shown = "  ".join(f"{caller} {one[caller]:.3f}" for caller in ("hicstruct", *peers))
                say(f"{name:32s} {shown}  {'' if one['above'] else 'NOT ABOVE'}")
    met = all(one["above"] for one in found.values()) if peers and not args.quick else None
    record("loops_simulated", {"model": args.model, "maps_per_cell": corners, "cells": found, "met": met})


if __name__ == "__main__":
    main()
