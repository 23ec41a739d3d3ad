"""A consensus in a window: who votes and how, the run, what came of it, and where it goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Kind, Status
from napari_hicstruct.errors import Cancelled, HicStructError, LabelError, ProjectError
from napari_hicstruct.jobs import CancelToken, Clock
from napari_hicstruct.plugin.state.consensus.members import Members
from napari_hicstruct.plugin.state.consensus.rows import CallerRow, most_common_kind, set_rows, stamp_of
from napari_hicstruct.plugin.state.consensus.settings import METHODS, ConsensusSettings
from napari_hicstruct.plugin.state.jobs import Job
from napari_hicstruct.plugin.state.labels.labels import LabelState
from napari_hicstruct.plugin.state.sentences import reason
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project
    from napari_hicstruct.workflows.consensus import CallerFigures, CallFile, ConsensusResult
    from napari_hicstruct.workflows.import_labels import ImportedFile

BUSY = "The consensus"
"""What runs, for people."""

MIN_CALLERS = 2
_WORTH = {
    0: "Tick two callers or more.",
    1: "One caller: its lists agree with themselves, which says nothing of what is right.",
    2: "Two callers; reliability needs three: agreement says which calls they share, not which are right.",
}


class ConsensusState:
    """The callers, the settings, and the last result.

    Attributes
    ----------
    changed : Signal
        Rows, settings, or what came of a run changed.
    files : list of CallerRow
        The rows of files.
    sets : list of CallerRow
        Those of the project's sets.
    settings : ConsensusSettings
    ran_with : ConsensusSettings
        Those of the last result.
    weights : dict of str to float
        By caller, for the method ``weighted``; 1 where none is named.
    result : ConsensusResult or None
        Of the last run.
    error : str
        Why the last run gave none.
    loaded : str
        The set that the result was loaded into.
    members : Members or None
        The structures of the combination that was chosen.
    """

    changed = Signal()

    def __init__(self, labels: LabelState) -> None:
        self._labels, self._busy = labels, labels.busy
        self.files: list[CallerRow] = []
        self.sets: list[CallerRow] = []
        self.settings = self.ran_with = ConsensusSettings()
        self.weights: dict[str, float] = {}
        self.result: ConsensusResult | None = None
        self.members: Members | None = None
        self.error = self.loaded = ""
        self._asked: object = None
        self._figures: list[CallerFigures] = []
        self._reading = self._run_next = False
        self.follow_sets()
        labels.reset.connect(self.follow_sets)
        labels.window.map_changed.connect(self._forget)

    # ------------------------------------------------------------------ who votes
    @property
    def rows(self) -> list[CallerRow]:
        """All rows, the sets first."""
        return [*self.sets, *self.files]

    @property
    def kind(self) -> Kind | None:
        """What is voted on; None while no row holds anything."""
        return self.settings.kind or self.automatic_kind()

    def automatic_kind(self) -> Kind | None:
        """What most of the lists hold; None while none holds anything."""
        return most_common_kind([row for row in self.rows if row.on and not row.error])

    def voters(self) -> list[CallerRow]:
        """The rows that vote."""
        kind = self.kind
        return [row for row in self.rows if row.on and row.can_vote(kind)]

    def callers(self) -> list[str]:
        """Their callers, each once."""
        return sorted({row.caller for row in self.voters()})

    def remark_on(self, row: CallerRow) -> tuple[str, bool]:
        """What is to be known of a row, and whether that is a problem: a file that cannot vote."""
        if row.read_as is False and row.set_id is None and not row.error:
            return "Not read yet.", False
        why_not = row.why_not(self.kind)
        if why_not:
            return why_not, row.set_id is None  # nobody brought a set for this
        said = [row.remark] if row.remark else []
        alike = [one.name for one in self.voters() if one.caller == row.caller and one is not row]
        if alike and row.on:
            said.append(f"One vote together with {', '.join(alike)}.")
        if row.votes is not None and row.on and not self.is_stale:
            said += [_sentence(text) for text in (*row.votes.notes, row.votes.error) if not _is_said(text)]
        return " ".join(said), False

    def figures(self, row: CallerRow) -> CallerFigures | None:
        """What the last run found of a row's caller; None if it did not vote or something was changed since."""
        if row.votes is None or not row.on or self.is_stale:
            return None
        return next((one for one in self._figures if one.caller == row.caller), None)

    def worth(self) -> str:
        """What the votes of so few callers are worth; empty for three and more."""
        n_callers = len(self.callers())
        if len(self.voters()) < MIN_CALLERS:
            n_callers = 0
        return _WORTH.get(n_callers, "")

    def add_files(self, paths: Iterable[str | Path]) -> None:
        """Add label files as callers; they are read beside the window.

        Raises
        ------
        LabelError
            If no map is open.
        ProjectError
            If other work has not ended yet.
        """
        if self._labels.window.source is None:
            raise LabelError("a consensus needs the map that the calls lie on.", hint="Open the contact map first.")
        self._check_free()
        for path in map(Path, paths):
            row = CallerRow(path, path.name)
            if any(one.path.resolve() == path.resolve() for one in self.files):
                from napari_hicstruct.workflows.consensus import GIVEN_TWICE

                row.error = reason(LabelError(GIVEN_TWICE))
            self.files.append(row)
        self._read()

    def remove(self, row: CallerRow) -> None:
        """Take the row of a file out."""
        self.files = [one for one in self.files if one is not row]
        second = next((one for one in self.files if _is_second(one) and one.path.resolve() == row.path.resolve()), None)
        if second is not None and not _is_second(row):
            second.error = ""
            self._read()
        self.changed.emit()

    def set_on(self, row: CallerRow, on: bool) -> None:
        """Let a row vote, or not."""
        row.on = on
        self.changed.emit()

    def set_caller(self, row: CallerRow, caller: str) -> None:
        """Say whose calls a row holds; an empty name changes nothing."""
        if caller.strip() and caller.strip() != row.caller:
            before = row.program
            row.caller, row.named = caller.strip(), True
            if row.set_id is None and row.program != before:  # its columns may mean something else now
                row.read_as = False
                self._read()
        self.changed.emit()

    def set_weight(self, caller: str, weight: float) -> None:
        """Give a caller another weight."""
        self.weights[caller] = weight
        self.changed.emit()

    def choose(self, settings: ConsensusSettings) -> None:
        """Take other settings; where the kind changes, files are read again, for it says what open formats hold."""
        before, self.settings = self.settings, settings
        if settings.kind is not before.kind and not self._busy.text:
            self._read()
        self.changed.emit()

    def default_tolerance(self) -> int:
        """The tolerance (bp) that the lists' bins give."""
        from napari_hicstruct.labels.consensus import default_tolerance_bp

        kind = self.kind
        kinds = [kind] if kind is not Kind.BOUNDARY else [kind, Kind.TAD]  # the ends of TADs are boundaries
        sizes = [row.coarsest.get(one, 0) for row in self.voters() for one in kinds if one is not None]
        return default_tolerance_bp(max(sizes, default=0))

    def follow_sets(self) -> None:
        """Sets came, went or changed."""
        self.sets = set_rows(self._labels, self.sets)
        if self.loaded not in [one.name for one in self._labels.sets()]:
            self.loaded = ""  # undone, deleted or called otherwise
        self.changed.emit()

    # ------------------------------------------------------------------ the run
    @property
    def running(self) -> bool:
        """True while this reads, votes or loads."""
        return self._busy.text == BUSY

    @property
    def is_stale(self) -> bool:
        """True if something was changed since the last run."""
        return self.result is None or self._asked != self._question()

    def why_not_run(self) -> str:
        """Why there can be no run now; empty if there can."""
        if self._busy.text:
            return f"{self._busy.text} has not ended yet."
        return self.worth() if len(self.callers()) < MIN_CALLERS else ""

    def why_not_use(self) -> str:
        """Why there is nothing to load or save; empty if there is."""
        if self._busy.text:
            return f"{self._busy.text} has not ended yet."
        if self.result is None or self.is_stale:
            return "Run it first." if self.result is None else "Something was changed: run it again."
        return "" if self.result.consensus.records else "No structure is called by two callers."

    def run(self) -> None:
        """Let the callers vote, beside the window; files that were written anew since they were read are read first."""
        if self.why_not_run():
            return
        changed = [row for row in self.voters() if row.set_id is None and row.stamp != stamp_of(row.path)]
        for row in changed:
            row.read_as = False
        self._run_next = bool(self._waiting())
        if self._run_next:
            self._read()
        else:
            self._vote()

    def _vote(self) -> None:
        voters, project, kind = self.voters(), self._labels.project, self.kind
        options = self._options()
        asked, settings = self._question(), self.settings
        self.result, self.members, self.error, self.loaded = None, None, "", ""

        def voting(token: CancelToken) -> Job:
            from napari_hicstruct.workflows.consensus import ConsensusRequest, iter_consensus

            files = []
            for number, row in enumerate(voters):
                token.check()
                yield Clock().step("read", number, len(voters), row.name)
                files.append(_call_file(row, project, kind))
            return (yield from iter_consensus(ConsensusRequest(tuple(files), kind, options), token=token))

        def done(result: ConsensusResult) -> None:
            from napari_hicstruct.workflows.consensus import caller_figures

            self.result, self._asked, self.ran_with = result, asked, settings
            self._figures = caller_figures(result)
            for row, votes in zip(voters, result.files, strict=True):
                row.votes = votes
            self._read()  # what was chosen meanwhile

        self._busy.start(BUSY, voting, done=done, failed=self._failed)
        self.changed.emit()

    def choose_members(self, callers: frozenset[str]) -> None:
        """Choose what these callers have and no other; once more, or with none: let it go."""
        again = self.members is not None and self.members.callers == callers
        self.members = (
            None if again or not callers or self.result is None else Members(self._labels, self.result, callers)
        )
        self.changed.emit()

    def step(self, by: int) -> None:
        """Fly to the next or the previous of what was chosen."""
        if self.members is not None:
            self.members.step(by)
            self.changed.emit()

    def cancel(self) -> None:
        """End what this does."""
        if self.running:
            self._busy.cancel()

    def _options(self) -> Any:
        from napari_hicstruct.labels.consensus import ConsensusOptions, Method

        method = Method(self.settings.method)
        weights = {name: self.weights.get(name, 1.0) for name in self.callers()}
        return ConsensusOptions(
            method=method,
            tolerance_bp=self.settings.tolerance_bp,
            weights=weights if method is Method.WEIGHTED else None,
            min_tools=1 if self.settings.keep_all else MIN_CALLERS,
        )

    def _question(self) -> object:
        settings = self.settings
        weights = sorted(self.weights.items()) if settings.method == "weighted" else None
        how = settings.method, settings.tolerance_bp, settings.keep_all
        return self.kind, how, weights, [(row.name, row.caller, row.counts) for row in self.voters()]

    def _failed(self, error: HicStructError) -> None:
        self.error = "" if isinstance(error, Cancelled) else reason(error)
        self._read()

    # ------------------------------------------------------------------ where it goes
    def save(self, path: str | Path) -> Path:
        """Write the soft labels, as ``hicstruct consensus`` does.

        Raises
        ------
        LabelError
            If there are none.
        """
        from napari_hicstruct.workflows.consensus import write_result

        return write_result(self._usable(), path)

    def load(self, *, members: bool = False) -> None:
        """Make a set of the soft labels, as an import of the file would: one undo takes it back.

        ``members``: only of those that were chosen.
        """
        result, window = self._usable(), self._labels.window
        assert window.source is not None
        sizes, finest = dict(window.source.chromsizes), min(window.source.resolutions, default=0)
        name, own_name = self.set_name(), ""
        if not members and (self.loaded == name or self.loaded.startswith(f"{name} (")):
            return  # it is there: a double click is no wish for two
        if members and self.members is not None:
            result, own_name = self.members.result, f"{name}: {' + '.join(sorted(self.members.callers))} only"
        project = window.ensure_project()

        def loading(token: CancelToken) -> Job:
            from napari_hicstruct.workflows.consensus import soft_labels
            from napari_hicstruct.workflows.import_labels import store_labels

            clock = Clock()
            yield clock.step("load", 0, 0, name)
            path, found = soft_labels(result, name, sizes)

            def on_piece(done: int) -> None:
                token.check()
                self._busy.tell(clock.step("load", done, len(found.records)))

            stored = store_labels(project, path, found, finest=finest, on_piece=on_piece)
            if own_name:  # in a file's name these would be taken for its program
                stored = replace(stored, set=project.update_set(stored.set.id, name=own_name))
            return stored

        self._busy.start(BUSY, loading, done=self._was_loaded, failed=self._not_loaded)
        self.changed.emit()

    def set_name(self) -> str:
        """What the set of the result is called."""
        found = self._usable().consensus
        method = "count" if self.ran_with.method == "em" and found.reliability is None else self.ran_with.method
        return f"consensus of {len(found.callers)} callers ({METHODS[method]})"

    def file_name(self) -> str:
        """What its file is called, unless somebody says otherwise."""
        kind = self._usable().kind
        return f"soft-{KINDS[kind].stem}.{'bedpe' if kind in (Kind.LOOP, Kind.STRIPE) else 'bed'}"

    def _usable(self) -> ConsensusResult:
        why_not = self.why_not_use()
        if self.result is None or why_not:
            raise LabelError(f"there is no consensus yet. {why_not}")
        return self.result

    def _was_loaded(self, stored: ImportedFile) -> None:
        self._labels.window.discard_unused_project()
        self.loaded = stored.set.name
        labels = how_many(sum(stored.counts.values()), "soft label")
        self._labels.hint(f"Loaded {labels} as {stored.set.name}. U takes back what was loaded.")
        self.follow_sets()
        self._read()

    def _not_loaded(self, error: HicStructError) -> None:
        self._labels.window.discard_unused_project()
        self._failed(error)

    # ------------------------------------------------------------------ reading files
    def _check_free(self) -> None:
        if self._busy.text and not self._reading:
            raise ProjectError(f"{self._busy.text} has not ended yet.", hint="Wait for it, or cancel it.")

    def _unread(self) -> list[CallerRow]:
        return [row for row in self.files if row.read_as is False or row.read_as is not self.settings.kind]

    def _waiting(self) -> list[CallerRow]:
        return [row for row in self._unread() if not _is_second(row)]

    def _read(self) -> None:
        waiting, kind = self._waiting(), self.settings.kind
        source = self._labels.window.source
        if self._reading or self._busy.text or not waiting or source is None:
            self.changed.emit()  # after other work: what is not read is read before the next run
            return
        sizes = dict(source.chromsizes)

        def done(found: Sequence[tuple[CallerRow, Any]]) -> None:
            from napari_hicstruct.workflows.assemblies import assembly_of_map

            self._reading = False
            for row, what in found:
                row.read_as, row.votes = kind, None
                if isinstance(what, HicStructError):
                    row.refuse(what)
                else:
                    row.take(what, assembly_of_map(source.assembly, source.name, sizes))
            self._was_read()

        self._reading = True
        self._busy.start(
            BUSY, lambda token: _iter_read_rows(waiting, sizes, kind, token), done=done, failed=self._not_read
        )
        self.changed.emit()

    def _was_read(self) -> None:
        """Read what came meanwhile; then the run that waits for it."""
        self._read()
        if self._run_next and not self._reading:
            self._run_next = False
            if not self.why_not_run():
                self._vote()

    def _not_read(self, error: HicStructError) -> None:
        """What was not read is not in the list."""
        self._reading = self._run_next = False
        self.files = [row for row in self.files if row.read_as is not False or row.found or row.error]
        self._failed(error)

    def _forget(self) -> None:
        """Another map: files were read for the one before."""
        self.files, self.result, self.members, self.error, self.loaded = [], None, None, "", ""
        self._reading = self._run_next = False
        self.follow_sets()


