"""Whether the pixels of a cooler stand where its index says, and on which side of the diagonal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import h5py

SAMPLE_PIXELS, SAMPLE_PLACES = 10_000, 3
"""Order is checked in so many places of each level: writers that do not sort do so nowhere."""


@dataclass(frozen=True, slots=True)
class PixelOrder:
    """What samples of a level's pixels say.

    Attributes
    ----------
    indexed : bool
        They stand where the index of rows says.
    upper, lower : bool
        There are pixels above, below the diagonal.
    outside : bool
        There are pixels of bins that the level does not have.
    """

    indexed: bool
    upper: bool
    lower: bool
    outside: bool


def pixel_order(cooler: h5py.Group) -> PixelOrder:
    """Look at the pixels in some places of a level."""
    index = cooler["indexes/bin1_offset"]
    total, n = len(cooler["pixels/count"]), len(index) - 1
    indexed, upper, lower, outside = True, False, False, False
    for place in np.unique(np.linspace(0, max(0, total - SAMPLE_PIXELS), SAMPLE_PLACES).astype(np.int64)):
        part = slice(int(place), min(int(place) + SAMPLE_PIXELS, total))
        bin1, bin2 = (cooler[f"pixels/{name}"][part].astype(np.int64) for name in ("bin1_id", "bin2_id"))
        if not len(bin1):
            continue
        low, high = max(0, int(bin1.min())), min(n, int(bin1.max()) + 1)
        starts = index[low : high + 1].astype(np.int64)
        at = np.arange(part.start, part.stop)
        rows = low + np.searchsorted(starts, at, side="right") - 1
        indexed &= bool((rows == bin1).all())
        upper |= bool((bin2 > bin1).any())
        lower |= bool((bin2 < bin1).any())
        outside |= bool(((bin2 < 0) | (bin2 >= n)).any())
    return PixelOrder(indexed, upper, lower, outside)
