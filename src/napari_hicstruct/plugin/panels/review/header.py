"""The first line of Review: how many are left, how long that takes, and in which order they come."""

from __future__ import annotations

from html import escape

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QLabel, QSizePolicy, QWidget

from napari_hicstruct.active.candidate_table import ReviewMode
from napari_hicstruct.plugin.controllers.keyboard.refused import set_refused
from napari_hicstruct.plugin.state.labels.numbers import CONFIDENCE, MEANINGS
from napari_hicstruct.plugin.state.review.queue import ReviewQueue
from napari_hicstruct.plugin.widgets.boxes import hbox, vbox
from napari_hicstruct.plugin.widgets.style import subdued

ORDERS: dict[str, str] = {
    "entropy": "By the model's probability: near one half it is least certain (binary entropy, 0 to 1 bit)",
    "score": f"The most confident first, 0 to 1: {MEANINGS[CONFIDENCE]}",
    "margin": "By the probability p, in equal steps: 1 − |2p − 1|, 0 to 1",
    "bald": "Where several votes of the model differ (0 to 1 bit); needs Ask the model → Rescore",
    "disagreement": "Share of checks that contradict it: other programs, TAD corners, boundaries, other resolution",
    "diversity": "Unlike each other: by what the model sees of them, else by place and distance",
    "pair": "Loops by the probability that they join an enhancer and a promoter; needs E–P pairs below",
    "orientation": "How CTCF motifs at the anchors point: convergent, tandem, divergent, none; needs motifs in Tracks",
    "random": "Gives unbiased precisions in Statistics",
    "entropy+diversity": "The sum of both ranks",
    "2*bald+disagreement": "Where its votes differ (counted twice) and checks contradict",
}
"""Orders that are offered; others can be typed."""

LABELS: dict[str, str] = {
    "entropy": "least certain first",
    "score": "most confident first",
    "margin": "nearest to one half first",
    "bald": "votes differ",
    "disagreement": "most contradicted first",
    "diversity": "spread over all kinds",
    "pair": "probable E–P pairs first",
    "orientation": "convergent motifs first",
    "random": "random order",
    "entropy+diversity": "uncertain, spread out",
    "2*bald+disagreement": "votes differ, contradicted",
}
"""How the list names them; what is typed may be either."""

_NAMES = {label: name for name, label in LABELS.items()}
_TYPED = "Or type names joined by +, each with a weight in front if wanted: 2*entropy+disagreement"


class QueueHeader(QWidget):
    """Counts, pace, and the order as an editable list."""

    def __init__(self, queue: ReviewQueue) -> None:
        super().__init__()
        self._queue = queue
        self.counts, self.note = QLabel(), subdued(QLabel())
        self.counts.setToolTip(
            "Candidates that pass the filter: not judged yet · judged; minutes by the pace of your last 20 judgments"
        )
        self.note.setWordWrap(True)
        self.order = QComboBox()
        self.order.setEditable(True)
        self.order.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.order.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.order.setMinimumContentsLength(7)
        self.order.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for name, meaning in ORDERS.items():
            self.order.addItem(LABELS[name], name)
            self.order.setItemData(self.order.count() - 1, f"{name}: {meaning}", Qt.ItemDataRole.ToolTipRole)
        view, edit = self.order.view(), self.order.lineEdit()
        assert view is not None
        assert edit is not None
        view.setMinimumWidth(190)
        self.order.activated.connect(self._choose)
        edit.editingFinished.connect(self._choose)
        row = hbox(spacing=6)
        self.order.setAccessibleName("order of the queue")
        row.addWidget(self.counts)
        row.addWidget(self.order, 1)
        vbox(row, self.note, on=self, spacing=3)

    def refresh(self) -> None:
        """Show the queue as it is."""
        queue = self._queue
        if not queue.at_hand():
            self.counts.setText("Putting the candidates in order …")
            return
        left, done = queue.left, queue.done
        word = {ReviewMode.OPEN: "left", ReviewMode.REJECTS: "rejected left", ReviewMode.ACCEPTED: "accepted left"}[
            queue.wanted.mode
        ]
        parts = [f"<b>{left:,}</b> {word}", f"{done:,} done"]
        if left:
            parts.append(escape(pace(queue.minutes)))
        self.counts.setText(" · ".join(parts))
        edit = self.order.lineEdit()
        assert edit is not None
        if not edit.hasFocus() or not queue.problem:
            self.order.setCurrentText(LABELS.get(queue.order, queue.order))
            edit.setCursorPosition(0)  # a long order shows its beginning
        self.order.setToolTip(f"Order of the queue. {ORDERS.get(queue.order, '')}\n{_TYPED}")
        set_refused(self.order, bool(queue.problem))
        self.note.setText(queue.problem)
        self.note.setVisible(bool(queue.problem))

    def summary(self) -> str:
        """One short line for the head of the section."""
        if not self._queue.at_hand():
            return "…"
        left = self._queue.left
        return f"{left:,} left · {pace(self._queue.minutes)}" if left else f"{self._queue.done:,} done"

    def _choose(self) -> None:
        text = self.order.currentText()
        text = _NAMES.get(text, text)
        if text != self._queue.order or self._queue.problem:
            self._queue.set_order(text)
            set_refused(self.order, bool(self._queue.problem))


def pace(minutes: float) -> str:
    """``~9 min``, ``<1 min``, ``~3 h``."""
    if minutes < 1:
        return "<1 min"
    return f"~{minutes:.0f} min" if minutes < 100 else f"~{minutes / 60:.0f} h"
