"""Tracks that a window computes from its map: in the background, chromosome by chromosome, each once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_hicstruct.annotations.record_table import RecordTable
from napari_hicstruct.annotations.records import KIND_CODES, STATUS_CODES, Kind, Status
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.genome import Interval, n_bins
from napari_hicstruct.jobs import CancelToken, Clock
from napari_hicstruct.plugin.state.jobs import BackgroundJob, Job
from napari_hicstruct.plugin.state.sentences import short_text
from napari_hicstruct.plugin.state.tracks.shown_track import OWN
from napari_hicstruct.tracks.signal import BinSignal

if TYPE_CHECKING:
    from napari_hicstruct.plugin.state.labels.labels import LabelState

MEASURED = ("insulation", "directionality", "boundary")
_COVERAGE_BP, _BORDER_BP = 10_000, 5_000


class OwnTracks:
    """Makes them for the chromosome that is shown.

    Attributes
    ----------
    changed : Signal(str)
        One has other values now; the name of :data:`~napari_hicstruct.plugin.state.tracks.shown_track.OWN`.
    failed : Signal(str, str)
        One could not be computed, and why.
    """

    changed = Signal(str)
    failed = Signal(str, str)

    def __init__(self, labels: LabelState) -> None:
        self._labels, self._window = labels, labels.window
        self._tracks: dict[str, BinSignal] = {}
        self._known: set[tuple[str, str]] = set()
        self._wanted: tuple[str, ...] = ()
        self._job = BackgroundJob(labels.runner, on_done=self._done, on_error=self._failed)
        self._job_4c = BackgroundJob(labels.runner, on_done=self._done_4c, on_error=self._failed_4c)
        self._running: tuple[str, tuple[str, ...]] = ("", ())
        self._anchor: Any = None
        self._next_4c: Any = None

    def track(self, name: str) -> BinSignal:
        """One of them; without values until they are known."""
        if name not in self._tracks:
            self._tracks[name] = BinSignal(OWN[name][0])
        return self._tracks[name]

    def reset(self) -> None:
        """Another map is open, or none."""
        self._job.close()
        self._job_4c.close()
        self._tracks.clear()
        self._known.clear()
        self._wanted, self._anchor, self._next_4c = (), None, None

    def end(self) -> None:
        """End what is being computed, and wait for it."""
        self._job.end()
        self._job_4c.end()

    # ------------------------------------------------------------------ measured on the chromosome
    def want(self, names: Iterable[str]) -> None:
        """Compute these for the chromosome that is shown, unless they are known."""
        self._wanted = tuple(name for name in names if name not in ("4c", "calls"))
        self._start_next()

    def _start_next(self) -> None:
        window = self._window
        if window.source is None or self._job.running:
            return
        source, chrom = window.source, window.chrom
        missing = [name for name in self._wanted if (name, chrom) not in self._known]
        if not missing:
            return
        measured = tuple(name for name in missing if name in MEASURED)
        names = measured or (missing[0],)
        self._running = chrom, names
        if measured:
            self._job.start(lambda token: _measuring(source, chrom, token))
        else:
            size = _coverage_bins(source, chrom)
            self._job.start(lambda token: _covering(source, chrom, size, token))

    def _done(self, found: dict[str, tuple[int, Any]]) -> None:
        chrom, _ = self._running
        for name, (size, values) in found.items():  # also what nobody asked for: it comes from the same measurement
            self.track(name).put(chrom, size, values)
            self._known.add((name, chrom))
        for name in found:
            self.changed.emit(name)
        self._start_next()

    def _failed(self, error: HicStructError) -> None:
        chrom, names = self._running
        for name in names:
            self._known.add((name, chrom))  # not tried again
            self.failed.emit(name, short_text(error))
        self._start_next()

    # ------------------------------------------------------------------ at an anchor
    def look_from(self, anchor: Interval | None, seen: Interval) -> None:
        """Virtual 4C of one anchor (bp) with what is seen; while one is computed the newest waits."""
        window = self._window
        if window.source is None or anchor is None or window.map is None:
            return
        resolution = _level(window.source, anchor.chrom, window.resolution)
        wanted = anchor.chrom, anchor.start // resolution, seen.snap(resolution), resolution, window.norm
        if wanted == self._anchor:
            return
        if self._job_4c.running:
            self._next_4c = anchor, seen
            return
        self._anchor, self._next_4c = wanted, None
        source, norm = window.source, window.norm
        self._job_4c.start(lambda _: _looking(source, anchor, seen, resolution, norm))

    def _done_4c(self, made: BinSignal) -> None:
        self._tracks["4c"] = made
        self.changed.emit("4c")
        if self._next_4c is not None:
            self.look_from(*self._next_4c)

    def _failed_4c(self, error: HicStructError) -> None:
        self._next_4c = None
        self.failed.emit("4c", short_text(error))

    # ------------------------------------------------------------------ from the project
    def from_calls(self) -> None:
        """Boundary probability of what is called on the chromosome: of each bin the largest of the borders there."""
        window = self._window
        catalogue = self._labels.catalogue
        if window.source is None:
            return
        size = max(window.finest, _BORDER_BP)
        values = np.full(n_bins(window.source.chromsizes[window.chrom], size), np.nan)
        if catalogue is not None:
            shown = [s.id for s in self._labels.sets() if s.visible]
            places, probability = _borders(catalogue.records, window.chrom, shown)
            np.fmax.at(values, np.minimum(places // size, len(values) - 1), probability)
        self.track("calls").put(window.chrom, size, values.astype(np.float32))
        self.changed.emit("calls")


def _borders(table: RecordTable, chrom: str, sets: list[int]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Positions (bp) of borders on a chromosome and how probable each is."""
    rows = np.concatenate([table.rows_of(kind, chrom) for kind in (Kind.TAD, Kind.BOUNDARY)])
    strength = table.strength(rows)
    kept = np.isin(table.sets[rows], sets) & (table.status[rows] != STATUS_CODES[Status.REJECTED])
    kept &= np.isfinite(strength)
    rows, strength = rows[kept], strength[kept]
    span, is_tad = table.span[rows], table.kind[rows] == KIND_CODES[Kind.TAD]
    first = np.where(is_tad, span[:, 0], (span[:, 0] + span[:, 1]) // 2)
    return np.concatenate([first, span[is_tad, 1]]), np.concatenate([strength, strength[is_tad]])


def _level(source: Any, chrom: str, drawn: int) -> int:
    """The coarsest level of the file that is no coarser than what is drawn: some levels are only summed."""
    levels = source.resolutions_of(chrom) or source.resolutions
    return max((size for size in levels if size <= drawn), default=levels[0])


def _coverage_bins(source: Any, chrom: str) -> int:
    levels = source.resolutions_of(chrom) or source.resolutions
    return next((size for size in levels if size >= _COVERAGE_BP), levels[-1])


def _measuring(source: Any, chrom: str, token: CancelToken) -> Job:
    from napari_hicstruct.workflows.tracks import iter_measured

    return (yield from iter_measured(source, chrom, token=token))


def _covering(source: Any, chrom: str, size: int, token: CancelToken) -> Job:
    from napari_hicstruct.workflows.tracks import iter_coverage

    values = yield from iter_coverage(source, chrom, size, token=token)
    return {"coverage": (size, values)}


def _looking(source: Any, anchor: Interval, seen: Interval, resolution: int, norm: str) -> Job:
    from napari_hicstruct.workflows.tracks import virtual_4c

    yield Clock().step("virtual 4C", 0, 0)
    return virtual_4c(source, anchor, seen, resolution=resolution, norm=norm)
