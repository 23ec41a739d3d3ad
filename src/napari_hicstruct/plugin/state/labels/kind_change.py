"""The same place as another kind of structure."""

from __future__ import annotations

from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.genome import Interval

_NO_SCORES: dict[str, object] = {"score": float("nan"), "probability": float("nan"), "soft_score": float("nan")}


def as_kind(record: Annotation, kind: Kind, resolution: int) -> Annotation | None:
    """A record as another kind; None where that has no place for it.

    A loop, a stripe and a TAD span the same stretch: the loop joins its ends, the stripe begins at its start, the TAD
    is the stretch.  A stripe is a boundary at its anchor.  Scores belong to the former kind and are dropped.

    Parameters
    ----------
    record : Annotation
    kind : Kind
    resolution : int
        Bin size (bp) of new anchors, where the record names none.
    """
    if kind is record.kind:
        return record
    size, span = record.resolution or resolution, record.span
    first, last = Interval(span.chrom, span.start, span.start + size), Interval(span.chrom, span.end - size, span.end)
    anchors: tuple[Interval, Interval] | None = None
    direction = Direction.NONE
    if kind is Kind.BOUNDARY:
        anchors = (record.anchor1, record.anchor1) if record.kind is Kind.STRIPE else None
    elif len(span) < 2 * size:
        anchors = None
    elif kind is Kind.TAD:
        anchors = span, span
    elif kind is Kind.LOOP:
        anchors = first, last
    else:
        anchors = (record.anchor1 if record.kind is Kind.LOOP else first), span
        direction = Direction.DOWN
    if anchors is None:
        return None
    fields = {"direction": direction, "level": 0, "parent": "", "resolution": size, **_NO_SCORES}
    return record.with_(kind=kind, anchor1=anchors[0], anchor2=anchors[1], **fields)
