"""One set in the list of sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QLineEdit, QSizePolicy, QToolButton, QWidget
from superqt import QElidingLabel, QElidingLineEdit

from napari_hicstruct.plugin.controllers.keyboard.refused import set_refused
from napari_hicstruct.plugin.panels.labels.menu import colour_menu, set_menu
from napari_hicstruct.plugin.state.labels.geometry import Triangle
from napari_hicstruct.plugin.state.labels.labels import LabelState
from napari_hicstruct.plugin.state.labels.set_commands import SetCommands
from napari_hicstruct.plugin.widgets.colour_icon import colour_icon
from napari_hicstruct.plugin.widgets.style import subdued
from napari_hicstruct.workflows.predict.about_run import place_of_run, words_of_run

if TYPE_CHECKING:
    from napari_hicstruct.annotations import AnnotationSet

HEADS = ("", "set", "n", "show", "side", "lock", "")
LINES = 2
"""Lines of the grid that a set takes: its name, which is never short, has one of its own."""
TRIANGLES = {
    Triangle.STORED: ("◩", "as stored: rows = first anchor, columns = second; TADs above the diagonal"),
    Triangle.UPPER: ("◥", "upper triangle: all above the diagonal"),
    Triangle.LOWER: ("◣", "lower triangle: all below the diagonal"),
}
_MIN_WIDTH = 92


class SetRow:
    """Colour, name, source, number, whether and where it is shown, lock, and a menu for the rest."""

    def __init__(self, labels: LabelState, commands: SetCommands, annotation_set: AnnotationSet) -> None:
        self._labels, self._commands, self._id = labels, commands, annotation_set.id
        self.colour, self.more = _flat_button("Colour of the set; click to choose another"), _flat_button("")
        self.colour.clicked.connect(self._choose_colour)
        self.more.setText("⋯")
        self.more.setToolTip("Rename, recolour, show alone, reorder, duplicate, merge, delete")
        self.more.clicked.connect(lambda: self._open_menu(self.more, self.more.rect().bottomLeft()))
        self.name = QElidingLineEdit(annotation_set.name)
        self.name.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.name.setFrame(False)
        self.name.setStyleSheet("QLineEdit:!focus { background: transparent; padding: 0px; }")  # a name, not a form
        self.name.setMinimumWidth(_MIN_WIDTH)
        self.name.editingFinished.connect(self._rename)
        self.source = subdued(QElidingLabel())
        self.source.setElideMode(Qt.TextElideMode.ElideRight)
        self.source.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.source.setMinimumWidth(_MIN_WIDTH)
        self.number = QLabel()
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.shown, self.lock = QCheckBox(), QCheckBox()
        self.shown.setToolTip("Draw this set (hiding never changes data)")
        self.shown.toggled.connect(lambda on: commands.change(self._id, visible=on))
        self.lock.setToolTip("A locked set refuses edits")
        self.lock.toggled.connect(lambda on: commands.change(self._id, locked=on))
        self.drawn = self._make_triangles()
        self._details = (self.source, self.number, self.shown, self.drawn, self.lock)
        self._widgets: tuple[QWidget, ...] = (self.colour, self.name, self.more, *self._details)
        for widget in self._widgets:
            widget.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            widget.customContextMenuRequested.connect(lambda at, widget=widget: self._open_menu(widget, at))

    def place(self, grid: QGridLayout, number: int) -> None:
        """Colour, name and menu; below them whose it is, and what is ticked: the row of the ``number``-th set."""
        line, last = 1 + LINES * number, len(HEADS) - 1
        grid.addWidget(self.colour, line, 0)
        grid.addWidget(self.name, line, 1, 1, last - 1)
        grid.addWidget(self.more, line, last)
        for column, widget in enumerate(self._details, 1):
            grid.addWidget(widget, line + 1, column)

    def _make_triangles(self) -> QComboBox:
        box = QComboBox()
        for triangle, (text, meaning) in TRIANGLES.items():
            box.addItem(text, triangle)
            box.setItemData(box.count() - 1, meaning, Qt.ItemDataRole.ToolTipRole)
        box.setFixedWidth(52)
        box.setToolTip("Which triangle of the symmetric map this set is drawn in")
        box.activated.connect(lambda index: self._labels.set_triangle(self._id, list(TRIANGLES)[index]))
        return box

    def update(self, annotation_set: AnnotationSet, number: int) -> None:
        """Show the set as it is."""
        source = self._labels.source_of(self._id)
        self.colour.setIcon(colour_icon(annotation_set.colour))
        if not self.name.hasFocus():
            set_refused(self.name, False)
            self.name.setText(annotation_set.name)
            self.name.setCursorPosition(0)
        self.name.setToolTip(f"{annotation_set.name}\nName of the set; click to rename")
        self.source.setText(source)
        how = [f"{place_of_run(run)}\n{words_of_run(run)}" for run in self._labels.runs.get(self._id, ())]
        self.source.setToolTip("\n".join([f"{source} ({annotation_set.origin.value})", *how]))
        self.number.setText(f"{number:,}")
        for box, on in ((self.shown, annotation_set.visible), (self.lock, annotation_set.locked)):
            box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(False)
        self.drawn.setCurrentIndex(list(TRIANGLES).index(self._labels.triangle(self._id)))

    def remove(self) -> None:
        """Take the row out; what was typed into its name is not taken."""
        self.name.blockSignals(True)
        for widget in self._widgets:
            widget.hide()
            widget.deleteLater()

    def _rename(self) -> None:
        self._commands.rename(self._id, self.name.text())
        kept = self._commands.named(self._id)
        refused = kept is not None and self.name.text().strip() != kept.name
        set_refused(self.name, refused and self.name.hasFocus())
        if kept is not None and refused:
            self.name.setText(kept.name)
            if self.name.hasFocus():  # then an eliding line shows nothing new by itself
                QLineEdit.setText(self.name, kept.name)

    def _choose_colour(self) -> None:
        menu = colour_menu(self._commands, self._id, self.colour)
        menu.popup(self.colour.mapToGlobal(self.colour.rect().bottomLeft()))

    def _open_menu(self, widget: QWidget, at: QPoint) -> None:
        menu = set_menu(self._labels, self._commands, self._id, widget, self._edit_name)
        menu.popup(widget.mapToGlobal(at))

    def _edit_name(self) -> None:
        self.name.setFocus()
        self.name.selectAll()


def _flat_button(tip: str) -> QToolButton:
    button = QToolButton()
    button.setAutoRaise(True)
    button.setToolTip(tip)
    button.setFixedSize(20, 22)
    button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return button
