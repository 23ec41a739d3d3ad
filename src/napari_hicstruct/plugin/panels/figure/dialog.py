"""*Figure …*: what the window shows as a figure for a paper, with a preview."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget
from superqt.utils import qdebounced

from napari_hicstruct.errors import Cancelled, HicStructError
from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.layers.added_layers import overlays_of
from napari_hicstruct.plugin.state.figures.figure import FigureState
from napari_hicstruct.plugin.state.sentences import short_text
from napari_hicstruct.plugin.widgets.file_dialogs import save_file
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.map_dialog import MapDialog
from napari_hicstruct.plugin.widgets.preview import Preview
from napari_hicstruct.plugin.widgets.settings_form import SettingsForm
from napari_hicstruct.plugin.widgets.style import subdued

_FILTERS = "Vector figure (*.svg);;PDF (*.pdf);;PNG (*.png)"
_AFTER_VIEW_MS = 300


class FigureDialog(MapDialog):
    """Settings of the figure, its preview, *Save as …*; the map stays in use beside it, and the preview follows it.

    Parameters
    ----------
    session : Session
    parent : QWidget
        The main window.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(session, parent, title="Figure", size=(900, 560))
        self._draw_soon = qdebounced(self._draw, timeout=_AFTER_VIEW_MS, parent=self)
        self.form.edited.connect(self._edit)
        follow(self, self.state.drawn, self._drawn)
        follow(self, self.state.failed, self._failed)
        for signal in (session.view_changed, session.display_changed, session.labels.changed, session.map_changed):
            follow(self, signal, self._draw_soon)
        for name in ("inserted", "removed"):
            follow(self, session.viewer.layers.events[name], self._draw_soon)

    def _build(self) -> None:
        self.state: FigureState = self._session.figure
        canvas = self._session.canvas
        self.state.added_layers = lambda: overlays_of(canvas)
        self.form = SettingsForm(self.state.look)
        self.preview_label = Preview()
        self.save_button = QPushButton("Save as …")
        self.save_button.setToolTip("Write the figure: SVG and PDF with lines and text that can be edited, or PNG")
        self.save_button.clicked.connect(lambda: self.save())
        self.message = subdued(QLabel("The figure shows what the window shows; it follows when you move the map."))
        self.message.setWordWrap(True)
        left, body = QVBoxLayout(), QHBoxLayout(self)
        for part in (self.form, self.message):
            left.addWidget(part)
        left.addStretch(1)
        left.addWidget(self.save_button)
        body.addLayout(left)
        body.addWidget(self.preview_label, 1)

    def showEvent(self, event: Any) -> None:
        """Draw it when it is opened."""
        super().showEvent(event)
        self._draw()

    def save(self, path: str = "") -> None:
        """Ask for a file and write the figure there."""
        name = f"{'' if self._session.source is None else self._session.source.name}.svg"
        path = path or save_file(self, self._session, "figure", "Save figure", name=name, filters=_FILTERS)
        if path:
            self.state.write(path if Path(path).suffix else f"{path}.svg")

    def _edit(self, values: dict[str, Any]) -> None:
        try:
            self.state.edit(values)
        except HicStructError as error:
            self._failed(error)

    def _draw(self) -> None:
        if self.isVisible():
            self.state.preview()

    def _drawn(self, path: Path) -> None:
        self.preview_label.show_file(path)

    def _failed(self, error: HicStructError) -> None:
        if not isinstance(error, Cancelled):
            self.preview_label.say(short_text(error))
