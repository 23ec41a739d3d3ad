"""Contact maps: sources, weights, expected, the pyramid.  Names load on first use; no heavy import here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from napari_hicstruct.contacts.protocol import COMPUTED, RAW, ContactSource, Normalisation, Pixels

if TYPE_CHECKING:
    from napari_hicstruct.contacts.expected import expected_by_distance, has_expected
    from napari_hicstruct.contacts.pyramid import Level, build_levels
    from napari_hicstruct.contacts.sources.opening import open_map

_HOMES = {
    "open_map": "sources.opening",
    "expected_by_distance": "expected",
    "has_expected": "expected",
    "Level": "pyramid",
    "build_levels": "pyramid",
}

__all__ = [
    "COMPUTED",
    "RAW",
    "ContactSource",
    "Level",
    "Normalisation",
    "Pixels",
    "build_levels",
    "expected_by_distance",
    "has_expected",
    "open_map",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
