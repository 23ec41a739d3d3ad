"""The first paint after a key of the review has all of it in place; garbage waits for the window's thread."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QObject
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_hicstruct.annotations import Kind
from napari_hicstruct.plugin.controllers import garbage
from napari_hicstruct.plugin.controllers.canvas.paint_later import paint_later
from napari_hicstruct.plugin.controllers.garbage import Garbage
from napari_hicstruct.plugin.panels.review.card import Card
from napari_hicstruct.plugin.widgets.soon import Soon
from tests.annotation_kit import loop
from tests.gui.edit_kit import press
from tests.gui.view_kit import colours_on_canvas, open_with_loops, pump


def test_a_judgment_that_flies_on_is_all_there_in_the_first_paint(
    make_napari_viewer: Callable[..., Any], tmp_path: Path
) -> None:
    viewer = make_napari_viewer(show=True)
    starts = [3_000_000 * k for k in range(1, 9)]
    session, dock = open_with_loops(
        viewer, tmp_path, [loop(start, 100_000 + 10_000 * k) for k, start in enumerate(starts)]
    )
    canvas = viewer.window._qt_viewer.canvas
    (card,) = dock.findChildren(Card)
    press(canvas.native, "N")
    pump(lambda: False, 3.0)  # the letters of the hint are made when nothing else is to do
    loops = session.editing.editor.overlays[Kind.LOOP]

    def state() -> tuple[str, list[int], list[str], str]:
        corner = session.layer.corner_pixels[:, 0].tolist()
        return session.labels.current.uid, corner, list(loops.uids), card.facts.text()

    drawn: list[tuple[str, list[int], list[str], str]] = []
    canvas._scene_canvas.events.draw.connect(lambda _: drawn.append(state()), position="first")
    places = set()
    for _ in range(4):
        drawn.clear()
        press(canvas.native, "A")
        pump(lambda: False, 0.4)
        assert set(map(repr, drawn)) == {repr(state())}, "something was painted before it was where it belongs"
        places.add(repr(state()))
    assert len(places) == 4


def test_what_is_asked_within_an_event_is_done_once_before_timers(qtbot: Any) -> None:
    owner, done = QObject(), []
    soon = Soon(owner, lambda: done.append(1), least_ms=40)
    for _ in range(5):
        soon()
    assert done == []
    QTest.qWait(1)
    assert done == [1]
    for _ in range(5):  # within the 40 ms: not at once, but not lost
        soon()
    QTest.qWait(1)
    assert done == [1]
    qtbot.waitUntil(lambda: done == [1, 1])


def test_a_layer_is_painted_after_the_event_that_put_it_in(make_napari_viewer: Callable[..., Any]) -> None:
    viewer = make_napari_viewer(show=True)
    viewer.add_image(np.random.default_rng(1).random((40, 40)))
    pump(lambda: False, 0.3)
    canvas = viewer.window._qt_viewer.canvas
    drawn: list[int] = []
    canvas._scene_canvas.events.draw.connect(lambda _: drawn.append(1))
    with paint_later(viewer):
        canvas.native.repaint()
    canvas.native.repaint()
    assert not drawn
    assert pump(lambda: bool(drawn), 5)


def test_a_window_that_is_painted_meanwhile_does_not_cover_the_canvas(make_napari_viewer: Callable[..., Any]) -> None:
    viewer = make_napari_viewer(show=True)
    viewer.add_image(np.random.default_rng(1).random((40, 40)))
    assert pump(lambda: len(colours_on_canvas(viewer)) > 100)
    with paint_later(viewer):
        viewer.add_image(np.zeros((40, 40)), opacity=0.3)
        viewer.window._qt_window.update()  # as when a text of the dock changes
        QApplication.processEvents()
    pump(lambda: False, 0.5)
    assert len(colours_on_canvas(viewer)) > 100


class Cycle:
    """Garbage that only Python's collector frees."""

    def __init__(self, freed: list[str]) -> None:
        self.me, self.freed = self, freed

    def __del__(self) -> None:
        self.freed.append(threading.current_thread().name)


def test_no_thread_but_the_windows_frees_cycles(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    freed: list[str] = []
    usual, mine = gc.get_threshold(), Garbage()
    mine.opened()
    try:

        def work() -> None:
            Cycle(freed)
            for _ in range(30):
                [[] for _ in range(1_000)]

        thread = threading.Thread(target=work, name="worker")
        thread.start()
        thread.join()
        assert freed == []
        assert gc.isenabled(), "a cell of a notebook that makes very much still frees it"
        assert gc.get_threshold()[0] > 100_000
        mine.collect_all()
        assert freed == [threading.current_thread().name]
        Cycle(freed)
        monkeypatch.setattr(garbage, "_MODULES", 0)
        mine.collect_some()  # a rush of new objects is not searched
        assert len(freed) == 1
        monkeypatch.setattr(garbage, "_ALL_AFTER_S", -1.0)
        monkeypatch.setattr(garbage, "_STILL_S", -1.0)
        mine.collect_some()  # nobody has touched the mouse for long
        assert len(freed) == 2
    finally:
        mine.closed()
    assert gc.get_threshold() == usual
