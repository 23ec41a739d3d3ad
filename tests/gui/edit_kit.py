"""A window's session without a map file: real viewer model, real project, everything else constant."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from napari.utils._test_utils import read_only_mouse_event
from napari.utils.interactions import mouse_move_callbacks, mouse_press_callbacks, mouse_release_callbacks
from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtTest import QTest

from napari_hicstruct.annotations.project import Project
from napari_hicstruct.plugin.controllers.edit.editing import Editing
from napari_hicstruct.plugin.controllers.edit.review import Review
from napari_hicstruct.plugin.controllers.notify import show_problem
from napari_hicstruct.plugin.controllers.workers import QtRunner
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.units import world_kwargs
from tests.window_kit import (
    CHROM,
    LENGTH,
    RES,
    Kind,
    Status,
    TinyWindow,
    actions,
    boundary,
    iv,
    loop,
    make_project,
    only,
    stripe,
    tad,
)


class TinySession(TinyWindow):
    """The state of a window and the overlays in a viewer model."""

    def __init__(self, viewer: Any, project: Project | None) -> None:
        super().__init__(project, QtRunner())
        self.viewer, self.canvas = viewer, Canvas(viewer, self)
        self.problem.connect(show_problem)

    @cached_property
    def editing(self) -> Editing:
        return Editing(self.labels, self.canvas)

    @cached_property
    def review(self) -> Review:
        return self.editing.review


def add_map(viewer: Any) -> Any:
    image = np.add.outer(np.arange(200), np.arange(200)).astype(np.float32)
    return viewer.add_image(image, scale=(RES, RES), translate=(RES / 2, RES / 2), name="map", **world_kwargs(CHROM))


def mouse(viewer: Any, layer: Any, *points: tuple[float, float], px: float = 1 / RES) -> None:
    """Press at the first point (row, column; bp), move over the others, release at the last."""

    def send(callbacks: Any, kind: str, point: tuple[float, float], dragging: bool) -> None:
        event = read_only_mouse_event(
            type=kind,
            is_dragging=dragging,
            position=point,
            pos=np.array(point[::-1]) * px,
            view_direction=None,
            up_direction=None,
            dims_displayed=[0, 1],
        )
        callbacks(viewer, event)
        callbacks(layer, event)

    send(mouse_press_callbacks, "mouse_press", points[0], False)
    for point in points[1:]:
        send(mouse_move_callbacks, "mouse_move", point, True)
    send(mouse_release_callbacks, "mouse_release", points[-1], False)


def press(widget: Any, name: str) -> None:
    """Press a key (``A``, ``Ctrl+Shift+Z``, ``?``) where ``widget`` has the keyboard."""
    both = QKeySequence(name)[0]
    shift = Qt.KeyboardModifier.ShiftModifier if name == "?" else both.keyboardModifiers()
    QTest.keyClick(widget, both.key(), shift)


__all__ = [
    "CHROM",
    "LENGTH",
    "RES",
    "Kind",
    "Status",
    "TinySession",
    "actions",
    "add_map",
    "boundary",
    "iv",
    "loop",
    "make_project",
    "mouse",
    "only",
    "press",
    "stripe",
    "tad",
]
