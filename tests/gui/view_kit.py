"""A real window on a real map, and maps whose only contacts stand at known places."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtWidgets import QApplication

from napari_hicstruct.annotations import Annotation, Origin
from napari_hicstruct.plugin.controllers.session import Session, session_of
from napari_hicstruct.plugin.show import wait_until_drawn


def pump(until: Callable[[], Any], seconds: float = 20.0) -> bool:
    """Run the event loop until ``until()`` is true; False if that does not happen in time."""
    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() > end:
            return False
        QApplication.processEvents()
        time.sleep(0.005)
    return True


def open_in(viewer: Any, path: str | Path) -> tuple[Session, Any]:
    """Open ``path`` as drag and drop does; the session and the dock, once all is drawn."""
    viewer.open(str(path), plugin="napari-hicstruct")
    session = session_of(viewer)
    assert session is not None
    wait_until_drawn(session)
    (dock,) = (w for w in QApplication.allWidgets() if type(w).__name__ == "HicDock" and w.session is session)
    return session, dock


def colours_on_canvas(viewer: Any) -> set[int]:
    """Colours that a person sees in the middle of the canvas: of the screen, whatever the canvas itself holds."""
    native = viewer.window._qt_viewer.canvas.native
    screen = QApplication.primaryScreen()
    assert screen is not None
    picture = screen.grabWindow(0).toImage()
    middle = native.mapToGlobal(native.rect().center())
    steps = range(-100, 101, 7)
    return {picture.pixel(middle.x() + x, middle.y() + y) for x in steps for y in steps}


def drawn_places(viewer: Any, layer: Any) -> dict[tuple[float, float], float]:
    """World position (row, column; bp) of the centre of each bin above 0 that is on the canvas, and its value.

    Goes through the transform of the visual, which is what the graphics card uses.
    """
    visual = viewer.window._qt_viewer.canvas.layer_to_visual[layer]
    values = np.nan_to_num(layer._slice.image.view)
    rows, cols = np.nonzero(values > 0)
    # vispy: x = column, pixel (i, j) covers the square from (j, i) to (j + 1, i + 1)
    places = visual.node.transform.map(np.column_stack([cols + 0.5, rows + 0.5]))
    return {(float(y), float(x)): float(values[r, c]) for (x, y, *_), r, c in zip(places, rows, cols, strict=True)}


def write_dots(path: Path, ladder: Sequence[int], length: int, dots: Sequence[tuple[int, int, int]]) -> Path:
    """An ``.mcool`` of one chromosome whose only contacts are ``(position 1, position 2, count)`` in bp."""
    import cooler
    import pandas as pd

    for resolution in ladder:
        bins = cooler.binnify(pd.Series({"chr1": length}), resolution)
        pixels = pd.DataFrame(
            {"bin1_id": [a // resolution for a, _, _ in dots], "bin2_id": [b // resolution for _, b, _ in dots]}
        ).assign(count=[count for _, _, count in dots])
        pixels = pixels.groupby(["bin1_id", "bin2_id"], as_index=False)["count"].sum()
        cooler.create_cooler(f"{path}::/resolutions/{resolution}", bins, pixels, mode="a", ordered=True)
    return path


def open_with_loops(viewer: Any, folder: Path, loops: Sequence[Annotation]) -> tuple[Session, Any]:
    """A map of 32 Mb without contacts worth looking at, and loops in the set *calls* of its project."""
    session, dock = open_in(viewer, write_dots(folder / "dots.mcool", [5_000, 20_000], 32_000_000, []))
    project = session.ensure_project()
    project.add(loops, set_id=project.add_set("calls", Origin.IMPORTED).id)
    return session, dock


def imported(window: Any, paths: Iterable[str | Path], *, ask: Any = None) -> Any:
    """Import files and wait for the report."""
    window.importing.start(paths, ask=ask)
    assert pump(lambda: not window.importing.running)
    return window.importing.report
