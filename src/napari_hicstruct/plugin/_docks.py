"""Opening the dock and the object table in a napari window."""

from __future__ import annotations

from typing import Any

PLUGIN = "napari-hicstruct"
DOCK = "HiC Structures"
TABLE = "HiC Structures: all objects"


def open_dock(viewer: Any) -> Any:
    """The *HiC Structures* dock of ``viewer``, opened if need be; None where there is no window."""
    return _open(viewer, DOCK)


def open_table(viewer: Any) -> Any:
    """The table of all objects, opened if need be; None where there is no window."""
    return _open(viewer, TABLE)


def _open(viewer: Any, name: str) -> Any:
    window = getattr(viewer, "window", None)
    if window is None:
        return None
    dock, widget = window.add_plugin_dock_widget(PLUGIN, name)
    dock.show()
    return widget
