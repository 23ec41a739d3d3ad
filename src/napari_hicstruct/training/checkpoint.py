"""Checkpoints: everything a run needs to go on as if it had never stopped, written atomically, never pickled code."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch

from napari_hicstruct.config.files import in_place_of, why_and_hint
from napari_hicstruct.errors import ModelError, OutputError
from napari_hicstruct.models.store import current_names

WEIGHTS = ("net", "average")
"""Entries that hold a network's weights by name."""


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write ``state`` (tensors and plain values) beside ``path``, then rename: the old one stays whole till then.

    Raises
    ------
    OutputError
        If the disk is full or the folder cannot be written.
    """
    try:
        made = io.BytesIO()  # torch itself says of a full disk that a position is not what it should be
        torch.save(state, made)
        with in_place_of(path) as file:
            file.write_bytes(made.getbuffer())
    except (OSError, RuntimeError) as error:
        reason, hint = why_and_hint(error)
        text = f"the checkpoint could not be written ({reason})."
        raise OutputError(text, where=path, hint=f"{hint} The last one is whole.") from error


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint; refuses anything but tensors and plain values.

    Raises
    ------
    ModelError
        If the file is damaged or holds code.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        hint = "Remove it and start again; what was trained till then is lost."
        raise ModelError(f"is not a whole checkpoint ({type(error).__name__}).", where=path, hint=hint) from error
    return {key: current_names(value) if key in WEIGHTS else value for key, value in dict(state).items()}
