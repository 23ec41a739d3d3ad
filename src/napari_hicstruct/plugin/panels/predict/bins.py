"""In which bins a run reads the map: by itself in those that fit the model best, or in one of the map's levels."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QComboBox

from napari_hicstruct.genome import format_bin_size
from napari_hicstruct.plugin.state.models.prediction import PredictionState

_HELP = (
    "Bins in which the model reads the map. It reads 10 kb best (loops 5 kb), and the map's nearest bins where it has "
    "none of that size. Choose smaller bins for small genomes, larger ones for shallow maps."
)


class BinList(QComboBox):
    """The bin sizes of the map that is open."""

    def __init__(self, state: PredictionState) -> None:
        super().__init__()
        self._state = state
        self._shown: tuple[int, tuple[int, ...]] | None = None
        self.setToolTip(_HELP)
        self.setAccessibleName("bins in which the model reads the map")
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(lambda _: setattr(state, "bin_size", self.currentData()))
        self.refresh()

    def refresh(self) -> None:
        """Offer what the map has, and show what is chosen."""
        offered = self._state.bins()
        with QSignalBlocker(self):
            if offered != self._shown:
                self.clear()
                automatic, sizes = self._shown = offered
                self.addItem(f"automatic ({format_bin_size(automatic)})" if automatic else "automatic", 0)
                for size in sizes:
                    self.addItem(format_bin_size(size), size)
            self.setCurrentIndex(max(0, self.findData(self._state.bin_size)))
        self.setEnabled(bool(offered[1]))
