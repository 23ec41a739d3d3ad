"""Iterative correction (ICE) of one cooler within chromosomes, compiled: cooler's filters, a tenth of its time.

Source: Imakaev et al. 2012, doi:10.1038/nmeth.2148; filters and scaling as ``cooler balance --cis-only``.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.jobs import CancelToken
from napari_hicstruct.synth.jit import jit

IGNORE_DIAGS, MIN_NNZ, MAD_MAX = 2, 10, 5
TOLERANCE, MAX_ITERATIONS = 1e-8, 200
"""Relative variance of the marginals at which to stop (0.01 % spread); cooler's own limit is absolute."""


@jit
def _marginals(
    first_pixel: NDArray[np.int64],
    bin2: NDArray[np.int32],
    count: NDArray[np.int32],
    bias: NDArray[np.float64],
    ignore: int,
    binary: bool,
) -> NDArray[np.float64]:
    """Weighted row sums of the symmetric matrix; a chromosome's own bins, numbered from 0."""
    n = len(first_pixel) - 1
    out = np.zeros(n)
    for i in range(n):
        total = 0.0
        for p in range(first_pixel[i], first_pixel[i + 1]):
            j = bin2[p]
            if j - i < ignore:
                continue
            value = bias[i] * bias[j] * (1.0 if binary else count[p])
            total += value
            if j != i:
                out[j] += value
        out[i] += total
    return out


def _filtered(first_pixel: NDArray[np.int64], bin2: NDArray[np.int32], count: NDArray[np.int32]) -> NDArray[np.float64]:
    """1 for usable bins, 0 for those with too few contacts (cooler's min_nnz and mad_max)."""
    ones = np.ones(len(first_pixel) - 1)
    bias = np.where(_marginals(first_pixel, bin2, count, ones, IGNORE_DIAGS, True) < MIN_NNZ, 0.0, 1.0)
    marg = _marginals(first_pixel, bin2, count, ones, IGNORE_DIAGS, False)
    if (marg > 0).any():
        marg /= np.median(marg[marg > 0])
        logs = np.log(marg[marg > 0])
        middle = np.median(logs)
        bias[marg < np.exp(middle - MAD_MAX * np.median(np.abs(logs - middle)))] = 0
    return bias


def correct(
    first_pixel: NDArray[np.int64], bin2: NDArray[np.int32], count: NDArray[np.int32], token: CancelToken
) -> tuple[NDArray[np.float64], float, float]:
    """Weights of one chromosome (NaN where the bin is bad), mean marginal before scaling, its relative variance.

    Parameters
    ----------
    first_pixel : int64, shape (n + 1,)
        Index of each row's first pixel.
    bin2 : int32
        Column of each pixel, from the chromosome's first bin.
    count : int32
    token : CancelToken
    """
    bias = _filtered(first_pixel, bin2, count)
    mean, variance = np.nan, 0.0
    for _ in range(MAX_ITERATIONS):
        token.check()
        marg = _marginals(first_pixel, bin2, count, bias, IGNORE_DIAGS, False)
        used = marg[marg != 0]
        if not len(used):
            return np.full(len(bias), np.nan), np.nan, 0.0
        mean = float(used.mean())
        variance = float(used.var()) / mean**2
        if variance < TOLERANCE:
            break
        marg[marg == 0] = mean
        bias /= marg / mean
    bias[bias == 0] = np.nan
    return bias / np.sqrt(mean), mean, variance


def balance(group: Any, token: CancelToken) -> bool:
    """Balance one resolution in place.

    Parameters
    ----------
    group : h5py.Group
        A cooler opened for writing; gets ``bins/weight`` unless no bin can be balanced.
    token : CancelToken

    Returns
    -------
    bool
        Whether weights were written.
    """
    offsets, first = group["indexes/chrom_offset"][:], group["indexes/bin1_offset"][:]
    weights, scales, variances = np.full(int(offsets[-1]), np.nan), [], []
    for low, high in itertools.pairwise(offsets):
        start, stop = int(first[low]), int(first[high])
        bin2 = (group["pixels/bin2_id"][start:stop] - low).astype(np.int32)
        # Maps of this package hold no contacts between chromosomes; others would have to be skipped here.
        count = group["pixels/count"][start:stop].astype(np.int32)
        weights[low:high], scale, variance = correct(first[low : high + 1] - start, bin2, count, token)
        scales.append(scale)
        variances.append(variance)
    if not np.isfinite(weights).any():
        return False
    dataset = group["bins"].create_dataset("weight", data=weights, compression="gzip", compression_opts=6)
    dataset.attrs.update(
        {
            "ignore_diags": IGNORE_DIAGS,
            "min_nnz": MIN_NNZ,
            "min_count": 0,
            "mad_max": MAD_MAX,
            "cis_only": True,
            "tol": TOLERANCE,
            "scale": scales,
            "var": variances,
            "converged": [v < TOLERANCE for v in variances],
            "divisive_weights": False,
        }
    )
    return True