def _is_said(note: str) -> bool:
    """True if a row says it before there is a run."""
    return not note or "together they are one vote" in note or note.startswith("by its name")


def _sentence(note: str) -> str:
    return note[:1].upper() + note[1:]


def _is_second(row: CallerRow) -> bool:
    return bool(row.error) and row.read_as is False


def _iter_read_rows(rows: Sequence[CallerRow], sizes: Mapping[str, int], kind: Kind | None, token: CancelToken) -> Job:
    """What each file holds, or the error that says why it cannot be read."""
    from napari_hicstruct.workflows.import_labels import iter_read

    found: list[tuple[CallerRow, Any]] = []
    for row in rows:
        row.stamp = stamp_of(row.path)
        try:
            found.append((row, (yield from iter_read(row.path, sizes, kind=kind, program=row.program, token=token))))
        except Cancelled:
            raise
        except HicStructError as error:
            found.append((row, error))
    return found


def _call_file(row: CallerRow, project: Project | None, kind: Kind | None) -> CallFile:
    """What a row gives to the workflow: the file as it was read, or what the set holds now and nobody rejected."""
    from napari_hicstruct.annotations import LabelFile
    from napari_hicstruct.workflows.consensus import CallFile
    from napari_hicstruct.workflows.evaluate.regions import regions_of_runs

    if row.set_id is None or project is None:
        ticked = row.found and replace(row.found, assembly="")  # whatever its name says: somebody let it vote
        return CallFile(row.path, row.caller, ticked)
    statuses = [one for one in Status if one is not Status.REJECTED]
    held = project.query(set_ids=[row.set_id], statuses=statuses)
    records = [one for one in held if one.kind is kind] or held  # of TADs the workflow takes the boundaries
    searched = regions_of_runs(project.runs().get(row.set_id, ()), kind) or ()
    return CallFile(row.path, row.caller, LabelFile(records, [], "", {}), searched)
