"""The gallery: all objects of a kind as thumbnails in one order, read as they come into view, judged where they are."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_hicstruct.annotations.records import KIND_CODES, STATUS_CODES, Annotation, Kind, Status
from napari_hicstruct.annotations.rules import STATUS_ACTIONS
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.genome import NameMatcher
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.plugin.state.jobs import BackgroundJob, Job

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.plugin.state.review.review import ReviewState

MAX_THUMB_BINS = 80
"""Side of a thumbnail in bins; longer structures are read in coarser ones."""

SHADES = 255
"""Of a thumbnail; the shade above them is a bin without data."""

MAX_KEPT = 20_000
"""Thumbnails that stay in memory, 1 kB each for loops."""

_BATCH = 12
"""Thumbnails that come to the window together."""


class GalleryOrder(StrEnum):
    """In which order objects stand."""

    BEST = "best first"
    WORST = "worst first"
    UNCERTAIN = "most uncertain first"
    GENOME = "along the genome"


class GalleryStatus(StrEnum):
    """Which objects are shown."""

    ALL = "all"
    OPEN = "not judged"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


_STATUSES = {
    GalleryStatus.ALL: tuple(Status),
    GalleryStatus.OPEN: (Status.PROPOSED,),
    GalleryStatus.ACCEPTED: (Status.ACCEPTED, Status.EDITED),
    GalleryStatus.REJECTED: (Status.REJECTED,),
}


@dataclass(frozen=True, slots=True)
class Thumb:
    """A thumbnail.

    Attributes
    ----------
    shades : uint8, shape (n_rows, n_cols)
        0 to ``SHADES - 1`` by contacts; ``SHADES`` where a bin is bad.
    place : tuple of float
        Where the object lies in it, as shares of its height and width: top, left, bottom and right.
    """

    shades: NDArray[np.uint8]
    place: tuple[float, float, float, float]


class GalleryState:
    """Objects in one order, their thumbnails, and judgments by the window's own review.

    Parameters
    ----------
    review : ReviewState

    Attributes
    ----------
    listed : Signal
        Which objects are shown, or their order, changed.
    came : Signal(list of str)
        Thumbnails of these were read.
    changed : Signal
        Statuses changed.
    uids : list of str
        In the order of the gallery.
    unscored : int
        How many of them have nothing that the order could go by: they come last, along the genome.
    kind, order, status, set_id
        What is shown; ``set_id`` None: every set that is shown on the map.
    """

    listed = Signal()
    came = Signal(object)
    changed = Signal()

    def __init__(self, review: ReviewState) -> None:
        self.review, self.labels = review, review.labels
        self.kind, self.order, self.status = Kind.LOOP, GalleryOrder.BEST, GalleryStatus.ALL
        self.set_id: int | None = None
        self.uids: list[str] = []
        self.unscored = 0
        self._thumbs: dict[str, Thumb | None] = {}
        self._wanted: list[str] = []
        window = self.labels.window
        self._job = BackgroundJob(self.labels.runner, on_step=self._take, on_done=self._go_on, on_error=self._failed)
        self.labels.recorded.connect(self._recorded)
        self.labels.reset.connect(self.relist)
        window.map_changed.connect(self._forget_all)

    # ------------------------------------------------------------------ what is shown
    def show(
        self,
        *,
        kind: Kind | None = None,
        order: GalleryOrder | None = None,
        status: GalleryStatus | None = None,
        set_id: int | None = -1,
    ) -> None:
        """Show other objects, or the same in another order; what is left out stays as it is (``set_id`` -1)."""
        self.kind = self.kind if kind is None else kind
        self.order = self.order if order is None else order
        self.status = self.status if status is None else status
        self.set_id = self.set_id if set_id == -1 else set_id
        self.relist()

    def relist(self) -> None:
        """Work out anew which objects are shown; an object that was judged meanwhile leaves, if its status does."""
        self.uids = self._uids()
        self.listed.emit()

    def _uids(self) -> list[str]:
        catalogue, self.unscored = self.labels.catalogue, 0
        if catalogue is None:
            return []
        table = catalogue.records
        shown = list(self.labels.shown()) if self.set_id is None else [self.set_id]
        found = np.isin(table.sets, shown) & (table.kind == KIND_CODES[self.kind])
        found &= np.isin(table.status, [STATUS_CODES[one] for one in _STATUSES[self.status]])
        rows = table.by_place(np.flatnonzero(found))
        if self.order is not GalleryOrder.GENOME:
            strength = table.strength(rows)
            self.unscored = int(np.isnan(strength).sum())
            rows = rows[np.argsort(_key(strength, self.order), kind="stable")]
        return [table.uids[row] for row in rows.tolist()]

    def record(self, uid: str) -> Annotation | None:
        """An object; None if it is gone."""
        return self.labels.record(uid)

    # ------------------------------------------------------------------ thumbnails
    def thumb(self, uid: str) -> Thumb | None:
        """The thumbnail of an object, None while it is not read or cannot be."""
        return self._thumbs.get(uid)

    def want(self, uids: Sequence[str]) -> None:
        """Read these next, in this order; what was wanted before and is not among them is not read."""
        self._wanted = [uid for uid in uids if uid not in self._thumbs]
        if self._wanted and not self._job.running:
            self._start()

    @property
    def reading(self) -> bool:
        """True while thumbnails are read."""
        return self._job.running

    def _start(self) -> None:
        source = self.labels.window.source
        if source is None:
            return
        records = [(uid, record) for uid in self._wanted[: 4 * _BATCH] if (record := self.record(uid)) is not None]
        if not records:
            self._wanted = []
            return

        def job(token: CancelToken) -> Job:
            return _read(source, records, token)

        self._job.start(job)

    def _take(self, step: Progress) -> None:
        if not isinstance(step.payload, dict):
            return
        if len(self._thumbs) > MAX_KEPT:
            self._thumbs = {}
        self._thumbs |= step.payload
        self.came.emit(list(step.payload))

    def _go_on(self, _result: object) -> None:
        self._wanted = [uid for uid in self._wanted if uid not in self._thumbs]
        if self._wanted:
            self._start()

    def _failed(self, error: HicStructError) -> None:
        self._wanted = []
        self.labels.window.problem.emit(error)

    def _forget_all(self) -> None:
        self._job.close()
        self._thumbs, self._wanted = {}, []
        self.relist()

    # ------------------------------------------------------------------ judge
    def judge(self, uids: Sequence[str], status: Status) -> bool:
        """Accept or reject these in one step, through the review: undo and journal are the same."""
        return bool(uids) and self.review.judge_chosen(list(uids), status)

    def undo(self) -> None:
        """Take back the last judgment; not what was done before all of them, as the import of what is shown."""
        project = self.labels.project
        step = None if project is None else project.next_undo()
        if step is not None and step.action not in STATUS_ACTIONS.values():
            said = self.review.undo_text() or step.action
            self.labels.hint(f"No judgment is left to undo: the last step is '{said}'. Undo it on the map.")
            return
        self.review.undo()

    def counts(self) -> tuple[int, int, int]:
        """How many of those listed are accepted, rejected, and not judged."""
        catalogue = self.labels.catalogue
        if catalogue is None or not self.uids:
            return 0, 0, 0
        table = catalogue.records
        rows = [table.row(uid) for uid in self.uids if uid in table]
        codes = np.bincount(table.status[rows], minlength=len(Status))
        accepted = codes[STATUS_CODES[Status.ACCEPTED]] + codes[STATUS_CODES[Status.EDITED]]
        return int(accepted), int(codes[STATUS_CODES[Status.REJECTED]]), int(codes[STATUS_CODES[Status.PROPOSED]])

    def _recorded(self, change: Any) -> None:
        """A step was made: judgments stay where they are; what came, went or moved lists the objects anew."""
        before = {record.uid: record for record in change.before}
        moved = [r for r in change.after if r.uid not in before or _place(before[r.uid]) != _place(r)]
        for record in moved:
            self._thumbs.pop(record.uid, None)
        if moved or len(change.after) != len(before):
            self.relist()
        else:
            self.changed.emit()

    def end(self) -> None:
        """End what runs, for the end of the window."""
        self._job.end()


def _place(record: Annotation) -> tuple[object, ...]:
    return record.kind, record.anchor1, record.anchor2


def _key(strength: NDArray[np.float64], order: GalleryOrder) -> NDArray[np.float64]:
    """What is sorted by, the smallest first; objects without a score come last."""
    if order is GalleryOrder.UNCERTAIN:
        return np.abs(strength - 0.5)
    return strength if order is GalleryOrder.WORST else -strength


def _read(
    source: ContactSource, records: Sequence[tuple[str, Annotation]], token: CancelToken
) -> Generator[Progress, None, None]:
    """Read thumbnails; each step brings some, by uid, None where the map cannot be read."""
    clock, names = Clock(), NameMatcher(source.chromsizes)
    found: dict[str, Thumb | None] = {}
    for done, (uid, record) in enumerate(records, 1):
        token.check()
        try:
            found[uid] = read_thumb(source, record, names.require(record.chrom))
        except HicStructError:
            found[uid] = None
        if len(found) == _BATCH or done == len(records):
            yield clock.step("read", done, len(records), payload=found)
            found = {}


def read_thumb(source: ContactSource, record: Annotation, chrom: str) -> Thumb:
    """What is around an object, in shades up to its strongest contacts."""
    from napari_hicstruct.workflows.call_view import colour_limit, read_call

    view = read_call(source, record, chrom, MAX_THUMB_BINS)
    limit = colour_limit(view.values, (view.cols.start - view.rows.start) // view.resolution, record, view.resolution)
    share = np.clip(view.values / limit, 0, 1)
    shades = np.where(np.isfinite(share), np.nan_to_num(share) * (SHADES - 1), SHADES).astype(np.uint8)
    sides = []
    for part, anchor, n in ((view.rows, record.anchor1, shades.shape[0]), (view.cols, record.anchor2, shades.shape[1])):
        length = n * view.resolution
        sides.append(((anchor.start - part.start) / length, (anchor.end - part.start) / length))
    (top, bottom), (left, right) = sides
    return Thumb(np.ascontiguousarray(shades), (top, left, bottom, right))
