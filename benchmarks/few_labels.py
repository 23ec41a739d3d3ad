"""What pretraining on unlabelled maps (band-MAE) brings where a tenth of the maps has labels.

Proxy networks (``ablations.yaml``), three seeds: 20 maps without labels for masked reconstruction, 2 of them (others
for each seed) with labels for the tasks; beside the same training from nothing, and from nothing on all 20.  Figures
are average precision on held-out maps.

    python -m benchmarks.few_labels [--steps 300] [--pretraining 600]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import record, rounded, say
from benchmarks._proxies import SEEDS, precision, proxy

MAPS, LABELLED = 20, 2
ALL = {"train": {"extrusion": MAPS, "first_seed": 1}}


def few(seed: int) -> dict[str, Any]:
    """The labelled tenth of a seed."""
    return {"train": {"extrusion": LABELLED, "first_seed": 1 + LABELLED * (seed - 1)}}


def one_seed(seed: int, steps: int, pretraining: int) -> dict[str, dict[str, float]]:
    """Average precisions with a tenth of the labels from nothing and from band-MAE, and with all from nothing."""
    masked = ALL | {"objective": "reconstruction", "model": {"reconstruction": True}}
    before: Path = proxy("band-MAE", masked, steps=pretraining, seed=seed)
    return {
        "a tenth": precision(proxy("a tenth", few(seed), steps=steps, seed=seed)),
        "a tenth after band-MAE": precision(proxy("after band-MAE", few(seed), steps=steps, seed=seed, parent=before)),
        "all": precision(proxy("all labels", ALL, steps=steps, seed=seed)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--pretraining", type=int, default=600)
    args = parser.parse_args()
    runs = [one_seed(seed, args.steps, args.pretraining) for seed in SEEDS]
    names, outputs = list(runs[0]), list(runs[0]["all"])
    mean = {n: {key: float(np.mean([run[n][key] for run in runs])) for key in outputs} for n in names}
    for name in names:
        totals = [run[name]["total"] for run in runs]
        say(f"{name:24s} {rounded(mean[name])}  total ± {np.std(totals, ddof=1):.3f}")
    gains = [run[names[1]]["total"] - run[names[0]]["total"] for run in runs]
    say(f"gain of band-MAE by seed: {rounded(gains)}, mean {np.mean(gains):+.3f}")
    record(
        "few_labels",
        {
            "steps": args.steps,
            "pretraining": args.pretraining,
            "seeds": list(SEEDS),
            "average_precision": mean,
            "gain_by_seed": gains,
            "gain": float(np.mean(gains)),
        },
    )


if __name__ == "__main__":
    main()
