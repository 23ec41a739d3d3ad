"""All objects of the project as one sortable, filterable table; a click on a row goes there."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QShowEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QTableView,
    QWidget,
)
from superqt.utils import qthrottled

from napari_hicstruct.annotations.callers import source_of
from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.genome import display_name, format_bp
from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.state.labels.numbers import MEANINGS, PROBABILITY, RANKING_SCORE, SOFT_SCORE, numbers_of
from napari_hicstruct.plugin.state.labels.palette import name_of, plural_of, status_text
from napari_hicstruct.plugin.state.review.review import ReviewState
from napari_hicstruct.plugin.widgets.boxes import Wide, vbox
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.style import subdued
from napari_hicstruct.plugin.widgets.table_model import Index, TableModel

_NUMBERS = (PROBABILITY, RANKING_SCORE, SOFT_SCORE)
_LENGTH = "distance, length"
_COLUMNS = ("#", "kind", "chrom", "start", "end", _LENGTH, *_NUMBERS, "status", "set", "source", "in the queue")
_HEADS = {_LENGTH: "distance,\nlength", RANKING_SCORE: "ranking\nscore", SOFT_SCORE: "soft\nscore"}
_HEADS["in the queue"] = "in the\nqueue"
"""Of the columns whose head is longer than what stands below it."""
_WIDTHS = (46, 72, 52, 92, 92, 76, 76, 60, 60, 80, 96, 76, 60)
"""Of what stands in the columns, px; a head that needs more room gets it."""
_RIGHT = {"#", "start", "end", _LENGTH, "in the queue", *_NUMBERS}
_TIPS = {
    "in the queue": "Place in the review queue, from 1; empty for what is judged or filtered out",
    "#": "Number of the object among its kind, from 1, in the order of its file",
    "start": "Leftmost base pair (0-based)",
    "end": "Rightmost base pair (half-open)",
    _LENGTH: "Loops: distance between the anchors' middles, an anchor less than end - start.\nAll others: end - start",
    "set": "The set and its colour",
    "source": "The model, the program or the person that says so, as in Statistics",
    **{name: f"{name}, 0 to 1: {MEANINGS[name]}" for name in _NUMBERS},
}


class ObjectModel(TableModel):
    """A view of :class:`ObjectList`: text is made for the rows that are looked at, nothing is copied."""

    columns, tips = _COLUMNS, tuple(_TIPS.get(name, "Click to sort") for name in _COLUMNS)

    def __init__(self, review: ReviewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels, self._objects = review.labels, review.objects
        self._uids: list[str] = []
        self.refresh()

    def refresh(self) -> None:
        """Take over the list as it is now; where only values changed, the rows stay."""
        uids = self._objects.uids
        if uids is self._uids:
            if uids:
                self.dataChanged.emit(self.index(0, 0), self.index(len(uids) - 1, len(_COLUMNS) - 1))
            return
        self.beginResetModel()
        self._uids = uids
        self.endResetModel()

    def uid(self, row: int) -> str:
        """Uid of a row."""
        return self._uids[row]

    def rows(self) -> list[str]:
        return self._uids

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._uids):
            return None
        record = self._labels.record(self._uids[index.row()])
        if record is None:
            return None
        column = _COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(record, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in _RIGHT:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.DecorationRole and column == "set":
            return QColor(self._labels.set_of(record.uid).colour)
        if role == Qt.ItemDataRole.ToolTipRole and column in ("set", "source"):
            return self._text(record, column)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        text = super().headerData(section, orientation, role)
        return _HEADS.get(text, text) if role == Qt.ItemDataRole.DisplayRole else text

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort the list."""
        if column >= 0:
            name = {"#": "number", _LENGTH: "size"}.get(_COLUMNS[column], _COLUMNS[column])
            self._objects.sort(name, descending=order == Qt.SortOrder.DescendingOrder)

    def _text(self, record: Annotation, column: str) -> str:
        if column in _NUMBERS:
            value = numbers_of(record).get(column)
            return "" if value is None else f"{value:.3f}"
        return {
            "set": lambda: self._labels.set_of(record.uid).name,
            "source": lambda: source_of(record),
            "#": lambda: f"{self._objects.number(record.uid):,}",
            "kind": lambda: name_of(record.kind),
            "chrom": lambda: display_name(record.chrom),
            "start": lambda: f"{record.span.start:,}",
            "end": lambda: f"{record.span.end:,}",
            _LENGTH: lambda: format_bp(record.distance),
            "status": lambda: status_text(record.status),
            "in the queue": lambda: f"{self._objects.waiting(record.uid) or ''}",
        }[column]()


