"""Reviewed regions: marked where one looks, taken back one by one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_hicstruct.plugin.state.labels.labels import LabelState

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Change, ReviewedRegion


class ReviewedRegions:
    """Regions of which a person said: what is not labelled here is truly absent.

    Attributes
    ----------
    changed : Signal
        Regions were added or taken back, or another chromosome or project is shown.
    here : list of ReviewedRegion
        Those on the chromosome that is shown, oldest first.
    on : bool
        Whether regions are drawn where there are some.
    """

    changed = Signal()

    def __init__(self, labels: LabelState) -> None:
        self._labels, self._window = labels, labels.window
        self.here: list[ReviewedRegion] = []
        self.on = True
        self._window.chrom_changed.connect(self._read)
        self._window.map_changed.connect(self._read)
        labels.reset.connect(self._read)
        labels.recorded.connect(self._on_recorded)
        self._read()

    def show(self, on: bool) -> None:
        """Draw the regions, or not; nothing is changed by it."""
        self.on = on
        self.changed.emit()

    def mark_view(self) -> ReviewedRegion | None:
        """Mark what is in view, for all kinds; None if that was refused (the person knows why)."""
        if self._window.source is None:
            return None
        rows, cols = self._window.wholly_visible()
        if not len(rows) or not len(cols):
            self._labels.hint("No part of the map is in view.")
            return None
        made: ReviewedRegion | None = self._labels.attempt(lambda project: project.mark_reviewed(rows, cols))
        if made is not None:
            self._labels.hint(
                "Reviewed: where nothing is labelled in this frame, there is nothing.\n"
                "Proposals in it that you did not judge stay proposed. U takes it back."
            )
        return made

    def take_back(self, ids: Iterable[int]) -> None:
        """Not reviewed after all."""
        gone = list(ids)
        self._labels.attempt(lambda project: project.unmark_reviewed(gone))

    def close(self) -> None:
        """Let go of the window."""
        self._window.chrom_changed.disconnect(self._read)
        self._window.map_changed.disconnect(self._read)
        self.here = []
        self.changed.emit()

    def _on_recorded(self, change: Change) -> None:
        if change.marked or change.unmarked:
            self._read()

    def _read(self, *_: object) -> None:
        project, chrom = self._labels.project, self._window.chrom
        self.here = project.reviewed(chrom) if project is not None and chrom else []
        self.changed.emit()
