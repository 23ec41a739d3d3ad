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
SLACK = 0.005
"""Average precision that counts as reached: less than a single loop."""


def curve(lab: Lab, order: str, seed: int, *, faint: bool) -> list[float]:
    """Average precision with no corrections and after each round."""
    oracle, judged, skipped = Oracle(lab.case), {}, set()
    change, found = None, [lab.precision(None, faint=faint)]
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
        found.append(lab.precision(change, faint=faint))
    return found


def needed(values: list[float], goal: float) -> int | None:
    """The first round in which a curve reaches a goal; None if in none."""
    return next((n for n, value in zip((0, *ROUNDS), values, strict=True) if value >= goal - SLACK), None)


def draw(curves: dict[str, dict[str, Any]], path: Path) -> None:
    """Average precision against corrections, one panel per kind of map."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    colours = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#777777")
    for axes, (name, orders) in zip(figure.subplots(1, len(curves)), curves.items(), strict=True):
        for colour, (order, values) in zip(colours, orders.items(), strict=False):
            mean, spread = np.mean(values, axis=0), np.std(values, axis=0, ddof=1)
            style = "--" if order == "random" else "-"
            axes.plot((0, *ROUNDS), mean, "o" + style, ms=4, color=colour, label=order)
            axes.fill_between((0, *ROUNDS), mean - spread, mean + spread, color=colour, alpha=0.12)
        axes.set(title=name, xlabel="corrections", ylabel="average precision, listed loops")
        axes.grid(alpha=0.3)
    figure.axes[0].legend(frameon=False, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--picture", type=Path, default=ROOT / "docs" / "images" / "active-learning.png")
    args = parser.parse_args()
    config = FinetuneConfig()
    listed: dict[str, dict[str, Any]] = {}
    faint: dict[str, dict[str, Any]] = {}
    for name in MAPS:
        labs = [Lab(Case(name, seed), config) for seed in SEEDS]
        for order in ORDERS:
            listed.setdefault(name, {})[order] = [curve(lab, order, lab.case.seed, faint=False) for lab in labs]
            faint.setdefault(name, {})[order] = [curve(lab, order, lab.case.seed, faint=True) for lab in labs]
            mean = np.mean(listed[name][order], axis=0)
            say(f"{name:18s} {order:18s} listed {'  '.join(f'{value:.3f}' for value in mean)}")
    reached = {}
    for name, orders in listed.items():
        goal = float(np.mean(orders["random"], axis=0)[-1])
        reached[name] = {order: needed(list(np.mean(values, axis=0)), goal) for order, values in orders.items()}
        say(f"{name:18s} random at 200: {goal:.3f}; reached with {reached[name]}")
    draw(listed, args.picture)
    own = [reached[name][DEFAULT] for name in MAPS]
    met = all(n is not None and n <= 100 for n in own)
    record(
        "active_learning",
        {"rounds": list(ROUNDS), "listed": listed, "faint": faint, "needed": reached, "default": DEFAULT, "met": met},
    )


if __name__ == "__main__":
    main()
