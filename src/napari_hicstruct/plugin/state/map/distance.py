"""What the distance tool measures between two places of the map."""

from __future__ import annotations

from dataclasses import dataclass

from napari_hicstruct.genome import format_bp
from napari_hicstruct.wording import how_many


@dataclass(frozen=True, slots=True)
class Span:
    """From one place to another.

    Attributes
    ----------
    chrom : str
    begun, ended : (float, float)
        Row and column, bp.
    resolution : int
        Bins that are drawn, bp.
    """

    chrom: str
    begun: tuple[float, float]
    ended: tuple[float, float]
    resolution: int

    @property
    def rows(self) -> float:
        """How far it goes along the rows, bp."""
        return abs(self.ended[0] - self.begun[0])

    @property
    def columns(self) -> float:
        """How far it goes along the columns, bp."""
        return abs(self.ended[1] - self.begun[1])

    @property
    def along(self) -> float:
        """How far the middle between both anchors goes along the genome, bp."""
        return abs(sum(self.ended) - sum(self.begun)) / 2

    @property
    def distances(self) -> tuple[float, float]:
        """Between the two anchors at its beginning and at its end, bp."""
        return abs(self.begun[1] - self.begun[0]), abs(self.ended[1] - self.ended[0])

    def in_words(self, *, tilted: bool = False) -> str:
        """Lengths along the axes that are seen, and how far apart the anchors are at both ends."""
        first, last = self.distances
        apart = f"anchors {format_bp(first)} → {format_bp(last)} apart"
        if tilted:
            return f"along the genome {self._length(self.along)} · {apart}"
        return f"rows {self._length(self.rows)} · columns {self._length(self.columns)} · {apart}"

    def _length(self, bp: float) -> str:
        return f"{format_bp(bp)} ({how_many(round(bp / self.resolution), 'bin')})"
