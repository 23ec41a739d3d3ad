"""How good callers and model versions have been so far, by people's judgments; and whether people agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPalette
from qtpy.QtWidgets import (
    QHeaderView,
    QLabel,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)
from superqt.utils import qthrottled

from napari_hicstruct.active.statistics import Agreement, Tally, agreements
from napari_hicstruct.errors import OutputError
from napari_hicstruct.plugin.controllers.keyboard.refused import set_refused
from napari_hicstruct.plugin.state.labels.palette import name_of
from napari_hicstruct.plugin.state.review.review import ReviewState
from napari_hicstruct.plugin.state.review.reviewer import clean, keep_name, kept_name
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.style import form, subdued
from napari_hicstruct.plugin.widgets.table_model import Index, TableModel
from napari_hicstruct.workflows.predict.about_run import label_of_run, words_of_run
from napari_hicstruct.workflows.projects import login_name

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent


_COLUMNS = ("kind · source", "✓", "✎", "✗", "proposed", "precision")
_TIPS = (
    "Kind of structure · model with version, or caller",
    "Accepted",
    "Right after an edit",
    "Rejected",
    "Proposed, not judged yet",
    "Share of the judged that is right, with Wilson's 95 % interval.\n"
    "Of what you were shown: an order by uncertainty shows the least certain first; 'random' gives an unbiased figure.",
)
_BAR = 5
_MAX_ROWS = 9


class StatisticsPanel(QWidget):
    """A table of tallies, κ between reviewers, and who is reviewing; worked out only while it is seen."""

    def __init__(self, review: ReviewState) -> None:
        super().__init__()
        self._review, self._labels = review, review.labels
        self.model = TallyModel(self)
        self.table = QTableView()
        self.table.setModel(self.model)
        self._bar = PrecisionBar(self.table)
        self.table.setItemDelegateForColumn(_BAR, self._bar)
        self.agreement = subdued(QLabel())
        self.agreement.setWordWrap(True)
        self.reviewer = QLineEdit()
        self.reviewer.setToolTip("Your name: it stands beside each of your judgments, and κ compares names")
        self.reviewer.setMaxLength(80)
        self.reviewer.editingFinished.connect(self._rename)
        self._dress()
        column = vbox(self.table, self.agreement, on=self, spacing=4)
        rows: list[tuple[str, QWidget | list[QWidget]]] = [("reviewer", self.reviewer)]
        column.addLayout(form(rows))
        self._later = qthrottled(self.refresh, timeout=250, leading=False, parent=self)
        follow(self, self._labels.changed, self._later)

    def _dress(self) -> None:
        rows, heads = self.table.verticalHeader(), self.table.horizontalHeader()
        assert rows is not None
        assert heads is not None
        rows.setVisible(False)
        rows.setDefaultSectionSize(20)
        heads.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        heads.setMinimumSectionSize(24)
        for column, width in ((1, 32), (2, 28), (3, 32), (4, 60), (5, 76)):
            heads.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            heads.resizeSection(column, width)
        self.table.setSelectionMode(QTableView.SelectionMode.NoSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Catch up with what happened while nobody could see it."""
        super().showEvent(event)
        self._later()

    def refresh(self) -> None:
        """Count again, if somebody looks."""
        if not self.isVisible() or not self._review.queue.at_hand():
            return
        project = self._labels.project
        self.model.show(self._review.queue.pool.tallies(), self._runs())
        self._fit()
        judgments = [] if project is None else project.judgments()
        self.agreement.setText(_agreement_text({one.reviewer for one in judgments}, agreements(judgments)))
        if not self.reviewer.hasFocus():
            set_refused(self.reviewer, False)
            self.reviewer.setText(self._name())
        self.reviewer.setEnabled(not self._labels.refusal)

    def _runs(self) -> dict[str, list[str]]:
        """Of each model version the sets that it called, and how."""
        found: dict[str, list[str]] = {}
        for one in self._labels.sets():
            for run in self._labels.runs.get(one.id, ()):
                found.setdefault(label_of_run(run), []).append(f"{one.name}: {words_of_run(run)}")
        return found

    def _fit(self) -> None:
        heads = self.table.horizontalHeader()
        assert heads is not None
        rows = min(max(1, self.model.rowCount()), _MAX_ROWS)
        self.table.setFixedHeight(heads.sizeHint().height() + 20 * rows + 4)

    def _name(self) -> str:
        """Who edits: the project's reviewer, or who it would be if one were made."""
        project = self._labels.project
        return (kept_name() or login_name()) if project is None else project.reviewer

    def _rename(self) -> None:
        project, name = self._labels.project, clean(self.reviewer.text())
        set_refused(self.reviewer, not name and self.reviewer.hasFocus())
        if name == self._name():
            return
        if not name:
            self.reviewer.setText(self._name())
            return
        if project is not None:
            project.reviewer = name
        try:
            keep_name(name)
        except OutputError as error:
            self._labels.hint(str(error))
        self._later()


