"""A table of the classes of label images: colour, name, value, how much there is of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from napari_hicstruct.plugin.widgets.colour_icon import colour_icon

NAME, VALUE, SIZE = range(3)
_ROW_PX = 24


class ClassTree(QTreeWidget):
    """Base of such tables; :meth:`_rows` says what they hold, :meth:`_take` takes a name that a person has given.

    Parameters
    ----------
    heads : sequence of str
        Those of :data:`NAME`, :data:`VALUE`, :data:`SIZE`, and further ones.
    widths : mapping of int to int
        Of columns, px; the names take the rest.
    max_rows : int
        So many are seen at once.
    """

    def __init__(self, heads: Sequence[str], widths: Mapping[int, int], max_rows: int) -> None:
        super().__init__()
        self._shown: list[tuple[Any, str]] | None = None
        self._max_rows = max_rows
        self.setHeaderLabels(list(heads))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAccessibleName("Classes")
        head = self.header()
        assert head is not None
        head.setStretchLastSection(False)
        head.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in widths.items():
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, width)
        self.itemChanged.connect(self._changed)

    def _rows(self) -> Sequence[tuple[Any, str, int]]:
        """Rows as the settings have them (with ``name`` and ``value``), their value in words, and how much there is."""
        raise TypeError("ClassTree is abstract.")

    def _dress(self, item: QTreeWidgetItem, row: Any) -> None:
        """What else an item shows."""

    def _take(self, row: Any, name: str, on: bool) -> None:
        """A person has renamed, ticked or unticked a row."""
        raise TypeError("ClassTree is abstract.")

    def show_rows(self, colours: Mapping[int, str]) -> None:
        """Show the classes as they are; ``colours`` are those of the labels, by value."""
        found = self._rows()
        shown = [(row, colours.get(row.value, "#888888")) for row, _, _ in found]
        if shown == self._shown:
            return
        self._shown = shown
        self.blockSignals(True)
        self.clear()
        for (row, value, n), (_, colour) in zip(found, shown, strict=True):
            item = QTreeWidgetItem(self, [row.name, value, f"{n:,}"])
            icon = colour_icon(colour)
            icon.addPixmap(icon.pixmap(14, 14), QIcon.Mode.Disabled)  # a key of colours, also while it runs
            item.setIcon(NAME, icon)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable)
            for column in (VALUE, SIZE):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._dress(item, row)
        self.blockSignals(False)
        head = self.header()
        n_rows = min(max(len(shown), 1), self._max_rows)
        height = max(self.sizeHintForRow(0), _ROW_PX) * n_rows + (head.height() if head is not None else _ROW_PX)
        self.setFixedHeight(height + 2 * self.frameWidth() + 2)

    def _changed(self, item: QTreeWidgetItem, column: int) -> None:
        if column != NAME or self._shown is None:
            return
        row = self._shown[self.indexOfTopLevelItem(item)][0]
        on = item.checkState(NAME) is Qt.CheckState.Checked
        QTimer.singleShot(0, partial(self._taken, row, item.text(NAME), on))  # not while Qt's editor holds the item

    def _taken(self, row: Any, name: str, on: bool) -> None:
        if isalive(self):
            self._shown = None  # a name that is refused goes back to what it was
            self._take(row, name, on)
