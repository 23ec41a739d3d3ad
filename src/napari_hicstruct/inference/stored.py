"""A chromosome's maps from where pieces have put them, for the decoders: a predictor that has predicted already."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.band import Band
from napari_hicstruct.inference.maps import Predictor, RowDone, StripFeatures
from napari_hicstruct.inference.tiling import Tiling

_BLOCKS = 3
"""Blocks of rows of one map that are held at a time: decoders go through them in order."""


class StoredCanvas:
    """Rows of a blended map that lies elsewhere, with the face of :class:`~napari_hicstruct.inference.canvas.Canvas`.

    Parameters
    ----------
    array : zarr array, shape (channels, rows, n_diagonals)
    first : int
        Bin of its first row; may be negative.
    damaged : callable
        ``(rows) -> Exception``: raised where a block cannot be read, or one of the rows that are asked for is missing
        (NaN).
    """

    def __init__(self, array: Any, first: int, damaged: Callable[[slice], Exception]) -> None:
        self._array, self._first, self._damaged = array, first, damaged
        self._blocks: OrderedDict[int, NDArray[np.float32]] = OrderedDict()

    def rows(self, start: int, stop: int) -> NDArray[np.float32]:
        """Values of rows ``start … stop`` (bins), shape (channels, stop - start, n_diagonals); 0 where none are."""
        channels, n_rows, n_diagonals = self._array.shape
        out = np.zeros((channels, max(0, stop - start), n_diagonals), np.float32)
        low, high = max(start - self._first, 0), min(stop - self._first, n_rows)
        size = self._array.chunks[1]
        for k in range(low // size, -(-high // size)) if low < high else ():
            a, b = max(low, k * size), min(high, (k + 1) * size)
            begin = a + self._first - start
            out[:, begin : begin + b - a] = part = self._block(k)[:, a - k * size : b - k * size]
            if np.isnan(part).any():
                raise self._damaged(slice(a, b))
        return out

    def _block(self, k: int) -> NDArray[np.float32]:
        if k not in self._blocks:
            size = self._array.chunks[1]
            rows = slice(k * size, (k + 1) * size)
            try:
                self._blocks[k] = self._array[:, rows]
            except (RuntimeError, ValueError, OSError) as error:
                raise self._damaged(rows) from error
            while len(self._blocks) > _BLOCKS:
                self._blocks.popitem(last=False)
        return self._blocks[k]


@dataclass(slots=True)
class StoredMaps(Predictor):
    """Gives what :class:`Predictor` gives, read instead of computed; strips along the diagonal are run here.

    Parameters
    ----------
    canvases : dict of (str, str) to StoredCanvas
        By ``fine`` or ``coarse``, and task.
    features : dict of str to list of (int, float16 array)
        First bin and diagonal features of each window on the diagonal, by task; arrays may be read when asked for.
    """

    canvases: dict[tuple[str, str], StoredCanvas] = field(default_factory=dict)
    features: dict[str, list[tuple[int, NDArray[np.float16]]]] = field(default_factory=dict)

    def prepare_prior(self, band: Band, start: int, stop: int) -> None:
        """The windows have read theirs."""

    def fine(self, band: Band, tiling: Tiling, tasks: list[str]) -> Iterator[RowDone]:
        """Point maps at fine bins."""
        return self._stored("fine", tiling, tasks)

    def coarse(
        self, band: Band, tiling: Tiling, *, points: list[str], masks: list[str], strips: dict[str, StripFeatures]
    ) -> Iterator[RowDone]:
        """Point and mask maps at coarse bins."""
        for name, found in strips.items():
            found.parts.extend(self.features[name])
        return self._stored("coarse", tiling, [*points, *masks])

    def _stored(self, bins: str, tiling: Tiling, tasks: list[str]) -> Iterator[RowDone]:
        for row in tiling.row_tiles():
            self.on_windows(0)  # may raise to cancel
            for name in tasks:
                canvas: Any = self.canvases[bins, name]
                yield RowDone(name, canvas, row + tiling.stride)
