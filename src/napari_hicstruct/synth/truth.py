"""The truth of a simulated map, read off its noise-free expected band: loops, stripes, boundaries, domains.

Placement only says where to look.  A convergent pair of barriers that raises no dot is no loop; a barrier whose stripe
does not stand above both sides is no stripe; a site that insulates nothing is no boundary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.synth.jit import jit
from napari_hicstruct.synth.layout import Barriers
from napari_hicstruct.synth.types import BOUNDARY_DTYPE, DOMAIN_DTYPE, LOOP_DTYPE, STRIPE_DTYPE, Truth

Band = NDArray[np.float32]

_LOOP_MIN, _LOOP_MAX = 6, 3_000_000  # bins; bp
_LOOP_RISE = 1.12  # 3×3 mean over its ring
_STRIPE_RISE, _STRIPE_MIN = 1.10, 150_000  # over both sides; bp
_DIAMOND = (10, 20)  # bins
_PROMINENCE = 0.12  # log2
_CONTRAST = 1.10


@dataclass(frozen=True, slots=True)
class Candidates:
    """Where to look, in bins: pairs that may be loops (n, 2); anchors that may raise stripes and to which side."""

    pairs: NDArray[np.int64]
    anchors: NDArray[np.int64]
    down: NDArray[np.bool_]


def barrier_candidates(barriers: Barriers, resolution: int, n_diagonals: int) -> Candidates:
    """Convergent pairs within reach; every barrier, with its stripe on the side that its orientation faces."""
    starts = np.sort(barriers.position[barriers.forward])
    ends = np.sort(barriers.position[~barriers.forward])
    reach = min(_LOOP_MAX // resolution, n_diagonals - 8)
    low, high = np.searchsorted(ends, starts + _LOOP_MIN), np.searchsorted(ends, starts + reach)
    pairs = [(i, j) for i, a, b in zip(starts, low, high, strict=True) for j in ends[a:b]]
    return Candidates(np.array(pairs, np.int64).reshape(-1, 2), barriers.position, barriers.forward)


def read_truth(
    band: Band, bias: NDArray[np.float32], masked: NDArray[np.bool_], resolution: int, candidates: Candidates
) -> Truth:
    """All structures of the expected map that lie on mappable bins.

    Thresholds are generous: strengths travel with the truth, and who uses it decides what is visible.
    """
    decay = _mean_per_diagonal(band)
    oe = np.divide(band, decay[:, None], dtype=np.float32)
    boundaries = find_boundaries(oe, masked, resolution)
    return Truth(
        loops=find_loops(oe, decay, bias, masked, resolution, candidates),
        stripes=find_stripes(oe, decay, bias, masked, resolution, candidates),
        boundaries=boundaries,
        domains=find_domains(oe, boundaries, resolution),
    )


def _mean_per_diagonal(band: Band) -> Band:
    n_diagonals, n = band.shape
    total = band.sum(axis=1, dtype=np.float64)
    return np.asarray(np.maximum(total / (n - np.arange(n_diagonals)), 1e-12), np.float32)


@jit
def _at(oe: Band, i: int, j: int) -> float:
    """O/E of pixel (i, j) from either triangle; NaN outside the band."""
    if j < i:
        i, j = j, i
    if i < 0 or j >= oe.shape[1] or j - i >= oe.shape[0]:
        return np.nan
    return float(oe[j - i, i])


@jit
def _block(oe: Band, i0: int, i1: int, j0: int, j1: int) -> float:
    """Mean O/E over rows [i0, i1) and columns [j0, j1) inside the band."""
    total, count = 0.0, 0
    for i in range(i0, i1):
        for j in range(j0, j1):
            v = _at(oe, i, j)
            if v == v:
                total += v
                count += 1
    return total / count if count else np.nan


@jit
def _measure_loop(oe: Band, i: int, j: int) -> tuple[int, int, float, float]:
    """Climb to the local peak of the 3×3 mean within two bins; enrichment over ring and over the strictest side."""
    best, bi, bj = -1.0, i, j
    for a in range(i - 2, i + 3):
        for b in range(j - 2, j + 3):
            v = _block(oe, a - 1, a + 2, b - 1, b + 2)
            if v > best:
                best, bi, bj = v, a, b
    # a peak on the rim of the search window is the flank of something else
    for a in range(bi - 2, bi + 3):
        for b in range(bj - 2, bj + 3):
            if _block(oe, a - 1, a + 2, b - 1, b + 2) > best * 1.0001:
                return bi, bj, 0.0, 0.0
    inner, outer = 4, 7
    ring, count = 0.0, 0
    for a in range(bi - outer, bi + outer + 1):
        for b in range(bj - outer, bj + outer + 1):
            if max(abs(a - bi), abs(b - bj)) >= inner:
                v = _at(oe, a, b)
                if v == v and b - a > 1:
                    ring += v
                    count += 1
    ring = ring / max(count, 1)
    side = max(
        ring,
        _block(oe, bi + inner, bi + outer + 1, bj - outer, bj - inner + 1),
        max(
            _block(oe, bi - 1, bi + 2, bj - outer, bj - inner + 1),
            _block(oe, bi + inner, bi + outer + 1, bj - 1, bj + 2),
        ),
    )
    return bi, bj, best / max(ring, 1e-9), best / max(side, 1e-9)


def find_loops(
    oe: Band,
    decay: Band,
    bias: NDArray[np.float32],
    masked: NDArray[np.bool_],
    resolution: int,
    candidates: Candidates,
) -> NDArray[np.void]:
    """Candidate pairs whose 3×3 mean is a local peak above its ring, its inner corner and its stripes.

    Enrichment is over the ring (4–7 bins away); z is over the strictest of ring, inner corner and stripes.
    """
    found: dict[tuple[int, int], tuple[float, float]] = {}
    for i, j in candidates.pairs:
        a, b, rise, strict = _measure_loop(oe, int(i), int(j))
        if rise < _LOOP_RISE or strict < 1.03 or b - a < _LOOP_MIN or masked[a] or masked[b]:
            continue
        expected = 9 * float(decay[b - a]) * float(bias[a - 1 : a + 2].mean() * bias[b - 1 : b + 2].mean())
        height = _block(oe, a - 1, a + 2, b - 1, b + 2)
        ground = height / strict
        found[(a, b)] = (rise, (height - ground) * np.sqrt(expected / ground))
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


@jit
def _stripe_profile(oe: Band, x: int, way: int, reach: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean O/E over the stripe's three rows, and over the stronger of its two sides, by distance from ``x``."""
    on, off = np.full(reach, np.nan), np.full(reach, np.nan)
    for t in range(reach):
        y = x + way * t
        if y < 0 or y >= oe.shape[1]:
            break
        on[t] = _block(oe, x - 1, x + 2, y, y + 1)
        off[t] = max(_block(oe, x - 6, x - 3, y, y + 1), _block(oe, x + 4, x + 7, y, y + 1))
    return on, off


