"""napari's shapes layer, for many rectangles and triangles at once.

napari triangulates each new shape by itself (0.1 ms), and a jump to another place brings hundreds.  Upright rectangles
and triangles with equal legs are stretched copies of one another, lines included: so one of each kind is built by
napari, and the others are copies of it whose coordinates are stretched, all in one array.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from napari.layers.shapes._shapes_constants import shape_classes
from numpy.typing import NDArray

from napari_hicstruct.plugin.layers.coarse_steps import Shapes

_COORDINATES = ("_data", "data_displayed", "_bounding_box", "_box", "_face_vertices", "_edge_vertices")


class Outlines(Shapes):  # type: ignore[misc]
    """napari's shapes, those that are alike built at once."""

    def _add_shapes_to_view(self, shape_inputs: Any, data_view: Any) -> None:
        vertices, types, widths, lines, insides, z_indices = zip(*shape_inputs, strict=True)
        if self._slice_input.ndisplay == 2 and tuple(self._slice_input.order) == (0, 1):
            shapes = stretched(vertices, types)
        else:
            shapes = [None] * len(vertices)
        own = {"dims_order": self._slice_input.order, "ndisplay": self._slice_input.ndisplay}
        for i, shape in enumerate(shapes):
            if shape is None:
                shapes[i] = shape_classes[types[i]](vertices[i], edge_width=widths[i], z_index=z_indices[i], **own)
            else:
                shape.edge_width, shape.z_index = widths[i], z_indices[i]
        data_view.add(shape=shapes, edge_color=lines, face_color=insides, z_refresh=False)
        data_view._update_z_order()


def stretched(vertices: Sequence[NDArray[np.floating]], types: Sequence[Any]) -> list[Any]:
    """napari's shapes of these vertices; None where a shape is no stretched copy of a simple one."""
    made: list[Any] = [None] * len(vertices)
    for n_corners in {len(one) for one in vertices}:
        places = [i for i, one in enumerate(vertices) if np.shape(one) == (n_corners, 2)]
        if not places:
            continue
        corners = np.array([vertices[i] for i in places], np.float64)
        low = corners.min(axis=1)
        size = corners.max(axis=1) - low
        simple = (size > 0).all(axis=1)
        units = (corners - low[:, None]) / np.where(size > 0, size, 1)[:, None]
        simple &= np.isin(units, (0.0, 1.0)).all(axis=(1, 2))
        groups: dict[tuple[str, bytes], list[int]] = {}
        for k in np.flatnonzero(simple).tolist():
            name = str(types[places[k]])
            if name == "rectangle" or (name == "polygon" and size[k, 0] == size[k, 1]):
                groups.setdefault((name, units[k].tobytes()), []).append(k)
        for (name, unit), own in groups.items():
            for k, shape in zip(own, _copies(name, unit, low[own], size[own]), strict=True):
                made[places[k]] = shape
    return made


def _copies(name: str, unit: bytes, low: NDArray[np.float64], size: NDArray[np.float64]) -> list[Any]:
    one = _unit_shape(name, unit)
    own = dict(vars(one))
    stretch = [(low[:, None] + getattr(one, key) * size[:, None]).astype(np.float32) for key in _COORDINATES]
    found = []
    for values in zip(*stretch, strict=True):
        shape = object.__new__(type(one))  # copy.copy takes four times as long
        vars(shape).update(own, **dict(zip(_COORDINATES, values, strict=True)))
        found.append(shape)
    return found


@lru_cache(maxsize=64)
def _unit_shape(name: str, unit: bytes) -> Any:
    """napari's own shape of side one; ``unit`` holds its corners."""
    return shape_classes[name](np.frombuffer(unit, np.float64).reshape(-1, 2), dims_order=(0, 1))
