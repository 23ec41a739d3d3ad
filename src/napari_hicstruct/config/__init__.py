"""Frozen configuration objects (pydantic) and their YAML files."""

from napari_hicstruct.config.base import FrozenConfig, load_config, parse_config

__all__ = ["FrozenConfig", "load_config", "parse_config"]
