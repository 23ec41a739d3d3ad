"""What a person put on the map with other tools: pictures, lines, outlines and marks, in their own colours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct.workflows.figure.overlays import DrawnMark, DrawnPicture, Overlay
from napari_hicstruct.workflows.figure.place import Place
from napari_hicstruct.workflows.figure.style import POINT_MM

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE_PT, EDGE_PT = 0.8, 0.3
_MIN_MM = 0.8
_ZORDER = 6
_OPEN_MARKERS = ("+", "x", "_", "|")
"""They have no inside."""


def draw_overlays(axes: Axes, overlays: Iterable[Overlay], place: Place, bp_per_mm: float) -> None:
    """Draw layers over the map, the first one lowest; nothing is drawn beyond the axes."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    for one in overlays:
        for picture in one.pictures:
            _draw_picture(axes, picture, place)
        for line in one.lines:
            points = place.points(line.places)
            closed = [points, points[:1]] if line.closed else [points]
            path = Path(np.concatenate(closed), closed=line.closed)
            axes.add_patch(
                PathPatch(
                    path,
                    edgecolor=line.edge,
                    facecolor=line.face,
                    fill=line.closed and line.face[3] > 0,
                    linewidth=LINE_PT,
                    zorder=_ZORDER,
                )
            )
        for mark in one.marks:
            _draw_marks(axes, mark, place, bp_per_mm)


def _draw_picture(axes: Axes, picture: DrawnPicture, place: Place) -> None:
    """Pixels where they lie, turned if the map is tilted."""
    from matplotlib.image import AxesImage
    from matplotlib.transforms import Affine2D

    rows, columns = picture.colours.shape[:2]
    first, end_of_row, end_of_column = place.points(picture.corners)
    across, down = (end_of_row - first) / columns, (end_of_column - first) / rows
    lies = Affine2D(np.array([[across[0], down[0], first[0]], [across[1], down[1], first[1]], [0, 0, 1]]))
    image = AxesImage(axes, extent=(0, columns, rows, 0), origin="upper", interpolation="nearest", zorder=_ZORDER)
    image.set_data(picture.colours)
    image.set_transform(lies + axes.transData)
    image.set_clip_path(axes.patch)
    axes.add_image(image)


def _draw_marks(axes: Axes, mark: DrawnMark, place: Place, bp_per_mm: float) -> None:
    points = place.points(mark.places)
    sizes = np.maximum(mark.sizes / bp_per_mm, _MIN_MM) / POINT_MM
    look: dict[str, Any] = {"facecolors": mark.faces, "edgecolors": mark.edges, "linewidths": EDGE_PT}
    if mark.marker in _OPEN_MARKERS:
        look = {"c": mark.faces, "linewidths": LINE_PT}
    axes.scatter(*points.T, s=sizes**2, marker=mark.marker, zorder=_ZORDER, **look)
