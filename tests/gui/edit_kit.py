"""A window's session without a map file: real viewer model, real project, everything else constant."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from napari.utils._test_utils import read_only_mouse_event
from napari.utils.interactions import mouse_move_callbacks, mouse_press_callbacks, mouse_release_callbacks

from napari_hicstruct.annotations.changes import MapIdentity
from napari_hicstruct.annotations.project import Project
from napari_hicstruct.annotations.records import Annotation, Kind, Status, stripe_direction
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.controllers.editing import Editing
from napari_hicstruct.plugin.controllers.notify import show_problem
from napari_hicstruct.plugin.controllers.review import Review
from napari_hicstruct.plugin.controllers.workers import QtRunner
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.units import world_kwargs
from napari_hicstruct.plugin.state.view import History, View
from napari_hicstruct.plugin.state.window import WindowState

CHROM, LENGTH, RES = "chr17", 1_000_000, 5_000


def iv(start: int, end: int) -> Interval:
    return Interval(CHROM, start, end)


def loop(a: int, b: int, **fields: Any) -> Annotation:
    return Annotation(kind=Kind.LOOP, anchor1=iv(a, a + RES), anchor2=iv(b, b + RES), resolution=RES, **fields)


def tad(start: int, end: int, **fields: Any) -> Annotation:
    return Annotation(kind=Kind.TAD, anchor1=iv(start, end), anchor2=iv(start, end), resolution=RES, **fields)


def stripe(x: tuple[int, int], y: tuple[int, int], **fields: Any) -> Annotation:
    way = stripe_direction(iv(*x), iv(*y))
    return Annotation(kind=Kind.STRIPE, anchor1=iv(*x), anchor2=iv(*y), resolution=RES, direction=way, **fields)


def boundary(start: int, **fields: Any) -> Annotation:
    place = iv(start, start + RES)
    return Annotation(kind=Kind.BOUNDARY, anchor1=place, anchor2=place, resolution=RES, **fields)


@dataclass(frozen=True)
class TinySource:
    name: str = "tiny"
    assembly: str = "hg38"
    resolutions: tuple[int, ...] = (RES,)
    chromsizes: dict[str, int] = field(default_factory=lambda: {CHROM: LENGTH})


class StillCamera:
    """A camera without a window: it shows exactly what it was aimed at."""

    moved_by_hand = False

    def __init__(self) -> None:
        self.history = History()
        self.shown = View(iv(0, LENGTH), iv(0, LENGTH))

    def aim(self, view: View) -> None:
        self.shown = view

    def view(self, _chrom: str, _length: int) -> View:
        return self.shown

    def reset(self) -> None:
        self.history = History()


class TinySession(WindowState):
    """A window's state on a constant map, and the overlays in a viewer model."""

    resolution = RES  # type: ignore[assignment]

    def __init__(self, viewer: Any, project: Project | None) -> None:
        self.project = project
        self.camera = StillCamera()
        super().__init__(camera=self.camera, make_picture=_no_picture, runner=QtRunner())
        self.viewer, self.canvas = viewer, Canvas(viewer, self)
        self.source = TinySource()  # type: ignore[assignment]
        self.chrom = CHROM
        self.visits: list[tuple[Interval, Interval]] = []
        self.problem.connect(show_problem)

    @property
    def view(self) -> tuple[Interval, Interval]:
        return self.camera.shown.rows, self.camera.shown.cols

    @view.setter
    def view(self, view: tuple[Interval, Interval]) -> None:
        self.camera.aim(View(*view))

    @cached_property
    def editing(self) -> Editing:
        return Editing(self.labels, self.canvas)

    @cached_property
    def review(self) -> Review:
        return self.editing.review

    def find_project(self) -> Any:
        return self.project

    def go_to(self, rows: Interval, cols: Interval | None = None, *, remember: bool = True) -> None:
        self.view = (rows, cols or rows)
        self.visits.append(self.view)
        self.view_changed.emit(*self.view)


def _no_picture(*_: Any) -> Any:
    raise AssertionError("no map is opened here")


def make_project(path: Any) -> Project:
    identity = MapIdentity("tiny.mcool", "f" * 64, "hg38", {CHROM: LENGTH})
    return Project.create(path / "tiny.hicproj", map=identity, reviewer="tester")


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


def only(project: Project, kind: Kind) -> Annotation:
    (record,) = project.query(kind=kind)
    return record


def actions(project: Project) -> list[str]:
    return [entry.action for entry in reversed(project.journal())]


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
    "stripe",
    "tad",
]
