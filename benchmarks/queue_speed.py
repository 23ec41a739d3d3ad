"""The review queue with 100,000 candidates in a real window: time to build it, to go on, and to judge.

Run under a screen (or xvfb-run): ``python -m benchmarks.queue_speed [--candidates 100000] [--repeats 40]``.
*build* is from nothing (columns, checks, order) for each strategy, on the clock and by processor time; *next* is the
controller's step and the flight there; *judge* is one press of A: commit to disk, the next candidate, redrawn layers;
*idle* adds all panels and the canvas until the event loop is empty.  Bars: build ≤ 3 s, next ≤ 50 ms at the 95th
percentile.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import percentile, record, say
from benchmarks.edit_latency_gui import make_map, make_objects, settle

BUILD_BAR_S, NEXT_BAR_MS = 3.0, 50.0
ORDERS = ("entropy", "disagreement", "diversity", "entropy+diversity", "2*bald+disagreement")
CALLERS = ("mustache", "chromosight", "model 1.0")
VOTES, FEATURES = 8, 32


def candidates(number: int) -> list[Any]:
    """Loops, stripes, TADs and boundaries of three callers at two bin sizes."""
    rng = np.random.default_rng(3)
    return [
        one.with_(source=CALLERS[k % 3], probability=float(rng.random()), resolution=(5_000, 10_000)[k % 2])
        for k, one in enumerate(make_objects(number))
    ]


def looks(uids: list[str]) -> dict[str, Any]:
    """What a network might have seen at each."""
    from napari_hicstruct.inference.candidate_scores import CandidateScore

    rng = np.random.default_rng(5)
    votes, features = rng.random((len(uids), VOTES)), rng.random((len(uids), FEATURES)).astype(np.float32)
    return {uid: CandidateScore(float(votes[k].mean()), votes[k], features[k]) for k, uid in enumerate(uids)}


def times(act: Callable[[], Any], repeats: int) -> list[float]:
    """Milliseconds of each of several calls."""
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        act()
        found.append((time.perf_counter() - began) * 1e3)
    return found


def build_times(queue: Any) -> dict[str, dict[str, float]]:
    """Seconds on the clock and of the processor to build the queue from nothing, by order."""
    found = {}
    for order in ORDERS:
        queue.forget()
        queue.set_order(order)
        began, cpu = time.perf_counter(), time.process_time()
        left = queue.left
        found[order] = {"wall": time.perf_counter() - began, "cpu": time.process_time() - cpu}
        if queue.problem or not left:
            raise SystemExit(f"{order}: {queue.problem or 'nothing is left'}")
    return found


def run(number: int, repeats: int) -> dict[str, Any]:
    """Open a window with all panels, fill the project, measure."""
    import napari
    from qtpy.QtWidgets import QApplication

    from napari_hicstruct.annotations import Origin
    from napari_hicstruct.plugin._docks import open_dock, open_table
    from napari_hicstruct.plugin.controllers.session import ensure_session

    with tempfile.TemporaryDirectory() as folder:
        make_map(Path(folder) / "map.cool")
        viewer = napari.Viewer(show=True)
        session = ensure_session(viewer)
        session.open_map(Path(folder) / "map.cool")
        dock = open_dock(viewer)
        open_table(viewer)
        for fold in dock.sections["review"].body.folds.values():
            fold.unfold()
        attachment, app = session.editing, QApplication.instance()
        project = session.ensure_project()
        made = project.add_set("calls", Origin.PREDICTED)
        project.add(candidates(number), set_id=made.id)
        time.sleep(0.5)
        settle(app)
        queue, review = attachment.review.queue, attachment.review
        first = build_times_plain(queue)
        queue.set_seen(looks(list(attachment.editor.labels.catalogue.records)))
        figures: dict[str, Any] = {"candidates": number, "build_first_s": first, "build_s": build_times(queue)}
        queue.set_order("entropy")
        queue.left, settle(app)
        figures["step_ms"] = spread(times(lambda: queue.step(1), repeats))
        figures["next_ms"] = spread(times(review.next, repeats))
        figures["next_idle_ms"] = spread(times(lambda: until_idle(review.next, app), repeats))
        figures["judge_ms"] = spread(times(lambda: (review.accept(), attachment.editor.flush()), repeats))
        figures["judge_idle_ms"] = spread(times(lambda: until_idle(review.reject, app), repeats))
        viewer.close()  # ends the session, too, while Qt still stands
        settle(app)
    return figures


def build_times_plain(queue: Any) -> float:
    """Seconds of the very first build, imports of libraries included, before any network has looked."""
    queue.forget()
    began = time.perf_counter()
    if not queue.left:
        raise SystemExit("nothing is left")
    return time.perf_counter() - began


def until_idle(act: Callable[[], Any], app: Any) -> None:
    """Act, give the panels their moment, and let the event loop run dry (the moment counts, too)."""
    act()
    deadline = time.perf_counter() + 0.035  # the panels' delay
    while time.perf_counter() < deadline:
        app.processEvents()
        time.sleep(0.001)
    settle(app)


def spread(values: list[float]) -> dict[str, float]:
    """Median, 95th percentile and largest, without the first."""
    return {"p50": percentile(values[1:], 50), "p95": percentile(values[1:], 95), "max": max(values[1:])}


def main() -> int:
    """Measure, record, and say whether the bars hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=40)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        for name in ("HICSTRUCT_HOME", "HICSTRUCT_CACHE", "HICSTRUCT_LOGS"):
            os.environ[name] = str(Path(home) / name.lower())
        os.environ["NAPARI_CONFIG"] = str(Path(home) / "napari.yaml")
        figures = run(chosen.candidates, chosen.repeats)
    worst = max(one["wall"] for one in figures["build_s"].values())
    figures["held"] = worst <= BUILD_BAR_S and figures["next_ms"]["p95"] <= NEXT_BAR_MS
    record("queue_speed", figures)
    say(f"{figures['candidates']:,} candidates: first build {figures['build_first_s']:.2f} s")
    for order, seconds in figures["build_s"].items():
        say(f"  {order:22} {seconds['wall']:5.2f} s (bar {BUILD_BAR_S:.0f} s), processor {seconds['cpu']:5.2f} s")
    for name in ("step_ms", "next_ms", "next_idle_ms", "judge_ms", "judge_idle_ms"):
        say(f"  {name:14} " + "   ".join(f"{which} {value:6.1f}" for which, value in figures[name].items()))
    return 0 if figures["held"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
