"""``hicstruct train``: a model from simulated maps, by a recipe."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from napari_hicstruct.cli.cluster import opened_cluster, scheduler_option, workers_option
from napari_hicstruct.cli.common import emit, json_option, quiet_option, show_progress, to_stderr


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(train)


def train(
    recipes: list[Path] = typer.Argument(..., help="YAML file, or several: stages, each from the model before it."),
    out: Path = typer.Option(..., "--out", "-o", help="Folder for maps, checkpoints, log and model."),
    start_from: str = typer.Option("", "--from", help="Model (name or folder) to start from; one recipe only."),
    device: str = typer.Option("auto", "--device", "-d", help="auto, cpu, cuda, …"),
    devices: int = typer.Option(1, "--devices", min=1, help="Devices of each node that share each step's batches."),
    nodes: int = typer.Option(1, "--nodes", min=1, help="Nodes; the command is started on each (docs/clusters.md)."),
    workers: int = workers_option,
    scheduler: str = scheduler_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Train by RECIPES (the shipped model's: resources/configs).  Run it again with the same folder to go on.

    Workers, where asked for, simulate the maps that the recipes need; training itself runs here.
    """
    from napari_hicstruct.config import load_config
    from napari_hicstruct.config.training import TrainConfig
    from napari_hicstruct.errors import ConfigError
    from napari_hicstruct.workflows.models import describe_model
    from napari_hicstruct.workflows.train import iter_train_model, iter_train_stages

    stages = [load_config(TrainConfig, recipe) for recipe in recipes]
    if start_from and len(stages) > 1:
        raise ConfigError("--from goes with one recipe only.", hint="Name it in the first recipe (start_from).")
    if (workers or scheduler) and _is_first():
        from napari_hicstruct.workflows.train import iter_make_pools

        with opened_cluster(workers, scheduler) as cluster:
            assert cluster is not None  # one of the two is asked for
            show_progress(iter_make_pools(cluster, stages, out, parent=start_from or None), quiet)
    if len(stages) == 1:
        work = iter_train_model(stages[0], out, device=device, devices=devices, nodes=nodes, parent=start_from or None)
    else:
        work = iter_train_stages(stages, out, device=device, devices=devices, nodes=nodes)
    try:
        folder = show_progress(work, quiet)
    except KeyboardInterrupt:
        to_stderr("note: start the same command again to go on from the last checkpoint.")
        raise
    if not _is_first():
        return
    info = describe_model(folder)
    emit({"model": info.name, "version": info.version, "folder": str(folder), "sha256": info.sha256}, json)


def _is_first() -> bool:
    """False in the process of a further device: the first one prints for all."""
    return {os.environ.get(name, "0") for name in ("LOCAL_RANK", "NODE_RANK", "SLURM_PROCID")} == {"0"}
