"""One session per napari window: the map that is open, where one looks, and the project that holds the edits."""

from __future__ import annotations

import contextlib
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_hicstruct.contacts.protocol import COMPUTED, RAW
from napari_hicstruct.errors import MapError, RegionError
from napari_hicstruct.genome import Interval, NameMatcher
from napari_hicstruct.plugin.controllers.camera import CameraControl
from napari_hicstruct.plugin.controllers.notify import show_note
from napari_hicstruct.plugin.layers.map import layer as map_layer
from napari_hicstruct.plugin.layers.map.levels import first_chromosome_with_contacts
from napari_hicstruct.plugin.layers.units import world_kwargs
from napari_hicstruct.plugin.state.project import ProjectOfWindow
from napari_hicstruct.plugin.state.view import View, at_least

if TYPE_CHECKING:
    import napari

    from napari_hicstruct.contacts.protocol import ContactSource

_SESSIONS: weakref.WeakKeyDictionary[Any, Session] = weakref.WeakKeyDictionary()

_AFTER_FIRST_PICTURE_MS = 400


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


class Session(ProjectOfWindow):
    """State that the panels, tools and commands of one window share.

    World units are base pairs: rows are the first anchor, columns the second.

    Attributes
    ----------
    map_changed : Signal
        Another map was opened, or the map was closed (``source`` is then None).
    chrom_changed : Signal(str)
        Another chromosome is shown.
    view_changed : Signal(Interval, Interval)
        The camera came to rest on these rows and columns (debounced), or its level changed.
    project_changed : Signal(Project or None)
        Another project holds the annotations, or none does any more.
    display_changed : Signal
        Normalisation, observed/expected, colour scale or what is known of them changed.
    """

    map_changed = Signal()
    chrom_changed = Signal(str)
    view_changed = Signal(object, object)
    project_changed = Signal(object)
    display_changed = Signal()

    def __init__(self, viewer: napari.Viewer) -> None:
        self._viewer = weakref.ref(viewer)
        self.source: ContactSource | None = None
        self.chrom = ""
        self.map: map_layer.MapLayer | None = None
        self._camera = CameraControl(viewer, self._announce_view)
        viewer.layers.events.removed.connect(self._on_layer_removed)

    @property
    def viewer(self) -> Any:
        """The napari viewer of this session."""
        return self._viewer()

    @property
    def norm(self) -> str:
        """Name of the normalisation shown (``raw`` for counts)."""
        return self.map.drawn.norm if self.map is not None else ""

    @property
    def resolution(self) -> int:
        """Bin size of the level that is drawn, bp; 0 without a map."""
        return 0 if self.map is None else self.map.resolution

    @property
    def layer(self) -> Any:
        """The napari image layer of the map, or None."""
        return self.map.layer if self.map is not None else None

    def open_map(self, path: str | Path) -> None:
        """Open a map in this window, in place of the one that is open.

        Raises
        ------
        MapError
            If it is not a map we can read; what was open stays.
        """
        from napari_hicstruct.contacts import open_map

        self.open_source(open_map(path))

    def open_source(self, source: ContactSource) -> None:
        """Show a map that is open already, in place of the one in this window."""
        chrom = first_chromosome_with_contacts(source)
        shown = map_layer.MapLayer(source, chrom, on_change=self.display_changed.emit)
        self._take_out_map()
        self.source, self.chrom, self.map = source, chrom, shown
        self._camera.reset()
        try:
            shown.add_to(self.viewer)
        except BaseException:
            with contextlib.suppress(Exception):  # it half stands in the window: the first error is the one to be told
                self._take_out_map()
            raise
        home = shown.extent_with_contacts()
        self.go_to(home, home)
        self.map_changed.emit()
        self.chrom_changed.emit(chrom)
        if source.notes:
            show_note("\n".join(source.notes))
        QTimer.singleShot(_AFTER_FIRST_PICTURE_MS, self._open_existing_project)

    def close_map(self) -> None:
        """Take the map out of the window and close its project; nothing is lost, edits are in the project."""
        if self.map is not None:
            self._take_out_map()
            self.map_changed.emit()

    def _take_out_map(self) -> None:
        if self.map is not None:
            shown, self.map, self.source, self.chrom = self.map, None, None, ""
            self._replace_project(None)
            self._looked = False
            shown.close(self.viewer)

    def set_chrom(self, name: str) -> None:
        """Show the whole of another chromosome.

        Raises
        ------
        RegionError
            If the map has no such chromosome.
        """
        source = self._require_source()
        chrom = NameMatcher(source.chromsizes).require(name)
        self._show_chrom(chrom)
        home = self._require_map().extent_with_contacts()
        self.go_to(home, home)

    def set_norm(self, name: str) -> None:
        """Show another normalisation: ``raw``, or one that the chromosome (or memory) has.

        Raises
        ------
        MapError
            If the chromosome has no such weights.
        """
        source = self._require_source()
        if name not in (RAW, COMPUTED):
            source.weights(self.chrom, resolution=source.resolutions_of(self.chrom)[0], norm=name)
        self._require_map().set_norm(name)
        self.display_changed.emit()

    def world_kwargs(self) -> dict[str, Any]:
        """Units and axis labels that every layer in this window must carry (data in bp)."""
        return world_kwargs(self.chrom)

    def visible(self) -> tuple[Interval, Interval]:
        """Rows and columns in view, bp, clamped to the chromosome (empty if one looks past its ends)."""
        view = self._view()
        return view.rows, view.cols

    def go_to(self, rows: Interval, cols: Interval | None = None, *, remember: bool = True) -> None:
        """Show ``rows`` × ``cols`` (default: the square on the diagonal), switching chromosome if need be.

        Raises
        ------
        RegionError
            If the region is not on the map, or rows and columns lie on two chromosomes.
        """
        view = self._checked(View(rows, rows if cols is None else cols))
        if view.rows.chrom != self.chrom:
            self._show_chrom(view.rows.chrom)
        if remember:
            self._camera.history.push(view)
        self._camera.aim(view)

    def back(self) -> None:
        """Return to the view before this one."""
        self._follow(self._camera.history.back())

    def forward(self) -> None:
        """Go on to the view that :meth:`back` came from."""
        self._follow(self._camera.history.forward())

    @property
    def can_go_back(self) -> bool:
        """True if there is an earlier view."""
        return self._camera.history.can_go_back

    @property
    def can_go_forward(self) -> bool:
        """True if there is a later view."""
        return self._camera.history.can_go_forward

    def close(self) -> None:
        """End the session: stop work, close the files, let go of the viewer."""
        from napari_hicstruct.plugin.controllers.editing import detach

        viewer = self.viewer
        detach(self)
        self.close_map()
        self._camera.close()
        if viewer is not None:
            viewer.layers.events.removed.disconnect(self._on_layer_removed)
            _SESSIONS.pop(viewer, None)

    def _require_map(self) -> map_layer.MapLayer:
        if self.map is None:
            raise MapError("No map is open.", hint="Open a contact map first.")
        return self.map

    def _require_source(self) -> ContactSource:
        return self._require_map().source

    def _show_chrom(self, chrom: str) -> None:
        if chrom == self.chrom:
            return
        self._require_map().set_chrom(chrom)
        self.chrom = chrom
        self.chrom_changed.emit(chrom)

    def _checked(self, view: View) -> View:
        sizes = self._require_source().chromsizes
        chrom = NameMatcher(sizes).require(view.rows.chrom)
        if NameMatcher(sizes).require(view.cols.chrom) != chrom:
            raise RegionError("Rows and columns lie on two chromosomes.")
        spans = [Interval(chrom, part.start, part.end).clamp(sizes[chrom]) for part in (view.rows, view.cols)]
        smallest = 4 * self._require_source().resolutions[0]
        return View(*(at_least(span, smallest, sizes[chrom]) for span in spans))

    def _follow(self, view: View | None) -> None:
        if view is not None:
            self.go_to(view.rows, view.cols, remember=False)

    def _view(self) -> View:
        return self._camera.view(self.chrom, self._require_source().chromsizes[self.chrom])

    def _announce_view(self) -> None:
        if self.map is None or self.viewer is None:
            return
        view = self._view()
        if self._camera.moved_by_hand and len(view.rows) and len(view.cols):
            self._camera.history.push(view)
        self.map.on_view(view.rows, view.cols)
        self.view_changed.emit(view.rows, view.cols)

    def _on_layer_removed(self, event: Any) -> None:
        if self.map is not None and event.value is self.map.layer:
            self.close_map()
