"""How CTCF motifs at the anchors of candidates point: on the card, in the filter and in the order of the queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.jobs import CancelToken, Clock
from napari_hicstruct.plugin.state.jobs import BackgroundJob, Job
from napari_hicstruct.plugin.state.tracks.tracks import anchors_of
from napari_hicstruct.tracks.orientation import orientations

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Annotation, Change
    from napari_hicstruct.plugin.state.labels.labels import LabelState
    from napari_hicstruct.plugin.state.review.queue import ReviewQueue
    from napari_hicstruct.plugin.state.tracks.tracks import TracksState

KINDS = (Kind.LOOP, Kind.TAD)
"""Kinds with two ends that motifs may hold."""
_AT_ONCE = 500
_PLACES = ("move", "resize", "relabel")


class OrientationState:
    """Follows the track of motifs and the candidates; where there is no such track it says nothing.

    Attributes
    ----------
    changed : Signal
    """

    changed = Signal()

    def __init__(self, labels: LabelState, tracks: TracksState, queue: ReviewQueue) -> None:
        self._labels, self._tracks, self._queue = labels, tracks, queue
        self._motifs: Any = None
        self._job = BackgroundJob(labels.runner, on_done=self._done, on_error=self._failed)
        self._tracks.changed.connect(self._on_tracks)
        labels.reset.connect(self._again)
        labels.recorded.connect(self._on_recorded)
        self._on_tracks()

    def text(self, record: Annotation) -> str:
        """``motifs convergent``; empty without a track of motifs, or for a kind without two ends."""
        if record.kind not in KINDS:
            return ""
        found = self._tracks.orientation(record)
        return "" if found is None else f"motifs {found.value}" if found.value != "none" else "no motif pair"

    def _on_tracks(self) -> None:
        motifs = self._tracks.motifs()
        if motifs is not self._motifs:
            self._motifs = motifs
            self._again()

    def _on_recorded(self, change: Change) -> None:
        if change.action in _PLACES or len(change.before) != len(change.after):
            self._again()

    def _again(self) -> None:
        catalogue = self._labels.catalogue
        if self._motifs is None or catalogue is None:
            self._job.close()
            self._queue.set_orientations({})
            self.changed.emit()
            return
        motifs, table = self._motifs, catalogue.records
        records = [one for uid in table if (one := table[uid]).kind in KINDS]
        self._job.start(lambda token: _orienting(motifs, records, token))

    def _done(self, found: dict[str, str]) -> None:
        self._queue.set_orientations(found)
        self.changed.emit()

    def _failed(self, error: HicStructError) -> None:
        self._labels.window.problem.emit(error)

    def end(self) -> None:
        """End what is being worked out, and wait for it."""
        self._job.end()


def _orienting(motifs: Any, records: Sequence[Annotation], token: CancelToken) -> Job:
    clock = Clock()
    found: dict[str, str] = {}
    for first in range(0, len(records), _AT_ONCE):
        yield clock.step("motifs", first, len(records))
        token.check()
        some = records[first : first + _AT_ONCE]
        ways = orientations(motifs, [anchors_of(record) for record in some])
        found |= {record.uid: way.value for record, way in zip(some, ways, strict=True)}
    return found
