"""What the models of our tables share: rows of a list, columns with names and tooltips."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any, ClassVar

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt

Index = Any
"""QModelIndex or QPersistentModelIndex."""

_NO_INDEX = QModelIndex()


class TableModel(QAbstractTableModel):
    """A flat table; a subclass says what its rows are and what stands in each cell."""

    columns: ClassVar[tuple[str, ...]] = ()
    tips: ClassVar[tuple[str, ...]] = ()
    """Of the columns' heads."""

    def rows(self) -> Sized:
        """What has one row each."""
        return ()

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.rows())

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        texts = {Qt.ItemDataRole.DisplayRole: self.columns, Qt.ItemDataRole.ToolTipRole: self.tips}.get(role)
        return texts[section] if texts is not None and orientation == Qt.Orientation.Horizontal else None
