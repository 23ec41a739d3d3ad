"""The three stages as one job: folder, devices, progress, result."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct import __version__
from napari_hicstruct.config.repair import RepairConfig
from napari_hicstruct.jobs import Clock, Progress
from napari_hicstruct.label_repair.checks import Labelled, check_labels
from napari_hicstruct.label_repair.records import FUSION, JOINT, SHAPE, RepairResult
from napari_hicstruct.label_repair.sample import LabelSample
from napari_hicstruct.workflows.repair.options import RepairOptions
from napari_hicstruct.workflows.repair.run_folder import (
    CHECKPOINTS,
    FUNCTION,
    RunLog,
    check_folder,
    clear_run,
    label_record,
    make_folder,
    write_changes,
    write_run,
)
from napari_hicstruct.workflows.sole_writer import sole_writer

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from napari_hicstruct.label_repair.joint_stage import JointOutcome
    from napari_hicstruct.label_repair.stages import FusionOutcome, RepairJob, ShapeOutcome, StageStep


@dataclass
class _Report:
    """Turns steps of the stages into Progress, and logs them."""

    total: float
    log: RunLog | None
    clock: Clock = field(default_factory=Clock)
    begun: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)

    def follow(
        self, stage: str, total: float, steps: Generator[StageStep, None, Any]
    ) -> Generator[Progress, None, Any]:
        """Run one stage."""
        started = time.monotonic()
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                self.begun += total
                self.seconds[stage] = round(time.monotonic() - started, 2)
                return end.value
            if step.step is not None and self.log is not None:
                self.log.add(step.step)
            name = f"{stage}: {step.name}" if step.name else stage
            done = self.begun + min(step.done, total)
            yield self.clock.step(name, done, self.total, step.message, step.step, notice=bool(step.message))


def iter_repair(
    samples: Sequence[LabelSample], config: RepairConfig, options: RepairOptions | None = None
) -> Generator[Progress, None, RepairResult]:
    """Repair labellings: shapes by class, fusion by rules, one function of all.

    Parameters
    ----------
    samples : sequence of LabelSample
        Several samples share their functions, which is what makes them consistent; all in 2-D or all in 3-D.
    config : RepairConfig
    options : RepairOptions, optional

    Yields
    ------
    Progress
        Its payload is now and then a RepairStep.

    Returns
    -------
    RepairResult
        In the further processes of several devices, which write nothing (``leads`` is False), labels after stage 2.

    Raises
    ------
    LabelError
        Labels that cannot be read as classes.
    ConfigError
        Rules that name a missing class; a run to be resumed that was begun with other settings.
    OutputError
        A folder that holds another run or cannot be written.
    Cancelled
        The run can be resumed where there is a folder.
    """
    from napari_hicstruct.inference.device import torch_threads

    options = options or RepairOptions()
    labelled = check_labels(samples, config)
    replaced = options.overwrite and not options.resume
    if options.folder is not None and not replaced:
        check_folder(options.folder, samples, config, resume=options.resume)
    fabric = _open_fabric(options)
    with torch_threads(options.threads or 0), _folder(options, fabric) as folder:
        if fabric.is_global_zero:
            if replaced:
                clear_run(folder)
            make_folder(folder, samples, config)
        fabric.barrier()
        return (yield from _iter_stages(labelled, config, options, folder, fabric))


def _open_fabric(options: RepairOptions) -> Fabric:
    from napari_hicstruct.inference.device import choose_device
    from napari_hicstruct.training.state import open_fabric

    choose_device(options.device)
    return open_fabric(options.device, options.devices)


@contextlib.contextmanager
def _folder(options: RepairOptions, fabric: Fabric) -> Iterator[Path]:
    """The folder that was asked for, or a temporary one, the same for all devices."""
    with contextlib.ExitStack() as stack:
        if options.folder is not None:
            if fabric.is_global_zero:
                stack.enter_context(sole_writer(options.folder / CHECKPOINTS, "Wait until it has ended."))
            yield options.folder
            return
        own = (
            stack.enter_context(tempfile.TemporaryDirectory(prefix="hicstruct-repair-"))
            if fabric.is_global_zero
            else ""
        )
        yield Path(fabric.broadcast(own))


def _iter_stages(
    labelled: Labelled, config: RepairConfig, options: RepairOptions, folder: Path, fabric: Fabric
) -> Generator[Progress, None, RepairResult]:
    from napari_hicstruct.label_repair.fitting import FitContext
    from napari_hicstruct.label_repair.joint_stage import iter_joint, joint_total
    from napari_hicstruct.label_repair.stages import RepairJob, iter_fusion, iter_shapes, shape_total

    job = RepairJob(labelled, config, FitContext(fabric, options.token, options.stop), folder / CHECKPOINTS)
    voxels = float(sum(image.size for image in labelled.images))
    first, last = shape_total(job), joint_total(job) if options.until == JOINT else 0.0
    report = _Report(first + voxels + last, RunLog(folder) if job.leads else None)
    shapes: ShapeOutcome = yield from report.follow(SHAPE, first, iter_shapes(job))
    fusion: FusionOutcome = yield from report.follow(FUSION, voxels, iter_fusion(job))
    notes, joint = [*labelled.notes, *shapes.notes], None
    if options.until == JOINT and not shapes.stopped and not job.context.stopped:
        joint = yield from report.follow(JOINT, last, iter_joint(job, fusion.fused, soft=options.soft))
        if joint is None:
            notes.append("The one function was stopped before it was of any use: the labels of stage 2 are the result.")
    elif options.until == JOINT:
        notes.append("Training was stopped before the one function was trained: the labels of stage 2 are the result.")
    fabric.barrier()  # nobody reads the occupancies any more
    result = _result(job, options, fusion, joint, notes)
    result.run["seconds"] = report.seconds
    if job.leads:
        _write(folder, job, result, joint, options)
        yield report.clock.step("done", report.total, report.total)
    return result


def _result(
    job: RepairJob, options: RepairOptions, fusion: FusionOutcome, joint: JointOutcome | None, notes: list[str]
) -> RepairResult:
    """What comes of the stages that ran."""
    labelled = job.labelled
    images = fusion.shapes if options.until == SHAPE else fusion.fused
    changes = [] if options.until == SHAPE else fusion.changes
    dice = {SHAPE: fusion.shape_dice} | ({} if options.until == SHAPE else {FUSION: fusion.fusion_dice})
    if joint is not None:
        images, changes, notes = joint.images, [*changes, *joint.changes], [*notes, *joint.notes]
        dice[JOINT] = joint.dice
    occupancy: Sequence[Any] = ()
    if options.soft and job.leads:
        occupancy = joint.occupancies if joint is not None else _soft(job)
    return RepairResult(
        samples=labelled.restored(images),
        shapes=labelled.restored(fusion.shapes),
        fused=labelled.restored(fusion.fused),
        changes=tuple(changes),
        dice=dice,
        classes=labelled.classes,
        notes=tuple(notes),
        run=_account(job, options, dice, notes, joint),
        occupancy=tuple(occupancy),
        leads=job.leads,
    )


def _soft(job: RepairJob) -> list[Any]:
    stored = job.occupancies
    return [np.moveaxis(stored.of(k), -1, 0).astype(np.float32) / 255 for k in range(len(job.labelled.images))]


def _account(
    job: RepairJob, options: RepairOptions, dice: dict[str, Any], notes: list[str], joint: JointOutcome | None
) -> dict[str, Any]:
    """The content of ``run.json``, but for the seconds."""
    import torch

    labelled = job.labelled
    return {
        "made_with": f"napari-hicstruct {__version__}",
        "torch": torch.__version__,
        "device": str(job.context.fabric.device),
        "devices": options.devices,
        "until": options.until,
        "labels": [label_record(sample) for sample in labelled.samples],
        "classes": [one.model_dump() for one in labelled.classes],
        "thresholds": None if joint is None else dict(zip(job.names, joint.thresholds, strict=True)),
        "dice": dice,
        "notes": notes,
        "settings": job.config.model_dump(mode="json"),
    }


def _write(
    folder: Path, job: RepairJob, result: RepairResult, joint: JointOutcome | None, options: RepairOptions
) -> None:
    """Write what the folder keeps; the account comes last."""
    from napari_hicstruct.label_repair.occupancies import Occupancies
    from napari_hicstruct.models.implicit.store import save_function

    if options.folder is None:
        return
    if joint is not None:
        save_function(folder / FUNCTION, joint.field, job.config.joint, _card(job, result, joint))
    write_changes(folder, result.changes)
    write_run(folder, result.run)
    shapes = [image.shape for image in job.labelled.images]
    Occupancies(job.checkpoints, shapes, len(job.names), write=False).remove()


def _card(job: RepairJob, result: RepairResult, joint: JointOutcome) -> dict[str, Any]:
    """What the function's tensors mean: classes in the order of priority, decision rule, samples, settings."""
    return {
        "made_with": result.run["made_with"],
        "classes": result.run["classes"],
        "thresholds": joint.thresholds,
        "decision": "the first class, in the order of classes, whose occupancy reaches its threshold; else background",
        "samples": result.run["labels"],
        "dice": result.run["dice"],
        "settings": result.run["settings"],
    }
