"""``hicstruct calibrate``: make a model's probabilities mean what they say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from napari_hicstruct.cli.common import emit, json_option, quiet_option, show_progress, to_stderr
from napari_hicstruct.genome import parse_length
from napari_hicstruct.wording import how_many


def calibrate(
    model: Annotated[str, typer.Argument(help="Name of an installed model or its folder; its card is rewritten.")],
    maps: Annotated[int, typer.Option(min=2, help="Simulated maps, each taken at every depth.")] = 12,
    length: Annotated[str, typer.Option(help="Length of each map, as 8M.")] = "8M",
    depth: Annotated[
        list[float] | None, typer.Option(help="Mean count at a distance of one bin [2 8 40 200 1000].")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the first map; never one that was trained on.")] = 700_000,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda …")] = "auto",
    config: Annotated[Path | None, typer.Option(help="YAML with other ranges of the simulation.")] = None,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Fit MODEL's scores to probabilities on simulated maps it has never seen, and keep that in its card."""
    from napari_hicstruct.workflows.calibrate import DEPTHS, CalibrateRequest, iter_calibrate
    from napari_hicstruct.workflows.simulate import load_settings

    request = CalibrateRequest(
        model=model,
        maps=maps,
        length=parse_length(length),
        depths=tuple(depth or DEPTHS),
        seed=seed,
        device=device,
        settings=load_settings(config) if config else {},
    )
    result = show_progress(iter_calibrate(request), quiet)
    if json:
        emit(result, json=True)
        return
    shown = ("calls", "ece_before", "ece", "brier_before", "brier")
    rows = [
        {"task": key, **{name: entry[name] for name in shown}, "map": _name(entry)}
        for key, entry in result.calibration.items()
    ]
    emit(rows)
    for note in (*result.notes, f"ece and brier are of maps not used for the fit; written to {result.folder}"):
        to_stderr(f"note: {note}")


def _name(entry: Mapping[str, Any]) -> str:
    noise = f", noise {entry['noise']:.1f}" if entry["noise"] else ""
    if entry["knots"]:
        return f"{how_many(len(entry['knots']), 'isotonic knot')}{noise}"
    if (entry["temperature"], entry["bias"]) == (1.0, 0.0):
        return "scores as they are"
    return f"temperature {entry['temperature']:.2f}, bias {entry['bias']:.2f}{noise}"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("calibrate")(calibrate)
