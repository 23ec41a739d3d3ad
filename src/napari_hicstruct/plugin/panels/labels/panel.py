"""Labels: one row per set of annotations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QWidget,
)
from superqt import QLabeledDoubleSlider
from superqt.utils import qthrottled

from napari_hicstruct.annotations.records import Kind, Origin, Status
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.panels.labels.import_menu import ImportMenu
from napari_hicstruct.plugin.panels.labels.legend import Legend
from napari_hicstruct.plugin.panels.labels.report import ReportBox
from napari_hicstruct.plugin.panels.labels.row import HEADS, SetRow
from napari_hicstruct.plugin.state.labels.draw_limit import InView
from napari_hicstruct.plugin.state.labels.numbers import CONFIDENCE, MEANINGS, PROBABILITY
from napari_hicstruct.plugin.state.labels.palette import plural_of
from napari_hicstruct.plugin.state.labels.set_commands import SetCommands
from napari_hicstruct.plugin.state.labels.tad_levels import TadLevels
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.file_dialogs import LABELS, open_files
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.score_dialog import ask_score
from napari_hicstruct.plugin.widgets.soon import Soon
from napari_hicstruct.plugin.widgets.style import compact_button, wordy_button
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.annotations import AnnotationSet

_LEVELS = {
    TadLevels.ALL: ("all levels", "Every TAD; those that hold others step back"),
    TadLevels.INNERMOST: ("innermost", "TADs without a TAD in them"),
    TadLevels.OUTERMOST: ("outermost", "TADs that lie in no other"),
    TadLevels.TWO: ("outer two levels", "The outermost, and the next in them"),
    TadLevels.THREE: ("outer three levels", "The outermost, and two levels in them"),
}

_HOW_CHOSEN = (
    "More objects are in view than can be drawn at once. What you chose or confirmed is drawn first,\n"
    "then the best scored of each set; of a set without scores, some that are spread over the view."
)


class LabelsPanel(QWidget):
    """Sets of the project: what each is called, its colour, whether and where it is shown; import and new set.

    Attributes
    ----------
    table_wanted : Signal
        The table of all objects shall be opened.
    consensus_wanted : Signal
        The consensus of callers shall be opened.
    """

    table_wanted, consensus_wanted = Signal(), Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._labels = session.labels
        self.commands = SetCommands(session.labels)
        self._rows: dict[int, SetRow] = {}
        self._build()
        self._later = Soon(self, self._update)
        follow(self, self._labels.changed, self._later)
        follow(self, session.editing.editor.drawn, self._later)
        follow(self, session.editing.transposes_switched, self._on_transposes)
        follow(self, session.importing.ended, self.report.show_report)
        follow(self, session.project_changed, self._on_project)
        self._update()

    def _build(self) -> None:
        column = vbox(on=self)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(4)
        self._grid.setVerticalSpacing(2)
        for place, head in enumerate(HEADS):
            self._grid.addWidget(QLabel(f"<small>{head}</small>"), 0, place)
        self._grid.setColumnStretch(HEADS.index("set"), 1)
        column.addLayout(self._grid)
        self._note = QLabel()
        self._note.setWordWrap(True)
        self._note.setToolTip(_HOW_CHOSEN)
        column.addWidget(self._note)
        self._make_buttons()
        self.by_score = QCheckBox("fade by confidence")
        self.by_score.setToolTip(f"The less certain the fainter. {CONFIDENCE.capitalize()}: {MEANINGS[CONFIDENCE]}")
        self.by_score.toggled.connect(self._labels.set_by_score)
        self.transposes = QCheckBox("mirrored stripes")
        self.transposes.setToolTip("Also outline the mirror image of every stripe across the diagonal, dashed")
        self.transposes.setChecked(self._session.editing.with_transposes)
        self.transposes.toggled.connect(self._session.editing.show_transposes)
        self.levels, self.probability = self._make_levels(), self._make_probability()
        for widgets in (
            (self.import_button, self.import_as, self.consensus_button, self.new_button),
            (self.by_score, self.transposes),
            (QLabel("Show from p ≥"), self.probability),
            (QLabel("Nested TADs"), self.levels, self.table_button),
        ):
            row = QHBoxLayout()
            for widget in widgets:
                row.addWidget(widget, int(widget is self.probability))
            if self.probability not in widgets:
                row.addStretch(1)
            column.addLayout(row)
        self.report = ReportBox(self._session.importing)
        column.addWidget(self.report)
        column.addWidget(Legend())

    def _make_buttons(self) -> None:
        self.import_button = wordy_button(
            "Import …",
            "Read label files (BEDPE, BED, Stripenn …); each becomes a set of its own",
            lambda: self._import(),
        )
        self.import_menu = ImportMenu(self._session, self, self._import)
        self.import_as = compact_button(
            "▾",
            "Import as accepted, rejected or edited; positions that count from 1; where the files are complete",
            lambda: self.import_menu.popup(self.import_as.mapToGlobal(self.import_as.rect().bottomLeft())),
        )
        self.new_button = wordy_button("New set", "An empty set of human labels", self._new)
        self.table_button = wordy_button(
            "All objects …",
            "All loops, stripes, TADs and boundaries in a table: sort, filter, click to go there",
            self.table_wanted,
        )
        self.consensus_button = wordy_button(
            "Consensus …",
            "What several callers agree on, sets or files, as one set with soft scores",
            self.consensus_wanted,
        )

    def _on_project(self, _project: object) -> None:
        """No row, menu or half-typed name of one project is taken for another's set of the same number."""
        for row in self._rows.values():
            row.remove()
        self._rows.clear()
        self._later()
        self.report.show_report(self._session.importing.report)

    def _make_probability(self) -> QLabeledDoubleSlider:
        slider = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        slider.setRange(0.0, 1.0)
        slider.setSingleStep(0.01)
        slider.setDecimals(2)
        slider.setValue(self._labels.min_probability)
        slider.setToolTip(
            f"Draw proposals from this probability on: {MEANINGS[PROBABILITY]}.\n"
            "What was judged, or has no probability, is drawn all the same; no call is lost."
        )
        slider.setAccessibleName("Smallest probability that is drawn")
        slider.valueChanged.connect(qthrottled(self._labels.set_min_probability, timeout=50))
        return slider

    def _make_levels(self) -> QComboBox:
        box = QComboBox()
        for levels, (text, meaning) in _LEVELS.items():
            box.addItem(text, levels)
            box.setItemData(box.count() - 1, meaning, Qt.ItemDataRole.ToolTipRole)
        box.setCurrentIndex(list(_LEVELS).index(self._labels.tad_levels))
        box.setToolTip("Which of nested TADs are drawn; outer ones are fainter (remembered)")
        box.setAccessibleName("Levels of nested TADs")
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(6)  # of the width of an x: "all levels" fits
        box.activated.connect(lambda index: self._labels.set_tad_levels(list(_LEVELS)[index]))
        return box

    def _update(self) -> None:
        sets = self._labels.sets()
        if [s.id for s in sets] != list(self._rows):
            self._place_rows(sets)
        catalogue = self._labels.catalogue
        counts = {} if catalogue is None else catalogue.records.set_sizes()
        for annotation_set in sets:
            self._rows[annotation_set.id].update(annotation_set, counts.get(annotation_set.id, 0))
        project, why = self._labels.project, self._labels.refusal
        faint = 0 if catalogue is None else catalogue.n_faint()
        notes = [
            "No labels yet: drop label files onto the window, or run a model." if not why and not sets else "",
            _not_all(self._labels.in_view),
            f"Not drawn: {how_many(faint, 'proposal')} with p < {self._labels.min_probability:.2f}." if faint else "",
            f"The project cannot be edited: {why}" if project is not None and why else why,
        ]
        self._note.setText("\n".join(note for note in notes if note))
        self._note.setVisible(any(notes))
        for button in (self.import_button, self.import_as, self.new_button):
            button.setEnabled(not why)

    def _on_transposes(self, on: bool) -> None:
        self.transposes.setChecked(on)

    def _place_rows(self, sets: Sequence[AnnotationSet]) -> None:
        """A row for each set, in their order; those that stay keep their widgets, and a menu that is open over them."""
        rows, self._rows = self._rows, {}
        for row in (rows.pop(known) for known in rows.keys() - {s.id for s in sets}):
            row.remove()
        for place, one in enumerate(sets):
            self._rows[one.id] = rows.get(one.id) or SetRow(self._labels, self.commands, one)
            self._rows[one.id].place(self._grid, place)

    def _import(self, status: Status | None = None) -> None:
        paths = open_files(self, self._session, "labels", "Import labels", LABELS)
        importing = self._session.importing
        try:
            if paths:
                importing.start(paths, ask=ask_score, as_=replace(importing.ticked, status=status))
        except HicStructError as error:
            self._session.problem.emit(error)

    def _new(self) -> None:
        name, ok = QInputDialog.getText(self, "New set", "Name of the new set:", text="my labels")
        if ok and name.strip():
            self._labels.attempt(lambda project: project.add_set(name.strip(), Origin.HUMAN))
            self._labels.sets_changed()


def _not_all(in_view: Mapping[Kind, InView]) -> str:
    """Which objects in view are not drawn; empty if all are."""
    parts = [
        f"best {seen.drawn:,} of {seen.total:,} {plural_of(kind)} in view"
        for kind, seen in in_view.items()
        if seen.hidden
    ]
    return f"Drawn: {', '.join(parts)}. Zoom in for all." if parts else ""
