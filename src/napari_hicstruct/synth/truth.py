"""The truth of a simulated map, read off its noise-free balanced band: loops, stripes, boundaries, domains.

Balanced, as people and callers get it: balancing makes the row of a strong stripe fainter and a bin with few contacts
brighter, and what it takes away is not there to be found.  Extrusion gives the candidates only: a convergent pair of
barriers that raises no dot is no loop, and a dot that other factors in the way have raised is one; a barrier whose
stripe does not stand above both sides is no stripe; a site that insulates nothing is no boundary.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.balance import CisPixels, ice_weights, mean_one
from napari_hicstruct.contacts.band import make_band
from napari_hicstruct.contacts.expected import band_expected
from napari_hicstruct.synth.layout import Barriers
from napari_hicstruct.synth.truth_domains import find_boundaries, find_domains
from napari_hicstruct.synth.types import LOOP_DTYPE, STRIPE_DTYPE, Truth

Band = NDArray[np.float32]

_LOOP_MIN, _LOOP_MAX = 6, 3_000_000  # bins; bp
_LOOP_RISE = 1.12  # 3×3 mean over its ring
_LEGS = 0.01  # share of a pixel's contacts that are of two legs, the least that is measured
_STRIPE_RISE, _STRIPE_MIN, _STRIPE_LATEST = 1.10, 150_000, 100_000  # over both sides; bp

VERSION = 5
"""Of these rules: the version goes with truth that is kept on disk."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidates, in bins: pairs that may be loops (n, 2); anchors that may raise stripes to either side."""

    pairs: NDArray[np.int64]
    anchors: NDArray[np.int64]