class ObjectTable(QWidget):
    """The table with its filters: kind, status, free text."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._review = review = session.review
        self._labels, self._objects, self._queue = session.labels, review.objects, review.queue
        self.model = ObjectModel(review, self)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.table.clicked.connect(self._go)
        self.table.activated.connect(self._go)
        self._dress()
        self.count = subdued(QLabel())
        self._filters = self._build_filters()
        vbox(self._filters, Wide(self.table), on=self, margins=(4, 0, 4, 4))
        # napari puts blank room below what does not ask for all of it
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._later = qthrottled(self._update, timeout=60, leading=False, parent=self)
        follow(self, self._objects.changed, self._later)
        follow(self, self._queue.changed, self._queue_changed)
        follow(self, session.labels.current_changed, self._later)
        self._update()

    def _go(self, index: Index) -> None:
        self._review.go_to(self.model.uid(index.row()))

    def _dress(self) -> None:
        rows, heads = self.table.verticalHeader(), self.table.horizontalHeader()
        assert rows is not None
        assert heads is not None
        rows.setVisible(False)
        rows.setDefaultSectionSize(20)
        for place, width in enumerate(_WIDTHS):
            heads.resizeSection(place, width)
        heads.setStretchLastSection(True)

    def _build_filters(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.what = QComboBox()
        self.what.addItem("all objects", False)
        self.what.addItem("the queue", True)
        self.what.setToolTip("All objects of the project, or what the review queue has left, in its order")
        self.what.activated.connect(self._choose)
        row.addWidget(self.what)
        self.kind = QComboBox()
        self.kind.addItem("all kinds", None)
        for kind in Kind:
            self.kind.addItem(plural_of(kind), kind)
        self.kind.activated.connect(
            lambda: self._objects.where(kinds=_chosen(self.kind)),
        )
        self.status = QComboBox()
        self.status.addItem("any status", None)
        for status in Status:
            self.status.addItem(status.value, status)
        self.status.activated.connect(lambda: self._objects.where(statuses=_chosen(self.status)))
        self.text = QLineEdit()
        self.text.setPlaceholderText("chromosome, set, source …")
        self.text.setMinimumWidth(80)
        self.text.setClearButtonEnabled(True)
        self.text.textChanged.connect(lambda text: self._objects.where(text=text))
        for widget in (self.kind, self.status, self.text):
            widget.setToolTip("Filter the table; what N and P step through is filtered in Review")
            row.addWidget(widget)
        for box in (self.what, self.kind, self.status):  # in a narrow place the boxes give way, none is cut off
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(5)
            box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        row.addWidget(self.count)
        return row

    def _queue_changed(self) -> None:
        if self._objects.condition.queue and not self._queue.in_order:
            self._objects.where()  # another order or filter of the queue

    def _choose(self) -> None:
        queue = bool(self.what.currentData())
        self._objects.where(queue=queue)
        self.table.sortByColumn(_COLUMNS.index("in the queue" if queue else "#"), Qt.SortOrder.AscendingOrder)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Catch up with what happened while nobody could see it."""
        super().showEvent(event)
        self._show_heads()
        self._later()

    def _show_heads(self) -> None:
        """Give each head the room that it needs in this font, with the arrow of the order."""
        heads = self.table.horizontalHeader()
        for place in range(len(_COLUMNS)):
            if heads is not None and heads.sectionSize(place) < heads.sectionSizeHint(place):
                heads.resizeSection(place, heads.sectionSizeHint(place))

    def _update(self) -> None:
        if not self.isVisible():
            return
        bar = self.table.verticalScrollBar()
        assert bar is not None
        at = bar.value()
        self.model.refresh()
        self.count.setText(f"{len(self.model.rows()):,} of {self._objects.total:,}")
        bar.setValue(at)
        current = self._labels.current
        place = None if current is None else self._objects.place(current.uid)
        if place is not None:
            self.table.selectRow(place)
            self.table.scrollTo(self.model.index(place, 0))


def _chosen(box: QComboBox) -> frozenset[Any]:
    value = box.currentData()
    return frozenset() if value is None else frozenset({value})
