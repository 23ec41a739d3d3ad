"""What is known of cell lines: numbers, tracks (bigWig) and peaks; one table, one line a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.readers.source import decode, local_path, read_bytes
from napari_hicstruct.epi.tables import read_rows
from napari_hicstruct.errors import ConfigError, LabelError
from napari_hicstruct.tracks.binned import interval_means
from napari_hicstruct.wording import how_many

TRACK = "track:"
"""Columns of files of a track are named ``track:NAME``."""
QUANTILES = (0.25, 0.5, 0.75, 0.9, 0.99)
NUMBERS_PER_TRACK = 3 + len(QUANTILES)
MAX_SITES = 2_000
"""Sites over which a track is summarised."""
_NONE = ("", ".", "na", "nan")


@dataclass(frozen=True, slots=True)
class Line:
    """One row: a line's numbers, NaN where it has none, and its files."""

    name: str
    numbers: tuple[float, ...] = ()
    peaks: Path | None = None
    tracks: Mapping[str, Path | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LineTable:
    """Lines by name, and the names of their numbers and tracks."""

    lines: Mapping[str, Line]
    numbers: tuple[str, ...] = ()
    tracks: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class Sites:
    """Intervals over which tracks are read: chromosomes, starts, ends (bp)."""

    chroms: Sequence[str]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


def read_lines(path: str | Path) -> LineTable:
    """Read the table of lines: column ``line``; ``peaks`` and ``track:NAME`` name files; all others are numbers.

    Paths are relative to the table.

    Raises
    ------
    LabelError
        If it cannot be read, a line stands in it twice, a number is none, or a file is not there.
    """
    head, rows = read_rows(path)
    names = [name.strip().lower() for name in head]
    if "line" not in names:
        raise LabelError("has no column 'line'.", where=path, hint="docs/epi.md has an example.")
    at, folder = names.index("line"), local_path(path).parent
    tracks = [k for k, name in enumerate(names) if name.startswith(TRACK)]
    numbers = [k for k, name in enumerate(names) if k != at and name != "peaks" and k not in tracks]
    found: dict[str, Line] = {}
    for row in rows:
        if row[at] in found:
            raise LabelError(f"has the line '{row[at]}' twice.", where=path, hint="Leave one of the rows out.")
        peaks = _file(path, folder, row[names.index("peaks")]) if "peaks" in names else None
        files = {head[k][len(TRACK) :]: _file(path, folder, row[k]) for k in tracks}
        values = tuple(_number(path, row[at], head[k], row[k]) for k in numbers)
        found[row[at]] = Line(row[at], values, peaks, files)
    of_tracks = tuple(head[k][len(TRACK) :] for k in tracks)
    return LineTable(found, tuple(head[k] for k in numbers), of_tracks, str(path))


def _file(table: str | Path, folder: Path, text: str) -> Path | None:
    if text.lower() in _NONE:
        return None
    path = folder / text
    if not path.is_file():
        raise LabelError(f"names a file that is not there: {text}.", where=table, hint="Paths are relative to it.")
    return path


def _number(table: str | Path, line: str, name: str, text: str) -> float:
    if text.lower() in _NONE:
        return float("nan")
    try:
        return float(text)
    except ValueError as error:
        hint = "Columns that are no files hold numbers; write NA where there is none."
        raise LabelError(f"line '{line}': '{text}' in column '{name}' is no number.", where=table, hint=hint) from error


def describe(
    table: LineTable, names: Sequence[str], sites: Sites, *, size: int
) -> tuple[NDArray[np.float32], list[str]]:
    """Numbers that describe lines: those of the table, then eight of each track.

    A track's eight: mean, spread and share above 0 of ``log1p`` of its means over sites, and five quantiles of it.

    Returns
    -------
    (float32 array, shape (lines, ≤ size), notes)
        NaN where a line has none.

    Raises
    ------
    ConfigError
        If there are more than ``size`` numbers.
    MapError
        If a track cannot be read.
    """
    wide = len(table.numbers) + NUMBERS_PER_TRACK * len(table.tracks)
    if wide > size:
        what = f"{how_many(wide, 'number')} would describe a line ({NUMBERS_PER_TRACK} of each track); {size} are read."
        raise ConfigError(what, where=table.where, hint="Leave columns out, or raise gate.features.")
    found = np.full((len(names), wide), np.nan, np.float32)
    missing: dict[str, list[str]] = {}
    for row, name in enumerate(names):
        line = table.lines.get(name)
        if line is None:
            continue
        found[row, : len(table.numbers)] = line.numbers
        for k, track in enumerate(table.tracks):
            if (path := line.tracks.get(track)) is None:
                missing.setdefault(track, []).append(name)
                continue
            start = len(table.numbers) + NUMBERS_PER_TRACK * k
            found[row, start : start + NUMBERS_PER_TRACK] = summary(path, sites)
    notes = [
        f"Track '{track}' is missing for {', '.join(of)}: the mean of the other lines stands in for it."
        for track, of in missing.items()
        if len(of) < len(names)
    ]
    return found, notes


def summary(path: Path, sites: Sites) -> NDArray[np.float32]:
    """The eight numbers of a track."""
    values = np.log1p(np.clip(interval_means(path, sites.chroms, sites.starts, sites.ends), 0, None))
    return np.array([values.mean(), values.std(), (values > 0).mean(), *np.quantile(values, QUANTILES)], np.float32)


def read_peaks(path: Path) -> tuple[list[str], NDArray[np.int64]]:
    """Chromosomes and middles (bp) of a BED or narrowPeak file; its summits, where it has them.

    Raises
    ------
    LabelError
        If it cannot be read or a row is no interval.
    """
    chroms, middles = [], []
    for number, text in enumerate(decode(path, read_bytes(path)).splitlines(), 1):
        cells = text.split("\t") if "\t" in text else text.split()
        if not cells or cells[0].startswith(("#", "track", "browser")):
            continue
        try:
            start, end = int(cells[1]), int(cells[2])
            summit = int(cells[9]) if len(cells) == 10 else -1
        except (IndexError, ValueError) as error:
            raise LabelError(f"line {number:,} is no interval.", where=path, hint="Give BED or narrowPeak.") from error
        chroms.append(cells[0])
        middles.append(start + summit if summit >= 0 else (start + end) // 2)
    if not chroms:
        raise LabelError("holds no peaks.", where=path, hint="Leave the cell empty if the line has none.")
    return chroms, np.array(middles, np.int64)
