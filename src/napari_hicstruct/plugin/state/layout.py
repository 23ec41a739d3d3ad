"""How a window's width is shared between the map, our dock and napari's own panels."""

from __future__ import annotations

from dataclasses import dataclass

MAP_SHARE = 0.55
"""Of the window's width, at least."""

WIDE = 1650
"""Windows that are narrower (px, as scaled) start without napari's layer panels: beside them neither map nor dock has
the width it needs."""

MIN_DOCK, USUAL_DOCK = 240, 392
_BESIDE = 56
"""Borders, and the coordinates beside the map."""


@dataclass(frozen=True, slots=True)
class Share:
    """What is shown beside the map.

    Attributes
    ----------
    dock : int
        Width of our dock, px; 0 where only its strip of icons fits.
    panels : bool
        Whether napari's layer list and layer controls are shown.
    """

    dock: int
    panels: bool


def share_width(window: int, *, dock: int, folded: bool, panels: bool, panels_width: int) -> Share:
    """Give the map its share: first napari's panels go, then the dock gets narrower, then it folds to its strip.

    Parameters
    ----------
    window : int
        Width of the window, px.
    dock : int
        Width that the dock should have.
    folded : bool
        The person folded it.
    panels : bool
        napari's panels should be shown.
    panels_width : int
        How wide they are when they are.
    """
    room = int(window * (1 - MAP_SHARE)) - _BESIDE
    if panels and room - panels_width < (0 if folded else MIN_DOCK):
        panels = False
    room -= panels_width if panels else 0
    return Share(0 if folded or room < MIN_DOCK else min(dock, room), panels)
