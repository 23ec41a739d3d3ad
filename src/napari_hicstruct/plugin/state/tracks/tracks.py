"""Tracks beside the map of a window: which, in which order, how they look, and what of them is in view."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from napari_hicstruct.config.map_uri import absolute_uri
from napari_hicstruct.config.paths import can_write
from napari_hicstruct.errors import Cancelled, HicStructError, TrackError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken
from napari_hicstruct.plugin.state.jobs import BackgroundJob, Job
from napari_hicstruct.plugin.state.map.seen import AxisKind, AxisSpan
from napari_hicstruct.plugin.state.sentences import short_text
from napari_hicstruct.plugin.state.tracks.own_tracks import OwnTracks
from napari_hicstruct.plugin.state.tracks.parts import Part, Wanted, reading, wanted_for
from napari_hicstruct.plugin.state.tracks.shown_track import (
    COLOURS,
    MAX_HEIGHT,
    MIN_HEIGHT,
    OWN,
    OWN_PREFIX,
    ShownTrack,
)
from napari_hicstruct.tracks import Gene, GeneTrack, Orientation

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Annotation
    from napari_hicstruct.plugin.state.labels.labels import LabelState
    from napari_hicstruct.plugin.state.settings import Settings

Axis = Literal["columns", "rows"]
_KEPT, _BESIDE, _BELOW = "tracks", "tracks_beside", "tracks_below"


class TracksState:
    """Tracks of the map that is open; remembered for each map.

    Attributes
    ----------
    changed : Signal
        Tracks, their order or how they look.
    data_changed : Signal
        Something new is known of what is in view.
    tracks : list of ShownTrack
        From the map outwards.
    own : OwnTracks
        What is computed from the map.
    """

    changed = Signal()
    data_changed = Signal()

    def __init__(self, labels: LabelState, settings: Settings) -> None:
        self._labels, self._settings = labels, settings
        window = self._window = labels.window
        self.tracks: list[ShownTrack] = []
        self.own = OwnTracks(labels)
        self._openings: dict[str, BackgroundJob] = {}
        self._job = BackgroundJob(labels.runner, on_done=self._read, on_error=self._not_read)
        self._parts: dict[tuple[str, str], Part] = {}
        self._versions: dict[str, int] = {}
        self._asked: dict[str, int] = {}
        self._spans: dict[str, AxisSpan | None] = {"columns": None, "rows": None}
        self._anchor: Interval | None = None
        self._uri = ""
        self.own.changed.connect(self._own_changed)
        self.own.failed.connect(self._own_failed)
        window.map_changed.connect(self._map_changed)
        window.chrom_changed.connect(self._chrom_changed)
        window.view_changed.connect(self._from_anchor)
        labels.current_changed.connect(self._from_anchor)
        for signal in (labels.recorded, labels.reset):
            signal.connect(self._calls_changed)
        self._map_changed()

    # ------------------------------------------------------------------ where they are shown
    @property
    def below(self) -> bool:
        """True if they are shown below the map."""
        return bool(self._settings.get(_BELOW, True))

    @property
    def beside(self) -> bool:
        """True if they are shown on the right of the map, too, along its rows."""
        return bool(self._settings.get(_BESIDE, False))

    def show_at(self, *, below: bool | None = None, beside: bool | None = None) -> None:
        """Show them below or beside the map, or not, now and in windows to come."""
        for name, value in ((_BELOW, below), (_BESIDE, beside)):
            if value is not None:
                self._settings.set(name, value)
        self.changed.emit()
        self._look()

    def shown(self) -> list[ShownTrack]:
        """Those that are not hidden, from the map outwards."""
        return [one for one in self.tracks if one.shown]

    def get(self, key: str) -> ShownTrack:
        """A track by its key; KeyError if there is none."""
        for one in self.tracks:
            if one.key == key:
                return one
        raise KeyError(key)

    # ------------------------------------------------------------------ which
    def add(self, path: str | Path) -> None:
        """Open a track file in the background and show it; one that is there already is shown again.

        Raises
        ------
        TrackError
            If no map is open.
        """
        if self._window.source is None:
            raise TrackError("a track is shown beside a map: open one first.", where=path)
        key = str(path) if "://" in str(path) else str(Path(path).expanduser().absolute())
        self._add(key, announced=True)

    def add_own(self, name: str) -> None:
        """Show a track that is computed from the map: a name of ``OWN``."""
        if name not in OWN:
            raise KeyError(name)
        self._add(f"{OWN_PREFIX}{name}")

    def _add(self, key: str, *, announced: bool = False) -> None:
        known = next((one for one in self.tracks if one.key == key), None)
        if known is not None and not known.problem:
            self.show(key, True)
            return
        if known is not None:
            self.tracks.remove(known)
        used = {one.colour for one in self.tracks}
        colour = next((one for one in COLOURS if one not in used), COLOURS[len(self.tracks) % len(COLOURS)])
        made = ShownTrack.from_settings({"key": key, "colour": colour}, len(self.tracks))
        assert made is not None
        self.tracks.append(made)
        self._keep()
        self._open(made, announced=announced)

    def remove(self, key: str) -> None:
        """Show a track no more."""
        self.tracks = [one for one in self.tracks if one.key != key]
        if (job := self._openings.pop(key, None)) is not None:
            job.close()
        self._keep()

    def move(self, key: str, place: int) -> None:
        """Put a track at another place, counted from the map."""
        one = self.get(key)
        self.tracks.remove(one)
        self.tracks.insert(max(0, min(place, len(self.tracks))), one)
        self._keep()

    # ------------------------------------------------------------------ how each looks
    def show(self, key: str, on: bool) -> None:
        """Show or hide a track."""
        self.get(key).shown = on
        self._keep()
        self._want_own()
        self._look()

    def set_colour(self, key: str, colour: str) -> None:
        """``#rrggbb``."""
        self.get(key).colour = colour
        self._keep()

    def set_height(self, key: str, pixels: int, *, keep: bool = True) -> None:
        """Height of a track, in pixels; ``keep=False`` while it is being dragged."""
        self.get(key).height_px = max(MIN_HEIGHT, min(MAX_HEIGHT, int(pixels)))
        if keep:
            self._keep()
        else:
            self.changed.emit()

    def set_limits(self, key: str, limits: tuple[float, float] | None) -> None:
        """Scale of a signal; None: that of what is seen."""
        one, known = (
            self.get(key),
            limits is not None and limits[0] < limits[1] and math.isfinite(limits[1] - limits[0]),
        )
        one.limits = limits if known else None
        self._keep()

    # ------------------------------------------------------------------ what they say
    def find(self, text: str) -> list[Gene]:
        """Genes of the open tracks whose name begins so, an equal one first; case does not count."""
        return [gene for one in self.tracks if isinstance(one.track, GeneTrack) for gene in one.track.find(text)]

    def motifs(self) -> Any:
        """The first track of motifs with strands (shown or not), or None."""
        return next((one.track for one in self.tracks if one.kind == "motifs"), None)

    def orientation(self, record: Annotation) -> Orientation | None:
        """How the motifs at an object's anchors point; None without a track of motifs."""
        from napari_hicstruct.tracks.orientation import orientations

        motifs = self.motifs()
        if motifs is None:
            return None
        return orientations(motifs, [anchors_of(record)])[0]

    # ------------------------------------------------------------------ what is in view
    def see(self, axis: Axis, span: AxisSpan | None) -> None:
        """The view has moved: read what is not known yet, in the background; costs nothing while all is known."""
        positions = span if span is not None and span.kind is AxisKind.POSITION else None
        self._spans[axis] = positions
        self._look()

    def look_from(self, anchor: Interval | None) -> None:
        """The cursor lies on this anchor (bp); None: it lies on none."""
        self._anchor = anchor
        self._from_anchor()

    def part(self, key: str, axis: Axis) -> Part | None:
        """What is known of a track where one looks; of a former view until the new one is read."""
        return self._parts.get((key, axis))

    def _axes(self) -> tuple[Axis, ...]:
        axes: tuple[tuple[Axis, bool], ...] = (("columns", self.below), ("rows", self.beside))
        return tuple(axis for axis, on in axes if on)

    def _look(self) -> None:
        """Ask for what is missing; while something is read, the newest view waits."""
        if self._job.running:
            return
        asked: list[tuple[Any, Any, Wanted]] = []
        for axis in self._axes():
            span = self._spans[axis]
            wanted = None if span is None else wanted_for(span)
            if span is None or wanted is None:
                continue
            for one in self.shown():
                known = self._parts.get((one.key, axis))
                if one.track is not None and (known is None or not known.wanted.serves(span)):
                    asked.append(((one.key, axis), one.track, wanted))
        if asked:
            self._asked = dict(self._versions)
            self._job.start(lambda token: reading(asked, token))

    def _read(self, found: dict[tuple[str, str], Any]) -> None:
        there = {one.key for one in self.tracks}
        for key, part in found.items():
            if key[0] not in there or self._asked.get(key[0]) != self._versions.get(key[0]):
                continue  # it has other values by now
            if isinstance(part, HicStructError):
                self._refuse(self.get(key[0]), part)
            else:
                self._parts[key] = part
        self.data_changed.emit()
        self._look()

    def _not_read(self, error: HicStructError) -> None:
        if not isinstance(error, Cancelled):
            self._window.problem.emit(error)

    def _forget(self, key: str) -> None:
        """Read a track anew; what is drawn stays until then, and what is being read of it is dropped."""
        self._versions[key] = self._versions.get(key, 0) + 1
        for axis in ("columns", "rows"):
            part = self._parts.get((key, axis))
            if part is not None:
                self._parts[key, axis] = Part(Wanted("", 0, 1, part.wanted.n), part.values, part.intervals)

    # ------------------------------------------------------------------ opening
    def _open(self, one: ShownTrack, *, announced: bool = False) -> None:
        if one.own:
            one.track = self.own.track(one.own)
            self._want_own()
            self.changed.emit()
            self._look()
            return
        done: Callable[[Any], None] = lambda track: self._opened(one, track)  # noqa: E731
        failed: Callable[[HicStructError], None] = lambda error: self._refuse(one, error, announced=announced)  # noqa: E731
        job = self._openings[one.key] = BackgroundJob(self._labels.runner, on_done=done, on_error=failed)
        job.start(lambda token: _opening(one.key, token))
        self.changed.emit()

    def _opened(self, one: ShownTrack, track: Any) -> None:
        from napari_hicstruct.tracks.fitting import check_fit

        source = self._window.source
        if one not in self.tracks or source is None:
            return
        try:
            one.notes = check_fit(track, source.chromsizes, assembly=source.assembly)
        except TrackError as error:
            self._refuse(one, error, announced=True)
            return
        one.track, one.problem = track, ""
        if one.notes:
            self._window.note.emit(f"{one.name} {'; '.join(one.notes)}.")
        self.changed.emit()
        self._look()

    def _refuse(self, one: ShownTrack, error: HicStructError, *, announced: bool = False) -> None:
        """A file that a person has just chosen is not listed; one that is remembered says what is wrong."""
        if isinstance(error, Cancelled):
            return
        one.track, one.problem = None, short_text(error)
        self._window.problem.emit(error)
        if announced and one in self.tracks:
            self.remove(one.key)
        else:
            self.changed.emit()

    # ------------------------------------------------------------------ following the window
    def _map_changed(self) -> None:
        source = self._window.source
        for job in self._openings.values():
            job.close()
        self._openings.clear()
        self._parts.clear()
        self.own.reset()
        self._anchor = None
        self._uri = "" if source is None else absolute_uri(source.uri)
        kept = self._settings.entry(_KEPT, self._uri, []) if self._uri else []
        made = [ShownTrack.from_settings(one, i) for i, one in enumerate(kept) if isinstance(one, dict)]
        self.tracks = [one for one in made if one is not None]
        for one in self.tracks:
            self._open(one)
        self.changed.emit()

    def _chrom_changed(self, _chrom: str = "") -> None:
        self._anchor = None
        self._want_own()
        self._calls_changed()

    def _want_own(self) -> None:
        names = [one.own for one in self.shown() if one.own]
        self.own.want(names)
        if "calls" in names:
            self.own.from_calls()
        if "4c" in names:
            self._from_anchor()

    def _calls_changed(self, *_: object) -> None:
        if any(one.own == "calls" for one in self.shown()):
            self.own.from_calls()

    def _from_anchor(self, *_: object) -> None:
        if not any(one.own == "4c" for one in self.shown()) or self._window.source is None:
            return
        current, spans = self._labels.current, [span for span in self._spans.values() if span is not None]
        anchor = self._anchor or (current.anchor1 if current is not None else None)
        if anchor is None or not spans or anchor.chrom != self._window.chrom:
            return
        seen = [wanted for span in spans if (wanted := wanted_for(span)) is not None]
        if seen:
            place = Interval(anchor.chrom, min(one.start for one in seen), max(one.end for one in seen))
            self.own.look_from(anchor, place)

    def _own_changed(self, name: str) -> None:
        key = f"{OWN_PREFIX}{name}"
        for one in self.tracks:
            if one.key == key:
                one.track, one.problem = self.own.track(name), ""
                self._forget(key)
        self._look()

    def _own_failed(self, name: str, why: str) -> None:
        for one in self.tracks:
            if one.own == name:
                one.problem = why
        self.changed.emit()

    def _keep(self) -> None:
        if self._uri and can_write(self._settings.path.parent):
            kept = [one.to_settings() for one in self.tracks]
            self._settings.set_entry(_KEPT, self._uri, kept or None)
        self.changed.emit()

    def end(self) -> None:
        """End what is being read, and wait for it: the window goes."""
        for job in (self._job, *self._openings.values()):
            job.end()
        self.own.end()


def anchors_of(record: Annotation) -> tuple[Interval, Interval]:
    """Both anchors of an object; of a TAD or boundary its two borders."""
    if record.anchor1 == record.anchor2:
        span, half = record.anchor1, max(record.resolution or 0, 1)
        first = Interval(span.chrom, max(0, span.start - half), span.start + half)
        return first, Interval(span.chrom, max(0, span.end - half), span.end + half)
    return record.anchor1, record.anchor2


def _opening(key: str, token: CancelToken) -> Job:
    from napari_hicstruct.workflows.tracks import iter_open_track

    return (yield from iter_open_track(key, token=token))
