"""``hicstruct dataset``: a map and its label files → a data set to train on."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.cli.cluster import Engine, resume_option, scheduler_option, table_option, workers_option
from napari_hicstruct.cli.common import (
    bp_option,
    emit,
    json_option,
    parse_tracks,
    quiet_option,
    show_progress,
    to_stderr,
)
from napari_hicstruct.cli.maps_option import MapsCommand, maps_option
from napari_hicstruct.errors import ConfigError

if TYPE_CHECKING:
    from napari_hicstruct.workflows.dataset import DatasetRequest

COLUMNS = ("loops", "tads", "stripes", "reviewed")
"""Of a table of maps."""

_WEAK = ("loop", "stripe", "boundary")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(cls=MapsCommand)(dataset)


def dataset(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; of several maps, one in it each.")],
    maps: Annotated[
        list[str] | None, typer.Argument(help="Contact maps: .cool, .mcool, URI::/group or .hic.", metavar="MAP...")
    ] = None,
    behind_maps: list[str] = maps_option,
    table: Path | None = table_option,
    loops: Annotated[list[Path] | None, typer.Option(help="Loop file; repeatable.")] = None,
    tads: Annotated[list[Path] | None, typer.Option(help="TAD file; repeatable.")] = None,
    stripes: Annotated[list[Path] | None, typer.Option(help="Stripe file; repeatable.")] = None,
    weak: Annotated[
        str, typer.Option(help="Kinds that the map itself labels, comma-separated: loop, stripe, boundary.")
    ] = "",
    resolution: int = bp_option(
        0, help="Coarse bins, as 25k, fine ones half of it; 0: 10 kb, or the nearest that the map has."
    ),
    train: Annotated[str, typer.Option(help="Chromosomes or regions, comma-separated. [1-16]")] = "",
    validation: Annotated[str, typer.Option(help="The same. [17, 18]")] = "",
    test: Annotated[str, typer.Option(help="The same. [19-22, X]")] = "",
    reviewed: Annotated[
        Path | None, typer.Option(help="BED of where labels are complete; elsewhere only labels are known.")
    ] = None,
    track: Annotated[
        list[str] | None, typer.Option(help="NAME=FILE.bw of a 1-D track for models that read it; repeatable.")
    ] = None,
    workers: int = workers_option,
    scheduler: str = scheduler_option,
    resume: bool = resume_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Turn MAP and label files into a data set: name it under 'datasets' in a recipe of hicstruct train."""
    from napari_hicstruct.workflows.dataset import DatasetRequest

    given = {"train": train, "validation": validation, "test": test}
    request = DatasetRequest(
        map="",
        out=out,
        loops=tuple(loops or ()),
        tads=tuple(tads or ()),
        stripes=tuple(stripes or ()),
        splits={name: _parts(text) for name, text in given.items() if text},
        weak=_weak(weak),
        resolution=resolution,
        reviewed=reviewed,
        tracks=parse_tracks(track or ()),
    )
    _make(maps or [], table, request, Engine(workers, scheduler, resume), (json, quiet))


def _make(
    maps: list[str], table: Path | None, request: DatasetRequest, engine: Engine, shown: tuple[bool, bool]
) -> None:
    """One data set, or one for each map.

    Raises
    ------
    ConfigError
        If no map is given, or a table besides.
    """
    from napari_hicstruct.workflows.dataset import iter_make_dataset
    from napari_hicstruct.workflows.genome.map_jobs import dataset_figures, dataset_jobs, rows_of
    from napari_hicstruct.workflows.genome.map_table import read_map_table

    json, quiet = shown
    if bool(maps) == (table is not None):
        raise ConfigError("no map is given." if not maps else "--table names the maps.", hint="Give MAP... or --table.")
    if table is not None or len(maps) > 1:
        request = replace(request, out=request.out.absolute())
        rows = rows_of(maps) if table is None else read_map_table(table, COLUMNS)
        engine.run(dataset_jobs(rows, request), request.out, json=json, quiet=quiet)
        return
    engine.say_unused()
    manifest = show_progress(iter_make_dataset(replace(request, map=maps[0])), quiet)
    for note in manifest["notes"]:
        to_stderr(note)
    emit({"folder": str(request.out), **dataset_figures(manifest)}, json)


def _weak(text: str) -> tuple[Kind, ...]:
    """``loop,stripe`` → kinds."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in _WEAK]:
        raise ConfigError(f"--weak: a map does not label '{unknown[0]}'.", hint=f"Choose from {', '.join(_WEAK)}.")
    return tuple(dict.fromkeys(Kind(name) for name in names))


def _parts(text: str) -> tuple[str, ...]:
    """``chr1:0-20,000,000,chr2`` → its two parts: a comma before three digits belongs to the number."""
    return tuple(part.strip() for part in re.split(r",(?!\d{3}(?!\d))", text) if part.strip())
