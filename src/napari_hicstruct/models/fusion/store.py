"""Folders of fusion networks: ``weights.safetensors`` and ``model.json``, as those of other models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from napari_hicstruct.config import parse_config
from napari_hicstruct.config.fusion import FusionConfig
from napari_hicstruct.errors import ModelError
from napari_hicstruct.models.fusion.network import HybridFusionNet
from napari_hicstruct.models.store import CARD, put_weights, read_card, read_weights, save_model

KIND = "fusion"
"""Under ``card`` → ``kind``: what tells these folders from those of models that predict."""


def save_fusion(folder: Path, config: FusionConfig, state: dict[str, Tensor], card: dict[str, Any]) -> None:
    """Write a model folder; each file beside its target first, then renamed.

    Raises
    ------
    OutputError
        If it cannot be written; an older model in the folder stays whole.
    """
    save_model(folder, config, state, {"kind": KIND, **card})


def load_fusion(
    folder: Path, *, device: str | torch.device = "cpu"
) -> tuple[HybridFusionNet, FusionConfig, dict[str, Any]]:
    """The network of a folder, ready to be applied, its settings and its card.

    Raises
    ------
    ModelError
        If it is no fusion network, or its weights are missing, damaged or of another architecture.
    """
    text = read_card(Path(folder))
    if text["card"].get("kind") != KIND:
        hint = "Give a folder that hicstruct fuse-train wrote, or leave --model out."
        raise ModelError("is a model of another kind: it fuses nothing.", where=folder, hint=hint)
    state = read_weights(folder, text)
    config = parse_config(FusionConfig, text["config"], where=Path(folder) / CARD)
    net = HybridFusionNet(config.network)
    put_weights(net, state, folder)
    return net.to(device).eval(), config, text["card"]
