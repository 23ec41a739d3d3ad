"""A segmented picture as layers of napari: labels to be painted on, and beside them what they were made from."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels

from napari_hicstruct.plugin.layers.pictures import MADE_HERE, placed_of
from napari_hicstruct.plugin.layers.repaired import image_of
from napari_hicstruct.plugin.state.images.segmentation_jobs import Correction

if TYPE_CHECKING:
    from napari_hicstruct.plugin.state.images.pictures import Picture
    from napari_hicstruct.plugin.state.images.segmentation_images import SegmentedPicture

_SEGMENTED = "napari-hicstruct segmented"
"""In a layer's metadata: what was segmented, so that what is painted since can be found."""

_OPACITY = 0.6
"""The picture must be seen through the labels, to correct them."""


class SegmentedLayers:
    """Puts what was segmented into a viewer; nothing that is there is overwritten.

    Parameters
    ----------
    viewer : napari.Viewer
        Not kept alive.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = weakref.ref(viewer)

    def put(self, segmented: SegmentedPicture) -> None:
        """Add the labels, chosen so that one can paint at once, and below them what else there is, hidden."""
        viewer = self._viewer()
        if viewer is None:
            return
        picture, place = segmented.picture, placed_of(segmented.picture)
        for name, values in segmented.extras.items():
            low, high = (0.0, 1.0) if name != "distance" else _symmetric(values)
            viewer.add_layer(
                Image(
                    values,
                    name=f"{picture.name} · {name}",
                    contrast_limits=(low, high),
                    colormap="twilight_shifted" if name == "distance" else "magma",
                    visible=False,
                    metadata={MADE_HERE: "extra"},
                    **place,
                )
            )
        labels = Labels(
            segmented.labels.copy(),  # it is painted on, and what was segmented must stay
            name=f"{picture.name} · segmented",
            opacity=_OPACITY,
            metadata={_SEGMENTED: segmented},
            **place,
        )
        viewer.add_layer(labels)
        viewer.layers.selection.active = labels


def add_empty_labels(viewer: Any, picture: Picture) -> Labels:
    """A Labels layer without labels where a picture lies, to be painted on."""
    empty = np.zeros(picture.shape, np.uint16)
    return viewer.add_layer(Labels(empty, name=f"{picture.name} · labels", **placed_of(picture)))


def segmented_layers(viewer: Any) -> list[Labels]:
    """The Labels layers of a viewer that were segmented here, the top one first."""
    layers = [] if viewer is None else list(viewer.layers)
    return [one for one in layers if isinstance(one, Labels) and _SEGMENTED in one.metadata][::-1]


def correction_of(layer: Labels) -> Correction:
    """What was segmented, and the layer as it is now."""
    return Correction(layer.metadata[_SEGMENTED], image_of(layer))


def all_labels_layers(viewer: Any) -> list[Labels]:
    """The Labels layers of a viewer, the top one first."""
    layers = [] if viewer is None else list(viewer.layers)
    return [one for one in layers if isinstance(one, Labels)][::-1]


def _symmetric(values: np.ndarray[Any, Any]) -> tuple[float, float]:
    reach = float(np.abs(values).max(initial=0.0)) or 1.0
    return -reach, reach
