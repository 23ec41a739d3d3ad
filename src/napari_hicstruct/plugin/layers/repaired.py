"""What a repair gives as layers of napari: the labels after it, and over them what changed; nothing is overwritten."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_hicstruct.plugin.state.images.repair_images import ADDED, EXCHANGED, REMOVED, LabelImage

if TYPE_CHECKING:
    from napari_hicstruct.plugin.state.images.repair import Shown
    from napari_hicstruct.plugin.state.images.repair_images import Repaired

CHANGE_COLOURS: dict[int | None, str] = {
    None: "#00000000",
    ADDED: "#009E73",
    REMOVED: "#D55E00",
    EXCHANGED: "#CC79A7",
}
"""Of Okabe & Ito's palette: voxels that were added to a class, removed, or went from one class to another."""

_PLACES = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
_MARKS_OPACITY = 0.9
_LOOKS = ("rendering", "iso_gradient_mode", "opacity", "blending")
_MADE_HERE = "napari-hicstruct repair"
"""In a layer's metadata: which of ours it is."""
_AFTER, _CHANGES, _VOTES = "after", "changes", "votes"


def labels_layers(viewer: Any) -> list[Labels]:
    """The Labels layers of a viewer that can be repaired, the top one first: no map of changes, no pixels of votes."""
    layers = [] if viewer is None else list(viewer.layers)
    found = [one for one in layers if isinstance(one, Labels) and one.metadata.get(_MADE_HERE, _AFTER) == _AFTER]
    return found[::-1]


def colours_of(layer: Labels, values: Iterable[int]) -> dict[int, str]:
    """Colours of labels in a layer, by value (``#rrggbb``)."""
    from napari.utils.colormaps.standardize_color import rgb_to_hex

    return {value: str(rgb_to_hex(layer.colormap.map(value))[0])[:7] for value in values}


def image_of(layer: Labels) -> LabelImage:
    """A layer as a repair knows it; of one with several levels the finest."""
    data = layer.data[0] if layer.multiscale else layer.data
    placed = {name: getattr(layer, name) for name in (*_PLACES, *_LOOKS)} | {"colormap": layer.colormap}
    spacing = tuple(abs(float(one)) or 1.0 for one in layer.scale[-data.ndim :])
    return LabelImage(str(layer.name), data, int(data.ndim), spacing, placed)


class RepairedLayers:
    """The layers of one outcome: before, after, changes.

    Parameters
    ----------
    viewer : napari.Viewer
        Not kept alive.
    place : mapping, optional
        Further keywords of each layer: units and axis labels of a window whose world is base pairs.
    """

    def __init__(self, viewer: Any, place: Callable[[], Mapping[str, Any]] = dict) -> None:
        self._viewer, self._place = weakref.ref(viewer), place
        self._before: list[Any] = []
        self._after: list[Any] = []
        self._changes: list[Any] = []

    def put(
        self, images: Iterable[Repaired], *, colours: Mapping[int | None, str] | None = None, with_before: bool = False
    ) -> None:
        """Add the layers of an outcome; those of the one before stay where they are, and are let go.

        Parameters
        ----------
        images : iterable of Repaired
        colours : mapping, optional
            By value; None: those of the layer that was repaired.
        with_before : bool
            There is no layer of what was repaired: it gets one, too.
        """
        viewer = self._viewer()
        self._before, self._after, self._changes = [], [], []
        if viewer is None:
            return
        for one in images:
            own: dict[str, Any] = {**one.image.placed, **self._place()}
            if colours is not None:
                own["colormap"] = DirectLabelColormap(color_dict=dict(colours))
            name = one.image.name
            if with_before:
                self._before.append(_added(viewer, one.before, name, own, _VOTES))
            else:
                self._before += [layer for layer in viewer.layers if _is_of(layer, one.image)]
            role = _VOTES if with_before else _AFTER
            self._after.append(_added(viewer, one.after, f"{name} · repaired", own, role))
            own["colormap"] = DirectLabelColormap(color_dict=dict(CHANGE_COLOURS))
            self._changes.append(_added(viewer, one.changed, f"{name} · changed", own, _CHANGES))

    def show(self, shown: Shown) -> None:
        """Show the labels before, after, or after with the changes over them; layers that are gone are passed over."""
        visible = {"before": (True, False, False), "after": (False, True, False), "changes": (False, True, True)}[shown]
        for layers, on in zip((self._before, self._after, self._changes), visible, strict=True):
            for layer in self._there(layers):
                layer.visible = on

    def remove(self) -> None:
        """Take the layers of the outcome out: what they are of is gone."""
        viewer = self._viewer()
        for layer in [*self._there(self._before), *self._there(self._after), *self._there(self._changes)]:
            viewer.layers.remove(layer)  # type: ignore[union-attr]  # without one nothing is there
        self._before, self._after, self._changes = [], [], []

    @property
    def any_left(self) -> bool:
        """Whether there is anything to switch between."""
        return bool(self._there(self._after))

    def _there(self, layers: list[Any]) -> list[Any]:
        viewer = self._viewer()
        return [] if viewer is None else [layer for layer in layers if layer in viewer.layers]


def _is_of(layer: Any, image: LabelImage) -> bool:
    """True for the layer that an image was taken from, if it still is there."""
    return isinstance(layer, Labels) and (layer.data[0] if layer.multiscale else layer.data) is image.data


def _added(viewer: Any, data: Any, name: str, own: Mapping[str, Any], role: str) -> Any:
    layer = Labels(data, name=name, metadata={_MADE_HERE: role}, **own)
    if role == _CHANGES:
        layer.opacity = _MARKS_OPACITY
    return viewer.add_layer(layer)
