"""What the project tells about itself: its map, its sets, its journal, and each change as it happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from napari_hicstruct.annotations.records import Annotation, Kind, Origin
from napari_hicstruct.genome import Interval


@dataclass(frozen=True, slots=True)
class MapIdentity:
    """Which contact map a project belongs to.

    Attributes
    ----------
    uri : str
        Where it was last seen; may change, for example when the file is moved.
    fingerprint : str
        Digest of its content: what makes it this map.
    assembly : str
        Genome assembly as the map says, or empty.
    chromsizes : mapping of str to int
        Chromosome lengths in bp.
    """

    uri: str
    fingerprint: str
    assembly: str
    chromsizes: Mapping[str, int]

    def to_run(self) -> dict[str, str]:
        """The ``map`` of a ``run.json``."""
        return {"uri": self.uri, "fingerprint": self.fingerprint, "assembly": self.assembly}


@dataclass(frozen=True, slots=True)
class AnnotationSet:
    """A named set of annotations of one origin; a locked set refuses edits.

    Attributes
    ----------
    colour : str
        ``#rrggbb``: what tells its objects from those of other sets.
    triangle : str
        Where it is drawn (``stored``, ``upper``, ``lower``); empty: nobody chose.
    """

    id: int
    name: str
    origin: Origin
    visible: bool = True
    locked: bool = False
    colour: str = ""
    triangle: str = ""


@dataclass(frozen=True, slots=True)
class ReviewedRegion:
    """A block of the map where what is not labelled is truly absent, for the kinds named (empty: all)."""

    id: int
    rows: Interval
    cols: Interval
    kinds: tuple[Kind, ...]
    reviewer: str
    time: str


@dataclass(frozen=True, slots=True)
class Change:
    """One committed step: the records as they were and as they are.

    ``before`` and ``after`` are aligned by uid only where both hold it: an added record is in ``after`` alone, a
    deleted one in ``before`` alone.  ``marked`` and ``unmarked`` are the reviewed regions that came and went.
    ``after_sets`` names the set of each record in ``after``: one that went to another set is in both with the same
    uid.  ``sets`` are the sets that came or went as a whole.
    ``entry_id`` 0 means that nothing changed and nothing was journalled.
    """

    entry_id: int
    action: str
    before: tuple[Annotation, ...]
    after: tuple[Annotation, ...]
    set_ids: frozenset[int]
    marked: tuple[ReviewedRegion, ...] = ()
    unmarked: tuple[ReviewedRegion, ...] = ()
    after_sets: tuple[int, ...] = ()
    sets: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of the append-only journal.

    ``target`` is the entry that an undo or redo acted on, None for an edit.  ``time`` is UTC, ISO 8601.
    """

    id: int
    time: str
    reviewer: str
    action: str
    target: int | None
    before: tuple[Annotation, ...]
    after: tuple[Annotation, ...]
    marked: tuple[ReviewedRegion, ...] = ()
    unmarked: tuple[ReviewedRegion, ...] = ()


@dataclass(frozen=True, slots=True)
class StepSummary:
    """What one journal entry did, without its records: the action, how many records, of which kinds.

    ``kinds`` are those of the first thousand records.
    ``regions`` is the number of reviewed regions that it marked or took back; such a step has no records.
    ``sets`` are the names of the sets that it made or took away.
    """

    action: str
    count: int
    kinds: frozenset[Kind]
    regions: int = 0
    sets: tuple[str, ...] = ()
