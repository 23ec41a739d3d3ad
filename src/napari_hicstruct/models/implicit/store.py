"""An implicit function as one file: tensors as safetensors, and what they mean in its metadata.  Never pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save as save_tensors
from torch import Tensor

from napari_hicstruct.config.base import parse_config
from napari_hicstruct.config.files import write_bytes
from napari_hicstruct.config.repair import FunctionConfig
from napari_hicstruct.errors import ModelError
from napari_hicstruct.models.implicit.occupancy import ImplicitField

FORMAT = 1
CARD = "card"
_COPY = "Copy it again, or repair the labels once more."
_NEEDED = {"format": int, "sha256": str, "function": dict, "dimensions": int, "classes": list, "samples": list}


def save_function(path: Path, field: ImplicitField, config: FunctionConfig, card: Mapping[str, Any]) -> None:
    """Write ``field`` and its card beside ``path``, then rename.

    Parameters
    ----------
    card : mapping
        Plain values; must have ``classes`` and ``samples``, one entry for each output and each latent vector.

    Raises
    ------
    OutputError
        If it cannot be written; a file that stood there stays whole.
    """
    state = {name: value.detach().cpu().contiguous() for name, value in field.state_dict().items()}
    text = dict(card) | {
        "format": FORMAT,
        "sha256": _checksum(state),
        "function": {name: getattr(config, name) for name in FunctionConfig.model_fields},
        "dimensions": field.dimensions,
    }
    write_bytes(path, save_tensors(state, metadata={CARD: json.dumps(text)}))


def load_function(path: Path) -> tuple[ImplicitField, dict[str, Any]]:
    """The function of a file, ready for evaluation, and its card.

    Raises
    ------
    ModelError
        If the file is missing, is no function, is damaged, or was written by a newer version.
    """
    card, state = _read(Path(path))
    function = parse_config(FunctionConfig, card["function"], where=path)
    _check_entries(card, path)
    if card["dimensions"] not in (2, 3):
        raise ModelError("is of neither 2 nor 3 dimensions.", where=path, hint=_COPY)
    field = ImplicitField(function, card["dimensions"], len(card["samples"]), len(card["classes"]))
    try:
        field.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError("holds tensors of another function than its card says.", where=path, hint=_COPY) from error
    return field.eval(), card


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Card and tensors, checked against each other."""
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(CARD)
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except OSError as error:
        raise ModelError("is no file that can be read.", where=path, hint="Give function.safetensors.") from error
    except SafetensorError as error:
        hint = "Give the function.safetensors of a repair."
        raise ModelError(f"is not a safetensors file ({error}).", where=path, hint=hint) from error
    if text is None:
        raise ModelError("is no function of a label repair.", where=path, hint="Give its function.safetensors.")
    card = _parsed(text, path)
    for key, kind in _NEEDED.items():
        if not isinstance(card.get(key), kind):
            raise ModelError(f"lacks '{key}' in its metadata.", where=path, hint=_COPY)
    if card["format"] > FORMAT:
        raise ModelError(f"was written by a newer version (format {card['format']}).", where=path, hint="Update.")
    if card["sha256"] != _checksum(state):
        raise ModelError("does not match its checksum; the file is damaged.", where=path, hint=_COPY)
    return card, state


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError) as error:
        raise ModelError("has metadata that cannot be read.", where=path, hint=_COPY) from error


def _check_entries(card: dict[str, Any], path: Path) -> None:
    """Refuse tables of classes, samples or thresholds that say nothing of the function."""
    thresholds = card.get("thresholds", [0.5] * len(card["classes"]))
    if not isinstance(thresholds, list) or len(thresholds) != len(card["classes"]):
        raise ModelError("lacks a threshold for each class.", where=path, hint=_COPY)
    whole = [isinstance(one, int | float) and not isinstance(one, bool) for one in thresholds]
    tables = all(isinstance(one, dict) for one in (*card["classes"], *card["samples"]))
    if not (all(whole) and tables and card["classes"] and card["samples"]) or not all(map(_is_class, card["classes"])):
        raise ModelError("has metadata that say nothing of its classes or samples.", where=path, hint=_COPY)


def _is_class(entry: dict[str, Any]) -> bool:
    return isinstance(entry.get("name"), str) and isinstance(entry.get("value"), int)


def _checksum(state: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(name.encode())
        digest.update(state[name].numpy().tobytes())
    return digest.hexdigest()