def _stripe_length(on: NDArray[np.float64], off: NDArray[np.float64], smooth: int) -> int:
    """Bins until the smoothed stripe no longer stands above both sides."""
    ok = np.isfinite(on) & np.isfinite(off)
    stop = int(np.argmin(ok)) if not ok.all() else len(ok)
    first = 6
    if stop <= first + smooth:
        return 0
    kernel = np.ones(smooth) / smooth
    rise = np.convolve(on[first:stop], kernel, "valid") / np.convolve(off[first:stop], kernel, "valid")
    below = np.flatnonzero(rise < _STRIPE_RISE)
    steps = int(below[0]) if len(below) else len(rise)
    return 0 if steps == 0 else first + steps + smooth // 2


def find_stripes(
    oe: Band,
    decay: Band,
    bias: NDArray[np.float32],
    masked: NDArray[np.bool_],
    resolution: int,
    candidates: Candidates,
) -> NDArray[np.void]:
    """Barriers whose row stands above both its sides over at least 150 kb; a forward one reaches right (down)."""
    rows = []
    reach, n = oe.shape[0] - 10, oe.shape[1]
    for x, forward in zip(candidates.anchors, candidates.down, strict=True):
        x = int(x)
        if masked[max(0, x - 1) : x + 2].any():
            continue
        on, off = _stripe_profile(oe, x, 1 if forward else -1, reach)
        length = _stripe_length(on, off, max(8, 60_000 // resolution))
        if length * resolution < _STRIPE_MIN:
            continue
        part = slice(6, length)
        rise = float(on[part].mean() / off[part].mean())
        expected = 3 * decay[part] * off[part] * float(bias[x])
        z = float((3 * decay[part] * (on[part] - off[part]) * bias[x]).sum() / np.sqrt(expected.sum()))
        y0, y1 = (x - 1, x + length) if forward else (x - length + 1, x + 2)
        rows.append((x - 1, x + 2, max(0, y0), min(n, y1), bool(forward), rise, z))
    kept: list[tuple[int, int, int, int, bool, float, float]] = []
    for row in sorted(rows, key=lambda r: -r[-1]):
        if not any(abs(row[0] - other[0]) <= 4 and row[4] == other[4] for other in kept):
            kept.append(row)
    out = np.array(sorted(kept), STRIPE_DTYPE)
    for name in ("x0", "x1", "y0", "y1"):
        out[name] *= resolution
    return out


@jit
def diamond(oe: Band, width: int) -> NDArray[np.float64]:
    """Mean O/E of the ``width``² contacts across the border between bins ``i − 1`` and ``i``; NaN at the ends."""
    n = oe.shape[1]
    out = np.full(n, np.nan)
    for i in range(width, n - width + 1):
        total = 0.0
        for a in range(1, width + 1):
            for b in range(width):
                total += oe[a + b, i - a]
        if i < n:
            out[i] = total / width**2
    return out


def find_boundaries(oe: Band, masked: NDArray[np.bool_], resolution: int) -> NDArray[np.void]:
    """Prominent minima of the diamond insulation; strength is the depth of the valley in log2 units."""
    from scipy.signal import find_peaks, peak_prominences

    score = np.zeros(oe.shape[1])
    for width in _DIAMOND:
        score += np.log2(np.maximum(diamond(oe, width), 1e-6)) / len(_DIAMOND)
    score = np.where(np.isfinite(score), score, np.nanmax(score))
    peaks, _ = find_peaks(-score, distance=5)
    wlen = max(41, int(2_000_000 // resolution) | 1)
    depth = peak_prominences(-score, peaks, wlen=wlen)[0]
    clear = [not masked[max(0, p - 2) : p + 2].all() for p in peaks]
    keep = (depth >= _PROMINENCE) & np.array(clear, bool)
    out = np.zeros(int(keep.sum()), BOUNDARY_DTYPE)
    out["position"], out["strength"] = peaks[keep] * resolution, depth[keep]
    return out


def find_domains(oe: Band, boundaries: NDArray[np.void], resolution: int) -> NDArray[np.void]:
    """Nested intervals between boundaries, both stronger than every boundary inside, denser inside than across.

    Two such intervals cannot cross: each would hold one end of the other, weaker than both its own.
    """
    position, strength = boundaries["position"] // resolution, boundaries["strength"]
    rows = []
    for a in range(len(position)):
        inside = -np.inf
        for b in range(a + 1, len(position)):
            size = int(position[b] - position[a])
            if size >= oe.shape[0]:
                break
            if min(strength[a], strength[b]) > inside and size * resolution >= 60_000:
                contrast = _contrast(oe, int(position[a]), int(position[b]))
                if contrast >= _CONTRAST:
                    rows.append((int(position[a]), int(position[b]), 0, contrast))
            inside = max(inside, float(strength[b]))
            if inside >= strength[a]:
                break
    out = np.array(rows, DOMAIN_DTYPE)
    for row in out:
        row["level"] = int(((out["start"] <= row["start"]) & (out["end"] >= row["end"])).sum()) - 1
    out["start"] *= resolution
    out["end"] *= resolution
    return out


@jit
def _contrast(oe: Band, start: int, end: int) -> float:
    """Mean O/E inside a domain over the mean across its two borders, at the same distances."""
    size = end - start
    n = oe.shape[1]
    step = max(1, size // 60)
    inside, across, count, beyond = 0.0, 0.0, 0, 0
    for i in range(start, end, step):
        for j in range(i + 2, end, step):
            inside += oe[j - i, i]
            count += 1
    for d in range(2, size, step):
        for i in range(max(0, start - d + 1), start, step):
            if i + d < n:
                across += oe[d, i]
                beyond += 1
        for i in range(max(0, end - d), end, step):
            if i + d < n and i + d >= end:
                across += oe[d, i]
                beyond += 1
    if count == 0 or beyond == 0 or across <= 0:
        return 0.0
    return (inside / count) / (across / beyond)
