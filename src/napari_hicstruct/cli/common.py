"""What all commands share: flags, the progress bar, tables and JSON, one way to say an error."""

from __future__ import annotations

import dataclasses
import json as json_module
import math
import os
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from napari_hicstruct.errors import ConfigError, RegionError
from napari_hicstruct.genome import parse_length
from napari_hicstruct.jobs import Progress, drain
from napari_hicstruct.wording import clock

if TYPE_CHECKING:
    from napari_hicstruct.decode.limits import DecodingLimits

T = TypeVar("T")


def base_pairs(value: str | int) -> int:
    """Parser of an option in bp: ``25000``, ``25k`` and ``1.5Mb``; a wrong one is a usage error."""
    try:
        return value if isinstance(value, int) else parse_length(value)
    except RegionError as error:
        raise typer.BadParameter(f"{error.message} {error.hint}") from error


def bins(value: str | int) -> int:
    """Parser of a bin size, which is not 0."""
    size = base_pairs(value)
    if size < 1:
        raise typer.BadParameter("Bins of 0 bp hold nothing.")
    return size


def bp_option(default: Any, *names: str, parser: Callable[[Any], int] = base_pairs, help: str) -> Any:
    """An option in bp, as a parameter's default."""
    return typer.Option(default, *names, parser=parser, metavar="BP", help=help)


json_option: bool = typer.Option(False, "--json", help="Print one line of JSON for machines instead of a table.")
"""Use as a parameter's default: ``json: bool = json_option``."""

quiet_option: bool = typer.Option(False, "--quiet", "-q", help="No progress bar, nothing but the result.")
"""Use as a parameter's default: ``quiet: bool = quiet_option``."""

overwrite_option: bool = typer.Option(
    False, "--overwrite", help="Replace label files of other maps, other projects or unknown origin in the folder."
)
"""Use as a parameter's default: ``overwrite: bool = overwrite_option``."""


overwrite_file_option: bool = typer.Option(False, "--overwrite", help="Replace a file that exists.")
"""Use as a parameter's default in a command that writes one file: ``overwrite: bool = overwrite_file_option``."""


def show_progress(job: Generator[Progress, None, T], quiet: bool = False) -> T:
    """Run ``job`` to its end and give its result, with a bar on standard error if that is a terminal.

    Elsewhere (the log of a cluster's job) a line says each minute how far it is.  Notices are printed there in any
    case, unless ``quiet``.

    Ctrl+C closes the generator, so that its clean-up runs, and passes on as ``KeyboardInterrupt``.
    """
    if quiet:
        return drain(job)
    if not sys.stderr.isatty():
        return drain(job, _line_printer())
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        return drain(job, _bar_updater(bar, bar.add_task("…", total=None, left="")))


SECONDS_BETWEEN_LINES = 60.0
"""Of progress, where standard error is no terminal; a command that is done before says nothing."""


def _line_printer() -> Callable[[Progress], None]:
    """Notices at once, and from time to time how far a job is."""
    last = time.monotonic()

    def update(step: Progress) -> None:
        nonlocal last
        if step.notice:
            to_stderr(f"note: {step.message}")
        elif time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            to_stderr(f"{time.strftime('%H:%M:%S')} {_in_words(step)}")

    return update


def _in_words(step: Progress) -> str:
    share = f"{step.done / step.total:.0%}" if step.total else ""
    left = "" if step.seconds_left is None else f"{clock(step.seconds_left)} left"
    return " · ".join(part for part in (step.stage, step.message, share, left) if part)


def _bar_updater(bar: Any, task: Any) -> Callable[[Progress], None]:
    def update(step: Progress) -> None:
        if step.notice:
            bar.console.print(f"note: {step.message}")
        text = f"{step.stage} · {step.message}" if step.message else step.stage
        left = "" if step.seconds_left is None else f"{clock(step.seconds_left)} left"
        bar.update(task, description=text, completed=step.done, total=step.total or None, left=left)

    return update


def to_stderr(text: str) -> None:
    """One line on standard error; not through click, which writes UTF-8 where standard error is ASCII."""
    print(text, file=sys.stderr)


