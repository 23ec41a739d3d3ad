"""Which bigWig a model reads under which name; hidden for models that read no tracks."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QSizePolicy, QWidget

from napari_hicstruct.plugin.state.tracks.model_tracks import ModelTracks
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.style import subdued


class TrackChoices(QWidget):
    """A list of the window's bigWigs for each name."""

    def __init__(self, state: ModelTracks) -> None:
        super().__init__()
        self.state = state
        self.boxes: dict[str, QComboBox] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)
        follow(self, state.changed, self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the names of the chosen model and what is open."""
        wanted = self.state.wanted()
        if tuple(self.boxes) != wanted:
            self._build(wanted)
        offered = self.state.offered()
        for name, box in self.boxes.items():
            with QSignalBlocker(box):
                box.clear()
                box.addItem("choose a bigWig" if offered else "none is open (Tracks)", "")
                for one in offered:
                    box.addItem(one.name, one.key)
                box.setCurrentIndex(max(0, box.findData(self.state.of(name))))
        self.setVisible(bool(wanted))

    def _build(self, wanted: tuple[str, ...]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.boxes = {}
        for row, name in enumerate(wanted):
            box = self.boxes[name] = QComboBox()
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            box.setToolTip(f"The bigWig that the model reads as '{name}', in the map's bins")
            box.activated.connect(lambda _, name=name, box=box: self.state.choose(name, box.currentData()))
            self._grid.addWidget(subdued(QLabel(name)), row, 0)
            self._grid.addWidget(box, row, 1)
