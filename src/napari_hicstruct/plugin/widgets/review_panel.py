"""Review: the current object, its judgement, undo and redo, and going to objects by number."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.genome import format_bp
from napari_hicstruct.plugin.editing import attach
from napari_hicstruct.plugin.editing.palette import colour_of, strength_of
from napari_hicstruct.plugin.editing.review import name_of
from napari_hicstruct.plugin.widgets.later import Later

if TYPE_CHECKING:
    from napari_hicstruct.plugin.session import Session

_JUDGE = (
    ("✓ Accept", "A", "accept", "Say that it is there (A)"),
    ("✗ Reject", "R", "reject", "Say that it is not there (R)"),
    ("✎ Edit", "E", "edit", "Move or resize it with the mouse (E)"),
)
_GO = (
    ("◀ Previous", "P", "previous", "Fly to the object before this one in the table (P)"),
    ("Next ▶", "N", "next", "Fly to the next object in the table (N)"),
)
_TRAVEL = (("↶ Undo", "U", "undo", ""), ("↷ Redo", "", "redo", ""))


class ReviewPanel(QWidget):
    """One object at a time; the keys do the same as the buttons."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._attachment = attach(session)
        self._editor, self._review = self._attachment.editor, self._attachment.review
        self.buttons: dict[str, QPushButton] = {}
        self._build()
        self._later = Later(self, self._update)
        self._editor.changed.connect(self._later)
        self._editor.current_changed.connect(self._later)
        self._review.objects.changed.connect(self._later)
        self._update()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        self._title, self._facts = QLabel(), QLabel()
        column.addWidget(self._title)
        column.addWidget(self._facts)
        for group in (_JUDGE, _GO):
            column.addLayout(self._button_row(group))
        column.addLayout(self._go_row())
        column.addLayout(self._button_row(_TRAVEL))
        last = QHBoxLayout()
        self.reviewed = QPushButton("Region is reviewed")
        self.reviewed.setToolTip(
            "What is in view and not labelled is truly absent: said to training, kept in the project"
        )
        self.reviewed.clicked.connect(self._review.mark_region_reviewed)
        self.advance = QCheckBox("then next")
        self.advance.setToolTip("After accepting or rejecting, fly to the next object")
        self.advance.setChecked(self._review.advance)
        self.advance.toggled.connect(lambda on: setattr(self._review, "advance", on))
        last.addWidget(self.reviewed, 1)
        last.addWidget(self.advance)
        column.addLayout(last)

    def _button_row(self, group: tuple[tuple[str, str, str, str], ...]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        for text, key, command, tooltip in group:
            button = QPushButton(f"{text}  {key}".rstrip())
            button.setToolTip(tooltip)
            button.clicked.connect(self._calling(command))
            self.buttons[command] = button
            row.addWidget(button, 1)
        return row

    def _calling(self, command: str) -> Callable[[], None]:
        return lambda: self._attachment.keys.run(command)

    def _go_row(self) -> QGridLayout:
        row = QGridLayout()
        row.setHorizontalSpacing(4)
        self.kind, self.number = QComboBox(), QSpinBox()
        for kind in Kind:
            self.kind.addItem(name_of(kind), kind)
        self.kind.setCurrentIndex(list(Kind).index(Kind.STRIPE))
        self.kind.setToolTip("What to go to; a stripe is checked on raw counts, rows = x and columns = y")
        self.kind.currentIndexChanged.connect(lambda _: self._update())
        self.number.setRange(1, 1)
        self.number.setPrefix("# ")
        self.number.setToolTip("Number in the order of the file, from 1")
        self.transpose = QCheckBox("outline the transpose, too")
        self.transpose.setToolTip("Stripe check: the transposed rectangle as well, dashed")
        self.go = QPushButton("Go to")
        self.go.setToolTip("Fly to this object; Esc ends a stripe check")
        self.go.clicked.connect(self._go)
        for place, widget in enumerate((self.go, self.kind, self.number)):
            row.addWidget(widget, 0, place)
        row.addWidget(self.transpose, 1, 1, 1, 2)
        row.setColumnStretch(2, 1)
        return row

    def _go(self) -> None:
        kind, number = self.kind.currentData(), self.number.value()
        if kind is Kind.STRIPE:
            self._review.check_stripe(number, transpose=self.transpose.isChecked())
        else:
            self._review.go_to_number(kind, number)

    def _update(self) -> None:
        record, project = self._editor.current, self._editor.project
        if record is None:
            listed = len(self._review.objects.uids)
            self._title.setText("<b>No object chosen</b>")
            self._facts.setText(
                f"{listed:,} in the table:\npress N for the first, or click one.\n"
                if listed
                else "Nothing to review: import labels, run a model,\nor add objects with L, S, T, B.\n"
            )
        else:
            self._title.setText(self._headline(record))
            self._facts.setText(_facts(record))
        for command in ("accept", "reject", "edit"):
            self.buttons[command].setEnabled(record is not None and project is not None and not project.read_only)
        for command in ("next", "previous"):
            self.buttons[command].setEnabled(bool(self._review.objects.uids))
        self._update_travel()
        kind = self.kind.currentData()
        count = self._review.objects.count(kind)
        self.number.setMaximum(max(1, count))
        self.number.setSuffix(f" of {count:,}")
        self.go.setEnabled(count > 0)
        self.transpose.setVisible(kind is Kind.STRIPE)
        self.reviewed.setEnabled(project is not None and not project.read_only)

    def _update_travel(self) -> None:
        project = self._editor.project
        for command, possible, what in (
            ("undo", project is not None and project.can_undo, self._review.undo_text()),
            ("redo", project is not None and project.can_redo, self._review.redo_text()),
        ):
            self.buttons[command].setEnabled(possible)
            name = "Take back" if command == "undo" else "Do again"
            keys = "U or Ctrl+Z" if command == "undo" else "Ctrl+Shift+Z"
            self.buttons[command].setToolTip(f"{name}: {what} ({keys})" if possible else f"Nothing to {command}")

    def _headline(self, record: Annotation) -> str:
        assert self._editor.catalogue is not None
        set_id = self._editor.catalogue.set_ids[record.uid]
        origin, name = next((s.origin, s.name) for s in self._editor.sets() if s.id == set_id)
        colour = colour_of(origin, record.status)
        place = self._review.objects.place(record.uid)
        where = "" if place is None else f" <small>{place + 1:,} of {len(self._review.objects.uids):,}</small>"
        return (
            f'<b><span style="color:{colour}">◯</span> {name_of(record.kind)} '
            f"#{self._review.objects.number(record.uid):,}</b> · {name}{where}"
        )


def _facts(record: Annotation) -> str:
    first, second = record.anchor1, record.anchor2
    names = ("x  ", "y  ") if record.kind is Kind.STRIPE else ("", "")
    where = f"{names[0]}{first}" if first == second else f"{names[0]}{first}\n{names[1]}{second}"
    known = not (record.score != record.score and record.probability != record.probability)
    known = known or record.soft_score == record.soft_score
    parts = [format_bp(record.distance)]
    if known:
        parts.append(f"score {strength_of(record):.3f}")
    if record.direction.value != "none":
        parts.append(record.direction.value)
    parts.append(_STATUS_WORDS[record.status])
    if record.source or record.model:
        parts.append(record.source or record.model)
    text = f"{where}\n{' · '.join(parts)}"
    return text + "\n" * (2 - text.count("\n"))  # always three lines: buttons below stay where they are


_STATUS_WORDS = {
    Status.PROPOSED: "not judged yet",
    Status.ACCEPTED: "accepted",
    Status.EDITED: "edited",
    Status.REJECTED: "rejected",
}
