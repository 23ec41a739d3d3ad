"""Shapes built at once are those that napari builds one by one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_hicstruct.plugin.layers.coarse_steps import Shapes
from napari_hicstruct.plugin.layers.overlays import outlines
from napari_hicstruct.plugin.layers.overlays.outlines import Outlines


def rectangle(top: float, left: float, bottom: float, right: float) -> NDArray[np.float64]:
    return np.array([[top, left], [top, right], [bottom, right], [bottom, left]])


def triangle(start: float, end: float, *, lower: bool = False) -> NDArray[np.float64]:
    return np.array([[start, start], [end, start] if lower else [start, end], [end, end]])


SHAPES = {
    "rectangle": [rectangle(1e6, 2e6, 1.01e6, 2.5e6), rectangle(240_000_001, 3, 248_956_422, 40_003)],
    "polygon": [triangle(5e6, 7.3e6), triangle(7e6, 7.1e6), triangle(3e6, 9e6, lower=True)],
    "turned": [rectangle(0, 0, 5e4, 8e4) @ np.array([[0.8, 0.6], [-0.6, 0.8]]), triangle(1e5, 3e5) * [1, 2]],
}


def filled(layer: Shapes, name: str) -> Shapes:
    vertices, kind = SHAPES[name], "rectangle" if name == "rectangle" else "polygon"
    n = len(vertices)
    layer.add(
        vertices,
        shape_type=[kind] * n,
        edge_width=[3_000.0 + i for i in range(n)],
        edge_color=np.tile([1.0, 0.5, 0.0, 1.0], (n, 1)),
        face_color=np.tile([0.0, 0.5, 0.0, 0.2], (n, 1)),
        z_index=list(range(n))[::-1],
    )
    return layer


@pytest.mark.parametrize("name", SHAPES)
def test_same_as_one_by_one(name: str) -> None:
    ours, theirs = filled(Outlines(ndim=2), name)._data_view, filled(Shapes(ndim=2), name)._data_view
    assert len(ours.shapes) == len(SHAPES[name])
    for one, other in zip(ours.shapes, theirs.shapes, strict=True):
        assert type(one) is type(other)
        assert one.__dict__.keys() == other.__dict__.keys()
        for key, value in other.__dict__.items():
            mine = one.__dict__[key]
            if key.endswith("triangles"):  # the order of a triangle's corners is napari's whim
                mine, value = np.sort(mine, axis=1), np.sort(value, axis=1)
            if isinstance(value, np.ndarray):
                np.testing.assert_allclose(mine, value, rtol=1e-6, err_msg=key)
            else:
                assert mine == value, key
    for part in ("vertices", "vertices_offsets", "displayed_triangles_colors"):
        np.testing.assert_allclose(getattr(ours._mesh, part), getattr(theirs._mesh, part), rtol=1e-6)


def test_which_are_copies() -> None:
    vertices = [one for own in SHAPES.values() for one in own]
    types = [name if name == "rectangle" else "polygon" for name, own in SHAPES.items() for _ in own]
    copies = [one is not None for one in outlines.stretched(vertices, types)]
    assert copies == [True] * 5 + [False] * 2


def test_one_is_changed_and_the_others_stay() -> None:
    layer = filled(Outlines(ndim=2), "rectangle")
    before = [one.copy() for one in layer.data]
    layer._data_view.edit(0, before[0] + 5_000)
    np.testing.assert_array_equal(layer.data[0], before[0] + 5_000)
    np.testing.assert_array_equal(layer.data[1], before[1])
