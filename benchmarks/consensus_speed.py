"""Five callers of 20,000 loops each become one soft list: the whole command.  Bars: 5 s, 500 MB.

python -m benchmarks.consensus_speed [--loops 20000] [--repeats 3]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks._harness import hicstruct, paired, record, say, scratch

CALLERS = ("mustache", "chromosight", "Peakachu", "HiCCUPS", "dots")
BIN, LENGTH, N_CHROMS = 10_000, 150_000_000, 20
SECONDS_BAR, MEMORY_BAR_MB = 5.0, 500.0


def write_calls(folder: Path, number: int) -> list[str]:
    """Lists over 20 chromosomes: three in four of each caller's loops are found by others, too, a bin away."""
    rng = np.random.default_rng(1)
    chrom = rng.integers(1, N_CHROMS + 1, 2 * number)
    first = rng.integers(0, LENGTH // BIN - 300, 2 * number) * BIN
    second = first + rng.integers(5, 200, 2 * number) * BIN
    words = []
    for caller in CALLERS:
        chosen = rng.choice(2 * number, number, replace=False)
        moved = rng.integers(-1, 2, (2, number)) * BIN
        path = folder / f"{caller}.bedpe"
        with path.open("w", encoding="utf-8") as out:
            for k, i in enumerate(chosen):
                a, b = max(0, first[i] + moved[0, k]), second[i] + moved[1, k]
                out.write(f"chr{chrom[i]}\t{a}\t{a + BIN}\tchr{chrom[i]}\t{b}\t{b + BIN}\t.\t{rng.random():.4f}\n")
        words.append(f"{caller}={path}")
    return words


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loops", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    out = scratch("consensus_speed")
    calls = write_calls(out, args.loops)
    command: list[str | Path] = [
        hicstruct(),
        "consensus",
        *calls,
        "--kind",
        "loop",
        "-o",
        out / "soft.bedpe",
        "--overwrite",
        "--quiet",
    ]
    found = paired({"hicstruct": command}, args.repeats, threads=2)["hicstruct"]
    found["soft_labels"] = sum(1 for _ in (out / "soft.bedpe").open(encoding="utf-8")) - 1
    found["met"] = found["wall_s"] <= SECONDS_BAR and found["peak_mb"] <= MEMORY_BAR_MB
    say(f"{found['wall_s']:.1f} s, CPU {found['cpu_s']:.1f} s, {found['peak_mb']:.0f} MB")
    record("consensus_speed", found)


if __name__ == "__main__":
    main()
