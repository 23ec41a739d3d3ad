"""Opening the dock, the object table, and the docks of label repair, fusion and segmentation in a napari window."""

from __future__ import annotations

from typing import Any

from napari.plugins import menu_item_template
from napari.plugins._npe2 import get_widget_contribution

PLUGIN = "napari-hicstruct"
DISPLAY_NAME = "HiC Structures"
"""Of the plugin, as in its manifest."""
DOCK = "HiC Structures"
TABLE = "HiC Structures: all objects"
REPAIR = "Repair labels"
FUSE = "Fuse maps"
SEGMENT = "Segment images"


def open_dock(viewer: Any, *, front: bool = True) -> Any:
    """The *HiC Structures* dock of ``viewer``, opened if need be; None where there is no window.

    Without ``front``, one that is open stays behind the tab that lies over it.
    """
    return _open(viewer, DOCK, front=front)


def open_table(viewer: Any) -> Any:
    """The table of all objects, opened if need be; None where there is no window."""
    return _open(viewer, TABLE)


def open_repair(viewer: Any) -> Any:
    """The dock *Repair labels*, opened if need be; None where there is no window."""
    return _open(viewer, REPAIR)


def open_fuse(viewer: Any) -> Any:
    """The dock *Fuse maps*, opened if need be; None where there is no window."""
    return _open(viewer, FUSE)


def open_segment(viewer: Any) -> Any:
    """The dock *Segment images*, opened if need be; None where there is no window."""
    return _open(viewer, SEGMENT)


def _open(viewer: Any, name: str, *, front: bool = True) -> Any:
    window = getattr(viewer, "window", None)
    if window is None:
        return None
    # Under the name that napari's menu gives it: add_plugin_dock_widget would give another, and the menu a second dock.
    full_name = menu_item_template.format(DISPLAY_NAME, name)
    widget = window.dock_widgets.get(full_name)
    if widget is None:
        made, _ = get_widget_contribution(PLUGIN, name)
        widget = made(viewer)
        # the table never below our other dock, not for a moment: the window would grow beyond its screen
        window.add_dock_widget(widget, name=full_name, area="bottom" if name == TABLE else "right")
    widget.parentWidget().show()
    dock = widget.parentWidget()
    if front and dock.window().tabifiedDockWidgets(dock):
        dock.raise_()  # others may lie over it
    return widget
