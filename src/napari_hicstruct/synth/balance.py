"""Iterative correction (ICE) of one cooler within chromosomes, compiled: cooler's filters, a tenth of its time.

Source: Imakaev et al. 2012, doi:10.1038/nmeth.2148; filters and scaling as ``cooler balance --cis-only``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
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


Chromosome = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]
"""First pixel of each row, columns from the chromosome's first bin, counts."""


def _load(group: Any, low: int, high: int) -> Chromosome:
    """Pixels of bins [low, high).  Maps of this package hold no contacts between chromosomes."""
    first = group["indexes/bin1_offset"][low : high + 1].astype(np.int64)
    start, stop = int(first[0]), int(first[-1])
    bin2 = (group["pixels/bin2_id"][start:stop] - low).astype(np.int32)
    return first - start, bin2, group["pixels/count"][start:stop].astype(np.int32)


def usable(chromosomes: Iterable[Chromosome]) -> NDArray[np.bool_]:
    """Bins of the whole map with enough contacts: cooler's ``min_nnz``, and ``mad_max`` over all chromosomes."""
    enough, marginals = [], []
    for first, bin2, count in chromosomes:
        ones = np.ones(len(first) - 1)
        enough.append(_marginals(first, bin2, count, ones, IGNORE_DIAGS, True) >= MIN_NNZ)
        marg = _marginals(first, bin2, count, ones, IGNORE_DIAGS, False)
        marginals.append(marg / np.median(marg[marg > 0]) if (marg > 0).any() else marg)
    good, marg = np.concatenate(enough), np.concatenate(marginals)
    if (marg > 0).any():
        logs = np.log(marg[marg > 0])
        middle = np.median(logs)
        good &= marg >= np.exp(middle - MAD_MAX * np.median(np.abs(logs - middle)))
    return good


def correct(
    chromosome: Chromosome, good: NDArray[np.bool_], token: CancelToken
) -> tuple[NDArray[np.float64], float, float]:
    """Weights of one chromosome (NaN where the bin is not good), mean marginal before scaling, relative variance."""
    first_pixel, bin2, count = chromosome
    bias = good.astype(np.float64)
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
    offsets = group["indexes/chrom_offset"][:].astype(int).tolist()
    spans = list(itertools.pairwise(offsets))
    good = usable(_load(group, low, high) for low, high in spans)
    weights, scales, variances = np.full(offsets[-1], np.nan), [], []
    for low, high in spans:
        weights[low:high], scale, variance = correct(_load(group, low, high), good[low:high], token)
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
