"""Which sets are piled up: files, or the records of a project by set, status, caller or model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from napari_hicstruct.annotations.callers import source_of
from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.config.pileup import GroupBy
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.genome import format_bp

__all__ = ["GroupBy", "PileSet", "by_distance", "grouped", "project_records"]


@dataclass(frozen=True, slots=True)
class PileSet:
    """Records that are piled up together.

    Attributes
    ----------
    name : str
    records : tuple of Annotation
        Of one kind or several: each kind has a pile-up of its own.
    """

    name: str
    records: tuple[Annotation, ...]


def grouped(records: Iterable[tuple[str, Annotation]], by: GroupBy) -> tuple[PileSet, ...]:
    """Sets of records that come with the name of their set; what was rejected counts only by status."""
    found: dict[str, list[Annotation]] = {}
    for set_name, record in records:
        if by is not GroupBy.STATUS and record.status is Status.REJECTED:
            continue
        name = {
            GroupBy.SET: set_name,
            GroupBy.STATUS: _judged(record.status),
            GroupBy.CALLER: source_of(record),
            GroupBy.MODEL: record.model or "no model",
            GroupBy.ALL: "all",
        }[by]
        found.setdefault(name, []).append(record)
    return tuple(PileSet(name, tuple(own)) for name, own in found.items())


def _judged(status: Status) -> str:
    """In a reader's words: what was moved or resized counts as accepted."""
    return {Status.EDITED: str(Status.ACCEPTED), Status.PROPOSED: "not judged"}.get(status, str(status))


def project_records(path: Path) -> list[tuple[str, Annotation]]:
    """All records of a project with the names of their sets.

    Raises
    ------
    ProjectError
    """
    from napari_hicstruct.annotations import Project

    with Project.open(path, read_only=True) as project:
        return [(one.name, record) for one in project.sets() for record in project.query(set_ids=[one.id])]


def by_distance(sets: Sequence[PileSet], edges: Sequence[int]) -> tuple[PileSet, ...]:
    """Loops split by the distance of their anchors; other kinds stay whole.

    Raises
    ------
    ConfigError
        If the edges do not rise.
    """
    if not edges:
        return tuple(sets)
    if list(edges) != sorted(set(edges)):
        raise ConfigError("distances must rise.", where="--by-distance", hint="Write 100k,300k,1M.")
    found = []
    bounds = [0, *edges, 10**12]
    for one in sets:
        others = tuple(record for record in one.records if record.kind is not Kind.LOOP)
        if others:
            found.append(PileSet(one.name, others))
        for low, high in pairwise(bounds):
            own = tuple(r for r in one.records if r.kind is Kind.LOOP and low <= r.distance < high)
            if own:
                found.append(PileSet(f"{one.name}, {_range_text(low, high)}", own))
    return tuple(found)


def _range_text(low: int, high: int) -> str:
    if low == 0:
        return f"below {format_bp(high)}"
    return f"{format_bp(low)} and more" if high >= 10**12 else f"{format_bp(low)} – {format_bp(high)}"
