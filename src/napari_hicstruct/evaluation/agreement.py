"""Agreement of the tasks with each other, and of the two bin sizes.  Shares with a shifted control, positions in bp."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_hicstruct.annotations.loci import UNMATCHED, match_ranked, near_any
from napari_hicstruct.evaluation.loops import rank
from napari_hicstruct.evaluation.matching import Score, as_points, score_counts

CONTROL_SHIFT = 500_000


class Share(NamedTuple):
    """A share, and what it is when the same objects are shifted along the diagonal; 0 for empty lists."""

    value: float
    control: float


def _share(points: NDArray[np.float64], others: NDArray[np.float64], tol_bp: float, shift: float) -> Share:
    if not len(points):
        return Share(0.0, 0.0)
    return Share(float(near_any(points, others, tol_bp).mean()), float(near_any(points + shift, others, tol_bp).mean()))


def corners_with_loop(domains: ArrayLike, loops: ArrayLike, tol_bp: float, *, shift: float = CONTROL_SHIFT) -> Share:
    """Share of domains (starts, ends) whose corner has a loop (anchor centres) within ``tol_bp``."""
    return _share(as_points(domains, 2), rank(loops), tol_bp, shift)


def loops_at_corner(loops: ArrayLike, domains: ArrayLike, tol_bp: float, *, shift: float = CONTROL_SHIFT) -> Share:
    """Share of loops that sit on a domain's corner within ``tol_bp``."""
    return _share(rank(loops), as_points(domains, 2), tol_bp, shift)


def stripes_on_boundary(
    stripes: ArrayLike, boundaries: ArrayLike, tol_bp: float, *, shift: float = CONTROL_SHIFT
) -> Share:
    """Share of stripes (shape ``(n, 6)``) whose anchor's centre is within ``tol_bp`` of a boundary (shape ``(m,)``)."""
    table = as_points(stripes, 6)
    return _share(table[:, :2].mean(axis=1)[:, None], as_points(boundaries, 1), tol_bp, shift)


def loop_agreement(fine: ArrayLike, coarse: ArrayLike, tol_bp: float) -> Score:
    """Loops called at two bin sizes, matched one-to-one: precision = share of fine ones found at coarse bins."""
    a, b = rank(fine), rank(coarse)
    return score_counts(int((match_ranked(a, b, tol_bp) != UNMATCHED).sum()), len(a), len(b))
