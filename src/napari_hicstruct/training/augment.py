"""The only symmetries a contact map has: transpose (i ↔ j) and reversal of the chromosome (both axes flipped)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.band import Band
from napari_hicstruct.labels.truth import BinTruth

Arrays = dict[str, NDArray[np.float32]]


def transpose_sample(sample: Arrays) -> Arrays:
    """A window sample with rows and columns swapped: ``(…, H, W)`` arrays, offsets, priors and directions."""
    out = {key: value if key.startswith("prior") else np.swapaxes(value, -1, -2) for key, value in sample.items()}
    if "prior_rows" in out:
        out["prior_rows"], out["prior_cols"] = out["prior_cols"], out["prior_rows"]
    for key in [key for key in out if key.endswith("offset")]:
        out[key] = out[key][::-1]
    if "along" in out:  # what ran along a row runs along a column now
        out["along"] = 1 - out["along"]
    return {key: np.ascontiguousarray(value) for key, value in out.items()}


def reverse_band(band: Band) -> Band:
    """The band of the chromosome read from its other end."""
    n_diagonals, n = band.counts.shape
    counts = np.zeros_like(band.counts)
    for d in range(min(n_diagonals, n)):
        counts[d, : n - d] = band.counts[d, : n - d][::-1]
    return replace(band, first_bin=0, counts=counts, weights=band.weights[::-1].copy())


def reverse_truth(truth: BinTruth, n_bins: int) -> BinTruth:
    """Truth of the reversed chromosome: anchors swap, stripes that reached right now reach left."""
    loops, stripes, boundaries = truth.loops.copy(), truth.stripes.copy(), truth.boundaries.copy()
    loops[:, 0], loops[:, 1] = n_bins - truth.loops[:, 1], n_bins - truth.loops[:, 0]
    for low, high in ((0, 1), (2, 3)):
        stripes[:, low], stripes[:, high] = n_bins - truth.stripes[:, high], n_bins - truth.stripes[:, low]
    stripes[:, 4] = 1 - truth.stripes[:, 4]
    boundaries[:, 0] = n_bins - truth.boundaries[:, 0]
    return BinTruth(loops, stripes, boundaries)
