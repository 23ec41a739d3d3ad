"""One session per napari window: its state, drawn by napari and aimed by its camera."""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from qtpy.compat import isalive
from qtpy.QtCore import QThreadPool, QTimer
from superqt.utils import qdebounced

from napari_hicstruct.config.map_uri import is_file_of
from napari_hicstruct.errors import HicStructError, ProjectError, RegionError
from napari_hicstruct.plugin.controllers.canvas.axes import Axes
from napari_hicstruct.plugin.controllers.canvas.camera import CameraControl
from napari_hicstruct.plugin.controllers.canvas.map_frame import MapFrame
from napari_hicstruct.plugin.controllers.frame.title import WindowTitle
from napari_hicstruct.plugin.controllers.garbage import GARBAGE
from napari_hicstruct.plugin.controllers.notify import show_done, show_note, show_problem, show_report
from napari_hicstruct.plugin.controllers.tracks.tracks import TrackView
from napari_hicstruct.plugin.controllers.workers import QtRunner
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.foreign_units import ForeignUnits
from napari_hicstruct.plugin.layers.map.layer import MapLayer
from napari_hicstruct.plugin.layers.projected import ProjectedLayers
from napari_hicstruct.plugin.layers.shape_kernels import KERNELS
from napari_hicstruct.plugin.layers.share import ShareLayer
from napari_hicstruct.plugin.state.labels.importing import ImportState
from napari_hicstruct.plugin.state.window import WindowState

if TYPE_CHECKING:
    import napari

    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.plugin.controllers.canvas.second_view import SecondView
    from napari_hicstruct.plugin.controllers.edit.editing import Editing
    from napari_hicstruct.plugin.controllers.edit.review import Review
    from napari_hicstruct.plugin.layers.fused import FusedLayers
    from napari_hicstruct.plugin.layers.map.second import SecondMapLayer
    from napari_hicstruct.plugin.layers.repaired import RepairedLayers
    from napari_hicstruct.plugin.layers.segmented import SegmentedLayers

_SESSIONS: weakref.WeakKeyDictionary[Any, Session] = weakref.WeakKeyDictionary()

_AFTER_FIRST_PICTURE_MS = 400
_LAST_WORDS_MS = 5_000
"""A cancelled job ends within a fraction of this."""

_RESTED_LONG_MS = 1_000
"""Where one looked so long is remembered."""

_TRY_AGAIN_MS = 2_000
"""A project that another window edits is tried so often; that costs one lock."""


def _bare(viewer: Any) -> Any:
    """napari hands widgets a proxy of the viewer; sessions belong to the viewer itself."""
    return getattr(viewer, "__wrapped__", viewer)


def session_of(viewer: Any) -> Session | None:
    """The session of ``viewer``, or None if it has none (yet)."""
    return _SESSIONS.get(_bare(viewer))


def ensure_session(viewer: Any) -> Session:
    """The session of ``viewer``, made on first use (still without a map)."""
    viewer = _bare(viewer)
    session = _SESSIONS.get(viewer)
    if session is None:
        session = _SESSIONS[viewer] = Session(viewer)
    return session


@atexit.register
def _close_all() -> None:
    """A script may end with its windows open: Qt then deletes them piece by piece, and nothing could be closed.

    What was cancelled says so from its thread: Qt's objects must live until it has, or the program is aborted.
    """
    viewers = list(_SESSIONS)
    for session in list(_SESSIONS.values()):
        session.close()
    for viewer in viewers:  # while Python still stands: what Qt deletes after it may crash
        with suppress(RuntimeError):
            viewer.close()
    if (pool := QThreadPool.globalInstance()) is not None:  # also what a window was doing that is gone by now
        pool.waitForDone(_LAST_WORDS_MS)


