"""Boundaries and domains that a simulated map's noise-free O/E shows, wherever barriers were placed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.contrast import border_contrast, find_valleys
from napari_hicstruct.synth.types import BOUNDARY_DTYPE, DOMAIN_DTYPE

Band = NDArray[np.float32]

_WIDTHS = (10, 20)  # bins
_PROMINENCE = 0.12  # log2
_CONTRAST = 1.10


def find_boundaries(oe: Band, masked: NDArray[np.bool_], resolution: int) -> NDArray[np.void]:
    """Prominent minima of the border contrast; strength is the depth of the valley in log2 units."""
    score = np.mean([border_contrast(oe, width) for width in _WIDTHS], axis=0)
    score = np.where(np.isfinite(score), score, np.nanmax(score))
    peaks, depth = find_valleys(score, window=max(41, int(2_000_000 // resolution) | 1), distance=5)
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


def _contrast(oe: Band, start: int, end: int) -> float:
    """Mean O/E inside a domain over the mean across its two borders, at the same distances."""
    size, n = end - start, oe.shape[1]
    inside, across = np.zeros(2), np.zeros(2)
    for d in range(2, size, max(1, size // 60)):
        before, after = oe[d, max(0, start - d + 1) : start], oe[d, end - d : min(end, n - d)]
        inside += oe[d, start : end - d].sum(), size - d
        across += before.sum() + after.sum(), len(before) + len(after)
    if inside[1] == 0 or across[1] == 0 or across[0] <= 0:
        return 0.0
    return float((inside[0] / inside[1]) / (across[0] / across[1]))
