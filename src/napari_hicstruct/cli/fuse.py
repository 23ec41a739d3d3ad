"""``hicstruct fuse`` and ``fuse-train``: two maps or two pictures of one thing become one; networks that do it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from napari_hicstruct.cli.common import (
    bp_option,
    emit,
    json_option,
    overwrite_file_option,
    preset_or_config,
    quiet_option,
    show_progress,
    to_stderr,
)
from napari_hicstruct.cli.ending import terminated_as_interrupted
from napari_hicstruct.errors import ConfigError

if TYPE_CHECKING:
    from napari_hicstruct.config.fusion import FusionConfig
    from napari_hicstruct.workflows.fuse.files import FuseFilesRequest
    from napari_hicstruct.workflows.fuse.maps import FuseMapsRequest


class PicturePreset(StrEnum):
    """Networks of pictures that ship with the package."""

    LYTRO = "lytro"
    MICROSCOPY = "microscopy"


class TrainPreset(StrEnum):
    """Settings of training that ship with the package."""

    LYTRO = "lytro"
    MICROSCOPY = "microscopy"
    HIC = "hic"


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command("fuse")(fuse)
    app.command("fuse-train")(fuse_train)


def fuse(
    first: str = typer.Argument(..., metavar="A", help="Contact map, or picture: .png, .tif, .npy, .jpg."),
    second: str = typer.Argument(..., metavar="B", help="Another one of the same thing."),
    out: Path = typer.Option(..., "--out", "-o", help="Of maps an .mcool, of pictures .png, .tif or .npy."),
    preset: PicturePreset | None = typer.Option(
        None, help="Pictures: lytro for photographs, microscopy for noisy ones. [lytro]"
    ),
    model: Path | None = typer.Option(None, "--model", "-m", help="Folder that fuse-train wrote, instead of a preset."),
    mask: Path | None = typer.Option(None, help="Pictures: also write the decision mask (share of A), .tif or .npy."),
    resolution: int = bp_option(0, help="Maps: finest bins of the result, as 10k; 0: the finest of both."),
    chrom: list[str] = typer.Option([], "--chrom", "-c", help="Maps: only this chromosome; repeatable."),
    region: str = typer.Option("", "--region", "-r", help="Maps: only here, as chr1:5M-10M."),
    counts: bool = typer.Option(False, "--counts", help="Maps: write whole pseudo-counts, no fractions."),
    device: str = typer.Option("auto", "--device", "-d", help="auto, cpu, cuda, …"),
    threads: int = typer.Option(0, min=0, help="Threads of the processor; 0: as many as there are."),
    overwrite: bool = overwrite_file_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Fuse two maps or two pictures: a mask says how much of each is believed where.  Inputs stay as they are."""
    from napari_hicstruct.workflows.fuse.image_files import is_picture

    kinds = {is_picture(first), is_picture(second)}
    if len(kinds) > 1:
        raise ConfigError("one of A and B is a picture, the other is none.", hint="Give two maps, or two pictures.")
    of_maps = {"--resolution": resolution, "--chrom": chrom, "--region": region, "--counts": counts}
    of_pictures = {"--preset": preset, "--mask": mask}
    common: dict[str, Any] = {"model": model, "device": device, "threads": threads or None, "overwrite": overwrite}
    if kinds == {True}:
        _refuse(of_maps, "maps", "pictures")
        _one_of({"--model": model, "--preset": preset}, "give a network")
        from napari_hicstruct.workflows.fuse.files import FuseFilesRequest

        name = (preset or PicturePreset.LYTRO).value
        _fuse_pictures(FuseFilesRequest(Path(first), Path(second), out, name, mask=mask, **common), json, quiet)
        return
    _refuse(of_pictures, "pictures", "maps")
    _one_of({"--chrom": chrom, "--region": region}, "say where")
    from napari_hicstruct.genome import parse_region
    from napari_hicstruct.workflows.fuse.maps import FuseMapsRequest

    where = parse_region(region) if region else None
    request = FuseMapsRequest(first, second, out, resolution or None, tuple(chrom), where, counts=counts, **common)
    _fuse_maps(request, json, quiet)


