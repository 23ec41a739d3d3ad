"""Messages of ours do not pile up over a small window, and can all be read again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from napari._qt.dialogs.qt_notification import NapariQtNotification
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QApplication

from napari_hicstruct.errors import ProjectError
from tests.gui.person import Person
from tests.gui.view_kit import open_in, pump, write_dots

LONG = "is no contact map that can be read: it ends in the middle of a table, as a download does that was cut off"


def shown() -> list[Any]:
    """Boxes that are up, by place, the lowest first."""
    found = [w for w in QApplication.allWidgets() if isinstance(w, NapariQtNotification) and w.isVisible()]
    return sorted(found, key=lambda box: -box.geometry().bottom())


def texts() -> list[str]:
    return [box.message.text().replace("\u200b", "") for box in shown()]


def open_small(make_napari_viewer: Callable[..., Any], folder: Path) -> tuple[Any, Any, Any]:
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, write_dots(folder / "dots.mcool", [20_000], 4_000_000, []))
    viewer.window._qt_window.resize(1000, 700)
    pump(lambda: False, 0.5)
    return viewer, session, dock


def test_at_most_two_messages_are_up_and_neither_covers_the_other(
    make_napari_viewer: Callable[..., Any], tmp_path: Path
) -> None:
    viewer, session, dock = open_small(make_napari_viewer, tmp_path)
    region = dock.map.region
    viewer.window._qt_window.activateWindow()
    region.setFocus()
    for k in range(6):
        session.problem.emit(ProjectError(f"number {k} {LONG}", where="my file"))
        pump(lambda: False, 0.1)
    assert pump(lambda: len(shown()) == 2, 2), texts()
    lower, upper = shown()
    assert ["number 5" in texts()[0], "number 4" in texts()[1]] == [True, True], texts()
    assert not lower.geometry().intersects(upper.geometry())
    canvas = viewer.window._qt_viewer.canvas.native
    covered = sum(box.width() * box.height() for box in shown())
    assert covered < 0.5 * canvas.width() * canvas.height()
    assert QApplication.focusWidget() is region, "who types goes on typing"
    session.done.emit("Saved a copy.")
    session.done.emit("Saved another copy.")
    assert pump(lambda: texts() == ["Saved another copy."], 2), texts()
    session.problem.emit(ProjectError("is damaged."))
    session.done.emit("Saved.")
    assert pump(lambda: len(shown()) == 2, 2), "an error is not replaced before it could be read"
    assert texts()[0] == "Saved."


def test_what_was_said_can_be_read_again(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> None:
    viewer, session, dock = open_small(make_napari_viewer, tmp_path)
    for k in range(3):
        session.problem.emit(ProjectError(f"number {k} {LONG}", where="my file"))
    for box in shown():
        box.close()
    person = Person(viewer, session, dock)
    dock.menu.aboutToShow.emit()
    entries = dock.menu.messages.actions()
    assert ["number 2" in entries[0].toolTip(), "number 0" in entries[2].toolTip()] == [True, True]
    assert all(len(entry.text()) <= 72 for entry in entries)
    person.pick_from_bar("HiC Structures", "Last messages", entries[2].text())
    assert pump(lambda: any("number 0" in text for text in texts()), 2)
    menu = QApplication.activePopupWidget()
    assert menu is None or menu.mapToGlobal(QPoint(0, 0)) is not None
    person.let_go()
