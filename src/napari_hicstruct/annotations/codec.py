"""Annotation ↔ row of the project file ↔ JSON of the journal.

NaN is NULL (or absent) outside, and comes back as the record's own default object: two records that are equal
field by field then compare equal, although ``nan != nan``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from napari_hicstruct.annotations.records import Annotation, Direction, Kind, Status
from napari_hicstruct.genome import Interval

_DEFAULTS = {field.name: field.default for field in fields(Annotation)}
NO_SCORE: float = _DEFAULTS["score"]
NO_PROBABILITY: float = _DEFAULTS["probability"]
NO_SOFT_SCORE: float = _DEFAULTS["soft_score"]
NO_EXTRA: Mapping[str, str] = Annotation(kind=Kind.TAD, anchor1=Interval("", 0, 0), anchor2=Interval("", 0, 0)).extra


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


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
        "supporters": json.dumps(record.supporters, ensure_ascii=False) if record.supporters else "",
        "direction": record.direction.value,
        "level": record.level,
        "parent": record.parent,
        "name": record.name,
        "extra": json.dumps(dict(record.extra), ensure_ascii=False) if record.extra else "",
    }


def from_row(row: Mapping[str, Any]) -> Annotation:
    """The record of one row (mapping of :func:`to_row`'s names)."""
    chrom = row["chrom"]
    score, probability, soft = row["score"], row["probability"], row["soft_score"]
    return Annotation(
        kind=Kind(row["kind"]),
        anchor1=Interval(chrom, row["start1"], row["end1"]),
        anchor2=Interval(chrom, row["start2"], row["end2"]),
        uid=row["uid"],
        score=NO_SCORE if score is None else score,
        probability=NO_PROBABILITY if probability is None else probability,
        resolution=row["resolution"],
        status=Status(row["status"]),
        source=row["source"],
        model=row["model"],
        soft_score=NO_SOFT_SCORE if soft is None else soft,
        n_calls=row["n_calls"],
        n_tools=row["n_tools"],
        supporters=tuple(json.loads(row["supporters"])) if row["supporters"] else (),
        direction=Direction(row["direction"]),
        level=row["level"],
        parent=row["parent"],
        name=row["name"],
        extra=MappingProxyType(json.loads(row["extra"])) if row["extra"] else NO_EXTRA,
    )


def to_json(record: Annotation) -> str:
    """One record as compact JSON, for the journal."""
    return json.dumps(to_row(record), ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Annotation:
    """Inverse of :func:`to_json`."""
    return from_row(json.loads(text))