def _one_of(options: dict[str, Any], what: str) -> None:
    """ConfigError if two options say the same: one of them would not be used."""
    if all(options.values()):
        raise ConfigError(f"{' and '.join(options)} both {what}.", hint="Give one of them.")


def _refuse(options: dict[str, Any], owner: str, given: str) -> None:
    """ConfigError if an option of the other kind is given."""
    if used := [name for name, value in options.items() if value]:
        text = f"{' and '.join(used)} {'goes' if len(used) == 1 else 'go'} with {owner}, but A and B are {given}."
        raise ConfigError(text, hint="Leave it out.")


def _fuse_pictures(request: FuseFilesRequest, json: bool, quiet: bool) -> None:
    from napari_hicstruct.jobs import CancelToken
    from napari_hicstruct.workflows.fuse.files import iter_fuse_files

    with terminated_as_interrupted():
        made = show_progress(iter_fuse_files(request, CancelToken()), quiet)
    _say(made.notes, quiet)
    share = round(float(made.mask.mean()), 4)
    data = {"fused": request.out, "mask": request.mask, "share_of_A": share, "model": made.model}
    emit(data, json, human={key: value for key, value in data.items() if value is not None})


def _fuse_maps(request: FuseMapsRequest, json: bool, quiet: bool) -> None:
    from napari_hicstruct.jobs import CancelToken
    from napari_hicstruct.workflows.fuse.maps import iter_fuse_maps

    with terminated_as_interrupted():
        made = show_progress(iter_fuse_maps(request, CancelToken()), quiet)
    _say(made.notes, quiet)
    if json:
        shares = made.shares.to_dict("records")
        emit({"fused": made.path, "shares": shares, "model": made.model, "notes": made.notes}, json)
        return
    emit({"fused": made.path, "model": made.model})
    emit(made.shares.to_dict("records"))


def _say(notes: tuple[str, ...], quiet: bool) -> None:
    for note in () if quiet else notes:
        to_stderr(f"note: {note}")


def fuse_train(
    sources: list[Path] = typer.Argument(
        None, metavar="[PICTURES...]", help="Sharp pictures to make pairs from. [those that installed packages hold]"
    ),
    out: Path = typer.Option(..., "--out", "-o", help="Model folder; training/ in it gets checkpoint and log."),
    preset: TrainPreset | None = typer.Option(None, help="Settings that ship with the program. [lytro]"),
    config: Path | None = typer.Option(None, help="YAML file of settings instead of a preset."),
    start: Path | None = typer.Option(None, help="Model whose weights are the first ones."),
    steps: int = typer.Option(0, min=0, help="Steps of training; 0: as the settings say."),
    device: str = typer.Option("auto", "--device", "-d", help="auto, cpu, cuda, …"),
    threads: int = typer.Option(0, min=0, help="Threads of the processor; 0: as many as there are."),
    resume: bool = typer.Option(False, "--resume", help="Go on from the checkpoint that the folder holds."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace a model that the folder holds."),
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Train a network that fuses, on pairs made from sharp pictures, or from simulated maps (preset hic)."""
    from napari_hicstruct.workflows.fuse.train import TrainFusionRequest, iter_train_fusion_model

    settings = _settings(preset, config, steps)
    request = TrainFusionRequest(
        out, settings, tuple(sources or ()), start, device, threads or None, resume=resume, overwrite=overwrite
    )
    try:
        with terminated_as_interrupted():
            trained = show_progress(iter_train_fusion_model(request), quiet)
    except KeyboardInterrupt:
        to_stderr("note: add --resume to go on from the last checkpoint.")
        raise
    _say(trained.notes, quiet)
    emit({"model": trained.model, **{f"validation {key}": value for key, value in trained.figures.items()}}, json)


def _settings(preset: TrainPreset | None, config: Path | None, steps: int) -> FusionConfig:
    from napari_hicstruct.config.base import with_changes
    from napari_hicstruct.config.fusion import fusion_config

    found = fusion_config(preset_or_config(preset, config, TrainPreset.LYTRO))
    return with_changes(found, train={"steps": steps}) if steps else found
