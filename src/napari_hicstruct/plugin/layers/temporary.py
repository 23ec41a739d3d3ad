"""Layers that are only shown: nothing of them is in the project, and none of them is left behind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from napari_hicstruct.plugin.layers.coarse_steps import Vectors

if TYPE_CHECKING:
    from napari_hicstruct.plugin.controllers.session import Session


PX = "hicstruct_px"
"""Key of a layer's metadata: how wide its points or arrows are on the screen, however far one looks."""


class TemporaryLayers:
    """Layers of one picture; a second picture takes the place of the first.

    Parameters
    ----------
    session : Session

    Attributes
    ----------
    layers : list of napari.layers.Layer
        What is shown now.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.layers: list[Any] = []
        session.view_changed.connect(self._on_view)

    def put(self, layers: Iterable[Any], *, at: int | None = None) -> None:
        """Add layers from a place of the list on (default: on top); what was active stays active."""
        viewer, made = self._session.viewer, list(layers)
        active = viewer.layers.selection.active
        place = len(viewer.layers) if at is None else at
        for number, layer in enumerate(made):
            viewer.layers.insert(place + number, layer)
        self.layers = [*self.layers, *made]
        if active is not None and active in viewer.layers:
            viewer.layers.selection.active = active
        self._on_view()

    def clear(self) -> None:
        """Take the layers out again."""
        layers, self.layers = self.layers, []
        viewer = self._session.viewer
        for layer in layers:
            if viewer is not None and layer in viewer.layers:
                viewer.layers.remove(layer)

    def close(self) -> None:
        """Take the layers out and let go of the session."""
        self.clear()
        self._session.view_changed.disconnect(self._on_view)

    def _on_view(self, *_: Any) -> None:
        """Sizes of layers are in bp; napari's own limits on the canvas draw borders of another width than asked for."""
        viewer = self._session.viewer
        for layer in self.layers if viewer is not None else ():
            if PX in layer.metadata and layer in viewer.layers:
                name = "edge_width" if isinstance(layer, Vectors) else "size"
                setattr(layer, name, layer.metadata[PX] / max(float(viewer.scene.camera.zoom), 1e-12))
