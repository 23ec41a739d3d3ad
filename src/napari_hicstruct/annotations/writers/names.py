"""Names that people can read, for records that have none: ``loop_0001``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import count

from napari_hicstruct.annotations.records import Annotation, Kind


def named(records: Iterable[Annotation]) -> list[Annotation]:
    """The records in their order, those without a name numbered by kind; no two get the same."""
    kept = list(records)
    taken = {record.name for record in kept}
    free = {kind: _numbers(kind, taken) for kind in Kind}
    return [record if record.name else record.with_(name=next(free[record.kind])) for record in kept]


def _numbers(kind: Kind, taken: Collection[str]) -> Iterator[str]:
    for n in count(1):
        if (name := f"{kind.value}_{n:04}") not in taken:
            yield name