def plain(value: Any) -> Any:
    """``value`` as JSON's own types: dataclasses and paths unfolded, arrays as lists, NaN as null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str | Path):
        return str(value)
    if hasattr(value, "tolist"):  # numpy scalars and arrays, without importing numpy
        return plain(value.tolist())
    if isinstance(value, Sequence | set | frozenset):
        return [plain(item) for item in value]
    return str(value)


def emit(data: Any, json: bool = False, *, human: Any = None) -> None:
    """Print a result on standard output.

    Parameters
    ----------
    data : mapping, dataclass, sequence of mappings, or str
        The result.
    json : bool
        One line of JSON.  Otherwise a mapping becomes a two-column table, a sequence of mappings a table with
        one row each, anything else its text.
    human : rich renderable or str, optional
        What people see instead of the table.
    """
    if json:
        print(json_module.dumps(plain(data), allow_nan=False))
        return
    shown = data if human is None else human
    if dataclasses.is_dataclass(shown) and not isinstance(shown, type):
        shown = plain(shown)
    if isinstance(shown, str):
        print(shown)
        return
    stdout_console().print(_as_renderable(shown))


def stdout_console() -> Any:
    """A rich console on standard output that never breaks lines of a pipe at 80 columns."""
    from rich.console import Console

    wide = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 160
    return Console(width=wide, highlight=False)


def _as_renderable(shown: Any) -> Any:
    from rich.table import Table

    if isinstance(shown, Mapping):
        table = Table(show_header=False, box=None, pad_edge=False)
        for key, value in shown.items():
            table.add_row(f"[bold]{key}[/bold]", _cell(value))
        return table
    if isinstance(shown, Sequence) and shown and all(isinstance(row, Mapping) for row in shown):
        table = Table(box=None, pad_edge=False)
        columns = list(dict.fromkeys(key for row in shown for key in row))
        for column in columns:
            table.add_column(str(column))
        for row in shown:
            table.add_row(*(_cell(row.get(column, "")) for column in columns))
        return table
    return shown


def _cell(value: Any) -> str:
    from rich.markup import escape

    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return escape(", ".join(f"{key}: {item}" for key, item in value.items()))
    if isinstance(value, list | tuple | set | frozenset):
        return escape(", ".join(str(item) for item in value))
    return escape(str(value))


def parse_tracks(texts: Sequence[str]) -> dict[str, str]:
    """``NAME=FILE`` by name.

    Raises
    ------
    ConfigError
        If one is not of that form.
    """
    if bad := [text for text in texts if not all(text.partition("="))]:
        raise ConfigError("that is no track.", where=f"--track {bad[0]}", hint="Give NAME=FILE.bw.")
    found: dict[str, str] = {}
    for text in texts:
        name, _, path = text.partition("=")
        check_first(name, found, f"--track {text}")
        found[name] = path
    return found


def check_first(name: str, found: Mapping[str, Any], where: str) -> None:
    """ConfigError if ``name`` was given before: one of the two would be lost."""
    if name in found:
        raise ConfigError(f"'{name}' is given twice.", where=where, hint="Give it once.")


def parse_limits(texts: Sequence[str]) -> DecodingLimits:
    """Limits given as ``NAME=MIN-MAX`` or ``NAME=BP``, with units as in regions (``100k-2M``).

    Raises
    ------
    ConfigError
        If one is not of that form.
    """
    from napari_hicstruct.decode.limits import DecodingLimits, parse_limit
    from napari_hicstruct.errors import RegionError

    found: dict[str, int | tuple[int, int]] = {}
    for text in texts:
        name, _, value = text.partition("=")
        check_first(name.strip(), found, f"--limit {text}")
        try:
            found[name.strip()] = parse_limit(value)
        except RegionError:
            hint = "Give NAME=100k-2M, or NAME=20000."
            raise ConfigError("that is no limit.", where=f"--limit {text}", hint=hint) from None
    return DecodingLimits.of(found)


def parse_numbers(option: str, texts: Sequence[str], what: str, example: str) -> dict[str, float]:
    """``NAME=NUMBER`` of a repeatable option, by name.

    Raises
    ------
    ConfigError
        If one is not of that form: it is no ``what``; ``example`` is one.
    """
    found: dict[str, float] = {}
    for text in texts:
        name, _, value = text.rpartition("=")
        check_first(name.strip(), found, f"{option} {text}")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            raise ConfigError(f"that is no {what}.", where=f"{option} {text}", hint=f"Give {example}.") from None
    return found


def preset_or_config(preset: str | None, config: Path | None, default: str) -> str | Path:
    """The settings that ``--preset`` or ``--config`` names.

    Raises
    ------
    ConfigError
        If both are given, or there is no such file.
    """
    if preset is not None and config is not None:
        raise ConfigError("--preset and --config both give settings.", hint="Give one of them.")
    if config is not None and not config.is_file():
        raise ConfigError("there is no such file.", where=config, hint="Give a YAML file of settings, or --preset.")
    return config or str(preset or default)
