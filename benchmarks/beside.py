"""The window's and the commands' speed beside that of another commit: both in one run, in turn, as ratios.

    python -m benchmarks.beside COMMIT [--only NAME ...] [--rounds 3] [--patch FILE] [--small] [--json]

Each round runs every benchmark once in a worktree of COMMIT and once here, in changing order, each as a process that
reads its own tree, so that names may differ between the two.  Shown are medians over the rounds and their ratio (here /
there): above 1.05 a figure is marked, and the exit status is 1.  Some need a screen (``xvfb-run -a``).  ``--small``
takes fewer and smaller measurements, to see that all of it runs.  ``--patch`` changes benchmarks of COMMIT that no
longer run there (``git apply``); the figures are of its own program all the same.

Both trees use the libraries of the environment at hand, the same simulated maps (``scratch``), and each its own models.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._harness import ROOT, BenchmarkError, percentile, record, say, scratch
from benchmarks.run import last_json

MAX_RATIO = 1.05
UNITS = ("_s", "_ms", "_mb", "_cpu", "wall", "cpu", "p50", "p95")
"""Ends of names of figures of which less is better."""
ASIDE = {"bar", "bars", "bar_s", "bar_ms", "runs", "max", "hictkpy", "cooler", "napari_s", "wall_p95_s", "total_ms"}
"""Parts of names that are no figures of ours, or of which one value alone says little."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What is given to one of the scripts, in full and small."""

    full: tuple[str, ...] = ()
    small: tuple[str, ...] = ()
    needs_map: bool = False


BENCHMARKS: Mapping[str, Benchmark] = {
    "import_time": Benchmark(),
    "viewport": Benchmark((), ("--count", "3", "--norm", "raw"), needs_map=True),
    "first_picture": Benchmark(("--seconds", "20"), ("--seconds", "1")),
    "edit_latency_gui": Benchmark(("--json",), ("--json", "--objects", "1000", "--repeats", "5")),
    "queue_speed": Benchmark((), ("--candidates", "5000", "--repeats", "5")),
    "predict_speed": Benchmark(
        ("--no-peers", "--quick", "--repeats", "1"),
        ("--no-peers", "--quick", "--repeats", "1", "--length", "8000000", "--tiny", ""),
    ),
}


@contextlib.contextmanager
def worktree(commit: str, patch: Path | None = None) -> Iterator[Path]:
    """A checkout of ``commit`` beside nothing of ours, its benchmarks patched; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="beside-") as folder:
        tree = Path(folder) / "tree"
        added = subprocess.run(
            ["git", "worktree", "add", "--quiet", "--detach", str(tree), commit],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        if added.returncode:
            raise BenchmarkError(f"there is no commit {commit}: {added.stderr.strip()}")
        try:
            # its own models, not those of the tree that is installed
            (tree / "src" / "napari_hicstruct" / "resources").symlink_to(tree / "resources")
            if patch is not None:
                subprocess.run(["git", "apply", "--include=benchmarks/*", str(patch.resolve())], cwd=tree, check=True)
            yield tree
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(tree)], cwd=ROOT, check=False)


def run_in(tree: Path, name: str, arguments: Sequence[str]) -> dict[str, float]:
    """One benchmark of one tree: its figures by their path in the result.

    Raises
    ------
    BenchmarkError
        If it gives no result; with the end of what it said.
    """
    with tempfile.TemporaryDirectory() as results:
        environment = dict(os.environ) | {
            "PYTHONPATH": os.pathsep.join((str(tree / "src"), str(tree))),
            "HICSTRUCT_BENCH_RESULTS": results,
            "HICSTRUCT_BENCH_SCRATCH": str(scratch("").resolve()),
        }
        command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
        recorded = Path(results) / f"{name}.jsonl"
        if recorded.exists():
            result = json.loads(recorded.read_text(encoding="utf-8").splitlines()[-1])["result"]
        else:
            result = last_json(done.stdout)
    if not result:
        raise BenchmarkError(f"{name} gave no result in {tree} (status {done.returncode}):\n{done.stderr[-2000:]}")
    return dict(figures(result))


def run_twice(tree: Path, name: str, arguments: Sequence[str]) -> dict[str, float]:
    """As :func:`run_in`; a window that fails on a busy machine has a second chance, and a line says so."""
    try:
        return run_in(tree, name, arguments)
    except BenchmarkError as error:
        say(f"once more, after: {error}")
        return run_in(tree, name, arguments)


def figures(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, float]]:
    """Durations and sizes in a result: ``("raw/levels/5000 near/wall/p95_ms/ours", 47.9)``."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key not in ASIDE:
                yield from figures(item, (*path, str(key)))
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, Mapping):
                yield from figures(item, (*path, f"{item.get('resolution', '')} {item.get('where', '')}".strip()))
    elif isinstance(value, int | float) and not isinstance(value, bool) and _is_figure(path):
        yield "/".join(path), float(value)


