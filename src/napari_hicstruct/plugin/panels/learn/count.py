"""How many corrections a project holds, counted in the background when the person rests."""

from __future__ import annotations

from qtpy.QtWidgets import QLabel
from superqt.utils import qdebounced

from napari_hicstruct.plugin.state.learning import LearningState

_REST_MS = 800  # judging by keys must not wait for counting, which reads the journal


class CorrectionCount(QLabel):
    """``41 corrections · 6 new since the last fine-tune``.

    Parameters
    ----------
    state : LearningState

    Attributes
    ----------
    short : str
        The same for the header of a section; empty if there are none.
    edited : callable
        Count again once nothing has changed for a moment.
    """

    def __init__(self, state: LearningState) -> None:
        super().__init__()
        self.setWordWrap(True)
        self._state = state
        self.short = ""
        self.edited = qdebounced(state.count, timeout=_REST_MS, parent=self)
        state.project_changed.connect(self.edited.cancel)

    def refresh(self) -> None:
        """Show the counts."""
        total, new = self._state.total, self._state.new
        noun = "correction" if total == 1 else "corrections"
        self.short = f"{total:,} {noun} · {new:,} new" if total else ""
        if total is not None:
            self.setText(f"{total:,} {noun} · {new:,} new since the last fine-tune")
