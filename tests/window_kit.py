"""The state of a window without a window: a constant map, a real project, records in a few words."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from napari_hicstruct.annotations.changes import MapIdentity
from napari_hicstruct.annotations.project import Project
from napari_hicstruct.annotations.records import Annotation, Kind, Status, stripe_direction
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, drain
from napari_hicstruct.plugin.state.map.view import History, View
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
    uri: str = ""
    assembly: str = "hg38"
    resolutions: tuple[int, ...] = (RES,)
    chromsizes: dict[str, int] = field(default_factory=lambda: {CHROM: LENGTH})

    def fingerprint(self) -> str:
        return "f" * 64


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


class InlineRunner:
    """Runs a job to its end when it is started: no thread, no event loop."""

    def start(self, work: Any, *, step: Any, done: Any, failed: Any) -> Any:
        token, ended = CancelToken(), threading.Event()
        try:
            result = drain(work(token), step)
        except Exception as error:
            ended.set()
            failed(error)
        else:
            ended.set()
            done(result)
        return SimpleNamespace(token=token, ended=ended)

    def in_main_thread(self, call: Any) -> Any:
        return call


class SteppedRunner(InlineRunner):
    """Runs jobs only as far as a test wants: one yield per :meth:`advance`, of the newest job first."""

    def __init__(self) -> None:
        self.jobs: list[Any] = []

    def start(self, work: Any, *, step: Any, done: Any, failed: Any) -> Any:
        worker = SimpleNamespace(token=CancelToken(), ended=threading.Event(), step=step, done=done, failed=failed)
        worker.job = work(worker.token)
        self.jobs.append(worker)
        return worker

    def advance(self, steps: int = 1, *, of: int = -1) -> None:
        """Let the job number ``of`` yield so often, or end."""
        worker = self.jobs[of]
        for _ in range(steps):
            if worker.ended.is_set():
                return
            try:
                worker.step(next(worker.job))
            except StopIteration as stop:
                worker.ended.set()
                worker.done(stop.value)
            except Exception as error:
                worker.ended.set()
                worker.failed(error)


class TinyWindow(WindowState):
    """The state of a window on a constant map: real project, real queue, no Qt, no napari."""

    resolution = RES  # type: ignore[assignment]

    def __init__(self, project: Project | None, runner: Any = None) -> None:
        self.project = project
        self.camera = StillCamera()
        super().__init__(camera=self.camera, make_picture=_no_picture, runner=runner or InlineRunner())
        self.source = TinySource()  # type: ignore[assignment]
        self.chrom = CHROM
        self.visits: list[tuple[Interval, Interval]] = []
        self.hints: list[str] = []
        self.problems: list[Any] = []
        self.labels.hint_changed.connect(self.hints.append)
        self.problem.connect(self.problems.append)

    @property
    def view(self) -> tuple[Interval, Interval]:
        return self.camera.shown.rows, self.camera.shown.cols

    @view.setter
    def view(self, view: tuple[Interval, Interval]) -> None:
        self.camera.aim(View(*view))

    def find_project(self) -> Any:
        return self.project

    def go_to(self, rows: Interval, cols: Interval | None = None, *, remember: bool = True, rest: bool = False) -> None:
        self.view = (rows, cols or rows)
        self.visits.append(self.view)
        self.view_changed.emit(*self.view)


def _no_picture(*_: Any) -> Any:
    raise AssertionError("no map is opened here")


def make_project(path: Any) -> Project:
    identity = MapIdentity("tiny.mcool", "f" * 64, "hg38", {CHROM: LENGTH})
    return Project.create(path / "tiny.hicproj", map=identity, reviewer="tester")


def only(project: Project, kind: Kind) -> Annotation:
    (record,) = project.query(kind=kind)
    return record


def actions(project: Project) -> list[str]:
    return [entry.action for entry in reversed(project.journal())]


__all__ = [
    "CHROM",
    "LENGTH",
    "RES",
    "InlineRunner",
    "Kind",
    "Status",
    "SteppedRunner",
    "TinySource",
    "TinyWindow",
    "actions",
    "boundary",
    "iv",
    "loop",
    "make_project",
    "only",
    "stripe",
    "tad",
]
