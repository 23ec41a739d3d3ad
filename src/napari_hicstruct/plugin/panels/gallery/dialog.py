"""*Gallery*: all objects of a kind as thumbnails, to be judged by keys or clicks."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QSlider,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import qthrottled

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.panels.gallery.grid import MAX_SIDE, MIN_SIDE, USUAL_SIDE, ThumbGrid
from napari_hicstruct.plugin.state.review.gallery import GalleryOrder, GalleryState, GalleryStatus
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.map_dialog import MapDialog
from napari_hicstruct.plugin.widgets.style import Segmented, subdued
from napari_hicstruct.wording import how_many

_OBJECT_PX = 110
"""Beside the middle of the map: room for an object and what lies around it."""
_KEYS = "A accepts · R rejects · U takes back · arrows · Shift and Ctrl choose several · Enter shows it on the map"
_SIZE = "gallery_side"


class GalleryDialog(MapDialog):
    """Which objects are shown, in which order, and the grid of them; the map stays in use beside it.

    Parameters
    ----------
    session : Session
    parent : QWidget
        The main window.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(session, parent, title="Gallery", size=(980, 720))
        QShortcut(QKeySequence.StandardKey.Undo, self, self.state.undo)
        self._count_soon = qthrottled(self._count, timeout=60, leading=False, parent=self)
        follow(self, self.state.listed, self._listed)
        follow(self, self.state.came, self.grid.take)
        follow(self, self.state.changed, self._changed)
        follow(self, session.labels.hint_changed, self._say)
        self.grid.opened.connect(self._show_on_map)
        self._listed()

    def _build(self) -> None:
        self.state: GalleryState = self._session.gallery
        self.grid = ThumbGrid(self.state)
        self.grid.set_side(int(self._session.settings.get(_SIZE, USUAL_SIDE)))
        kinds = {kind.value: (_title(info.plural), f"Show {info.plural}.") for kind, info in KINDS.items()}
        self.kind = Segmented(kinds, name="Kind")
        self.kind.set_value(self.state.kind.value)
        self.kind.chosen.connect(lambda name: self.state.show(kind=Kind(name)))
        self.order = _choice(GalleryOrder, "In which order", lambda one: self.state.show(order=GalleryOrder(one)))
        self.status = _choice(GalleryStatus, "Which of them", lambda one: self.state.show(status=GalleryStatus(one)))
        self.sets = QComboBox()
        self.sets.setToolTip("Of which set")
        self.sets.activated.connect(lambda _: self.state.show(set_id=self.sets.currentData()))
        self.size_slider = QSlider(Qt.Orientation.Horizontal)
        self.size_slider.setRange(MIN_SIDE, MAX_SIDE)
        self.size_slider.setValue(self.grid.side)
        self.size_slider.setMaximumWidth(110)
        self.size_slider.setToolTip("Size of the thumbnails")
        self.size_slider.valueChanged.connect(self._resize_thumbs)
        self.outlines = QCheckBox("outlines")
        self.outlines.setChecked(True)
        self.outlines.setToolTip("Show where each object lies in its thumbnail")
        self.outlines.toggled.connect(self._set_outlined)
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.kind, 1)
        for part in (self.order, self.status, self.sets):
            second.addWidget(part)
        second.addStretch(1)
        second.addWidget(self.outlines)
        second.addWidget(self.size_slider)
        self.summary, self.keys = QLabel(), subdued(QLabel(_KEYS))
        self.said = subdued(QLabel())
        for label in (self.summary, self.keys, self.said):
            label.setWordWrap(True)
        column = QVBoxLayout(self)
        column.addLayout(first)
        column.addLayout(second)
        column.addWidget(self.summary)
        column.addWidget(self.grid, 1)
        column.addWidget(self.said)
        column.addWidget(self.keys)

    def showEvent(self, event: Any) -> None:
        """The keys belong to the grid."""
        super().showEvent(event)
        self.state.relist()
        self.grid.setFocus()

    def changeEvent(self, event: QEvent | None) -> None:
        """Another theme: paint anew."""
        super().changeEvent(event)
        if hasattr(self, "grid"):
            self.grid.viewport().update()

    def _listed(self) -> None:
        known = [(one.name, one.id) for one in self._session.labels.sets()]
        self.sets.clear()
        self.sets.addItem("every set that is shown", None)
        for name, set_id in known:
            self.sets.addItem(name, set_id)
        self.sets.setCurrentIndex(max(0, self.sets.findData(self.state.set_id)))
        self.grid.relist()
        self._count()

    def _changed(self) -> None:
        self.grid.viewport().update()
        self._count_soon()

    def _count(self) -> None:
        info, n = KINDS[self.state.kind], len(self.state.uids)
        catalogue = self._session.labels.catalogue
        if catalogue is None or not len(catalogue.records.uids):
            self.summary.setText("There are no objects yet: run the model (Predict), or import labels.")
            return
        if not n:
            self.summary.setText(f"There are no {info.plural} to show: choose another kind, set or status.")
            return
        accepted, rejected, left = self.state.counts()
        what = how_many(n, info.singular, info.plural)
        said = f"{what}: {accepted:,} accepted, {rejected:,} rejected, {left:,} not judged"
        self.summary.setText(f"{said}{_without_scores(self.state)}")

    def _say(self, text: str) -> None:
        self.said.setText(text)

    def _show_on_map(self, uid: str) -> None:
        """Go there, and beside it: on small screens the gallery lies over the middle of the map, where it comes."""
        self._session.review.go_to(uid)
        main = self.parentWidget()
        canvas, screen = main.centralWidget() if isinstance(main, QMainWindow) else None, self.screen()
        if canvas is None or screen is None:
            return
        middle, free = canvas.mapToGlobal(canvas.rect().center()), screen.availableGeometry()
        left = middle.x() + _OBJECT_PX
        width = min(self.width(), free.right() - left)
        if self.frameGeometry().contains(middle) and width >= self.minimumSizeHint().width():
            self.resize(width, self.height())
            self.move(left, self.y())

    def _resize_thumbs(self, side: int) -> None:
        self.grid.set_side(side)
        self._session.settings.set(_SIZE, side)

    def _set_outlined(self, on: bool) -> None:
        self.grid.outlined = on
        self.grid.viewport().update()


def _without_scores(state: GalleryState) -> str:
    """What *best first* and its like cannot order, and how that stands instead."""
    if not state.unscored:
        return ""
    if state.unscored == len(state.uids):
        return f" · none has a score: '{state.order}' says nothing here, they stand along the genome"
    return f" · {state.unscored:,} without a score come last, along the genome"


def _title(text: str) -> str:
    return text[0].upper() + text[1:]


def _choice(values: Any, tip: str, chosen: Any) -> QComboBox:
    box = QComboBox()
    for one in values:
        box.addItem(str(one))
    box.setToolTip(tip)
    box.activated.connect(lambda _: chosen(box.currentText()))
    return box
