"""Repair of callers' votes on the map in view: who votes, where, and the proposals that come of it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Kind, Status
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.genome import Interval, display_region, format_bin_size
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.plugin.state.consensus.rows import CallerRow
from napari_hicstruct.plugin.state.images.repair_images import LabelImage, Repaired, RepairOutcome, changes_between
from napari_hicstruct.plugin.state.models.prediction import spare_threads
from napari_hicstruct.plugin.state.panel_work import PanelWork
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project
    from napari_hicstruct.plugin.state.consensus.consensus import ConsensusState
    from napari_hicstruct.plugin.state.labels.labels import LabelState
    from napari_hicstruct.workflows.consensus import CallFile
    from napari_hicstruct.workflows.repair.hic import HicRepairRequest, HicRepairResult, RepairedVotes

MIN_CALLERS = 2
KINDS_VOTED = (Kind.TAD, Kind.STRIPE, Kind.LOOP)
PIXELS = "votes"
"""Name of the picture of the votes."""


class VotesBackend:
    """``workflows.repair.hic`` in a process of its own, imported when used; tests put another in its place."""

    def run(
        self, request: HicRepairRequest, *, token: CancelToken, stop: CancelToken
    ) -> Generator[Progress, None, HicRepairResult]:
        """Repair; payloads are ``RepairStep`` or None."""
        from napari_hicstruct.jobs.process import in_process
        from napari_hicstruct.workflows.repair.hic import iter_hic_repair

        return in_process(iter_hic_repair, request, token=token, stop=stop, threads=spare_threads())


class RepairVotesState(PanelWork):
    """Votes in view → repaired masks → proposals in the review queue.

    Parameters
    ----------
    labels : LabelState
        Its window has the map, the view, the project.
    consensus : ConsensusState
        Has the callers: sets of the project, and files.
    backend : VotesBackend, optional

    Attributes
    ----------
    threshold : float
        Share of the callers from which on an object is proposed.
    outcome : RepairOutcome or None
        Pixels of the last run before and after, as a labelling of the map.
    text : str
        What the last run changed, one sentence a line.
    stepped : Signal(RepairStep)
        One more point of a loss curve.
    outcome_changed : Signal
    """

    stepped = Signal(object)
    outcome_changed = Signal()

    def __init__(self, labels: LabelState, consensus: ConsensusState, *, backend: VotesBackend | None = None) -> None:
        super().__init__(labels.runner)
        self._consensus, self._backend = consensus, backend or VotesBackend()
        window = self._window = labels.window
        self.threshold = 0.5
        self.outcome: RepairOutcome | None = None
        self.text = ""
        self._project, self._labels, self._set_name = window.project, labels, ""
        labels.changed.connect(self._look_for_proposals)
        window.map_changed.connect(self._forget)
        window.project_changed.connect(self._project_changed)

    # ------------------------------------------------------------------ who and where
    def voters(self) -> list[CallerRow]:
        """Ticked sets and files of the consensus that hold domains, stripes or loops, or are not read yet."""
        if self._window.source is None:
            return []
        rows = self._consensus.rows
        return [
            row for row in rows if row.on and not row.error and (not row.counts or set(row.counts) & set(KINDS_VOTED))
        ]

    def callers(self) -> list[str]:
        """Their callers, each once."""
        return sorted({row.caller for row in self.voters()})

    def region(self) -> Interval | None:
        """What is in view along both axes together; None without a map."""
        window = self._window
        if window.source is None:
            return None
        rows, cols = window.visible()
        return Interval(window.chrom, min(rows.start, cols.start), max(rows.end, cols.end))

    @property
    def bin_size(self) -> int:
        """bp of a pixel: the coarsest bins on which any of the callers called, else those in view."""
        sizes = [size for row in self.voters() for kind, size in row.coarsest.items() if kind in KINDS_VOTED and size]
        return max(sizes, default=self._window.resolution or self._window.finest)

    def summary(self) -> str:
        """Who votes where, in a sentence."""
        region = self.region()
        if region is None:
            return ""
        n = len(self.callers())
        where = f"{display_region(region)} in bins of {format_bin_size(self.bin_size)}"
        return f"{how_many(n, 'caller')} on {where}." if n else f"No callers yet, for {where}."

    def why_not(self) -> str:
        """Why nothing can be repaired now; empty if it can."""
        from napari_hicstruct.workflows.repair.hic import MAX_BINS, MIN_BINS

        region, window = self.region(), self._window
        if region is None:
            return "Open a contact map first."
        if window.project is not None and window.project.read_only:
            return f"The project cannot be edited: {window.project.read_only_reason}"
        if len(self.callers()) < MIN_CALLERS:
            return "Tick the lists of two callers or more under Consensus of callers."
        n_bins = len(region) // self.bin_size
        if not MIN_BINS <= n_bins <= MAX_BINS:
            size = format_bin_size(self.bin_size)
            way = "in" if n_bins > MAX_BINS else "out"
            return f"{n_bins:,} bins of {size} are in view: zoom {way}, to {MIN_BINS} to {MAX_BINS:,}."
        return ""

    # ------------------------------------------------------------------ running
    def start(self) -> bool:
        """Repair the votes on what is in view, in the background; False if that cannot be."""
        from napari_hicstruct.workflows.repair.hic import HicRepairRequest

        region, source = self.region(), self._window.source
        if self.why_not() or self.running or region is None or source is None:
            self._say(self.why_not())
            return False
        rows, project, backend, stop = self.voters(), self._window.project, self._backend, CancelToken()
        asked = HicRepairRequest(
            (), region, self.bin_size, dict(source.chromsizes), self.threshold, threads=spare_threads()
        )

        def job(token: CancelToken) -> Generator[Progress, None, HicRepairResult]:
            yield Clock().step("reading calls", 0, 0)
            files = tuple(call_file(row, project) for row in rows)
            return (yield from backend.run(replace(asked, files=files), token=token, stop=stop))

        self._say("")
        self._job.start(job, stop=stop)
        self.changed.emit()
        return True

    def _take_step(self, progress: Progress) -> None:
        self.stepped.emit(progress.payload)

    def _done(self, result: HicRepairResult) -> None:
        from napari_hicstruct.workflows.repair.hic import store_hic_repair

        n = len(result.records)
        try:
            if n:
                with self._window.project_to_write() as project:
                    name = store_hic_repair(result, project)
                said = f"{how_many(n, 'proposal')} in the set “{name}”: Review goes through them; U takes them back."
                self._set_name = name
            else:
                self._set_name = ""
                said = "Nothing reaches the threshold: no proposals."
        except HicStructError as error:
            self._failed(error)
            return
        self.text = result.text()
        self.outcome = RepairOutcome((pixels_of(result.maps, self.threshold),))
        self._say(said)
        self.changed.emit()
        self.outcome_changed.emit()

    def _look_for_proposals(self) -> None:
        """What was undone or deleted is no result any more: its text and its pixels go, too."""
        if self.outcome is None or not self._set_name:
            return
        if self._set_name not in [one.name for one in self._labels.sets()]:
            self.outcome, self.text, self._set_name = None, "", ""
            self._say("The proposals were taken back.")
            self.changed.emit()

    def _project_changed(self, project: Project | None) -> None:
        """One that is made with the first edit, as by us, is no other project."""
        before, self._project = self._project, project
        if before is not None:
            self._forget()
        self.changed.emit()

    def _forget(self) -> None:
        """Another map or project: what runs belongs to the one before."""
        self._job.close()
        self.outcome, self.text, self._set_name = None, "", ""
        self._say("")
        self.changed.emit()


def call_file(row: CallerRow, project: Project | None) -> CallFile:
    """What a row gives to the vote: the file as it was read, or what the set holds now and nobody rejected."""
    from napari_hicstruct.annotations import LabelFile
    from napari_hicstruct.workflows.consensus import CallFile

    if row.set_id is None or project is None:
        ticked = row.found and replace(row.found, assembly="")  # whatever its name says: somebody let it vote
        return CallFile(row.path, row.caller, ticked)
    held = project.query(set_ids=[row.set_id], statuses=[one for one in Status if one is not Status.REJECTED])
    return CallFile(Path(row.name), row.caller, LabelFile(list(held), [], "", {}))


CLASS_VALUES = {Kind.TAD: 1, Kind.STRIPE: 2, Kind.LOOP: 3}
"""In the picture of the votes; loops lie over stripes, these over domains."""


def class_colours() -> dict[int | None, str]:
    """Colours of the picture by value, those of the kinds; None: any other value."""
    return {None: "#00000000", **{value: KINDS[kind].colour for kind, value in CLASS_VALUES.items()}}


def pixels_of(maps: Sequence[RepairedVotes], threshold: float) -> Repaired:
    """The votes as a labelling of the map, before and after, whole above and below the diagonal."""
    first = maps[0].votes
    pictures: list[Any] = []
    for repaired in (False, True):
        labels = np.zeros(first.share.shape, np.uint8)
        for one in sorted(maps, key=lambda found: CLASS_VALUES[found.votes.kind.kind]):
            share = one.share if repaired else one.votes.share
            labels[share >= one.votes.threshold(threshold)] = CLASS_VALUES[one.votes.kind.kind]
        pictures.append(np.maximum(labels, labels.T))
    size, start = first.bin_size, first.region.start
    placed = {"scale": (size, size), "translate": (start + size / 2,) * 2}  # pixel centres are integers
    image = LabelImage(PIXELS, pictures[0], 2, (float(size),) * 2, placed)
    return Repaired(image, pictures[0], pictures[1], changes_between(pictures[0], pictures[1]))
