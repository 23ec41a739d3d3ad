"""The values of the labels: which are learnt, what they are called, how many pixels they have."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QTreeWidget, QTreeWidgetItem

from napari_hicstruct.plugin.state.images.segmentation import SegmentationState
from napari_hicstruct.plugin.state.images.segmentation_settings import ClassRow
from napari_hicstruct.plugin.widgets.class_tree import NAME, SIZE, VALUE, ClassTree

_TIP = (
    "Double-click, or F2, to rename. Without its tick, a class is left out: where it is, nothing is learnt, neither a "
    "class nor background."
)


class ClassList(ClassTree):
    """The rows of :class:`~napari_hicstruct.plugin.state.images.segmentation_settings.SegmentationSettings`."""

    def __init__(self, state: SegmentationState) -> None:
        super().__init__(("class", "value", "pixels"), {VALUE: 52, SIZE: 84}, max_rows=8)
        self._state = state
        self.setEditTriggers(QTreeWidget.EditTrigger.DoubleClicked | QTreeWidget.EditTrigger.EditKeyPressed)
        self.setToolTip(_TIP)

    @property
    def _classes(self) -> bool:
        return self._state.settings.labels == "classes"

    def _rows(self) -> list[tuple[ClassRow, str, int]]:
        return [(row, str(row.value) if self._classes else "all", row.pixels) for row in self._state.settings.rows]

    def _dress(self, item: QTreeWidgetItem, row: Any) -> None:
        if self._classes:
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(NAME, Qt.CheckState.Checked if row.used else Qt.CheckState.Unchecked)

    def edit(self, index, trigger=None, event=None):  # type: ignore[no-untyped-def]  # Qt's two functions of one name
        """Only names are edited."""
        if trigger is None:
            return super().edit(index)
        return super().edit(index, trigger, event) if index.column() == NAME else False

    def tick(self, value: int, on: bool) -> None:
        """Learn a class, or leave it out."""
        places = [place for place, (row, _) in enumerate(self._shown or []) if row.value == value]
        item = self.topLevelItem(places[0])
        assert item is not None
        item.setCheckState(NAME, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def _take(self, row: Any, name: str, on: bool) -> None:
        if name != row.name:
            self._state.edit(lambda settings: settings.rename(row.value, name))
        elif self._classes and on is not row.used:
            self._state.edit(lambda settings: settings.use(row.value, on))
