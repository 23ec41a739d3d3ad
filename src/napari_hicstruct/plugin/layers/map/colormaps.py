"""Colour maps for contacts, registered with napari the first time they are asked for."""

from __future__ import annotations

from napari.utils.colormaps import AVAILABLE_COLORMAPS, Colormap, ensure_colormap

CONTACTS = "hic_red"
"""White → red → dark red, for contacts."""

RATIO = "hic_ratio"
"""Blue → white → red about 1, for observed over expected."""

NO_DATA = (0.82, 0.82, 0.84, 1.0)
"""Bins without data (masked, or past the chromosome's end)."""

_NO_DATA_AMONG_GREYS = (0.62, 0.70, 0.80, 1.0)

_STOPS = {
    CONTACTS: (
        (0.0, (1.0, 1.0, 1.0)),
        (0.12, (1.0, 0.93, 0.89)),
        (0.35, (0.99, 0.66, 0.54)),
        (0.62, (0.92, 0.26, 0.20)),
        (0.85, (0.66, 0.05, 0.09)),
        (1.0, (0.33, 0.0, 0.05)),
    ),
    RATIO: (
        (0.0, (0.02, 0.19, 0.42)),
        (0.25, (0.30, 0.58, 0.79)),
        (0.5, (1.0, 1.0, 1.0)),
        (0.75, (0.89, 0.42, 0.34)),
        (1.0, (0.45, 0.0, 0.08)),
    ),
}

CHOICES = (CONTACTS, RATIO, "gray", "gray_r", "magma", "viridis", "inferno")
"""Colour maps offered in the dock."""


def contact_colormap(name: str) -> Colormap:
    """One of ours, or any of napari's, with missing data shown in grey (blue-grey among greys)."""
    if name in _STOPS:
        if name not in AVAILABLE_COLORMAPS:
            controls, colors = zip(*_STOPS[name], strict=True)
            AVAILABLE_COLORMAPS[name] = Colormap(
                [(*rgb, 1.0) for rgb in colors], controls=list(controls), name=name, nan_color=NO_DATA
            )
        return AVAILABLE_COLORMAPS[name]
    found = ensure_colormap(name).model_copy()  # napari's own stays as other layers have it
    found.nan_color = _NO_DATA_AMONG_GREYS if name.startswith("gray") else NO_DATA
    return found
