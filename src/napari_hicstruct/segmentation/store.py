"""Models of pictures: folders as other models, or one file that holds the card as well."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from napari_hicstruct.config.base import parse_config
from napari_hicstruct.config.segmentation import SegmentationConfig
from napari_hicstruct.errors import ModelError
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.models.store import CARD, load_model, read_card, save_model

KIND = "segmentation"


@dataclass(frozen=True, slots=True, eq=False)
class SegmentationModel:
    """A network with what it needs to know of pictures.

    Attributes
    ----------
    net : MultiTaskNet
    config : SegmentationConfig
    values : tuple of int
        Label of each class; empty: objects of one class.
    card : dict
    path : Path
    """

    net: MultiTaskNet
    config: SegmentationConfig
    values: tuple[int, ...]
    card: dict[str, Any]
    path: Path

    @property
    def classes(self) -> tuple[str, ...]:
        """Names, in the order of the probabilities."""
        return self.config.classes or ("object",)


def save_segmentation(
    folder: Path, config: SegmentationConfig, state: dict[str, Tensor], values: tuple[int, ...], card: dict[str, Any]
) -> None:
    """Write a model folder.

    Raises
    ------
    OutputError
    """
    settings = config.model_dump(mode="json", exclude={"model"})
    save_model(folder, config.model, state, card | {"kind": KIND, "settings": settings, "values": list(values)})


def load_segmentation(path: Path, *, device: str | torch.device = "cpu") -> SegmentationModel:
    """The model of a folder.

    Raises
    ------
    ModelError
        If it is no model, a damaged one, or one of contact maps.
    """
    text = read_card(path)
    if text["card"].get("kind") != KIND:
        hint = "Train one by hicstruct segment train, or predict a map by hicstruct predict."
        raise ModelError("is no model of pictures.", where=path, hint=hint)
    net, card = load_model(path, device=device)
    settings = {**card["settings"], "model": text["config"]}
    config = parse_config(SegmentationConfig, settings, where=Path(path) / CARD)
    return SegmentationModel(net, config, tuple(int(value) for value in card["values"]), card, Path(path))
