"""*Pile-ups …*: the mean of the map around the objects of each set, or of what was accepted and rejected."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.config.pileup import GroupBy
from napari_hicstruct.errors import Cancelled, HicStructError
from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.state.figures.pileup import PileupState
from napari_hicstruct.plugin.state.sentences import short_text
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.map_dialog import MapDialog
from napari_hicstruct.plugin.widgets.preview import Preview
from napari_hicstruct.plugin.widgets.running_row import RunningRow
from napari_hicstruct.plugin.widgets.style import Said, form, subdued

_BY = {
    GroupBy.SET: "each set",
    GroupBy.STATUS: "each status",
    GroupBy.CALLER: "each caller",
    GroupBy.MODEL: "each model",
    GroupBy.ALL: "all together",
}
_BOX_PX = 180
_ABOUT = (
    "Observed over expected, the mean of all windows. The number in the corner: centre over corners of loops, line "
    "over sides of stripes, inside over outside of TADs, across over within of boundaries. TADs are stretched to one "
    "size."
)


class PileupDialog(MapDialog):
    """What is piled up, the picture, and *Save to folder …*.

    Parameters
    ----------
    session : Session
    parent : QWidget
        The main window.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(session, parent, title="Pile-ups", size=(980, 560))
        follow(self, self.state.drawn, self._drawn)
        follow(self, self.state.failed, self._failed)
        follow(self, self.state.step, self.running.follow)

    def _build(self) -> None:
        self.state: PileupState = self._session.pileup
        self.kind, self.by, self.distances = QComboBox(), QComboBox(), QLineEdit()
        self.kind.addItem("all kinds", None)
        for kind, info in KINDS.items():
            self.kind.addItem(info.plural, kind.value)
        for by, text in _BY.items():
            self.by.addItem(text, by.value)
        self.by.setToolTip("Status: accepted, rejected, not judged; model: before and after a fine-tune")
        self.distances.setPlaceholderText("300k, 1M")
        self.distances.setToolTip("Loops are split at these distances; empty: nowhere")
        self.stretch = QCheckBox("stretched to one length")
        self.stretch.setToolTip("Each stripe from the diagonal to its end, and half of that behind it")
        self.start_button, self.save_button = QPushButton("Pile up"), QPushButton("Save to folder …")
        self.start_button.setDefault(True)
        self.start_button.clicked.connect(lambda: self.start())
        self.save_button.clicked.connect(lambda: self.save())
        self.save_button.setToolTip("Figure (SVG, PNG), table and arrays")
        self.save_button.setEnabled(False)
        self.running = RunningRow(self.state, cancel="Cancel: nothing is piled up.")
        self.about, self.notes = subdued(QLabel(_ABOUT)), Said()
        self.about.setWordWrap(True)
        self.preview = Preview()
        for box in (self.kind, self.by):  # the picture needs the room
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            box.setMinimumWidth(_BOX_PX)
        left, body = QVBoxLayout(), QHBoxLayout(self)
        left.addLayout(
            form(
                [
                    ("Objects", self.kind),
                    ("One for", self.by),
                    ("Loops split at", self.distances),
                    ("Stripes", self.stretch),
                ]
            )
        )
        left.addWidget(self.start_button)
        left.addWidget(self.running)
        left.addWidget(self.notes)
        left.addWidget(self.about)
        left.addStretch(1)
        left.addWidget(self.save_button)
        body.addLayout(left, 2)
        body.addWidget(self.preview, 5)

    def start(self) -> None:
        """Pile up what is chosen."""
        chosen = self.kind.currentData()
        self.state.kind = None if chosen is None else Kind(chosen)
        self.state.by, self.state.distances = GroupBy(self.by.currentData()), self.distances.text()
        self.state.stretch_stripes = self.stretch.isChecked()
        self.preview.say("Piling up …")
        self.notes.say("")
        self.save_button.setEnabled(False)
        self.state.start()
        self.running.set_running(self.state.running)

    def save(self, folder: str = "") -> None:
        """Ask for a folder and write figure, table and arrays into it."""
        folder = folder or QFileDialog.getExistingDirectory(self, "Folder for the pile-ups")
        if folder:
            try:
                self.state.write(folder)
            except HicStructError as error:
                self._session.problem.emit(error)

    def _drawn(self, path: Path) -> None:
        self.running.set_running(False)
        self.preview.show_file(path)
        result = self.state.result
        self.notes.say("" if result is None else " ".join(result.notes))
        self.save_button.setEnabled(True)

    def _failed(self, error: HicStructError) -> None:
        self.running.set_running(False)
        self.preview.say("Cancelled." if isinstance(error, Cancelled) else short_text(error))
