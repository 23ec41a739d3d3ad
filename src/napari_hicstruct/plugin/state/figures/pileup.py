"""Pile-ups of the objects of a window: by set, status, caller or model, as a picture and as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from napari_hicstruct.annotations.records import KIND_CODES, Annotation, Kind
from napari_hicstruct.config.paths import cache_dir
from napari_hicstruct.config.pileup import GroupBy
from napari_hicstruct.errors import HicStructError, readable
from napari_hicstruct.genome import parse_length
from napari_hicstruct.jobs import CancelToken
from napari_hicstruct.plugin.state.jobs import BackgroundJob, Job

if TYPE_CHECKING:
    from napari_hicstruct.workflows.pileup import PileupResult


class PileupState:
    """What is piled up, and the picture of it.

    Parameters
    ----------
    window : WindowState

    Attributes
    ----------
    drawn : Signal(Path)
        A picture was drawn.
    failed : Signal(HicStructError)
    step : Signal(Progress)
    kind : Kind or None
        None: every kind.
    by : GroupBy
    distances : str
        Where loops are split, as ``300k, 1M``; empty: nowhere.
    stretch_stripes : bool
        Stripes are stretched to one length.
    result : PileupResult or None
        The last one.
    """

    drawn = Signal(object)
    failed = Signal(object)
    step = Signal(object)

    def __init__(self, window: Any) -> None:
        self._window = window
        self.kind: Kind | None = None
        self.by = GroupBy.SET
        self.distances, self.stretch_stripes = "", False
        self.result: PileupResult | None = None
        self._job = BackgroundJob(window.runner, on_step=self.step.emit, on_done=self._done, on_error=self.failed.emit)

    @property
    def running(self) -> bool:
        """True while something is piled up."""
        return self._job.running

    def cancel(self) -> None:
        """End what is being piled up."""
        self._job.cancel()

    def start(self) -> None:
        """Pile up in the background; ``drawn`` or ``failed`` follows."""
        source = self._window.source
        try:
            records = self._records()
            distances = tuple(parse_length(one) for one in self.distances.split(",") if one.strip())
        except HicStructError as error:
            self.failed.emit(error)
            return
        path, by, stretch = cache_dir() / "pileup-preview.png", self.by, self.stretch_stripes

        def work(token: CancelToken) -> Job:
            from napari_hicstruct.workflows.pileup import PileupRequest, iter_pileup
            from napari_hicstruct.workflows.pileup.sets import grouped
            from napari_hicstruct.workflows.pileup.write import draw_pileup

            assert source is not None
            request = PileupRequest(sets=grouped(records, by), distances=distances, stretch_stripes=stretch)
            result = yield from iter_pileup(source, request, token=token)
            return result, draw_pileup(result, path, dpi=200)

        self._job.start(work)

    def write(self, folder: str | Path) -> None:
        """Write figure, table and arrays of the last pile-up into a folder.

        Raises
        ------
        OutputError
        """
        from napari_hicstruct.workflows.pileup.write import write_pileup

        if self.result is None or self._window.source is None:
            return
        about = {"map": self._window.source.uri, "by": str(self.by)}
        write_pileup(self.result, Path(folder), about, overwrite=True)
        self._window.done.emit(f"Wrote the pile-ups to {readable(str(folder))}")

    def end(self) -> None:
        """End what runs, for the end of the window."""
        self._job.end()

    def _records(self) -> list[tuple[str, Annotation]]:
        """What is shown of the project, with the names of the sets.

        Raises
        ------
        HicStructError
            If there is nothing.
        """
        labels = self._window.labels
        if self._window.source is None or labels.catalogue is None:
            raise HicStructError("There are no objects to pile up.", hint="Run the model, or import labels, first.")
        table, found = labels.catalogue.records, []
        for one in labels.sets():
            if one.visible:
                own = table.sets == one.id
                if self.kind is not None:
                    own &= table.kind == KIND_CODES[self.kind]
                found += [(one.name, record) for record in table.records(np.flatnonzero(own))]
        if not found:
            raise HicStructError("No such object is shown.", hint="Choose another kind, or show a set in Labels.")
        return found

    def _done(self, answer: Any) -> None:
        self.result, path = answer
        self.drawn.emit(path)
