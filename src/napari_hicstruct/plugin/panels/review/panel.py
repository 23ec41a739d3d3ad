"""Review: the queue, the current candidate and its judgment, undo and redo; what is rare folds away."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QWidget

from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.panels.review.bulk import BulkPanel
from napari_hicstruct.plugin.panels.review.card import Card
from napari_hicstruct.plugin.panels.review.filters import QueueFilters
from napari_hicstruct.plugin.panels.review.goto import GoToRow
from napari_hicstruct.plugin.panels.review.header import QueueHeader
from napari_hicstruct.plugin.panels.review.pairs import PairsPanel
from napari_hicstruct.plugin.panels.review.regions import MEANING, RegionsPanel
from napari_hicstruct.plugin.panels.review.rescoring import RescoringPanel
from napari_hicstruct.plugin.panels.review.statistics import StatisticsPanel
from napari_hicstruct.plugin.state.commands import key_of, keys_of
from napari_hicstruct.plugin.state.labels.labels import Others
from napari_hicstruct.plugin.widgets.boxes import hbox, vbox
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.section import Fold
from napari_hicstruct.plugin.widgets.soon import Soon
from napari_hicstruct.plugin.widgets.style import Segmented, allow, reveal, subdued, wordy_button

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

_JUDGE = (
    ("✓ Accept", "accept", "Say that it is there"),
    ("✗ Reject", "reject", "Say that it is not there"),
    ("✎ Edit", "edit", "Move or resize it with the mouse; it then counts as judged"),
)
_GO = (
    ("◀ Previous", "previous", "Fly back to the candidate before, passing over what was judged"),
    ("Next ▶", "next", "Fly to the next candidate of the queue, passing over what was judged"),
)
_OTHERS = {
    Others.DIM.value: ("dim", "While a candidate of the queue is up, all other objects are drawn faintly"),
    Others.HIDE.value: ("hide", "While a candidate of the queue is up, no other object is drawn"),
    Others.SHOW.value: ("show", "All objects are drawn alike, the candidate thicker"),
}
_TRAVEL = (("↶ Undo", "undo", ""), ("↷ Redo", "redo", ""))


class ReviewPanel(QWidget):
    """One candidate at a time; the keys do the same as the buttons.

    Attributes
    ----------
    summary : Signal(str)
        One short line for the head of the section.
    """

    summary = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._labels, self._review, self._keys = session.labels, session.editing.review, session.editing.keys
        review = self._review
        self.buttons: dict[str, QPushButton] = {}
        self.header, self.card = QueueHeader(review.queue), Card(review, session.motif_orientation)
        self.filters, self.bulk, self.regions = QueueFilters(review), BulkPanel(review), RegionsPanel(review)
        self.goto, self.statistics = GoToRow(review), StatisticsPanel(review)
        self.rescoring, self.pairs = RescoringPanel(session.rescoring), PairsPanel(session.loop_pairs)
        self.folds = {
            "rescoring": Fold(
                "Ask the model",
                self.rescoring,
                tooltip="How sure it is of each candidate now; where else it is unsure.",
            ),
            "filter": Fold(
                "Filter", self.filters, tooltip="What goes into the queue; also what you judged, to review it again."
            ),
            "pairs": Fold(
                "E–P pairs", self.pairs, tooltip="How probably loops join an enhancer and a promoter in a cell line."
            ),
            "bulk": Fold("Many at once", self.bulk, tooltip="Accept or reject by score or by lasso, with one undo."),
            "regions": Fold("Reviewed regions", self.regions, tooltip=MEANING),
            "goto": Fold("Go to number", self.goto, tooltip="Fly to an object by its number; check a stripe."),
            "statistics": Fold(
                "Statistics", self.statistics, tooltip="Precision of callers and models so far; agreement of reviewers."
            ),
        }
        self._build()
        self._later = Soon(self, self._update)
        for signal in (self._labels.changed, self._labels.current_changed, review.queue.changed):
            follow(self, signal, self._later)
        motifs = session.motif_orientation.changed
        for other in (review.regions.changed, review.caught_changed, review.objects.changed, motifs):
            follow(self, other, self._later)
        follow(self, review.caught_changed, self._unfold_if_caught)
        follow(self, self._labels.current_changed, self._reveal_candidate)
        self._update()

    def _build(self) -> None:
        column = vbox(self._candidate_block(), on=self, spacing=5)
        for group in (_GO, _TRAVEL):
            column.addLayout(self._button_row(group))
        last = QHBoxLayout()
        self.reviewed = QPushButton(f"Region is reviewed  {key_of('mark_region_reviewed')}")
        self.reviewed.clicked.connect(lambda: self._keys.run("mark_region_reviewed"))
        self.advance = QCheckBox("fly on after A / R")
        self.advance.setToolTip("After accepting (A) or rejecting (R) a candidate of the queue, fly to the next one")
        self.advance.setChecked(self._review.advance)
        self.advance.toggled.connect(lambda on: setattr(self._review, "advance", on))
        last.addWidget(self.reviewed, 1)
        last.addWidget(self.advance)
        column.addLayout(last)
        column.addLayout(self._others_row())
        for fold in self.folds.values():
            column.addWidget(fold)
            fold.toggled.connect(self._later_if_open)

    def _candidate_block(self) -> QWidget:
        """What is seen together while one judges."""
        self._candidate = QWidget()
        vbox(self.header, self.card, self._button_row(_JUDGE), on=self._candidate, spacing=5)
        return self._candidate

    def _others_row(self) -> QHBoxLayout:
        row = hbox(spacing=6)
        self.others = Segmented(_OTHERS, name="other objects while a candidate is up")
        self.others.chosen.connect(self._labels.set_others)
        row.addWidget(subdued(QLabel(f"Others  {key_of('change_others')}")))
        row.addWidget(self.others, 1)
        return row

    def _button_row(self, group: tuple[tuple[str, str, str], ...]) -> QHBoxLayout:
        row = hbox(spacing=4)
        for text, command, tooltip in group:
            key = key_of(command)
            button = wordy_button(
                f"{text}  {key}" if len(key) == 1 else text, f"{tooltip} ({key})", self._calling(command)
            )
            self.buttons[command] = button
            row.addWidget(button, 1)
        return row

    def _calling(self, command: str) -> Callable[[], None]:
        return lambda: self._keys.run(command)

    def _unfold_if_caught(self) -> None:
        if self._review.caught:
            self.folds["bulk"].unfold()

    def _reveal_candidate(self, _uid: object) -> None:
        """The queue brought one up: its card is seen whole, with the buttons that judge it and those that go on."""
        if self._labels.candidate_up and self.isVisible():
            reveal(self._candidate, beside=self.buttons["next"].height() + 10)

    def _later_if_open(self, open: bool) -> None:
        if open:
            self._later()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Catch up with what happened while the section was folded."""
        super().showEvent(event)
        self._later()

    def _update(self) -> None:
        self.header.refresh()
        self.summary.emit(self.header.summary())
        if not self._review.queue.at_hand():
            return  # it says when it is
        self.card.refresh()
        self.others.set_value(self._labels.others.value)
        for key, body in (
            ("filter", self.filters),
            ("bulk", self.bulk),
            ("regions", self.regions),
            ("goto", self.goto),
        ):
            if self.folds[key].isExpanded():
                body.refresh()
        self.folds["filter"].set_summary(self.filters.summary())
        self.folds["regions"].set_summary(self.regions.summary())
        self._enable()
        self._update_travel()

    def _enable(self) -> None:
        record, refusal = self._labels.current, self._labels.refusal
        chosen = record is not None or bool(self._review.caught)
        for _, command, tooltip in _JUDGE:
            self.buttons[command].setEnabled(chosen and not refusal)
            meaning = f"{tooltip} ({key_of(command)})" if chosen else "Nothing is chosen: press N first"
            self.buttons[command].setToolTip(refusal or meaning)
        nothing = self._review.queue.nothing()
        for _, command, tooltip in _GO:
            allow(self.buttons[command], f"{tooltip} ({key_of(command)})", nothing)
        allow(self.reviewed, MEANING, refusal)

    def _update_travel(self) -> None:
        project = self._labels.project
        for command, possible, what in (
            ("undo", project is not None and project.can_undo, self._review.undo_text()),
            ("redo", project is not None and project.can_redo, self._review.redo_text()),
        ):
            self.buttons[command].setEnabled(possible)
            name = "Take back" if command == "undo" else "Do again"
            keys = " or ".join(keys_of(command))
            self.buttons[command].setToolTip(f"{name}: {what} ({keys})" if possible else f"Nothing to {command}")
