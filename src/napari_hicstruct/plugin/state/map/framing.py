"""Where to look at an object: rows and columns that show it with its surroundings."""

from __future__ import annotations

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.state.labels.geometry import Triangle, box_of, is_flipped


def frame(record: Annotation, triangle: Triangle, *, finest: int, length: int | None) -> tuple[Interval, Interval]:
    """Rows and columns (bp) around an object, on the side of the diagonal where its set is drawn.

    Parameters
    ----------
    record : Annotation
    triangle : Triangle
    finest : int
        Finest bin size of the map, bp.
    length : int, optional
        Of the chromosome, bp; frames are clamped to it.
    """
    if record.kind is Kind.LOOP:
        half = max(25 * max(len(record.anchor1), finest), int(0.1 * record.distance))
        pair = record.anchor1.expand(half, length), record.anchor2.expand(half, length)
        return pair[::-1] if is_flipped(record, triangle) else pair
    if record.kind is Kind.BOUNDARY:
        around = record.span.expand(50 * max(len(record.anchor1), finest), length)
        return around, around
    if record.kind is Kind.TAD:
        around = record.span.expand(max(len(record.span) // 2, 10 * finest), length)
        return around, around
    box = box_of(record, triangle)
    margin = max(250_000, len(record.span) // 4)
    rows = Interval(record.chrom, int(box.top), int(box.bottom))
    cols = Interval(record.chrom, int(box.left), int(box.right))
    half = max(len(rows), len(cols)) // 2 + margin
    return _around(rows, half, length), _around(cols, half, length)


def around_call(record: Annotation) -> tuple[Interval, Interval]:
    """Rows and columns (bp) around a call."""
    pad = max(150_000, len(record.span) // 4)
    return record.anchor1.expand(pad), record.anchor2.expand(pad)


def surround(rows: Interval, cols: Interval) -> tuple[tuple[int, int], tuple[int, int]]:
    """The middle third of a frame: a loop and what it is judged against."""
    inner = [(part.start + len(part) // 3, part.end - len(part) // 3) for part in (rows, cols)]
    return inner[0], inner[1]


def _around(part: Interval, half: int, length: int | None) -> Interval:
    middle = int(part.center)
    grown = Interval(part.chrom, max(0, middle - half), middle + half)
    return grown if length is None else grown.clamp(length)
