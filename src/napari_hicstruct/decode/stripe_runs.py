"""Stripe mask → each anchor's best run from the diagonal, thinned across anchors; all in bins."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.decode.stripe_settings import StripeSettings

Array = NDArray[np.float32]


class StripeRun(NamedTuple):
    """A stripe in bins: rows [low, high) about the peak, ``length`` from the diagonal on ``side`` (1 down, -1 up)."""

    weight: float
    peak: int
    low: int
    high: int
    side: int
    length: int
    score: float


def shear(p: Array) -> Array:
    """``[i, d]`` about bins (i, i + d) → ``[j, d]`` about bins (j - d, j): rows become columns of the map."""
    n, n_diagonals = p.shape
    out = np.zeros_like(p)
    for d in range(min(n, n_diagonals)):
        out[d:, d] = p[: n - d, d]
    return out


def best_runs(p: Array, near: int, level: float) -> tuple[NDArray[np.int64], Array]:
    """Where each row's run from the diagonal ends: the length with the largest sum of ``p − level``.

    A gap inside a long stripe costs what it is worth and no more; a run needs no threshold to be cut at.

    Parameters
    ----------
    p : float32, shape (rows, n_diagonals)
    near : int
        bins; distances below it do not count.
    level : float

    Returns
    -------
    length : int64, shape (rows,)
        bins, ``near`` or more; ``near`` where nothing begins.
    weight : float32, shape (rows,)
        The sum, 0 or more.
    """
    gain = np.cumsum(p[:, near:] - np.float32(level), axis=1)
    best = gain.argmax(axis=1)
    weight = np.maximum(gain[np.arange(len(p)), best], 0).astype(np.float32)
    return np.where(weight > 0, near + best + 1, near), weight


def stripe_runs(own: Array, side: int, resolution: int, s: StripeSettings) -> list[StripeRun]:
    """Stripes in one orientation; ``own`` is how likely each pixel belongs to one."""
    near = min(max(1, s.near_bp // resolution), own.shape[1] - 1)
    length, weight = best_runs(own, near, s.level)
    counted = np.arange(own.shape[1])[None, :] < length[:, None]
    counted[:, :near] = False
    mean = (own * counted).sum(axis=1) / np.maximum(length - near, 1)
    weight = np.where(length * resolution >= s.min_length_bp, weight, 0)
    half = max(1, s.max_width_bp // resolution // 2)
    return [
        StripeRun(float(weight[i]), i, low, high, side, int(length[i]), float(mean[i]))
        for i, low, high in _thinned(weight, half)
    ]


def _thinned(weight: Array, half: int) -> list[tuple[int, int, int]]:
    """``(peak, low, high)`` of the heaviest rows, one per group of neighbours, with the rows half as heavy or more."""
    taken = np.zeros(len(weight), bool)
    out = []
    for i in np.argsort(-weight, kind="stable"):
        if weight[i] <= 0:
            break
        if taken[max(0, i - half) : i + half + 1].any():
            continue
        low, high = int(i), int(i) + 1
        while low > max(0, i - half) and weight[low - 1] >= 0.5 * weight[i] and not taken[low - 1]:
            low -= 1
        while high < min(len(weight), i + half + 1) and weight[high] >= 0.5 * weight[i] and not taken[high]:
            high += 1
        taken[low:high] = True
        out.append((int(i), low, high))
    return out


def without_weak_opposites(runs: list[StripeRun], near: int, share: float) -> list[StripeRun]:
    """Runs, heaviest first, but those that a heavier one leaving the same anchor the other way outweighs."""
    kept: list[StripeRun] = []
    for run in sorted(runs, reverse=True):
        rivals = (k for k in kept if k.side != run.side and abs(k.peak - run.peak) <= near)
        if all(run.weight >= share * k.weight for k in rivals):
            kept.append(run)
    return kept
