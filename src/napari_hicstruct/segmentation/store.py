"""Models of pictures: folders as other models, or one file that holds the card as well."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as save_tensors
from torch import Tensor

from napari_hicstruct.config.base import parse_config
from napari_hicstruct.config.files import write_bytes
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.config.segmentation import SegmentationConfig
from napari_hicstruct.errors import ModelError
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.models.store import CARD, load_model, read_card, save_model

KIND = "segmentation"

ENDING = ".safetensors"
"""Of a model in one file, as ``model_E2_LREFree.safetensors``."""


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
    """The model of a folder, or of one file.

    Raises
    ------
    ModelError
        If it is no model, a damaged one, or one of contact maps.
    """
    path = Path(path)
    if path.suffix == ENDING and path.is_file():
        return _load_file(path, device)
    text = read_card(path)
    _check_kind(text["card"], path)
    net, _ = load_model(path, device=device)
    return _made(net, text, path)


def export_file(folder: Path, path: Path) -> None:
    """Write a model folder as one file: weights, and the card among the metadata.

    Raises
    ------
    ModelError, OutputError
    """
    model = load_segmentation(folder)
    text = read_card(folder)
    state = {key: value.detach().cpu().contiguous() for key, value in model.net.state_dict().items()}
    text["sha256"] = _checksum(state)
    write_bytes(path, save_tensors(state, metadata={CARD: json.dumps(text)}))


def _load_file(path: Path, device: str | torch.device) -> SegmentationModel:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping
        text = json.loads(metadata[CARD])
        config = parse_config(ModelConfig, text["config"], where=path)
        _check_kind(text["card"], path)
    except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        hint = "Give a model folder, or a file that segment compare has written."
        raise ModelError("is no model of pictures.", where=path, hint=hint) from error
    if text.get("sha256") != _checksum(state):
        raise ModelError("does not match its checksum; the file is damaged.", where=path, hint="Copy it again.")
    net = MultiTaskNet(config)
    try:
        net.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError("holds weights of another architecture than its card says.", where=path) from error
    return _made(net.to(device=device, memory_format=torch.channels_last).eval(), text, path)


def _checksum(state: Mapping[str, Tensor]) -> str:
    """Of all weights by name."""
    made = hashlib.sha256()
    for name in sorted(state):
        made.update(name.encode())
        made.update(state[name].contiguous().view(-1).numpy().tobytes())
    return made.hexdigest()


def _check_kind(card: Mapping[str, Any], path: Path) -> None:
    if card.get("kind") != KIND:
        hint = "Train one by hicstruct segment train, or predict a map by hicstruct predict."
        raise ModelError("is no model of pictures.", where=path, hint=hint)


def _made(net: MultiTaskNet, text: Mapping[str, Any], path: Path) -> SegmentationModel:
    card = text["card"]
    settings = {**card["settings"], "model": text["config"]}
    config = parse_config(SegmentationConfig, settings, where=path / CARD)
    return SegmentationModel(net, config, tuple(int(value) for value in card["values"]), dict(card), path)
