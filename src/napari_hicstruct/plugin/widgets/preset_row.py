"""Where settings come from: a preset that ships with the package, or a YAML file."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QWidget

from napari_hicstruct.plugin.widgets.boxes import Wide, hbox
from napari_hicstruct.plugin.widgets.style import wordy_button

_YAML = "Settings (*.yaml *.yml)"


class PresetRow(QWidget):
    """Presets by name, and a button that opens a file.

    Parameters
    ----------
    presets : iterable of str
    take : callable
        Takes the settings of a preset or a file; False if they are refused.
    tooltip : str
        What each preset is for.
    command : str
        Of the shell, that takes the same files.

    Attributes
    ----------
    taken : Signal
        Other settings were taken.
    """

    taken = Signal()

    def __init__(self, presets: Iterable[str], take: Callable[[str], bool], *, tooltip: str, command: str) -> None:
        super().__init__()
        self._take = take
        self.box = QComboBox()
        self.box.addItems(list(presets))
        self.box.setToolTip(tooltip)
        self.box.textActivated.connect(self._choose)
        self.open_button = wordy_button("Open …", f"Settings of a YAML file, as {command} takes them.", self._open)
        hbox(Wide(self.box), self.open_button, on=self, spacing=4)

    def _choose(self, preset: str) -> None:
        if self._take(preset):
            self.taken.emit()

    def _open(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Settings", "", _YAML)
        if path and self._take(path):
            if self.box.findText(path) < 0:
                self.box.addItem(path)
            self.box.setCurrentText(path)
            self.taken.emit()
