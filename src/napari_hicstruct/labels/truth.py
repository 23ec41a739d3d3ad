"""Which of a simulated map's structures can be seen at a given depth, in bins of a given size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.synth.records import VISIBLE_ENRICHMENT, VISIBLE_Z
from napari_hicstruct.synth.types import Truth

FAINT_Z, FAINT_ENRICHMENT = 2.0, 1.12
"""Below either, a structure must not be called; between these and the simulator's own limits of what is visible,
nobody is wrong.  Both count: a deep map makes the faintest ripple significant, people still would not mark it."""

MIN_DISTANCE_BINS = 4
"""Loops closer than this are ignored: nobody can tell them from the diagonal."""


@dataclass(frozen=True, slots=True)
class BinTruth:
    """Truth in bins.  ``weight`` 1: must be found; 0: ignored in loss and scoring (visible to some, not to others);
    between: a label that counts less than a person's.

    Attributes
    ----------
    loops : float32, shape (n, 3) or (n, 4)
        Row and column position in bins (a bin's centre is ``index + 0.5``), weight, and the Gaussian's width (bins).
    stripes : float32, shape (n, 6)
        x0, x1, y0, y1 in bins (half-open), 1 if down, weight.
    boundaries : float32, shape (n, 2)
        Position in bins (a bin's start is its index), soft label in (0, 1].
    """

    loops: NDArray[np.float32]
    stripes: NDArray[np.float32]
    boundaries: NDArray[np.float32]


def _weights(records: NDArray[np.void], gain: float) -> NDArray[np.float32]:
    z, enrichment = records["z"] * gain, records["enrichment"]
    seen = (z >= VISIBLE_Z) & (enrichment >= VISIBLE_ENRICHMENT)
    faint = (z < FAINT_Z) | (enrichment < FAINT_ENRICHMENT)
    return np.where(seen, 1.0, np.where(faint, np.nan, 0.0)).astype(np.float32)


def truth_in_bins(truth: Truth, resolution: int, *, base: int, depth: float) -> BinTruth:
    """Truth at ``resolution`` for a map of ``depth``.

    Parameters
    ----------
    truth : Truth
    resolution : int
        Bin size wanted, bp.
    base : int
        Bin size the truth was read at, bp (positions are starts of its bins).
    depth : float
        Mean count at a distance of one bin of ``base``.
    """
    # Summing f × f bins raises the counts behind one pixel, so the same loop is more significant in larger bins;
    # its enrichment is diluted at the same time: √f is what both leave on simulated maps.
    gain = float(np.sqrt(depth * resolution / base))
    w = _weights(truth.loops, gain)
    near = truth.loops["start2"] - truth.loops["start1"] < MIN_DISTANCE_BINS * resolution
    w[near & (w == 1)] = 0
    keep = ~np.isnan(w)
    middle = base / 2
    loops = np.stack(
        [(truth.loops["start1"] + middle) / resolution, (truth.loops["start2"] + middle) / resolution, w], 1
    )[keep]
    ws = _weights(truth.stripes, gain)
    fields = [truth.stripes[name] / resolution for name in ("x0", "x1", "y0", "y1")]
    stripes = np.stack([*fields, truth.stripes["down"].astype(np.float32), ws], 1)[~np.isnan(ws)]
    soft = np.clip(truth.boundaries["strength"], 0, 1)
    boundaries = np.stack([truth.boundaries["position"] / resolution, soft], 1)
    return BinTruth(loops.astype(np.float32), stripes.astype(np.float32), boundaries.astype(np.float32))
