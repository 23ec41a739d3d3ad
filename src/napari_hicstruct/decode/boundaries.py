"""Boundary probability per bin → boundaries: local maxima of a matched filter above a threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.genome import Interval

Array = NDArray[np.float32]

THRESHOLD = 0.05
"""Least strength of a listed boundary."""

BUMP = 1.0
"""Width in bins (σ) of the bump that training puts on a boundary (``labels.targets.boundary_target``)."""


def boundary_strength(p: Array) -> Array:
    """Matched filter: how much of a whole bump lies around each bin, in [0, 1], shape (n_bins,); NaN stays NaN.

    The network often predicts a boundary with high probability but not its very bin, and spreads it over neighbours;
    single bins would rank such a boundary below a sharp faint one.  A perfect bump of height h gives h.
    """
    known = np.isfinite(p)
    spread = ndimage.gaussian_filter1d(np.where(known, p, 0), BUMP, mode="constant")
    return np.where(known, np.minimum(spread * np.sqrt(2), 1), np.nan).astype(np.float32)


def boundary_peaks(p: Array, *, threshold: float = THRESHOLD, suppress: int = 2) -> NDArray[np.int64]:
    """Bins whose probability is at least ``threshold`` and not beaten within ``suppress`` bins; NaN never is one."""
    filled = np.nan_to_num(p, nan=-1.0)
    padded = np.pad(filled, suppress, constant_values=-1.0)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * suppress + 1)
    before = windows[:, :suppress].max(axis=1) if suppress else np.full(len(p), -1.0)
    after = windows[:, suppress + 1 :].max(axis=1) if suppress else np.full(len(p), -1.0)
    # of equal neighbours the first wins
    return np.nonzero((filled >= threshold) & (filled > before) & (filled >= after))[0]


def decode_boundaries(
    p: Array, *, chrom: str, resolution: int, length: int, threshold: float = THRESHOLD, model: str = ""
) -> list[Annotation]:
    """Boundaries of a chromosome.

    Parameters
    ----------
    p : float32, shape (n_bins,)
        Evidence of a boundary (:func:`~napari_hicstruct.decode.insulation.boundary_evidence`); NaN where nothing is
        known.
    chrom : str
    resolution : int
        bp.
    length : int
        Chromosome length, bp.
    threshold : float
    model : str
        Name for the records.
    """
    found = []
    for k in boundary_peaks(p, threshold=threshold):
        place = Interval(chrom, int(k) * resolution, min((int(k) + 1) * resolution, length))
        score = round(float(p[k]), 6)
        found.append(
            Annotation(
                kind=Kind.BOUNDARY,
                anchor1=place,
                anchor2=place,
                score=score,
                probability=score,
                resolution=resolution,
                source=model or "model",
                model=model,
            )
        )
    return found
