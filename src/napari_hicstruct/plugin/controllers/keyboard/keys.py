"""The keyboard of a window: the commands of :mod:`~napari_hicstruct.plugin.state.commands` while a map is open.

napari binds several of these letters on its own layers (A selects all points, P paints labels …) and ignores key
bindings in manifests; a filter takes ours before napari or a focused list sees them.
"""

from __future__ import annotations

from typing import Any

from qtpy.compat import isalive
from qtpy.QtWidgets import QApplication

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.plugin.controllers.canvas.navigation import Navigation
from napari_hicstruct.plugin.controllers.edit.hints import StatusHelp, window_is_gone
from napari_hicstruct.plugin.controllers.edit.review import Review
from napari_hicstruct.plugin.controllers.keyboard.key_filter import KeyFilter
from napari_hicstruct.plugin.controllers.keyboard.key_sheet import KeySheet, native
from napari_hicstruct.plugin.state.commands import COMMANDS, LOOK, MOUSE, command, key_of


class Keys:
    """Takes the keys of a window and, when the map is closed, gives them back."""

    def __init__(self, review: Review, navigation: Navigation) -> None:
        self._review, self._navigation = review, navigation
        self._viewer = review.editor.canvas.viewer
        self._filter: KeyFilter | None = None
        self._sheet: KeySheet | None = None
        self._menu_entry: Any = None
        self._help: StatusHelp | None = None

    def bind(self) -> None:
        """Take the keys; safe to call twice.  A viewer without a window has none."""
        app, window = QApplication.instance(), getattr(self._viewer, "window", None)
        if self._filter is not None or app is None or window is None or window_is_gone(self._viewer):
            return
        main, canvas = window._qt_window, window._qt_viewer.canvas.native
        self._filter = KeyFilter(main, canvas, COMMANDS, self._take)
        app.installEventFilter(self._filter)
        self._help = StatusHelp(self._viewer, f"{key_of('show_keys')} lists all keys")
        self._menu_entry = window.help_menu.addAction(f"HiC Structures: keys\t{native('F1')}")
        self._menu_entry.triggered.connect(self.show_keys)

    def unbind(self) -> None:
        """Give the keys back to napari."""
        taken, self._filter = self._filter, None
        app = QApplication.instance()
        if taken is not None and app is not None and isalive(taken):
            app.removeEventFilter(taken)
            taken.deleteLater()
        shown, self._help = self._help, None
        if shown is not None:
            shown.close()
        entry, self._menu_entry = self._menu_entry, None
        if entry is not None and isalive(entry):
            entry.parent().removeAction(entry)
            entry.deleteLater()
        sheet, self._sheet = self._sheet, None
        if sheet is not None and isalive(sheet):
            sheet.close()

    def run(self, name: str) -> None:
        """Carry out a command by its name in :data:`COMMANDS`."""
        verb, _, kind = name.partition(" ")
        if name == "show_keys":
            self.show_keys()
        elif kind:
            self._review.add(Kind(kind))
        elif command(name).group == LOOK:
            getattr(self._navigation, name)()
        else:
            getattr(self._review, verb)()

    def show_keys(self) -> None:
        """Open the key sheet, or bring it to the front."""
        window = getattr(self._viewer, "window", None)
        if window is None:
            return
        if self._sheet is None or not isalive(self._sheet):
            self._sheet = KeySheet((*COMMANDS, *MOUSE), window._qt_window, ends=key_of("show_keys"))
        self._sheet.show()
        self._sheet.raise_()
        self._sheet.activateWindow()

    def _take(self, name: str) -> bool:
        """Carry out a command, unless its key means something else in the layer that is active."""
        active = self._viewer.layers.selection.active
        ours = any(overlay.layer is active for overlay in self._review.editor.overlays.values())
        if name == "refuse_paste" and not ours:
            return False
        if name == "delete" and not ours and getattr(active, "selected_data", None):
            return False  # what is selected in somebody else's layer
        self.run(name)
        return True
