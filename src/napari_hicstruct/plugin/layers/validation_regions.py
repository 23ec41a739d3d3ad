"""The part of the map that is kept for validation, as a layer: what is corrected there judges and never teaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct.annotations.validation import draw
from napari_hicstruct.plugin.layers.coarse_steps import Shapes
from napari_hicstruct.workflows.projects import identity_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_hicstruct.genome import Interval
    from napari_hicstruct.plugin.controllers.session import Session

NAME = "Kept for validation"
COLOUR = "#7E828A"
_REACH = 3_000_000
"""bp from the diagonal: as far as loops are looked for."""
_FILL, _EDGE_PX = 0.14, 1.5


def band_of(tile: Interval, reach: int = _REACH) -> NDArray[np.float64]:
    """Corners (row, column; bp) of where records lie whose midpoint is in a tile: a band across the diagonal.

    Returns
    -------
    float64, shape (4, 2)
    """
    half = reach / 2
    above = [[at - half, at + half] for at in (tile.start, tile.end)]
    below = [[at + half, at - half] for at in (tile.end, tile.start)]
    return np.array([*above, *below], np.float64)


class ValidationPart:
    """Draws the validation regions of the chromosome that is shown, while it is on.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._project: Any = None
        self._on = False
        self.layer: Any = None
        session.chrom_changed.connect(self._draw)
        session.view_changed.connect(self._on_view)

    def set_project(self, project: Any) -> None:
        """Draw that of another project, or of none."""
        self._project = project
        self._draw()

    def show(self, on: bool) -> None:
        """Draw it, or take it out."""
        self._on = on
        self._draw()

    def _draw(self, *_: Any) -> None:
        viewer, layer = self._session.viewer, self.layer
        self.layer = None
        if layer is not None and viewer is not None and layer in viewer.layers:
            viewer.layers.remove(layer)
        if not self._on or viewer is None:
            return
        bands = [band_of(tile) for tile in self._tiles() if tile.chrom == self._session.chrom]
        if not bands:
            return
        active, map_layer = viewer.layers.selection.active, getattr(self._session, "layer", None)
        self.layer = Shapes(
            bands,
            shape_type="polygon",
            name=NAME,
            face_color=[*_rgb(COLOUR), _FILL],
            edge_color=COLOUR,
            metadata={"hicstruct_validation": True},
            **self._session.world_kwargs(),
        )
        self.layer.editable = False
        place = viewer.layers.index(map_layer) + 1 if map_layer in viewer.layers else len(viewer.layers)
        viewer.layers.insert(place, self.layer)
        if active is not None and active in viewer.layers:
            viewer.layers.selection.active = active
        self._on_view()

    def _tiles(self) -> tuple[Interval, ...]:
        """The project's tiles; without a project those that it would draw: they depend on the map alone."""
        if self._project is not None:
            return tuple(self._project.validation_regions())
        if self._session.source is None:
            return ()
        return draw(identity_of(self._session.source))

    def _on_view(self, *_: Any) -> None:
        """Edges stay as wide on the screen: their width is in bp."""
        viewer = self._session.viewer
        if self.layer is not None and viewer is not None and self.layer in viewer.layers:
            self.layer.edge_width = _EDGE_PX / max(float(viewer.scene.camera.zoom), 1e-12)


def _rgb(code: str) -> tuple[float, ...]:
    return tuple(int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))
