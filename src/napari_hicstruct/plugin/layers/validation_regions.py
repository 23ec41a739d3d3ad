"""The validation regions as a layer: corrections there measure new models and never train them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct.annotations.validation import draw
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.coarse_steps import Shapes
from napari_hicstruct.workflows.projects import identity_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_hicstruct.genome import Interval

NAME = "Validation regions"
COLOUR = "#7E828A"
_MAX_DISTANCE_BP = 3_000_000
"""bp from the diagonal: as far as loops are looked for."""
_FILL, _EDGE_PX = 0.14, 1.5


def band_of(tile: Interval, reach: int = _MAX_DISTANCE_BP) -> NDArray[np.float64]:
    """Corners (row, column; bp) of where records lie whose midpoint is in a tile: a band across the diagonal.

    Returns
    -------
    float64, shape (4, 2)
    """
    half = reach / 2
    above = [[at - half, at + half] for at in (tile.start, tile.end)]
    below = [[at + half, at - half] for at in (tile.end, tile.start)]
    return np.array([*above, *below], np.float64)


class ValidationRegions:
    """Draws the validation regions of the chromosome that is shown, while it is on."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas, self._window = canvas, canvas.window
        self._project: Any = None
        self._on = False
        self.layer: Any = None
        self._window.chrom_changed.connect(self._draw)
        self._window.view_changed.connect(self._on_view)

    def set_project(self, project: Any) -> None:
        """Draw that of another project, or of none."""
        self._project = project
        self._draw()

    def show(self, on: bool) -> None:
        """Draw it, or take it out."""
        self._on = on
        self._draw()

    def close(self) -> None:
        """Take it out and let go of the session."""
        self.show(False)
        self._window.chrom_changed.disconnect(self._draw)
        self._window.view_changed.disconnect(self._on_view)

    def _draw(self, *_: Any) -> None:
        layer, self.layer = self.layer, None
        self._canvas.remove(layer)
        if not self._on or self._canvas.viewer is None:
            return
        bands = [band_of(tile) for tile in self._tiles() if tile.chrom == self._window.chrom]
        if not bands:
            return
        self.layer = Shapes(
            bands,
            shape_type="polygon",
            name=NAME,
            face_color=[*_rgb(COLOUR), _FILL],
            edge_color=COLOUR,
            metadata={"hicstruct_validation": True},
            **self._canvas.world_kwargs(),
        )
        self.layer.editable = False
        self._canvas.put(self.layer, above_map=True)
        self._on_view()

    def _tiles(self) -> tuple[Interval, ...]:
        """The project's tiles; without a project those that it would draw: they depend on the map alone."""
        if self._project is not None:
            return tuple(self._project.validation_regions())
        if self._window.source is None:
            return ()
        return draw(identity_of(self._window.source))

    def _on_view(self, *_: Any) -> None:
        """Edges stay as wide on the screen: their width is in bp."""
        if self.layer in self._canvas:
            self.layer.edge_width = _EDGE_PX * self._canvas.bp_per_px()


def _rgb(code: str) -> tuple[float, ...]:
    return tuple(int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))