def extrusion_candidates(legs: Band, contacts: Band, barriers: Barriers, resolution: int) -> Candidates:
    """Every pixel where the two legs of factors meet most, if that is a share of its contacts; every barrier.

    Not convergent barriers alone: a leg also waits behind another factor that is held, and what that raises in the
    map is a dot like any other.

    Parameters
    ----------
    legs, contacts : float32, shape (n_diagonals, n_bins)
        Contacts of the two legs of one factor; all contacts.
    barriers : Barriers
    resolution : int
        bp.
    """
    from scipy.ndimage import maximum_filter

    n_diagonals, n = legs.shape
    reach = min(_LOOP_MAX // resolution, n_diagonals - 8)
    d, i = np.nonzero((legs == maximum_filter(legs, 5)) & (legs >= _LEGS * contacts))
    inside = (d >= _LOOP_MIN) & (d < reach) & (i + d < n)
    return Candidates(np.stack([i, i + d], axis=1)[inside].astype(np.int64), barriers.position)


def read_truth(
    band: Band, bias: NDArray[np.float32], masked: NDArray[np.bool_], resolution: int, candidates: Candidates
) -> Truth:
    """All structures of the balanced expected map that lie on mappable bins.

    Thresholds are generous: strengths travel with the truth, and who uses it decides what is visible.
    """
    weights = balancing_weights(band, masked)
    decay = band_expected(band, np.ones_like(weights))
    oe = make_band("", resolution, band, weights=weights).observed_over_expected()
    # expected counts of a pixel, in units of what balancing gives: its bins' coverage over their weights
    bias = bias / weights
    boundaries = find_boundaries(oe, masked, resolution)
    return Truth(
        loops=find_loops(oe, decay, bias, masked, resolution, candidates),
        stripes=find_stripes(oe, decay, bias, masked, resolution, candidates),
        boundaries=boundaries,
        domains=find_domains(oe, boundaries, resolution),
    )


def balancing_weights(band: Band, masked: NDArray[np.bool_]) -> NDArray[np.float32]:
    """What balancing a map without noise multiplies each bin by (mean 1), unmappable bins as their neighbours."""
    mapped = (~masked).astype(np.float32)
    mappable = band * mapped
    for d in range(len(band)):
        mappable[d, : len(mapped) - d] *= mapped[d:]
    weights = mean_one(ice_weights(CisPixels.of_band(mappable), mad_max=0, min_nnz=1))  # no noise that needs filters
    known, bins = np.isfinite(weights), np.arange(len(weights))
    return np.interp(bins, bins[known], weights[known]).astype(np.float32) if known.any() else np.ones_like(weights)


def pixels(oe: Band, i: NDArray[np.int64], j: NDArray[np.int64]) -> Band:
    """O/E of pixels (i, j) from either triangle; NaN outside the band."""
    low, d = np.minimum(i, j), np.abs(j - i)
    inside = (low >= 0) & (low + d < oe.shape[1]) & (d < oe.shape[0])
    return np.where(inside, oe[np.where(inside, d, 0), np.where(inside, low, 0)], np.float32(np.nan))


_REACH_BINS = 11  # bins around a candidate: climbing 2, ring 7, and one for the 3×3 mean
_OFFSET = np.arange(-_REACH_BINS, _REACH_BINS + 1)


def _box(patch: Band) -> Band:
    """3×3 mean of each patch, NaN where one of the nine is; the rim is lost."""
    n = patch.shape[1] - 2
    return np.asarray(sum(patch[:, a : a + n, b : b + n] for a in range(3) for b in range(3)) / np.float32(9))


def _measure_loops(oe: Band, pairs: NDArray[np.int64]) -> tuple[NDArray[np.int64], Band, Band, Band]:
    """Climb from each pair to the peak of the 3×3 mean within two bins.

    Returns
    -------
    peaks : int64, shape (n, 2)
    height : float32, shape (n,)
        3×3 mean of O/E at the peak; NaN where it is no peak, but the flank of something else.
    ring, side : float32, shape (n,)
        Mean of the ring 4–7 bins away; the largest of ring, inner corner and the two arms towards the diagonal.
    """
    i, j = pairs[:, 0, None, None], pairs[:, 1, None, None]
    patch = pixels(oe, i + _OFFSET[:, None], j + _OFFSET[None, :])
    box = _box(patch)  # (n, 21, 21), centre at _REACH_BINS − 1
    middle = _REACH_BINS - 1
    window = np.nan_to_num(box[:, middle - 2 : middle + 3, middle - 2 : middle + 3], nan=-1.0)
    best = window.reshape(len(pairs), -1).argmax(axis=1)
    shift = np.stack([best // 5 - 2, best % 5 - 2], axis=1)
    peaks = pairs + shift
    # The same arrays again, now centred on the peak: 17 × 17.
    rows = np.arange(len(pairs))[:, None, None]
    near = np.arange(-8, 9)
    at = (
        rows,
        _REACH_BINS + shift[:, 0, None, None] + near[:, None],
        _REACH_BINS + shift[:, 1, None, None] + near[None, :],
    )
    centred = patch[at]
    height = box[rows[:, 0, 0], middle + shift[:, 0], middle + shift[:, 1]]
    around = box[
        rows, middle + shift[:, 0, None, None] + near[6:11, None], middle + shift[:, 1, None, None] + near[6:11]
    ]
    height = np.where(np.nan_to_num(around, nan=-1.0).max(axis=(1, 2)) > height * 1.0001, np.nan, height)
    far = np.maximum(np.abs(near[:, None]), np.abs(near[None, :]))
    distance = (peaks[:, 1] - peaks[:, 0])[:, None, None] + near[None, None, :] - near[None, :, None]
    ring = _mean_where(centred, ((far >= 4) & (far <= 7))[None] & (distance > 1))
    corner = _mean_where(centred, ((near[:, None] >= 4) & (near[None, :] <= -4) & (far <= 7))[None])
    row_arm = _mean_where(centred, ((np.abs(near[:, None]) <= 1) & (near[None, :] <= -4) & (far <= 7))[None])
    column_arm = _mean_where(centred, ((near[:, None] >= 4) & (np.abs(near[None, :]) <= 1) & (far <= 7))[None])
    return peaks, height, ring, np.fmax(np.fmax(ring, corner), np.fmax(row_arm, column_arm))


def _mean_where(patch: Band, where: NDArray[np.bool_]) -> Band:
    """Mean over the chosen pixels of each patch that are in the band; NaN if none is."""
    chosen = where & np.isfinite(patch)
    count = chosen.sum(axis=(1, 2))
    total = np.where(chosen, patch, np.float32(0)).sum(axis=(1, 2))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)


def find_loops(
    oe: Band,
    decay: Band,
    bias: NDArray[np.float32],
    masked: NDArray[np.bool_],
    resolution: int,
    candidates: Candidates,
) -> NDArray[np.void]:
    """Candidate pairs whose 3×3 mean is a local peak above its ring, its inner corner and its stripes.

    Enrichment is over the ring; z is over the strictest of ring, inner corner and stripes.
    """
    found: dict[tuple[int, int], tuple[float, float]] = {}
    local = np.convolve(bias, np.ones(3) / 3, mode="same")
    for start in range(0, len(candidates.pairs), 2_000):
        peaks, height, ring, side = _measure_loops(oe, candidates.pairs[start : start + 2_000])
        with np.errstate(invalid="ignore", divide="ignore"):
            rise, strict = height / ring, height / side
            good = (rise >= _LOOP_RISE) & (strict >= 1.03) & (peaks[:, 1] - peaks[:, 0] >= _LOOP_MIN)
        for k in np.flatnonzero(good):
            a, b = (int(v) for v in peaks[k])
            if not (masked[a] or masked[b]):
                expected = 9 * float(decay[b - a] * local[a] * local[b] * side[k])
                found[(a, b)] = (float(rise[k]), (float(strict[k]) - 1) * float(np.sqrt(expected)))
    kept = _apart(found, 3)
    out = np.zeros(len(kept), LOOP_DTYPE)
    for row, (a, b) in zip(out, kept, strict=True):
        row["start1"], row["start2"] = a * resolution, b * resolution
        row["enrichment"], row["z"] = found[(a, b)]
    return out


def _apart(found: dict[tuple[int, int], tuple[float, float]], bins: int) -> list[tuple[int, int]]:
    """Of loops within ``bins`` of each other keep the strongest; in order of position."""
    kept: dict[tuple[int, int], bool] = {}
    for a, b in sorted(found, key=lambda p: -found[p][1]):
        near = ((a + x, b + y) for x in range(-bins, bins + 1) for y in range(-bins, bins + 1))
        if not any(p in kept for p in near):
            kept[(a, b)] = True
    return sorted(kept)


def _stripe_profile(oe: Band, x: int, way: int, reach: int) -> tuple[Band, Band]:
    """Mean O/E over the stripe's three rows, and over the stronger of its two sides, by distance from ``x``."""
    y = x + way * np.arange(reach)
    across = pixels(oe, x + np.arange(-6, 7)[:, None], y[None, :])
    on = across[5:8].mean(axis=0)
    return on, np.maximum(across[0:3].mean(axis=0), across[10:13].mean(axis=0))


def _stripe_extent(on: Band, off: Band, smooth: int, latest: int) -> tuple[int, int]:
    """Where, in bins from the anchor, the smoothed stripe stands above both sides; (0, 0) if nowhere.

    It may begin up to ``latest`` bins from the diagonal (the inside of a domain is brightest there), and ends where the
    sum of log (rise / least rise) is largest: a short gap does not end it.
    """
    ok = np.isfinite(on) & np.isfinite(off)
    stop = int(np.argmin(ok)) if not ok.all() else len(ok)
    near = 6
    if stop <= near + smooth:
        return 0, 0
    kernel = np.ones(smooth) / smooth
    rise = np.convolve(on[near:stop], kernel, "valid") / np.convolve(off[near:stop], kernel, "valid")
    above = np.flatnonzero(rise[: latest + 1] >= _STRIPE_RISE)
    if not len(above):
        return 0, 0
    first = int(above[0])
    steps = int(np.cumsum(np.log(rise[first:] / _STRIPE_RISE)).argmax()) + 1
    return near + first, near + first + steps + smooth // 2


def find_stripes(
    oe: Band,
    decay: Band,
    bias: NDArray[np.float32],
    masked: NDArray[np.bool_],
    resolution: int,
    candidates: Candidates,
) -> NDArray[np.void]:
    """Barriers whose row, right (down) or left of the diagonal, stands above both its sides over at least 150 kb.

    Both sides are tested: a barrier's orientation gives the side of its stripe in the model, not in the map.
    """
    rows = []
    reach, n, smooth = oe.shape[0] - 10, oe.shape[1], max(8, 60_000 // resolution)
    for x, down in itertools.product(map(int, candidates.anchors), (True, False)):
        if masked[max(0, x - 1) : x + 2].any():
            continue
        on, off = _stripe_profile(oe, x, 1 if down else -1, reach)
        first, length = _stripe_extent(on, off, smooth, _STRIPE_LATEST // resolution)
        if (length - first) * resolution < _STRIPE_MIN:
            continue
        part = slice(first, length)
        rise = float(on[part].mean() / off[part].mean())
        expected = 3 * decay[part] * off[part] * float(bias[x])
        z = float((3 * decay[part] * (on[part] - off[part]) * bias[x]).sum() / np.sqrt(expected.sum()))
        y0, y1 = (x - 1, x + length) if down else (x - length + 1, x + 2)
        rows.append((x - 1, x + 2, max(0, y0), min(n, y1), down, rise, z))
    kept: list[tuple[int, int, int, int, bool, float, float]] = []
    for row in sorted(rows, key=lambda r: -r[-1]):
        if not any(abs(row[0] - other[0]) <= 4 and row[4] == other[4] for other in kept):
            kept.append(row)
    out = np.array(sorted(kept), STRIPE_DTYPE)
    for name in ("x0", "x1", "y0", "y1"):
        out[name] *= resolution
    return out
