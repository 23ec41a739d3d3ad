"""TAD boundaries learnt without any TAD label, beside the same network with labels and beside cooltools insulation.

Proxy networks (``ablations.yaml``), three seeds each, on the held-out simulated maps of ``tads_simulated``: F1@±2 bins
at equal numbers.  Bars: without labels at least insulation + .03, and at most .05 below the labelled network.
A third variant has labels and no band branch: what it loses on the ends of large domains is what the branch is for.

    python -m benchmarks.weak_tads [--steps 600] [--quick]
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from benchmarks import _maps as maps
from benchmarks._borders import CALLERS, OFFSETS, SIZE_NAMES, mean_found
from benchmarks._harness import record, rounded, say
from benchmarks._proxies import SEEDS, proxy
from benchmarks.tads_simulated import mean_f1, one_map

ABOVE_INSULATION = 0.03
BELOW_SUPERVISED = 0.05
VARIANTS: dict[str, dict[str, Any]] = {
    "labels": {},
    "no labels": {"weak": {"enabled": True}},
    "labels, no band branch": {"model": {"band_branch": False}},
}


def measured(name: str, seed: int, steps: int, corners: int) -> list[dict[int, dict[str, Any]]]:
    """One trained variant on every held-out map."""
    model = str(proxy(name, VARIANTS[name], steps=steps, seed=seed))
    return [one_map(t, model) for s in maps.STYLES for d in maps.DEPTHS for t in maps.held_out(s, d, corners=corners)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--quick", action="store_true", help="one map per simulator and depth instead of three")
    args = parser.parse_args()
    corners = 1 if args.quick else len(maps.CORNERS)
    runs = {name: [measured(name, seed, args.steps, corners) for seed in SEEDS] for name in VARIANTS}
    every = [part for seeds in runs.values() for parts in seeds for part in parts]
    offset = max(OFFSETS, key=lambda k: mean_f1([part[k] for part in every], CALLERS[1]))
    f1 = {name: [mean_f1([p[offset] for p in parts], CALLERS[0]) for parts in seeds] for name, seeds in runs.items()}
    peer = [mean_f1([part[offset] for part in parts], CALLERS[1]) for parts in runs["labels"]]
    found = {
        name: [mean_found([part[offset] for part in parts], CALLERS[0]) for parts in seeds]
        for name, seeds in runs.items()
    }
    sizes = {
        name: {size: float(np.mean([row[size] for row in rows if row[size] is not None])) for size in SIZE_NAMES}
        for name, rows in found.items()
    }
    for name, values in f1.items():
        spread = np.std(values, ddof=1)
        say(f"{name:24s} F1@±2 {np.mean(values):.3f} ± {spread:.3f}  ends by size {rounded(sizes[name])}")
    say(f"{CALLERS[1]:24s} F1@±2 {np.mean(peer):.3f}")
    weak, full, insulation = (float(np.mean(v)) for v in (f1["no labels"], f1["labels"], peer))
    met = weak >= insulation + ABOVE_INSULATION and weak >= full - BELOW_SUPERVISED
    record(
        "weak_tads",
        {
            "steps": args.steps,
            "seeds": list(SEEDS),
            "maps_per_cell": corners,
            "f1_2_bins": f1,
            "insulation": insulation,
            "ends_found": sizes,
            "met": None if args.quick else met,
        },
    )


if __name__ == "__main__":
    main()
