"""Rows of a map that stand above the stronger of their two flanks, from the diagonal to where they fade.

An edge of a domain stands above one flank only, so the stronger one counts; a stripe ends where it no longer stands
out, however strong it was before.  Compiled: a chromosome of 25,000 bins takes about a second.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.weak import WeakStripeConfig
from napari_hicstruct.contacts.band import Band

Array = NDArray[np.float32]
Doubles = NDArray[np.float64]

_RISE = 1.2
"""Rows that stand out against rows as their flanks: a stripe ends where it falls to about 1.1 times them, half way."""


class StripeRow(NamedTuple):
    """One row that stands out: its bin, the side (1: contacts with what follows), length in bins, significance.

    ``sure`` is False where it is too faint to be sure of.
    """

    bin: int
    side: int
    length: int
    z: float
    sure: bool


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _profile(  # noqa: PLR0913 - a kernel takes arrays
    counts: Array, weights: Array, expected: Array, x: int, side: int, flank: tuple[int, int], out: Doubles
) -> None:
    """Running sums along the row of bin ``x``: counts and expected of its middle three bins, of either flank.

    ``out``: shape (7, n); entry ``[:, t]`` holds the sums up to ``t`` bins from the diagonal, the last one how many of
    these bins the map knows.
    """
    n_diagonals, n = counts.shape
    out[:, 0] = 0.0
    for t in range(1, out.shape[1]):
        out[:, t] = out[:, t - 1]
        y = x + side * t
        if y < 0 or y >= n or not weights[y] > 0:
            continue
        out[6, t] += 1
        for offset in range(-flank[1], flank[1] + 1):
            r = x + offset
            d = abs(y - r)
            if r < 0 or r >= n or d < 2 or d >= n_diagonals or (y - r) * side < 0:
                continue
            if not (weights[r] > 0 and expected[d] > 0):
                continue
            k = 0 if abs(offset) <= 1 else 2 if offset <= -flank[0] else 4 if offset >= flank[0] else -1
            if k >= 0:
                out[k, t] += counts[d, min(r, y)]
                out[k + 1, t] += expected[d] / (weights[r] * weights[y])


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _gain(profile: Doubles, start: int, stop: int) -> tuple[float, float]:
    """log2 of the row over its stronger flank between two distances (bins), and the same in standard deviations."""
    part = profile[:, stop] - profile[:, start]
    if not (part[1] > 0 and part[3] > 0 and part[5] > 0):
        return 0.0, 0.0
    around = part[1] * max((part[2] + 1) / (part[3] + 1), (part[4] + 1) / (part[5] + 1))
    return np.log2((part[0] + 2) / (around + 2)), (part[0] - around) / np.sqrt(around + 1)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _evidence(profile: Doubles, start: int, stop: int, beyond: int) -> float:
    """Log-likelihood ratio between two distances (bins) of a row that stands out and one that is as its flanks.

    The flanks are read ``beyond`` bins farther both ways: of a few noisy bins the stronger flank is too strong.
    """
    part = profile[:, stop] - profile[:, start]
    wide = profile[:, min(stop + beyond, profile.shape[1] - 1)] - profile[:, max(0, start - beyond)]
    if not (part[1] > 0 and wide[3] > 0 and wide[5] > 0):
        return 0.0
    around = part[1] * max((wide[2] + 1) / (wide[3] + 1), (wide[4] + 1) / (wide[5] + 1))
    return float(part[0] * np.log(_RISE) - (_RISE - 1) * around)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _longest(
    profile: Doubles,
    near: int,
    lengths: tuple[int, int, int],
    end_bins: int,
    rise: tuple[float, float],
    least_z: tuple[float, float, float],
) -> tuple[int, float, bool]:
    """Length, significance and surety of the likeliest stretch whose thirds and end stand out; length 0: none does.

    Thirds and end are of the bins that the map knows: a stripe goes on beyond a gap, or what the assembly has and the
    sample has lost.
    ``lengths``: shortest, longest, step; ``rise`` and ``least_z``: of sure rows, then of others, ``least_z`` with that
    of a sure row's far third at the end.
    """
    best, best_z, best_sure, most = 0, 0.0, False, 0.0
    evidence, before, known = 0.0, near, profile[6]
    for length in range(lengths[0], lengths[1] + 1, lengths[2]):
        evidence += _evidence(profile, before, length, end_bins)
        before, bins, far_z = length, int(known[length] - known[near]), 0.0
        end = max(near, np.searchsorted(known, known[length] - end_bins))
        if 2 * bins < lengths[0] - near or _gain(profile, end, length)[0] < rise[1]:
            continue
        sure_least, stop = 1e9, near
        for k in range(3):
            start, stop = stop, np.searchsorted(known, known[near] + bins * (k + 1) // 3)
            gain, far_z = _gain(profile, start, stop)
            sure_least = min(sure_least, gain)
        z = _gain(profile, near, length)[1]
        if sure_least < rise[1] or z < least_z[1] or far_z < 1:
            continue
        sure = sure_least >= rise[0] and z >= least_z[0] and far_z >= least_z[2]
        if (sure and not best_sure) or (sure == best_sure and (best == 0 or evidence > most)):
            best, best_z, best_sure, most = length, z, sure, evidence
    return best, best_z, best_sure


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _all_rows(  # noqa: PLR0913 - a kernel takes arrays
    counts: Array,
    weights: Array,
    expected: Array,
    flank: tuple[int, int],
    near: int,
    lengths: tuple[int, int, int],
    end_bins: int,
    rise: tuple[float, float],
    least_z: tuple[float, float, float],
    stretch: tuple[int, int],
    out: Doubles,
) -> None:
    """``out``: shape (2, n_bins, 3): length, significance, 1 if sure; of rows down, then up, of bins ``stretch``."""
    profile = np.zeros((7, lengths[1] + 1))
    for x in range(stretch[0], stretch[1]):
        if not weights[x] > 0:
            continue
        for way in range(2):
            _profile(counts, weights, expected, x, 1 - 2 * way, flank, profile)
            length, z, sure = _longest(profile, near, lengths, end_bins, rise, least_z)
            out[way, x, 0], out[way, x, 1], out[way, x, 2] = length, z, 1.0 if sure else 0.0


def stripe_rows(band: Band, config: WeakStripeConfig, stretch: range | None = None) -> list[StripeRow]:
    """Rows that stand out over their flanks, of neighbouring ones the most significant for its length; surest first.

    ``stretch`` of bins, or all.
    """
    c, reach = config, min(band.n_diagonals, band.n_bins) - 1
    if reach < c.min_bins:
        return []
    found = np.zeros((2, band.n_bins, 3))
    weights, lengths = np.nan_to_num(band.weights), (c.min_bins, reach, c.step_bins)
    rise, least_z = (c.sure_rise, c.unsure_rise), (c.sure_z, c.unsure_z, c.far_z)
    ends = (0, band.n_bins) if stretch is None else (max(0, stretch.start), min(band.n_bins, stretch.stop))
    _all_rows(
        band.counts, weights, band.expected, c.flank, c.nearest_bins, lengths, c.end_bins, rise, least_z, ends, found
    )
    rows = [
        StripeRow(int(x), 1 - 2 * int(way), int(length), float(z), bool(sure))
        for way, x in zip(*np.nonzero(found[..., 0]), strict=True)
        for length, z, sure in [found[way, x]]
    ]
    kept: list[StripeRow] = []
    taken = np.zeros((2, band.n_bins), bool)
    for row in sorted(rows, key=lambda one: (not one.sure, -one.z * one.length**0.5)):
        way = (1 - row.side) // 2
        if not taken[way, max(0, row.bin - c.separation) : row.bin + c.separation + 1].any():
            taken[way, row.bin] = True
            kept.append(row)
    return kept
