"""What the colours of the map mean: numbers along the scale, and of what they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.protocol import COMPUTED, RAW
from napari_hicstruct.contacts.values import ValueKind
from napari_hicstruct.genome import format_bin_size
from napari_hicstruct.plugin.layers.map.levels import Scale

if TYPE_CHECKING:
    from napari_hicstruct.plugin.layers.map.layer import MapLayer

_STEPS = 64
_MAX_RATIO = 30.0
_AS_STORED = {ValueKind.COUNTS: "contacts as counted", ValueKind.NORMALISED: "normalised contacts as stored"}


@dataclass(frozen=True, slots=True)
class ColourScale:
    """The scale of one picture.

    Attributes
    ----------
    colours : float, shape (n, 4)
        From the lowest to the highest value.
    no_data : float, shape (4,)
        Masked bins.
    numbers : tuple of str
        Values at the beginning, in the middle and at the end.
    meaning : str
        What the numbers are.
    """

    colours: NDArray[np.floating]
    no_data: NDArray[np.floating]
    numbers: tuple[str, str, str]
    meaning: str


def colour_scale(shown: MapLayer) -> ColourScale:
    """The scale of the map as it is drawn now."""
    layer = shown.layer
    low, high = layer.contrast_limits
    colours = layer.colormap.map(np.linspace(0, 1, _STEPS) ** layer.gamma)
    numbers = _numbers(float(low), float(high), shown.scale)
    return ColourScale(colours, np.asarray(layer.colormap.nan_color), numbers, _meaning(shown))


def diverging_scale(layer: Any, meaning: str) -> ColourScale:
    """The scale of a picture whose values lie about 0, as it is drawn now."""
    low, high = map(float, layer.contrast_limits)
    colours = layer.colormap.map(np.linspace(0, 1, _STEPS) ** layer.gamma)
    numbers = f"≤ {_signed(low)}", _signed((low + high) / 2), f"≥ {_signed(high)}"
    return ColourScale(colours, np.asarray(layer.colormap.nan_color), numbers, meaning)


def _signed(value: float) -> str:
    """With its sign, a minus as wide as the plus; 0 has none."""
    text = _short(abs(value))
    return text if not float(text.replace(",", "")) else f"{'−' if value < 0 else '+'}{text}"


def _numbers(low: float, high: float, scale: Scale) -> tuple[str, str, str]:
    values = [low, (low + high) / 2, high]
    if scale is Scale.RATIO:  # drawn as logarithms; while one switches, the limits are still those of contacts
        values = [2.0 ** min(max(value, -_MAX_RATIO), _MAX_RATIO) for value in values]
    first, middle, last = map(_short, values)
    return first, middle, f"≥ {last}"


def _short(value: float) -> str:
    if abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.2g}" if abs(value) < 10 else f"{value:.0f}"


def _meaning(shown: MapLayer) -> str:
    bins = f"per bin pair of {format_bin_size(shown.resolution)}"
    kind, norm = shown.source.value_kind, shown.level.norm
    if kind is ValueKind.SIGNED:
        return f"{kind}, {bins}"
    if shown.scale is Scale.RATIO:
        return f"observed / expected, {bins}"
    if norm == RAW:
        return f"{_AS_STORED.get(kind, str(kind))}, {bins}"
    how = "by weights computed here" if norm == COMPUTED else f"by {norm}"
    return f"contacts balanced {how}, {bins}"
