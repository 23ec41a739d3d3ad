"""The callers as rows: tick, caller, which file or set, number of calls, weight, and what is to be known of it."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import QModelIndex, Qt
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import (
    QDoubleSpinBox,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
)

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.errors import readable
from napari_hicstruct.plugin.state.consensus.consensus import ConsensusState
from napari_hicstruct.plugin.state.consensus.rows import CallerRow
from napari_hicstruct.plugin.widgets.colour_icon import colour_icon
from napari_hicstruct.plugin.widgets.inks import inks_of
from napari_hicstruct.plugin.widgets.style import compact_button, tick_style

_HEADS = ("caller", "file or set", "calls", "in the list", "right", "found", "weight", "remark", "")
_CALLER, _LIST, _CALLS, _LISTED, _RIGHT, _FOUND, _WEIGHT, _REMARK, _REMOVE = range(len(_HEADS))
_BY_VOTES = "By the soft scores, as hicstruct consensus says it: to compare callers."
_TIPS = {
    _CALLS: "Calls that vote. The plot below counts structures: several calls of one place are one there",
    _LISTED: "Structures of the list that this caller has.\nThe plot also counts what is not listed: what it alone has",
    _RIGHT: f"Share of its calls that is right.\n{_BY_VOTES}",
    _FOUND: f"Share of the structures of all callers that it has.\n{_BY_VOTES}",
}
_WIDTHS = {_CALLER: 140, _LIST: 180, _CALLS: 100, _LISTED: 70, _RIGHT: 52, _FOUND: 52, _WEIGHT: 98, _REMOVE: 32}
_CALLER_TIP = "Whose calls these are; double-click to name another. Lists of one caller are one vote."


class _Sentence(QStyledItemDelegate):
    """Shows the first words of what does not fit; names of files differ at their ends."""

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        if option is not None:
            option.textElideMode = Qt.TextElideMode.ElideRight


class CallerTable(QTreeWidget):
    """One row per list of calls; shows the state and changes it."""

    def __init__(self, state: ConsensusState) -> None:
        super().__init__()
        self._state = state
        self._rows: list[CallerRow] = []
        self.setHeaderLabels(_HEADS)
        for column, tip in _TIPS.items():
            self.headerItem().setToolTip(column, tip)  # type: ignore[union-attr]
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(False)
        self.setSelectionMode(QTreeWidget.SelectionMode.NoSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setItemDelegateForColumn(_REMARK, _Sentence(self))
        self.setAccessibleName("Callers")
        head = self.header()
        assert head is not None
        head.setStretchLastSection(False)
        head.setSectionsMovable(False)
        for column, width in _WIDTHS.items():
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            self.setColumnWidth(column, width)
        for column in (_LIST, _REMARK):  # both are long: they share what the numbers leave
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        head.setSectionResizeMode(_REMOVE, QHeaderView.ResizeMode.Fixed)
        self.setEditTriggers(QTreeWidget.EditTrigger.NoEditTriggers)  # of the first column alone
        self.itemDoubleClicked.connect(self._edit_caller)
        self.itemChanged.connect(self._item_changed)
        self.show_rows()

    def show_rows(self) -> None:
        """Show the state as it is."""
        self.blockSignals(True)
        if [id(one) for one in self._rows] != [id(one) for one in self._state.rows]:
            self._rows = self._state.rows
            self.clear()
            for row in self._rows:
                self._add(row)
        for place, row in enumerate(self._rows):
            item = self.topLevelItem(place)
            if item is not None:
                self._update(item, row)
        self.setColumnHidden(_WEIGHT, self._state.settings.method != "weighted")
        figures = [one for row in self._rows if (one := self._state.figures(row)) is not None]
        self.setColumnHidden(_LISTED, not figures)
        for column in (_RIGHT, _FOUND):
            self.setColumnHidden(column, all(one.precision is None for one in figures))
        self.blockSignals(False)

    def set_theme(self, theme: str) -> None:
        """Draw the ticks in napari's theme, as its check boxes: views have none of their own."""
        self.setStyleSheet(tick_style("QTreeView", theme))
        self.show_rows()

    def _add(self, row: CallerRow) -> None:
        item = QTreeWidgetItem(self)
        if row.set_id is not None:
            item.setIcon(_LIST, colour_icon(row.colour))
            return
        remove = compact_button("✕", "Take this file out of the list", partial(self._state.remove, row))
        self.setItemWidget(item, _REMOVE, remove)

    def _update(self, item: QTreeWidgetItem, row: CallerRow) -> None:
        kind = self._state.kind
        can_vote = row.can_vote(kind)
        text, is_problem = self._state.remark_on(row)
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsEditable
        item.setFlags(flags | Qt.ItemFlag.ItemIsUserCheckable if can_vote else flags)
        item.setText(_CALLER, row.caller)
        item.setToolTip(_CALLER, _CALLER_TIP)
        on = row.on and can_vote
        item.setCheckState(_CALLER, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        item.setText(_LIST, row.name)
        item.setToolTip(_LIST, readable(str(row.path)) if row.set_id is None else f"Set of the project: {row.name}")
        voted = row.votes is not None and not self._state.is_stale
        shown = kind if voted else row.held_for(kind)
        n = row.votes.n_calls if row.votes is not None and voted else row.counts.get(shown, 0)  # type: ignore[arg-type]
        item.setText(_CALLS, f"{n:,} {KINDS[shown].named(n)}" if shown is not None and can_vote else "")
        item.setToolTip(_CALLS, text)  # why fewer vote than the file holds
        found = self._state.figures(row)
        item.setText(_LISTED, "" if found is None else f"{found.n_listed:,}")
        item.setText(_RIGHT, "" if found is None else _percent(found.precision))
        item.setText(_FOUND, "" if found is None else _percent(found.sensitivity))
        item.setText(_REMARK, text)
        item.setToolTip(_REMARK, text)
        inks = inks_of(self)
        item.setForeground(_REMARK, QBrush(QColor(inks.problem if is_problem else inks.secondary)))
        if self._state.settings.method == "weighted":
            self._update_weight(item, row, can_vote)

    def _update_weight(self, item: QTreeWidgetItem, row: CallerRow, can_vote: bool) -> None:
        box = self.itemWidget(item, _WEIGHT)
        if not isinstance(box, QDoubleSpinBox):
            box = QDoubleSpinBox()
            box.setRange(0, 100)
            box.setSingleStep(0.5)
            box.setDecimals(2)
            box.setToolTip("How much the vote of this caller counts")
            box.setAccessibleName(f"Weight of {row.caller}")
            box.valueChanged.connect(lambda value: self._state.set_weight(row.caller, value))
            self.setItemWidget(item, _WEIGHT, box)
        box.setVisible(can_vote)
        box.blockSignals(True)
        box.setValue(self._state.weights.get(row.caller, 1.0))
        box.blockSignals(False)

    def _edit_caller(self, item: QTreeWidgetItem, column: int) -> None:
        if column == _CALLER:
            self.editItem(item, column)

    def _item_changed(self, item: QTreeWidgetItem, column: int) -> None:
        if column != _CALLER:
            return
        row = self._rows[self.indexOfTopLevelItem(item)]
        on = item.checkState(_CALLER) == Qt.CheckState.Checked
        if item.text(_CALLER) != row.caller:
            self._state.set_caller(row, item.text(_CALLER))
        elif on is not row.on:
            self._state.set_on(row, on)
        else:
            self.show_rows()


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"
