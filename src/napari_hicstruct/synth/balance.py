"""Balance a cooler within chromosomes and write the weights into it, as ``cooler balance --cis-only`` does."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from napari_hicstruct.contacts.balance import (
    IGNORE_DIAGS,
    MAD_MAX,
    MIN_NNZ,
    TOLERANCE,
    CisPixels,
    correct,
    good_bins,
)
from napari_hicstruct.contacts.protocol import Pixels
from napari_hicstruct.jobs import CancelToken

_CHUNK = 2_000_000  # pixels


def _pixels(group: Any, low: int, high: int) -> Iterator[Pixels]:
    """Pixels of bins [low, high).  Maps of this package hold no contacts between chromosomes."""
    start, stop = (int(group["indexes/bin1_offset"][row]) for row in (low, high))
    for first in range(start, stop, _CHUNK):
        part = slice(first, min(stop, first + _CHUNK))
        bin1, bin2, count = (group[f"pixels/{name}"][part] for name in ("bin1_id", "bin2_id", "count"))
        yield Pixels(bin1 - low, bin2 - low, count)


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
    contacts = (CisPixels.read(_pixels(group, low, high), high - low) for low, high in spans + spans)  # one at a time
    good = good_bins(itertools.islice(contacts, len(spans)))
    weights, scales, variances = np.full(offsets[-1], np.nan), [], []
    for (low, high), pixels in zip(spans, contacts, strict=True):
        found = correct(pixels, good[low:high], token)
        weights[low:high] = found.weights
        scales.append(found.scale)
        variances.append(found.variance)
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
