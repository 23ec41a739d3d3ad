"""Label files into the project of a window, beside it: each file is a set, the files of one import are one undo."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_hicstruct.errors import Cancelled, HicStructError, LabelError, ProjectError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Clock
from napari_hicstruct.plugin.state.jobs import AFTER_PAINT_S, Job
from napari_hicstruct.plugin.state.labels.import_report import ImportReport, Refusal
from napari_hicstruct.plugin.state.labels.labels import LabelState

if TYPE_CHECKING:
    from napari_hicstruct.annotations import LabelFile, Project, Status
    from napari_hicstruct.workflows.import_labels import ImportedFile

_MANY_RECORDS = 10_000


@dataclass(frozen=True, slots=True)
class ScoreChoice:
    """A column by its number in the file (1-based), and which end is the better one."""

    column: int
    lower_is_better: bool


@dataclass(frozen=True, slots=True)
class ImportAs:
    """What a person says of files: as ``hicstruct import --status``, ``--one-based`` and ``--complete-in``."""

    status: Status | None = None
    one_based: bool = False
    complete_in: tuple[str, ...] = ()


AskScore = Callable[[Path, "LabelFile"], ScoreChoice | None]


@dataclass(slots=True)
class _File:
    """One file on its way; at the end it was stored or refused."""

    path: Path
    as_: ImportAs = ImportAs()
    complete: tuple[Interval, ...] = ()
    found: LabelFile | None = None
    choice: ScoreChoice | None = None
    is_asked: bool = False
    stored: ImportedFile | None = None
    error: HicStructError | None = None

    @property
    def waits(self) -> bool:
        """True if nothing became of it yet."""
        return self.stored is None and self.error is None


class ImportState:
    """The import that runs, and what came of the last one.

    Attributes
    ----------
    ended : Signal(ImportReport)
        All files of one call came in or did not.
    ticked_changed : Signal
    report : ImportReport or None
        Of the last import into this project.
    ticked : ImportAs
        What was said of the files to come: it holds for the next import, whichever way that comes.
    """

    ended = Signal(object)
    ticked_changed = Signal()

    def __init__(self, labels: LabelState) -> None:
        self.report: ImportReport | None = None
        self.ticked = ImportAs()
        self._labels, self._busy = labels, labels.busy
        self._files: list[_File] = []
        self._complete: list[Interval] = []
        self._ask: AskScore | None = None
        labels.window.project_changed.connect(self._on_project)
        labels.window.map_changed.connect(lambda: self.tick(complete_in=()))  # regions of the map before

    @property
    def running(self) -> bool:
        """True from :meth:`start` until the report."""
        return bool(self._files)

    def tick(self, **said: Any) -> None:
        """Say ``one_based`` or ``complete_in`` of the files to come."""
        self.ticked = replace(self.ticked, **said)
        self.ticked_changed.emit()

    def start(self, paths: Iterable[str | Path], *, ask: AskScore | None = None, as_: ImportAs | None = None) -> None:
        """Read label files into the project, each into a set of its own; good lines come in, the others are reported.

        Parameters
        ----------
        paths : iterable of path
        ask : function of a path and what was read, optional
            Asked once per file whose columns do not say which of them is the score; None as answer: there is none.
            Without it nobody is asked, and such columns are only kept.
        as_ : ImportAs, optional
            Status, first position, where the files are complete; by default what is ticked.

        Raises
        ------
        LabelError
            If no map is open.
        ProjectError
            If other work on the project has not ended yet.
        """
        if self._labels.window.source is None:
            raise LabelError("labels need a map to lie on.", hint="Open the contact map first.")
        if self._busy.text and not self._files:
            raise ProjectError(f"{self._busy.text} has not ended yet.", hint="Wait for it, or cancel it.")
        new = [_File(Path(path), as_ or self.ticked) for path in paths]
        self.tick(one_based=False, complete_in=())
        if self._files:
            self._files += new
            return
        self._files, self._ask = new, ask
        self._read()

    def region_in_view(self) -> Interval | None:
        """The part of the diagonal that is in view, where a list may be complete; None if there is none."""
        window = self._labels.window
        if window.source is None:
            return None
        rows, cols = window.visible()
        start, end = max(rows.start, cols.start), min(rows.end, cols.end)
        return Interval(rows.chrom, start, end) if start < end else None

    def complete_regions(self, texts: Sequence[str], notes: list[str] | None = None) -> list[Interval]:
        """The regions that :attr:`ImportAs.complete_in` names; what a file of them leaves out goes to ``notes``.

        Raises
        ------
        RegionError, LabelError
        """
        from napari_hicstruct.workflows.import_labels import complete_regions

        source = self._labels.window.source
        return [] if source is None else complete_regions(texts, source.chromsizes, notes)

    def cancel(self) -> None:
        """End it: files that are in stay, the others do not come in."""
        if self._files:
            self._busy.cancel()

    def end(self) -> None:
        """End it at once, the window or its map goes: what is not in does not come in."""
        if self._files:
            self._busy.end()
            self._failed(Cancelled("Cancelled."))

    def _read(self) -> None:
        source = self._labels.window.source
        assert source is not None
        waiting, sizes = [one for one in self._files if one.waits and one.found is None], dict(source.chromsizes)
        where = f" ({source.assembly})" if source.assembly else ""

        def reading(token: CancelToken) -> Job:
            from napari_hicstruct.workflows.import_labels import iter_read

            for one in waiting:
                how: dict[str, Any] = {"one_based": one.as_.one_based}
                if one.choice:
                    how |= {"score_column": one.choice.column, "ascending": one.choice.lower_is_better}
                try:
                    one.complete = tuple(self.complete_regions(one.as_.complete_in))
                    one.found = yield from iter_read(one.path, sizes, token=token, **how)
                except Cancelled:
                    raise
                except HicStructError as error:
                    one.error = error
                    continue
                if not one.found.records:
                    hint = f"Is it for the assembly of the map{where}?"
                    one.error = LabelError("holds no label that lies on this map.", where=one.path, hint=hint)

        self._busy.start("The import", reading, done=lambda _: self._was_read(), failed=self._failed)

    def _was_read(self) -> None:
        for one in self._files:
            if one.found is None or one.is_asked or self._ask is None or not (one.waits and one.found.undecided):
                continue
            one.is_asked = True
            try:
                one.choice = self._ask(one.path, one.found)
            except Cancelled as error:
                one.error = error
                continue
            if one.choice is not None:
                one.found = None
        if self._has_unread():
            self._read()
        else:
            self._store()

    def _was_stored(self) -> None:
        if self._has_unread():
            self._read()
        else:
            self._finish()

    def _has_unread(self) -> bool:
        return any(one.waits and one.found is None for one in self._files)

    def _store(self) -> None:
        window = self._labels.window
        good = [one for one in self._files if one.waits]
        if not good or window.source is None:
            self._finish()
            return
        try:
            project, finest = window.ensure_project(), min(window.source.resolutions, default=0)
        except HicStructError as error:
            self._failed(error)
            return

        self._busy.start(
            "The import",
            lambda token: self._storing(project, good, finest, token),
            done=lambda _: self._was_stored(),
            failed=self._failed,
        )

    def _storing(self, project: Project, files: Sequence[_File], finest: int, token: CancelToken) -> Job:
        from napari_hicstruct.workflows.import_labels import mark_complete, store_labels

        found = [(one, one.found) for one in files if one.found is not None]
        clock, before, total = Clock(), 0, sum(len(labels.records) for _, labels in found)

        def on_piece(done: int) -> None:
            token.check()
            self._busy.tell(clock.step("import", before + done, total))

        with project.one_step():
            for one, labels in found:
                yield clock.step("import", before, total, one.path.name)
                one.stored = store_labels(
                    project, one.path, labels, status=one.as_.status, finest=finest, on_piece=on_piece
                )
                before += len(labels.records)
            for regions in dict.fromkeys(one.complete for one, _ in found):  # what was said of several files together
                mark_complete(project, regions, [labels for one, labels in found if one.complete == regions])
                self._complete += regions
        if total > _MANY_RECORDS:
            token.wait(AFTER_PAINT_S)  # the records are drawn before the report is

    def _failed(self, error: HicStructError) -> None:
        """Nothing more comes in; each file that waits has the same reason."""
        for one in self._files:
            if one.waits:
                one.error = error
        self._finish()

    def _finish(self) -> None:
        files, self._files = self._files, []
        complete, self._complete = self._complete, []
        self._labels.window.discard_unused_project()
        self.report = ImportReport(
            tuple(one.stored for one in files if one.stored is not None),
            tuple(Refusal(one.path, one.error) for one in files if one.error is not None),
            tuple(complete),
        )
        self.ended.emit(self.report)

    def _on_project(self, _project: object) -> None:
        """What came into another project is no news here; making one for the import is part of it."""
        if not self._files:
            self.report = None
