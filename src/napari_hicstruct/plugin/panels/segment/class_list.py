"""The values of the labels: which are learnt, what they are called, how many pixels they have."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from qtpy.compat import isalive
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from napari_hicstruct.plugin.state.segmentation import SegmentationState
from napari_hicstruct.plugin.state.segmentation_settings import ClassRow
from napari_hicstruct.plugin.widgets.colour_icon import colour_icon

_HEADS = ("class", "value", "pixels")
_NAME, _VALUE, _PIXELS = range(len(_HEADS))
_WIDTHS = {_VALUE: 52, _PIXELS: 84}
_MAX_ROWS = 8
_TIP = (
    "Double-click, or F2, to rename. Without its tick, a class is left out: where it is, nothing is learnt, neither a "
    "class nor background."
)


class ClassList(QTreeWidget):
    """The rows of :class:`~napari_hicstruct.plugin.state.segmentation_settings.SegmentationSettings`."""

    def __init__(self, state: SegmentationState) -> None:
        super().__init__()
        self._state = state
        self._shown: list[tuple[ClassRow, str]] | None = None
        self.setHeaderLabels(_HEADS)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setEditTriggers(QTreeWidget.EditTrigger.DoubleClicked | QTreeWidget.EditTrigger.EditKeyPressed)
        self.setAccessibleName("Classes")
        self.setToolTip(_TIP)
        head = self.header()
        assert head is not None
        head.setStretchLastSection(False)
        head.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in _WIDTHS.items():
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, width)
        self.itemChanged.connect(self._changed)

    def show_rows(self, colours: Mapping[int, str]) -> None:
        """Show the classes as they are; ``colours`` are those of the labels, by value."""
        settings = self._state.settings
        rows = [(row, colours.get(row.value, "#888888")) for row in settings.rows]
        if rows == self._shown:
            return
        self._shown = rows
        self.blockSignals(True)
        self.clear()
        for row, colour in rows:
            value = str(row.value) if settings.labels == "classes" else "all"
            item = QTreeWidgetItem(self, [row.name, value, f"{row.pixels:,}"])
            icon = colour_icon(colour)
            icon.addPixmap(icon.pixmap(14, 14), QIcon.Mode.Disabled)  # the key of the labels, also while it runs
            item.setIcon(_NAME, icon)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable)
            if settings.labels == "classes":
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(_NAME, Qt.CheckState.Checked if row.used else Qt.CheckState.Unchecked)
            for column in (_VALUE, _PIXELS):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.blockSignals(False)
        head = self.header()
        n_rows = min(max(len(rows), 1), _MAX_ROWS)
        height = max(self.sizeHintForRow(0), 22) * n_rows + (head.height() if head is not None else 24)
        self.setFixedHeight(height + 2 * self.frameWidth() + 2)

    def edit(self, index, trigger=None, event=None):  # type: ignore[no-untyped-def]  # Qt's two functions of one name
        """Only names are edited."""
        if trigger is None:
            return super().edit(index)
        return super().edit(index, trigger, event) if index.column() == _NAME else False

    def tick(self, value: int, on: bool) -> None:
        """Learn a class, or leave it out."""
        places = [place for place, (row, _) in enumerate(self._shown or []) if row.value == value]
        item = self.topLevelItem(places[0])
        assert item is not None
        item.setCheckState(_NAME, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def _changed(self, item: QTreeWidgetItem, column: int) -> None:
        if column != _NAME or self._shown is None:
            return
        row = self._shown[self.indexOfTopLevelItem(item)][0]
        on = item.checkState(_NAME) is Qt.CheckState.Checked or self._state.settings.labels == "instances"
        QTimer.singleShot(0, partial(self._take, row, item.text(_NAME), on))  # not while Qt's editor holds the item

    def _take(self, row: ClassRow, name: str, on: bool) -> None:
        if not isalive(self):
            return
        self._shown = None  # a name that is refused goes back to what it was
        if name != row.name:
            self._state.edit(lambda settings: settings.rename(row.value, name))
        elif on is not row.used:
            self._state.edit(lambda settings: settings.use(row.value, on))
