"""Predicting all tasks on a simulated 64 Mb map at 5 kb beside chromosight's loops alone, two threads each.

Whole programs from start to written files, in turn.  Bars: no slower than chromosight, at most 1.5 GB.

    python -m benchmarks.predict_speed [--repeats 3] [--length 64000000] [--threads 2] [--model M]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks._callers import chromosight
from benchmarks._harness import THREADS, hicstruct, paired, record, say, scratch
from benchmarks._maps import DEPTH, simulated

MEMORY_BAR_MB = 1_500 * 1e6 / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--length", type=int, default=64_000_000, help="bp")
    parser.add_argument("--threads", type=int, default=THREADS, help="on a busy machine, compare CPU seconds at 1")
    parser.add_argument("--model", default="default")
    parser.add_argument("--no-peers", action="store_true")
    args = parser.parse_args()
    path = simulated(args.length)
    out = scratch("speed")
    uri = f"{path}::/resolutions/5000"
    predict = [hicstruct(), "predict", uri, "-o", out / "predicted", "--genome", "--model", args.model, "--quiet"]
    programs: dict[str, list[str | Path]] = {"hicstruct": [*predict, "--threads", str(args.threads)]}
    if not args.no_peers:
        programs["chromosight"] = chromosight(uri, out / "chromosight", threads=args.threads)
    found = paired(programs, args.repeats, threads=args.threads)
    ours = found["hicstruct"]
    result = {
        **found,
        "threads": args.threads,
        "length_mb": args.length / 1e6,
        "depth": DEPTH,
        "s_per_mb": ours["wall_s"] / args.length * 1e6,
    }
    if "chromosight" in found:
        pairs = zip(ours["runs"], found["chromosight"]["runs"], strict=True)
        ratios = sorted(a["wall_s"] / b["wall_s"] for a, b in pairs)
        result["wall_ratio"], result["wall_ratios"] = ratios[len(ratios) // 2], ratios
        result["met"] = result["wall_ratio"] <= 1 and ours["peak_mb"] <= MEMORY_BAR_MB
        say(f"wall ratio {result['wall_ratio']:.2f}, peak {ours['peak_mb']:,.0f} MB")
    record("predict_speed", result)


if __name__ == "__main__":
    main()
