"""Models of pictures: the folder in which a window keeps them, and what their cards say.  Needs no torch."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_hicstruct.config.paths import user_data_dir
from napari_hicstruct.errors import ConfigError, ModelError
from napari_hicstruct.workflows.models import CARD, config_of, describe_model

_NO_NAME = re.compile(r"[^\w.+-]+")


@dataclass(frozen=True, slots=True)
class PictureModel:
    """A model that segments pictures.

    Attributes
    ----------
    path : Path
        Its folder.
    classes : tuple of str
    channels : int
        Of the pictures that it reads.
    selector : str
    parent : str
        Folder of the model that it was made from by corrections; empty: it was trained.
    card : dict
    """

    path: Path
    classes: tuple[str, ...]
    channels: int
    selector: str
    parent: str
    card: dict[str, Any] = field(repr=False)

    @property
    def label(self) -> str:
        """What it is called in lists: its folder."""
        return self.path.name


def picture_models_dir() -> Path:
    """Folder of the models that were trained in a window, in the data folder; it may not be there yet."""
    return user_data_dir(create=False) / "segmentation"


def describe_picture_model(folder: Path) -> PictureModel:
    """What a model's card says.

    Raises
    ------
    ModelError, ConfigError
        If the folder holds no model, or one of contact maps, or its card is damaged.
    """
    info = describe_model(folder)
    config, card = config_of(info), info.card
    if config.task_set != "segmentation":
        raise ModelError("is a model of contact maps.", where=folder, hint="Choose one that segment train has written.")
    classes = tuple(str(name) for name in card.get("settings", {}).get("classes", ())) or ("object",)
    return PictureModel(folder, classes, len(config.inputs) - 1, config.selector, str(card.get("parent") or ""), card)


def list_picture_models(base: Path | None = None) -> list[PictureModel]:
    """Models of a folder (default: :func:`picture_models_dir`), the newest first; damaged ones are left out."""
    folder = picture_models_dir() if base is None else base
    found = []
    for one in folder.iterdir() if folder.is_dir() else ():
        if (one / CARD).is_file():
            try:
                found.append(((one / CARD).stat().st_mtime_ns, describe_picture_model(one)))
            except (ConfigError, ModelError, OSError):
                continue
    return [model for _, model in sorted(found, key=lambda pair: (-pair[0], pair[1].label))]


def free_folder(name: str, base: Path | None = None) -> Path:
    """A folder for a new model of that name, which nothing has yet; it is not made."""
    folder = picture_models_dir() if base is None else base
    plain = _NO_NAME.sub("-", name).strip("-.") or "model"
    path, number = folder / plain, 1
    while path.exists():
        number += 1
        path = folder / f"{plain}-{number}"
    return path
