"""Which share the first of two has in what was fused: its colours, and the decision mask of a fused map as a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from napari.utils.colormaps import AVAILABLE_COLORMAPS, Colormap

from napari_hicstruct.genome import display_name
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.map.image import Image
from napari_hicstruct.plugin.layers.map.levels import Scale, Tile, ViewedLevel
from napari_hicstruct.plugin.layers.pictures import MADE_HERE

SHARE_COLORMAP = "hic_share"
"""Blue where all is of B, nearly white where both have alike, orange where all is of A."""

FROM_A, FROM_BOTH, FROM_B = "#D55E00", "#F4F2EF", "#0072B2"
"""Of Okabe & Ito's palette; with the contacts' red and with labels they are not confused."""


def share_colormap() -> Colormap:
    """Diverging colours of a share, 0 to 1; clear where there is none."""
    if SHARE_COLORMAP not in AVAILABLE_COLORMAPS:
        AVAILABLE_COLORMAPS[SHARE_COLORMAP] = Colormap(
            [FROM_B, FROM_BOTH, FROM_A], name=SHARE_COLORMAP, display_name="share of A", nan_color=(0, 0, 0, 0)
        )
    return AVAILABLE_COLORMAPS[SHARE_COLORMAP]


class ShareLayer:
    """The decision mask of the map in a window, if it is a fused one: a second picture at the same place, read lazily.

    It comes with the map, hidden; it goes with the map and follows its chromosome.

    Attributes
    ----------
    layer : napari.layers.Image or None
    """

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._chrom = ""
        self._levels: list[ViewedLevel] = []
        self.layer: Any = None
        canvas.window.map_changed.connect(self._map_changed)
        canvas.window.chrom_changed.connect(self._chrom_changed)

    def close(self) -> None:
        """Let go of the window."""
        self._canvas.window.map_changed.disconnect(self._map_changed)
        self._canvas.window.chrom_changed.disconnect(self._chrom_changed)
        self._take_out()

    def show(self, on: bool) -> None:
        """Show it over the map, or hide it."""
        if self.layer is not None and self.layer in self._canvas:
            self.layer.visible = on

    def _map_changed(self) -> None:
        self._take_out()
        if self._canvas.window.source is not None:
            self._put(visible=False)

    def _chrom_changed(self, chrom: str) -> None:
        if self.layer is not None and chrom != self._chrom:
            visible = bool(self.layer.visible)
            self._take_out()
            self._put(visible=visible)

    def _take_out(self) -> None:
        layer, self.layer, self._levels = self.layer, None, []
        if layer is not None:
            self._canvas.remove(layer)

    def _put(self, *, visible: bool) -> None:
        window = self._canvas.window
        source, self._chrom = window.source, window.chrom
        if source is None:
            return
        from napari_hicstruct.contacts.shares import first_name, share_levels

        levels = share_levels(source, self._chrom)
        if not levels:
            return
        self._levels = [ViewedLevel(level, scale=Scale.SIGNED) for level in levels]
        finest = self._levels[0].resolution
        layer = Image(
            self._levels,
            multiscale=True,
            name=f"share of {first_name(source)}",
            scale=(finest, finest),
            translate=(finest / 2, finest / 2),  # pixel centres are integers, bins begin at their start
            contrast_limits=(0.0, 1.0),
            colormap=share_colormap(),
            interpolation2d="nearest",
            blending="translucent_no_depth",
            visible=visible,
            metadata={MADE_HERE: "share"},
            **self._canvas.world_kwargs(),
        )
        layer.pixel_ratio = self._canvas.pixel_ratio
        layer.get_status = self._status(layer.get_status)
        self._canvas.put(layer, above_map=True)
        self.layer = layer

    def _status(self, fallback: Callable[..., Any]) -> Callable[..., Any]:
        """The cursor's read-out; it runs off the main thread and reads no file."""
        levels, chrom, genome = self._levels, display_name(self._chrom), self._canvas.genome

        def get_status(position: Any = None, **options: Any) -> Any:
            if position is None or self.layer is None:
                return fallback(position, **options)
            row, col = genome(position)
            text = share_text(chrom, (row, col), levels[min(self.layer.data_level, len(levels) - 1)].tile)
            empty = dict.fromkeys(("layer_name", "layer_base", "source_type", "plugin", "value"), "")
            return {**empty, "coordinates": text, "coords": text}

        return get_status


def share_text(chrom: str, place: tuple[float, float], tile: Tile | None) -> str:
    """``chr21:5,010,000 × chr21:5,600,000 · 73 % from A`` for the bin under the cursor."""
    if tile is None or min(place) < 0:
        return ""
    starts = [int(at // tile.resolution) * tile.resolution for at in place]
    value = tile.value(*place)
    known = value is not None and np.isfinite(value)
    share = f" · {100 * value:.0f} % from A, {100 - 100 * value:.0f} % from B" if known and value is not None else ""
    return f"{chrom}:{starts[0]:,} × {chrom}:{starts[1]:,}{share}"
