"""How many corrections each order of the queue needs: average precision after 25, 50, 100 and 200 of them.

Maps, halves and oracle as in ``finetune_gain``; after each round the last layers are fitted to all corrections so far
and the rest is ordered anew.  Orders: three strategies and ``random``.  Bar: with the default strategy the average
precision that ``random`` reaches at 200 is reached with 100 or fewer, on every kind of map.

    python -m benchmarks.active_learning [--picture docs/images/active-learning.png]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import ROOT, record, say
from benchmarks._headlab import Lab, accepted
from benchmarks._oracle import MAPS, SEEDS, Case, Oracle
from napari_hicstruct.active.strategies import DEFAULT, priorities
from napari_hicstruct.config.finetune import FinetuneConfig

ROUNDS = (25, 50, 100, 200)
ORDERS = tuple(dict.fromkeys((DEFAULT, "entropy", "bald", "entropy+diversity", "score", "random")))
MEASURES = {
    "listed": "average precision of listed loops",
    "f1": "F1 of listed loops",
    "faint": "average precision, also below the threshold",
}
SLACK = 0.005
"""Average precision that counts as reached: less than a single loop."""


def curve(lab: Lab, order: str, seed: int) -> dict[str, list[float]]:
    """Each of :data:`MEASURES` with no corrections and after each round."""
    oracle, judged, skipped = Oracle(lab.case), {}, set()
    change, found = None, [lab.scores(None)]
    mine = np.flatnonzero(lab.first_half)
    for rounds, upto in enumerate(ROUNDS):
        open_ = [int(k) for k in mine if k not in judged and k not in skipped]
        if open_:
            worth = priorities(lab.pool(open_, change, first=change is None), order, seed=seed + rounds)
            for k in np.argsort(-worth, kind="stable"):
                if len(judged) >= upto:
                    break
                one = oracle.judge(lab.records[open_[k]])
                if one is None:
                    skipped.add(open_[k])
                else:
                    judged[open_[k]] = accepted(one)
        change = lab.fit(judged)
        found.append(lab.scores(change))
    return {which: [one[which] for one in found] for which in MEASURES}


def needed(values: list[float], goal: float) -> int | None:
    """The first round in which a curve reaches a goal; None if in none."""
    return next((n for n, value in zip((0, *ROUNDS), values, strict=True) if value >= goal - SLACK), None)


def draw(curves: dict[str, dict[str, list[dict[str, list[float]]]]], path: Path) -> None:
    """Change since the first correction against corrections: a column per kind of map, a row per measure."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 9), layout="constrained")
    FigureCanvasAgg(figure)
    colours = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#777777", "#56B4E9")
    grid = figure.subplots(len(MEASURES), len(curves), sharex=True, squeeze=False)
    for column, (name, orders) in enumerate(curves.items()):
        for row, (which, label) in enumerate(MEASURES.items()):
            axes = grid[row, column]
            for colour, (order, runs) in zip(colours, orders.items(), strict=False):
                gains = np.array([run[which] for run in runs]) - np.array([run[which][0] for run in runs])[:, None]
                mean, spread = gains.mean(axis=0), gains.std(axis=0, ddof=1)
                style = "--" if order == "random" else "-"
                axes.plot((0, *ROUNDS), mean, "o" + style, ms=4, color=colour, label=order)
                axes.fill_between((0, *ROUNDS), mean - spread, mean + spread, color=colour, alpha=0.08)
            start = np.mean([run[which][0] for run in next(iter(orders.values()))])
            axes.set_title(f"{name}, from {start:.2f}" if row else f"{name}\nfrom {start:.2f}", fontsize=10)
            axes.grid(alpha=0.3)
            if column == 0:
                axes.set_ylabel(f"change of the\n{label}", fontsize=9)
            if row == len(MEASURES) - 1:
                axes.set_xlabel("corrections")
    grid[0, 0].legend(frameon=False, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--picture", type=Path, default=ROOT / "docs" / "images" / "active-learning.png")
    args = parser.parse_args()
    config = FinetuneConfig()
    curves: dict[str, dict[str, list[dict[str, list[float]]]]] = {}
    for name in MAPS:
        labs = [Lab(Case(name, seed), config) for seed in SEEDS]
        for order in ORDERS:
            runs = [curve(lab, order, lab.case.seed) for lab in labs]
            curves.setdefault(name, {})[order] = runs
            for which in MEASURES:
                mean = np.mean([run[which] for run in runs], axis=0)
                say(f"{name:18s} {order:18s} {which:7s} {'  '.join(f'{value:.3f}' for value in mean)}")
    reached: dict[str, Any] = {}
    for name, orders in curves.items():
        means = {order: list(np.mean([run["listed"] for run in runs], axis=0)) for order, runs in orders.items()}
        goal = float(means["random"][-1])
        reached[name] = {order: needed(values, goal) for order, values in means.items()}
        say(f"{name:18s} random at 200: {goal:.3f}; reached with {reached[name]}")
    draw(curves, args.picture)
    own = [reached[name][DEFAULT] for name in MAPS]
    met = all(n is not None and n <= 100 for n in own)
    record(
        "active_learning",
        {"rounds": list(ROUNDS), "curves": curves, "needed": reached, "default": DEFAULT, "met": met},
    )


if __name__ == "__main__":
    main()
