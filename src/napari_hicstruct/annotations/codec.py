"""Annotation ↔ row of the project file ↔ JSON of the journal.

NaN is NULL (or absent) outside, and comes back as the record's own default object: two records that are equal
field by field then compare equal, although ``nan != nan``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Any

from napari_hicstruct.annotations.records import Annotation, Direction, Kind, Status, new_record
from napari_hicstruct.genome import Interval

_BARE = new_record(kind=Kind.TAD, anchor1=Interval("", 0, 0), anchor2=Interval("", 0, 0))
NO_SCORE = _BARE.score
NO_PROBABILITY = _BARE.probability
NO_SOFT_SCORE = _BARE.soft_score
NO_EXTRA = _BARE.extra
# Dictionaries look up several times faster than the enumerations' own constructors.
_KINDS = {kind.value: kind for kind in Kind}
_STATUSES = {status.value: status for status in Status}
_DIRECTIONS = {direction.value: direction for direction in Direction}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _text(value: tuple[str, ...] | Mapping[str, str]) -> str:
    """Several values in one column; empty where there is none."""
    value = dict(value) if isinstance(value, Mapping) else value
    return json.dumps(value, ensure_ascii=False) if value else ""


def to_row(record: Annotation) -> dict[str, Any]:
    """Columns of the ``annotation`` table, without ``set_id``."""
    span = record.span
    return {
        "uid": record.uid,
        "kind": record.kind.value,
        "chrom": record.chrom,
        "start": span.start,
        "end": span.end,
        "start1": record.anchor1.start,
        "end1": record.anchor1.end,
        "start2": record.anchor2.start,
        "end2": record.anchor2.end,
        "status": record.status.value,
        "score": _number(record.score),
        "probability": _number(record.probability),
        "resolution": record.resolution,
        "source": record.source,
        "model": record.model,
        "soft_score": _number(record.soft_score),
        "n_calls": record.n_calls,
        "n_tools": record.n_tools,
        "supporters": _text(record.supporters),
        "direction": record.direction.value,
        "level": record.level,
        "parent": record.parent,
        "name": record.name,
        "extra": _text(record.extra),
    }


COLUMNS = tuple(to_row(_BARE))
"""Names of the stored columns, in order."""
_in_order = itemgetter(*COLUMNS)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
COLUMN_TYPES = {name: float if value is None else type(value) for name, value in to_row(_BARE).items()}
"""Type of each column; floats may be NULL."""


_ATTRIBUTES = {
    "chrom": "anchor1.chrom",
    "start1": "anchor1.start",
    "end1": "anchor1.end",
    "start2": "anchor2.start",
    "end2": "anchor2.end",
}


def to_columns(records: Sequence[Annotation]) -> dict[str, list[Any]]:
    """Stored columns of many records, but for start and end of the span; NaN stays NaN."""
    names = (name for name in COLUMNS if name not in ("start", "end"))
    found = {name: list(map(attrgetter(_ATTRIBUTES.get(name, name)), records)) for name in names}
    for name in ("supporters", "extra"):
        found[name] = [_text(value) for value in found[name]]
    return found


def from_values(values: Sequence[Any]) -> Annotation:
    """The record of one row: values in the order of :data:`COLUMNS`."""
    uid, kind, chrom, _, _, start1, end1, start2, end2, status, score, probability, *rest = values
    resolution, source, model, soft, n_calls, n_tools, supporters, direction, level, parent, name, extra = rest
    return new_record(
        kind=_KINDS[kind],
        anchor1=Interval(chrom, start1, end1),
        anchor2=Interval(chrom, start2, end2),
        uid=uid,
        score=NO_SCORE if score is None else score,
        probability=NO_PROBABILITY if probability is None else probability,
        resolution=resolution,
        status=_STATUSES[status],
        source=source,
        model=model,
        soft_score=NO_SOFT_SCORE if soft is None else soft,
        n_calls=n_calls,
        n_tools=n_tools,
        supporters=tuple(json.loads(supporters)) if supporters else (),
        direction=_DIRECTIONS[direction],
        level=level,
        parent=parent,
        name=name,
        extra=json.loads(extra) if extra else NO_EXTRA,
    )


def json_of(row: Mapping[str, Any]) -> str:
    """What :func:`to_row` gives as compact JSON, for the journal."""
    return _encode(row)


def from_json_lines(texts: Sequence[str | None]) -> list[Annotation | None]:
    """Inverse of :func:`json_of` for many; None where there is no text."""
    rows = iter(json.loads(f"[{','.join(text for text in texts if text is not None)}]"))
    return [None if text is None else from_values(_in_order(next(rows))) for text in texts]
