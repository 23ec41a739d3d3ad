"""Shares a napari window between the map, our dock and napari's layer panels, and remembers what a person chose."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QApplication, QDockWidget, QMainWindow

from napari_hicstruct.plugin.state.layout import MIN_DOCK, USUAL_DOCK, WIDE, share_width
from napari_hicstruct.plugin.state.settings import Settings

_SIDES = (Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea)
_PANELS_PX = 270
"""Width of napari's panels, at least."""


class WindowEnd(QObject):
    """Calls ``on_end`` when a window was closed, while all in it still stands.

    Later, when Qt deletes it, what takes its layers out would ask lists that are half gone.
    """

    def __init__(self, window: QMainWindow, on_end: Callable[[], None]) -> None:
        super().__init__(window)
        self._on_end, self._closing = on_end, False
        window.installEventFilter(self)
        window.destroyed.connect(on_end)  # one that was never shown is not hidden either

    def eventFilter(self, watched: Any, event: QEvent | None) -> bool:
        """A window that closes is hidden once nobody objects."""
        if event is not None and event.type() == QEvent.Type.Close:
            self._closing = True
        elif event is not None and event.type() == QEvent.Type.Hide and self._closing and not event.spontaneous():
            self._on_end()
        return super().eventFilter(watched, event)


class WindowLayout(QObject):
    """Follows the size of a window.

    Parameters
    ----------
    window : QMainWindow
        napari's.
    dock : QDockWidget
        Ours.
    show_folded : callable
        ``(whether)``; shows the dock's strip in place of its body.
    settings : Settings
    """

    def __init__(
        self, window: QMainWindow, dock: QDockWidget, *, show_folded: Callable[[bool], None], settings: Settings
    ) -> None:
        super().__init__(dock)
        # weakly: a window that was closed is not kept by its layout
        self._weak_window, self._weak_dock = weakref.ref(window), weakref.ref(dock)
        self._weak_show_folded, self._settings = weakref.WeakMethod(show_folded), settings
        self.folded = bool(settings.get("dock_folded", False))
        self._applied = -1
        window.installEventFilter(self)
        dock.installEventFilter(self)
        self.apply()

    @property
    def _window(self) -> Any:
        return self._weak_window()

    @property
    def _dock(self) -> Any:
        return self._weak_dock()

    @property
    def _panels(self) -> list[Any]:
        viewer = getattr(self._window, "_qt_viewer", None)
        return [] if viewer is None else [viewer.dockLayerList, viewer.dockLayerControls]

    # ------------------------------------------------------------------ what a person chooses
    @property
    def panels_shown(self) -> bool:
        """Whether napari's layer panels are shown."""
        return any(panel.isVisible() for panel in self._panels)

    def show_panels(self, on: bool) -> None:
        """Show or fold napari's layer list and layer controls; remembered for windows of this kind of width."""
        self._settings.set(self._panels_name(), on)
        self._set_panels(on)

    def fold(self, on: bool) -> None:
        """Fold the dock to its strip, or unfold it; remembered."""
        self.folded = on
        self._settings.set("dock_folded", on)
        self._show(0 if on else max(MIN_DOCK, self._share().dock))

    # ------------------------------------------------------------------ following the window
    def apply(self) -> None:
        """Share the window's width out anew."""
        if not self._stands():
            return
        self._applied = self._window.width()
        share = self._share()
        self._set_panels(share.panels)
        if self._at_side():
            self._show(share.dock)

    def eventFilter(self, watched: Any, event: QEvent | None) -> bool:
        """The window was made wider or narrower, or a person drags the border of the dock."""
        if event is not None and event.type() == QEvent.Type.Resize:
            if watched is self._window:
                QTimer.singleShot(0, self._resized)
            elif self._is_dragged():
                self._settings.set("dock_width", self._dock.width())
        return super().eventFilter(watched, event)

    def _resized(self) -> None:
        if self._stands() and self._window.width() != self._applied:
            self.apply()

    def _stands(self) -> bool:
        return all(one is not None and isalive(one) for one in (self._window, self._dock))

    def _is_dragged(self) -> bool:
        pressed = QApplication.mouseButtons() & Qt.MouseButton.LeftButton
        same_window = self._window.width() == self._applied
        return bool(pressed) and same_window and self._at_side() and self._dock.width() >= MIN_DOCK

    def _at_side(self) -> bool:
        return not self._dock.isFloating() and self._window.dockWidgetArea(self._dock) in _SIDES

    def _share(self) -> Any:
        wide = self._window.width() >= WIDE
        return share_width(
            self._window.width(),
            dock=self._settings.get("dock_width", USUAL_DOCK),
            folded=self.folded,
            panels=bool(self._settings.get(self._panels_name(), wide)),
            panels_width=max([_PANELS_PX, *(panel.minimumSizeHint().width() for panel in self._panels)]),
        )

    def _panels_name(self) -> str:
        return "layer_panels_wide" if self._window.width() >= WIDE else "layer_panels_narrow"

    def _set_panels(self, on: bool) -> None:
        if on == self.panels_shown:
            return
        for panel in self._panels:
            panel.setVisible(on)
        if on and self._panels:
            self._window.resizeDocks(self._panels[:1], [_PANELS_PX], Qt.Orientation.Horizontal)

    def _show(self, width: int) -> None:
        if (show_folded := self._weak_show_folded()) is not None:
            show_folded(not width)
        self._resize_dock(width)
        QTimer.singleShot(0, lambda: self._resize_dock(width))  # once the dock knows how narrow it may be

    def _resize_dock(self, width: int) -> None:
        if not self._stands():
            return
        self._dock.setMinimumWidth(1)  # else it stays as wide as it had to be before
        for widget in (self._dock.widget(), self._dock, self._window):
            if widget is not None and (layout := widget.layout()) is not None:
                layout.activate()
        self._window.resizeDocks([self._dock], [max(width, 1)], Qt.Orientation.Horizontal)
