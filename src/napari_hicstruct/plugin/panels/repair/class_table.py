"""The classes: colour, name, value, voxels, and their order: the first wins where two claim a voxel."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from qtpy.compat import isalive
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from napari_hicstruct.plugin.state.repair import RepairState
from napari_hicstruct.plugin.state.repair_settings import ClassRow
from napari_hicstruct.plugin.widgets.boxes import hbox
from napari_hicstruct.plugin.widgets.colour_icon import colour_icon
from napari_hicstruct.plugin.widgets.style import compact_button

_HEADS = ("class", "value", "voxels", "first wins")
_NAME, _VALUE, _VOXELS, _ORDER = range(len(_HEADS))
_WIDTHS = {_VALUE: 52, _VOXELS: 84, _ORDER: 72}
_MAX_ROWS = 10
_TIPS = {
    _NAME: "Double-click to rename; rules follow.",
    _VOXELS: "In all ticked layers together.",
    _ORDER: "Where two classes claim one voxel, the upper one has it.",
}


class ClassTable(QTreeWidget):
    """The rows of :class:`~napari_hicstruct.plugin.state.repair_settings.RepairSettings`, in their priority."""

    def __init__(self, state: RepairState) -> None:
        super().__init__()
        self._state = state
        self._shown: list[tuple[ClassRow, str]] | None = None
        self.setHeaderLabels(_HEADS)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QTreeWidget.SelectionMode.NoSelection)
        self.setEditTriggers(QTreeWidget.EditTrigger.NoEditTriggers)
        self.setAccessibleName("Classes")
        for column, tip in _TIPS.items():
            self.headerItem().setToolTip(column, tip)  # type: ignore[union-attr]  # there is one
        head = self.header()
        assert head is not None
        head.setStretchLastSection(False)
        head.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in _WIDTHS.items():
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, width)
        self.itemDoubleClicked.connect(self._edit)
        self.itemChanged.connect(self._renamed)
        self.show_rows({})

    def show_rows(self, colours: Mapping[int, str]) -> None:
        """Show the classes as they are; ``colours`` are those of the labels, by value."""
        rows = [(row, colours.get(row.value, "#888888")) for row in self._state.settings.rows]
        if rows == self._shown:
            return
        self._shown = rows
        self.blockSignals(True)
        self.clear()
        for place, (row, colour) in enumerate(rows):
            self._add(row, colour, first=place == 0, last=place == len(rows) - 1)
        self.blockSignals(False)
        head = self.header()
        n_rows = min(max(len(rows), 1), _MAX_ROWS)
        height = max(self.sizeHintForRow(0), 24) * n_rows + (head.height() if head is not None else 24)
        self.setFixedHeight(height + 2 * self.frameWidth() + 2)

    def _add(self, row: ClassRow, colour: str, *, first: bool, last: bool) -> None:
        item = QTreeWidgetItem(self, [row.name, str(row.value), f"{row.voxels:,}", ""])
        icon = colour_icon(colour)
        icon.addPixmap(icon.pixmap(14, 14), QIcon.Mode.Disabled)  # the key of the curves, also while it runs
        item.setIcon(_NAME, icon)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsEditable)
        item.setToolTip(_NAME, f"{row.name}\n{_TIPS[_NAME]}")
        for column in (_VALUE, _VOXELS):
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        box = QWidget()
        line = hbox(on=box, spacing=2, margins=(4, 0, 0, 0))
        for text, by, off, tip in (
            ("↑", -1, first, "Let it win over the class above"),
            ("↓", 1, last, "Let the class below win over it"),
        ):
            button = compact_button(text, f"{tip}. {_TIPS[_ORDER]}")
            button.setEnabled(not off)
            button.clicked.connect(partial(self._move, row.value, by))
            line.addWidget(button)
        line.addStretch(1)
        self.setItemWidget(item, _ORDER, box)

    def _move(self, value: int, by: int, _checked: bool = False) -> None:
        self._state.edit(lambda settings: settings.move(value, by))

    def _edit(self, item: QTreeWidgetItem, column: int) -> None:
        if column == _NAME:
            self.editItem(item, column)

    def _renamed(self, item: QTreeWidgetItem, column: int) -> None:
        if column != _NAME:
            return
        assert self._shown is not None  # an item is shown
        row, name = self._shown[self.indexOfTopLevelItem(item)][0], item.text(_NAME)
        QTimer.singleShot(0, partial(self._rename, row.value, name))  # not while Qt's editor still holds the item

    def _rename(self, value: int, name: str) -> None:
        if isalive(self):
            self._shown = None  # a name that is refused goes back to what it was
            self._state.edit(lambda settings: settings.rename(value, name))
