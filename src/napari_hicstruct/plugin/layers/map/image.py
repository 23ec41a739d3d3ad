"""The image of the map, drawn from the finest level whose bins are no smaller than a pixel of the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from napari_hicstruct.plugin.layers.fixed_place import Image as _Image

_ROUNDING = 1e-6


class Image(_Image):
    """napari's image, whose bins are never smaller than a pixel.

    napari draws from the coarsest level that has at least one bin a pixel, and the graphics card then takes one of the
    two or more bins under each pixel.  Which one depends on where the canvas begins, along rows otherwise than along
    columns: lines of masked bins were seen in one direction and not in the other, and came and went with the height
    of the window.  A level that has at most one bin a pixel has been summed over both axes alike, and none is left out.
    """

    pixel_ratio: Callable[[], float] = staticmethod(lambda: 1.0)
    """Pixels of the screen per pixel of the canvas."""

    def _update_level_and_corners(self, data_bbox_int: Any, shape_threshold: Any, displayed_axes: Any) -> None:
        factors = self.downsample_factors[:, displayed_axes]
        bin_px = factors * np.asarray(self.scale)[displayed_axes] / self.scale_factor * self.pixel_ratio()
        large = np.flatnonzero(np.all(bin_px >= 1 - _ROUNDING, axis=1))
        level = int(large[0]) if large.size else len(factors) - 1
        # napari takes the last level with more bins in view than this: just more than the next one has
        last = level + 1 == len(factors)
        size = data_bbox_int[1] - data_bbox_int[0]
        super()._update_level_and_corners(
            data_bbox_int, np.zeros(len(size)) if last else size / factors[level + 1], displayed_axes
        )