class Session(WindowState):
    """The state of a window and what shows it there.

    Attributes
    ----------
    canvas : Canvas
    editing : Editing
        Overlays, tools and keys; made on first use, with the first map.
    rulers : Axes
        Coordinates beside the map.
    track_view : TrackView
        Tracks below the map and on its right.
    """

    def __init__(self, viewer: napari.Viewer) -> None:
        self._camera_control = CameraControl(viewer, self._camera_rested)
        super().__init__(camera=self._camera_control, make_picture=self._make_picture, runner=QtRunner())
        self.canvas = Canvas(viewer, self)
        self._title = WindowTitle(self.canvas)
        self.rulers = Axes(self.canvas, self.axes, self.seen)
        self.track_view = TrackView(self.canvas, self, self.rulers)
        self._frame = MapFrame(self.canvas)
        self._foreign_units = ForeignUnits(self.canvas)
        self._projected = ProjectedLayers(self.canvas)
        self._share = ShareLayer(self.canvas)
        self.note.connect(show_note)
        self.done.connect(show_done)
        self.problem.connect(show_problem)
        viewer.layers.events.removed.connect(self._on_layer_removed)
        self._in_batch = self._layer_gone = False
        for name, follow in (("begin_batch", self._on_batch), ("end_batch", self._on_batch_end)):
            if name in viewer.layers.events:
                viewer.layers.events[name].connect(follow)
        self._again = QTimer()
        self._again.setInterval(_TRY_AGAIN_MS)
        self._again.timeout.connect(self._try_to_edit)
        self._rested_long = qdebounced(self.keep_view_soon, timeout=_RESTED_LONG_MS)
        self.project_changed.connect(self._on_project)
        KERNELS.prepare(self.runner)
        GARBAGE.opened()

    @property
    def viewer(self) -> Any:
        """The napari viewer of this session."""
        return self.canvas.viewer

    @cached_property
    def repaired_layers(self) -> RepairedLayers:
        """The layers of the last repair; they come also while its dock is closed."""
        from napari_hicstruct.plugin.layers.repaired import RepairedLayers

        layers, state = RepairedLayers(self.viewer), self.repair

        def put() -> None:
            if state.outcome is not None:
                layers.put(state.outcome.images)

        state.outcome_changed.connect(put)
        state.shown_changed.connect(lambda: layers.show(state.shown))
        return layers

    @cached_property
    def fused_layers(self) -> FusedLayers:
        """The layers of the last fusion, or the map that it gave; they come also while its dock is closed."""
        from napari_hicstruct.plugin.layers.fused import FusedLayers

        layers, state = FusedLayers(self.viewer), self.fusion

        def put() -> None:
            if state.fused_map is None:
                layers.put(state.outcome)
            elif not self.what_runs():  # else it waits for a click: that work belongs to the map that is open
                self.open_fused()

        def show() -> None:
            if state.fused_map is None:
                layers.show(state.shown)
            elif self.fused_is_open:
                self._share.show(state.shown == "share")

        state.outcome_changed.connect(put)
        state.shown_changed.connect(show)
        return layers

    @property
    def fused_is_open(self) -> bool:
        """Whether the map in the window is the one that was fused last."""
        fused = self.fusion.fused_map
        return fused is not None and self.source is not None and is_file_of(self.source.uri, fused)

    def open_fused(self) -> None:
        """Show the map that was fused last, in place of the one that is open, where one looked before."""
        fused = self.fusion.fused_map
        if fused is None or self.fused_is_open:
            return
        before = self.visible() if self.source is not None else None
        try:
            if running := self.what_runs():
                raise ProjectError(f"{running} has not ended yet.", hint="Wait for it, or cancel it.")
            self.open_map(fused)
            if before is not None and all(len(part) for part in before):
                with suppress(RegionError):  # that chromosome was not fused
                    self.go_to(*before)
        except HicStructError as error:
            self.problem.emit(error)

    @cached_property
    def second_layer(self) -> SecondMapLayer:
        """The second map on the first."""
        from napari_hicstruct.plugin.layers.map.second import SecondMapLayer

        return SecondMapLayer(self.canvas, self.second_map)

    @cached_property
    def second_view(self) -> SecondView:
        """The second map in a canvas of its own."""
        from napari_hicstruct.plugin.controllers.canvas.second_view import SecondView

        return SecondView(self.canvas, self.second_map, self.editing.editor, self.axes)

    @cached_property
    def segmented_layers(self) -> SegmentedLayers:
        """The layers of what is segmented; they come also while its dock is closed."""
        from napari_hicstruct.plugin.layers.segmented import SegmentedLayers

        layers = SegmentedLayers(self.viewer)
        self.segmentation.segmented.connect(layers.put)
        return layers

    @property
    def layer(self) -> Any:
        """The napari image layer of the map, or None."""
        return self.canvas.map_layer

    @cached_property
    def importing(self) -> ImportState:
        """The import of label files that runs; what came of it is a notification."""
        state = ImportState(self.labels)
        state.ended.connect(show_report)
        return state

    @cached_property
    def editing(self) -> Editing:
        """Overlays, tools and keys."""
        from napari_hicstruct.plugin.controllers.edit.editing import Editing

        return Editing(self.labels, self.canvas)

    @cached_property
    def review(self) -> Review:
        """What is reviewed, with the tools of the window."""
        return self.editing.review

    _closed = False

    def _make_picture(self, source: ContactSource, chrom: str, on_change: Callable[[], None]) -> MapLayer:
        self._foreign_units.adopt()
        try:
            made = MapLayer(source, chrom, canvas=self.canvas, runner=self.runner, on_change=on_change)
        except BaseException:
            self._foreign_units.give_back()
            raise
        self.rulers.prepare()
        self.track_view.prepare()
        return made

    def open_source(self, source: ContactSource) -> None:
        """Show a map that is open already; its project is opened after the first picture."""
        super().open_source(source)
        QTimer.singleShot(_AFTER_FIRST_PICTURE_MS, self.open_existing_project)

    def close(self) -> None:
        """End the session: stop work, close the files, let go of the viewer; a second time does nothing."""
        if self._closed:
            return
        self._closed = True
        viewer = self.viewer
        with self.canvas.as_one():
            if "editing" in self.__dict__:
                self.editing.close()
            self.close_map()
        self._rested_long.cancel()
        self.labels.busy.end()  # the sample is simulated without a map
        self.end_image_work()
        self._share.close()
        if "second_layer" in self.__dict__:
            self.second_layer.close()
        if "second_view" in self.__dict__:
            self.second_view.close()
        self._camera_control.close()
        self._look_again(False)
        self._title.close()
        self.track_view.close()
        if "tracks" in self.__dict__:
            self.tracks.end()
        if "motif_orientation" in self.__dict__:
            self.motif_orientation.end()
        self.rulers.close()
        self._frame.close()
        self._projected.close()
        self._foreign_units.close()
        if viewer is not None:
            viewer.layers.events.removed.disconnect(self._on_layer_removed)
            for name, follow in (("begin_batch", self._on_batch), ("end_batch", self._on_batch_end)):
                if name in viewer.layers.events:
                    viewer.layers.events[name].disconnect(follow)
            _SESSIONS.pop(viewer, None)
        KERNELS.closed(windows_left=len(_SESSIONS))
        GARBAGE.closed()

    def _on_project(self, project: Any) -> None:
        """Look now and then whether a project that is edited elsewhere has become free."""
        self._look_again(project is not None and project.read_only)

    def _look_again(self, on: bool) -> None:
        if isalive(self._again):  # at the end of the program Qt may be gone before us
            (self._again.start if on else self._again.stop)()

    def _try_to_edit(self) -> None:
        try:
            if not self.labels.busy.text:
                self.try_to_edit()
        except HicStructError:
            self._look_again(False)  # it is gone or damaged: what is shown stays

    def _camera_rested(self) -> None:
        if self.viewer is not None:
            self.camera_rested()
            self._rested_long()

    def _on_layer_removed(self, event: Any) -> None:
        if self.map is not None and event.value is self.map.layer:
            self._layer_gone = True
            if not self._in_batch:
                self._on_batch_end()

    def _on_batch(self, _event: Any = None) -> None:
        """Napari takes out what is selected, one by one: our own layers stay until it has gone through."""
        self._in_batch = True

    def _on_batch_end(self, _event: Any = None) -> None:
        self._in_batch, gone, self._layer_gone = False, self._layer_gone, False
        if gone:
            self.close_map()
