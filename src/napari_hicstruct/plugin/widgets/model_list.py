"""The list of models to predict with: those installed, and those that were fine-tuned in the project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox
from superqt.utils import ensure_main_thread

from napari_hicstruct.errors import HicStructError
from napari_hicstruct.plugin.state.learning import ProjectModel, project_models
from napari_hicstruct.plugin.widgets.later import Later


class ModelList(QComboBox):
    """Installed models first, then the project's, newest first; follows the model that the project uses.

    Parameters
    ----------
    installed : callable
        ``()`` → installed models; may raise a :class:`HicStructError`.

    Attributes
    ----------
    problem : str
        Why the models could not be listed; empty if they could.
    """

    refreshed = Signal()

    def __init__(self, installed: Callable[[], list[Any]]) -> None:
        super().__init__()
        self._installed = installed
        self._project: Any = None
        self._in_use = ""
        self.problem = ""
        self._later = Later(self, self.follow)
        self.setToolTip("Model that predicts: installed models by name and version, then those of this project.")

    @property
    def reference(self) -> str:
        """What a prediction request names the chosen model by; empty if there is none."""
        return reference_of(self.currentData())

    def reference_for(self, label: str) -> str:
        """The project's model of that label, by which the person's prediction was made; else the chosen one."""
        listed = (self.itemData(place) for place in range(self.count()))
        own = [model for model in listed if isinstance(model, ProjectModel) and model.label == label]
        return own[0].reference if label and own else self.reference

    def by_sha(self, sha256: str) -> Any:
        """The listed model with these weights, or None."""
        place = self._place(sha256)
        return self.itemData(place) if place >= 0 else None

    def set_project(self, project: Any) -> None:
        """List the models of another project, or of none, and choose the one that it uses."""
        if self._project is not None:
            self._project.lineage.changed.disconnect(self._on_lineage)
        self._project, self._in_use = project, ""
        if project is not None:
            project.lineage.changed.connect(self._on_lineage)
        self.follow()

    @ensure_main_thread
    def _on_lineage(self) -> None:
        self._later()

    def follow(self) -> None:
        """List anew; choose the model in use if that is another one than before."""
        sha256 = self._used_now()
        changed, self._in_use = sha256 != self._in_use, sha256
        self.fill()
        if changed and sha256:
            self.choose(sha256)
        self.refreshed.emit()

    def _used_now(self) -> str:
        """Digest of the model in use; what it was before if the project cannot be read now."""
        try:
            current = self._project.lineage.current() if self._project is not None else None
        except HicStructError:
            return self._in_use
        return current.sha256 if current is not None else ""

    def fill(self) -> None:
        """List anew; what was chosen stays chosen if it is still there."""
        kept = _key(self.currentData())
        try:
            installed, self.problem = self._installed(), ""
            models = [*installed, *project_models(self._project, installed)]
        except HicStructError as error:
            models, self.problem = [], str(error)
        self.blockSignals(True)
        self.clear()
        for model in models:
            own = isinstance(model, ProjectModel)
            used = bool(self._in_use) and _key(model) == self._in_use
            self.addItem(f"{model.label}{' · this project' if own else ''}{' ✓' if used else ''}", model)
            says = [model.label, "Fine-tuned in this project." if own else "Installed.", "In use." if used else ""]
            self.setItemData(self.count() - 1, " ".join(filter(None, says)), Qt.ItemDataRole.ToolTipRole)
        self.setCurrentIndex(max(0, self._place(kept)) if self.count() else -1)
        self.blockSignals(False)

    def choose(self, sha256: str) -> bool:
        """Choose a model; False if it is not listed."""
        place = self._place(sha256)
        if place >= 0:
            self.setCurrentIndex(place)
        return place >= 0

    def _place(self, sha256: str) -> int:
        keys = [_key(self.itemData(place)) for place in range(self.count())]
        return keys.index(sha256) if sha256 in keys else -1


def _key(model: Any) -> str:
    return str(getattr(model, "sha256", "") or getattr(model, "label", ""))


def reference_of(model: Any) -> str:
    """What a prediction request names a listed model by."""
    return str(getattr(model, "reference", "") or getattr(model, "name", ""))
