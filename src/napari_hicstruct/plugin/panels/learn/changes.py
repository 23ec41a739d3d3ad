"""What changed between two models or two sets of predictions: counts, a list to step through, marks on the map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import (
    QComboBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QWidget,
)
from superqt.utils import qthrottled

from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.errors import Cancelled, HicStructError
from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.layers.changes import APPEARED, MOVED, ChangeLayers
from napari_hicstruct.plugin.state.jobs import BackgroundJob
from napari_hicstruct.plugin.state.labels.numbers import first_number
from napari_hicstruct.plugin.state.labels.palette import name_of
from napari_hicstruct.plugin.state.map.framing import around_call
from napari_hicstruct.plugin.state.models.comparison import iter_changes, prediction_of, records_of
from napari_hicstruct.plugin.state.models.models import reference_of
from napari_hicstruct.plugin.state.sentences import short_text
from napari_hicstruct.plugin.widgets.boxes import Wide, hbox, vbox
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.style import compact_button, form, show_text, subdued

if TYPE_CHECKING:
    from napari_hicstruct.annotations.records import Annotation
    from napari_hicstruct.evaluation.changes import Changes
    from napari_hicstruct.jobs import Progress
    from napari_hicstruct.plugin.state.models.comparison import Side

_SIGNS = {"appeared": ("●", APPEARED), "vanished": ("✕", "#8A8A8A"), "moved": ("◆", MOVED)}
_LISTED = 500
_ROWS_PX, _ICON_PX = 130, 12


class ChangesView(QWidget):
    """Compares two models on the view, or two sets in it; what it shows is temporary and never in the project.

    Parameters
    ----------
    session : Session
        The models of its prediction are offered, its tasks and device used.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, self._prediction = session, session.prediction
        self._project: Any = None
        self.change_layers = ChangeLayers(session.canvas)
        self.changes: Changes | None = None
        self._title = ""
        self._job = BackgroundJob(session.runner, on_step=self._step, on_done=self._done, on_error=self._failed)
        self._build()
        self._later = qthrottled(self.refresh, timeout=30, leading=False, parent=self)
        follow(self, self._prediction.models.refreshed, self._later)
        follow(self, session.map_changed, self._map_changed)
        follow(self, session.chrom_changed, self.forget)
        follow(self, session.project_changed, self._project_changed)

    def _build(self) -> None:
        self.sides = {"before": QComboBox(), "after": QComboBox()}
        for name, box in self.sides.items():
            box.setToolTip(f"The {name}: a set of predictions, or a model that then predicts the view.")
            box.setAccessibleName(name)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.currentIndexChanged.connect(lambda _: self._update_buttons())
        self.compare_button = QPushButton("Compare in view")
        self.compare_button.clicked.connect(self.compare)
        self.previous_button = compact_button("◀", "The change before this one.")
        self.next_button = compact_button("▶", "The next change.")
        self.close_button = compact_button("✕", "Remove the marks from the map.")
        self.previous_button.clicked.connect(lambda: self.step(-1))
        self.next_button.clicked.connect(lambda: self.step(1))
        self.close_button.clicked.connect(self.forget)
        self.counts = subdued(QLabel())
        self.counts.setTextFormat(Qt.TextFormat.RichText)
        self.counts.setWordWrap(True)
        self.list = QListWidget()
        self.list.setFixedHeight(_ROWS_PX)
        self.list.setIconSize(QSize(_ICON_PX, _ICON_PX))
        self.list.setAccessibleName("Changes")
        self.list.setToolTip("Choose a change to fly there; ◀ and ▶ step through.")
        self.list.currentItemChanged.connect(self._fly)
        row = hbox(Wide(self.compare_button), self.previous_button, self.next_button, self.close_button, spacing=4)
        vbox(
            form([("Before", self.sides["before"]), ("After", self.sides["after"])]),
            row,
            self.counts,
            self.list,
            on=self,
            spacing=4,
        )
        self.forget()

    # ------------------------------------------------------------------ what is compared
    def refresh(self) -> None:
        """Offer the sets and models that there are now."""
        models = self._prediction.models.listed
        sets = [one for one in self._session.labels.sets() if one.origin is Origin.PREDICTED]
        for name, box in self.sides.items():
            kept = box.currentData()
            box.blockSignals(True)
            box.clear()
            for one in sets:
                box.addItem(f"set: {one.name}", ("set", one.id))
            for model in models:
                box.addItem(f"model: {model.label}", ("model", reference_of(model)))
            wanted = [i for i in range(box.count()) if box.itemData(i) == kept]
            box.setCurrentIndex(wanted[0] if wanted else min(box.count() - 1, int(name == "after")))
            box.blockSignals(False)
        self._update_buttons()

    def offer_models(self, before: str, after: str) -> bool:
        """Choose two models, named by their references; False if one cannot be read any more."""
        self.refresh()
        for name, reference in (("before", before), ("after", after)):
            box = self.sides[name]
            places = [i for i in range(box.count()) if box.itemData(i) == ("model", reference)]
            if not places:
                return False
            box.setCurrentIndex(places[0])
        return True

    def compare_models(self, before: str, after: str) -> None:
        """Predict the view with two models, named by their references, and compare."""
        if self.offer_models(before, after):
            self.compare()
        else:
            self._show_text("That model cannot be read any more; choose two others.")

    def compare(self) -> None:
        """Compare what is chosen, in what is in view."""
        self.forget()
        try:
            regions = self._prediction.view_regions()
            sides = [self._side(self.sides[name].currentData(), regions) for name in ("before", "after")]
        except HicStructError as error:
            self._show_text(short_text(error))
            return
        self._title = " → ".join(self.sides[name].currentText().partition(": ")[2] for name in ("before", "after"))
        self._job.start(lambda token: iter_changes(*sides, token=token))
        self._show_text("Comparing …")
        self._update_buttons()

    def _side(self, chosen: tuple[str, Any], regions: tuple[Any, ...]) -> Side:
        kind, which = chosen
        if kind == "set":
            (region,) = regions
            place = {"chrom": region.chrom, "start": region.start, "end": region.end}
            return records_of(self._project.query(set_ids=[which], **place))
        request = {**self._prediction.request(), "model": which, "regions": regions}
        return prediction_of(self._prediction.predict, self._session.source, **request)

    # ------------------------------------------------------------------ what came out
    def _step(self, progress: Progress) -> None:
        self._show_text(f"Comparing: {progress.stage} · {progress.fraction:.0%}")

    def _failed(self, error: HicStructError) -> None:
        self._show_text("" if isinstance(error, Cancelled) else short_text(error))
        self._session.problem.emit(error)
        self._update_buttons()

    def _done(self, changes: Changes) -> None:
        self.changes = changes
        self.change_layers.show(changes, self._session.chrom)
        rows: list[tuple[str, Annotation]] = [("appeared", one) for one in changes.appeared]
        rows += [("vanished", one) for one in changes.vanished]
        rows += [("moved", new) for _, new in changes.moved]
        self.list.blockSignals(True)
        for what, record in rows[:_LISTED]:
            sign, colour = _SIGNS[what]
            item = QListWidgetItem(_icon(sign, colour), f"{what}: {name_of(record.kind)} {_where(record)}")
            item.setData(Qt.ItemDataRole.UserRole, record)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self.list.setVisible(bool(rows))
        self._show_text(self._summary(changes, len(rows)))
        self._update_buttons()

    def _summary(self, changes: Changes, listed: int) -> str:
        parts = [
            f'<span style="color:{_SIGNS[what][1]}">{_SIGNS[what][0]}</span> {len(records):,} {what}'
            for what, records in (
                ("appeared", changes.appeared),
                ("vanished", changes.vanished),
                ("moved", changes.moved),
            )
        ]
        more = f"<br>The first {_LISTED:,} are listed." if listed > _LISTED else ""
        return f"{self._title}<br>{' · '.join(parts)} · {len(changes.kept):,} as before{more}"

    def step(self, by: int) -> None:
        """Go to the next change (1) or the one before (−1), round and round."""
        if self.list.count():
            row = self.list.currentRow()
            self.list.setCurrentRow((row + by) % self.list.count() if row >= 0 else (0 if by > 0 else -1))

    def _fly(self, item: Any, _before: Any = None) -> None:
        if item is None:
            return
        rows, cols = around_call(item.data(Qt.ItemDataRole.UserRole))
        try:
            self._session.go_to(rows, cols)
        except HicStructError as error:
            self._session.problem.emit(error)

    def forget(self, *_: Any) -> None:
        """Take the marks out and empty the list."""
        self._job.close()
        self.changes = None
        self.change_layers.clear()
        self.list.blockSignals(True)
        self.list.clear()
        self.list.blockSignals(False)
        self.list.hide()
        self._show_text("")
        self._update_buttons()

    def end(self) -> None:
        """The dock goes: stop, and take the marks out for good."""
        self._job.close()
        self.change_layers.close()

    def _map_changed(self) -> None:
        self._project_changed(self._session.project)

    def _project_changed(self, project: Any) -> None:
        self._project = project
        self.forget()
        self.refresh()

    def _show_text(self, text: str) -> None:
        show_text(self.counts, text)

    def _update_buttons(self) -> None:
        chosen = [box.currentData() for box in self.sides.values()]
        reason = "Predict first: there is nothing to compare." if None in chosen else ""
        if not reason and chosen[0] == chosen[1]:
            reason = "Choose two different ones."
        self.compare_button.setEnabled(not reason and not self._job.running)
        self.compare_button.setToolTip(reason or "Compare in what is in view; a model predicts the view first.")
        for button in (self.previous_button, self.next_button):
            button.setEnabled(self.list.count() > 0)
        self.close_button.setEnabled(self.changes is not None or self._job.running)


def _icon(sign: str, colour: str) -> QIcon:
    """A sign in its colour: the text beside it keeps the theme's."""
    size, ratio = _ICON_PX, 2
    picture = QPixmap(size * ratio, size * ratio)
    picture.fill(Qt.GlobalColor.transparent)
    picture.setDevicePixelRatio(ratio)
    painter = QPainter(picture)
    painter.setPen(QColor(colour))
    painter.drawText(0, 0, size, size, Qt.AlignmentFlag.AlignCenter, sign)
    painter.end()
    return QIcon(picture)


def _where(record: Annotation) -> str:
    first, second = record.anchor1, record.anchor2
    number = first_number(record)
    score = f" · {number}" if number else ""
    return (
        f"{first.center / 1e6:.3f} × {second.center / 1e6:.3f} Mb{score}"
        if first != second
        else (f"{first.start / 1e6:.3f}–{first.end / 1e6:.3f} Mb{score}")
    )
