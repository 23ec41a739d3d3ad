"""Unlabelled windows of a map, by which a network adapts to it: along the diagonal, evenly or by chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.channels import CHANNELS, window_channels

MIN_VALID = 0.3
"""Share of a window's bins that must be good."""

MIN_STEP = 1 / 8
"""Windows begin at least this part of their size apart: nearer ones would say the same."""


def support_starts(band: Band, size: int, count: int, rng: np.random.Generator | None = None) -> NDArray[np.int64]:
    """First bins of at most ``count`` windows of ``size`` bins on the diagonal that hold contacts.

    Spread evenly over those that would do; by chance where ``rng`` is given.  Fewer where the map is short.
    """
    step = max(1, int(size * MIN_STEP))
    starts: NDArray[np.int64] = np.arange(0, max(1, band.n_bins - size + 1), step)
    good = np.concatenate([[0], np.cumsum(band.valid & band.counts.any(axis=0))])
    ends = np.minimum(starts + size, band.n_bins)
    starts = starts[good[ends] - good[starts] >= MIN_VALID * size]
    if not len(starts):
        return starts
    if rng is not None:
        return np.asarray(np.sort(rng.choice(starts, min(count, len(starts)), replace=False)), np.int64)
    even = np.unique(np.linspace(0, len(starts) - 1, min(count, len(starts))).round().astype(int))
    return np.asarray(starts[even], np.int64)


def support_windows(
    band: Band,
    starts: Sequence[int] | NDArray[np.int64],
    size: int,
    inputs: Sequence[str] = CHANNELS,
    tracks: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Channels of the windows that begin at ``starts``, ``(k, C, size, size)``."""
    return np.stack([window_channels(band, int(k), int(k), size, inputs, tracks) for k in starts])
