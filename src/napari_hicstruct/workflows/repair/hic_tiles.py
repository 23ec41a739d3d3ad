"""Votes of a region ↔ small binary masks: what a repair is given, and how what it gives is put together again.

A pixel that three of four callers have is in the masks of one, of two and of three callers or more: these level sets
are repaired one by one, and their mean is the repaired share of the callers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.labels.votes import MaskKind, VoteMap

TILE_BINS, LOOP_TILE_BINS = 64, 32
"""Side of a tile.  A latent vector has to say all that a tile holds: of many small blobs, few at a time."""

OVERLAP_BINS = 12
"""What neighbouring tiles share: objects at an edge are repaired with what lies beyond it."""

MAX_LEVELS = 4
"""Level sets of one kind; of more callers they are spread evenly."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Piece:
    """One tile of one level set.

    Attributes
    ----------
    kind : MaskKind
    min_callers : int
        Its pixels have so many callers or more.
    row, col : int
        Its first bins, counted from the region's start.
    mask : bool, a square of :func:`tile_bins`
        False beyond the region.
    """

    kind: MaskKind
    min_callers: int
    row: int
    col: int
    mask: NDArray[np.bool_]

    @property
    def name(self) -> str:
        """What the sample is called in logs."""
        return f"{self.kind.value}, {self.min_callers}+ callers, bins {self.row}, {self.col}"


def tile_bins(kind: MaskKind) -> int:
    """Side of a kind's tiles."""
    return LOOP_TILE_BINS if kind is MaskKind.LOOP else TILE_BINS


def levels_of(n_callers: int) -> list[int]:
    """Numbers of callers of the level sets, each once, the least first."""
    wanted = np.linspace(1, n_callers, min(n_callers, MAX_LEVELS))
    return sorted({round(float(one)) for one in wanted})


def pieces_of(votes: VoteMap) -> Iterator[Piece]:
    """All tiles of all level sets that hold any pixel, on and above the diagonal."""
    for n_callers in levels_of(len(votes.callers)):
        mask = votes.level(n_callers)
        if votes.kind is MaskKind.DOMAIN:
            mask = mask | mask.T  # whole squares: the diagonal is no edge of a domain
        size = tile_bins(votes.kind)
        for row, col in _corners(len(mask), size):
            tile = _cut(mask, row, col, size)
            if tile.any():
                yield Piece(votes.kind, n_callers, row, col, tile)


def starts_of(n_bins: int, size: int) -> list[int]:
    """First bins of the tiles of one size along one side."""
    step = size - OVERLAP_BINS
    return list(range(0, max(n_bins - OVERLAP_BINS, 1), step))


def _corners(n_bins: int, size: int) -> Iterator[tuple[int, int]]:
    starts = starts_of(n_bins, size)
    yield from ((row, col) for row in starts for col in starts if col >= row)


def _cut(mask: NDArray[np.bool_], row: int, col: int, size: int) -> NDArray[np.bool_]:
    tile = np.zeros((size, size), bool)
    part = mask[row : row + size, col : col + size]
    tile[: part.shape[0], : part.shape[1]] = part
    return tile


def put_together(votes: VoteMap, repaired: Sequence[tuple[Piece, Floats]]) -> Floats:
    """Repaired share of the callers at each pixel of the region, float32 in [0, 1]; 0 below the diagonal.

    Parameters
    ----------
    votes : VoteMap
    repaired : sequence of (Piece, float32 array of its mask's shape)
        Occupancies of the pieces of these votes; a tile that had no pixel stays empty.
    """
    levels = levels_of(len(votes.callers))
    share = np.zeros(votes.share.shape, np.float32)
    for piece, occupancy in repaired:
        size = len(piece.mask)
        rows, cols = (_own(start, len(share), size) for start in (piece.row, piece.col))
        inner = occupancy[
            rows.start - piece.row : rows.stop - piece.row, cols.start - piece.col : cols.stop - piece.col
        ]
        share[rows, cols] += np.clip(np.nan_to_num(inner), 0, 1) / len(levels)
    return np.asarray(np.triu(share), np.float32)


def _own(start: int, n_bins: int, size: int) -> slice:
    """The bins for which the tile that begins at ``start`` counts: of what two share each has the nearer half."""
    half, last = OVERLAP_BINS // 2, start == starts_of(n_bins, size)[-1]
    return slice(start + half if start else 0, n_bins if last else min(start + size - half, n_bins))
