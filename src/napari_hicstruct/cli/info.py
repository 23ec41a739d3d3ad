"""``hicstruct info``: what a map holds and what can be done with it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import typer

from napari_hicstruct.cli.common import emit, json_option, quiet_option, show_progress
from napari_hicstruct.contacts.protocol import RAW

if TYPE_CHECKING:
    from napari_hicstruct.workflows.open_map import MapSummary


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command()
    def info(
        map: str = typer.Argument(..., metavar="MAP", help=".cool, .mcool or .hic file, or FILE::/group."),
        json: bool = json_option,
        quiet: bool = quiet_option,
    ) -> None:
        """Show a map's resolutions, chromosomes, normalisations, depth, and what can be predicted on it.

        Shown first: what the window opens with.
        Balanced with: what predictions, O/E and insulation use.
        Mean count at 1 bin: the depth, contacts of two neighbouring bins.
        All columns: docs/formats/maps.md.
        """
        from napari_hicstruct.contacts import open_map
        from napari_hicstruct.workflows.open_map import iter_summarise

        summary = show_progress(iter_summarise(open_map(map)), quiet)
        emit(summary, json, human=None if json else _table(summary))


def _table(summary: MapSummary) -> Any:
    from rich.console import Group
    from rich.table import Table

    parts: list[Any] = [_facts(summary), "", _resolutions(summary), ""]
    if summary.possible:
        tasks = Table(box=None, pad_edge=False, show_header=False)
        for task, reason in summary.possible.items():
            tasks.add_row(f"predict {task}", f"no: {reason}" if reason else "yes")
        parts += [tasks, ""]
    parts.append(_chromosomes(summary))
    parts += [f"! {note}" for note in summary.notes]
    return Group(*parts)


def _facts(summary: MapSummary) -> Any:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    facts = {
        "map": summary.uri,
        "assembly": summary.assembly or "not said in the file",
        "chromosomes": f"{summary.n_chromosomes:,}",
        "cis contacts" if summary.integer_counts else "sum of cis values": f"{summary.contacts:,.0f}",
        "fingerprint": summary.fingerprint[:16],
    }
    for key, value in facts.items():
        table.add_row(f"[bold]{key}[/bold]", escape(value))
    return table


def _resolutions(summary: MapSummary) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("bins (bp)", "stored normalisations", "shown first", "balanced with"):
        table.add_column(title, justify="right" if title.startswith("bins") else "left")
    for resolution in summary.resolutions:
        stored = ", ".join(summary.normalisations[resolution]) or "none"
        first, balanced = summary.first_norms[resolution], summary.default_norms[resolution]
        shown = "values as stored" if first == RAW else first
        balanced = "cannot be balanced" if balanced == RAW else balanced
        table.add_row(f"{resolution:,}", stored, shown, balanced)
    return table


def _chromosomes(summary: MapSummary) -> Any:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("chromosome")
    contacts, value = ("cis contacts", "count") if summary.integer_counts else ("sum of cis values", "value")
    for title in ("length (bp)", contacts, f"mean {value} at 1 bin ({summary.resolutions[0]:,} bp)"):
        table.add_column(title, justify="right")
    for item in summary.chromosomes:
        table.add_row(escape(item.name), f"{item.length:,}", f"{item.contacts:,.0f}", _mean(item.adjacent))
    return table


def _mean(value: float) -> str:
    """Three digits; whole numbers from 100 on, without an exponent."""
    if math.isnan(value):
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
