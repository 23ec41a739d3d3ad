"""Run benchmarks and write their table into README.md.

    python -m benchmarks.run [NAME ...] [--peers] [--table]

Without names: all.  ``--peers`` installs the peers into .venv-peers and .venv-peers-stripepy first; once they are there
they are always run beside us, and what only compares with them is left out before.  ``--table`` only redraws the table
from the newest results.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

from benchmarks._harness import PEERS, RESULTS, ROOT, record, say
from benchmarks._table import ROWS, update_readme

WITH_PEERS = ("loops_chr21", "tads_chr21", "loops_simulated", "predict_speed", "real_maps")
"""Benchmarks that also run without the peers."""

ONLY_WITH_PEERS = (
    "tads_simulated",
    "weak_tads",
    "stripes_simulated",
    "robustness",
    "depth_curve",
    "consensus",
    "consensus_simulated",
    "pileup",
    "repair_hic",
    "insulation",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names()))
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    if unknown := set(args.names) - set(names()):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(names())}")
    if args.peers:
        subprocess.run([ROOT / "benchmarks" / "peers.sh"], check=True)
    failed = [] if args.table else [name for name in args.names or able() if not run(name)]
    update_readme()
    for name in failed:
        say(f"{name} FAILED")
    return bool(failed)


def names() -> list[str]:
    """Every benchmark of the table that is a script here, once."""
    return [name for name in dict.fromkeys(row.name for row in ROWS) if (ROOT / "benchmarks" / f"{name}.py").exists()]


def able() -> list[str]:
    """Those that can run here: without peers, not what only compares with them."""
    return [name for name in names() if PEERS.exists() or name not in ONLY_WITH_PEERS]


def run(name: str) -> bool:
    """Run one script; if it prints JSON rather than recording its result itself, record that."""
    say(f"--- {name}")
    path = RESULTS / f"{name}.jsonl"
    before = path.stat().st_size if path.exists() else 0
    extra = ["--no-peers"] if name in WITH_PEERS and not PEERS.exists() else []
    if '"--json"' in (ROOT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8"):
        extra.append("--json")
    if name == "viewport":
        from benchmarks.first_picture import chr1_map

        extra.append(str(chr1_map()))
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *extra], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    print(done.stdout, end="")
    recorded = path.exists() and path.stat().st_size > before
    result = None if recorded else last_json(done.stdout)
    if result is not None:
        record(name, result)
    # a script may leave with 1 to say that a bar was missed: it has measured all the same
    return recorded or result is not None


def last_json(text: str) -> dict[str, Any] | None:
    """The last JSON object that begins a line of ``text`` and reaches its end, or fills its line."""
    lines = text.strip().splitlines()
    for k in reversed(range(len(lines))):
        if lines[k].startswith("{"):
            for candidate in (lines[k], "\n".join(lines[k:])):
                try:
                    return dict(json.loads(candidate))
                except ValueError:
                    continue
    return None


if __name__ == "__main__":
    sys.exit(main())
