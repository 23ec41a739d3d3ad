"""The classes: colour, name, value, voxels, and their order: the first wins where two claim a voxel."""

from __future__ import annotations

from functools import partial
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QTreeWidget, QTreeWidgetItem, QWidget

from napari_hicstruct.plugin.state.images.repair import RepairState
from napari_hicstruct.plugin.state.images.repair_settings import ClassRow
from napari_hicstruct.plugin.widgets.boxes import GAP, hbox
from napari_hicstruct.plugin.widgets.class_tree import NAME, SIZE, VALUE, ClassTree
from napari_hicstruct.plugin.widgets.style import compact_button

_ORDER = 3
_TIPS = {
    NAME: "Double-click to rename; rules follow.",
    SIZE: "In all ticked layers together.",
    _ORDER: "Where two classes claim one voxel, the upper one has it.",
}


class ClassTable(ClassTree):
    """The rows of :class:`~napari_hicstruct.plugin.state.images.repair_settings.RepairSettings`, in their priority."""

    def __init__(self, state: RepairState) -> None:
        super().__init__(("class", "value", "voxels", "first wins"), {VALUE: 52, SIZE: 84, _ORDER: 72}, max_rows=10)
        self._state = state
        self.setSelectionMode(QTreeWidget.SelectionMode.NoSelection)
        self.setEditTriggers(QTreeWidget.EditTrigger.NoEditTriggers)
        for column, tip in _TIPS.items():
            self.headerItem().setToolTip(column, tip)  # type: ignore[union-attr]  # there is one
        self.itemDoubleClicked.connect(self._edit)
        self.show_rows({})

    def _rows(self) -> list[tuple[ClassRow, str, int]]:
        return [(row, str(row.value), row.voxels) for row in self._state.settings.rows]

    def _dress(self, item: QTreeWidgetItem, row: Any) -> None:
        rows = self._state.settings.rows
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsEditable)
        item.setToolTip(NAME, f"{row.name}\n{_TIPS[NAME]}")
        up = self._mover(row, -1, "↑", "Let it win over the class above", row is not rows[0])
        down = self._mover(row, 1, "↓", "Let the class below win over it", row is not rows[-1])
        box = QWidget()
        hbox(up, down, GAP, on=box, spacing=2, margins=(4, 0, 0, 0))
        self.setItemWidget(item, _ORDER, box)

    def _mover(self, row: ClassRow, by: int, text: str, tip: str, enabled: bool) -> QWidget:
        button = compact_button(text, f"{tip}. {_TIPS[_ORDER]}", partial(self._move, row.value, by))
        button.setEnabled(enabled)
        return button

    def _move(self, value: int, by: int, _checked: bool = False) -> None:
        self._state.edit(lambda settings: settings.move(value, by))

    def _edit(self, item: QTreeWidgetItem, column: int) -> None:
        if column == NAME:
            self.editItem(item, column)

    def _take(self, row: Any, name: str, on: bool) -> None:
        self._state.edit(lambda settings: settings.rename(row.value, name))
