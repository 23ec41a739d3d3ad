"""The gallery with 5,000 thumbnails in a real window: first page, scrolling, judging.

Run under a screen (or xvfb-run): ``python -m benchmarks.gallery [--loops 5000] [--judge 200]``.
*first page*: from the menu entry until every thumbnail in view is painted.  *block*: the longest time for which the
window's event loop did not turn while the list is scrolled from end to end, by wheel steps and by leaps; beside it how
much of that the window's thread itself worked, which other programs on the machine do not change.  *judged*: A
and R alternately by Qt key events, each until the window has painted.  The map is real (GM12878 chr21) where it is at
hand, else simulated; the loops lie at random places.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks._harness import BenchmarkError, data_dir, percentile, record, say
from benchmarks.edit_latency_gui import make_map, settle

FIRST_PAGE_S, BLOCK_MS, JUDGED_PER_S = 1.0, 100.0, 4.0
CHR21 = "GM12878_MboI_chr21_10kb_hg19.cool"
PATIENCE_S = 30.0


def the_map(folder: Path) -> tuple[Path, str, tuple[int, int]]:
    """A map, its chromosome, and where on it there are contacts (bp)."""
    try:
        real = data_dir() / "maps" / CHR21
    except BenchmarkError:
        real = folder / "none"
    if real.exists():
        return real, "21", (15_000_000, 47_000_000)
    make_map(folder / "map.cool")
    return folder / "map.cool", "chr1", (1_000_000, 40_000_000)


def loops(chrom: str, within: tuple[int, int], number: int) -> list[Any]:
    """Loops of 100 kb to 2 Mb at random bins of 10 kb, with scores."""
    from napari_hicstruct.annotations import Annotation, Kind
    from napari_hicstruct.genome import Interval

    draw = random.Random(3)
    found = []
    for _ in range(number):
        start = draw.randrange(within[0], within[1] - 2_000_000, 10_000)
        end = start + draw.randrange(100_000, 2_000_000, 10_000)
        first, second = (Interval(chrom, x, x + 10_000) for x in (start, end))
        found.append(Annotation(kind=Kind.LOOP, anchor1=first, anchor2=second, score=draw.random(), resolution=10_000))
    return found


class Watch:
    """Turns the event loop and keeps how long each turn took, ms."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.turns: list[float] = []
        self.busy: list[float] = []

    def turn(self) -> None:
        """One turn."""
        self.do(self._app.processEvents)

    def do(self, work: Any) -> None:
        """Do something in the window's thread: how long it took, and how much of that the thread itself worked."""
        began, busy = time.perf_counter(), time.thread_time()
        work()
        self.turns.append((time.perf_counter() - began) * 1e3)
        self.busy.append((time.thread_time() - busy) * 1e3)

    def until(self, done: Any) -> float:
        """Turn until ``done()``; seconds."""
        began = time.perf_counter()
        while not done():
            if time.perf_counter() - began > PATIENCE_S:
                raise BenchmarkError("the gallery did not come to an end")
            self.turn()
            time.sleep(0.0005)
        return time.perf_counter() - began


