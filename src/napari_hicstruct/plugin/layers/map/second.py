"""The second map on the first: a picture at the same place, of both together, read lazily as the map itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_hicstruct.contacts.pair_levels import DIVERGING, Joined, MatchedPair, PairLevel, matched_pairs
from napari_hicstruct.contacts.protocol import COMPUTED
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.genome import format_bin_size
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.map import colormaps
from napari_hicstruct.plugin.layers.map.colour_scale import ColourScale, diverging_scale
from napari_hicstruct.plugin.layers.map.covered import Covered
from napari_hicstruct.plugin.layers.map.image import Image
from napari_hicstruct.plugin.layers.map.levels import Scale, ViewedLevel
from napari_hicstruct.plugin.layers.map.reference import References, ratio_norm
from napari_hicstruct.plugin.layers.pictures import MADE_HERE
from napari_hicstruct.plugin.state.map.second_map import SecondMapState

_PERCENTILE = 98.0
_SAMPLE = 100_000
"""Pixels of a view that its colours are taken from, about."""

_TITLE_LETTERS = 14
"""Of a map's name in the title of its colours."""

_MAX_RATIO = 4.0
"""log2; where nothing is known of a view its colours end there."""

NAMES = {
    Joined.HALVES: "{0} ◥ {1}",
    Joined.SECOND: "{1}",
    Joined.DIFFERENCE: "{1} − {0}",
    Joined.RATIO: "log₂ {1} / {0}",
}


class _Joined(Image):
    """The picture of both maps, without a thumbnail: napari would draw it anew with each change of the colours."""

    _type_string = "image"  # as what napari saves it

    def _update_thumbnail(self) -> None:
        """None."""


