"""``hicstruct repair``: ragged labels of images become smooth and consistent, by implicit functions."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from napari_hicstruct.cli.common import (
    bins,
    bp_option,
    emit,
    json_option,
    preset_or_config,
    quiet_option,
    show_progress,
    to_stderr,
)
from napari_hicstruct.cli.ending import terminated_as_interrupted
from napari_hicstruct.cli.maps_option import ManyValues
from napari_hicstruct.cli.repair_votes import VotesGiven, VotesRun, repair_votes, votes_option
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.config.repair import RepairConfig
    from napari_hicstruct.workflows.repair.over_files import Repaired, RepairRequest


class GivenStage(StrEnum):
    """How far a repair goes."""

    SHAPE = "shape"
    FUSION = "fusion"
    JOINT = "joint"


class GivenPreset(StrEnum):
    """Settings that ship with the package."""

    GENERIC = "generic"
    CARDIAC = "cardiac"
    HIC = "hic"


labels_argument: list[Path] = typer.Argument(
    None, metavar="LABELS...", help="Label images, one sample each: .nii, .nii.gz, .tif, .npy, .zarr, OME-Zarr."
)
out_option: Path = typer.Option(
    ..., "--out", "-o", help="Folder for the repaired labels, by the names of the input, and for the function."
)
preset_option: GivenPreset | None = typer.Option(
    None, help="Classes, rules and settings that ship with the program. [generic: a class for each value]"
)
until_option: GivenStage | None = typer.Option(
    None,
    help="Last stage: each class by itself, classes laid together, one function of all. [joint; of votes: fusion]",
)
function_option: Path | None = typer.Option(
    None, help="A kept function (function.safetensors, or the folder of its run): LABELS are new samples of it."
)


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("repair", cls=_ManyValues)(repair)


class _ManyValues(ManyValues):
    many = ("--votes",)


def repair(
    labels: list[Path] = labels_argument,
    out: Path = out_option,
    preset: GivenPreset | None = preset_option,
    config: Path | None = typer.Option(None, help="YAML file of settings instead of a preset."),
    until: GivenStage | None = until_option,
    function: Path | None = function_option,
    device: str = typer.Option("auto", "--device", "-d", help="auto, cpu, cuda, …"),
    devices: int = typer.Option(1, "--devices", min=1, help="Devices that share each step's points."),
    threads: int = typer.Option(0, min=0, help="Threads of the processor; 0: as many as there are."),
    resume: bool = typer.Option(False, "--resume", help="Go on with the run that this folder holds."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace what an earlier run left in the folder."),
    votes: list[str] = votes_option,
    map: str = typer.Option("", "--map", help="Hi-C: the contact map of the votes."),
    region: str = typer.Option("", "--region", "-r", help="Hi-C: where votes are counted, as chr1:5M-10M."),
    bin_size: int = bp_option(10_000, parser=bins, help="Hi-C: a pixel of the votes, as 10k."),
    threshold: float = typer.Option(
        0.5,
        min=0.01,
        max=1,
        help="Hi-C: share of the callers of a kind that an object needs; of two, 0.5: either, 0.6: both.",
    ),
    project: Path | None = typer.Option(None, help="Hi-C: project whose review queue gets the objects as proposals."),
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Repair label images: no holes, islands or staircases, classes in their places, one smooth function of them all.

    Nothing that is read is replaced.  The repaired labels overlay the input to the voxel.
    """
    given = VotesGiven(tuple(votes), map, region, bin_size, threshold, project)
    if function is not None:
        _check_alone(preset, config, until, resume, devices)
    _check_one(labels or [], given, function)
    if given.votes:
        _check_hic(preset, config, devices)
        stage = GivenStage.FUSION if until is None else until
        run = VotesRun(out, config, stage.value, device, threads, resume, overwrite, (json, quiet))
        repair_votes(given, run)
        return
    last = (until or GivenStage.JOINT).value
    options = {"until": last, "device": device, "devices": devices, "resume": resume, "threads": threads or None}
    request = _request(labels or [], out, _settings(preset, config), function, overwrite, options)
    _repair_files(request, json, quiet)


