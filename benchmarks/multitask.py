"""One network for three tasks beside three networks for one task each: same encoder, widths, windows, steps per task.

Proxy networks (``ablations.yaml``) with the default's attention, three seeds.  Figures: average precision on held-out
maps.  Bar: together at least as good as alone on each output, within the spread of the seeds.

    python -m benchmarks.multitask [--steps 300]
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks._harness import record, rounded, say
from benchmarks._proxies import SEEDS, precision, proxy
from benchmarks.ablations import merged, plan

ATTENTION = {"model": {"attention": {"kind": "band", "contact_bias": True}}}
TOGETHER: dict[str, dict[str, Any]] = {
    "together": {},
    "together, nddr": {"model": {"interaction": "nddr"}},
}


def alone(seed: int, steps: int) -> dict[str, float]:
    """Average precision of every output, each by the network that has its task only."""
    found: dict[str, float] = {}
    for name, changes in plan()["variants"].items():
        if name.startswith("single/"):
            found |= precision(proxy(name, merged(ATTENTION, changes), steps=steps, seed=seed))
    found.pop("total")
    return found


def together(name: str, seed: int, steps: int) -> dict[str, float]:
    """Average precision of every output of one network for all tasks."""
    found = precision(proxy(name, merged(ATTENTION, TOGETHER[name]), steps=steps, seed=seed))
    found.pop("total")
    return found


def margins(runs: Mapping[str, list[dict[str, float]]]) -> dict[str, tuple[float, float]]:
    """Per output: mean of together − alone over the seeds, and the spread (standard error) of that difference."""
    out = {}
    for key in runs["alone"][0]:
        gaps = [both[key] - one[key] for both, one in zip(runs["together"], runs["alone"], strict=True)]
        out[key] = float(np.mean(gaps)), float(np.std(gaps, ddof=1) / np.sqrt(len(gaps)))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=300)
    args = parser.parse_args()
    runs = {"alone": [alone(seed, args.steps) for seed in SEEDS]}
    runs |= {name: [together(name, seed, args.steps) for seed in SEEDS] for name in TOGETHER}
    outputs = list(runs["alone"][0])
    mean = {name: {key: float(np.mean([run[key] for run in rows])) for key in outputs} for name, rows in runs.items()}
    spread = {
        name: {key: float(np.std([run[key] for run in rows], ddof=1)) for key in outputs} for name, rows in runs.items()
    }
    for name, row in mean.items():
        say(f"{name:24s} {rounded(row)} ± {rounded(spread[name])}")
    gaps = margins(runs)
    say(f"together − alone: {rounded(gaps)}")
    record(
        "multitask",
        {
            "steps": args.steps,
            "seeds": list(SEEDS),
            "average_precision": mean,
            "spread": spread,
            "gain": gaps,
            "met": all(gap >= 0 for gap, _ in gaps.values()),
            "within_spread": all(gap >= -error for gap, error in gaps.values()),
        },
    )


if __name__ == "__main__":
    main()
