"""A chromosome's rows of tiles in pieces that can be run anywhere, and give what they give in one go.

A piece is some neighbouring rows of tiles.  It reads the bins of its own windows only, and gives the rows of the
blended maps to which no other piece adds anything: where windows overlap, rows of tiles before it are run along and
left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.band import Band
from napari_hicstruct.inference.boundary_prior import BoundaryPriorTrack
from napari_hicstruct.inference.maps import Corner, Predictor, RowDone, StripFeatures
from napari_hicstruct.inference.tiling import Tiling

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Piece(Tiling):
    """Rows of tiles ``first_row … last_row`` (numbers of rows, not bins) of a tiling whose bins begin at ``origin``.

    Attributes
    ----------
    first_row, last_row : int
        Half-open, among :meth:`Tiling.row_tiles` of the whole.
    origin : int
        Bin of the whole at which the bins that it reads begin; even, so that fine and coarse bins begin together.
    """

    first_row: int = 0
    last_row: int = 0
    origin: int = 0

    @classmethod
    def of(cls, whole: Tiling, first_row: int, last_row: int) -> Piece:
        """Rows of tiles ``first_row … last_row`` of ``whole``."""
        begin = whole.row_tiles()[max(0, first_row - whole.overlap + 1)] - whole.margin
        return cls(
            whole.n_bins, whole.n_diagonals, whole.size, whole.margin, whole.overlap, whole.start, whole.stop,
            first_row, last_row, max(0, begin) // 2 * 2,
        )  # fmt: skip

    def row_tiles(self) -> list[int]:
        """First bins of its rows of tiles, and of those before them that add to its maps."""
        rows = Tiling.row_tiles(self)[max(0, self.first_row - self.overlap + 1) : self.last_row]
        return [row - self.origin for row in rows]

    def corners(self, row: int) -> Iterator[Corner]:
        """Corners of the windows of one of them."""
        for top, left in Tiling.corners(self, row + self.origin):
            yield top - self.origin, left - self.origin

    @property
    def bins(self) -> tuple[int, int]:
        """Bins of the whole that its windows read, half-open."""
        farthest = max((left + self.size for row in self.row_tiles() for _, left in self.corners(row)), default=0)
        return self.origin, min(self.n_bins, self.origin + farthest)

    @property
    def final(self) -> tuple[int, int]:
        """Rows of the blended maps (bins of the whole) that are its own, half-open."""
        every = Tiling.row_tiles(self)
        last = every[-1] + self.overlap * self.stride if self.last_row == len(every) else every[self.last_row]
        return max(0, every[self.first_row]), min(self.n_bins, last)


def cut_band(band: Band, start: int, stop: int) -> Band:
    """Bins ``start … stop`` of a band, compared with what is expected on the whole."""
    part = slice(start, stop)
    counts, weights = np.ascontiguousarray(band.counts[:, part]), band.weights[part]
    first = band.first_bin + start
    return Band(band.chrom, band.resolution, first, counts, weights, band.expected, scale=band.scale)


def cut_tracks(tracks: Mapping[int, Array], resolution: int, start: int, stop: int) -> dict[int, Array]:
    """1-D tracks of bins ``start … stop``, for windows that are numbered from there."""
    found = tracks.get(resolution)
    return {} if found is None else {resolution: np.ascontiguousarray(found[:, start:stop])}


def cut_prior(prior: BoundaryPriorTrack | None, start: int, factor: int) -> BoundaryPriorTrack | None:
    """A boundary prior from bin ``start`` on, ``factor`` bins of which make one of the prior's."""
    return None if prior is None else BoundaryPriorTrack(prior.p[start // factor :])


def run_piece(
    predictor: Predictor,
    band: Band,
    piece: Piece,
    tasks: tuple[list[str], list[str], list[str]],
    *,
    fine: bool,
) -> tuple[dict[str, Array], dict[str, list[tuple[int, NDArray[np.float16]]]]]:
    """Blended maps of a piece's own rows, and its diagonal features.

    Parameters
    ----------
    predictor : Predictor
        With the prior and the tracks of the piece's bins.
    band : Band
        The piece's bins.
    tasks : lists of str
        Point, mask and boundary tasks; at fine bins there are only point tasks.
    fine : bool
        Whether ``band`` holds fine bins.

    Returns
    -------
    maps : dict of str to float32, shape (channels, rows, n_diagonals)
    features : dict of str to list of (int, float16 array)
        First bin (of the whole) and features of each window on the diagonal.
    """
    points, masks, strips = tasks
    gathered = {name: StripFeatures(0, 0) for name in strips}
    if fine:
        rows = predictor.fine(band, piece, points)
    else:
        rows = predictor.coarse(band, piece, points=points, masks=masks, strips=gathered)
    last: dict[str, RowDone] = {}
    for row in rows:
        last[row.name] = row
    start, stop = (edge - piece.origin for edge in piece.final)
    own = set(piece.row_tiles()[-(piece.last_row - piece.first_row) :])
    features = {
        name: [(first + piece.origin, part) for first, part in found.parts if first in own]
        for name, found in gathered.items()
    }
    return {name: row.canvas.rows(start, stop) for name, row in last.items()}, features