def _request(
    labels: list[Path],
    out: Path,
    settings: RepairConfig,
    function: Path | None,
    overwrite: bool,
    options: dict[str, Any],
) -> RepairRequest:
    from napari_hicstruct.workflows.repair.options import RepairOptions
    from napari_hicstruct.workflows.repair.over_files import RepairRequest

    return RepairRequest(tuple(labels), out, settings, RepairOptions(**options), function, overwrite)


def _repair_files(request: RepairRequest, json: bool, quiet: bool) -> None:
    from napari_hicstruct.workflows.repair.over_files import is_first_process, iter_repair_files

    try:
        with terminated_as_interrupted():
            repaired = show_progress(iter_repair_files(request), quiet)
    except KeyboardInterrupt:
        if request.function is None:
            to_stderr("note: add --resume to go on from the last checkpoint.")
        raise
    if is_first_process():
        _report(repaired, request, json)


def _check_one(labels: list[Path], given: VotesGiven, function: Path | None) -> None:
    """Label images, or votes: one of the two."""
    if not labels and not given.votes:
        raise ConfigError("no label image is given.", hint="Give LABELS..., or --votes with --map and --region.")
    if labels and given.votes:
        raise ConfigError("label images and votes are given.", where="--votes", hint="Give one or the other.")
    if not given.votes and (alone := given.named()):
        text = f"{' and '.join(alone)} {'goes' if len(alone) == 1 else 'go'} with --votes."
        raise ConfigError(text, hint="Leave it out, or give --votes CALLS...")
    if given.votes and function is not None:
        raise ConfigError("a kept function takes label images, no votes.", where="--function", hint="Leave it out.")


def _check_hic(preset: GivenPreset | None, config: Path | None, devices: int) -> None:
    """Votes have settings of their own, and one device."""
    if preset not in (None, GivenPreset.HIC):
        text = f"votes are not {preset.value}."
        raise ConfigError(text, where="--preset", hint="Leave it out: votes have the preset hic.")
    if preset is not None and config is not None:
        raise ConfigError("--preset and --config both give settings.", hint="Give one of them.")
    if devices > 1:
        raise ConfigError("votes are repaired on one device.", where="--devices", hint="Leave it out.")


def _settings(preset: GivenPreset | None, config: Path | None) -> RepairConfig:
    from napari_hicstruct.config.repair import repair_config

    return repair_config(preset_or_config(preset, config, GivenPreset.GENERIC))


def _check_alone(
    preset: GivenPreset | None, config: Path | None, until: GivenStage | None, resume: bool, devices: int
) -> None:
    """A kept function brings its classes and settings, and nothing is trained."""
    given = {
        "--preset": preset is not None,
        "--config": config is not None,
        "--until": until is not None,
        "--resume": resume,
        "--devices": devices > 1,
    }
    if used := [name for name, is_given in given.items() if is_given]:
        text = f"{' and '.join(used)} {'goes' if len(used) == 1 else 'go'} with a repair that learns a function."
        raise ConfigError(text, where="--function", hint="A kept function has its own settings: leave them out.")


def _report(repaired: Repaired, request: RepairRequest, json: bool) -> None:
    for note in repaired.notes:
        to_stderr(f"note: {note}")
    data = {
        "folder": request.out,
        "files": repaired.files,
        "function": _function_of(repaired, request),
        "changes": repaired.changes,
        "dice": repaired.dice,
        "notes": repaired.notes,
    }
    emit(data, json, human=_table(repaired, request))


def _function_of(repaired: Repaired, request: RepairRequest) -> Path | None:
    from napari_hicstruct.workflows.repair.over_files import FUNCTION

    made = request.out / FUNCTION
    return request.function if request.function is not None else made if made.exists() else None


def _table(repaired: Repaired, request: RepairRequest) -> Any:
    """A row for each class: Dice of each stage with what it learnt from, voxels that rules changed in all samples."""
    to_stderr(f"{how_many(len(repaired.files), 'repaired label file')} in {request.out}")
    if repaired.result is None:
        return [{"file": str(path)} for path in repaired.files]
    changed: dict[str, int] = {}
    for change in repaired.changes:
        changed[change.class_name] = changed.get(change.class_name, 0) + change.voxels
    rows = []
    for one in repaired.result.classes:
        dice = {f"fit, {stage}": by_class.get(one.name, "–") for stage, by_class in repaired.dice.items()}
        rows.append({"class": one.name, "value": one.value, **dice, "changed by rules": changed.get(one.name, 0)})
    return rows
