"""The longest stall of the window the first time that something is used: the lasso, *Why*, folding it, the key sheet.

    python -m benchmarks.first_use [--repeats 3]

Needs a screen (``xvfb-run -a``) and xdotool.  Each repeat is a fresh process with empty caches of compiled code, as on
the day of installation: a window of 1500×950 shows chr21 of GM12878 with four callers' files, and xdotool does by mouse
and keyboard what a person does.  A timer that is due every 5 ms tells how long the event loop was away: *stall*, and
*busy*, how much of that this program had a processor (what a free machine would need: other programs only make a stall
longer).  The bar is 150 ms of *busy* for each step.  *idle* is the longest while nothing happens.  *catch*: how many
objects the lasso caught.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from benchmarks._harness import BenchmarkError, data_dir, record, say
from benchmarks.judging_speed import focus, read_labels
from benchmarks.window_smoothness import TICK_MS, rest

BAR_MS = 150.0
SETTLE_S = 8.0
MAP = "GM12878_MboI_chr21_10kb_hg19.cool"
LABELS = (
    "GM12878_chr21.HiCCUPS.hg19.bedpe",
    "GM12878_chr21.peakachu.10kb.hg19.bedpe",
    "GM12878_chr21.Arrowhead.hg19.bed",
    "GM12878_chr21.HiTAD.20kb.hg19.txt",
)
REGION = ("chr21", 32_000_000, 36_000_000)


class Pulse:
    """Ticks every 5 ms where the event loop lets it; clock and processor time of each tick."""

    def __init__(self) -> None:
        from qtpy.QtCore import Qt, QTimer

        self._beats: list[tuple[float, float]] = []
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(lambda: self._beats.append((time.perf_counter(), time.process_time())))
        self._timer.start(TICK_MS)

    def longest(self, start: float, end: float) -> dict[str, float]:
        """The longest stall between two times, and the longest of which this program had a processor, ms."""
        beats = [beat for beat in self._beats if start <= beat[0] <= end]
        gaps = [(b[0] - a[0], min(b[0] - a[0], b[1] - a[1])) for a, b in itertools.pairwise(beats)]
        stall, busy = (1000 * max(gap[k] for gap in gaps) for k in (0, 1))
        return {"stall": stall, "busy": busy}


class Hand:
    """Mouse and keyboard of a person, by xdotool, over the canvas."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._native = session.viewer.window._qt_viewer.canvas.native

    def key(self, name: str) -> None:
        subprocess.run(["xdotool", "key", name], check=True)

    def circle(self) -> None:
        """Draw once round the middle of the canvas at normal speed, 1.2 s."""
        from qtpy.QtCore import QPoint

        half = self._native.rect().center()
        radius = 0.35 * min(half.x(), half.y())
        places = [(half.x() + radius * math.cos(t), half.y() + radius * math.sin(t)) for t in _angles(60)]
        points = [self._native.mapToGlobal(QPoint(round(x), round(y))) for x, y in places]
        words = ["xdotool", "mousemove", str(points[0].x()), str(points[0].y()), "mousedown", "1"]
        for point in points[1:]:
            words += ["mousemove", str(point.x()), str(point.y()), "sleep", "0.02"]
        process = subprocess.Popen([*words, "mouseup", "1"])
        rest(10, lambda: process.poll() is not None)

    def click(self, widget: Any) -> None:
        """Click a widget in its middle."""
        middle = widget.mapToGlobal(widget.rect().center())
        subprocess.run(["xdotool", "mousemove", str(middle.x()), str(middle.y()), "click", "1"], check=True)


def _angles(number: int) -> list[float]:
    return [2 * math.pi * k / number for k in range(number)]


