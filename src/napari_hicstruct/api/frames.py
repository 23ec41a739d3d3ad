"""Annotations as data frames that bioframe takes, and back."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.codec import COLUMN_TYPES, NO_EXTRA, NO_PROBABILITY, NO_SCORE, NO_SOFT_SCORE, to_row
from napari_hicstruct.annotations.layout import PAIR, SINGLE
from napari_hicstruct.annotations.readers.scores import Better, is_p_value, scores_of
from napari_hicstruct.annotations.records import Annotation, Direction, Kind, Status, new_uid
from napari_hicstruct.annotations.text import from_list_cell, to_list_cell
from napari_hicstruct.api.arguments import plain
from napari_hicstruct.errors import HicStructError, LabelError
from napari_hicstruct.genome import Interval

if TYPE_CHECKING:
    import pandas as pd

PAIRED = (Kind.LOOP, Kind.STRIPE)
"""Kinds of two anchors; the others are one interval."""

_COMMON = ("kind", "name", "score", "probability", "resolution", "status", "source", "model")
_OWN: Mapping[Kind, tuple[str, ...]] = {
    Kind.LOOP: ("soft_score", "n_calls", "n_tools", "supporters"),
    Kind.STRIPE: ("direction",),
    Kind.TAD: ("level", "parent"),
    Kind.BOUNDARY: (),
}
IN_FILE = "_in_file"
"""Ending of columns that a source file names as one of ours: their text is kept beside what was made of it."""

_TYPES: Mapping[type, str] = {int: "int64", float: "float64"}
_KNOWN = frozenset((*PAIR, *SINGLE, *COLUMN_TYPES, "strand", "strand1", "strand2"))


def columns_of(kinds: Collection[Kind]) -> tuple[str, ...]:
    """Columns of a data frame of these kinds (all four for none), in order, but for the source files' own."""
    chosen = [kind for kind in Kind if kind in kinds] or list(Kind)
    single = () if all(kind in PAIRED for kind in chosen) else SINGLE
    pair = PAIR if any(kind in PAIRED for kind in chosen) else ()
    return (*single, *pair, *_COMMON, *(name for kind in chosen for name in _OWN[kind]), "uid")


def to_frame(records: Sequence[Annotation], kinds: Collection[Kind]) -> pd.DataFrame:
    """One row per record; columns by :func:`columns_of`, then those kept from the source files, as text."""
    import pandas as pd

    names = columns_of(kinds)
    rows = [_row(record) for record in records]
    extras = dict.fromkeys(key for record in records for key in record.extra)
    data: dict[str, Any] = {}
    for name in names:
        dtype: Any = _TYPES.get(COLUMN_TYPES.get(name, str))
        values = [row[name] for row in rows]
        data[name] = pd.Series(values, dtype=dtype or str)
    for key in extras:
        shown = f"{key}{IN_FILE}" if key in _KNOWN else key
        data[shown] = pd.Series([record.extra.get(key, "") for record in records], dtype=str)
    return pd.DataFrame(data, index=pd.RangeIndex(len(rows)))


def _row(record: Annotation) -> dict[str, Any]:
    row = to_row(record)
    row["chrom1"] = row["chrom2"] = row["chrom"]
    row["supporters"] = to_list_cell(record.supporters) if record.supporters else ""
    return row


def from_frame(
    frame: pd.DataFrame, kind: str | None = None, *, score_column: str | None = None, ascending: bool = False
) -> list[Annotation]:
    """The records of a data frame; see :meth:`~napari_hicstruct.api.calls.Calls.from_dataframe`."""
    if not hasattr(frame, "itertuples"):
        raise LabelError(f"frame={frame!r} is no data frame.", hint="Make one: pandas.DataFrame(…).")
    columns = [str(column) for column in frame.columns]
    if kind is None and "kind" not in columns:
        have = " or ".join(f"kind='{one.value}'" for one in (PAIRED if set(PAIR) <= set(columns) else Kind))
        raise LabelError("the data frame does not say what it holds.", hint=f"Give {have}, or add a column 'kind'.")
    if score_column is not None and score_column not in columns:
        raise LabelError(f"the data frame has no column '{score_column}'.", hint=f"It has {', '.join(columns)}.")
    found = []
    for label, values in zip(frame.index, frame.itertuples(index=False, name=None), strict=True):
        row = {name: value for name, value in zip(columns, values, strict=True) if not _missing(value)}
        try:
            found.append(_record(row, kind, scored=score_column is None))
        except HicStructError as error:
            raise LabelError(error.message, where=f"data frame, row {label!r}", hint=error.hint) from error
    return found if score_column is None else _ranked(found, frame[score_column], score_column, ascending)


