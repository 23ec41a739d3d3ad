"""The one record that loops, stripes, TADs and boundaries share; everything else is a view of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, make_dataclass
from enum import StrEnum
from operator import index
from typing import Any

from napari_hicstruct.annotations import fields_given
from napari_hicstruct.errors import LabelError
from napari_hicstruct.genome import Interval


class Kind(StrEnum):
    """What an annotation marks."""

    LOOP = "loop"
    STRIPE = "stripe"
    TAD = "tad"
    BOUNDARY = "boundary"


class Status(StrEnum):
    """What a person has said about it so far."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"


class Origin(StrEnum):
    """Where a set comes from."""

    PREDICTED = "predicted"
    IMPORTED = "imported"
    HUMAN = "human"


class Direction(StrEnum):
    """Side on which a stripe's extent (y) reaches beyond its anchor (x)."""

    DOWN = "down"
    UP = "up"
    NONE = "none"


KIND_CODES = {kind: code for code, kind in enumerate(Kind)}
STATUS_CODES = {status: code for code, status in enumerate(Status)}
DIRECTION_CODES = {direction: code for code, direction in enumerate(Direction)}
"""Places in the enumerations: what stands in columns of numbers."""

_CHOICES: tuple[tuple[str, type[StrEnum]], ...] = (("kind", Kind), ("status", Status), ("direction", Direction))


def _chosen(choices: type[StrEnum], name: str, value: str) -> StrEnum:
    try:
        return choices(value)
    except ValueError:
        raise LabelError(f"there is no {name} '{value}'.", hint=f"Choose from {', '.join(choices)}.") from None


def _interval(name: str, value: Any) -> Interval:
    """An anchor that was given as ``(chrom, start, end)``."""
    if isinstance(value, Interval):
        return value
    try:
        chrom, start, end = value
        return Interval(chrom, index(start), index(end))
    except (TypeError, ValueError):
        hint = "Write hs.Interval('chr1', 0, 5_000) or ('chr1', 0, 5_000), in whole bp."
        raise LabelError(f"{name}={value!r} is not an interval.", hint=hint) from None


