"""Judging many at once: by a threshold on the score, or by what the lasso caught; each is one step, one undo."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QPushButton, QWidget
from superqt import QLabeledDoubleSlider

from napari_hicstruct.active.candidate_table import Mask
from napari_hicstruct.annotations.records import Status
from napari_hicstruct.plugin.controllers.edit.review import Review
from napari_hicstruct.plugin.state.labels.numbers import CONFIDENCE, MEANINGS
from napari_hicstruct.plugin.widgets.boxes import hbox, vbox
from napari_hicstruct.plugin.widgets.style import subdued


class BulkPanel(QWidget):
    """Slider, number, and what each button would touch; the lasso's choice while there is one."""

    def __init__(self, review: Review) -> None:
        super().__init__()
        self._review, self._queue = review, review.queue
        self._rest: Mask = np.zeros(0, bool)
        self._strength = np.zeros(0)
        self._refusal = ""
        self.threshold = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        self.accept, self.reject = QPushButton(), QPushButton()
        self.lasso = QPushButton("Lasso …  G")
        self.take, self.refuse, self.let_go = QPushButton("✓"), QPushButton("✗"), QPushButton("Judge none")
        self.note = subdued(QLabel())
        self.note.setWordWrap(True)
        self._build()
        self._connect()

    def _build(self) -> None:
        self.threshold.setRange(0.0, 1.0)
        self.threshold.setSingleStep(0.01)
        self.threshold.setDecimals(2)
        self.threshold.setToolTip(f"Threshold on the confidence, 0 to 1: {MEANINGS[CONFIDENCE]}")
        self.threshold.setValue(0.5)
        self.let_go.setToolTip("Leave what the lasso caught as it is (Esc)")
        column = vbox(on=self, spacing=4)
        for row in (
            (self.threshold,),
            (self.accept, self.reject),
            (self.lasso, self.take, self.refuse, self.let_go),
        ):
            line = hbox(spacing=4)
            for widget in row:
                line.addWidget(widget, 1)
            column.addLayout(line)
        column.addWidget(self.note)

    def _connect(self) -> None:
        self.threshold.valueChanged.connect(lambda _: self._show_counts())
        self.lasso.clicked.connect(self._review.lasso_candidates)
        for button, act in (
            (self.accept, lambda: self._judge(Status.ACCEPTED)),
            (self.reject, lambda: self._judge(Status.REJECTED)),
            (self.take, self._review.accept),
            (self.refuse, self._review.reject),
            (self.let_go, self._review.let_go),
        ):
            # a button that is used up hands its focus to the next one, and a space bar would press that, too
            button.clicked.connect(button.clearFocus)
            button.clicked.connect(lambda _=False, act=act: act())

    def chosen(self, status: Status) -> list[str]:
        """What a button would judge: accept all at or above the threshold, reject all below."""
        pool, above = self._queue.pool, self._strength >= self._level()
        scored = ~np.isnan(self._strength)
        return pool.uids(self._rest & scored & (above if status is Status.ACCEPTED else ~above))

    def _level(self) -> float:
        """The threshold as it is shown: the slider's own value has more digits."""
        return round(self.threshold.value(), 2)

    def refresh(self) -> None:
        """Take over what is left in the queue."""
        self._rest, self._strength = self._queue.remaining(), self._queue.pool.candidates.strength
        self._refusal = self._review.labels.refusal
        caught = self._review.caught
        for button, name in ((self.take, "Accept"), (self.refuse, "Reject")):
            mark = "✓" if button is self.take else "✗"
            button.setText(f"{mark} {len(caught):,}")
            button.setToolTip(f"{name} what the lasso caught, in one step ({name[0]})")
        for button in (self.take, self.refuse, self.let_go):
            button.setVisible(bool(caught))
        self.lasso.setText("Draw again  G" if caught else "Lasso …  G")
        self._show_counts()

    def _show_counts(self) -> None:
        if len(self._rest) != len(self._strength):
            return
        level, scored = self._level(), ~np.isnan(self._strength)
        above = int((self._rest & scored & (self._strength >= level)).sum())
        below = int((self._rest & scored).sum()) - above
        for button, text, n in (
            (self.accept, f"✓ all ≥ {level:.2f}", above),
            (self.reject, f"✗ all < {level:.2f}", below),
        ):
            button.setText(f"{text}:  {n:,}")
            button.setEnabled(n > 0 and not self._refusal)
            what = "Accept" if button is self.accept else "Reject"
            button.setToolTip(
                self._refusal
                or (
                    f"{what} these {n:,} of the filtered queue in one step; one undo takes it back"
                    if n
                    else "None left"
                )
            )
        left, without = int(self._rest.sum()), int((self._rest & ~scored).sum())
        self.lasso.setEnabled(left > 0 and not self._refusal)
        self.lasso.setToolTip(
            self._refusal
            or ("Draw round candidates on the map, then accept or reject them (G)" if left else "The queue is empty")
        )
        self.note.setText(f"Without a score, left as they are: {without:,}." if without else "")
        self.note.setVisible(bool(without))

    def _judge(self, status: Status) -> None:
        self.refresh()
        uids = self.chosen(status)
        if uids:
            self._review.judge_many(uids, status)