def _missing(value: Any) -> bool:
    if value is None or type(value).__name__ == "NAType":  # pandas' NA is neither true nor false
        return True
    return bool(value == "" or value != value)


def _record(row: Mapping[str, Any], kind: str | None, *, scored: bool) -> Annotation:
    what = kind_of(row.get("kind", "") if kind is None else kind)
    first, second = _anchors(row, what)
    extra = {_own_name(name): plain(value) for name, value in row.items() if name not in _KNOWN}
    return Annotation(
        kind=what,
        anchor1=first,
        anchor2=second,
        uid=plain(row.get("uid") or new_uid()),
        score=_share(row, "score", NO_SCORE) if scored else NO_SCORE,
        probability=_share(row, "probability", NO_PROBABILITY),
        resolution=_integer(row, "resolution", 0),
        status=_one_of(Status, row, "status", Status.PROPOSED),
        source=plain(row.get("source", "")),
        model=plain(row.get("model", "")),
        soft_score=_share(row, "soft_score", NO_SOFT_SCORE),
        n_calls=_integer(row, "n_calls", 0),
        n_tools=_integer(row, "n_tools", 0),
        supporters=from_list_cell(str(row.get("supporters", ""))),
        direction=_one_of(Direction, row, "direction", Direction.NONE),
        level=_integer(row, "level", 0),
        parent=plain(row.get("parent", "")),
        name=plain(row.get("name", "")),
        extra=extra or NO_EXTRA,
    )


def _own_name(column: str) -> str:
    """What the source file called a column that :func:`to_frame` gave another name."""
    bare = column.removesuffix(IN_FILE)
    return bare if bare in _KNOWN else column


def kind_of(name: str) -> Kind:
    """A kind by its name, singular or plural, as people write it.

    Raises
    ------
    LabelError
        If there is no such kind.
    """
    key = plain(name).strip().lower()
    for kind in Kind:
        if key in (kind.value, f"{kind.value}s", f"{kind.value[:-1]}ies"):
            return kind
    raise LabelError(
        f"there is no kind '{plain(name)}'.", hint=f"Choose from {', '.join(kind.value for kind in Kind)}."
    )


def _anchors(row: Mapping[str, Any], kind: Kind) -> tuple[Interval, Interval]:
    """Both anchors; a TAD or boundary that has only the columns of a pair is its first anchor."""
    if kind in PAIRED or not row.keys() & set(SINGLE):
        return _interval(row, PAIR[:3]), _interval(row, PAIR[3:] if kind in PAIRED else PAIR[:3])
    one = _interval(row, SINGLE)
    return one, one


def _interval(row: Mapping[str, Any], columns: tuple[str, ...]) -> Interval:
    for column in columns:
        if column not in row:
            raise LabelError(f"has no '{column}'.", hint=f"Give the columns {', '.join(columns)}.")
    return Interval(plain(row[columns[0]]), *(_integer(row, column, 0) for column in columns[1:]))


def _integer(row: Mapping[str, Any], column: str, default: int) -> int:
    value = row.get(column, default)
    try:
        whole = int(value)
        if whole == float(value):
            return whole
    except (TypeError, ValueError, OverflowError):
        pass
    raise LabelError(f"'{column}' is {value!r}, not a whole number.", hint="Give base pairs or counts as integers.")


def _share(row: Mapping[str, Any], column: str, missing: float) -> float:
    value = row.get(column)
    try:
        number = missing if value is None else float(value)
    except (TypeError, ValueError):
        raise LabelError(
            f"'{column}' is {value!r}, not a number.", hint="Leave it empty where there is none."
        ) from None
    if number < 0 or number > 1:
        hint = f"Name it with score_column='{column}': its ranks become the scores." if column == "score" else None
        raise LabelError(f"'{column}' is {number:g}, not between 0 and 1.", hint=hint)
    return number


def _one_of(choices: Any, row: Mapping[str, Any], column: str, default: Any) -> Any:
    value = plain(row.get(column, default))
    try:
        return choices(value)
    except ValueError:
        have = ", ".join(choice.value for choice in choices)
        raise LabelError(f"'{column}' is '{value}'.", hint=f"Choose from {have}.") from None


def _ranked(records: list[Annotation], column: pd.Series[Any], name: str, ascending: bool) -> list[Annotation]:
    """The records with scores by a column: its numbers if they lie in [0, 1], else their fractional ranks."""
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce").astype(float).tolist()
    if not any(math.isfinite(number) for number in numbers):
        raise LabelError(f"column '{name}' holds no numbers.", hint="Name another column.")
    better = Better.LOWER if ascending or is_p_value(name) else Better.HIGHER
    scores = scores_of(dict(enumerate(numbers)), better).by_line
    return [record.with_(score=scores.get(k, NO_SCORE)) for k, record in enumerate(records)]
