"""``hicstruct models``: list, show a card, install from a folder, set the default."""

from __future__ import annotations

from pathlib import Path

import typer

from napari_hicstruct.cli.common import emit, json_option


def register(app: typer.Typer) -> None:
    """Add the command and its sub-commands to ``app``."""
    models = typer.Typer(help="List, show, install models; set the default.", invoke_without_command=True)
    models.callback()(listing)
    models.command("show")(show)
    models.command("install")(install)
    models.command("default")(default)
    app.add_typer(models, name="models")


def listing(context: typer.Context, json: bool = json_option) -> None:
    """List the models there are; the default comes first."""
    if context.invoked_subcommand is not None:
        return
    from napari_hicstruct.workflows.models import list_models

    rows = [
        {
            "name": model.name,
            "version": model.version,
            "tasks": ", ".join(model.tasks),
            "default": "yes" if model.default else "",
            "from": "shipped" if model.shipped else str(model.path),
        }
        for model in list_models()
    ]
    emit(rows, json)


def show(
    name: str = typer.Argument("default", help="Name of a model or its folder."), json: bool = json_option
) -> None:
    """Show a model's card: what it was trained on, its numbers, its checksum."""
    from napari_hicstruct.workflows.models import find_model

    info = find_model(name)
    emit({"folder": str(info.path), "sha256": info.sha256, **info.card}, json)


def install(
    folder: Path = typer.Argument(..., help="Model folder (model.json + weights.safetensors)."),
    name: str = typer.Option("", "--name", help="Name to install it under (default: its own)."),
    json: bool = json_option,
) -> None:
    """Copy a model folder to your models after checking it."""
    from napari_hicstruct.workflows.models import install_model

    info = install_model(folder, name=name or None)
    emit({"installed": info.name, "version": info.version, "folder": str(info.path)}, json)


def default(name: str = typer.Argument(..., help="Model to use when none is named."), json: bool = json_option) -> None:
    """Set the model that is used when none is named."""
    from napari_hicstruct.workflows.models import set_default

    emit({"default": set_default(name).name}, json)
