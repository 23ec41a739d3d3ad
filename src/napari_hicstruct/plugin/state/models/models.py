"""The models to predict with: those installed, and those that were fine-tuned in the project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psygnal import Signal

from napari_hicstruct.errors import HicStructError
from napari_hicstruct.plugin.state.jobs import Runner


@dataclass(frozen=True, slots=True)
class ProjectModel:
    """A model that was fine-tuned in a project, as menus and cards want it.

    Attributes
    ----------
    reference : str
        What a prediction request names it by: its folder.
    """

    name: str
    version: str
    label: str
    tasks: tuple[str, ...]
    card: dict[str, Any]
    sha256: str
    reference: str

    @property
    def path(self) -> Path:
        """Its folder."""
        return Path(self.reference)


def project_models(project: Any, installed: list[Any]) -> list[ProjectModel]:
    """Models of a project that are not among the installed ones and whose folders can be read, newest first."""
    from napari_hicstruct.errors import ModelError
    from napari_hicstruct.workflows.models import describe_model

    known = {getattr(model, "sha256", "") for model in installed}
    found = []
    for entry in reversed(project.lineage.models()) if project is not None else ():
        if entry.sha256 in known:
            continue
        try:
            info = describe_model(Path(entry.folder))
        except ModelError:
            continue  # its folder is gone; the lineage still lists it
        if info.sha256 != entry.sha256:
            continue  # another model was put in its place
        card = {**info.card, **entry.card}
        made = ProjectModel(entry.name, entry.version, entry.label, info.tasks, card, entry.sha256, str(entry.folder))
        found.append(made)
    return found


class ModelChoice:
    """Installed models first, then the project's, newest first; follows the model that the project uses.

    Parameters
    ----------
    installed : callable
        ``()`` → installed models; may raise a :class:`HicStructError`.
    runner : Runner

    Attributes
    ----------
    listed : list
        Models with ``name``, ``version``, ``label``, ``tasks``, ``card`` and ``sha256``.
    chosen : model or None
        Predicts next.
    in_use : str
        Digest of the model that the project uses; empty if it has none.
    problem : str
        Why the models could not be listed; empty if they could.
    refreshed : Signal
        The list was made anew.
    chosen_changed : Signal
        Another model is chosen.
    """

    refreshed = Signal()
    chosen_changed = Signal()

    def __init__(self, installed: Callable[[], list[Any]], runner: Runner) -> None:
        self._installed = installed
        self._project: Any = None
        self._on_lineage = runner.in_main_thread(self.follow)
        self.listed: list[Any] = []
        self.chosen: Any = None
        self.in_use = ""
        self.problem = ""

    @property
    def reference(self) -> str:
        """What a prediction request names the chosen model by; empty if there is none."""
        return reference_of(self.chosen)

    def reference_for(self, label: str) -> str:
        """The project's model of that label, by which the person's prediction was made; else the chosen one."""
        own = [model for model in self.listed if isinstance(model, ProjectModel) and model.label == label]
        return own[0].reference if label and own else self.reference

    def by_sha(self, sha256: str) -> Any:
        """The listed model with these weights, or None."""
        return next((model for model in self.listed if key_of(model) == sha256), None)

    def set_project(self, project: Any) -> None:
        """List the models of another project, or of none, and choose the one that it uses."""
        if self._project is not None:
            self._project.lineage.changed.disconnect(self._on_lineage)
        self._project, self.in_use = project, ""
        if project is not None:
            project.lineage.changed.connect(self._on_lineage)
        self.follow()

    def follow(self) -> None:
        """List anew; choose the model in use if that is another one than before."""
        sha256 = self._used_now()
        changed, self.in_use = sha256 != self.in_use, sha256
        self.fill()
        if changed and sha256:
            self.choose(sha256)
        self.refreshed.emit()

    def _used_now(self) -> str:
        """Digest of the model in use; what it was before if the project cannot be read now."""
        try:
            current = self._project.lineage.current() if self._project is not None else None
        except HicStructError:
            return self.in_use
        return current.sha256 if current is not None else ""

    def fill(self) -> None:
        """List anew; what was chosen stays chosen if it is still there, else the first."""
        kept = key_of(self.chosen)
        try:
            installed, self.problem = self._installed(), ""
            self.listed = [*installed, *project_models(self._project, installed)]
        except HicStructError as error:
            self.listed, self.problem = [], str(error)
        self.chosen = self.by_sha(kept) or next(iter(self.listed), None)

    def choose(self, sha256: str) -> bool:
        """Choose a model; False if it is not listed."""
        model = self.by_sha(sha256)
        if model is None:
            return False
        if model is not self.chosen:
            self.chosen = model
            self.chosen_changed.emit()
        return True


def key_of(model: Any) -> str:
    """Digest of a model's weights, its label where it has none."""
    return str(getattr(model, "sha256", "") or getattr(model, "label", ""))


def reference_of(model: Any) -> str:
    """What a prediction request names a listed model by."""
    return str(getattr(model, "reference", "") or getattr(model, "name", ""))
