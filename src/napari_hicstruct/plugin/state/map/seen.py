"""What is seen along each axis of the canvas: which base pairs, and at which pixels they lie.

Rulers, tracks and figures follow this one object; who moves the camera need not know of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from psygnal import Signal


class AxisKind(StrEnum):
    """What numbers along an axis are."""

    POSITION = "position"
    DISTANCE = "distance"


@dataclass(frozen=True, slots=True)
class AxisSpan:
    """One axis of the canvas, from its first pixel (left or top) to its last.

    Attributes
    ----------
    chrom : str
        As the map spells it.
    length : int
        Of the chromosome, bp.
    start, end : float
        Base pairs at the two edges of the canvas.  They may lie beyond the chromosome; on an axis of distances
        ``start`` is the larger one, for distance runs upward.
    first_px : float
        Where the canvas begins on the screen (Qt's global coordinate), so that a widget anywhere in the window can lie
        in line with it: ``span.first_px - widget.mapToGlobal(QPoint(0, 0)).x()``.
    pixels : float
        Of the canvas along this axis.
    kind : AxisKind
        Positions, or (up, in the tilted view) distances.
    """

    chrom: str
    length: int
    start: float
    end: float
    first_px: float
    pixels: float
    kind: AxisKind = AxisKind.POSITION

    @property
    def bp_per_px(self) -> float:
        """Base pairs per pixel; negative where numbers fall."""
        return (self.end - self.start) / max(self.pixels, 1e-9)

    def pixel(self, bp: float) -> float:
        """Where a position lies, pixels from the canvas's first one."""
        return (bp - self.start) / self.bp_per_px

    def position(self, pixel: float) -> float:
        """The position (bp) at a pixel of the canvas, counted from its first one."""
        return self.start + pixel * self.bp_per_px


class Seen:
    """What the canvas of a window shows now.

    Attributes
    ----------
    changed : Signal
        The camera moved, the canvas was resized or moved, or another map or chromosome is shown: with each frame.
    columns, rows : AxisSpan or None
        Along the canvas from left to right, and from top to bottom; None where no chromosome is shown alone.
    """

    changed = Signal()

    def __init__(self) -> None:
        self.columns: AxisSpan | None = None
        self.rows: AxisSpan | None = None

    def update(self, rows: AxisSpan | None, columns: AxisSpan | None) -> None:
        """Say what is seen; nothing is emitted where it is the same as before."""
        if (rows, columns) != (self.rows, self.columns):
            self.rows, self.columns = rows, columns
            self.changed.emit()
