"""Reviewed regions: said of what is in view, drawn as dashed outlines, taken back one by one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Change, ReviewedRegion
    from napari_hicstruct.plugin.controllers.editor import Editor

COLOUR = "#0072B2"
"""Okabe–Ito's blue: no source and no status has it."""

_DASH_PX, _WIDTH_PX = 7.0, 1.6
_MOST = 400  # dashes on one side


class ReviewedRegions:
    """Regions of which a person said: what is not labelled here is truly absent.

    Attributes
    ----------
    changed : Signal
        Regions were added or taken back, or another chromosome or project is shown.
    """

    changed = Signal()

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._layer: Any = None
        self._on = True
        self._here: list[ReviewedRegion] = []
        self._drawn: object = None
        session = editor.session
        session.chrom_changed.connect(self._read)
        session.map_changed.connect(self._read)
        editor.reset.connect(self._read)
        editor.recorded.connect(self._on_recorded)
        editor.drawn.connect(self._draw)
        self._read()

    @property
    def here(self) -> list[ReviewedRegion]:
        """Regions on the chromosome that is shown, oldest first."""
        return self._here

    @property
    def on(self) -> bool:
        """True if regions are drawn where there are some."""
        return self._on

    def show(self, on: bool) -> None:
        """Draw the regions, or not; nothing is changed by it."""
        self._on = on
        self._draw()
        self.changed.emit()

    def mark_view(self) -> ReviewedRegion | None:
        """Say it of what is in view, of all kinds; None if that was refused (the person has been told)."""
        if self._editor.session.source is None:
            return None
        rows, cols = self._editor.session.visible()
        if not len(rows) or not len(cols):
            self._editor.hint("No part of the map is in view.")
            return None
        made: ReviewedRegion | None = self._editor.attempt(lambda project: project.mark_reviewed(rows, cols))
        if made is not None:
            self._editor.hint("Reviewed: what is in view and not labelled is absent.\nU takes it back.")
        return made

    def take_back(self, ids: Iterable[int]) -> None:
        """Not reviewed after all."""
        gone = list(ids)
        self._editor.attempt(lambda project: project.unmark_reviewed(gone))

    def close(self) -> None:
        """Take the layer out of the window and let go of the session."""
        session = self._editor.session
        session.chrom_changed.disconnect(self._read)
        session.map_changed.disconnect(self._read)
        self._here = []
        self._draw()

    def _on_recorded(self, change: Change) -> None:
        if change.marked or change.unmarked:
            self._read()

    def _read(self, *_: object) -> None:
        project, chrom = self._editor.project, self._editor.session.chrom
        self._here = project.reviewed(chrom) if project is not None and chrom else []
        self._draw()
        self.changed.emit()

    def _draw(self) -> None:
        layers = self._editor.viewer.layers
        if not self._on or not self._here:
            if self._layer is not None and self._layer in layers:
                layers.remove(self._layer)
            self._layer = self._drawn = None
            return
        if self._layer is None or self._layer not in layers:
            self._layer, self._drawn = self._make(), None
        per_px = self._editor.view.bp_per_px()
        rows, cols = self._editor.view.window()
        wanted = (rows, cols, per_px, tuple(self._here))
        if wanted == self._drawn:
            return
        self._drawn = wanted
        view = np.array([[rows.start, cols.start], [rows.end, cols.end]], float)
        dashes = [outline(region, view, 2 * _DASH_PX * per_px) for region in self._here]
        self._layer.data = np.concatenate(dashes)
        self._layer.edge_width = _WIDTH_PX * per_px
        self._layer.edge_color = COLOUR

    def _make(self) -> Any:
        from napari_hicstruct.plugin.layers.coarse_steps import Vectors

        layers = self._editor.viewer.layers
        active = layers.selection.active
        spatial = self._editor.session.world_kwargs()
        layer = Vectors(ndim=2, name="Reviewed", vector_style="line", edge_color=COLOUR, **spatial)
        layers.append(layer)
        layers.selection.active = active
        return layer


def outline(region: ReviewedRegion, view: NDArray[np.float64], period: float) -> NDArray[np.float64]:
    """Dashes (start and direction, bp) of a region's outline and of its mirror image, as far as they are in view.

    Parameters
    ----------
    region : ReviewedRegion
    view : float64, shape (2, 2)
        Low and high corner (row, column; bp).
    period : float
        From the start of one dash to the start of the next, bp.

    Returns
    -------
    float64, shape (n, 2, 2)
    """
    low = np.array([region.rows.start, region.cols.start], float)
    high = np.array([region.rows.end, region.cols.end], float)
    boxes = [(low, high)] if region.rows == region.cols else [(low, high), (low[::-1], high[::-1])]
    return np.concatenate([_sides(first, last, view, period) for first, last in boxes])


def _sides(
    low: NDArray[np.float64], high: NDArray[np.float64], view: NDArray[np.float64], period: float
) -> NDArray[np.float64]:
    found = [np.zeros((0, 2, 2))]
    for along in (0, 1):
        start, end = max(low[along], view[0, along]), min(high[along], view[1, along])
        for edge in (low[1 - along], high[1 - along]):
            if start >= end or not view[0, 1 - along] <= edge <= view[1, 1 - along]:
                continue
            step = max(period, (end - start) / _MOST)
            # on a grid of its own, so that dashes stand still while one pans
            at = (
                np.arange(np.floor((start - low[along]) / step), np.ceil((end - low[along]) / step)) * step + low[along]
            )
            dash = np.zeros((len(at), 2, 2))
            dash[:, 0, along], dash[:, 0, 1 - along] = at, edge
            dash[:, 1, along] = np.clip(high[along] - at, 0, step / 2)
            found.append(dash)
    return np.concatenate(found)
