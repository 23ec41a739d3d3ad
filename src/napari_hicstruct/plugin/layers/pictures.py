"""Image layers of a viewer as pictures to work on, and where what comes of them is drawn."""

from __future__ import annotations

from typing import Any

from napari.layers import Image

from napari_hicstruct.plugin.layers.fixed_place import OnlyShown
from napari_hicstruct.plugin.state.images.pictures import Picture

MADE_HERE = "napari-hicstruct"
"""In a layer's metadata: what of ours it is."""

_PLACES = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
_LOOKS = ("colormap", "contrast_limits", "gamma", "interpolation2d", "blending")
_NO_PICTURES = ("share", "extra")


def image_layers(viewer: Any) -> list[Image]:
    """The Image layers of a viewer that are pictures, the top one first: no map, no share and no probability."""
    layers = [] if viewer is None else list(viewer.layers)
    found = [
        one
        for one in layers
        if isinstance(one, Image)
        and not isinstance(one, OnlyShown)
        and one.metadata.get(MADE_HERE, "") not in _NO_PICTURES
    ]
    return found[::-1]


def data_of(layer: Any) -> Any:
    """What a layer holds; of one with several levels the finest."""
    return layer.data[0] if layer.multiscale else layer.data


def picture_of(layer: Image) -> Picture:
    """A layer as the work on pictures knows it."""
    placed = {name: getattr(layer, name) for name in (*_PLACES, *(() if layer.rgb else _LOOKS))}
    return Picture(str(layer.name), data_of(layer), bool(layer.rgb), placed)


def placed_of(picture: Picture) -> dict[str, Any]:
    """Where a picture is drawn, for another layer that shall lie there."""
    return {name: picture.placed[name] for name in _PLACES if name in picture.placed}


def is_of(layer: Any, picture: Picture) -> bool:
    """True for the layer that a picture was taken from, if it still is there."""
    return isinstance(layer, Image) and data_of(layer) is picture.data
