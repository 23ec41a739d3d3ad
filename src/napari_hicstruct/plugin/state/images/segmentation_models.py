"""The models that segment pictures: those trained here, those opened from elsewhere, and the one that is chosen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_hicstruct.errors import ConfigError, ModelError
from napari_hicstruct.plugin.state.sentences import reason

if TYPE_CHECKING:
    from napari_hicstruct.plugin.state.images.pictures import Picture
    from napari_hicstruct.workflows.segment.models import PictureModel


class SegmentationModels:
    """A list of models and the one that is chosen; nothing is listed before the first :meth:`refresh`.

    Attributes
    ----------
    listed : list of PictureModel
        The newest first; opened ones last.
    chosen : PictureModel or None
    problem : str
        Why a folder could not be opened.
    changed : Signal
    """

    changed = Signal()

    def __init__(self) -> None:
        self.listed: list[PictureModel] = []
        self.chosen: PictureModel | None = None
        self.problem = ""
        self._opened: list[Path] = []

    def refresh(self, choose: Path | None = None) -> None:
        """List what there is now, and choose a model (default: the same again, else the newest)."""
        from napari_hicstruct.workflows.segment.models import describe_picture_model, list_picture_models

        found = list_picture_models()
        own = {model.path for model in found}
        self._opened = [one for one in self._opened if one not in own and one.is_dir()]
        for folder in [*self._opened, *([choose] if choose is not None else [])]:
            try:
                if folder not in own:
                    found.append(describe_picture_model(folder))
            except (ConfigError, ModelError):
                continue
        self.listed = list({model.path: model for model in found}.values())
        wanted = choose or (self.chosen.path if self.chosen is not None else None)
        same = next((model for model in self.listed if model.path == wanted), None)
        self.chosen = same or (self.listed[0] if self.listed else None)
        self.changed.emit()

    def choose(self, folder: Path) -> None:
        """Segment by this model of the list."""
        self.refresh(choose=folder)

    def open(self, folder: str | Path) -> bool:
        """Take a model from elsewhere into the list, and choose it; False, and why, if it is none."""
        from napari_hicstruct.workflows.segment.models import describe_picture_model

        path, self.problem = Path(folder), ""
        try:
            describe_picture_model(path)
        except (ConfigError, ModelError) as error:
            self.problem = f"{path.name} {reason(error)[:1].lower()}{reason(error)[1:]}"
            self.changed.emit()
            return False
        self._opened.append(path)
        self.refresh(choose=path)
        return True

    def why_not(self, picture: Picture) -> str:
        """Why a picture cannot be segmented by the model that is chosen; empty if it can."""
        if self.chosen is None:
            return "There is no model yet: train one on labels of this picture, or open one."
        n_channels = 3 if picture.rgb else 1
        if self.chosen.channels != n_channels and (picture.rgb or len(picture.shape) == 2):
            kinds = {1: "grey pictures", 3: "RGB pictures"}
            reads = kinds.get(self.chosen.channels, f"pictures of {self.chosen.channels} channels")
            return f"{self.chosen.label} reads {reads}, and “{picture.name}” is {'RGB' if picture.rgb else 'grey'}."
        return ""
