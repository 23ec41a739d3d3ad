"""A window's session without a map file: real viewer model, real project, everything else constant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from napari.utils._test_utils import read_only_mouse_event
from napari.utils.interactions import mouse_move_callbacks, mouse_press_callbacks, mouse_release_callbacks
from psygnal import Signal

from napari_hicstruct.annotations.changes import MapIdentity
from napari_hicstruct.annotations.project import Project
from napari_hicstruct.annotations.records import Annotation, Kind, Status, stripe_direction
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.layers.units import world_kwargs

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


class TinySession:
    map_changed = Signal()
    chrom_changed = Signal(str)
    view_changed = Signal(object, object)
    project_changed = Signal(object)
    display_changed = Signal()

    def __init__(self, viewer: Any, project: Project | None) -> None:
        self.viewer = viewer
        self.project = self._project = project
        self.source: Any = TinySource()
        self.map: Any = None
        self.chrom = CHROM
        self.resolution = RES
        self.view = (iv(0, LENGTH), iv(0, LENGTH))
        self.visits: list[tuple[Interval, Interval]] = []

    @property
    def project_path(self) -> Any:
        return None if self.project is None else self.project.path

    def ensure_project(self) -> Any:
        return self.project

    def discard_unused_project(self) -> None:
        """Nothing is made here."""

    def visible(self) -> tuple[Interval, Interval]:
        return self.view

    def go_to(self, rows: Interval, cols: Interval | None = None, *, remember: bool = True) -> None:
        self.view = (rows, cols or rows)
        self.visits.append(self.view)
        self.view_changed.emit(*self.view)

    def world_kwargs(self) -> dict[str, Any]:
        return world_kwargs(self.chrom)


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
