"""A chromosome's contacts near the diagonal in memory: thousands of small windows are read at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.genome import n_bins
from napari_hicstruct.jobs import CancelToken


class NearContacts:
    """Balanced contacts of one chromosome up to some distance; a function of bins, as a pile-up takes it.

    Parameters
    ----------
    source : ContactSource
    chrom : str
    resolution : int
        bp.
    norm : str
    max_distance : int
        bp; what lies further is read as 0.
    token : CancelToken
    """

    def __init__(
        self, source: ContactSource, chrom: str, *, resolution: int, norm: str, max_distance: int, token: CancelToken
    ) -> None:
        from scipy.sparse import csr_matrix

        self.n = n_bins(source.chromsizes[chrom], resolution)
        self.weights = source.weights(chrom, resolution=resolution, norm=norm)
        rows, cols, counts = [], [], []
        for part in source.pixels(chrom, resolution=resolution, max_distance=max_distance):
            token.check()
            rows.append(part.bin1.astype(np.int32))
            cols.append(part.bin2.astype(np.int32))
            counts.append(part.count)
        shape = (self.n, self.n)
        if rows:
            pairs = (np.concatenate(rows), np.concatenate(cols))
            self._upper: Any = csr_matrix((np.concatenate(counts), pairs), shape=shape)
        else:
            self._upper = csr_matrix(shape, dtype=np.float64)

    def __call__(self, row0: int, row1: int, col0: int, col1: int) -> NDArray[np.floating]:
        """A block of bins, either triangle; NaN in bad bins."""
        crosses = col0 < row1 - 1
        block = self._both(row0, row1, col0, col1) if crosses else self._upper[row0:row1, col0:col1].toarray()
        return np.asarray(block * self.weights[row0:row1, None] * self.weights[None, col0:col1])

    def _both(self, row0: int, row1: int, col0: int, col1: int) -> NDArray[np.float64]:
        """A block that crosses the diagonal, or lies below it."""
        upper = self._upper[row0:row1, col0:col1].toarray()
        lower = self._upper[col0:col1, row0:row1].toarray().T
        on_it = np.arange(row0, row1)[:, None] == np.arange(col0, col1)[None]
        return np.asarray(np.where(on_it, upper, upper + lower))
