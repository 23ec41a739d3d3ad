"""The candidate that the queue brings is seen: its card with the buttons, the bins about it, the others round it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import QPoint
from qtpy.QtTest import QTest

from napari_hicstruct.annotations import Kind
from napari_hicstruct.plugin.panels.review.panel import ReviewPanel
from tests.annotation_kit import loop
from tests.gui.edit_kit import press
from tests.gui.person import park
from tests.gui.view_kit import open_with_loops, pump


def test_card_and_buttons_come_into_view_and_others_are_back_elsewhere(
    make_napari_viewer: Callable[..., Any], tmp_path: Path
) -> None:
    viewer = make_napari_viewer(show=True)
    starts = [first + 40_000 * k for first in (3_000_000, 10_000_000) for k in range(4)]
    session, dock = open_with_loops(viewer, tmp_path, [loop(start, 300_000) for start in starts])
    for key in ("map", "labels", "predict", "review"):
        dock.sections[key].unfold(True)
    viewer.window._qt_window.activateWindow()
    park(viewer.window._qt_window)
    pump(lambda: False, 0.3)
    (review,) = dock.findChildren(ReviewPanel)
    view = dock._scroll.viewport()

    def is_seen(widget: Any) -> bool:
        top = widget.mapTo(view, QPoint(0, 0)).y()
        return 0 <= top and top + widget.height() <= view.height()

    dock._scroll.verticalScrollBar().setValue(0)
    assert not is_seen(review.buttons["accept"]), "else nothing is tested"
    press(viewer.window._qt_viewer.canvas.native, "N")
    parts = (review.card, review.buttons["accept"], review.buttons["reject"])
    assert pump(lambda: all(map(is_seen, parts)), 5)

    loops = session.editing.editor.overlays[Kind.LOOP].layer
    assert pump(lambda: min(loops.border_color[:, 3]) < 0.3, 5)
    here = session.labels.current.anchor1.start < 5_000_000
    region = dock.map.region
    region.setFocus()
    region.selectAll()
    QTest.keyClicks(region, "chr1:9.8M-10.8M" if here else "chr1:2.8M-3.8M")
    press(region, "Return")
    assert pump(lambda: len(loops.data) >= 3 and min(loops.border_color[:, 3]) > 0.9, 5), "all are drawn in full"
