"""Image layers as the work on pictures knows them: what they hold and where they are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.wording import how_many

MIN_SIDE = 8
"""Pixels; smaller pictures hold nothing to decide by."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An Image layer, or what is like one.

    Attributes
    ----------
    name : str
    data : array_like
        Of a layer with several levels the finest; read only beside the window, for it may lie on a disk.
    rgb : bool
        The last axis holds colours.
    placed : mapping
        Where and how napari draws it: scale, translate, units, …; passed on as it is to what came of it.
    """

    name: str
    data: Any
    rgb: bool = False
    placed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, ...]:
        """Pixels along each axis of space."""
        whole = tuple(int(n) for n in self.data.shape)
        return whole[:-1] if self.rgb else whole

    @property
    def size_text(self) -> str:
        """Its size and what it holds, for people: ``512 × 512, RGB``."""
        return " × ".join(f"{n:,}" for n in self.shape) + (", RGB" if self.rgb else "")

    def read(self) -> NDArray[Any]:
        """A copy of what it holds now, without opacity: who changes it meanwhile does not change what comes of it."""
        values = np.array(self.data)
        return values[..., :3] if self.rgb else values


def why_not_picture(picture: Picture) -> str:
    """Why a picture cannot be worked on; empty if it can."""
    shape = picture.shape
    if len(shape) not in (2, 3) or (picture.rgb and len(shape) == 3):
        axes = how_many(len(shape), "axis", "axes")
        return f"“{picture.name}” has {axes}{' and colours' if picture.rgb else ''}: give 2-D pictures or grey stacks."
    if min(shape[-2:]) < MIN_SIDE:
        return f"“{picture.name}” is {picture.size_text}: it must be {MIN_SIDE} × {MIN_SIDE} or larger."
    return ""


def why_not_pair(first: Picture, second: Picture) -> str:
    """Why two pictures cannot be fused; empty if they can."""
    for one in (first, second):
        if why_not := why_not_picture(one):
            return why_not
    if first.data is second.data:
        return "A and B are the same layer: choose two pictures of one thing."
    if first.rgb is not second.rgb:
        coloured, grey = (first, second) if first.rgb else (second, first)
        return f"“{coloured.name}” is RGB and “{grey.name}” is grey: convert one of them first."
    if first.shape != second.shape:
        return f"“{first.name}” is {first.size_text}, “{second.name}” {second.size_text}: their sizes must be the same."
    return ""
