"""Where windows lie: rows of tiles along the diagonal, out to the largest distance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tiling:
    """Tiles of ``stride`` bins; the window of tile (r, c) starts ``margin`` bins before it.

    Attributes
    ----------
    n_bins, n_diagonals : int
        Bins of the chromosome and distances wanted.
    size, margin : int
        Window and margin, bins.
    overlap : int
        1: centres touch (fast); 2: every place lies in two centres per axis (accurate).
    start, stop : int
        Bins whose structures are wanted.
    """

    n_bins: int
    n_diagonals: int
    size: int
    margin: int
    overlap: int = 1
    start: int = 0
    stop: int = 1 << 60

    @property
    def stride(self) -> int:
        """Bins from one tile to the next."""
        return (self.size - 2 * self.margin) // self.overlap

    def row_tiles(self) -> list[int]:
        """First bins of the rows of tiles that touch [start, stop)."""
        begin = self.start // self.stride - (self.overlap - 1)
        end = -(-min(self.stop, self.n_bins) // self.stride)
        return [k * self.stride for k in range(begin, max(end, begin + 1))]

    def corners(self, row: int) -> Iterator[tuple[int, int]]:
        """Corners (bins) of the windows of one row of tiles, from the diagonal outwards."""
        centre = self.size - 2 * self.margin
        limit = min(self.n_bins, self.stop)
        col = row
        while col < limit and col - (row + centre - 1) < self.n_diagonals:
            yield row - self.margin, col - self.margin
            col += self.stride

    def count(self) -> int:
        """Number of windows in all."""
        return sum(1 for row in self.row_tiles() for _ in self.corners(row))
