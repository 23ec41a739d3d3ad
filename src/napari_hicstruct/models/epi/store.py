"""Model folders of enhancer–promoter pairs: ``weights.safetensors`` and ``model.json``, as those of other models."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from napari_hicstruct.config import parse_config
from napari_hicstruct.config.epi import EpiConfig
from napari_hicstruct.config.files import in_place_of, why, why_and_hint
from napari_hicstruct.errors import ModelError, OutputError
from napari_hicstruct.models.epi.network import EpiNet
from napari_hicstruct.models.store import CARD, FORMAT, WEIGHTS, read_card

KIND = "epi"
"""Under ``card`` → ``kind``: distinguishes these folders from those of other models."""


def save_epi(folder: Path, config: EpiConfig, state: dict[str, Tensor], card: dict[str, Any]) -> None:
    """Write a model folder; each file beside its target first, then renamed.

    Raises
    ------
    OutputError
        If it cannot be written; an older model in the folder stays whole.
    """
    data = save_tensors({key: value.detach().cpu().contiguous() for key, value in state.items()})
    text = {
        "format": FORMAT,
        "sha256": hashlib.sha256(data).hexdigest(),
        "config": config.model_dump(mode="json"),
        "card": {"kind": KIND, **card},
    }
    try:
        for name, content in ((WEIGHTS, data), (CARD, json.dumps(text, indent=2).encode())):
            with in_place_of(folder / name) as file:
                file.write_bytes(content)
    except OSError as error:
        said = f"the model could not be written ({error.strerror or why(error)})."
        raise OutputError(said, where=folder, hint=why_and_hint(error)[1]) from error


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
    path = Path(folder) / WEIGHTS
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"lacks {WEIGHTS}.", where=folder, hint="Copy the model folder again, whole.") from error
    if hashlib.sha256(data).hexdigest() != text["sha256"]:
        raise ModelError("does not match its checksum; the file is damaged.", where=path, hint="Copy it again.")
    config = parse_config(EpiConfig, text["config"], where=Path(folder) / CARD)
    net = EpiNet(config, max(1, len(text["card"].get("lines", ()))))
    try:
        net.load_state_dict(load_tensors(data))
    except SafetensorError as error:
        raise ModelError(f"is not a safetensors file ({error}).", where=path) from error
    except RuntimeError as error:
        raise ModelError("holds weights of another architecture than its card says.", where=folder) from error
    return net.to(device).eval(), config, text["card"]
