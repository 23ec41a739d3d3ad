"""Selector E5 ``hybrid_mid_high``: tasks weigh f1 – f3 for themselves and mix shared experts at f4 and f5."""

from __future__ import annotations

from napari_hicstruct.models.library.selectors.hybrid_high import HybridHigh


class HybridMidHigh(HybridHigh):
    """E5: as E4, with experts from f4 on."""

    scales = ("f4", "f5")
