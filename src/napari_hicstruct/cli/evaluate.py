"""``hicstruct evaluate``: predictions against truth, every metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_hicstruct.cli.cluster import Engine, resume_option, scheduler_option, table_option, workers_option
from napari_hicstruct.cli.common import (
    base_pairs,
    emit,
    json_option,
    overwrite_file_option,
    quiet_option,
    show_progress,
    to_stderr,
)
from napari_hicstruct.cli.import_labels import check_ascending
from napari_hicstruct.cli.maps_option import ManyValues
from napari_hicstruct.errors import ConfigError

if TYPE_CHECKING:
    from napari_hicstruct.workflows.evaluate import EvaluateResult
    from napari_hicstruct.workflows.evaluate.request import EvaluateRequest

_RATES = {"precision", "recall", "f1"}


COLUMNS = ("pred", "truth", "ignore")
"""Of a table of maps."""


class _ManyValues(ManyValues):
    many = ("--pred", "--truth", "--ignore", "--top", "--chrom", "--region")


def evaluate(
    pred: Annotated[list[Path] | None, typer.Option(help="Folder of `hicstruct predict`, or label files.")] = None,
    truth: Annotated[
        list[Path] | None, typer.Option(help="Folder or label files; several of one kind are united.")
    ] = None,
    table: Path | None = table_option,
    ignore: Annotated[list[Path] | None, typer.Option(help="Too faint to ask for; such calls do not count.")] = None,
    chrom: Annotated[list[str] | None, typer.Option(help="Chromosomes to judge; else those with predictions.")] = None,
    region: Annotated[list[str] | None, typer.Option(help="Region to judge; else what --pred searched.")] = None,
    tolerance: Annotated[
        int, typer.Option(parser=base_pairs, metavar="BP", help="How far a call may be off, in bp or as 20k.")
    ] = 20_000,
    resolution: Annotated[
        int, typer.Option(min=0, help="bp per bin for ±1 and ±2 bins; 0: as the predictions say.")
    ] = 0,
    top: Annotated[list[int] | None, typer.Option(min=1, help="Precision of the best n calls [25 50 100].")] = None,
    score_column: Annotated[
        str | None, typer.Option(help="Column of the --pred files that ranks them, by name or number (from 1).")
    ] = None,
    ascending: Annotated[bool, typer.Option("--ascending", help="Lower is better in --score-column.")] = False,
    map_uri: Annotated[str | None, typer.Option("--map", help="Contact map: adds the pile-up of the loops.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for metrics.json and pictures.")] = None,
    workers: int = workers_option,
    scheduler: str = scheduler_option,
    resume: bool = resume_option,
    overwrite: bool = overwrite_file_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Compare predictions with truth: loops, stripes, TADs, boundaries, and how they agree with each other."""
    from napari_hicstruct.workflows.evaluate.request import EvaluateRequest

    check_ascending(score_column, ascending)
    request = EvaluateRequest(
        predictions=tuple(pred or ()),
        truth=tuple(truth or ()),
        ignore=tuple(ignore or ()),
        chroms=tuple(chrom or ()),
        regions=tuple(region or ()),
        tolerance=tolerance,
        resolution=resolution,
        top=tuple(top or (25, 50, 100)),
        score_column=score_column,
        ascending=ascending,
        map=map_uri,
        out_dir=out,
        overwrite=overwrite,
    )
    _evaluate(request, table, Engine(workers, scheduler, resume), json=json, quiet=quiet)


def _evaluate(request: EvaluateRequest, table: Path | None, engine: Engine, *, json: bool, quiet: bool) -> None:
    """One map, or each map of a table or of a batch of predictions.

    Raises
    ------
    ConfigError
        If nothing says what to compare, or where the results of many maps go.
    """
    from napari_hicstruct.workflows.evaluate import iter_evaluate
    from napari_hicstruct.workflows.genome.batch import read_batch
    from napari_hicstruct.workflows.genome.map_jobs import evaluation_jobs, predicted_jobs
    from napari_hicstruct.workflows.genome.map_table import read_map_table

    pred = [side for side in request.predictions if isinstance(side, Path)]
    batch = pred[0] if len(pred) == 1 and read_batch(pred[0]) else None
    if table is None and not (request.predictions and request.truth):
        raise ConfigError("--pred or --truth is missing.", hint="Give both, or --table.")
    if table is None and batch is None:
        engine.say_unused()
        _print(show_progress(iter_evaluate(request), quiet), json)
        return
    if request.out_dir is None:
        raise ConfigError("many maps are compared, and nothing says where to.", hint="Give a folder with --out.")
    if request.map is not None:
        raise ConfigError("--map belongs to one map.", hint="Name the map of each in a table (--table).")
    out = request.out_dir.absolute()
    if table is not None:
        jobs = evaluation_jobs(read_map_table(table, COLUMNS), request, out)
    else:
        jobs = predicted_jobs(pred[0].absolute(), request, out)
    engine.run(jobs, out, json=json, quiet=quiet)


def _print(result: EvaluateResult, json: bool) -> None:
    """Figures as a table or one line of JSON; notes and files on stderr."""
    if json:
        emit({**result.metrics, "notes": result.notes, "files": result.files}, json=True)
        return
    emit(result.metrics, human=_table(result.metrics))
    for note in result.notes:
        to_stderr(f"note: {note}")
    for file in result.files:
        to_stderr(f"wrote {file}")


def _table(metrics: Mapping[str, Any]) -> Any:
    """One row per number, sections apart."""
    from rich.table import Table

    table = Table("", "metric", "value", box=None, pad_edge=False)
    for section, content in metrics.items():
        for k, (name, value) in enumerate(_flat(content)):
            table.add_row(f"[bold]{section}[/bold]" if k == 0 else "", name, _text(value))
        table.add_section()
    return table


def _flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in content.items():
        label = f"{prefix} · {name}" if prefix else str(name)
        if isinstance(value, Mapping) and set(value) >= _RATES:
            yield f"{label} · P / R / F1", " / ".join(_text(value[rate]) for rate in ("precision", "recall", "f1"))
            yield from _flat({key: item for key, item in value.items() if key not in _RATES}, label)
        elif isinstance(value, Mapping):
            yield from _flat(value, label)
        else:
            yield label, value


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() and abs(value) > 1 else f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else ", ".join(value) if isinstance(value, list) else str(value)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(cls=_ManyValues)(evaluate)
