"""``hicstruct finetune``: what the button *Fine-tune* does, without a window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from napari_hicstruct.cli.common import emit, json_option, quiet_option, show_progress, to_stderr

if TYPE_CHECKING:
    from napari_hicstruct.workflows.finetune.job import Figure, FinetuneResult


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(finetune)


def finetune(
    project: Path = typer.Argument(..., help="Project with corrections (*.hicproj); its models lie beside it."),
    map: str = typer.Option("", "--map", help="Its contact map, where that has moved (default: as the project says)."),
    train: str = typer.Option("", "--train", help="heads (default), decoders, all, or adapters."),
    start: str = typer.Option("", "--start", help="base: the base model and all corrections (default); last."),
    steps: int = typer.Option(0, "--steps", min=0, help="Gradient steps (default: by the number of corrections)."),
    config: Path | None = typer.Option(None, "--config", help="YAML with other settings (docs/fine-tuning.md)."),
    device: str = typer.Option("auto", "--device", "-d", help="auto, cpu, cuda, …"),
    threads: int = typer.Option(0, "--threads", min=0, help="Processor threads (default: all)."),
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Learn from the corrections in PROJECT; the new model comes into use if it is better or no different."""
    from napari_hicstruct.config import load_config, parse_config
    from napari_hicstruct.config.finetune import FinetuneConfig
    from napari_hicstruct.workflows.finetune import iter_finetune, open_for_learning, prepare_finetune, record_as_kept
    from napari_hicstruct.workflows.finetune.job import informative_figures
    from napari_hicstruct.workflows.finetune.prepare import OneClassError

    given = {"trainable": train, "start": start, "steps": steps}
    base = load_config(FinetuneConfig, config) if config else FinetuneConfig()
    data = base.model_dump() | {key: value for key, value in given.items() if value}
    settings = parse_config(FinetuneConfig, data, options={"trainable": "--train", "start": "--start"})
    opened, source = open_for_learning(project, map or None)
    with opened:
        try:
            job = prepare_finetune(opened, source, settings, device=device, threads=threads)
        except OneClassError as error:
            hint = f"{error.hint} Lists that are complete in a region: hicstruct import --complete-in."
            raise OneClassError(error.message, where=error.where, hint=hint) from error
        result = show_progress(iter_finetune(job), quiet)
        result = record_as_kept(opened, job, result)
    if json:
        emit(_line(result), json=True)
        return
    print(f"{result.verdict}: {result.reason} {_which_model(result)}")
    if result.details:
        print(result.details)
    emit([_row(figure) for figure in informative_figures(result.figures)])
    for note in result.notes:
        to_stderr(f"note: {note}")


def _line(result: FinetuneResult) -> dict[str, Any]:
    """What a machine reads."""
    return {
        "taken": result.taken,
        "verdict": str(result.verdict),
        "reason": result.reason,
        "details": result.details,
        "before": result.side("before"),
        "after": result.side("after"),
        "model": result.model,
        "parent": result.parent_label,
        "seconds": round(result.seconds, 2),
    }


def _which_model(result: FinetuneResult) -> str:
    if result.taken:
        return f"{result.label} is in use."
    kept = f"; {result.label} is kept" if result.is_new else ""
    return f"{result.parent_label} stays in use{kept}."


def _row(figure: Figure) -> dict[str, Any]:
    return {
        "what": figure.what,
        "measure": figure.measure,
        "on": figure.on,
        "of": f"{figure.n:,} {'maps' if figure.on == 'replay' else 'corrections'}",
        "before": f"{figure.before:.3f}",
        "after": f"{figure.after:.3f}",
        "90 % interval of the change": f"{figure.low:+.3f} … {figure.high:+.3f}",
    }
