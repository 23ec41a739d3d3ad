"""Sets of annotations: predictions, imports and a person's own stay apart."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or_update

from napari_hicstruct.annotations.callers import shown_source
from napari_hicstruct.annotations.changes import AnnotationSet
from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.annotations.schema import annotation, annotation_set, journal_set, set_display, set_run
from napari_hicstruct.errors import ProjectError, readable

SET_COLOURS = ("#56B4E9", "#E69F00", "#CC79A7", "#0072B2", "#D55E00", "#009E73", "#F0E442", "#000000")
"""Okabe and Ito's colours, safe for colour-blind eyes, in the order in which sets get them, black last."""

_STORED = {"name", "visible", "locked"}
_DISPLAYED = {"colour", "triangle"}
_TRIANGLES = ("", "stored", "upper", "lower")


@dataclass(frozen=True, slots=True)
class SetItem:
    """One set of a step: whether it was there before and is after."""

    set_id: int
    before: bool
    after: bool

    def reversed(self) -> SetItem:
        """The item that takes this one back."""
        return SetItem(self.set_id, self.after, self.before)


def load_all(connection: Connection, *, removed: bool = False) -> list[AnnotationSet]:
    """All sets in their order, oldest first where nobody chose one; with ``removed`` also those taken away."""
    look = set_display.c
    query = (
        select(annotation_set, look.colour, look.triangle, look.position, look.removed)
        .join_from(annotation_set, set_display, annotation_set.c.id == look.set_id, isouter=True)
        .order_by(func.coalesce(look.position, annotation_set.c.id), annotation_set.c.id)
    )
    return [
        AnnotationSet(id_, name, Origin(origin), visible, locked, colour or _colour(id_), triangle or "")
        for id_, name, origin, visible, locked, colour, triangle, _, gone in connection.execute(query)
        if removed or not gone
    ]


def add(connection: Connection, name: str, origin: Origin) -> AnnotationSet:
    """A new empty set, shown and unlocked, in a colour that no other has while there are some left."""
    there = load_all(connection)
    name = free_name(readable(name), (one.name for one in there))  # a file may bear any bytes
    values = {"name": name, "origin": Origin(origin).value, "visible": True, "locked": False}
    key = connection.execute(insert(annotation_set).values(**values)).inserted_primary_key
    assert key is not None
    set_id, used = int(key[0]), {one.colour for one in there}
    colour = next((one for one in SET_COLOURS if one not in used), _colour(set_id))
    _display(connection, set_id, {"colour": colour})
    return AnnotationSet(set_id, name, Origin(origin), colour=colour)


def add_runs(connection: Connection, set_id: int, new: Iterable[Mapping[str, Any]]) -> None:
    """Note by which runs of models calls of a set were predicted, each once."""
    known = runs(connection).get(set_id, [])
    for run in new:
        if run not in known:
            connection.execute(insert(set_run).values(set_id=set_id, run=json.dumps(dict(run))))


def end_run(connection: Connection, set_id: int, begun: Mapping[str, Any], ended: Mapping[str, Any]) -> None:
    """Write down a run as it ended, in place of what was noted when it began."""
    row = (set_run.c.set_id == set_id) & (set_run.c.run == json.dumps(dict(begun)))
    connection.execute(update(set_run).where(row).values(run=json.dumps(dict(ended))))


def runs(connection: Connection) -> dict[int, list[dict[str, Any]]]:
    """How sets were predicted, by their ids; sets of older projects and of other origin are not in it."""
    found: dict[int, list[dict[str, Any]]] = {}
    for set_id, run in connection.execute(select(set_run.c.set_id, set_run.c.run).order_by(set_run.c.id)):
        found.setdefault(set_id, []).append(json.loads(run))
    return found


def free_name(name: str, taken: Iterable[str]) -> str:
    """``name``, numbered from 2 where a set has it: no two sets share a name."""
    known = set(taken)
    return next(one for one in (name if n == 1 else f"{name} ({n})" for n in count(1)) if one not in known)


