"""The camera of one window as a view in base pairs: aim, history, and a call when it comes to rest."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from superqt.utils import qdebounced, qthrottled

from napari_hicstruct.plugin.controllers._malloc_trim import trim_memory
from napari_hicstruct.plugin.state.map.projection import SQUARE, Projection
from napari_hicstruct.plugin.state.map.view import History, View

if TYPE_CHECKING:
    import napari

    from napari_hicstruct.genome import Interval

_REST_MS, _TRIM_MS = 80, 500


class CameraControl:
    """Aims the camera of ``viewer`` and calls ``on_rest`` when it stops moving.

    The view that was asked for stays framed while the canvas is resized (the window opens, a dock is dragged),
    until a person moves the camera.
    """

    def __init__(self, viewer: napari.Viewer, on_rest: Callable[[], None]) -> None:
        self._viewer = weakref.ref(viewer)
        self._wanted: View | None = None
        self._moving = False
        self._history = History()
        self._projection = SQUARE
        self._on_rest = on_rest
        self._rest_soon = qdebounced(self._rest, timeout=_REST_MS)
        self._trim_soon = qthrottled(trim_memory, timeout=_TRIM_MS, leading=False)
        viewer.scene.camera.events.connect(self._on_camera)
        viewer.canvas.events.size.connect(self._on_canvas_size)

    @property
    def history(self) -> History:
        """Views one can return to."""
        return self._history

    def reset(self) -> None:
        """Forget the history and the framed view, for another map."""
        self._history = History()
        self._wanted = None

    def aim(self, view: View) -> None:
        """Frame ``view`` (bp)."""
        viewer = self._viewer()
        if viewer is None:
            return
        center, zoom = self._projection.camera_for(view, viewer.canvas.size)
        self._moving = True
        try:
            with moved_once(viewer):
                viewer.scene.camera.update({"center": (0.0, *center), "zoom": zoom})
        finally:
            self._moving = False
        self._wanted = view
        self._rest_soon()

    def rest(self) -> None:
        """Come to rest now: what flies here by a command need not wait whether the hand moves on."""
        self._rest_soon.cancel()
        self._rest()

    def view(self, chrom: str, length: int) -> View:
        """The part of ``chrom`` (``length`` bp) that is in view."""
        return self._projection.view_of_camera(*self._lens(), chrom=chrom, length=length)

    def reach(self, chrom: str, length: int) -> tuple[Interval, Interval]:
        """Rows and columns of all that is on the canvas."""
        return self._projection.reach(*self._lens(), chrom=chrom, length=length)

    def whole(self, chrom: str, length: int) -> View:
        """The part of the view of which nothing is cut off."""
        return self._projection.whole(self.view(chrom, length), *self._lens())

    def sees(self, box: tuple[float, float, float, float]) -> bool:
        """True if some of a box (first and last row, first and last column; bp) is on the canvas."""
        return self._projection.sees(box, *self._lens())

    def project(self, projection: Projection) -> None:
        """The map lies otherwise from now on; who says so aims again."""
        self._projection = projection

    def _lens(self) -> tuple[tuple[float, ...], float, tuple[int, int]]:
        """Centre, zoom, and height and width of the canvas."""
        viewer = self._viewer()
        assert viewer is not None  # who asks has the session, which ends with its viewer
        camera = viewer.scene.camera
        return camera.center[-2:], camera.zoom, viewer.canvas.size

    @property
    def moved_by_hand(self) -> bool:
        """True if the person moved the camera since :meth:`aim`."""
        return self._wanted is None

    def close(self) -> None:
        """Let go of the viewer; the window may be gone already, with the timer in it."""
        self._rest_soon.cancel()
        self._trim_soon.cancel()
        viewer: Any = self._viewer()
        if viewer is not None:
            viewer.scene.camera.events.disconnect(self._on_camera)
            viewer.canvas.events.size.disconnect(self._on_canvas_size)

    def _on_camera(self) -> None:
        if not self._moving:
            self._wanted = None
        self._rest_soon()

    def _on_canvas_size(self) -> None:
        if self._wanted is not None:
            self.aim(self._wanted)
        self._rest_soon()

    def _rest(self) -> None:
        if self._viewer() is not None:
            self._on_rest()
            self._trim_soon()


@contextmanager
def moved_once(viewer: Any) -> Iterator[None]:
    """Within it vispy's camera takes in where it shall be, and moves at the end: napari moves it three times."""
    canvas = getattr(getattr(getattr(viewer, "window", None), "_qt_viewer", None), "canvas", None)
    if canvas is None:
        yield
        return
    camera = canvas.view.camera
    camera._resetting = True  # vispy's own, while it sets several things at once
    try:
        yield
    finally:
        camera._resetting = False
        camera.view_changed()