def open_window() -> tuple[Any, Any]:
    """Session and dock of a window with a map and labels of several callers."""
    import napari
    from qtpy.QtWidgets import QApplication

    from napari_hicstruct.genome import Interval
    from napari_hicstruct.plugin._docks import open_dock
    from napari_hicstruct.plugin.controllers.session import ensure_session
    from napari_hicstruct.plugin.show import wait_until_drawn

    viewer = napari.Viewer(show=True)
    viewer.window.resize(1500, 950)
    session = ensure_session(viewer)
    session.open_map(data_dir() / "maps" / MAP)
    dock = open_dock(viewer)
    read_labels(session, QApplication.instance(), [data_dir() / "labels" / name for name in LABELS])
    session.go_to(Interval(*REGION))
    wait_until_drawn(session)
    return session, dock


def measure() -> dict[str, Any]:
    """Stalls in one window, ms, in the order in which a person meets the tools."""
    from qtpy.QtWidgets import QApplication

    session, dock = open_window()
    pulse, hand, lasso = Pulse(), Hand(session), session.review.lasso
    focus(session.viewer, QApplication.instance())
    rest(SETTLE_S)
    found: dict[str, Any] = {}

    def timed(name: str, act: Callable[[], None], seconds: float, until: Callable[[], Any] = lambda: False) -> None:
        began = time.perf_counter()
        act()
        rest(seconds, until)
        found[name] = pulse.longest(began, time.perf_counter())

    timed("idle", lambda: None, 2.0)
    timed("lasso_taken", lambda: hand.key("g"), 1.5)
    timed("lasso_drawn", hand.circle, 2.0)
    found["catch"] = len(lasso.uids)
    timed("lasso_judged", lambda: hand.key("r"), 1.5)
    hand.key("n")
    rest(SETTLE_S)
    why = dock.sections["why"]
    timed("why_open", lambda: why.button.click(), 60.0, lambda: "layers named" in dock.why.text)
    timed("why_shown", lambda: None, 3.0)
    found["layers"] = len(dock.why.layers.layers)
    timed("why_fold", lambda: why.button.click(), 2.0)
    timed("why_again", lambda: why.button.click(), 60.0, lambda: "layers named" in dock.why.text)
    timed("why_fold_again", lambda: why.button.click(), 2.0)
    for name in ("review", "labels", "predict"):
        timed(f"{name}_fold", lambda name=name: dock.sections[name].button.click(), 1.0)
    timed("key_sheet", lambda: hand.key("F1"), 1.0)
    return found


def one() -> dict[str, Any]:
    """Figures of a fresh process whose compiled code is kept nowhere."""
    with tempfile.TemporaryDirectory() as home:
        environment = dict(os.environ) | {"NAPARI_CONFIG": f"{home}/napari.yaml", "NUMBA_CACHE_DIR": f"{home}/numba"}
        environment |= {name: f"{home}/{name}" for name in ("HICSTRUCT_HOME", "HICSTRUCT_CACHE", "HICSTRUCT_LOGS")}
        words = [sys.executable, "-m", "benchmarks.first_use", "--one"]
        done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def main() -> int:
    """Measure, record, and say whether the bar holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if shutil.which("xdotool") is None:
        raise BenchmarkError("xdotool is not installed")
    if given.one:
        print(json.dumps(measure()), flush=True)
        os._exit(0)  # how a window's objects die is not measured here
    runs = [one() for _ in range(given.repeats)]
    steps = [name for name, value in runs[0].items() if isinstance(value, dict)]
    median = {name: {k: statistics.median(run[name][k] for run in runs) for k in ("stall", "busy")} for name in steps}
    held = max(step["busy"] for step in median.values()) <= BAR_MS and all(run["catch"] > 0 for run in runs)
    record("first_use", {"bar_ms": BAR_MS, "held": held, "longest_ms": median, "runs": runs})
    for name, step in median.items():
        over = "" if step["busy"] <= BAR_MS else f"  over {BAR_MS:.0f}"
        say(f"{name:16} busy {step['busy']:5.0f} ms, stall {step['stall']:5.0f} ms{over}")
    say(f"caught: {[run['catch'] for run in runs]}")
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
