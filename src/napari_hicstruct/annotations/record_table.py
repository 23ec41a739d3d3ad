"""All records of a project in memory, once: numpy columns that follow the journal (docs/adr/0023).

A row is a place in the order in which the project got its records, and stays that record's: what was deleted keeps
its row, without a set, and comes back to it.  An :class:`Annotation` is made of a row when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_hicstruct.annotations.callers import shown_source
from napari_hicstruct.annotations.codec import COLUMNS, from_values, to_columns
from napari_hicstruct.annotations.records import DIRECTION_CODES, KIND_CODES, STATUS_CODES, Annotation, Kind

if TYPE_CHECKING:
    from napari_hicstruct.annotations.changes import Change

Rows = NDArray[np.int64]

GONE = -1
"""Set of a row whose record is not in the project (any more)."""
_MIN_CAPACITY = 64
_MAX_MADE = 4_096  # more than one view draws

_PLACE = ("kind", "chrom", "span")
_SPAN = ("start1", "end1", "start2", "end2")
_SCORES = ("soft_score", "probability", "score")
_COUNTS = ("resolution", "n_calls", "n_tools", "level")
_TEXTS = ("supporters", "parent", "name", "extra")
_CHOICES: dict[str, Mapping[Any, int]] = {
    "kind": KIND_CODES,
    "status": STATUS_CODES,
    "direction": DIRECTION_CODES,
}
_NAMES = ("chrom", "source", "model")


@dataclass(frozen=True, slots=True)
class Columns:
    """Values of some records, ready to be put into a table; made in whichever thread has them.

    Attributes
    ----------
    uids : tuple of str
    values : dict of str to array
        By column; ``chrom``, ``source`` and ``model`` hold places in ``names``.
    names : dict of str to tuple of str
    """

    uids: tuple[str, ...]
    values: dict[str, NDArray[Any]]
    names: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, records: Iterable[Annotation]) -> Columns:
        """Columns of records."""
        return cls._of(to_columns(list(records)))

    @classmethod
    def of_rows(cls, rows: Sequence[Sequence[Any]]) -> Columns:
        """Columns of rows of the project file (values in the order of ``codec.COLUMNS``)."""
        return cls._of(dict(zip(COLUMNS, zip(*rows, strict=True) if rows else repeat(()), strict=False)))

    @classmethod
    def _of(cls, given: Mapping[str, Sequence[Any]]) -> Columns:
        n = len(given["uid"])
        values: dict[str, NDArray[Any]] = {
            "span": np.array([given[name] for name in _SPAN], np.int64).T,
            "scores": np.array([given[name] for name in _SCORES], np.float64).T,  # None becomes NaN
            "counts": np.array([given[name] for name in _COUNTS], np.int64).T,
            "texts": np.empty((n, len(_TEXTS)), object),
        }
        for place, name in enumerate(_TEXTS):
            values["texts"][:, place] = given[name]
        for name, codes in _CHOICES.items():
            values[name] = np.fromiter(map(codes.__getitem__, given[name]), np.int8, n)
        names = {}
        for name in _NAMES:
            known: dict[str, int] = {}
            found = (known.setdefault(one, len(known)) for one in given[name])
            values[name] = np.fromiter(found, np.int32, n)
            names[name] = tuple(known)
        return cls(tuple(given["uid"]), values, names)


@dataclass(frozen=True, slots=True)
class ChangedColumns:
    """One committed step, ready to be followed by a table: what takes long is done by whoever makes it, in its thread.

    Attributes
    ----------
    after : Columns
        Of the records as they are now.
    sets : int32, shape (n,)
        The set of each of them.
    gone : tuple of str
        Uids of the records that are no longer there.
    kinds : frozenset of Kind
        Of all records, as they were and as they are.
    """

    after: Columns
    sets: NDArray[np.int32]
    gone: tuple[str, ...]
    kinds: frozenset[Kind]

    @classmethod
    def of(cls, change: Change) -> ChangedColumns:
        """What a change does to a table."""
        after, kinds = Columns.of(change.after), {record.kind for record in change.before}
        stay = set(after.uids) if change.before else set()
        gone = tuple(record.uid for record in change.before if record.uid not in stay)
        kinds |= {tuple(Kind)[code] for code in np.unique(after.values["kind"]).tolist()}
        return cls(after, np.array(change.after_sets, np.int32), gone, frozenset(kinds))


class _Column:
    """A column of a table, one value or several per row; a view that is as long as the table is now."""

    def __init__(self, dtype: Any, *width: int) -> None:
        self.dtype, self.width = dtype, width

    def __set_name__(self, _owner: type, name: str) -> None:
        self.name = name

    def __get__(self, table: RecordTable, _owner: type) -> NDArray[Any]:
        return table._columns[self.name][: table.n_rows]


class RecordTable(Mapping[str, Annotation]):
    """Records by uid, in the order in which they came in, and their values by row.

    Attributes
    ----------
    sets : int32, shape (n_rows,)
        Set of each record; :data:`GONE` where the record is no longer there.
    kind, status, direction : int8, shape (n_rows,)
        Places in ``Kind``, ``Status`` and ``Direction``.
    chrom, source, model : int32, shape (n_rows,)
        Places in ``names[...]``.
    span : int64, shape (n_rows, 4)
        Starts and ends of both anchors, bp.
    scores : float64, shape (n_rows, 3)
        Soft score, probability and score; NaN where there is none.
    counts : int64, shape (n_rows, 4)
        Resolution, ``n_calls``, ``n_tools`` and ``level``.
    texts : object, shape (n_rows, 4)
        ``supporters``, ``parent``, ``name`` and ``extra``, as the project file has them.
    uids : list of str
        By row.
    names : dict of str to list of str
        What the codes of ``chrom``, ``source`` and ``model`` stand for.
    revision, places_revision : int
        Another one after every change, and after those that change what lies where.
    """

    sets = _Column(np.int32)
    kind = _Column(np.int8)
    status = _Column(np.int8)
    direction = _Column(np.int8)
    chrom = _Column(np.int32)
    source = _Column(np.int32)
    model = _Column(np.int32)
    span = _Column(np.int64, len(_SPAN))
    scores = _Column(np.float64, len(_SCORES))
    counts = _Column(np.int64, len(_COUNTS))
    texts = _Column(object, len(_TEXTS))

    def __init__(self, uids: Iterable[str] = ()) -> None:
        """A table without records, whose first rows are those of ``uids``."""
        kinds = (one for one in vars(RecordTable).values() if isinstance(one, _Column))
        self._columns = {one.name: np.zeros((0, *one.width), one.dtype) for one in kinds}
        self.uids: list[str] = []
        self.names: dict[str, list[str]] = {name: [] for name in _NAMES}
        self._codes: dict[str, dict[str, int]] = {name: {} for name in _NAMES}
        self._rows: dict[str, int] = {}
        self._n_live = self.revision = self.places_revision = 0
        self._made: dict[int, Annotation] = {}
        self._rows_for(tuple(dict.fromkeys(uids)))

    @classmethod
    def of(cls, records: Iterable[Annotation], set_ids: Mapping[str, int] | None = None) -> RecordTable:
        """A table of records; without ``set_ids`` all are in set 0."""
        table, columns = cls(), Columns.of(records)
        table.put(columns, [0 if set_ids is None else set_ids[uid] for uid in columns.uids])
        return table

    # ------------------------------------------------------------------ by uid
    @property
    def n_rows(self) -> int:
        """Rows, with those of records that are gone."""
        return len(self.uids)

    def __len__(self) -> int:
        return self._n_live

    def __iter__(self) -> Iterator[str]:
        return map(self.uids.__getitem__, self.live().tolist())

    def __contains__(self, uid: object) -> bool:
        row = self._rows.get(uid)  # type: ignore[call-overload]
        return row is not None and self._columns["sets"][row] != GONE

    def __getitem__(self, uid: str) -> Annotation:
        row = self.row(uid)
        made = self._made.get(row)
        return self.records(np.array([row]))[0] if made is None else made

    def row(self, uid: str) -> int:
        """Row of a record; KeyError if the project has none of this uid."""
        row = self._rows[uid]
        if self._columns["sets"][row] == GONE:
            raise KeyError(uid)
        return row

    def set_of(self, uid: str) -> int:
        """Set of a record; KeyError if there is no such one."""
        return int(self._columns["sets"][self.row(uid)])

    # ------------------------------------------------------------------ by row
    def live(self) -> Rows:
        """Rows of the records that the project has."""
        return np.flatnonzero(self.sets != GONE)

    def rows_of(self, kind: Kind, chrom: str) -> Rows:
        """Rows of one kind on one chromosome, those of records that are gone among them."""
        code = self._codes["chrom"].get(chrom, -1)
        return np.flatnonzero((self.kind == KIND_CODES[kind]) & (self.chrom == code))

    def on_chromosome(self, chrom: str) -> list[Annotation]:
        """All records of one chromosome."""
        code = self._codes["chrom"].get(chrom, -1)
        return self.records(np.flatnonzero((self.sets != GONE) & (self.chrom == code)))

    def records(self, rows: Rows) -> list[Annotation]:
        """The records of rows; a few thousand are kept for the next time."""
        wanted, known = rows.tolist(), self._made
        new = [row for row in wanted if row not in known]
        if not new:
            return [known[row] for row in wanted]
        if len(known) + len(new) > _MAX_MADE:
            known = {row: known[row] for row in wanted if row in known}
        known |= zip(new, map(from_values, self._file_rows(new)), strict=True)
        if len(known) <= _MAX_MADE:
            self._made = known
        return [known[row] for row in wanted]

    def _file_rows(self, rows: Sequence[int]) -> Iterator[tuple[Any, ...]]:
        """Rows as the project file has them."""
        given: dict[str, Iterable[Any]] = {"uid": map(self.uids.__getitem__, rows)}
        given["start"] = given["end"] = repeat(0)  # worked out anew
        for column, names in (("span", _SPAN), ("counts", _COUNTS), ("texts", _TEXTS), ("scores", _SCORES)):
            given |= zip(names, self._columns[column][rows].T.tolist(), strict=True)
        for name in _SCORES:
            given[name] = (None if one != one else one for one in given[name])
        for name, codes in _CHOICES.items():
            given[name] = map(tuple(codes).__getitem__, self._columns[name][rows].tolist())
        for name in _NAMES:
            given[name] = map(self.names[name].__getitem__, self._columns[name][rows].tolist())
        return zip(*(given[name] for name in COLUMNS), strict=False)

    # ------------------------------------------------------------------ values worked out
    def sources(self, set_id: int) -> list[str]:
        """Who the records of a set are by (models, programs, reviewers), by name."""
        rows = np.flatnonzero(self.sets == set_id)
        width = max(1, len(self.names["source"]))
        codes = np.unique(self.model[rows].astype(np.int64) * width + self.source[rows])
        pairs = (divmod(code, width) for code in codes.tolist())
        return sorted({shown_source(self.names["model"][m], self.names["source"][s]) for m, s in pairs} - {""})

    def set_sizes(self) -> dict[int, int]:
        """How many records each set has."""
        ids, sizes = np.unique(self.sets[self.sets != GONE], return_counts=True)
        return dict(zip(ids.tolist(), sizes.tolist(), strict=True))

    def strength(self, rows: Rows | slice = slice(None)) -> NDArray[np.float64]:
        """What ranks a record: soft score, else probability, else score, in [0, 1]; NaN where it has none."""
        return np.clip(first_known(self.scores[rows]), 0, 1)

    def distance(self, rows: Rows | slice = slice(None)) -> NDArray[np.float64]:
        """``Annotation.distance``: between the anchors' centres of loops, else the length of the span; bp."""
        span = self.span[rows]
        length = np.maximum(span[:, 1], span[:, 3]) - np.minimum(span[:, 0], span[:, 2])
        apart = np.abs(span[:, 2] + span[:, 3] - span[:, 0] - span[:, 1]) / 2
        return np.asarray(np.where(self.kind[rows] == KIND_CODES[Kind.LOOP], apart, length), np.float64)

    def by_place(self, rows: Rows) -> Rows:
        """The same rows set by set, in each along the genome."""
        span, chrom = self.span[rows], alphabetical(self.names["chrom"], self.chrom[rows])
        first, last = span[:, [0, 2]].min(axis=1), span[:, [1, 3]].max(axis=1)
        return rows[np.lexsort((last, first, chrom, self.sets[rows]))]

    def callers(self, rows: Rows, *, shown: bool = False) -> tuple[NDArray[np.int64], list[str]]:
        """Who called each record (its model, else its source), as places in the list of names.

        ``shown``: by the names that people see (``callers.source_of``).
        """
        known: dict[str, int] = {}
        named = self.names["model"], [shown_source("", one) if shown else one for one in self.names["source"]]
        models, sources = (np.array([known.setdefault(one, len(known)) for one in own], np.int64) for own in named)
        model, blank = models[self.model[rows]], known.get("", -1)
        return np.where(model == blank, sources[self.source[rows]], model), list(known)

    # ------------------------------------------------------------------ changes
    def apply(self, change: Change, columns: ChangedColumns | None = None) -> None:
        """Follow one committed step; ``columns`` are made of it, where somebody has them already."""
        columns = ChangedColumns.of(change) if columns is None else columns
        if columns.gone:
            gone = np.fromiter(map(self._rows.__getitem__, columns.gone), np.int64, len(columns.gone))
            self._forget(gone)
            self.sets[gone], self.texts[gone] = GONE, ""
        if change.after:
            rows = self.put(columns.after, columns.sets)
            if len(self._made) + len(rows) <= _MAX_MADE:
                self._made |= zip(rows.tolist(), change.after, strict=True)

    def put(self, columns: Columns, set_ids: ArrayLike) -> Rows:
        """Take in new records, and new values of known ones; their rows."""
        rows = self._rows_for(columns.uids)
        self._forget(rows)
        self._columns["sets"][rows] = set_ids
        self._n_live += len(rows)
        for name, values in columns.values.items():
            if name in columns.names:
                values = self._codes_for(name, columns.names[name])[values]
            if name in _PLACE and not np.array_equal(self._columns[name][rows], values):
                self.places_revision += 1
            self._columns[name][rows] = values
        return rows

    def _forget(self, rows: Rows) -> None:
        """What was known of these rows holds no longer."""
        self.revision += 1
        self._n_live -= int(np.count_nonzero(self.sets[rows] != GONE))
        if len(rows) > len(self._made):
            self._made = {}
        for row in rows.tolist() if self._made else ():
            self._made.pop(row, None)

    def _rows_for(self, uids: Sequence[str]) -> Rows:
        """Rows of these uids, new ones at the end."""
        all_new = self._rows.keys().isdisjoint(uids)
        new = uids if all_new else [uid for uid in uids if uid not in self._rows]
        self.places_revision += bool(new)
        start, end = len(self.uids), len(self.uids) + len(new)
        self._rows.update(zip(new, range(start, end), strict=True))
        self.uids += new
        if end > len(self._columns["sets"]):
            for name, old in self._columns.items():
                self._columns[name] = np.zeros((max(_MIN_CAPACITY, 2 * start, end), *old.shape[1:]), old.dtype)
                self._columns[name][:start] = old[:start]
        self.sets[start:] = GONE
        if all_new:
            return np.arange(start, end)
        return np.fromiter(map(self._rows.__getitem__, uids), np.int64, len(uids))

    def _codes_for(self, name: str, texts: Sequence[str]) -> NDArray[np.int32]:
        """Codes of names, new ones at the end."""
        known = self._codes[name]
        codes = np.array([known.setdefault(text, len(known)) for text in texts], np.int32)
        self.names[name] = list(known)
        return codes


def alphabetical(names: Sequence[str], codes: NDArray[Any]) -> NDArray[np.int64]:
    """Codes of names so that they are in the order of the names; the same name has one code."""
    _, ranks = np.unique(np.array(names, object), return_inverse=True)
    return np.asarray(ranks[codes] if len(names) else codes, np.int64)


def first_known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first value of each row that is a number; NaN where there is none."""
    out = np.full(len(values), np.nan)
    for column in values.T[::-1]:
        out = np.where(np.isnan(column), out, column)
    return out
