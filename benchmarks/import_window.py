"""How a window takes a file of 100,000 loops: the longest time without an answer, the time to drawn, the undo.

    python -m benchmarks.import_window [--map M.mcool] [--lines 100000]

Needs a screen (``xvfb-run -a``).  A timer that is due every 5 ms tells how long the event loop was away.  *Drawn* is
when the report is there and the overlay holds rings again; *undone* when none of the file's loops is left.  Each phase
has its own longest stall, and the longest that the window's own thread computed without a pause (``cpu``), which does
not depend on what else the machine does; ``others`` are the cores that other programs kept busy.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import data_dir, record, say
from benchmarks.window_smoothness import MAP, Heart, busy_seconds, open_window, rest

BARS = {"stall_ms": 100.0, "drawn_s": 10.0, "undo_s": 2.0}
_LIMIT_S = 120.0


def write_loops(path: Path, chrom: str, length: int, lines: int) -> Path:
    """Loops of 10 kb anchors, 100 kb to 2 Mb apart, at random places."""
    draw = np.random.default_rng(0)
    starts = draw.integers(0, (length - 2_100_000) // 10_000, lines) * 10_000
    ends = starts + draw.integers(10, 200, lines) * 10_000
    rows = (f"{chrom}\t{a}\t{a + 10_000}\t{chrom}\t{b}\t{b + 10_000}\n" for a, b in zip(starts, ends, strict=True))
    path.write_text("".join(rows))
    return path


class Pulse(Heart):
    """Also how long the window's thread computed between two ticks."""

    def __init__(self) -> None:
        super().__init__()
        self.spent: list[tuple[float, float]] = []
        self._timer.timeout.connect(lambda: self.spent.append((time.perf_counter(), time.thread_time())))

    def longest_cpu_ms(self, start: float, end: float) -> float:
        """The most between two ticks."""
        times = [spent for at, spent in self.spent if start <= at <= end]
        return max((1000 * (b - a) for a, b in itertools.pairwise(times)), default=0.0)


def phase(heart: Pulse, act: Callable[[], Any], until: Callable[[], Any]) -> tuple[float, float, float]:
    """Seconds until ``until()`` is true after ``act()``; longest stall and computation in ms until shortly after."""
    from qtpy.QtCore import QTimer

    began = time.perf_counter()
    QTimer.singleShot(0, act)
    rest(_LIMIT_S, until)
    seconds = time.perf_counter() - began
    rest(2.0)
    end = time.perf_counter()
    return seconds, heart.delays(began, end)["max_ms"], heart.longest_cpu_ms(began, end)


def windowed(path: Path, lines: int, folder: Path) -> dict[str, float]:
    """One window's figures."""
    from napari_hicstruct.annotations import Kind
    from napari_hicstruct.plugin._docks import open_dock

    session = open_window(path)
    open_dock(session.viewer)
    labels, review = session.labels, session.editing.review
    file = write_loops(folder / "many.bedpe", session.chrom, session.source.chromsizes[session.chrom], lines)
    small = write_loops(folder / "few.bedpe", session.chrom, session.source.chromsizes[session.chrom], 50)
    session.importing.start([small])  # what is imported once per window is not what is measured
    rest(_LIMIT_S, lambda: not session.importing.running)
    rest(3.0)
    layer = session.editing.editor.overlays[Kind.LOOP].layer
    heart = Pulse()
    idle_began = time.perf_counter()
    rest(3.0)
    idle = heart.delays(idle_began, time.perf_counter())["max_ms"]

    def count() -> int:
        return 0 if labels.catalogue is None else len(labels.catalogue.records)

    def is_drawn() -> bool:
        return not session.importing.running and count() > lines and len(layer.data) > 0

    def is_undone() -> bool:
        return not labels.busy.text and count() <= 50

    found = {"idle_stall_ms": idle}
    steps: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "import": (lambda: session.importing.start([file]), is_drawn),
        "undo": (review.undo, is_undone),
        "redo": (review.redo, lambda: not labels.busy.text and count() > lines),
    }
    for name, (act, until) in steps.items():
        found[f"{name}_s"], found[f"{name}_stall_ms"], found[f"{name}_cpu_ms"] = phase(heart, act, until)
        say(f"{name}: " + "  ".join(f"{value:.1f}" for key, value in found.items() if key.startswith(name)))
    return found | {"sets": float(len(labels.sets()))}


def one(path: Path, lines: int) -> dict[str, float]:
    """Figures of a fresh process, and how many cores others used meanwhile."""
    with tempfile.TemporaryDirectory() as home:
        names = ("HICSTRUCT_HOME", "HICSTRUCT_CACHE", "HICSTRUCT_LOGS")
        environment = dict(os.environ) | {"NAPARI_CONFIG": f"{home}/napari.yaml"} | dict.fromkeys(names, home)
        words = [sys.executable, "-m", "benchmarks.import_window", "--child", "--map", str(path), "--lines", str(lines)]
        began, busy, ours = time.perf_counter(), busy_seconds(), sum(os.times()[2:4])
        done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
        ours = sum(os.times()[2:4]) - ours
        found["others"] = max(0.0, busy_seconds() - busy - ours) / (time.perf_counter() - began)
    return found


def main() -> None:
    """Measure, compare with the bars, keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--map", type=Path)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--child", action="store_true")
    given = parser.parse_args()
    path = given.map or data_dir() / "maps" / MAP
    if given.child:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(windowed(path, given.lines, Path(folder))), flush=True)
        os._exit(0)  # how a window's objects die is not measured here
    found = one(path, given.lines)
    stall = max(found["import_stall_ms"], found["undo_stall_ms"])
    reached = {"stall_ms": stall, "drawn_s": found["import_s"], "undo_s": found["undo_s"]}
    result = {"map": path.name, "lines": given.lines, **found, "bars": BARS}
    result["met"] = {name: reached[name] <= bar for name, bar in BARS.items()}
    say(json.dumps(result, indent=2))
    record("import_window", result)


if __name__ == "__main__":
    main()
