"""One truth in bins of five sizes: a map simulated at 1 kb, summed to 2, 5, 10 and 25 kb and predicted in each.

Two maps of 8 Mb (extrusion, seeds that nothing else uses, dots 2–4 kb wide, 300 contacts of neighbouring 1 kb bins).
Truth: what is visible at 1 kb; what is too faint there counts neither way.  In bins of a size only structures that span
at least three of them are asked for: loops whose anchors are so far apart, boundaries so far from the next.  Each
column takes the truth that spans three of *its* bins; the bar holds on the diagonal: average precision in those bins at
least .9 of the best of all bin sizes on the same truth.  Within ±20 kb, or two bins where these are larger.

    python -m benchmarks.bin_sizes [--model M]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._callers import our_loops, predict
from benchmarks._harness import record, say, scratch
from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.evaluation.boundaries import rank_boundaries
from napari_hicstruct.evaluation.loops import match_loops, prepare, rank
from napari_hicstruct.evaluation.records import boundary_table, loop_table, select

SIZES = (1_000, 2_000, 5_000, 10_000, 25_000)
SEEDS, DEPTH, LENGTH = (810_001, 810_002), 300.0, 8_000_000
SPAN, TOLERANCE, SHARE = 3, 20_000, 0.9
"""Bins that a structure must span; bp; of the best bin size's average precision."""

Table = Any


def simulated(seed: int) -> Path:
    """The map of a seed in all bin sizes, made once."""
    path = scratch("bin_sizes") / f"{seed}.mcool"
    if not path.exists():
        from napari_hicstruct.config.simulation import SimulationConfig
        from napari_hicstruct.synth import simulate_map
        from napari_hicstruct.synth.write import write_simulation

        say(f"simulating {path.name} at 1 kb …")
        sim = simulate_map(SimulationConfig(length=LENGTH, resolution=SIZES[0], psf_bins=(2.0, 4.0)), seed)
        write_simulation(sim, path, depth=DEPTH, resolutions=SIZES, truth_dir=path.with_suffix(".truth"))
    return path


def loops_in(folder: Path) -> Table:
    """Loops of a folder of truth."""
    return loop_table(select(read_labels(folder / "loops.bedpe").records, Kind.LOOP))


def boundaries_in(folder: Path) -> Table:
    """Positions and scores of boundaries of a folder."""
    return boundary_table(select(read_labels(folder / "boundaries.bed", kind=Kind.BOUNDARY).records, Kind.BOUNDARY), [])


def loop_precision(calls: Table, truth: Path, size: int, span: int) -> float:
    """Average precision on loops of at least ``span`` bp, called in bins of ``size``."""
    visible = prepare(loops_in(truth)[:, :2])
    asked = visible[:, 1] - visible[:, 0] >= span
    ignored = np.concatenate([rank(loops_in(truth / "faint")), visible[~asked]])
    calls = prepare(calls)
    return match_loops(calls, visible[asked], max(TOLERANCE, 2 * size), ignore=ignored).average_precision()


def boundary_precision(calls: Table, truth: Path, size: int, span: int) -> float:
    """The same of boundaries that lie at least ``span`` bp from the next one."""
    found, faint = boundaries_in(truth)[:, 0], boundaries_in(truth / "faint")[:, 0]
    apart = np.diff(np.sort(found), prepend=-np.inf, append=np.inf)
    asked = np.minimum(apart[:-1], apart[1:]) >= span
    positions = np.sort(found)
    ignored = np.concatenate([faint, positions[~asked]])
    return rank_boundaries(calls, positions[asked], max(TOLERANCE, 2 * size), ignore=ignored).average_precision()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    args = parser.parse_args()
    found: dict[str, dict[int, dict[int, list[float]]]] = {
        kind: {size: {span: [] for span in SIZES} for size in SIZES} for kind in ("loop", "boundary")
    }
    for seed in SEEDS:
        path = simulated(seed)
        truth = path.with_suffix(".truth")
        for size in SIZES:
            out = path.with_suffix("") / f"predicted_{size}"
            predict(path, out, "--resolution", str(size), model=args.model, tasks="loop,tad")
            loops, boundaries = our_loops(out), boundaries_in(out)
            for span in SIZES:
                asked = span * SPAN
                found["loop"][size][span].append(loop_precision(loops, truth, size, asked))
                found["boundary"][size][span].append(boundary_precision(boundaries, truth, size, asked))
    means = {
        kind: {size: {span: float(np.nanmean(v)) for span, v in row.items()} for size, row in table.items()}
        for kind, table in found.items()
    }
    shares = {
        kind: {size: table[size][size] / max(row[size] for row in table.values()) for size in SIZES}
        for kind, table in means.items()
    }
    for kind, table in means.items():
        for size in SIZES:
            row = "  ".join(f"{table[size][span]:.3f}" for span in SIZES)
            say(f"{kind:9s} {size // 1000:3d} kb: {row}  share of the best {shares[kind][size]:.2f}")
    met = all(share >= SHARE for row in shares.values() for share in row.values())
    record("bin_sizes", {"model": args.model, "average_precision": means, "share_of_best": shares, "met": met})


if __name__ == "__main__":
    main()
