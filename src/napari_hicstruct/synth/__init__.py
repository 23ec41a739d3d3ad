"""Simulated contact maps with exact truth: loop extrusion, and an unrelated painted style for honest tests."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_hicstruct.synth.paint import paint_map
    from napari_hicstruct.synth.simulate import draw_depth, simulate_map
    from napari_hicstruct.synth.types import SimulatedMap, Truth

__all__ = ["SimulatedMap", "Truth", "draw_depth", "paint_map", "simulate_map"]

_HOME = {
    "draw_depth": "simulate",
    "paint_map": "paint",
    "simulate_map": "simulate",
    "SimulatedMap": "types",
    "Truth": "types",
}


def __getattr__(name: str) -> Any:
    """Import numba only when a simulator is asked for."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