def new_uid() -> str:
    """A fresh unique id (32 hex digits)."""
    return os.urandom(16).hex()  # 128 random bits; a UUID object around them takes four times as long


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One structure on one chromosome, in 0-based half-open base pairs.

    Attributes
    ----------
    kind : Kind
    anchor1, anchor2 : Interval, or (chrom, start, end)
        Loop: its two anchors, ``anchor1 <= anchor2``.  Stripe: ``anchor1`` = x (the narrow anchor),
        ``anchor2`` = y (the extent along the stripe, containing or touching x).  TAD: both the domain.
        Boundary: both the boundary's bin(s).
    uid : str
        Stable identity across edits, layers and files.
    score : float
        Rank within its set in [0, 1]; NaN where there is none.
    probability : float
        Calibrated probability in [0, 1]; NaN where there is none.
    resolution : int
        Bin size (bp) at which it was called, 0 if unknown.
    status : Status
    source : str
        Who says so: a caller's name, a file, a reviewer, ``model``.
    model : str
        Name of the model that called it, empty if none did.
    soft_score : float, n_calls, n_tools : int, supporters : tuple of str
        Agreement between callers (soft loops); NaN, 0, 0, () where there is none.
    direction : Direction
        Stripes; of a loop *up* says that a person put it below the diagonal, where it is drawn.
    level : int, parent : str
        TADs only: depth in the hierarchy (1 = outermost, 0 = unknown) and the parent's name or uid.
    name : str
        Name in the file it came from.
    extra : mapping of str to str
        Further columns of the source file, kept verbatim for export (Stripenn's ``Mean``, …).

    Raises
    ------
    LabelError
        If a field is not what it says above.
    RegionError
        If an anchor is no interval.
    """

    kind: Kind
    anchor1: Interval
    anchor2: Interval
    uid: str = field(default_factory=new_uid)
    score: float = float("nan")
    probability: float = float("nan")
    resolution: int = 0
    status: Status = Status.PROPOSED
    source: str = ""
    model: str = ""
    soft_score: float = float("nan")
    n_calls: int = 0
    n_tools: int = 0
    supporters: tuple[str, ...] = ()
    direction: Direction = Direction.NONE
    level: int = 0
    parent: str = ""
    name: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._settle()
        check_fields(self, _FIELDS)
        if not self.uid:
            raise LabelError("uid='' identifies nothing.", hint="Leave it out: a new one is made.")
        for anchor in (self.anchor1, self.anchor2):
            if not anchor.chrom or not anchor.chrom.isprintable():
                hint = "Give the chromosome's name: ('chr1', 0, 5_000)."
                raise LabelError(f"{anchor.chrom!r} is no name of a chromosome.", where=str(anchor), hint=hint)

    def _settle(self) -> None:
        """Whatever readers of 100,000 lines need, too: enumerations, intervals, the order of anchors."""
        if type(self.kind) is not Kind or type(self.status) is not Status or type(self.direction) is not Direction:
            for name, choices in _CHOICES:  # by name, as people write them in a notebook
                object.__setattr__(self, name, _chosen(choices, name, getattr(self, name)))
        if type(self.anchor1) is not Interval or type(self.anchor2) is not Interval:
            for name in ("anchor1", "anchor2"):
                object.__setattr__(self, name, _interval(name, getattr(self, name)))
        if self.anchor1.chrom != self.anchor2.chrom:
            raise LabelError("both anchors must lie on one chromosome.", where=f"{self.anchor1} × {self.anchor2}")
        if self.kind is Kind.LOOP and self.anchor2 < self.anchor1:
            first, second = self.anchor2, self.anchor1
            object.__setattr__(self, "anchor1", first)
            object.__setattr__(self, "anchor2", second)

    @property
    def chrom(self) -> str:
        """Chromosome of both anchors."""
        return self.anchor1.chrom

    @property
    def span(self) -> Interval:
        """Smallest interval that contains both anchors."""
        return Interval(
            self.chrom, min(self.anchor1.start, self.anchor2.start), max(self.anchor1.end, self.anchor2.end)
        )

    @property
    def distance(self) -> float:
        """Distance of the anchors' centres in bp (loops), else the length of the span."""
        if self.kind is Kind.LOOP:
            return abs(self.anchor2.center - self.anchor1.center)
        return float(len(self.span))

    def with_(self, **changes: Any) -> Annotation:
        """A copy with some fields changed; the uid stays unless it is among them."""
        if unknown := changes.keys() - set(_FIELDS):
            raise TypeError(f"an annotation has no {', '.join(sorted(unknown))}")
        new = _finished(_Draft(**{name: getattr(self, name) for name in _FIELDS} | changes))
        return check_fields(new, changes)


def complete(record: Annotation, **values: Any) -> Annotation:
    """Set checked ``values`` of a record that nobody else has yet: a reader's last steps, without a copy of each."""
    for name, value in values.items():
        object.__setattr__(record, name, value)
    return record


_FIELDS = tuple(field.name for field in fields(Annotation))


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "uid": fields_given.text,
    "score": fields_given.share,
    "probability": fields_given.share,
    "soft_score": fields_given.share,
    "resolution": fields_given.count,
    "n_calls": fields_given.count,
    "n_tools": fields_given.count,
    "level": fields_given.count,
    "source": fields_given.text,
    "model": fields_given.text,
    "parent": fields_given.text,
    "name": fields_given.text,
    "supporters": fields_given.names,
    "extra": fields_given.cells,
}


def check_fields(record: Annotation, names: Iterable[str]) -> Annotation:
    """The record, with these fields as Python's own types.

    Raises
    ------
    LabelError
        If one is not what :class:`Annotation` says.
    """
    for name in names:
        check = _CHECKS.get(name)
        if check is not None:
            given = getattr(record, name)
            value = check(name, given)
            if value is not given:
                object.__setattr__(record, name, value)
    return record


def _finished(draft: Any) -> Annotation:
    draft.__class__ = Annotation
    draft._settle()
    return draft  # type: ignore[no-any-return]


def _same_field(name: str, default: Any, factory: Any) -> tuple[str, type, Any]:
    return name, object, field(default=default, default_factory=factory)


_Draft: Any = make_dataclass(
    "_Draft",
    [_same_field(one.name, one.default, one.default_factory) for one in fields(Annotation)],
    kw_only=True,
    slots=True,
    eq=False,
)
"""An annotation whose fields can still be set: setting those of a frozen class one by one takes four times as long, and
files have 100,000 lines."""


def new_record(**values: Any) -> Annotation:
    """As ``Annotation(**values)``, for whoever makes 100,000 of them and has checked the values."""
    return _finished(_Draft(**values))


def place_text(record: Annotation) -> str:
    """``chr1:100,000-200,000``; of loops and stripes both anchors."""
    if record.kind in (Kind.TAD, Kind.BOUNDARY):
        return str(record.anchor1)
    return f"{record.anchor1} × {record.anchor2.start:,}-{record.anchor2.end:,}"


def stripe_direction(x: Interval, y: Interval) -> Direction:
    """Side on which ``y`` extends beyond ``x``: down if it reaches further right, up if further left."""
    right, left = y.end - x.end, x.start - y.start
    if right == left:
        return Direction.NONE
    return Direction.DOWN if right > left else Direction.UP
