"""napari's compiled functions for shapes, without the wait for their compilation.

On a fresh machine numba compiles them when the first shape is drawn: the window stands for ten seconds and more, at the
first result of a run or at the first key that draws.  Where the disk does not hold them compiled yet, a process beside
the window compiles them; until it has, napari draws shapes with its own functions in plain Python, which give the same.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from napari_hicstruct.errors import HicStructError
from napari_hicstruct.jobs import CancelToken, Clock, Progress, in_process
from napari_hicstruct.plugin.state.jobs import BackgroundJob, Job, Runner

NAMES = (
    "remove_path_duplicates",
    "create_box_from_bounding",
    "generate_2D_edge_meshes",
    "is_convex",
    "normalize_vertices_and_edges",
    "reconstruct_polygons_from_edges",
)
"""As napari calls them."""


class ShapeKernels:
    """What napari computes shapes with, in this process.

    Attributes
    ----------
    waiting : bool
        They are being compiled: plain Python stands in for them.
    """

    def __init__(self) -> None:
        self.waiting = False
        self._job: BackgroundJob | None = None
        self._stand_ins: list[tuple[ModuleType, str, Any, Any]] = []

    def prepare(self, runner: Runner) -> None:
        """Compile beside the window what is not on the disk yet; once for all windows."""
        if self.waiting or all_compiled():
            return
        self.waiting = True
        self._put_stand_ins()
        self._job = BackgroundJob(runner, on_done=self._take, on_error=self._keep)
        self._job.start(_compile_beside)

    def closed(self, windows_left: int) -> None:
        """A window has gone; after the last of them nothing is compiled any further."""
        if self._job is not None and not windows_left:
            self._job.end(0)
            self._job = None
            self._keep()

    def _put_stand_ins(self) -> None:
        compiled, plain, users = _napari_modules()
        for module in users:
            for name in NAMES:
                fast = getattr(compiled, name, None)
                slow = getattr(plain, f"{name}_py", None)
                if fast is not None and slow is not None and getattr(module, name, None) is fast:
                    setattr(module, name, slow)
                    self._stand_ins.append((module, name, slow, fast))
        for flag in ("CACHE_WARMUP", "UNIVERSAL_CACHE_WARMUP"):
            setattr(users[0], flag, True)  # else each new layer compiles them

    def _take(self, _result: object = None) -> None:
        """Back to the compiled ones, unless the user has chosen others meanwhile."""
        for module, name, slow, fast in self._stand_ins:
            if getattr(module, name) is slow:
                setattr(module, name, fast)
        self._stand_ins, self.waiting = [], False

    def _keep(self, _error: HicStructError | None = None) -> None:
        """It was ended, or there is no room for another process: plain Python draws what there is to draw."""
        self.waiting = False


KERNELS = ShapeKernels()


def all_compiled() -> bool:
    """Whether the disk holds all of them, compiled."""
    try:
        compiled = _napari_modules()[0]
    except ImportError:  # a napari that has none
        return True
    for name in NAMES[:-2]:  # the last two are for outlines that cross themselves
        function = getattr(compiled, name, None)
        stats = getattr(function, "stats", None)
        if stats is None or stats.cache_path is None:  # another napari, or numba may not keep anything
            continue
        if not any(Path(stats.cache_path).glob(f"*.{name}-*.nbi")):
            return False
    return True


def compile_all() -> Iterator[str]:
    """Call each with all kinds of numbers that napari gives it; the name of each that is ready."""
    compiled = _napari_modules()[0]
    outlines = [np.array([[0, 0], [1, 1], [0, 1], [1, 0]], np.float32, order=order) for order in ("C", "F")]
    corners = [np.array([[1, 1], [10, 15]], kind) for kind in (np.float32, np.float64)]
    calls: dict[str, list[tuple[Any, ...]]] = {
        "remove_path_duplicates": [(one, closed) for one in outlines for closed in (True, False)],
        "create_box_from_bounding": [(np.array(one, order=order),) for one in corners for order in ("C", "F")],
        "is_convex": [(one,) for one in outlines],
        "generate_2D_edge_meshes": [(one, closed) for one in outlines for closed in (True, False)],
        "normalize_vertices_and_edges": [(outlines[0],)],
    }
    for name, arguments in calls.items():
        function = getattr(compiled, name, None)
        for given in arguments if function is not None else ():
            function(*given)  # type: ignore[misc]
        yield name


def iter_compile_all(token: CancelToken) -> Generator[Progress, None, None]:
    """:func:`compile_all`, as a job."""
    clock = Clock()
    for number, name in enumerate(compile_all(), 1):
        token.check()
        yield clock.step("compile", number, len(NAMES), name)


def _compile_beside(token: CancelToken) -> Job:
    yield from in_process(iter_compile_all, token=token)
    yield from iter_compile_all(token)  # from the disk, into this process


def _napari_modules() -> tuple[ModuleType, ModuleType, list[ModuleType]]:
    """The compiled functions, those in plain Python, and the modules that call them by name (napari 0.6 and later)."""
    from importlib import import_module

    shapes = "napari.layers.shapes"
    users = [f"{shapes}._accelerated_triangulate_dispatch", f"{shapes}._shapes_models.shape"]
    users.append(f"{shapes}._shapes_models._polygon_base")
    compiled, plain = (import_module(f"{shapes}._accelerated_triangulate_{one}") for one in ("numba", "python"))
    return compiled, plain, [import_module(one) for one in users]
