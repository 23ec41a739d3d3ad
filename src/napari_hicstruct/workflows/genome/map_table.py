"""A table with a row for each map and what belongs to it, such as the label files of many maps."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from napari_hicstruct.config.files import why
from napari_hicstruct.config.map_uri import absolute_uri, as_path
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.workflows.genome.batch import folders_of

MAP, NAME = "map", "name"


@dataclass(frozen=True, slots=True)
class MapRow:
    """One row.

    Attributes
    ----------
    map : str
        With its full path; empty if the table has no such column.
    name : str
        Of its result.
    cells : mapping of str to tuple of str
        Files by column, with their full paths; columns are repeatable.
    """

    map: str
    name: str
    cells: Mapping[str, tuple[str, ...]]


def read_map_table(path: Path, columns: Collection[str]) -> list[MapRow]:
    """The rows of a table: tabs between cells, names of columns in the first line.

    Parameters
    ----------
    path : Path
        Its folder is that of relative paths.
    columns : collection of str
        Those that may stand in it, besides ``map`` and ``name``.

    Raises
    ------
    ConfigError
    """
    try:
        lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {why(error)}.", where=path) from error
    known = (MAP, NAME, *columns)
    header = [cell.strip().lstrip("#").lower() for cell in lines[0].split("\t")] if lines else []
    if unknown := [name for name in header if name not in known] or ([] if header else [""]):
        hint = f"Its first line names the columns: {', '.join(known)}."
        raise ConfigError(f"has no column '{unknown[0]}' here.", where=path, hint=hint)
    if MAP not in header and NAME not in header:
        raise ConfigError("has neither a column 'map' nor 'name'.", where=path, hint="Add one.")
    rows = [_cells(line, header, path, number) for number, line in enumerate(lines[1:], start=2)]
    if not rows:
        raise ConfigError("names no map.", where=path, hint="Give a line for each.")
    return list(_named(rows, path))


def _cells(line: str, header: list[str], path: Path, number: int) -> dict[str, tuple[str, ...]]:
    cells = [cell.strip() for cell in line.split("\t")]
    if any(cells[len(header) :]):
        hint = f"Name every column in the first line; it has {len(header)}."
        raise ConfigError(f"line {number} has {len(cells)} cells.", where=path, hint=hint)
    found: dict[str, tuple[str, ...]] = {}
    for name, cell in zip(header, cells, strict=False):
        if cell:
            found[name] = (*found.get(name, ()), cell if name == NAME else _full(cell, path.parent, name))
    return found


def _full(cell: str, folder: Path, column: str) -> str:
    """A path of the table as a full one; ``CALLER=FILE`` keeps its caller."""
    if column == "calls" and "=" in cell and not (folder / cell).exists():
        caller, _, file = cell.partition("=")
        return f"{caller}={_full(file, folder, '')}"
    return absolute_uri(as_path(cell), os.path.abspath(folder))


def _named(rows: list[dict[str, tuple[str, ...]]], path: Path) -> Iterator[MapRow]:
    maps = [row.get(MAP, ("",))[0] for row in rows]
    names = [
        row[NAME][0] if NAME in row else name for row, name in zip(rows, folders_of(maps), strict=True)
    ]  # fmt: skip
    for number, (row, map, name) in enumerate(zip(rows, maps, names, strict=True), start=2):
        if not name or Path(name).name != name or names.count(name) > 1:
            what = f"line {number} names its result '{name}'." if name else f"line {number} has no map and no name."
            raise ConfigError(what, where=path, hint="Give each line a name of its own, without slashes.")
        yield MapRow(map, name, {key: cells for key, cells in row.items() if key not in (MAP, NAME)})
