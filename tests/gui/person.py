"""A person at a window: what is pressed and typed goes to the top-level window at a place of the screen.

So a button that something covers, that is off the screen or grey is not pressed, and a key goes to whoever has the
keyboard.  :class:`QtHand` needs no other program; scripts/first_hour.py has one that moves the mouse of the X server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from qtpy.QtCore import QPoint, QPointF, Qt, QTimer
from qtpy.QtGui import QCursor, QKeySequence, QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QLineEdit,
    QMenu,
    QScrollArea,
    QWidget,
)

from tests.gui.view_kit import pump

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
_NONE = Qt.KeyboardModifier.NoModifier
_SETTLE_MS = 60


class Hand(Protocol):
    """Mouse and keyboard; places are pixels of the screen."""

    def move(self, at: QPoint) -> None: ...

    def down(self, at: QPoint, button: Qt.MouseButton) -> None: ...

    def up(self, at: QPoint, button: Qt.MouseButton) -> None: ...

    def wheel(self, at: QPoint, notches: int) -> None: ...

    def key(self, name: str) -> None: ...

    def type(self, text: str) -> None: ...


class QtHand:
    """Gives events to Qt as the window system does: to a top-level window, not to a widget."""

    def __init__(self, main: QWidget) -> None:
        self._main, self._held = main, None

    def _window(self, at: QPoint) -> Any:
        if self._held is not None:
            return self._held
        popup = QApplication.activePopupWidget()
        top = popup or QApplication.activeModalWidget() or QApplication.topLevelAt(at) or self._main
        return top.window().windowHandle()

    def move(self, at: QPoint) -> None:
        window = self._window(at)
        QTest.mouseMove(window, window.mapFromGlobal(at))

    def down(self, at: QPoint, button: Qt.MouseButton) -> None:
        window = self._window(at)
        self._held = window
        QTest.mousePress(window, button, _NONE, window.mapFromGlobal(at))

    def up(self, at: QPoint, button: Qt.MouseButton) -> None:
        window, self._held = self._window(at), None
        QTest.mouseRelease(window, button, _NONE, window.mapFromGlobal(at))

    def wheel(self, at: QPoint, notches: int) -> None:
        widget = QApplication.widgetAt(at)
        assert widget is not None
        turn = QPoint(0, -120 * notches)
        place = QPointF(widget.mapFromGlobal(at))
        event = QWheelEvent(
            place, QPointF(at), QPoint(), turn, Qt.MouseButton.NoButton, _NONE, Qt.ScrollPhase.NoScrollPhase, False
        )
        QApplication.sendEvent(widget, event)

    def _typed_into(self) -> Any:
        focused = QApplication.focusWidget()
        if focused is not None and not focused.isVisible():
            focused = (
                None  # the list of a box that was closed: without a window manager Qt does not activate what is below
            )
        top = QApplication.activePopupWidget() or QApplication.activeModalWidget() or focused or self._main
        return top.window().windowHandle()

    def key(self, name: str) -> None:
        both = QKeySequence(name)[0]
        shift = Qt.KeyboardModifier.ShiftModifier if name == "?" else both.keyboardModifiers()
        QTest.keyClick(self._typed_into(), both.key(), shift)

    def type(self, text: str) -> None:
        for letter in text:
            QTest.keyClick(self._typed_into(), letter)


_STILL = 4
"""Looks in a row, 40 ms apart, at which a widget lies where it lay: results that arrive push down what is below."""


class Person:
    """Does what a page of the documentation says, in one window.

    Parameters
    ----------
    viewer, session, dock
        Of the window; read, to know where things are and what is shown, never called to act.
    hand : Hand, optional
    """

    def __init__(self, viewer: Any, session: Any, dock: Any, hand: Hand | None = None) -> None:
        self.viewer, self.session, self.dock = viewer, session, dock
        self.hand: Hand = hand or QtHand(self.main)

    @property
    def main(self) -> Any:
        """napari's main window; not held beyond its end."""
        return self.viewer.window._qt_window

    @property
    def native(self) -> QWidget:
        """The canvas."""
        return self.viewer.window._qt_viewer.canvas.native

    def let_go(self) -> None:
        """Hold nothing of the window any more: pytest keeps what a fixture gave until windows have been looked for."""
        self.viewer = self.session = self.dock = self.hand = None  # type: ignore[assignment]

    def rest(self, ms: int = _SETTLE_MS) -> None:
        """Let the window answer."""
        end = time.monotonic() + ms / 1000
        pump(lambda: time.monotonic() > end)

    # ------------------------------------------------------------------ keyboard
    def key(self, *names: str) -> None:
        """Press keys, one after another, wherever the keyboard is."""
        for name in names:
            self.hand.key(name)
            self.rest()

    def type(self, text: str) -> None:
        """Type into what has the keyboard."""
        self.hand.type(text)
        self.rest()

    def fill(self, line: QLineEdit, text: str) -> None:
        """Replace what stands in a line."""
        self.click(line)
        self.key("Ctrl+A")
        self.type(text)
        self.key("Return")

    # ------------------------------------------------------------------ mouse on widgets
    def reach(self, widget: QWidget) -> QPoint:
        """Turn the wheel until a widget is seen; its place on the screen.  AssertionError if it cannot be pressed."""
        assert pump(widget.isVisible, 5), f"{_name(widget)} is not shown"
        area = _scroll_area(widget)
        for _ in range(60 if area is not None else 0):
            view = area.viewport()
            top = widget.mapTo(view, QPoint(0, 0)).y()
            if 0 <= top and top + min(widget.height(), view.height()) <= view.height():
                break
            bar = area.verticalScrollBar()  # over a list box the wheel would choose
            self.hand.wheel(bar.mapToGlobal(bar.rect().center()), 1 if top > 0 else -1)
            self.rest(20)
        inside = widget.rect().center()
        if isinstance(widget, QCheckBox):
            inside.setX(10)  # the text may end long before the widget does
        at = widget.mapToGlobal(inside)
        there = QApplication.widgetAt(at)
        covered = there is None or (there is not widget and not widget.isAncestorOf(there))
        assert not covered, f"{_name(widget)} is covered by {_name(there)}"
        return at

    def click(self, widget: QWidget, button: Qt.MouseButton = LEFT) -> None:
        """Click a widget at its place; AssertionError if it is hidden, covered or grey."""
        at, still = self.reach(widget), 0
        for _ in range(40):  # what is still coming to rest moves: a person waits for that
            self.hand.move(at)
            self.rest(40)
            before, at = at, self.reach(widget)
            still = still + 1 if at == before else 0
            if still == _STILL:
                break
        assert pump(widget.isEnabled, 5), f"{_name(widget)} is grey: {widget.toolTip()}"
        self._click_at(at, button)

    def _click_at(self, at: QPoint, button: Qt.MouseButton = LEFT) -> None:
        self.hand.move(at)
        self.hand.down(at, button)
        self.hand.up(at, button)
        self.rest()

    def unfold(self, fold: Any, on: bool = True) -> None:
        """Click the head of a section or fold, unless it is (un)folded already."""
        if fold.isExpanded() is not on:
            self.click(fold.button)
            assert fold.isExpanded() is on, f"{_name(fold.button)} does not fold"

    def choose(self, box: QComboBox, text: str) -> None:
        """Open a list box and click an entry."""
        self.click(box)
        view = box.view()
        assert pump(view.isVisible, 5), "the list did not open"
        index = box.model().index(box.findText(text), 0)
        assert index.isValid(), f"{text} is not in {[box.itemText(i) for i in range(box.count())]}"
        self.rest(300)  # a click that comes right after the opening is taken for its release
        self._click_at(view.viewport().mapToGlobal(view.visualRect(index).center()))
        assert pump(lambda: not view.isVisible(), 5)

    def pick(self, *texts: str) -> None:
        """Click entries of the menu that is open, one level after another."""
        for text in texts:
            assert pump(lambda: isinstance(QApplication.activePopupWidget(), QMenu), 5), f"no menu for {text}"
            menu: Any = QApplication.activePopupWidget()
            found = [a for a in menu.actions() if a.text().partition("\t")[0].replace("&", "") == text]
            assert found, f"{text} is not in {[a.text() for a in menu.actions()]}"
            assert found[0].isEnabled(), f"{text} is grey: {found[0].toolTip()}"
            self._click_at(menu.mapToGlobal(menu.actionGeometry(found[0]).center()))
            self.rest(150)

    def pick_from_bar(self, *texts: str) -> None:
        """Click a menu of the menu bar, then its entries."""
        bar = self.main.menuBar()
        (action,) = (a for a in bar.actions() if a.text().replace("&", "") == texts[0])
        self._click_at(bar.mapToGlobal(bar.actionGeometry(action).center()))
        self.pick(*texts[1:])

    def answering(self, text: str, act: Callable[[], None]) -> None:
        """Do what opens a dialog; type ``text`` into it and press Return."""
        answered: list[str] = []

        def answer(tries: int = 100) -> None:
            dialog = QApplication.activeModalWidget()
            if not isinstance(dialog, QDialog) or not dialog.isVisible():
                if tries:
                    QTimer.singleShot(50, lambda: answer(tries - 1))
                return
            self.rest(200)
            self.key("Ctrl+A")
            self.type(text)
            self.key("Return")
            answered.append(text)

        QTimer.singleShot(50, answer)
        act()
        assert pump(lambda: bool(answered), 10), "no dialog opened"

    # ------------------------------------------------------------------ mouse on the map
    def at(self, place: Sequence[float]) -> QPoint:
        """Place on the screen of a place on the map (row, column; bp)."""
        camera, native = self.viewer.scene.camera, self.native
        row, col = camera.center[-2:]
        place = self.session.projection.to_world(place)
        height, width = self.viewer.window._qt_viewer.canvas.size
        x = (place[1] - col) * camera.zoom + width / 2
        y = (place[0] - row) * camera.zoom + height / 2
        return native.mapToGlobal(QPoint(round(x), round(y)))

    def place(self, at: QPoint) -> tuple[float, float]:
        """Place on the map (row, column; bp) of a place on the screen."""
        camera, local = self.viewer.scene.camera, self.native.mapFromGlobal(at)
        row, col = camera.center[-2:]
        height, width = self.viewer.window._qt_viewer.canvas.size
        world = row + (local.y() - height / 2) / camera.zoom, col + (local.x() - width / 2) / camera.zoom
        return self.session.projection.to_genome(world)

    def seen(self, place: Sequence[float]) -> bool:
        """True if a place of the map is on the canvas, and nothing lies over it."""
        at = self.at(place)
        return self.native.rect().adjusted(4, 4, -4, -4).contains(self.native.mapFromGlobal(at)) and (
            QApplication.widgetAt(at) is self.native
        )

    def click_map(self, place: Sequence[float], button: Qt.MouseButton = LEFT) -> None:
        """Click a place of the map."""
        assert self.seen(place), f"{place} is not in view"
        self._click_at(self.at(place), button)
        self.session.editing.editor.flush()

    def drag_map(self, *places: Sequence[float]) -> None:
        """Press at the first place, go over the others, release at the last."""
        points = [self.at(place) for place in places]  # before the map is panned away under them
        self.hand.move(points[0])
        self.hand.down(points[0], LEFT)
        for one in points[1:]:
            self.hand.move(one)
            self.rest(15)  # napari throttles moves to one in 5 ms
        self.hand.up(points[-1], LEFT)
        self.rest()
        self.session.editing.editor.flush()

    def lasso(self, row: float, col: float, radius: float) -> list[tuple[float, float]]:
        """Draw a circle (bp); its corners, where the mouse was."""
        turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        corners = [(row + radius * float(np.sin(t)), col + radius * float(np.cos(t))) for t in turn]
        self.drag_map(*corners)
        return corners


def park(main: QWidget) -> None:
    """Put the pointer where it touches nothing."""
    QCursor.setPos(main.mapToGlobal(QPoint(2, main.height() - 2)))


def _scroll_area(widget: QWidget) -> Any:
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QScrollArea):
        parent = parent.parentWidget()
    return parent


def _name(widget: Any) -> str:
    if widget is None:
        return "nothing of ours"
    text = getattr(widget, "text", None)
    return f"{type(widget).__name__} {text() if callable(text) else ''}".strip()
