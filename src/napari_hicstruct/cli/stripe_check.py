"""``hicstruct stripe-check``: stripes of a file drawn on raw counts, to see whether they sit where they should."""

from __future__ import annotations

from pathlib import Path

import typer

from napari_hicstruct.cli.common import (
    bins,
    bp_option,
    emit,
    json_option,
    overwrite_file_option,
    quiet_option,
    show_progress,
    to_stderr,
)
from napari_hicstruct.errors import ConfigError


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("stripe-check")(stripe_check)


def stripe_check(
    map: str = typer.Argument(..., help="Contact map: .cool, .mcool, URI::/group or .hic."),
    stripes: Path = typer.Argument(..., help="File of stripes, of any known format."),
    out: Path = typer.Option(..., "--out", "-o", help="A picture (.png, .svg, .pdf), or a folder for several stripes."),
    number: list[int] = typer.Option([], "--number", "-n", min=1, help="Data line of the file, from 1; repeatable."),
    all: bool = typer.Option(False, "--all", help="Every stripe of the file."),
    resolution: int = bp_option(5_000, parser=bins, help="Bins; the nearest that the map has is drawn, and named."),
    percentile: float = typer.Option(98.0, min=1, max=100, help="Of the counts in view; the colour maximum."),
    margin: int = bp_option(-1, help="On each side, as 100k. Default: a quarter of the stripe, at least 250 kb."),
    balance: bool = typer.Option(False, "--balance", help="Balanced contacts instead of raw counts."),
    transpose: bool = typer.Option(False, "--transpose", help="Outline the transposed rectangle, too, dashed."),
    overwrite: bool = overwrite_file_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Draw stripes of a file on the counts of MAP: rows are the anchor (pos1–pos2), columns the extent (pos3–pos4)."""
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.workflows.stripe_check import CheckOptions, StripeCheckRequest, iter_stripe_checks

    if bool(number) == all:
        raise ConfigError("say which stripes.", where="--number, --all", hint="Give -n 5, or --all.")
    if (all or len(number) > 1) and out.suffix:
        raise ConfigError("is one picture, for several stripes.", where=out, hint="Give a folder.")
    options = CheckOptions(
        resolution=resolution,
        margin=None if margin < 0 else margin,
        percentile=percentile,
        balanced=balance,
        transpose=transpose,
    )
    numbers = tuple(dict.fromkeys(number))
    request = StripeCheckRequest(labels=stripes, numbers=numbers, out=out, options=options, overwrite=overwrite)
    written, notes = show_progress(iter_stripe_checks(open_map(map), request), quiet)
    for note in notes:
        to_stderr(f"{stripes}: {note}")
    emit({"pictures": len(written), "written": str(out)} if not json else {"pictures": written}, json)
