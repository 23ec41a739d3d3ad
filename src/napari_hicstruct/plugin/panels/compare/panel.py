"""The *Second map* section: another map on the one that is open, how both are shown, and what changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from napari_hicstruct.contacts.pair_levels import DIVERGING, MAX_SMOOTH, Joined
from napari_hicstruct.errors import HicStructError, readable
from napari_hicstruct.plugin.state.commands import key_of
from napari_hicstruct.plugin.state.sentences import breakable
from napari_hicstruct.plugin.widgets.file_dialogs import LABELS, MAPS, open_file, open_files
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.running_row import RunningRow
from napari_hicstruct.plugin.widgets.style import Segmented, compact_button, subdued, wordy_button
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.plugin.state.map.second_map import SecondMapState
    from napari_hicstruct.workflows.compare import Comparison

_JOINED = {
    Joined.FIRST.value: ("first", "The first map alone"),
    Joined.HALVES.value: ("halves", "The first above the diagonal, the second below it"),
    Joined.SECOND.value: ("second", f"The second map alone, depth-matched ({key_of('flicker')} changes to and fro)"),
    Joined.DIFFERENCE.value: ("diff.", "Second minus first, depth-matched: red where the second has more"),
    Joined.RATIO.value: ("log₂", "log2 of second over first, depth-matched: red where the second has more"),
}
_LEAST_FDR, _MOST_FDR = 0.001, 0.5
_WHICH = ("first", "second")


class SecondMapPanel(QWidget):
    """Opens a second map, says how both are shown, and compares them.

    Parameters
    ----------
    state : SecondMapState

    Attributes
    ----------
    summary : Signal(str)
        Beside the section's title.
    """

    summary = Signal(str)

    def __init__(self, state: SecondMapState) -> None:
        super().__init__()
        self._state = state
        self.open = wordy_button("Open second map …", "Another map of the same assembly, with a bin size in common.")
        self.name = QElidingLabel()
        self.name.setElideMode(Qt.TextElideMode.ElideMiddle)  # names of maps differ at their ends
        self.close_map = compact_button("✕", "Show the first map alone again.")
        self.joined = Segmented(_JOINED, name="How both maps are shown")
        self.meaning = subdued(QLabel())
        self.meaning.setWordWrap(True)
        self.smooth = QDoubleSpinBox()
        self.smooth.setRange(0, MAX_SMOOTH)
        self.smooth.setSingleStep(0.5)
        self.smooth.setDecimals(1)
        self.smooth.setSuffix(" bins")
        self.smooth.setToolTip("Difference and log-ratio of both maps smoothed by a Gaussian; 0: as they are.")
        self.beside = QCheckBox("beside it, too")
        self.beside.setToolTip(
            "The second map alone, to the left; both show the same place. Not while the map is tilted."
        )
        self.compare = wordy_button(
            "What changed …", "Predict both maps on this chromosome, test what differs, review the changes."
        )
        self.labels = wordy_button("Its labels …", "Label files of the second map, on its own half; they are locked.")
        self.fdr = QDoubleSpinBox()
        self.fdr.setRange(_LEAST_FDR, _MOST_FDR)
        self.fdr.setSingleStep(0.01)
        self.fdr.setDecimals(3)
        self.fdr.setValue(0.05)
        self.fdr.setPrefix("FDR ")
        self.fdr.setToolTip("Share of false ones among the changes that is accepted.")
        self.running = RunningRow(cancel="Cancel the comparison.")
        self.result = subdued(QLabel())
        self.result.setWordWrap(True)
        self.result.hide()
        self._lay_out()
        self._connect()
        self._update()

    def _lay_out(self) -> None:
        first, looks, last = QHBoxLayout(), QGridLayout(), QHBoxLayout()
        first.addWidget(self.open)
        first.addWidget(self.name, 1)
        first.addWidget(self.close_map)
        looks.addWidget(QLabel("shown"), 0, 0)
        looks.addWidget(self.joined, 0, 1)
        looks.addWidget(self.meaning, 1, 1)
        looks.addWidget(QLabel("smoothed"), 2, 0)
        looks.addWidget(self.smooth, 2, 1)
        looks.addWidget(self.beside, 3, 1)
        looks.setColumnStretch(1, 1)
        last.addWidget(self.compare)
        last.addWidget(self.fdr)
        last.addWidget(self.labels)
        last.addStretch(1)
        self.with_map = QWidget()
        inner = QVBoxLayout(self.with_map)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addLayout(looks)
        inner.addLayout(last)
        inner.addWidget(self.running)
        inner.addWidget(self.result)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(first)
        column.addWidget(self.with_map)

    def _connect(self) -> None:
        state = self._state
        self.open.clicked.connect(self._open)
        self.close_map.clicked.connect(state.close)
        self.joined.chosen.connect(lambda key: state.show(Joined(key)))
        self.beside.toggled.connect(state.show_beside)
        self.smooth.valueChanged.connect(state.set_smooth)
        self.compare.clicked.connect(self._compare)
        self.labels.clicked.connect(self._import)
        self.running.cancel_button.clicked.connect(state.cancel)
        follow(self, state.changed, self._update)
        follow(self, state.running_changed, self._update)
        follow(self, state.window.chrom_changed, self._update)
        follow(self, state.progress, self.running.follow)
        follow(self, state.compared, self._compared)

    # ------------------------------------------------------------------ what the person does
    def _open(self) -> None:
        path = open_file(self, self._state.window, "second map", "Open second map", MAPS)
        if path:
            self.open_path(path)

    def open_path(self, path: str | Path) -> None:
        """Open a second map; what is wrong with it is one notification."""
        self._try(lambda: self._state.open_map(path))

    def _import(self) -> None:
        paths = open_files(self, self._state.window, "labels", "Labels of the second map", LABELS)
        if paths:
            self._try(lambda: self._state.import_labels(paths))

    def _compare(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder for the changes and their project")
        if folder:
            self._try(lambda: self._state.compare(Path(folder), fdr=self.fdr.value()))

    def _try(self, action: Any) -> None:
        try:
            action()
        except HicStructError as error:
            self._state.window.problem.emit(error)

    # ------------------------------------------------------------------ what the state reports
    def _update(self) -> None:
        state = self._state
        there = state.source is not None
        self.with_map.setVisible(there)
        self.close_map.setVisible(there)
        self.name.setText(state.short_name())
        self.name.setToolTip("" if state.source is None else state.source.uri)
        self.joined.set_value(state.joined.value)
        self._say()
        with QSignalBlocker(self.smooth), QSignalBlocker(self.beside):
            self.smooth.setValue(state.smooth)
            self.beside.setChecked(state.beside)
        self.smooth.setEnabled(state.joined in DIVERGING)
        here = bool(state.chrom_of_second())
        self.compare.setEnabled(here and not state.running)
        self.joined.setEnabled(here)
        self.running.set_running(state.running)
        if not there:
            self.result.hide()
        self.summary.emit("" if not here else _JOINED[state.joined.value][0].strip())

    def _say(self) -> None:
        state = self._state
        self.meaning.setText(state.meaning())
        maps = [one for one in (state.window.source, state.source) if one is not None]
        self.meaning.setToolTip("\n".join(f"{which}: {one.name}" for which, one in zip(_WHICH, maps, strict=False)))

    def _compared(self, found: Comparison, folder: Path) -> None:
        counts = {name: n for name, n in found.counts().items() if n and name not in ("same", "untested")}
        said = ", ".join(f"{n:,} {name}" for name, n in counts.items()) or "nothing changed"
        text = f"{how_many(len(found.table), 'structure')} compared: {said}. In {readable(str(folder))}"
        self.result.setText(breakable(text))
        self.result.setToolTip(str(folder))
        self.result.show()
