"""Model folders: ``weights.safetensors`` + ``model.json`` (configuration and card).  Never pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from napari_hicstruct.config import FrozenConfig, parse_config
from napari_hicstruct.config.files import in_place_of, why, why_and_hint
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.errors import ModelError, OutputError
from napari_hicstruct.models.network import MultiTaskNet

WEIGHTS, CARD = "weights.safetensors", "model.json"
FORMAT = 1


def save_model(folder: Path, config: FrozenConfig, state: dict[str, Tensor], card: dict[str, Any]) -> None:
    """Write weights and card of any network; each file beside its target first, then renamed.

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
        "card": card,
    }
    try:
        for name, content in ((WEIGHTS, data), (CARD, json.dumps(text, indent=2).encode())):
            with in_place_of(folder / name) as file:
                file.write_bytes(content)
    except OSError as error:
        said = f"the model could not be written ({error.strerror or why(error)})."
        raise OutputError(said, where=folder, hint=why_and_hint(error)[1]) from error


def read_card(folder: Path) -> dict[str, Any]:
    """The content of a folder's ``model.json`` (format, sha256, config, card).

    Raises
    ------
    ModelError
        If the folder is no model folder or its card is not readable.
    """
    path = Path(folder) / CARD
    try:
        text = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        hint = f"A model is a folder with {CARD} and {WEIGHTS}."
        raise ModelError("is not a model folder.", where=folder, hint=hint) from error
    except ValueError as error:
        raise ModelError("is not valid JSON; the model is damaged.", where=path) from error
    for key, kind in (("format", int), ("sha256", str), ("config", dict), ("card", dict)):
        if not isinstance(text, dict) or key not in text:
            raise ModelError(f"lacks '{key}'.", where=path, hint="Copy the model folder again, whole.")
        if not isinstance(text[key], kind):
            raise ModelError(f"holds no {kind.__name__} as '{key}'.", where=path, hint=f"Copy {CARD} again.")
    if text["format"] > FORMAT:
        raise ModelError(f"was written by a newer version (format {text['format']}).", where=path, hint="Update.")
    return dict(text)


def current_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights under the names of today: the boundary prior was once called the boundary hint."""
    former, now = "boundary_hint.", "boundary_prior."
    return {now + key.removeprefix(former) if key.startswith(former) else key: value for key, value in state.items()}


def load_model(folder: Path, *, device: str | torch.device = "cpu") -> tuple[MultiTaskNet, dict[str, Any]]:
    """Build the network of a model folder, ready for inference, and its card.

    Raises
    ------
    ModelError
        If weights are missing, are not safetensors, do not match their sha256 or the configuration.
    """
    text = read_card(folder)
    state = current_names(read_weights(folder, text))
    net = MultiTaskNet(parse_config(ModelConfig, text["config"], where=Path(folder) / CARD))
    put_weights(net, state, folder)
    return net.to(device=device, memory_format=torch.channels_last).eval(), text["card"]


def put_weights(net: nn.Module, state: Mapping[str, Tensor], folder: Path) -> None:
    """Give a network the weights of its folder.

    Raises
    ------
    ModelError
        If they are of another architecture.
    """
    try:
        net.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError("holds weights of another architecture than its card says.", where=folder) from error


def read_weights(folder: Path, text: Mapping[str, Any]) -> dict[str, Tensor]:
    """The weights of any network's folder, whose ``model.json`` is ``text``.

    Raises
    ------
    ModelError
        If they are missing, are not safetensors or do not match their sha256.
    """
    path = Path(folder) / WEIGHTS
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"lacks {WEIGHTS}.", where=folder, hint="Copy the model folder again, whole.") from error
    # a flipped bit loads without a word: the checksum comes first, but a pickle deserves its own message;
    # safetensors begin with their header's length, whose bytes may be any, and then the header
    if (data[:2] == b"PK" or data[:1] == b"\x80") and data[8:9] != b"{":
        raise ModelError("holds pickled weights, which can run code; refused.", where=path, hint="Use safetensors.")
    if hashlib.sha256(data).hexdigest() != text["sha256"]:
        raise ModelError("does not match its checksum; the file is damaged.", where=path, hint="Copy it again.")
    try:
        return load_tensors(data)
    except SafetensorError as error:
        raise ModelError(f"is not a safetensors file ({error}).", where=path) from error
