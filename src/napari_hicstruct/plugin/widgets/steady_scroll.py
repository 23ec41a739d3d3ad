"""A column that scrolls and whose controls stay where they are while the mouse is over them."""

from __future__ import annotations

from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QPoint, QSize, Qt
from qtpy.QtGui import QCursor
from qtpy.QtWidgets import QFrame, QScrollArea, QSizePolicy, QSpacerItem, QVBoxLayout, QWidget

MAX_MIN_WIDTH_PX = 236
"""However wide its content is at least: the column may be made this narrow, and then scrolls sideways, too (px)."""
_MIN_HEIGHT_PX = 120


class SteadyScroll(QScrollArea):
    """Widgets below each other.

    Parameters
    ----------
    widest : int
        Most pixels that it asks for at least, however wide its content is.

    What is under the mouse stays under it when a text appears above, a section folds or a set is added: the column
    scrolls by as much, and leaves room where there is nothing to scroll.  A second click hits the same button.
    """

    def __init__(self, widest: int = MAX_MIN_WIDTH_PX) -> None:
        super().__init__()
        self._widest = widest
        self._held: list[tuple[QWidget, int]] = []
        self._holding = False
        self._above, self._below = _room(), _room()
        self._column = QVBoxLayout()
        self._column.setContentsMargins(0, 0, 4, 0)
        self._column.setSpacing(2)
        outer = QVBoxLayout()
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addItem(self._above)
        outer.addLayout(self._column)
        outer.addItem(self._below)
        outer.addStretch(1)
        self._content = QWidget()
        self._content.setLayout(outer)
        self._content.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(self._content)
        self._content.installEventFilter(self)
        bar = self.verticalScrollBar()
        assert bar is not None
        self._bar = bar
        bar.valueChanged.connect(self._scrolled)

    def add(self, widget: QWidget) -> None:
        """Put a widget below the others."""
        self._column.addWidget(widget)

    def minimumSizeHint(self) -> QSize:
        """The width of the content, up to a limit, so that nothing is cut off where there is room for it."""
        edges = self.width() - self.contentsRect().width()  # of napari's style sheet
        wide = self._content.minimumSizeHint().width() + self._bar.sizeHint().width() + edges
        return QSize(min(wide, self._widest), _MIN_HEIGHT_PX)

    def eventFilter(self, watched: Any, event: QEvent | None) -> bool:
        """Follow the mouse, and hold on to what is under it while the content changes."""
        held, self._holding = self._holding, True  # Qt may cut the scrolling short here: that is nobody's wish
        done = super().eventFilter(watched, event)
        self._holding = held
        if event is not None and watched is self._content:
            kind = event.type()
            if kind in (QEvent.Type.HoverEnter, QEvent.Type.HoverMove):
                self._take_hold()
            elif kind == QEvent.Type.HoverLeave:
                self._held = []
                self._give_back_room()
            elif kind in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
                if kind == QEvent.Type.LayoutRequest:
                    self.updateGeometry()
                self._hold()
        return done

    def _take_hold(self) -> None:
        """Remember where what is under the mouse stands, from the innermost widget outwards."""
        place = self._content.mapFromGlobal(QCursor.pos())
        self._held = []
        at = self._content.childAt(place)
        while at is not None and at is not self._content:
            self._held.append((at, self._top(at)))
            at = at.parentWidget()

    def _top(self, widget: QWidget) -> int:
        viewport = self.viewport()
        assert viewport is not None
        return widget.mapTo(self._content, QPoint(0, 0)).y() + self._content.y()

    def _hold(self) -> None:
        """Scroll by as much as what was under the mouse has moved."""
        held = next(((one, top) for one, top in self._held if isalive(one) and one.isVisible()), None)
        if held is None or self._holding:
            return
        widget, top = held
        moved = self._top(widget) - top
        if not moved:
            return
        self._holding = True
        try:
            self._scroll_by(moved)
        finally:
            self._holding = False

    def _scroll_by(self, moved: int) -> None:
        wanted = self._bar.value() + moved
        if wanted < 0:  # nothing to scroll: leave room above
            self._give(self._above, self._above.sizeHint().height() - wanted)
            wanted = 0
        elif wanted > self._bar.maximum():
            self._give(self._below, self._below.sizeHint().height() + wanted - self._bar.maximum())
        self._bar.setValue(wanted)

    def _give(self, room: QSpacerItem, height: int) -> None:
        room.changeSize(0, height, QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        layout = self._content.layout()
        assert layout is not None
        layout.invalidate()
        layout.activate()
        viewport = self.viewport()
        assert viewport is not None
        self._content.resize(self._content.width(), max(layout.minimumSize().height(), viewport.height()))

    def _give_back_room(self) -> None:
        """The mouse has gone: what it pointed at may move."""
        if self._above.sizeHint().height() or self._below.sizeHint().height():
            self._give(self._above, 0)
            self._give(self._below, 0)

    def _scrolled(self) -> None:
        if not self._holding and self._content.underMouse():
            self._take_hold()


def _room() -> QSpacerItem:
    return QSpacerItem(0, 0, QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
