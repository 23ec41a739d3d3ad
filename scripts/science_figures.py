"""One figure for each page of Science, from what the benchmarks measured: ``python scripts/science_figures.py``.

Read are the newest lines of ``benchmarks/results/*.jsonl``, its tables and the card of the shipped model; written are
``docs/images/science/*.svg``.  The full rows of a figure are in ``benchmarks/results``.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
OUT = ROOT / "docs" / "images" / "science"
OURS, PEERS, GREY = "#1f77b4", ("#ff7f0e", "#2ca02c", "#9467bd", "#8c564b"), "#999999"
STYLE = {
    "svg.fonttype": "none",  # text stays text: small, and found by a search
    "svg.hashsalt": "napari-hicstruct",  # the same figures give the same file
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
}
GROUPS = {
    "ablations": ("attention", "interaction", "selector", "loss", "balancing", "conflict"),
    "inputs": ("inputs", "band", "scales"),
    "attention": ("attention", "boundary prior"),
    "selectors": ("selector",),
    "interactions": ("interaction",),
    "losses": ("loss", "consistency", "balancing", "conflict"),
}
"""Figure → groups of variants of the ablations."""


def newest(name: str) -> dict[str, Any]:
    """The last result of a benchmark."""
    lines = (RESULTS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return dict(json.loads(lines[-1])["result"])


def table(name: str) -> list[dict[str, str]]:
    """Rows of ``benchmarks/results/<name>.csv``."""
    with (RESULTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def save(figure: Any, name: str) -> None:
    """Write one figure, without the date, so that the same data give the same file."""
    OUT.mkdir(parents=True, exist_ok=True)
    figure.savefig(OUT / f"{name}.svg", bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)


def variants(name: str, groups: Sequence[str]) -> None:
    """Mean average precision of the variants of some groups beside the base; bars: the spread of three seeds."""
    rows = table("ablations")
    base = next(row for row in rows if row["variant"] == "base")
    chosen = [(group, [row for row in rows if row["group"] == group]) for group in groups]
    ticks: list[tuple[float, str]] = []
    figure, axes = plt.subplots(figsize=(7, 0.6 + 0.19 * sum(len(own) + 1.5 for _, own in chosen)))
    y = 0.0
    for group, own in chosen:
        axes.text(-0.01, -y, group, transform=axes.get_yaxis_transform(), ha="right", va="center", weight="bold")
        for row in own:
            y += 1
            short = row["steps"] != base["steps"]
            spread = float(row["mean_sd"] or 0)
            axes.errorbar(float(row["mean"]), -y, xerr=spread, fmt="o", ms=4, color=GREY if short else OURS, lw=1)
            ticks.append((-y, row["variant"] + (f" ({row['steps']} steps)" if short else "")))
        y += 1.5
    axes.axvline(float(base["mean"]), color="black", lw=0.8, ls="--")
    axes.text(float(base["mean"]), 1.2, "base", ha="center", va="bottom")
    axes.set_yticks([place for place, _ in ticks], [label for _, label in ticks])
    axes.set_xlabel("mean average precision on held-out simulated maps")
    axes.set_ylim(-y + 0.5, 1.2)
    axes.grid(axis="x", lw=0.3)
    save(figure, name)


def cost() -> None:
    """Processor time of one pass through each encoder, coarse and fine window."""
    rows = table("encoders")
    figure, axes = plt.subplots(figsize=(7, 0.32 * len(rows) + 0.8))
    places = np.arange(len(rows))
    for shift, key, colour in ((-0.2, "coarse_s", OURS), (0.2, "fine_s", PEERS[0])):
        label = {"coarse_s": "coarse window, 320²", "fine_s": "fine window, 256²"}[key]
        axes.barh(places + shift, [float(row[key]) for row in rows], 0.4, color=colour, label=label)
    axes.set_yticks(places, [f"{row['variant']}  ({int(row['parameters']) / 1e6:.2f} M)" for row in rows])
    axes.set_xscale("log")
    axes.set_xlabel("processor time of one forward pass, s (parameters of the whole network in brackets)")
    axes.invert_yaxis()
    axes.legend(frameon=False)
    save(figure, "encoders")


def by_depth(axes: Any, cells: Mapping[str, Mapping[str, Any]], simulator: str, names: Sequence[str], at: str) -> None:
    """One line per caller over the depth of the map; of the cells those of one simulator."""
    own = {key: value for key, value in cells.items() if key.startswith(f"{simulator}, {at}depth")}
    depths = [int(key.rpartition(" ")[2]) for key in own]
    for number, name in enumerate(names):
        values = [own[key].get(name, math.nan) for key in own]
        colour = OURS if number == 0 else PEERS[number - 1]
        axes.plot(depths, values, "o-", ms=3, lw=2 if number == 0 else 1, color=colour, label=name)
    axes.set_xscale("log")
    axes.set_xticks(depths, [f"{depth:,}" for depth in depths])
    axes.minorticks_off()
    axes.set_ylim(0, 1)
    axes.set_xlabel("depth (counts of neighbouring 5 kb bins)")
    axes.set_title(f"{simulator}", fontsize=9)


def held_out() -> None:
    """Loops and TAD boundaries on held-out simulated maps, by depth, beside other programs."""
    figure, panels = plt.subplots(2, 2, figsize=(7.5, 5.2), sharey=True, layout="constrained")
    for row, (name, key, what, at) in enumerate(
        (
            ("loops_simulated", "chromosight", "loops, average precision", "5 kb, "),
            ("tads_simulated", "cooltools insulation", "boundaries, F1 within 2 bins", ""),
        )
    ):
        cells = newest(name)["cells"]
        names = ["hicstruct", *(caller for caller in next(iter(cells.values())) if _is_peer(caller))]
        assert key in names
        for axes, simulator in zip(panels[row], ("extrusion", "painted"), strict=True):
            by_depth(axes, cells, simulator, names, at)
        panels[row][0].set_ylabel(what)
        panels[row][1].legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    save(figure, "benchmarks")


def _is_peer(name: str) -> bool:
    return name not in {"hicstruct", "settings", "maps", "above"}


def chr21() -> None:
    """Precision of the best n loops on GM12878 chr21."""
    callers = newest("loops_chr21")["callers"]
    figure, axes = plt.subplots(figsize=(6, 3.4))
    ordered = sorted(callers, key=lambda name: name != "hicstruct")
    for number, name in enumerate(ordered):
        points = [(int(n), p) for n, p in callers[name]["precision_at"].items() if p is not None]
        colour = OURS if name == "hicstruct" else PEERS[(number - 1) % len(PEERS)]
        axes.plot(*zip(*points, strict=True), "o-", ms=3, lw=2 if name == "hicstruct" else 1, color=colour, label=name)
    axes.set(xlabel="best n loops", ylabel="precision within 20 kb", ylim=(0.3, 1.02))
    axes.legend(frameon=False)
    axes.grid(lw=0.3)
    save(figure, "model")


def calibrated() -> None:
    """What calibration makes of the network's score, by key, and how far each is from the truth before and after."""
    card = json.loads((ROOT / "resources" / "models" / "default" / "model.json").read_text(encoding="utf-8"))["card"]
    curves = card["calibration"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.2), layout="constrained")
    score = np.linspace(0.002, 0.998, 400)
    for key, curve in curves.items():
        logit = np.log(score / (1 - score))
        p = 1 / (1 + np.exp(-(logit / curve["temperature"] + curve["bias"])))
        if curve["knots"]:
            p = np.interp(score, *zip(*curve["knots"], strict=True))
        left.plot(score, p, label=key)
    left.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls="--")
    left.set(xlabel="score of the network", ylabel="probability", xlim=(0, 1), ylim=(0, 1))
    left.legend(frameon=False, fontsize=8)
    places = np.arange(len(curves))
    right.barh(places - 0.2, [curve["ece_before"] for curve in curves.values()], 0.4, color=GREY, label="before")
    right.barh(places + 0.2, [curve["ece"] for curve in curves.values()], 0.4, color=OURS, label="after")
    right.set_yticks(places, list(curves))
    right.set_xlabel("expected calibration error, cross-fitted")
    right.legend(frameon=False)
    save(figure, "calibration")


def domains_by_size() -> None:
    """Share of true domain ends that have a called boundary within two bins, by size of the domain."""
    found = newest("tads_simulated")["ends_found"]
    figure, axes = plt.subplots(figsize=(6, 2.8))
    sizes = list(next(iter(found.values())))
    for number, (name, values) in enumerate(found.items()):
        colour = OURS if name == "hicstruct" else PEERS[0]
        places = np.arange(len(sizes)) + 0.4 * number - 0.2
        axes.bar(places, [values[size] for size in sizes], 0.4, color=colour, label=name)
    axes.set_xticks(np.arange(len(sizes)), sizes)
    axes.set(ylabel="ends found within 2 bins", ylim=(0, 1))
    axes.legend(frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    save(figure, "evaluation")


def main() -> None:
    """Draw all of them."""
    plt.rcParams.update(STYLE)
    for name, groups in GROUPS.items():
        variants(name, groups)
    drawn: tuple[Callable[[], None], ...] = (cost, held_out, chr21, calibrated, domains_by_size)
    for draw in drawn:
        draw()
    for path in sorted(OUT.glob("*.svg")):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    main()
