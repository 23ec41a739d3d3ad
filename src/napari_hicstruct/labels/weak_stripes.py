"""Stripes that a map shows by itself: rows above the stronger of their flanks, from the diagonal to where they fade.

An edge of a domain stands above one flank only, so the stronger one counts; a stripe ends where it no longer stands
out, however strong it was before.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.weak import WeakStripeConfig
from napari_hicstruct.contacts.band import Band

Array = NDArray[np.float32]
Doubles = NDArray[np.float64]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _profile(  # noqa: PLR0913 - a kernel takes arrays
    counts: Array, weights: Array, expected: Array, x: int, side: int, flank: tuple[int, int], out: Doubles
) -> None:
    """Running sums along the row of bin ``x``: counts and expected of its middle three bins, of either flank.

    ``out``: shape (6, n); entry ``[:, t]`` holds the sums up to ``t`` bins from the diagonal.
    """
    n_diagonals, n = counts.shape
    for t in range(1, out.shape[1]):
        out[:, t] = out[:, t - 1]
        y = x + side * t
        if y < 0 or y >= n or not weights[y] > 0:
            continue
        for offset in range(-flank[1], flank[1] + 1):
            r = x + offset
            d = abs(y - r)
            if r < 0 or r >= n or d < 2 or d >= n_diagonals or (y - r) * side < 0:
                continue
            if not (weights[r] > 0 and expected[d] > 0):
                continue
            k = 0 if abs(offset) <= 1 else 2 if -flank[1] <= offset <= -flank[0] else 4 if offset >= flank[0] else -1
            if k >= 0:
                out[k, t] += counts[d, min(r, y)]
                out[k + 1, t] += expected[d] / (weights[r] * weights[y])


def _gain(profile: Doubles, start: int, stop: int) -> tuple[float, float]:
    """log2 of the row over its stronger flank between two distances (bins), and the same in standard deviations."""
    observed, mean, low, low_mean, high, high_mean = profile[:, stop] - profile[:, start]
    if not mean > 0 or not (low_mean > 0 and high_mean > 0):
        return 0.0, 0.0
    around = mean * max((low + 1) / (low_mean + 1), (high + 1) / (high_mean + 1))
    return float(np.log2((observed + 2) / (around + 2))), float((observed - around) / np.sqrt(around + 1))


@dataclass(frozen=True, slots=True)
class WeakStripe:
    """One row that stands out: its bin, the side (1: contacts with what follows), length in bins, significance."""

    bin: int
    side: int
    length: int
    z: float
    sure: bool


def _longest(profile: Doubles, x: int, side: int, config: WeakStripeConfig) -> WeakStripe | None:
    """The longest stretch from the diagonal on, each third of which stands out; None if there is none."""
    near, reach = config.nearest_bins, profile.shape[1] - 1
    found = None
    for length in range(config.min_bins, reach + 1, config.step_bins):
        thirds = [near + (length - near) * k // 3 for k in range(4)]
        gains = [_gain(profile, a, b) for a, b in itertools.pairwise(thirds)]
        least, z = min(gain for gain, _ in gains), _gain(profile, near, length)[1]
        far_z, end = gains[-1][1], _gain(profile, max(near, length - config.end_bins), length)[0]
        if min(least, end) < config.unsure_rise or z < config.unsure_z or far_z < 1:
            continue
        sure = least >= config.sure_rise and z >= config.sure_z and far_z >= config.far_z
        if sure or found is None or not found.sure:
            found = WeakStripe(x, side, length, z, sure)
    return found


def find_stripes(band: Band, config: WeakStripeConfig) -> list[WeakStripe]:
    """Rows that stand out over their flanks, of neighbouring ones the most significant for its length; surest first."""
    weights = np.nan_to_num(band.weights)
    reach = min(band.n_diagonals, band.n_bins) - 1
    found: list[WeakStripe] = []
    for x in np.flatnonzero(weights > 0).tolist():
        for side in (1, -1):
            profile = np.zeros((6, reach + 1))
            _profile(band.counts, weights, band.expected, x, side, config.flank, profile)
            one = _longest(profile, x, side, config)
            if one is not None:
                found.append(one)
    kept: list[WeakStripe] = []
    for one in sorted(found, key=lambda stripe: (not stripe.sure, -stripe.z * stripe.length**0.5)):
        if all(abs(one.bin - other.bin) > config.separation or one.side != other.side for other in kept):
            kept.append(one)
    return kept


def weak_stripes(band: Band, config: WeakStripeConfig) -> Array:
    """Weak stripe labels of a map, as ``BinTruth.stripes``; weight 0 (ignored) where one is not sure."""
    rows = []
    for one in find_stripes(band, config):
        ends = sorted((one.bin + 0.5, one.bin + 0.5 + one.side * one.length))
        rows.append((one.bin - 1, one.bin + 2, *ends, float(one.side > 0), float(one.sure)))
    return np.array(rows, np.float32).reshape(-1, 6)
