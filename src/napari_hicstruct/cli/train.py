"""``hicstruct train``: a model from simulated maps, by a recipe."""

from __future__ import annotations

from pathlib import Path

import typer

from napari_hicstruct.cli.common import emit, json_option, quiet_option, show_progress


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(train)


def train(
    recipe: Path = typer.Argument(..., help="YAML file; resources/configs/default.yaml made the shipped model."),
    out: Path = typer.Option(..., "--out", "-o", help="Folder for maps, checkpoints, log and model."),
    device: str = typer.Option("auto", "--device", "-d", help="auto, cpu, cuda, …"),
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Train by RECIPE.  Run it again with the same folder to go on where it stopped."""
    from napari_hicstruct.config import load_config
    from napari_hicstruct.config.training import TrainConfig
    from napari_hicstruct.workflows.models import describe_model
    from napari_hicstruct.workflows.train import iter_train_model

    config = load_config(TrainConfig, recipe)
    folder = show_progress(iter_train_model(config, out, device=device), quiet)
    info = describe_model(folder)
    emit({"model": info.name, "version": info.version, "folder": str(folder), "sha256": info.sha256}, json)
