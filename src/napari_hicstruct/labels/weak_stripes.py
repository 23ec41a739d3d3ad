"""Stripes that a map shows by itself, as labels (:mod:`contacts.stripe_rows`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.weak import WeakStripeConfig
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.stripe_rows import stripe_rows


def weak_stripes(band: Band, config: WeakStripeConfig) -> NDArray[np.float32]:
    """Weak stripe labels of a map, as ``BinTruth.stripes``; weight 0 (ignored) where one is not sure."""
    rows = []
    for one in stripe_rows(band, config):
        ends = sorted((one.bin + 0.5, one.bin + 0.5 + one.side * one.length))
        rows.append((one.bin - 1, one.bin + 2, *ends, float(one.side > 0), float(one.sure)))
    return np.array(rows, np.float32).reshape(-1, 6)
