"""What the fusion of two pictures gives as layers of napari: the fused picture, and the share of the first in it."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image

from napari_hicstruct.plugin.layers.pictures import MADE_HERE, is_of, placed_of
from napari_hicstruct.plugin.layers.share import share_colormap

if TYPE_CHECKING:
    from napari_hicstruct.plugin.state.images.fusion import FusedPictures, Shown


class FusedLayers:
    """The layers of the last two pictures that were fused: the fused one and the share of A, beside what was fused.

    Parameters
    ----------
    viewer : napari.Viewer
        Not kept alive.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = weakref.ref(viewer)
        self._shown: dict[Shown, list[Any]] = {}

    def put(self, outcome: FusedPictures) -> None:
        """Add the layers of an outcome; those of the one before stay where they are, and are let go."""
        viewer = self._viewer()
        self._shown = {}
        if viewer is None:
            return
        first, second = outcome.first, outcome.second
        place = placed_of(first)
        looks: dict[str, Any] = {"rgb": True} if first.rgb else _looks(first.placed, outcome.fused)
        name = f"{first.name} + {second.name}"
        for key, picture in (("first", first), ("second", second)):
            self._shown[key] = [layer for layer in viewer.layers if is_of(layer, picture)]  # type: ignore[index]
        self._shown["share"] = [
            viewer.add_layer(
                Image(
                    outcome.share,
                    name=f"share of {first.name}",
                    colormap=share_colormap(),
                    contrast_limits=(0, 1),
                    visible=False,
                    metadata={MADE_HERE: "share"},
                    **place,
                )
            )
        ]
        fused = Image(outcome.fused, name=f"{name} · fused", metadata={MADE_HERE: "fused"}, **looks, **place)
        self._shown["fused"] = [viewer.add_layer(fused)]

    def show(self, shown: Shown) -> None:
        """Show one of what was fused, the fused picture or the share, and choose it; what is gone is passed over."""
        viewer = self._viewer()
        for key, layers in self._shown.items():
            for layer in self._there(layers):
                layer.visible = key == shown
                if key == shown and viewer is not None:
                    viewer.layers.selection.active = layer

    @property
    def any_left(self) -> bool:
        """Whether there is anything to switch between."""
        return bool(self._there(self._shown.get("fused", [])))

    def _there(self, layers: list[Any]) -> list[Any]:
        viewer = self._viewer()
        return [] if viewer is None else [layer for layer in layers if layer in viewer.layers]


def _looks(placed: Mapping[str, Any], fused: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Colours and contrast of the first picture, where it has any."""
    looks = {key: placed[key] for key in ("colormap", "gamma", "interpolation2d", "blending") if key in placed}
    if "contrast_limits" in placed:
        low, high = placed["contrast_limits"]
        looks["contrast_limits"] = (min(low, float(np.nanmin(fused))), max(high, float(np.nanmax(fused))))
    return looks
