"""The map that is open and where one looks; how it is drawn and how a camera is aimed are given by the window."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from psygnal import Signal

from napari_hicstruct.contacts.protocol import COMPUTED, RAW
from napari_hicstruct.errors import MapError, RegionError
from napari_hicstruct.genome import Interval, NameMatcher, is_mitochondrial
from napari_hicstruct.plugin.state.labels.geometry import Grid, Triangle, box_of, lies_in
from napari_hicstruct.plugin.state.map.projection import SQUARE, TILTED, Projection
from napari_hicstruct.plugin.state.map.view import History, View, at_least

if TYPE_CHECKING:
    from napari_hicstruct.annotations.records import Annotation
    from napari_hicstruct.contacts.protocol import ContactSource

_MARGIN = 0.25  # of the view, on every side
_MAX_TRIED = 100


class Camera(Protocol):
    """What shows a part of the map (bp), keeps the history of views and knows whether a person moved it since."""

    @property
    def history(self) -> History: ...
    @property
    def moved_by_hand(self) -> bool: ...
    def aim(self, view: View) -> None: ...
    def rest(self) -> None: ...
    def view(self, chrom: str, length: int) -> View: ...
    def reach(self, chrom: str, length: int) -> tuple[Interval, Interval]: ...
    def whole(self, chrom: str, length: int) -> View: ...
    def sees(self, box: tuple[float, float, float, float]) -> bool: ...
    def project(self, projection: Projection) -> None: ...
    def reset(self) -> None: ...


class MapPicture(Protocol):
    """A map as it is drawn: one chromosome under one normalisation; see ``layers.map.layer.MapLayer``."""

    drawn: Any

    @property
    def resolution(self) -> int: ...
    def show(self) -> None: ...
    def close(self) -> None: ...
    def set_chrom(self, chrom: str) -> None: ...
    def set_norm(self, norm: str) -> None: ...
    def set_ratio(self, ratio: bool) -> None: ...
    def on_view(self, rows: Interval, cols: Interval) -> None: ...
    def suit(self, rows: tuple[int, int], cols: tuple[int, int], beyond: float) -> None: ...
    def extent_with_contacts(self) -> Interval: ...


MakePicture = Callable[["ContactSource", str, Callable[[], None]], MapPicture]
"""``(source, chromosome, on_change)`` → a picture that is not in the window yet."""


class MapState:
    """The open map, its chromosome and the view.

    World units are base pairs: rows are the first anchor, columns the second.

    Parameters
    ----------
    camera : Camera
    make_picture : callable

    Attributes
    ----------
    map_changed : Signal
        Another map was opened, or the map was closed (``source`` is then None).
    chrom_changed : Signal(str)
        Another chromosome is shown.
    view_changed : Signal(Interval, Interval)
        The camera came to rest on these rows and columns (debounced), or its level changed.
    display_changed : Signal
        Normalisation, observed/expected, colour scale or what is known of them changed.
    projection_changed : Signal
        The map lies otherwise: square or tilted.
    note : Signal(str)
        Something that a person should know.
    done : Signal(str)
        Something that was done and cannot be seen in the map.
    problem : Signal(HicStructError)
        Something that could not be done.
    source : ContactSource or None
    chrom : str
    map : MapPicture or None
    projection : Projection
        How the map lies on the canvas.
    """

    map_changed = Signal()
    chrom_changed = Signal(str)
    view_changed = Signal(object, object)
    display_changed = Signal()
    projection_changed = Signal()
    note = Signal(str)
    done = Signal(str)
    problem = Signal(object)

    def __init__(self, *, camera: Camera, make_picture: MakePicture) -> None:
        self._camera, self._make_picture = camera, make_picture
        self.source: ContactSource | None = None
        self.chrom = ""
        self.map: Any = None
        self.projection = SQUARE

    @property
    def norm(self) -> str:
        """Name of the normalisation shown (``raw`` for counts)."""
        return str(self.map.drawn.norm) if self.map is not None else ""

    @property
    def resolution(self) -> int:
        """Bin size of the level that is drawn, bp; 0 without a map."""
        return 0 if self.map is None else int(self.map.resolution)

    @property
    def finest(self) -> int:
        """Finest bin size of the map, bp; 1 without a map."""
        return self.source.resolutions[0] if self.source is not None else 1

    def grid(self) -> Grid:
        """Bins of the level that is drawn: what new edges snap to."""
        source = self._require_source()
        return Grid(self.chrom, source.chromsizes[self.chrom], self.resolution)

    # ------------------------------------------------------------------ which map
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
        picture = self._make_picture(source, chrom, self.display_changed.emit)
        self._take_out_map()
        self.source, self.chrom, self.map = source, chrom, picture
        self._camera.reset()
        try:
            picture.show()
        except BaseException:
            with contextlib.suppress(Exception):  # it half stands in the window: the first error is the one to show
                self._take_out_map()
            raise
        home = picture.extent_with_contacts()
        self.go_to(home, home)
        self.map_changed.emit()
        self.chrom_changed.emit(chrom)
        if source.notes:
            self.note.emit("\n".join(source.notes))

    def close_map(self) -> None:
        """Take the map out of the window and close its project; nothing is lost, edits are in the project."""
        if self.map is not None:
            self._take_out_map()
            self.map_changed.emit()

    def _take_out_map(self) -> None:
        if self.map is not None:
            picture, self.map, self.source, self.chrom = self.map, None, None, ""
            self._map_gone()
            picture.close()

    def _map_gone(self) -> None:
        """What belongs to the map that is no longer open goes, too."""

    # ------------------------------------------------------------------ how it is shown
    def set_chrom(self, name: str) -> None:
        """Show the whole of another chromosome.

        Raises
        ------
        RegionError
            If the map has no such chromosome.
        """
        chrom = NameMatcher(self._require_source().chromsizes).require(name)
        self._show_chrom(chrom)
        home = self.map.extent_with_contacts()
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
        self.map.set_norm(name)
        self.display_changed.emit()

    # ------------------------------------------------------------------ where one looks
    def visible(self) -> tuple[Interval, Interval]:
        """Rows and columns in view, bp, clamped to the chromosome (empty if one looks past its ends)."""
        view = self._camera.view(self.chrom, self._require_source().chromsizes[self.chrom])
        return view.rows, view.cols

    def drawn_part(self) -> tuple[Interval, Interval]:
        """Rows and columns whose objects are drawn: the view and a margin."""
        rows, cols = self.visible()
        if self.projection.tilted:
            rows, cols = self._camera.reach(self.chrom, self._require_source().chromsizes[self.chrom])
        margin = max(int(_MARGIN * max(len(rows), len(cols))), 1)
        return rows.expand(margin), cols.expand(margin)

    def wholly_visible(self) -> tuple[Interval, Interval]:
        """Rows and columns of which all is in view: of a tilted map less than :meth:`visible` where its top is cut."""
        if not self.projection.tilted:
            return self.visible()
        view = self._camera.whole(self.chrom, self._require_source().chromsizes[self.chrom])
        return view.rows, view.cols

    def sees(self, record: Annotation, triangle: Triangle) -> bool:
        """True if some of an object lies in what the window shows."""
        if not self.projection.tilted:
            return lies_in(record, triangle, *self.visible())
        box = box_of(record, triangle)
        return record.chrom == self.chrom and self._camera.sees((box.top, box.bottom, box.left, box.right))

    def show_tilted(self, on: bool) -> None:
        """Turn the map by 45°, the genome along the canvas, or back; the view stays the same."""
        wanted = TILTED if on else SQUARE
        if wanted == self.projection:
            return
        view = None if self.source is None else View(*self.visible())
        self.projection = wanted
        self._camera.project(wanted)
        self.projection_changed.emit()
        if view is not None and len(view.rows) and len(view.cols):
            self._camera.aim(view)

    def go_to(self, rows: Interval, cols: Interval | None = None, *, remember: bool = True, rest: bool = False) -> None:
        """Show ``rows`` × ``cols`` (default: the square on the diagonal), switching chromosome if need be.

        ``rest``: the camera stays there, so everybody follows at once and all of it is drawn together.

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
        if rest:
            self._camera.rest()

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

    def camera_rested(self) -> None:
        """The camera came to rest: remember where, if a person moved it, and let everybody follow."""
        if self.map is None:
            return
        rows, cols = self.visible()
        if self._camera.moved_by_hand and len(rows) and len(cols):
            self._camera.history.push(View(rows, cols))
        self.map.on_view(rows, cols)
        self.view_changed.emit(rows, cols)

    def _require_source(self) -> ContactSource:
        if self.source is None:
            raise MapError("No map is open.", hint="Open a contact map first.")
        return self.source

    def _show_chrom(self, chrom: str) -> None:
        if chrom == self.chrom:
            return
        self.map.set_chrom(chrom)
        self.chrom = chrom
        self.chrom_changed.emit(chrom)

    def _checked(self, view: View) -> View:
        sizes = self._require_source().chromsizes
        chrom = NameMatcher(sizes).require(view.rows.chrom)
        if NameMatcher(sizes).require(view.cols.chrom) != chrom:
            raise RegionError("Rows and columns lie on two chromosomes.")
        spans = [Interval(chrom, part.start, part.end).clamp(sizes[chrom]) for part in (view.rows, view.cols)]
        return View(*(at_least(span, 4 * self.finest, sizes[chrom]) for span in spans))

    def _follow(self, view: View | None) -> None:
        if view is not None:
            self.go_to(view.rows, view.cols, remember=False)


def first_chromosome_with_contacts(source: ContactSource, limit: int = _MAX_TRIED) -> str:
    """The first chromosome (file order, at most ``limit`` tried) that has a contact; else the first one.

    The mitochondrion comes last, wherever it stands in the file: nothing is looked for there.
    """
    names = sorted(source.chromsizes, key=is_mitochondrial)
    for name in names[:limit]:
        if _has_contacts(source, name):
            return name
    return names[0]


def _has_contacts(source: ContactSource, chrom: str) -> bool:
    """True if a chromosome has a contact at its coarsest bins; few rows are read first: nearly all maps begin soon."""
    resolution, length = source.resolutions_of(chrom)[-1], source.chromsizes[chrom]
    start, step = 0, 8 * resolution
    while start < length:
        rows = Interval(chrom, start, min(start + step, length))
        if any(len(part) for part in source.pixels(chrom, resolution=resolution, rows=rows)):
            return True
        start, step = rows.end, 2 * step
    return False
