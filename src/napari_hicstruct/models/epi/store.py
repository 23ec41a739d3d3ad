"""Model folders of enhancer–promoter pairs: ``weights.safetensors`` and ``model.json``, as those of other models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from napari_hicstruct.config import parse_config
from napari_hicstruct.config.epi import EpiConfig
from napari_hicstruct.errors import ModelError
from napari_hicstruct.models.epi.network import EpiNet
from napari_hicstruct.models.store import CARD, put_weights, read_card, read_weights, save_model

KIND = "epi"
"""Under ``card`` → ``kind``: distinguishes these folders from those of other models."""


def save_epi(folder: Path, config: EpiConfig, state: dict[str, Tensor], card: dict[str, Any]) -> None:
    """Write a model folder; each file beside its target first, then renamed.

    Raises
    ------
    OutputError
        If it cannot be written; an older model in the folder stays whole.
    """
    save_model(folder, config, state, {"kind": KIND, **card})


def load_epi(folder: Path, *, device: str | torch.device = "cpu") -> tuple[EpiNet, EpiConfig, dict[str, Any]]:
    """The network of a folder, ready for prediction, its settings and its card.

    Raises
    ------
    ModelError
        If it is a model of another kind, or its weights are missing, damaged or of another architecture.
    """
    text = read_card(Path(folder))
    if text["card"].get("kind") != KIND:
        hint = "Give a folder that hicstruct epi train wrote."
        raise ModelError("is a model of another kind: it knows no enhancers.", where=folder, hint=hint)
    state = read_weights(folder, text)
    config = parse_config(EpiConfig, text["config"], where=Path(folder) / CARD)
    net = EpiNet(config, max(1, len(text["card"].get("lines", ()))))
    put_weights(net, state, folder)
    return net.to(device).eval(), config, text["card"]
