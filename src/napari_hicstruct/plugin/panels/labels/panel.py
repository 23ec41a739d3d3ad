"""Labels: one row per set of annotations."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import qthrottled

from napari_hicstruct.annotations.records import Origin, Status
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.panels.labels.legend import Legend, swatch
from napari_hicstruct.plugin.panels.labels.report import ReportBox
from napari_hicstruct.plugin.state.geometry import Triangle
from napari_hicstruct.plugin.state.labels import LabelState
from napari_hicstruct.plugin.state.palette import colour_of
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.score_dialog import ask_score

if TYPE_CHECKING:
    from napari_hicstruct.annotations import AnnotationSet

_TRIANGLES = {
    Triangle.STORED: ("◩", "as stored: rows = first anchor, columns = second; TADs as squares"),
    Triangle.UPPER: ("◥", "upper triangle: all above the diagonal"),
    Triangle.LOWER: ("◣", "lower triangle: all below the diagonal"),
}
_FILES = (
    "Labels (*.bedpe *.bed *.tsv *.txt *.bedpe.gz *.bed.gz *.tsv.gz *.csv *.longrange *.interact *.bedgraph *.parquet)"
    ";;All files (*)"
)
_HEADS = ("", "set", "source", "n", "shown", "▦", "lock")


class LabelsPanel(QWidget):
    """Sets of the project: shown or not, above or below the diagonal, locked or not; import and new set."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._labels = session.labels
        self._rows: dict[int, _SetRow] = {}
        self._build()
        self._later = qthrottled(self._update, timeout=30, leading=False, parent=self)
        follow(self, self._labels.changed, self._later)
        follow(self, session.editing.editor.drawn, self._later)
        follow(self, session.importing.ended, self.report.show_report)
        follow(self, session.project_changed, self._show_report)
        self._update()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(2)
        for place, head in enumerate(_HEADS):
            self._grid.addWidget(QLabel(f"<small>{head}</small>"), 0, place)
        self._grid.setColumnStretch(1, 1)
        column.addLayout(self._grid)
        self._note = QLabel()
        self._note.setWordWrap(True)
        column.addWidget(self._note)
        buttons = QHBoxLayout()
        self.import_button = QPushButton("Import …")
        self.import_button.setToolTip("Read label files (BEDPE, BED, Stripenn …); each becomes a set of its own")
        self.import_button.clicked.connect(self._import)
        self.new_button = QPushButton("New set")
        self.new_button.setToolTip("An empty set of human labels")
        self.new_button.clicked.connect(self._new)
        self.by_score = QCheckBox("◐ by score")
        self.by_score.setToolTip("Fade objects by their soft score (0 to 1)")
        self.by_score.toggled.connect(self._labels.set_by_score)
        self.transposes = QCheckBox("⇄")
        self.transposes.setToolTip("Also outline the transpose of every stripe, dashed")
        self.transposes.toggled.connect(self._session.editing.show_transposes)
        for widget in (self.import_button, self.new_button, self.by_score, self.transposes):
            buttons.addWidget(widget)
        buttons.addStretch(1)
        column.addLayout(buttons)
        self.report = ReportBox(self._session.importing)
        column.addWidget(self.report)
        column.addWidget(Legend())

    def _show_report(self, _project: object) -> None:
        self.report.show_report(self._session.importing.report)

    def _update(self) -> None:
        sets = self._labels.sets()
        if [s.id for s in sets] != list(self._rows):
            for row in self._rows.values():
                row.remove()
            self._rows = {s.id: _SetRow(self._labels, s, self._grid, place) for place, s in enumerate(sets, 1)}
        catalogue = self._labels.catalogue
        counts = Counter() if catalogue is None else Counter(catalogue.set_ids.values())
        for annotation_set in sets:
            self._rows[annotation_set.id].update(annotation_set, counts[annotation_set.id])
        hidden = sum(self._labels.hidden.values())
        project, why = self._labels.project, self._labels.refusal
        notes = [
            "No labels yet: drop label files onto the window, or run a model." if not why and not sets else "",
            f"{hidden:,} more objects in view than can be drawn: the best scored are shown, zoom in for all."
            if hidden
            else "",
            f"The project cannot be edited: {why}" if project is not None and why else why,
        ]
        self._note.setText("\n".join(note for note in notes if note))
        self._note.setVisible(any(notes))
        for button in (self.import_button, self.new_button):
            button.setEnabled(not why)

    def _import(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Import labels", "", _FILES)
        try:
            if paths:
                self._session.importing.start(paths, ask=ask_score)
        except HicStructError as error:
            self._session.problem.emit(error)

    def _new(self) -> None:
        name, ok = QInputDialog.getText(self, "New set", "Name of the new set:", text="my labels")
        if ok and name.strip():
            self._labels.attempt(lambda project: project.add_set(name.strip(), Origin.HUMAN))
            self._labels.sets_changed()


class _SetRow:
    """The widgets of one set in the grid of the panel."""

    def __init__(self, labels: LabelState, annotation_set: AnnotationSet, grid: QGridLayout, place: int) -> None:
        self._labels, self._id = labels, annotation_set.id
        colour = QLabel()
        colour.setPixmap(swatch(colour_of(annotation_set.origin, Status.PROPOSED)))
        self.name = QLineEdit(annotation_set.name)
        self.name.setFrame(False)
        self.name.setMinimumWidth(60)
        self.name.setToolTip(f"{annotation_set.name}\nName of the set; click to rename")
        self.name.editingFinished.connect(self._rename)
        source = QLabel(annotation_set.origin.value)
        self.number = QLabel()
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.shown = QCheckBox()
        self.shown.setToolTip("Draw this set (hiding never changes data)")
        self.shown.toggled.connect(lambda on: self._set(visible=on))
        self.name.setMinimumWidth(90)
        self.drawn = QComboBox()
        for triangle, (text, meaning) in _TRIANGLES.items():
            self.drawn.addItem(text, triangle)
            self.drawn.setItemData(self.drawn.count() - 1, meaning, Qt.ItemDataRole.ToolTipRole)
        self.drawn.setFixedWidth(52)
        self.drawn.setToolTip("Which triangle of the symmetric map this set is drawn in")
        self.drawn.activated.connect(lambda index: labels.set_triangle(self._id, list(_TRIANGLES)[index]))
        self.lock = QCheckBox()
        self.lock.setToolTip("A locked set refuses edits")
        self.lock.toggled.connect(lambda on: self._set(locked=on))
        self._widgets = (colour, self.name, source, self.number, self.shown, self.drawn, self.lock)
        for column, widget in enumerate(self._widgets):
            grid.addWidget(widget, place, column)

    def update(self, annotation_set: AnnotationSet, number: int) -> None:
        """Show the set as it is."""
        if not self.name.hasFocus():
            self.name.setText(annotation_set.name)
            self.name.setCursorPosition(0)
        self.number.setText(f"{number:,}")
        for box, on in ((self.shown, annotation_set.visible), (self.lock, annotation_set.locked)):
            box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(False)
        self.drawn.setCurrentIndex(list(_TRIANGLES).index(self._labels.triangle(self._id)))

    def remove(self) -> None:
        """Take the row out."""
        for widget in self._widgets:
            widget.hide()
            widget.deleteLater()

    def _rename(self) -> None:
        text = self.name.text().strip()
        known = {s.id: s.name for s in self._labels.sets()}
        if text and text != known.get(self._id):
            self._set(name=text)

    def _set(self, **changes: object) -> None:
        self._labels.attempt(lambda project: project.update_set(self._id, **changes))
        self._labels.sets_changed()