class TallyModel(TableModel):
    """Tallies as rows."""

    columns, tips = _COLUMNS, _TIPS

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tallies: list[Tally] = []
        self._runs: dict[str, list[str]] = {}

    def show(self, found: list[Tally], runs: dict[str, list[str]]) -> None:
        """Show other figures; ``runs``: what is to be said of a source's sets."""
        self._runs = runs
        if found != self.tallies:
            self.beginResetModel()
            self.tallies = found
            self.endResetModel()

    def rows(self) -> list[Tally]:
        return self.tallies

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.tallies):
            return None
        one, column = self.tallies[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            source = f"{name_of(one.kind)} · {one.source or 'no source'}"
            numbers = (one.accepted, one.edited, one.rejected, one.open)
            return (source, *(f"{n:,}" for n in numbers), precision_text(one))[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            low, high = one.interval()
            text = f"{one.precision:.3f}, 95 % between {low:.3f} and {high:.3f}" if one.judged else "none judged yet"
            said = [f"{name_of(one.kind)} · {one.source}", f"{one.judged:,} judged; precision {text}"]
            return "\n".join([*said, *self._runs.get(one.source, ())])
        if role == Qt.ItemDataRole.TextAlignmentRole and column:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None


class PrecisionBar(QStyledItemDelegate):
    """The interval as a thin bar, the precision as a mark on it, the number above."""

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        if painter is None or not isinstance(model, TallyModel):
            return
        one, area = model.tallies[index.row()], QRectF(option.rect).adjusted(4, 2, -4, -3)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = option.palette.color(QPalette.ColorRole.Text)
        faint = QColor(ink)
        faint.setAlpha(45)
        rail = QRectF(area.left(), area.bottom() - 3, area.width(), 3)
        painter.fillRect(rail, faint)
        if one.judged:
            low, high = one.interval()
            painter.fillRect(_part(rail, low, high), option.palette.color(QPalette.ColorRole.Highlight))
            mark = rail.left() + one.precision * rail.width()
            painter.fillRect(QRectF(mark - 1, rail.top() - 2, 2, rail.height() + 3), ink)
        painter.setPen(ink if one.judged else faint)
        painter.drawText(area.adjusted(0, -3, 0, -3), int(Qt.AlignmentFlag.AlignCenter), precision_text(one))
        painter.restore()


def precision_text(one: Tally) -> str:
    """``.91``; a dash where none was judged."""
    return f"{one.precision:.2f}".removeprefix("0") if one.judged else "–"


def _part(rail: QRectF, low: float, high: float) -> QRectF:
    return QRectF(rail.left() + low * rail.width(), rail.top(), max(1.0, (high - low) * rail.width()), rail.height())


def _agreement_text(names: set[str], found: list[Agreement]) -> str:
    if len(names) < 2:
        return "Agreement (Cohen's κ) appears once two reviewers have judged the same candidates."
    if not found:
        return f"{len(names)} reviewers, but no candidate that two of them judged."
    return "\n".join(
        f"{one.first} and {one.second}: "
        + ("κ cannot be computed" if one.kappa != one.kappa else f"κ {one.kappa:.2f}".replace("-", "−"))
        + f" (n = {one.n:,})"
        for one in found
    )
