"""The camera of one window as a view in base pairs: aim, history, and a debounced word when it comes to rest."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.compat import isalive
from qtpy.QtCore import QTimer

from napari_hicstruct.plugin.controllers._malloc_trim import FreedMemory
from napari_hicstruct.plugin.state.view import History, View, camera_for, view_of_camera

if TYPE_CHECKING:
    import napari

_DELAY_MS = 80


class CameraControl:
    """Aims the camera of ``viewer`` and tells ``on_rest`` when it stops moving.

    The view that was asked for stays framed while the canvas is resized (the window opens, a dock is dragged),
    until a person moves the camera.
    """

    def __init__(self, viewer: napari.Viewer, on_rest: Callable[[], None]) -> None:
        self._viewer = weakref.ref(viewer)
        self._wanted: View | None = None
        self._moving = False
        self._history = History()
        self._on_rest = on_rest
        self._freed = FreedMemory()
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self._rest)
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
        center, zoom = camera_for(view, viewer.canvas.size)
        self._moving = True
        try:
            viewer.scene.camera.update({"center": (0.0, *center), "zoom": zoom})
        finally:
            self._moving = False
        self._wanted = view
        self._timer.start()

    def view(self, chrom: str, length: int) -> View:
        """The part of ``chrom`` (``length`` bp) that is in view."""
        viewer = self._viewer()
        assert viewer is not None  # who asks has the session, which ends with its viewer
        camera = viewer.scene.camera
        return view_of_camera(camera.center[-2:], camera.zoom, viewer.canvas.size, chrom=chrom, length=length)

    @property
    def moved_by_hand(self) -> bool:
        """True if the person moved the camera since :meth:`aim`."""
        return self._wanted is None

    def close(self) -> None:
        """Let go of the viewer; the window may be gone already, with the timer in it."""
        if isalive(self._timer):
            self._timer.stop()
        self._freed.close()
        viewer: Any = self._viewer()
        if viewer is not None:
            viewer.scene.camera.events.disconnect(self._on_camera)
            viewer.canvas.events.size.disconnect(self._on_canvas_size)

    def _on_camera(self) -> None:
        if not self._moving:
            self._wanted = None
        self._timer.start()

    def _on_canvas_size(self) -> None:
        if self._wanted is not None:
            self.aim(self._wanted)
        self._timer.start()

    def _rest(self) -> None:
        if self._viewer() is not None:
            self._on_rest()
            self._freed.give_back_soon()