def rest(watch: Watch, seconds: float = 3.0) -> None:
    """Turn the event loop for some time."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        watch.turn()
        time.sleep(0.005)


def scroll(grid: Any, state: Any, watch: Watch) -> dict[str, float]:
    """From end to end by steps of the wheel, then by leaps; the longest turn of the event loop, and p95, ms."""
    bar, draw = grid.verticalScrollBar(), random.Random(1)
    watch.turns.clear()
    watch.busy.clear()
    step = max(1, bar.maximum() // 300)
    places = [*range(0, bar.maximum(), step), *(draw.randrange(bar.maximum()) for _ in range(60))]
    for place in places:
        watch.do(partial(bar.setValue, place))
        for _ in range(4):
            watch.turn()
    took = watch.until(lambda: all(state.uids[k] in state._thumbs for k in grid.visible_range()))
    return {
        "max_ms": max(watch.turns),
        "p95_ms": percentile(watch.turns, 95),
        "max_work_ms": max(watch.busy),
        "last_page_s": took,
    }


def judge(grid: Any, watch: Watch, app: Any, number: int) -> float:
    """Judgments per second, each until the window has painted."""
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest

    grid.choose(0)
    settle(app)
    began = time.perf_counter()
    for k in range(number):
        QTest.keyClick(grid, Qt.Key.Key_A if k % 2 == 0 else Qt.Key.Key_R)
        grid.viewport().repaint()
        watch.turn()
    return number / (time.perf_counter() - began)


def run(n_loops: int, n_judged: int) -> dict[str, Any]:
    """Open the window, fill the project, open the gallery."""
    import napari
    from qtpy.QtWidgets import QApplication

    from napari_hicstruct.annotations import Origin, Status
    from napari_hicstruct.plugin._docks import open_dock
    from napari_hicstruct.plugin.controllers.session import ensure_session

    with tempfile.TemporaryDirectory() as name:
        path, chrom, within = the_map(Path(name))
        viewer = napari.Viewer(show=True)
        viewer.window.resize(1500, 950)
        session = ensure_session(viewer)
        session.open_map(path)
        dock, app = open_dock(viewer), QApplication.instance()
        session.open_project(Path(name) / "p.hicproj")
        with session.project_to_write() as project:
            project.add(loops(chrom, within, n_loops), set_id=project.add_set("calls", Origin.PREDICTED).id)
        session.labels.sets_changed()
        settle(app)
        watch = Watch(app)
        rest(watch)  # the window itself comes to rest: hints, the first letters on the canvas
        began = time.perf_counter()
        grid = dock.open_dialog("gallery").grid
        state = session.gallery
        watch.until(lambda: all(state.thumb(state.uids[k]) for k in grid.visible_range()))
        grid.viewport().repaint()
        first = time.perf_counter() - began
        page = len(grid.visible_range())
        scrolled = scroll(grid, state, watch)
        rate = judge(grid, watch, app, n_judged)
        judged = session.project.count(statuses=[Status.ACCEPTED, Status.REJECTED])
        viewer.close()
        settle(app)
    return {
        "map": path.name,
        "loops": n_loops,
        "thumbnails_on_a_page": page,
        "first_page_s": first,
        "scrolling": scrolled,
        "judged_per_s": rate,
        "wrong_or_lost": abs(judged - n_judged),
    }


def main() -> int:
    """Measure, record, and say whether the bars hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loops", type=int, default=5_000)
    parser.add_argument("--judge", type=int, default=200)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        for name in ("HICSTRUCT_HOME", "HICSTRUCT_CACHE", "HICSTRUCT_LOGS"):
            os.environ[name] = str(Path(home) / name.lower())
        os.environ["NAPARI_CONFIG"] = str(Path(home) / "napari.yaml")
        figures = run(chosen.loops, chosen.judge)
    figures["met"] = (
        figures["first_page_s"] <= FIRST_PAGE_S
        and figures["scrolling"]["max_ms"] <= BLOCK_MS
        and figures["judged_per_s"] >= JUDGED_PER_S
        and not figures["wrong_or_lost"]
    )
    record("gallery", figures)
    scrolled = figures["scrolling"]
    say(f"{figures['map']}: {figures['loops']:,} thumbnails, {figures['thumbnails_on_a_page']} on a page")
    say(f"  first page {figures['first_page_s']:.2f} s")
    say(
        f"  scrolling: longest turn {scrolled['max_ms']:.0f} ms (its own work {scrolled['max_work_ms']:.0f} ms), "
        f"p95 {scrolled['p95_ms']:.0f} ms"
    )
    say(f"  judged {figures['judged_per_s']:.1f} per second, {figures['wrong_or_lost']} wrong or lost")
    return 0 if figures["met"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
