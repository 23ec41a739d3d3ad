"""Stripe mask → stripes: runs along one anchor, thinned across anchors, merged to rectangles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.genome import Interval

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeSettings:
    """Thresholds of stripe decoding."""

    threshold: float = 0.4
    min_length_bp: int = 150_000
    max_start_bp: int = 100_000
    """A stripe begins at the diagonal: its run may leave out no more than this."""
    gap_bp: int = 40_000
    max_width_bp: int = 60_000


def shear(p: Array) -> Array:
    """``[i, d]`` about bins (i, i + d) → ``[j, d]`` about bins (j - d, j): rows become columns of the map."""
    n, n_diagonals = p.shape
    out = np.zeros_like(p)
    for d in range(min(n, n_diagonals)):
        out[d:, d] = p[: n - d, d]
    return out


def decode_stripes(
    p: Array,
    down: Array,
    *,
    chrom: str,
    resolution: int,
    length: int,
    first: int = 0,
    settings: StripeSettings | None = None,
    model: str = "",
) -> list[Annotation]:
    """Stripes of a stretch of a chromosome.

    Parameters
    ----------
    p, down : float32, shape (rows, n_diagonals)
        Probability of the mask, and of the direction down, of bins (i, i + d).
    chrom : str
    resolution : int
        bp.
    length : int
        Chromosome length, bp.
    first : int
        Bin of row 0.
    settings : StripeSettings, optional
    model : str
        Name for the records.
    """
    s = settings or StripeSettings()
    found: list[Annotation] = []
    for direction, rows in ((Direction.DOWN, p * (down >= 0.5)), (Direction.UP, shear(p * (down < 0.5)))):
        for x0, x1, far, score in _runs(rows, resolution, s, 1 if direction is Direction.DOWN else -1):
            a, b = (x0 + first) * resolution, min((x1 + first) * resolution, length)
            if direction is Direction.DOWN:
                extent = Interval(chrom, a, min((far + 1 + first) * resolution, length))
            else:
                extent = Interval(chrom, max((far + first) * resolution, 0), b)
            found.append(
                Annotation(
                    kind=Kind.STRIPE,
                    anchor1=Interval(chrom, a, b),
                    anchor2=extent,
                    direction=direction,
                    score=round(score, 6),
                    probability=round(score, 6),
                    resolution=resolution,
                    source=model or "model",
                    model=model,
                )
            )
    return sorted(found, key=lambda stripe: (stripe.anchor1.start, stripe.anchor2.start))


def _runs(rows: Array, resolution: int, s: StripeSettings, side: int) -> list[tuple[int, int, int, float]]:
    """``(first anchor bin, end, farthest bin on ``side``, mean probability)`` of the stripes in one orientation."""
    gap = max(1, s.gap_bp // resolution)
    mask = rows >= s.threshold
    closed = ndimage.binary_closing(np.pad(mask, ((0, 0), (gap, gap))), np.ones((1, gap + 1), bool))[:, gap:-gap] | mask
    begin, end = _longest_run(closed, s.max_start_bp // resolution)
    lengths = np.where((end - begin) * resolution >= s.min_length_bp, end - begin, 0)
    strength = np.array(
        [rows[i, b:e].mean() if n else 0 for i, (b, e, n) in enumerate(zip(begin, end, lengths, strict=True))]
    )
    weight = lengths * strength
    out = []
    taken = np.zeros(len(rows), bool)
    half = max(1, s.max_width_bp // resolution // 2)
    for i in np.argsort(-weight, kind="stable"):
        if weight[i] <= 0:
            break
        if taken[max(0, i - half) : i + half + 1].any():  # thinned: one stripe per group of neighbouring anchors
            continue
        low, high = i, i + 1
        while low > max(0, i - half) and weight[low - 1] >= 0.5 * weight[i] and not taken[low - 1]:
            low -= 1
        while high < min(len(rows), i + half + 1) and weight[high] >= 0.5 * weight[i] and not taken[high]:
            high += 1
        taken[low:high] = True
        out.append((int(low), int(high), int(i + side * (end[i] - 1)), float(strength[i])))
    return out


def _longest_run(mask: NDArray[np.bool_], latest: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Begin and end of the longest run of True in each row that starts at column ``latest`` or before."""
    edges = np.diff(np.pad(mask.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    row, begin = np.nonzero(edges == 1)
    _, end = np.nonzero(edges == -1)
    early = begin <= latest
    best_begin, best_end = np.zeros(len(mask), np.int64), np.zeros(len(mask), np.int64)
    for r, b, e in zip(row[early], begin[early], end[early], strict=True):
        if e - b > best_end[r] - best_begin[r]:
            best_begin[r], best_end[r] = b, e
    return best_begin, best_end