class SecondMapLayer:
    """Shows both maps as the state says; nothing while there is one map alone.

    Parameters
    ----------
    canvas : Canvas
    state : SecondMapState

    Attributes
    ----------
    layer : napari.layers.Image or None
    levels : list of ViewedLevel
    """

    def __init__(self, canvas: Canvas, state: SecondMapState) -> None:
        self._canvas, self._state = canvas, state
        self.layer: Any = None
        self.levels: list[ViewedLevel] = []
        self._matched: list[MatchedPair] = []
        self._made: tuple[Any, ...] = ()
        self._looks: tuple[Joined, float] = (Joined.FIRST, 0.0)
        self._covered: Covered | None = None
        self._drawn_at: int | None = None
        self._references: References | None = None
        self._referred: Any = None
        self._setting = False
        window = canvas.window
        state.changed.connect(self.update)
        window.chrom_changed.connect(self._on_window)
        window.display_changed.connect(self._on_window)
        window.view_changed.connect(self._on_view)
        canvas.more_read_outs.append(self.read_out)

    def close(self) -> None:
        """Let go of the window."""
        window = self._canvas.window
        self._state.changed.disconnect(self.update)
        window.chrom_changed.disconnect(self._on_window)
        window.display_changed.disconnect(self._on_window)
        window.view_changed.disconnect(self._on_view)
        if self.read_out in self._canvas.more_read_outs:
            self._canvas.more_read_outs.remove(self.read_out)
        self._forget()

    # ------------------------------------------------------------------ what is shown
    def update(self) -> None:
        """Show what the state says."""
        wanted, look = self._wanted(), self._look()
        if self._made != wanted or self.layer not in self._canvas:
            self._forget()
        if not wanted:
            return
        if look[0] is Joined.FIRST:
            self._hide()
        elif self.layer is not None and look == self._looks:
            self._reveal()
        elif self._ready(wanted):
            try:
                self._put(wanted, look)
            except HicStructError as error:
                self._forget()
                self._canvas.window.problem.emit(error)

    def _wanted(self) -> tuple[Any, ...]:
        """All that both maps' contacts hang on; empty where there is nothing to show."""
        state, window = self._state, self._canvas.window
        if state.source is None or window.map is None or not state.chrom_of_second():
            return ()
        drawn = window.map.drawn
        return (state.source.uri, window.chrom, drawn.norm, drawn.ratio)

    def _look(self) -> tuple[Joined, float]:
        """How both are shown, and by how many bins they are smoothed."""
        joined = self._state.joined
        return joined, self._state.smooth if joined in DIVERGING else 0.0

    def _hide(self) -> None:
        """The first map alone; the layer stays, so that the key that shows it again costs nothing."""
        if self.layer is not None and self.layer.visible:
            self._state.set_picture(None)
            self.layer.visible = False

    def _reveal(self) -> None:
        if not self.layer.visible:  # napari reads a layer anew also if it was visible before
            self.layer.visible = True
        self._follow_map()
        self._state.set_picture(self)

    def _ready(self, wanted: tuple[Any, ...]) -> bool:
        """True if weights and expected of the second map are known; else they are computed first, beside the window."""
        state = self._state
        source, chrom = state.source, state.chrom_of_second()
        assert source is not None
        if self._references is None or self._referred is not source:
            self._drop_references()
            self._references, self._referred = References(source, state.runner, self._on_references), source
        norm = self._norm_of_second(wanted)
        norms = {r: source.norm_for(chrom, r, norm) for r in source.resolutions_of(chrom)}
        if not wanted[3] and COMPUTED not in norms.values():  # stored weights: there is nothing to compute
            return True
        self._references.set_target(chrom, norms)
        if self._references.has_all() or self._references.problem is not None:
            return True
        self._references.want()
        return self._references.has_all()

    def _norm_of_second(self, wanted: tuple[Any, ...]) -> str:
        source = self._state.source
        assert source is not None
        norm = self._state.norms()[1]
        return ratio_norm(source, self._state.chrom_of_second(), norm) if wanted[3] else norm

    def _on_references(self) -> None:
        self.update()

    def _put(self, wanted: tuple[Any, ...], look: tuple[Joined, float]) -> None:
        window, state = self._canvas.window, self._state
        first, second = window.source, state.source
        if first is None or second is None:
            return
        if wanted != self._made:
            ratio = bool(wanted[3])
            own = ratio_norm(first, window.chrom, wanted[2]) if ratio else str(wanted[2])
            norms = own, self._norm_of_second(wanted)
            of_first = [one.level for one in window.map.levels]
            self._matched = matched_pairs((first, second), window.chrom, norms, over_expected=ratio, of_first=of_first)
        scale = Scale.SIGNED if look[0] in DIVERGING else window.map.scale
        pairs = [PairLevel(one, *look) for one in self._matched]
        self.levels = [ViewedLevel(pair, scale=scale) for pair in pairs]  # type: ignore[arg-type]
        name = NAMES[look[0]].format(first.name, second.name)
        self._made, self._looks = wanted, look
        if self.layer is None:
            self.layer = self._make(self.levels, name)
            self._canvas.put(self.layer, above_map=True)
            self._covered = Covered(self._canvas, self._canvas.map_layer, self.layer)
        else:  # of the same shape: the picture changes in place
            self.layer.name, self.layer.data = name, self.levels
        self._reveal()
        self._canvas.slice_now()

    def _make(self, levels: list[ViewedLevel], name: str) -> _Joined:
        finest = levels[0].resolution
        np.asarray(levels[-1])
        layer = _Joined(
            levels,
            multiscale=True,
            name=name,
            scale=(finest, finest),
            translate=(finest / 2, finest / 2),  # pixel centres are integers, bins begin at their start
            contrast_limits=(0.0, 1.0),
            interpolation2d="nearest",
            metadata={MADE_HERE: "second map"},
            **self._canvas.world_kwargs(),
        )
        layer.pixel_ratio = self._canvas.pixel_ratio
        layer.get_status = self._canvas.read_out(layer.get_status)
        layer.events.set_data.connect(self._on_slice)
        return layer

    def _forget(self) -> None:
        layer = self.layer
        if layer is not None:
            self._state.set_picture(None)  # first: whoever shows its colours lets go of it
        self.layer, self.levels, self._matched = None, [], []
        self._made, self._looks = (), (Joined.FIRST, 0.0)
        if self._covered is not None:
            self._covered.end()
            self._covered = None
        if layer is not None:
            self._canvas.remove(layer)
        if self._state.source is None:
            self._drop_references()

    def _drop_references(self) -> None:
        known, self._references = self._references, None
        if known is not None:
            known.close()

    # ------------------------------------------------------------------ colours
    def _on_window(self, *_: Any) -> None:
        self.update()

    def _on_view(self, *_: Any) -> None:
        self._update_limits()

    def _on_slice(self, _event: Any = None) -> None:
        self._update_limits()
        level = None if self.layer is None else self.layer.data_level
        if level != self._drawn_at and self._state.picture is self:  # the title of the colours names the bins
            self._drawn_at = level
            self._state.set_picture(self)

    def _follow_map(self) -> None:
        """The colours of the map, or diverging ones about 0."""
        if self.layer is None:
            return
        if self._state.joined in DIVERGING:
            colours = colormaps.contact_colormap(colormaps.RATIO)
        else:
            colours = self._canvas.map_layer.colormap
        if colours.name != self.layer.colormap.name:
            self.layer.colormap = colours
        self._update_limits()

    def _update_limits(self, _event: Any = None) -> None:
        layer, shown = self.layer, self._canvas.window.map
        if layer is None or shown is None or self._setting:
            return
        if self._state.joined in DIVERGING:
            high = self._farthest()
            reach, limits = (-2 * high, 2 * high), (-high, high)
        else:
            reach, limits = tuple(shown.layer.contrast_limits_range), tuple(shown.layer.contrast_limits)
        self._setting = True
        try:  # napari draws anew whatever is set, also to what it was
            if tuple(layer.contrast_limits_range) != reach:
                layer.contrast_limits_range = reach
            if tuple(layer.contrast_limits) != limits:
                layer.contrast_limits = limits
        finally:
            self._setting = False

    def _farthest(self) -> float:
        """How far from 0 the colours end: nearly all of what is in view lies within."""
        tile = self.levels[min(self.layer.data_level, len(self.levels) - 1)].tile
        if tile is None:
            return _MAX_RATIO
        rows, cols = self._canvas.window.visible()
        values = tile.crop((rows.start, rows.end), (cols.start, cols.end))
        step = max(1, int((values.size / _SAMPLE) ** 0.5))
        values = np.abs(values[::step, ::step])
        known = values[np.isfinite(values)]
        return max(float(np.percentile(known, _PERCENTILE)), 1e-6) if known.size else _MAX_RATIO

    def colour_scale(self) -> ColourScale:
        """The colours of a difference or ratio, with their numbers and what these are."""
        first, second = self._state.names(_TITLE_LETTERS)
        what = f"log₂ of {second} over {first}" if self._state.joined is Joined.RATIO else f"{second} minus {first}"
        size = self.levels[min(self.layer.data_level, len(self.levels) - 1)].resolution
        smooth = f", smoothed by {format_bin_size(round(self._state.smooth * size))}" if self._state.smooth else ""
        return diverging_scale(self.layer, f"{what}, depth-matched{smooth}, per bin pair of {format_bin_size(size)}")

    # ------------------------------------------------------------------ read-out
    def read_out(self, row: float, col: float) -> str:
        """What the status line says of the second map there, from what was drawn last: no file is read."""
        layer, levels = self.layer, self.levels
        if layer is None or not levels or not layer.visible:
            return ""
        level = levels[min(layer.data_level, len(levels) - 1)]
        value = None if level.tile is None else level.tile.value(row, col)
        if value is None or not np.isfinite(value):
            return ""
        second = self._state.source
        name = "" if second is None else second.name
        if self._state.joined is Joined.RATIO:
            return f"{name}: {2.0**value:.2g} times as many"
        if self._state.joined is Joined.DIFFERENCE:
            return f"{name}: {value:+.3g}"
        if self._state.joined is Joined.HALVES and col >= row:
            return ""
        return f"{name}: {value:.3g} (depth-matched)"