def update_set(connection: Connection, set_id: int, changes: Mapping[str, Any]) -> AnnotationSet:
    """Change name, visibility, lock, colour or triangle."""
    if unknown := set(changes) - _STORED - _DISPLAYED:
        hint = "Name, visible, locked, colour, triangle."
        raise ProjectError(f"a set has no {', '.join(sorted(unknown))} to change.", hint=hint)
    _require(load_all(connection), set_id)
    changes = {key: readable(value) if isinstance(value, str) else value for key, value in changes.items()}
    _check_display(changes)
    if "name" in changes:
        others = (one.name for one in load_all(connection) if one.id != set_id)
        changes["name"] = free_name(changes["name"], others)
    stored = {key: value for key, value in changes.items() if key in _STORED}
    if stored:
        connection.execute(update(annotation_set).where(annotation_set.c.id == set_id).values(**stored))
    _display(connection, set_id, {key: value for key, value in changes.items() if key in _DISPLAYED})
    return _require(load_all(connection), set_id)


def order(connection: Connection, set_ids: Sequence[int]) -> None:
    """Show the sets in this order; those that are not named come last, as they stand."""
    there = [one.id for one in load_all(connection)]
    for set_id in set_ids:
        _require(load_all(connection), set_id)
    wanted = [*dict.fromkeys(set_ids), *(one for one in there if one not in set(set_ids))]
    for position, set_id in enumerate(wanted):
        _display(connection, set_id, {"position": position})


def check_unlocked(connection: Connection, set_ids: Collection[int], coming: Collection[int] = ()) -> None:
    """Refuse to edit a set that does not exist or is locked; ``coming`` are those that the step itself brings back."""
    there = load_all(connection, removed=True)
    present = {one.id for one in load_all(connection)} | set(coming)
    for set_id in set_ids:
        found = _require([one for one in there if one.id in present], set_id)
        if found.locked:
            raise ProjectError(f"the set '{found.name}' is locked.", hint="Unlock it in Labels to edit it.")


def carry_out(connection: Connection, entry_id: int, items: Sequence[SetItem]) -> None:
    """Note the sets of a step in the journal, and bring them or take them away."""
    for item in items:
        values = {"set_id": item.set_id, "before": item.before, "after": item.after}
        connection.execute(insert(journal_set).values(entry_id=entry_id, **values))
        _display(connection, item.set_id, {"removed": not item.after})


def items_of(connection: Connection, entry_id: int) -> list[SetItem]:
    """The sets of one entry."""
    table = journal_set.c
    query = select(table.set_id, table.before, table.after).where(table.entry_id == entry_id).order_by(table.set_id)
    return [SetItem(*row) for row in connection.execute(query)]


def names_of(connection: Connection, entry_ids: Iterable[int]) -> tuple[str, ...]:
    """Names of the sets that these entries made or took away."""
    names = {one.id: one.name for one in load_all(connection, removed=True)}
    return tuple(names[item.set_id] for entry in entry_ids for item in items_of(connection, entry))


def sources(connection: Connection, set_id: int) -> set[str]:
    """Who the records of a set are by: models, programs, reviewers."""
    query = select(annotation.c.model, annotation.c.source).where(annotation.c.set_id == set_id).distinct()
    return {shown_source(model, source) for model, source in connection.execute(query)} - {""}


def _require(there: Sequence[AnnotationSet], set_id: int) -> AnnotationSet:
    found = next((one for one in there if one.id == set_id), None)
    if found is None:
        raise ProjectError(f"the project has no set {set_id}.", hint="Refresh the list of sets.")
    return found


def _colour(set_id: int) -> str:
    """Of a set that is older than the colours."""
    return SET_COLOURS[(set_id - 1) % len(SET_COLOURS)]


def _check_display(changes: Mapping[str, Any]) -> None:
    colour, triangle = changes.get("colour", SET_COLOURS[0]), changes.get("triangle", "")
    if not re.fullmatch("#[0-9A-Fa-f]{6}", str(colour)):
        raise ProjectError(f"{colour!r} is no colour.", hint="Write it as #rrggbb, for example #E69F00.")
    if triangle not in _TRIANGLES:
        raise ProjectError(f"there is no triangle {triangle!r}.", hint="Stored, upper, lower.")


def _display(connection: Connection, set_id: int, changes: Mapping[str, Any]) -> None:
    """Keep how a set is shown; a set of an older project has no row yet."""
    if changes:
        row = {"set_id": set_id, "colour": "", "triangle": "", "position": None, "removed": False, **changes}
        statement = insert_or_update(set_display).values(**row)
        connection.execute(statement.on_conflict_do_update(index_elements=["set_id"], set_=dict(changes)))
