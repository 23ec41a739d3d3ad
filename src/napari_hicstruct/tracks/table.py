"""Columns of a track file as arrays; the line that is wrong is named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_hicstruct.errors import TrackError
from napari_hicstruct.tracks.text import MAX_BP, without_comments
from napari_hicstruct.wording import how_many

_SKIPPED = ("#", "track", "browser")
_KINDS: dict[str, Any] = {"start": "int64", "end": "int64", "value": "float64"}


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of a file holds what; those that are numbers are called start, end and value.

    Attributes
    ----------
    places : mapping of str to int
    what : str
        The format, for people.
    """

    places: Mapping[str, int]
    what: str


def first_fields(data: bytes) -> list[str]:
    """Columns of the first line that carries data; none if there is no such line."""
    for line in data[: 1 << 16].splitlines():
        text = line.decode("utf-8", "replace").strip("\r\n")
        if text.strip() and not text.startswith(_SKIPPED):
            return text.split("\t") if "\t" in text else text.split()
    return []


def read_columns(path: Path, data: bytes, columns: Columns) -> pd.DataFrame:
    """Named columns; numbers are int64 and float64, the rest categories of text.

    Raises
    ------
    TrackError
        With the line that cannot be read.
    """
    places = columns.places
    separator = "\t" if b"\t" in data[: 1 << 16] else r"\s+"
    kinds: Any = {places[name]: _KINDS.get(name, "category") for name in places}
    missing: Any = {places["value"]: ["NA", "nan", "NaN", "."]} if "value" in places else None
    try:
        table: pd.DataFrame = pd.read_csv(
            BytesIO(without_comments(data)),
            sep=separator,
            header=None,
            usecols=sorted(places.values()),
            dtype=kinds,
            keep_default_na=False,
            na_values=missing,
            quoting=3,
            encoding="utf-8",
            encoding_errors="replace",
        )
    except (ValueError, OverflowError, pd.errors.ParserError) as error:
        raise _blame(path, data, columns, tabs=separator == "\t") from error
    table = table.rename(columns={place: name for name, place in places.items()})
    wrong = (table["start"] < 0) | (table["end"] < table["start"]) | (table["end"] > MAX_BP)
    if wrong.any():
        raise _blame(path, data, columns, tabs=separator == "\t")
    return table


def by_chromosome(codes: pd.Series) -> Iterable[tuple[str, NDArray[np.int64]]]:
    """Chromosomes and the rows on each, in the file's order."""
    names, own = list(codes.cat.categories), codes.cat.codes.to_numpy()
    order = np.argsort(own, kind="stable")
    edges = np.searchsorted(own[order], np.arange(len(names) + 1))
    for number, name in enumerate(names):
        yield str(name), order[edges[number] : edges[number + 1]]


def _blame(path: Path, data: bytes, columns: Columns, *, tabs: bool) -> TrackError:
    """The error of the first line that is wrong."""
    for number, raw in enumerate(data.splitlines(), 1):
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if not line.strip() or line.startswith(_SKIPPED):
            continue
        fields = line.split("\t") if tabs else line.split()
        if problem := _problem(fields, columns.places):
            hint = (
                "Is the file cut short? Copy it again." if _is_last(data, number) else f"Fix or delete line {number:,}."
            )
            return TrackError(f"line {number:,} is not {columns.what}: {problem}.", where=path, hint=hint)
    return TrackError(f"is not {columns.what}.", where=path, hint="Choose a bigWig, bedGraph, BED, GTF or GFF3 file.")


def _is_last(data: bytes, number: int) -> bool:
    return number >= data.rstrip(b"\n").count(b"\n") + 1


def _problem(fields: Sequence[str], places: Mapping[str, int]) -> str:
    """What is wrong with a line; empty if nothing is."""
    if len(fields) <= max(places.values()):
        return f"it has {len(fields)} of {how_many(max(places.values()) + 1, 'column')}"
    try:
        start, end = int(fields[places["start"]]), int(fields[places["end"]])
    except ValueError:
        return f"'{fields[places['start']]}' and '{fields[places['end']]}' are not start and end"
    if start < 0 or end < start or end > MAX_BP:
        return f"{start:,}–{end:,} is not an interval"
    if "value" in places and fields[places["value"]] not in ("NA", "nan", "NaN", ".", ""):
        try:
            float(fields[places["value"]])
        except ValueError:
            return f"'{fields[places['value']]}' is not a number"
    return ""
