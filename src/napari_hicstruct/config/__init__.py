"""Frozen configuration objects (pydantic) and their YAML files; pydantic is loaded when the first is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_hicstruct.config.base import FrozenConfig, load_config, parse_config

__all__ = ["FrozenConfig", "load_config", "parse_config"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from napari_hicstruct.config import base

    return getattr(base, name)
