"""Precision on GM12878 chr21 against depth: contacts thinned to 1/2 … 1/16, hicstruct beside chromosight.

Every contact is kept with probability 1/k and the map balanced anew; several draws per depth.  Truth and protocol as
in ``loops_chr21``.  Where a caller gives fewer calls than that, the missing ones count as wrong.  What either lists
by itself is few on thinned maps, so both also run with loose limits: chromosight as in ``_callers``, ours with
``--min-probability loop=0.001``.  Bar: at every depth the better of our P@50 at or above the better of chromosight's.

    python -m benchmarks.depth_curve [--model M] [--quick] [--picture PNG]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks import _curves as curves
from benchmarks._callers import our_loops, peer_loops, predict
from benchmarks._harness import RESULTS, record, say, scratch
from benchmarks._variants import load, thinned, weighted

FACTORS = (1, 2, 4, 8, 16)
DRAWS = 3
TOP = (25, 50)
OURS = ("hicstruct", "hicstruct loose")
CALLERS = (*OURS, "chromosight", "chromosight loose")


def one_map(factor: int, seed: int) -> Path:
    """chr21 thinned ``factor`` times; as it is for 1."""
    path = scratch("thinned") / f"chr21_{factor}_{seed}.cool"
    if not path.exists():
        bins, pixels = load(curves.REAL, "::/10000")
        weighted(path, bins, pixels) if factor == 1 else thinned(path, bins, pixels, factor=factor, seed=seed)
    return path


def measure(factor: int, draws: int, model: str) -> dict[str, Any]:
    """Mean and spread of the share of true loops among the best 25 and 50, for every caller."""
    hits: dict[str, dict[int, list[float]]] = {caller: {n: [] for n in TOP} for caller in CALLERS}
    for seed in range(1 if factor == 1 else draws):
        path = one_map(factor, seed)
        mine = [
            our_loops(predict(path, scratch("thinned") / "predicted", *words, model=model, chrom="21", tasks="loop"))
            for words in ((), ("--min-probability", "loop=0.001"))
        ]
        peers = [peer_loops("chromosight", str(path), path.with_suffix(""), loose=loose) for loose in (False, True)]
        for caller, table in zip(CALLERS, (*mine, *peers), strict=True):
            found = curves.real_match(table).hits
            for n in TOP:
                hits[caller][n].append(float(found[:n].sum()) / n)
    return {
        caller: {
            f"P@{n}": {"mean": sum(v) / len(v), "low": min(v), "high": max(v)} for n, v in hits[caller].items()
        }
        for caller in CALLERS
    }  # fmt: skip


def draw(found: dict[int, Any], path: Path) -> None:
    """P@25 and P@50 against the share of contacts kept."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    FigureCanvasAgg(figure)
    factors = list(found)
    for axes, n in zip(figure.subplots(1, len(TOP), sharey=True), TOP, strict=True):
        for caller, colour in zip(CALLERS, ("tab:blue", "tab:cyan", "tab:green", "tab:olive"), strict=True):
            rows = [found[k][caller][f"P@{n}"] for k in factors]
            axes.plot(factors, [row["mean"] for row in rows], "o-", color=colour, label=caller)
            axes.fill_between(
                factors, *([row[end] for row in rows] for end in ("low", "high")), color=colour, alpha=0.2
            )
        axes.set_xscale("log", base=2)
        axes.set(title=f"GM12878 chr21, P@{n}", xlabel="contacts thinned by", ylim=(0, 1.02))
        axes.set_xticks(factors, [f"÷{k}" for k in factors])
        axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("--quick", action="store_true", help="one draw per depth")
    parser.add_argument("--picture", type=Path, default=RESULTS / "depth_curve.png")
    args = parser.parse_args()
    draws = 1 if args.quick else DRAWS
    found = {}
    for factor in FACTORS:
        found[factor] = measure(factor, draws, args.model)
        say(f"÷{factor:<3d}" + "   ".join(
            f"{caller} " + " ".join(f"{n} {value['mean']:.3f}" for n, value in found[factor][caller].items())
            for caller in CALLERS))  # fmt: skip
    draw(found, args.picture)
    p50 = [{caller: one[caller]["P@50"]["mean"] for caller in CALLERS} for one in found.values()]
    met = all(max(one[c] for c in OURS) >= max(one[c] for c in CALLERS if c not in OURS) for one in p50)
    verdict = None if args.quick and met else met  # one draw can show a miss only
    record(
        "depth_curve",
        {"model": args.model, "draws": draws, "factors": found, "met": verdict, "picture": args.picture.name},
    )


if __name__ == "__main__":
    main()
