"""Predicting all tasks on a simulated 64 Mb map at 5 kb beside chromosight's loops alone, two threads each.

Whole programs from start to written files, in turn, mode ``fast``.  Bars: at most 0.8 of chromosight's time and 1.5 GB;
``tiny`` at most 0.3.  The same on a shallow map, where chromosight has less to do, is reported without a bar.

    python -m benchmarks.predict_speed [--repeats 3] [--length 64000000] [--threads 2] [--model M] [--tiny M] [--quick]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks._callers import chromosight
from benchmarks._harness import THREADS, hicstruct, paired, record, say, scratch
from benchmarks._maps import DEPTH, SHALLOW, simulated

MEMORY_BAR_MB = 1_500 * 1e6 / 2**20
RATIO_BAR, TINY_BAR = 0.8, 0.3


def ratios(found: dict[str, Any], ours: str) -> list[float]:
    """Our wall time over chromosight's, run by run, sorted."""
    pairs = zip(found[ours]["runs"], found["chromosight"]["runs"], strict=True)
    return sorted(a["wall_s"] / b["wall_s"] for a, b in pairs)


def measure(depth: float, args: argparse.Namespace) -> dict[str, Any]:
    """All programs on the map of one depth."""
    out = scratch("speed") / f"depth{depth:g}"  # results of one map are not written over those of another
    uri = f"{simulated(args.length, depth)}::/resolutions/5000"
    programs: dict[str, list[str | Path]] = {}
    for name, model in (("hicstruct", args.model), ("tiny", args.tiny)):
        if model:
            predict = [hicstruct(), "predict", uri, "-o", out / name, "--genome", "--model", model, "--quiet"]
            programs[name] = [*predict, "--mode", "fast", "--threads", str(args.threads)]
    if not args.no_peers:
        programs["chromosight"] = chromosight(uri, out / "chromosight", threads=args.threads)
    found = paired(programs, args.repeats, threads=args.threads)
    if "chromosight" in found:
        for name in ("hicstruct", "tiny"):
            if name in found:
                found[name]["wall_ratios"] = each = ratios(found, name)
                found[name]["wall_ratio"] = each[len(each) // 2]
                say(f"depth {depth:g}, {name}: wall ratio {each[len(each) // 2]:.2f}, "
                    f"peak {found[name]['peak_mb']:,.0f} MB")  # fmt: skip
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--length", type=int, default=64_000_000, help="bp")
    parser.add_argument("--threads", type=int, default=THREADS, help="on a busy machine, compare CPU seconds at 1")
    parser.add_argument("--model", default="default")
    parser.add_argument("--tiny", default="tiny", help="the small model; an empty name leaves it out")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--quick", action="store_true", help="only the deep map")
    args = parser.parse_args()
    found = measure(DEPTH, args)
    ours = found["hicstruct"]
    result: dict[str, Any] = {
        **found,
        "model": args.model,
        "threads": args.threads,
        "length_mb": args.length / 1e6,
        "depth": DEPTH,
        "s_per_mb": ours["wall_s"] / args.length * 1e6,
    }
    if not args.quick:
        result["shallow"] = {"depth": SHALLOW, **measure(SHALLOW, args)}
    if "chromosight" in found:
        result["wall_ratio"] = ours["wall_ratio"]
        met = ours["wall_ratio"] <= RATIO_BAR and ours["peak_mb"] <= MEMORY_BAR_MB
        result["met"] = met and ("tiny" not in found or found["tiny"]["wall_ratio"] <= TINY_BAR)
    record("predict_speed", result)


if __name__ == "__main__":
    main()
