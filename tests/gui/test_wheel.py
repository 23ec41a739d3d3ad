"""The wheel over the dock scrolls it, whatever control comes by; one that has the keyboard takes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from napari_hicstruct.plugin.controllers.frame.wheel import mark_ours
from tests.gui.view_kit import open_in, pump, write_dots

BIN = 5_000


def turn(widget: QWidget, notches: int = 1) -> None:
    """Turn the wheel over a widget: who does not accept it passes it on, as Qt does where the window system asks."""
    at: QWidget | None = widget
    while at is not None:
        inside = at.rect().center()
        event = QWheelEvent(
            QPointF(inside),
            QPointF(at.mapToGlobal(inside)),
            QPoint(),
            QPoint(0, -120 * notches),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        if QApplication.sendEvent(at, event) and event.isAccepted():
            return
        at = None if at.isWindow() else at.parentWidget()


def controls_in(root: QWidget) -> list[Any]:
    """List boxes, numbers and sliders that can be turned and are seen."""
    found = [one for kind in (QComboBox, QAbstractSpinBox, QSlider) for one in root.findChildren(kind)]
    return [one for one in found if one.isVisible() and one.isEnabled()]


def value_of(control: Any) -> Any:
    """What is chosen."""
    return control.currentText() if isinstance(control, QComboBox) else control.value()


def test_the_wheel_changes_nothing_that_comes_by(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> None:
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, write_dots(tmp_path / "dots.mcool", [BIN, 4 * BIN], 32_000_000, []))
    session.ensure_project()
    for section in dock.sections.values():
        section.unfold(True)
    for fold in dock.findChildren(QWidget):
        if hasattr(fold, "unfold"):
            fold.unfold(True)
    viewer.window._qt_viewer.canvas.native.setFocus()
    pump(lambda: False, 0.3)
    area = dock.findChild(QScrollArea)
    bar = area.verticalScrollBar()
    inside = [control for control in controls_in(dock) if area.isAncestorOf(control)]
    assert len(inside) > 12
    for control in inside:
        before = value_of(control)
        for part in (control, *control.findChildren(QWidget)):
            if part.isVisible() and part.window() is control.window():
                bar.setValue(0)
                turn(part)
                assert value_of(control) == before, control
                assert bar.value() > 0, (control, part, "the dock did not scroll")
        assert not control.focusPolicy().value & Qt.FocusPolicy.WheelFocus.value & ~Qt.FocusPolicy.StrongFocus.value
    box = dock.map.percentile
    viewer.window._qt_window.activateWindow()
    box.setFocus()
    assert pump(box.hasFocus, 5)
    turn(box)
    assert box.value() == 96.0, "it has the keyboard"


def test_dialogs_too(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> None:
    viewer = make_napari_viewer(show=True)
    open_in(viewer, write_dots(tmp_path / "dots.mcool", [BIN], 32_000_000, []))
    foreign, ours = QDialog(viewer.window._qt_window), QDialog(viewer.window._qt_window)
    mark_ours(ours)
    for dialog in (foreign, ours):
        box = QComboBox()
        box.addItems(["a", "b", "c"])
        QVBoxLayout(dialog).addWidget(box)
        dialog.show()
        turn(box)
        assert box.currentText() == ("a" if dialog is ours else "b")
        dialog.close()
