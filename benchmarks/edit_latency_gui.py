"""Edit latency in a real window: add, move, undo with 10,000 objects in the project and its layers shown.

Run under a screen (or xvfb-run): ``python benchmarks/edit_latency_gui.py [--objects 10000] [--repeats 60] [--json]``.
Each figure is the time from the end of the gesture to the layer being redrawn from the store, the commit to disk
(``synchronous=FULL``) included; *idle* adds what the panels and the canvas do until the event loop is empty.
The bar is 50 ms at the 95th percentile; the processor time tells what a free machine would need.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

BAR_MS = 50.0
LENGTH, RESOLUTION = 40_000_000, 10_000


def make_map(path: Path) -> None:
    """A small .cool of one 40 Mb chromosome with a decaying diagonal."""
    import cooler
    import pandas as pd

    n = LENGTH // RESOLUTION
    starts = np.arange(n) * RESOLUTION
    bins = pd.DataFrame({"chrom": "chr1", "start": starts, "end": starts + RESOLUTION})
    first, offset = (grid.ravel() for grid in np.meshgrid(np.arange(n), np.arange(60), indexing="ij"))
    inside = first + offset < n
    first, offset = first[inside], offset[inside]
    counts = np.maximum(1, 200 / (1 + offset)).astype(np.int32)
    pixels = pd.DataFrame({"bin1_id": first, "bin2_id": first + offset, "count": counts})
    cooler.create_cooler(str(path), bins, pixels.sort_values(["bin1_id", "bin2_id"]), ordered=True)


def make_objects(number: int) -> list[Any]:
    """Loops, stripes, TADs and boundaries at random places, scored."""
    from napari_hicstruct.annotations import Annotation, Kind, stripe_direction
    from napari_hicstruct.genome import Interval

    rng = np.random.default_rng(7)
    made = []
    for i in range(number):
        kind = tuple(Kind)[i % 4]
        start = int(rng.integers(0, (LENGTH - 3_000_000) // RESOLUTION)) * RESOLUTION
        size = int(rng.integers(10, 150)) * RESOLUTION
        first, whole = Interval("chr1", start, start + RESOLUTION), Interval("chr1", start, start + size)
        far = Interval("chr1", start + size, start + size + RESOLUTION)
        anchors = {Kind.LOOP: (first, far), Kind.STRIPE: (first, whole), Kind.TAD: (whole, whole)}
        one, two = anchors.get(kind, (first, first))
        direction = {"direction": stripe_direction(one, two)} if kind is Kind.STRIPE else {}
        score = float(rng.random())
        made.append(Annotation(kind=kind, anchor1=one, anchor2=two, score=score, resolution=RESOLUTION, **direction))
    return made


def settle(app: Any) -> None:
    """Let the event loop run dry."""
    for _ in range(4):
        app.processEvents()


def measure(act: Callable[[], None], editor: Any, app: Any) -> tuple[float, float, float]:
    """Milliseconds until the layers are redrawn, until the window is idle again, and processor time of the first."""
    began, cpu = time.perf_counter(), time.process_time()
    act()
    editor.flush()
    drawn, cpu = time.perf_counter(), time.process_time() - cpu
    settle(app)
    time.sleep(0.06)  # the panels wait a moment for the end of a burst
    woke = time.perf_counter()
    settle(app)
    return (drawn - began) * 1e3, (drawn - began + time.perf_counter() - woke) * 1e3, cpu * 1e3


def gestures(session: Any, attachment: Any) -> dict[str, Callable[[], None]]:
    """What a person does, from the moment napari reports it."""
    from napari_hicstruct.annotations import Kind

    editor, rng = attachment.editor, np.random.default_rng(1)

    def add_loop() -> None:
        editor.overlay(Kind.LOOP).layer.add(rng.uniform(10e6, 20e6, 2))

    def add_tad() -> None:
        start = rng.uniform(10e6, 18e6)
        corners = np.array([[start, start], [start, start + 1e6], [start + 1e6, start + 1e6], [start + 1e6, start]])
        editor.overlay(Kind.TAD).layer.add([corners], shape_type="rectangle")

    def move_loop() -> None:
        layer = editor.overlay(Kind.LOOP).layer
        index = int(rng.integers(len(layer.data)))
        layer._move([index], layer.data[index] + rng.uniform(2e5, 4e5, 2))

    def move_stripe() -> None:
        layer = editor.overlay(Kind.STRIPE).layer
        index = int(rng.integers(len(layer.data)))
        with layer.events.data.blocker():
            layer._data_view.shift(index, np.array([0.0, 2e5]))
        layer.events.data(value=layer.data, action="changed", data_indices=(index,), vertex_indices=((),))

    def undo() -> None:
        attachment.review.undo()

    return {
        "add loop": add_loop,
        "add TAD": add_tad,
        "move loop": move_loop,
        "move stripe": move_stripe,
        "undo": undo,
    }


def run(objects: int, repeats: int) -> dict[str, Any]:
    """Open a window, fill the project, measure every gesture."""
    import napari
    from qtpy.QtWidgets import QApplication

    from napari_hicstruct.annotations import Origin
    from napari_hicstruct.genome import Interval
    from napari_hicstruct.plugin._docks import open_dock, open_table
    from napari_hicstruct.plugin.controllers.session import ensure_session

    with tempfile.TemporaryDirectory() as folder:
        make_map(Path(folder) / "map.cool")
        viewer = napari.Viewer(show=True)
        session = ensure_session(viewer)
        session.open_map(Path(folder) / "map.cool")
        open_dock(viewer)
        open_table(viewer)
        attachment, app = session.editing, QApplication.instance()
        project = session.ensure_project()
        made = project.add_set("calls", Origin.PREDICTED)
        project.add(make_objects(objects), set_id=made.id)
        session.go_to(Interval("chr1", 8_000_000, 24_000_000))
        time.sleep(0.3)
        settle(app)
        shown = {kind.value: len(overlay.uids) for kind, overlay in attachment.editor.overlays.items()}
        figures: dict[str, Any] = {"objects": objects, "shown": shown, "bar_ms": BAR_MS}
        for name, act in gestures(session, attachment).items():
            times = np.array([measure(act, attachment.editor, app) for _ in range(repeats)][3:])
            figures[name] = {
                "p50_ms": round(float(np.percentile(times[:, 0], 50)), 1),
                "p95_ms": round(float(np.percentile(times[:, 0], 95)), 1),
                "idle_p95_ms": round(float(np.percentile(times[:, 1], 95)), 1),
                "cpu_p95_ms": round(float(np.percentile(times[:, 2], 95)), 1),
            }
        session.close()
        viewer.close()
    return figures


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        for name in ("HICSTRUCT_HOME", "HICSTRUCT_CACHE", "HICSTRUCT_LOGS"):
            os.environ[name] = str(Path(home) / name.lower())
        os.environ["NAPARI_CONFIG"] = str(Path(home) / "napari.yaml")
        figures = run(chosen.objects, chosen.repeats)
    if chosen.json:
        print(json.dumps(figures))
        return
    print(f"{figures['objects']:,} objects in the project, shown: {figures['shown']}")
    for name, values in figures.items():
        if isinstance(values, dict) and "p95_ms" in values:
            verdict = "ok" if values["p95_ms"] <= BAR_MS else f"over {BAR_MS:.0f} ms"
            print(
                f"{name:12} p50 {values['p50_ms']:6.1f} ms   p95 {values['p95_ms']:6.1f} ms ({verdict})"
                f"   until idle p95 {values['idle_p95_ms']:6.1f} ms   processor p95 {values['cpu_p95_ms']:6.1f} ms"
            )


if __name__ == "__main__":
    main()
