"""What a map shows by itself as labels of the heads that nobody gave any for: dots, stripes, boundaries."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.weak import WeakConfig, WeakLoopConfig, WeakStripeConfig
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.stripe_rows import stripe_rows
from napari_hicstruct.labels.truth import BinTruth
from napari_hicstruct.labels.weak import weak_minima
from napari_hicstruct.labels.weak_loops import weak_loops


def with_map_labels(truth: BinTruth, band: Band, heads: Collection[str]) -> BinTruth:
    """A region's truth, that of the ``heads`` (point, mask, boundary) taken from its map.

    Parameters
    ----------
    truth : BinTruth
    band : Band
        The region's, with all its contacts; one without good bins shows nothing.
    heads : collection of str
    """
    if not heads or not band.valid.any():
        return truth
    if "point" in heads:
        truth = replace(truth, loops=weak_loops(band, WeakLoopConfig()))
    if "mask" in heads:
        truth = replace(truth, stripes=weak_stripes(band, WeakStripeConfig()))
    if "boundary" in heads:
        minima = weak_minima(band, WeakConfig())
        borders = np.stack([minima.at, minima.probability], axis=1).astype(np.float32)
        truth = replace(truth, boundaries=borders.reshape(-1, 2))
    return truth


def weak_stripes(band: Band, config: WeakStripeConfig) -> NDArray[np.float32]:
    """Weak stripe labels of a map, as ``BinTruth.stripes``; weight 0 (ignored) where one is not sure."""
    rows = []
    for one in stripe_rows(band, config):
        ends = sorted((one.bin + 0.5, one.bin + 0.5 + one.side * one.length))
        rows.append((one.bin - 1, one.bin + 2, *ends, float(one.side > 0), float(one.sure)))
    return np.array(rows, np.float32).reshape(-1, 6)
