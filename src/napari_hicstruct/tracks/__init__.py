"""Tracks beside a map: signal, intervals and genes along one chromosome.  Names load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_hicstruct.tracks.genes import Gene, Genes, GeneTrack
    from napari_hicstruct.tracks.intervals import Intervals, IntervalTrack
    from napari_hicstruct.tracks.opening import Track, open_track
    from napari_hicstruct.tracks.orientation import Orientation, orientations
    from napari_hicstruct.tracks.signal import SignalTrack

_HOMES = {
    "Gene": "genes",
    "GeneTrack": "genes",
    "Genes": "genes",
    "IntervalTrack": "intervals",
    "Intervals": "intervals",
    "Orientation": "orientation",
    "SignalTrack": "signal",
    "Track": "opening",
    "open_track": "opening",
    "orientations": "orientation",
}

__all__ = [
    "Gene",
    "GeneTrack",
    "Genes",
    "IntervalTrack",
    "Intervals",
    "Orientation",
    "SignalTrack",
    "Track",
    "open_track",
    "orientations",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
