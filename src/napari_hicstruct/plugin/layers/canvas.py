"""A napari viewer as our layers use it: in base pairs of the open map, and what is active stays active."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from napari_hicstruct.plugin.layers.coarse_steps import Points, Shapes
from napari_hicstruct.plugin.layers.units import world_kwargs
from napari_hicstruct.plugin.state.map.map import MapState
from napari_hicstruct.plugin.state.map.projection import Projection


class Canvas:
    """The viewer of one window and the map that lies in it.

    Parameters
    ----------
    viewer : napari.Viewer
        Not kept alive.
    window : MapState

    Attributes
    ----------
    more_read_outs : list of callable
        ``(row, column)`` (bp) → what the status line says of that place behind the map's own read-out; called off the
        main thread.
    """

    def __init__(self, viewer: Any, window: MapState) -> None:
        self._viewer = weakref.ref(viewer)
        self.window = window
        self._batch: ExitStack | None = None
        self._begun = False
        self.more_read_outs: list[Callable[[float, float], str]] = []

    @property
    def viewer(self) -> Any:
        """The viewer, None once it is gone."""
        return self._viewer()

    @property
    def map_layer(self) -> Any:
        """napari's layer of the map, or None."""
        return getattr(self.window.map, "layer", None)

    def world_kwargs(self) -> dict[str, Any]:
        """Units, axis labels and place that every layer in this window must carry (data in bp)."""
        fields = world_kwargs(self.window.chrom)
        return {**fields, "affine": self.projection.matrix} if self.projection.tilted else fields

    @property
    def projection(self) -> Projection:
        """How the map lies."""
        return self.window.projection

    def genome(self, position: Sequence[float]) -> tuple[float, float]:
        """Row and column (bp) under a position of napari's mouse, which is in world coordinates."""
        return self.projection.to_genome(position)

    def bp_per_px(self) -> float:
        """Base pairs along a row or a column per canvas pixel."""
        return self.projection.bp_per_world / max(float(self.viewer.scene.camera.zoom), 1e-12)

    def world_per_px(self) -> float:
        """Units of the world per canvas pixel: napari sizes its points by them, also on a tilted map."""
        return 1.0 / max(float(self.viewer.scene.camera.zoom), 1e-12)

    def pixel_ratio(self) -> float:
        """Pixels of the screen per canvas pixel: 2 on most small screens of high resolution."""
        window = getattr(self.viewer, "window", None)
        return 1.0 if window is None else float(window._qt_viewer.canvas.native.devicePixelRatioF())

    def slice_now(self) -> None:
        """Let the layers be read where the camera is now; napari does so after it drew, and then draws once more."""
        window = getattr(self.viewer, "window", None)
        if window is not None:
            window._qt_viewer.canvas.on_draw(None)

    def __contains__(self, layer: object) -> bool:
        viewer = self.viewer
        return layer is not None and viewer is not None and layer in viewer.layers

    def put(self, *layers: Any, above_map: bool = False) -> None:
        """Add layers, on top of all others or right above the map; what was active stays active."""
        stack = self.viewer.layers
        active = stack.selection.active
        place = stack.index(self.map_layer) + 1 if above_map and self.map_layer in self else len(stack)
        with _inactive(stack):
            for number, layer in enumerate(layers):
                stack.insert(place + number, layer)
                self._measured_with_map(layer)
        if active is not None and active in stack and stack.selection.active is not active:
            stack.selection.active = active

    def put_below(self, layer: Any, above: Iterable[Any]) -> None:
        """Add a layer below the lowest of ``above`` that are there, else on top of all."""
        stack = self.viewer.layers
        stack.insert(min((stack.index(one) for one in above if one in stack), default=len(stack)), layer)
        self._measured_with_map(layer)

    def _measured_with_map(self, layer: Any) -> None:
        """Marks lie on the map: napari shall not measure all layers anew (3 ms) before and after each edit of one."""
        measure = getattr(self.viewer, "_on_layers_change", None)
        if measure is not None and isinstance(layer, Points | Shapes) and self.map_layer in self:
            layer.events.data.disconnect(measure)
            layer.measured_with_map = True

    def remove(self, *layers: Any) -> None:
        """Take layers out, those that are still there."""
        there = [layer for layer in layers if layer in self]
        with self.as_one():
            for layer in there:
                self._begin_batch()
                self.viewer.layers.remove(layer)

    @contextmanager
    def as_one(self) -> Iterator[None]:
        """While layers go, napari tidies up once, at the end: with each it would look at every object of Python."""
        if self._batch is not None:
            yield
            return
        self._batch = ExitStack()
        try:
            yield
        finally:
            batch, self._batch = self._batch, None
            batch.close()

    def _begin_batch(self) -> None:
        """From now on to the end of :meth:`as_one`; nothing is tidied up where no layer goes."""
        batched = getattr(self.viewer.layers, "batched_update", None)
        if self._batch is not None and not self._begun and batched is not None:
            self._begun = True
            self._batch.callback(setattr, self, "_begun", False)
            self._batch.enter_context(batched())

    def read_out(self, own: Any) -> Any:
        """A layer's ``get_status`` that gives the map's cursor read-out also while an overlay is active."""

        def get_status(position: Any = None, **options: Any) -> Any:
            layer = self.map_layer
            return (own if layer is None else layer.get_status)(position, **options)

        return get_status


@contextmanager
def _inactive(stack: Any) -> Iterator[None]:
    """Layers that are put in do not become active: with each, napari shows other controls and draws highlights anew."""
    known = getattr(stack, "_activate_on_insert", None)
    if known is None:  # another napari: what was active is made active again afterwards
        yield
        return
    stack._activate_on_insert = False
    try:
        yield
    finally:
        stack._activate_on_insert = known
