"""Sets of annotations: predictions, imports and a person's own stay apart."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from napari_hicstruct.annotations.changes import AnnotationSet
from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.annotations.schema import annotation_set
from napari_hicstruct.errors import ProjectError, readable

_CHANGEABLE = {"name", "visible", "locked"}


def load_all(connection: Connection) -> list[AnnotationSet]:
    """All sets, oldest first."""
    rows = connection.execute(select(annotation_set).order_by(annotation_set.c.id))
    return [AnnotationSet(id_, name, Origin(origin), visible, locked) for id_, name, origin, visible, locked in rows]


def add(connection: Connection, name: str, origin: Origin) -> AnnotationSet:
    """A new empty set, shown and unlocked."""
    name = readable(name)  # a file may bear any bytes
    values = {"name": name, "origin": Origin(origin).value, "visible": True, "locked": False}
    key = connection.execute(insert(annotation_set).values(**values)).inserted_primary_key
    assert key is not None
    return AnnotationSet(int(key[0]), name, Origin(origin))


def _require(connection: Connection, set_id: int) -> AnnotationSet:
    found = next((one for one in load_all(connection) if one.id == set_id), None)
    if found is None:
        raise ProjectError(f"the project has no set {set_id}.", hint="Refresh the list of sets.")
    return found


def update_set(connection: Connection, set_id: int, changes: Mapping[str, Any]) -> AnnotationSet:
    """Change name, visibility or lock."""
    if unknown := set(changes) - _CHANGEABLE:
        raise ProjectError(f"a set has no {', '.join(sorted(unknown))} to change.", hint="Name, visible, locked.")
    _require(connection, set_id)
    changes = {key: readable(value) if isinstance(value, str) else value for key, value in changes.items()}
    if changes:
        connection.execute(update(annotation_set).where(annotation_set.c.id == set_id).values(**changes))
    return _require(connection, set_id)


def check_unlocked(connection: Connection, set_ids: Collection[int]) -> None:
    """Refuse to edit a set that does not exist or is locked."""
    for set_id in set_ids:
        found = _require(connection, set_id)
        if found.locked:
            raise ProjectError(f"the set '{found.name}' is locked.", hint="Unlock it in Labels to edit it.")
