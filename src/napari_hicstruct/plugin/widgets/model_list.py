"""The list of models to predict with, as a combo box."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QComboBox, QSizePolicy

from napari_hicstruct.plugin.state.models.models import ModelChoice, ProjectModel, key_of
from napari_hicstruct.plugin.widgets.lifetime import follow

_MIN_PX = 70


class ModelList(QComboBox):
    """Shows a :class:`ModelChoice`, and chooses in it."""

    def __init__(self, models: ModelChoice) -> None:
        super().__init__()
        self._models = models
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(_MIN_PX)
        self.setToolTip("Model that predicts: installed models by name and version, then those of this project.")
        self.activated.connect(lambda place: models.choose(key_of(self.itemData(place))))
        follow(self, models.refreshed, self.refresh)
        follow(self, models.chosen_changed, self._show_chosen)
        self.refresh()

    def refresh(self) -> None:
        """List anew."""
        models = self._models
        with QSignalBlocker(self):
            self.clear()
            for model in models.listed:
                own, used = isinstance(model, ProjectModel), bool(models.in_use) and key_of(model) == models.in_use
                self.addItem(f"{model.label}{' · this project' if own else ''}{' ✓' if used else ''}", model)
                notes = [model.label, "Fine-tuned in this project." if own else "Installed.", "In use." if used else ""]
                self.setItemData(self.count() - 1, " ".join(filter(None, notes)), Qt.ItemDataRole.ToolTipRole)
        self._show_chosen()

    def _show_chosen(self) -> None:
        keys = [key_of(model) for model in self._models.listed]
        chosen = key_of(self._models.chosen)
        with QSignalBlocker(self):
            self.setCurrentIndex(keys.index(chosen) if chosen in keys else -1)
