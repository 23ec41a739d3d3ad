"""Layers of marks for chromosomes of any length.

napari counts the steps of its sliders (hidden here, but there) in the finest step of any layer.  Points and shapes in
base pairs have steps of one; on chromosomes of 10⁹ bp and more (rye, axolotl) the count no longer fits Qt's integers
and adding the first layer fails.  These layers ask for coarse steps instead; nothing else differs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Points as _Points
from napari.layers import Shapes as _Shapes
from napari.layers import Vectors as _Vectors

from napari_hicstruct.plugin.layers.fixed_place import FixedPlace, OnlyShown

STEP_BP = 1_000
"""Step of napari's sliders on our marks, bp: fine enough for every bin size that is looked at."""


class _CoarseSteps(FixedPlace):
    measured_with_map = False
    """Whether the layer lies on a map that is measured: its own extent is then worked out only if somebody asks."""

    @property
    def extent(self) -> Any:
        """As napari's, with a step of :data:`STEP_BP`."""
        found = super().extent  # type: ignore[misc]
        return found._replace(step=np.full(len(found.step), float(STEP_BP)))

    @extent.deleter
    def extent(self) -> None:
        self.__dict__.pop("extent", None)  # where the cached property of napari keeps it

    def _clear_extent(self) -> None:
        """As napari's, but the viewer measures all layers anew only where this one reaches elsewhere."""
        before = self.__dict__.pop("_extent_augmented", None)
        self.__dict__.pop("extent", None)
        if self.measured_with_map:
            return
        reach = self._extent_augmented  # type: ignore[attr-defined]
        if before is None or not np.array_equal(before.world, reach.world, equal_nan=True):
            self.events._extent_augmented()  # type: ignore[attr-defined]

    def _update_level_and_corners(self, *_: Any) -> None:
        """Nothing: these corners are of pictures read in tiles; each draw would measure all marks for them."""

    def _update_thumbnail(self) -> None:
        """None: thin lines show nothing in it, and each edit would draw it anew."""


class Points(_CoarseSteps, _Points):  # type: ignore[misc]
    """napari's points in base pairs."""


class Shapes(_CoarseSteps, _Shapes):  # type: ignore[misc]
    """napari's shapes in base pairs."""


class Vectors(_CoarseSteps, OnlyShown, _Vectors):  # type: ignore[misc]
    """napari's vectors in base pairs."""
