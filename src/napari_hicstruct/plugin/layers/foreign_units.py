"""Layers of other people in a window with a map: in its unit, where they have none of their own."""

from __future__ import annotations

import weakref
from typing import Any

from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.units import basepair

_NONE = "pixel"
"""What napari gives a layer that nobody gave a unit."""

_COMPARES = "_update_world_units"
"""Of napari's canvas."""


class ForeignUnits:
    """Gives base pairs to layers without a unit while a map is open, and takes them back afterwards.

    Their numbers are base pairs there anyway.  Where units differ napari forgets all of them, the scale bar's too, and
    says so in a warning with each layer that comes or goes: with each of ours.
    """

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._former: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        events = canvas.viewer.layers.events
        events.inserting.connect(self._on_inserting)
        events.inserted.connect(self._on_inserted)
        events.removed.connect(self.give_back)
        canvas.window.map_changed.connect(self.give_back)

    def close(self) -> None:
        """Give all units back and let go of the window."""
        if self._canvas.viewer is not None:
            events = self._canvas.viewer.layers.events
            events.inserting.disconnect(self._on_inserting)
            events.inserted.disconnect(self._on_inserted)
            events.removed.disconnect(self.give_back)
        self._canvas.window.map_changed.disconnect(self.give_back)
        self.give_back()

    def adopt(self) -> None:
        """Give base pairs to the layers that are there: before the map's own comes, for napari draws at once."""
        unit = basepair()
        for layer in self._canvas.viewer.layers:
            if layer.ndim >= 2 and all(str(one) == _NONE for one in layer.units):
                self._former[layer] = layer.units
                layer.units = (*layer.units[:-2], unit, unit)

    def give_back(self, _event: Any = None) -> None:
        """Take base pairs back where no map is open any more, once the last of our layers has gone."""
        viewer, unit = self._canvas.viewer, basepair()
        if self._canvas.window.source is not None or viewer is None:
            return
        if any(unit in layer.units for layer in viewer.layers if layer not in self._former):
            return
        former, self._former = list(self._former.items()), weakref.WeakKeyDictionary()
        for layer, units in former:
            if layer.units[-2:] == (unit, unit):
                layer.units = units

    def _on_inserting(self, _event: Any) -> None:
        """Let napari compare units only once they are given: it draws, and warns, before it says that a layer came."""
        drawn = self._drawn()
        if self._canvas.window.source is not None and drawn is not None:
            drawn.__dict__[_COMPARES] = lambda: None

    def _on_inserted(self, _event: Any) -> None:
        if self._canvas.window.source is not None:
            self.adopt()
        drawn = self._drawn()
        if drawn is not None and drawn.__dict__.pop(_COMPARES, None) is not None:
            drawn._deferred_world_units_update()

    def _drawn(self) -> Any:
        """napari's canvas, where it compares units as we know it."""
        window = getattr(self._canvas.viewer, "window", None)
        found = getattr(getattr(window, "_qt_viewer", None), "canvas", None)
        return found if hasattr(type(found), _COMPARES) else None
