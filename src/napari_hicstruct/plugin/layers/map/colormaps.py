"""Colour maps for contacts, registered with napari the first time they are asked for."""

from __future__ import annotations

from napari.utils.colormaps import AVAILABLE_COLORMAPS, Colormap, ensure_colormap

from napari_hicstruct.contacts.colours import CONTACTS, NO_DATA, RATIO, STOPS

__all__ = ["CHOICES", "CONTACTS", "NO_DATA", "RATIO", "contact_colormap"]

_NO_DATA_AMONG_GREYS = (0.62, 0.70, 0.80, 1.0)

CHOICES = (CONTACTS, RATIO, "gray", "gray_r", "magma", "viridis", "inferno")
"""Colour maps offered in the dock."""


def contact_colormap(name: str) -> Colormap:
    """One of ours, or any of napari's, with missing data shown in grey (blue-grey among greys)."""
    if name in STOPS:
        if name not in AVAILABLE_COLORMAPS:
            controls, colors = zip(*STOPS[name], strict=True)
            AVAILABLE_COLORMAPS[name] = Colormap(
                [(*rgb, 1.0) for rgb in colors], controls=list(controls), name=name, nan_color=NO_DATA
            )
        return AVAILABLE_COLORMAPS[name]
    found = ensure_colormap(name).model_copy()  # napari's own stays as other layers have it
    found.nan_color = _NO_DATA_AMONG_GREYS if name.startswith("gray") else NO_DATA
    return found
