"""What is exported: records by set and status, each place once, in the order of their files; and the writing itself.

Annotations are not postponed here: magicgui makes the form from the types themselves.
"""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from psygnal import Signal

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import STATUS_CODES, Annotation, Kind, Status
from napari_hicstruct.errors import Cancelled, HicStructError, readable
from napari_hicstruct.jobs import CancelToken, Clock
from napari_hicstruct.plugin.state.jobs import Job
from napari_hicstruct.plugin.state.review.review import ReviewState
from napari_hicstruct.plugin.state.sentences import short_text
from napari_hicstruct.workflows.export import ExportRequest, ExportResult, export_project, free_folder

_MANY = 2_000
"""Records whose writing would be felt."""
FORMATS = ("bedpe", "bed", "stripenn", "juicebox", "higlass", "interact", "gff3", "parquet")


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """Formats by name, statuses, and whether of several calls at one place one is written."""

    formats: tuple[str, ...]
    statuses: tuple[Status, ...]
    once: bool


def export_settings(  # noqa: PLR0913 - keywords of a use case
    *,
    bedpe: bool = True,
    bed: bool = True,
    stripenn: bool = False,
    juicebox: bool = False,
    higlass: bool = False,
    interact: bool = False,
    gff3: bool = False,
    parquet: bool = False,
    accepted: bool = True,
    edited: bool = True,
    proposed: bool = False,
    rejected: bool = False,
    once: bool = True,
) -> ExportSettings:
    """One switch per format and status; forms are generated from this signature."""
    formats = {"bedpe": bedpe, "bed": bed, "stripenn": stripenn, "juicebox": juicebox, "higlass": higlass}
    statuses = {"proposed": proposed, "accepted": accepted, "edited": edited, "rejected": rejected}
    formats |= {"interact": interact, "gff3": gff3, "parquet": parquet}
    return ExportSettings(
        tuple(name for name, on in formats.items() if on),
        tuple(Status(name) for name, on in statuses.items() if on),
        once,
    )


def records_to_export(review: ReviewState, settings: ExportSettings, set_ids: Collection[int]) -> list[Annotation]:
    """The records of some sets that these settings choose."""
    catalogue = review.labels.catalogue
    if catalogue is None:
        return []
    pool, table = review.queue.pool, catalogue.records
    found = np.isin(pool.sets, list(set_ids)) & np.isin(pool.status, [STATUS_CODES[one] for one in settings.statuses])
    if settings.once:
        found = pool.deduplicated(found)
    return table.records(np.sort(pool.rows[found]))


def counted(records: Collection[Annotation]) -> str:
    """``41 loops, 3 TADs``."""
    counts = Counter(record.kind for record in records)
    return ", ".join(f"{counts[kind]:,} {KINDS[kind].named(counts[kind])}" for kind in Kind if counts[kind])


class IfTaken(StrEnum):
    """What to do where the folder holds label files of another map or project, or of unknown origin."""

    REPLACE = "replace"
    BESIDE = "beside"
    LEAVE = "leave"


AskIfTaken = Callable[[str], IfTaken]
"""``(what the folder holds)`` → what to do."""


@dataclass(frozen=True, slots=True)
class Written:
    """What an export wrote."""

    folder: Path
    files: tuple[Path, ...]
    what: str
    """``41 loops, 3 TADs``."""

    def __str__(self) -> str:
        return f"Wrote {self.what} to {readable(str(self.folder))}"


class ExportState:
    """Writes the objects of a window; many of them beside it.

    Attributes
    ----------
    ended : Signal(Written or None)
        An export ended; None if nothing was written.
    written : Written or None
        Of the last export that was started.
    """

    ended = Signal(object)

    def __init__(self, review: ReviewState) -> None:
        self.written: Written | None = None
        self._review, self._labels = review, review.labels

    def start(self, settings: ExportSettings, set_ids: Collection[int], folder: Path, *, ask: AskIfTaken) -> None:
        """Write what these settings choose.

        Parameters
        ----------
        ask : callable
            What to do where the folder holds files that must not be replaced or mixed with the new ones.
        """
        self.written = None
        records = records_to_export(self._review, settings, set_ids)
        if self._labels.project is None or not records or self._labels.busy.text:
            self.ended.emit(None)
            return
        request = ExportRequest(
            formats=settings.formats,
            set_ids=tuple(set_ids) if len(set_ids) < len(self._labels.sets()) else None,
            statuses=settings.statuses,
            deduplicate=settings.once,
        )
        self._write(_Export(request, folder, counted(records), len(records), ask))

    def _write(self, one: "_Export", *, overwrite: bool = False) -> None:
        from napari_hicstruct.annotations.writers.folder import FolderTaken

        project, where = self._labels.project, getattr(self._labels.window.source, "uri", "")
        assert project is not None

        def write(check: Callable[[], None] = lambda: None) -> ExportResult:
            return export_project(project, one.folder, one.request, map_uri=where, overwrite=overwrite, check=check)

        def work(token: CancelToken) -> Job:
            yield Clock().step("export", 0, 0)
            return write(token.check)

        def done(result: ExportResult) -> None:
            self.written = Written(one.folder, result.files, one.what)
            self.ended.emit(self.written)

        def failed(error: HicStructError) -> None:
            if isinstance(error, FolderTaken):
                self._taken(one, error.message)
                return
            if not isinstance(error, Cancelled):
                self._labels.hint(short_text(error))
                self._labels.window.problem.emit(error)
            self.ended.emit(None)

        if one.number > _MANY:
            self._labels.busy.start("The export", work, done=done, failed=failed)
            return
        try:
            result = write()
        except HicStructError as error:
            failed(error)
        else:
            done(result)

    def _taken(self, one: "_Export", what: str) -> None:
        answer = one.ask(what)
        if answer is IfTaken.REPLACE:
            self._write(one, overwrite=True)
        elif answer is IfTaken.BESIDE:
            self._write(one.in_folder(free_folder(one.folder)))
        else:
            self.ended.emit(None)


@dataclass(frozen=True, slots=True)
class _Export:
    """One export on its way."""

    request: ExportRequest
    folder: Path
    what: str
    number: int
    ask: AskIfTaken

    def in_folder(self, folder: Path) -> "_Export":
        return _Export(self.request, folder, self.what, self.number, self.ask)
