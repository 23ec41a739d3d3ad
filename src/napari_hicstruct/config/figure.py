"""Settings of a figure that a person chooses in the window."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from napari_hicstruct.config.base import FrozenConfig


class FigureLook(FrozenConfig):
    """How large a figure is, and what of the view is in it."""

    width_mm: float = Field(89.0, ge=30, le=1000, description="mm; one column of a journal is about 89, two are 183")
    theme: Literal["light", "dark"] = Field("light", description="of paper and ink")
    tilted: bool = Field(False, description="the diagonal lies horizontally, distance goes up")
    labels: bool = Field(True, description="what is shown of the sets")
    tracks: bool = Field(True, description="the tracks that are shown")
    layers: bool = Field(True, description="points and shapes that were added with napari")
    same_colours: bool = Field(True, description="the colour limits of the window; off: by the 97th percentile in view")
    dpi: int = Field(600, ge=72, le=2400, description="of the picture of the bins; all else is lines and text")
