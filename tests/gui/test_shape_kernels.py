"""Shapes are drawn while napari's functions for them are being compiled, and look the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from napari.layers import Shapes
from napari.layers.shapes import _accelerated_triangulate_dispatch as dispatch
from napari.layers.shapes import _accelerated_triangulate_numba as compiled
from napari.layers.shapes._shapes_models import _polygon_base, shape

from napari_hicstruct.jobs import Clock
from napari_hicstruct.plugin.layers import shape_kernels
from napari_hicstruct.plugin.layers.shape_kernels import ShapeKernels, compile_all
from tests.window_kit import SteppedRunner

KINDS = {
    "rectangle": [[0, 0], [0, 5], [5, 5], [5, 0]],
    "polygon": [[0, 0], [0, 5], [5, 5], [7, 1], [2, 2]],
    "path": [[0, 0], [0, 5], [5, 5]],
    "line": [[0, 0], [3, 5]],
    "ellipse": [[0, 0], [0, 5], [5, 5], [5, 0]],
}
USED = ("generate_2D_edge_meshes", "is_convex", "remove_path_duplicates", "create_box_from_bounding")


def drawn() -> list[Any]:
    """Each kind of shape, as napari builds it."""
    layers = [Shapes([np.array(corners, float)], shape_type=kind) for kind, corners in KINDS.items()]
    Shapes()  # an empty layer warms up, in napari's own way
    return [layer._data_view.shapes[0] for layer in layers]


def line_area(one: Any) -> float:
    """Of the triangles that the line is made of, which may be cut otherwise."""
    corners = (one._edge_vertices + one._edge_offsets)[one._edge_triangles]
    (a, b), (c, d) = np.moveaxis(corners[:, 1:] - corners[:, :1], 0, -1)
    return float(np.abs(a * d - b * c).sum() / 2)


def signatures() -> dict[str, int]:
    return {name: len(getattr(compiled, name).signatures) for name in USED}


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> Iterator[ShapeKernels]:
    monkeypatch.setattr(shape_kernels, "all_compiled", lambda: False)
    for flag in ("CACHE_WARMUP", "UNIVERSAL_CACHE_WARMUP"):
        monkeypatch.setattr(dispatch, flag, False)
    made = ShapeKernels()
    yield made
    made._take()


def test_nothing_is_compiled_in_the_windows_thread(kernels: ShapeKernels, monkeypatch: pytest.MonkeyPatch) -> None:
    """While they are being compiled no shape waits for it; each looks as it would, and then they are used again."""
    fast = drawn()
    runner = SteppedRunner()
    monkeypatch.setattr(shape_kernels, "_compile_beside", lambda _token: iter_nothing())
    kernels.prepare(runner)
    assert kernels.waiting
    calls: list[str] = []
    monkeypatch.setattr(type(compiled.is_convex), "__call__", lambda *_a, **_k: calls.append("compiled"))
    slow = drawn()
    monkeypatch.undo()
    assert not calls
    for one, other in zip(fast, slow, strict=True):
        np.testing.assert_allclose(one._box, other._box)
        np.testing.assert_array_equal(one._face_vertices, other._face_vertices)
        assert line_area(one) == pytest.approx(line_area(other), rel=0.02)
    runner.advance(3)
    assert not kernels.waiting
    assert dispatch.generate_2D_edge_meshes is compiled.generate_2D_edge_meshes
    assert shape.remove_path_duplicates is compiled.remove_path_duplicates
    assert _polygon_base.create_box_from_bounding is compiled.create_box_from_bounding


def iter_nothing() -> Iterator[Any]:
    yield Clock().step("compile", 1, 1)


def test_what_is_compiled_beside_is_all_that_shapes_need() -> None:
    assert list(compile_all())
    before = signatures()
    drawn()
    assert signatures() == before


def test_looks_on_the_disk_for_each_function(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stats:
        cache_path = str(tmp_path)

    class Function:
        stats = Stats()

    held = type("Held", (), dict.fromkeys(shape_kernels.NAMES, Function()))
    monkeypatch.setattr(shape_kernels, "_napari_modules", lambda: (held, None, []))
    assert not shape_kernels.all_compiled()
    for name in USED:
        (tmp_path / f"_accelerated_triangulate_numba.{name}-7.py311.nbi").touch()
    assert shape_kernels.all_compiled()
