"""Names of the network's parts → where they live; imports no torch, so that it can be listed anywhere."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from napari_hicstruct.errors import ConfigError

ENCODERS: Mapping[str, str] = {"unet_small": "napari_hicstruct.models.unet_small:UNetSmall"}
SELECTORS: Mapping[str, str] = {"identity": "napari_hicstruct.models.identity:IdentitySelector"}
INTERACTIONS: Mapping[str, str] = {"none": "napari_hicstruct.models.identity:NoInteraction"}
ATTENTIONS: Mapping[str, str] = {"none": "napari_hicstruct.models.attention:NoAttention"}
HINTS: Mapping[str, str] = {
    "none": "napari_hicstruct.models.hint:NoHint",
    "band": "napari_hicstruct.models.hint:BandHint",
}
HEADS: Mapping[str, str] = {
    "point": "napari_hicstruct.models.heads:PointHead",
    "mask": "napari_hicstruct.models.heads:MaskHead",
    "boundary": "napari_hicstruct.models.strip:BoundaryHead",
}


def resolve(table: Mapping[str, str], name: str, what: str) -> Any:
    """The class registered under ``name``.

    Raises
    ------
    ConfigError
        If there is none; the message lists those there are.
    """
    if name not in table:
        raise ConfigError(f"there is no {what} '{name}'.", mend=f"Choose one of: {', '.join(sorted(table))}.")
    module, _, attribute = table[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
