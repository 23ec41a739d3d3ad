"""Reviewed regions as dashed outlines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.coarse_steps import Vectors
from napari_hicstruct.plugin.state.review.reviewed import ReviewedRegions

if TYPE_CHECKING:
    from napari_hicstruct.annotations import ReviewedRegion

COLOUR = "#808080"
"""A grey that is seen on white and on dark red; colours belong to the sets."""

_DASH_PX, _WIDTH_PX = 7.0, 1.6
_MAX_DASHES = 400  # dashes on one side


class ReviewedLayer:
    """The layer of the outlines, in the window while there are some to draw."""

    def __init__(self, canvas: Canvas, regions: ReviewedRegions) -> None:
        self._canvas, self._regions = canvas, regions
        self._layer: Any = None
        self._drawn: object = None
        regions.changed.connect(self.draw)
        self.draw()

    def draw(self) -> None:
        """Draw the regions that are in view."""
        here = self._regions.here
        if not self._regions.on or not here:
            self._canvas.remove(self._layer)
            self._layer = self._drawn = None
            return
        if self._layer not in self._canvas:
            spatial = self._canvas.world_kwargs()
            self._layer = Vectors(ndim=2, name="Reviewed", vector_style="line", edge_color=COLOUR, **spatial)
            self._drawn = None
            self._canvas.put(self._layer)
        per_px = self._canvas.bp_per_px()
        rows, cols = self._canvas.window.drawn_part()
        wanted = (rows, cols, per_px, tuple(here))
        if wanted == self._drawn:
            return
        self._drawn = wanted
        view = np.array([[rows.start, cols.start], [rows.end, cols.end]], float)
        self._layer.data = np.concatenate([outline(region, view, 2 * _DASH_PX * per_px) for region in here])
        self._layer.edge_width = _WIDTH_PX * per_px
        self._layer.edge_color = COLOUR


def outline(region: ReviewedRegion, view: NDArray[np.float64], period: float) -> NDArray[np.float64]:
    """Dashes (start and direction, bp) of a region's outline and of its mirror image, as far as they are in view.

    Parameters
    ----------
    region : ReviewedRegion
    view : float64, shape (2, 2)
        Low and high corner (row, column; bp).
    period : float
        From the start of one dash to the start of the next, bp.

    Returns
    -------
    float64, shape (n, 2, 2)
    """
    low = np.array([region.rows.start, region.cols.start], float)
    high = np.array([region.rows.end, region.cols.end], float)
    boxes = [(low, high)] if region.rows == region.cols else [(low, high), (low[::-1], high[::-1])]
    return np.concatenate([_sides(first, last, view, period) for first, last in boxes])


def _sides(
    low: NDArray[np.float64], high: NDArray[np.float64], view: NDArray[np.float64], period: float
) -> NDArray[np.float64]:
    found = [np.zeros((0, 2, 2))]
    for along in (0, 1):
        start, end = max(low[along], view[0, along]), min(high[along], view[1, along])
        for edge in (low[1 - along], high[1 - along]):
            if start >= end or not view[0, 1 - along] <= edge <= view[1, 1 - along]:
                continue
            step = max(period, (end - start) / _MAX_DASHES)
            # on a grid of its own, so that dashes stand still while one pans
            at = (
                np.arange(np.floor((start - low[along]) / step), np.ceil((end - low[along]) / step)) * step + low[along]
            )
            dash = np.zeros((len(at), 2, 2))
            dash[:, 0, along], dash[:, 0, 1 - along] = at, edge
            dash[:, 1, along] = np.clip(high[along] - at, 0, step / 2)
            found.append(dash)
    return np.concatenate(found)
