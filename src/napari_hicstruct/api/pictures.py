"""What may stand for a picture or for labels: an array, a layer of napari's, a path, or several of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_hicstruct.api.arguments import is_path_like, is_several
from napari_hicstruct.errors import ConfigError


def is_layer(given: Any) -> bool:
    """True for a layer of napari's, without importing napari."""
    return hasattr(given, "data") and hasattr(given, "scale")


def listed(given: Any, name: str, what: str) -> list[Any]:
    """Several, or one: an array is one, a list of arrays, layers or paths is several.

    Raises
    ------
    ConfigError
        If it holds no ``what``.
    """
    if is_path_like(given) or hasattr(given, "shape") or is_layer(given):
        return [given]
    if not is_several(given):
        hint = "Give an array, a napari layer, a path, or several of them."
        raise ConfigError(f"{name}={given!r} holds no {what}.", hint=hint)
    found = list(given)
    if not found:
        raise ConfigError(f"{name} is empty.", hint="Give at least one.")
    return found


def array_of(given: Any, place: str) -> Any:
    """The values of an array, or of a layer, of whose levels the finest.

    Raises
    ------
    ConfigError
        If it is no array.
    """
    if is_layer(given):
        given = given.data[0] if getattr(given, "multiscale", False) else given.data
    try:
        return np.asarray(given)
    except ValueError as error:  # rows of unlike lengths
        hint = "Give an array of two or three axes."
        raise ConfigError(f"{place} is no array: {str(error).partition('.')[0]}.", hint=hint) from error
