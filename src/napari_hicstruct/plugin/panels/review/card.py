"""The card of the current candidate: what it is, where, how sure, by whom, and why it comes now."""

from __future__ import annotations

from html import escape
from textwrap import wrap
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QSizePolicy, QWidget

from napari_hicstruct.annotations.callers import source_of
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.genome import display_region, format_bp
from napari_hicstruct.plugin.state.labels.numbers import first_number, numbers_text
from napari_hicstruct.plugin.state.labels.palette import DIRECTION_WORDS, name_of, status_text
from napari_hicstruct.plugin.state.review.orientation import OrientationState
from napari_hicstruct.plugin.state.review.queue_reason import against
from napari_hicstruct.plugin.state.review.review import ReviewState
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.style import subdued
from napari_hicstruct.wording import middle_elided

_WHY_LINES = 2
_WHY = "Why it comes now: the number that orders the queue, then what contradicts the candidate"


class Card(QWidget):
    """Always of the same height, so that the buttons below stay where they are."""

    def __init__(self, review: ReviewState, orientation: OrientationState | None = None) -> None:
        super().__init__()
        self._review, self._orientation = review, orientation
        self.title, self.facts, self.why = QLabel(), QLabel(), QLabel()
        self.why.setWordWrap(True)
        self.why.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        subdued(self.why)
        for label in (self.title, self.facts, self.why):  # no name or place makes the dock wider
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        vbox(self.title, self.facts, self.why, on=self, spacing=2)

    def showEvent(self, event: Any) -> None:
        """Room for so many lines in the letters of napari's theme, which a widget has once it is shown."""
        super().showEvent(event)
        text = self.why.text()
        self.why.ensurePolished()
        self.why.setText("\n".join("X" * _WHY_LINES))
        self.why.setFixedHeight(self.why.heightForWidth(self.why.width()))  # with the theme's margins
        self.why.setText(text)

    def refresh(self) -> None:
        """Show the current object, or what to do."""
        record, queue = self._review.labels.current, self._review.queue
        if record is None:
            nothing = queue.nothing()
            self.title.setText("<b>Nothing to judge</b>" if nothing else "<b>No candidate chosen</b>")
            self.facts.setText(_three_lines(nothing or "Press N for the first of the queue, or click an object."))
            self.facts.setToolTip(nothing)
            self.why.setText(" ")
            self.why.setToolTip("")
            return
        self.title.setText(self._headline(record))
        motifs = "" if self._orientation is None else self._orientation.text(record)
        self.facts.setText(_facts(record, self._review.labels.set_of(record.uid).name, motifs))
        by = f"\nby {source_of(record)}" if source_of(record) else ""
        self.facts.setToolTip(f"Both anchors (bp), distance, status\n{numbers_text(record)}{by}")
        self.why.setText(queue.why(record.uid) or " ")
        known = record.uid in queue.pool
        contradictions = against(queue.pool.contradictions, queue.pool.row(record.uid)) if known else ""
        self.why.setToolTip(f"{_WHY}\n{contradictions}".strip())

    def _headline(self, record: Annotation) -> str:
        made = self._review.labels.set_of(record.uid)
        self.title.setToolTip(f"Set {made.name}: {made.origin.value}")
        return (
            f'<b><span style="color:{made.colour}">●</span> {name_of(record.kind)} '
            f"#{self._review.objects.number(record.uid):,}</b> · {escape(middle_elided(made.name))}"
        )


def _facts(record: Annotation, set_name: str, motifs: str = "") -> str:
    """Where it is, how far, how sure, how its motifs point, its status; its caller, unless the set has that name."""
    first, second = display_region(record.anchor1), display_region(record.anchor2)
    names = ("anchor  ", "extent  ") if record.kind is Kind.STRIPE else ("", "")
    where = f"{names[0]}{first}" if first == second else f"{names[0]}{first}\n{names[1]}{second}"
    parts = [format_bp(record.distance)]
    if number := first_number(record):
        parts.append(number)
    if record.kind is Kind.STRIPE and record.direction in DIRECTION_WORDS:
        parts.append(DIRECTION_WORDS[record.direction])
    if motifs:
        parts.append(motifs)
    parts.append(status_text(record.status))
    if (who := source_of(record)) and who not in set_name:
        parts.append(middle_elided(who, 18))
    text = f"{where}\n{' · '.join(parts)}"
    return text + "\n" * (2 - text.count("\n"))


def _three_lines(text: str) -> str:
    lines = wrap(text, width=48)
    return "\n".join([*lines, "", ""][: max(3, len(lines))])
