"""``hicstruct dataset``: a map and its label files → a data set to train on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.cli.common import (
    bp_option,
    emit,
    json_option,
    parse_tracks,
    quiet_option,
    show_progress,
    to_stderr,
)
from napari_hicstruct.errors import ConfigError

_WEAK = ("loop", "stripe", "boundary")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(dataset)


def dataset(
    map: Annotated[str, typer.Argument(help="Contact map: .cool, .mcool, URI::/group or .hic.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")],
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
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Turn MAP and label files into a data set: name it under 'datasets' in a recipe of hicstruct train."""
    from napari_hicstruct.workflows.dataset import DatasetRequest, iter_make_dataset

    given = {"train": train, "validation": validation, "test": test}
    splits = {name: _parts(text) for name, text in given.items() if text}
    request = DatasetRequest(
        map=map,
        out=out,
        loops=tuple(loops or ()),
        tads=tuple(tads or ()),
        stripes=tuple(stripes or ()),
        splits=splits,
        weak=_weak(weak),
        resolution=resolution,
        reviewed=reviewed,
        tracks=parse_tracks(track or ()),
    )
    manifest = show_progress(iter_make_dataset(request), quiet)
    for note in manifest["notes"]:
        to_stderr(note)
    emit({"folder": str(out), **_summary(manifest)}, json)


def _summary(manifest: Mapping[str, Any]) -> dict[str, int]:
    """How many labels and windows, by split."""
    return {
        "labels": sum(entry["records"] for entry in manifest["labels"]),
        **{f"{split} windows": count for split, count in manifest["windows"].items()},
        **{f"{split} {name}": count for split, all in manifest["labelled"].items() for name, count in all.items()},
    }


def _weak(text: str) -> tuple[Kind, ...]:
    """``loop,stripe`` → kinds."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in _WEAK]:
        raise ConfigError(f"--weak: a map does not label '{unknown[0]}'.", hint=f"Choose from {', '.join(_WEAK)}.")
    return tuple(dict.fromkeys(Kind(name) for name in names))


def _parts(text: str) -> tuple[str, ...]:
    """``chr1:0-20,000,000,chr2`` → its two parts: a comma before three digits belongs to the number."""
    return tuple(part.strip() for part in re.split(r",(?!\d{3}(?!\d))", text) if part.strip())