def _is_figure(path: tuple[str, ...]) -> bool:
    return any(part.endswith(UNITS) for part in path[-2:])


def compare(before: Sequence[Mapping[str, float]], now: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Medians of the rounds of both trees and their ratio, of each figure that both have."""
    table = {}
    for name in before[0] if before else ():
        if now and all(name in found for found in (*before, *now)):
            one, other = (statistics.median(found[name] for found in rounds) for rounds in (before, now))
            table[name] = {"before": one, "now": other, "ratio": other / one if one else float("nan")}
    return table


def measure(there: Path, names: Sequence[str], rounds: int, small: bool) -> dict[str, Any]:
    """All benchmarks in both trees, in turn."""
    found: dict[str, dict[str, list[dict[str, float]]]] = {name: {"before": [], "now": []} for name in names}
    for number in range(rounds):
        for name in names:
            chosen = BENCHMARKS[name]
            arguments = list(chosen.small if small else chosen.full)
            if chosen.needs_map:
                arguments.insert(0, str(_map(small)))
            sides = [("before", there), ("now", ROOT)]
            for side, tree in sides if number % 2 == 0 else reversed(sides):
                say(f"round {number + 1} of {rounds}: {name}, {side}")
                try:
                    found[name][side].append(run_twice(tree, name, arguments))
                except BenchmarkError as error:
                    say(f"{name} FAILED: {error}")
    return {name: compare(sides["before"], sides["now"]) for name, sides in found.items()}


def _map(small: bool) -> Path:
    """The map of the viewport benchmark: of human chr1's length, or small; made once."""
    if not small:
        from benchmarks.first_picture import chr1_map

        return chr1_map()
    from napari_hicstruct.workflows.simulate import SimulateRequest, simulate

    path = scratch("beside") / "small.mcool"
    if not path.exists():
        simulate(SimulateRequest(out=path, lengths={"chr1": 8_000_000}, resolutions=(5_000, 10_000, 25_000)))
    return path


def show(table: Mapping[str, Mapping[str, Mapping[str, float]]]) -> list[str]:
    """Print all figures; the names of those that grew by more than :data:`MAX_RATIO`, or that there are not."""
    slower = []
    for name, rows in table.items():
        if not rows:
            print(f"{name}: FAILED")
            slower.append(name)
            continue
        ratios = [row["ratio"] for row in rows.values() if row["ratio"] > 0]
        mean = statistics.geometric_mean(ratios) if ratios else float("nan")
        print(f"{name}: {len(rows)} figures, mean ratio {mean:.3f}, 95 % below {percentile(ratios, 95):.3f}")
        for figure, row in rows.items():
            mark = " *" if row["ratio"] > MAX_RATIO else ""
            print(f"  {figure:60} {row['before']:12.4g} → {row['now']:12.4g}  × {row['ratio']:.3f}{mark}")
            slower += [f"{name}: {figure}"] * bool(mark)
    return slower


def main() -> int:
    """Measure, print, and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit", help="what to compare with: a hash, a branch, a tag")
    parser.add_argument("--only", nargs="+", choices=list(BENCHMARKS), default=list(BENCHMARKS), metavar="NAME")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--patch", type=Path, help="a patch of COMMIT's benchmarks")
    parser.add_argument("--json", action="store_true", help="also print the table as one line of JSON")
    chosen = parser.parse_args()
    with worktree(chosen.commit, chosen.patch) as tree:
        table = measure(tree, chosen.only, chosen.rounds, chosen.small)
    slower = show(table)
    if not chosen.small:
        record("beside", {"commit": chosen.commit, "rounds": chosen.rounds, "table": table, "slower": slower})
    if chosen.json:
        print(json.dumps(table))
    return bool(slower)


if __name__ == "__main__":
    sys.exit(main())
