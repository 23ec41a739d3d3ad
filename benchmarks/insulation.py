"""Insulation, border contrast, directionality and weak boundaries of a simulated human chr1 at 10 kb, beside cooltools.

Whole programs in turn, 10 kb bins, windows of 50, 100, 250 and 500 kb, one thread each; ours also writes its tracks.
Bars: at most half of cooltools insulation's time; insulation and boundary strength equal to 10⁻⁶ where both are known.

    python -m benchmarks.insulation [--repeats 3]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._harness import hicstruct, paired, peer, record, say, scratch
from benchmarks.first_picture import chr1_map

RESOLUTION = 10_000
WINDOWS = (50_000, 100_000, 250_000, 500_000)
RATIO_BAR, DIFFERENCE_BAR = 0.5, 1e-6


def differences(ours: Path, theirs: Path) -> dict[str, float]:
    """Largest difference per column, and the share of bins known to one alone."""
    mine, other = (pd.read_csv(path, sep="\t") for path in (ours, theirs))
    found = {}
    for window in WINDOWS:
        for name in (f"log2_insulation_score_{window}", f"boundary_strength_{window}"):
            a, b = mine[name].to_numpy(float), other[name].to_numpy(float)
            found[name] = float(np.nanmax(np.abs(a - b)))
            found[f"{name}: known to one alone"] = float(np.mean(np.isnan(a) != np.isnan(b)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    out, path = scratch("insulation"), chr1_map()
    theirs = out / "cooltools.tsv"
    windows = [str(window) for window in WINDOWS]
    flags = [word for window in windows for word in ("-w", window)]
    programs: dict[str, list[str | Path]] = {
        "hicstruct": [hicstruct(), "insulation", path, "-o", out / "ours", "--quiet", *flags, "--resolution", "10000"],
        "cooltools": [peer("cooltools"), "insulation", f"{path}::/resolutions/{RESOLUTION}", *windows, "-o", theirs],
    }
    found: dict[str, Any] = paired(programs, args.repeats, threads=1)
    pairs = zip(found["hicstruct"]["runs"], found["cooltools"]["runs"], strict=True)
    ratios = sorted(a["wall_s"] / b["wall_s"] for a, b in pairs)
    found["wall_ratios"], found["wall_ratio"] = ratios, ratios[len(ratios) // 2]
    found["differences"] = differences(out / "ours" / "insulation.tsv", theirs)
    found["met"] = found["wall_ratio"] <= RATIO_BAR and max(found["differences"].values()) <= DIFFERENCE_BAR
    say(f"wall ratio {found['wall_ratio']:.2f}, largest difference {max(found['differences'].values()):.2g}")
    record("insulation", found)


if __name__ == "__main__":
    main()
