"""Stage 3 and new samples: train the one function, fit its decision rule, lay down labels that keep the rules."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_hicstruct.config.repair import JointConfig, RepairConfig
from napari_hicstruct.label_repair.boxes import image_box
from napari_hicstruct.label_repair.checks import Labelled
from napari_hicstruct.label_repair.evaluate import EVALUATION_POINTS, evaluator, iter_labels
from napari_hicstruct.label_repair.fitting import FitContext
from napari_hicstruct.label_repair.fusion import Fused, with_rules
from napari_hicstruct.label_repair.joint import JointProblem, JointTarget, fit_thresholds, joint_target
from napari_hicstruct.label_repair.records import JOINT, RuleChange
from napari_hicstruct.label_repair.sample import LabelSample
from napari_hicstruct.label_repair.stages import (
    TRAINING_COST,
    RepairJob,
    StageStep,
    Tally,
    ended_early,
    iter_reported,
    make_field,
)
from napari_hicstruct.models.implicit.occupancy import ImplicitField

MAX_FIT_POINTS = 2_000_000
"""Of all samples together, on which thresholds are fitted."""


@dataclass
class JointOutcome:
    """What stage 3 gives.

    Attributes
    ----------
    field : ImplicitField
    thresholds : list of float
        t_c, in the order of priority.
    images : list of ndarray
        Class numbers, rules kept.
    dice : dict
        Class → Dice with stage 2.
    occupancies : list of ndarray
        float32 ``(classes, *shape)`` per sample, where they were asked for.
    """

    field: ImplicitField
    thresholds: list[float]
    images: list[NDArray[np.uint8]] = field(default_factory=list)
    changes: list[RuleChange] = field(default_factory=list)
    dice: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    occupancies: list[NDArray[np.float32]] = field(default_factory=list)


def step_points(config: JointConfig, classes: int, samples: int) -> int:
    """Points in one step, of all its samples together."""
    batch = min(config.batch, samples)
    each = [-(-n // batch) for n in (config.positives, config.band_points, config.negatives)]
    return batch * (classes * (each[0] + each[1]) + each[2])


def joint_total(job: RepairJob) -> float:
    """Work of stage 3."""
    config, images = job.config.joint, job.labelled.images
    training = TRAINING_COST * config.steps * step_points(config, len(job.names), len(images))
    return float(training + sum(image.size for image in images))


def iter_joint(
    job: RepairJob, fused: Sequence[NDArray[np.uint8]], *, soft: bool
) -> Generator[StageStep, None, JointOutcome | None]:
    """Stage 3; None if the training ended before the function was ever of use."""
    config, labelled = job.config.joint, job.labelled
    names, seed = job.names, (job.config.seed, 0)
    targets: list[JointTarget] = []
    for image in fused:
        job.context.token.check()
        targets.append(joint_target(image, len(names), (*seed, len(targets))))
    joint_field = make_field(config, labelled.dimensions, len(targets), len(names), seed)
    problem = JointProblem(targets, job.occupancies, joint_field, config, seed)
    checkpoint = job.checkpoints / "joint.ckpt"
    cost = TRAINING_COST * step_points(config, len(names), len(targets))
    fit = yield from iter_reported(problem, problem.schedule, job.context, checkpoint, (JOINT, "", cost))
    notes = [note] if (note := ended_early(fit, "The one function", "the labels of stage 2 are the result")) else []
    for note in notes:
        yield StageStep(cost * fit.step, message=note)
    if fit.best_dice < 0:
        return None
    outcome = JointOutcome(joint_field, [0.5] * len(names), notes=notes)
    if job.leads:
        outcome.thresholds = fitted_thresholds(joint_field, fused, job)
        trained = float(cost * config.steps)
        for step in iter_laid(outcome, labelled, job.config, job.context.token.check, soft=soft, fused=fused):
            yield StageStep(trained + step.done)
        tally = Tally(names)
        for before, after in zip(fused, outcome.images, strict=True):
            for number, name in enumerate(names, start=1):
                tally.add(name, after == number, before == number)
        outcome.dice = tally.dice
    else:
        outcome.images = list(fused)
    job.context.fabric.barrier()
    return outcome


def fitted_thresholds(joint_field: ImplicitField, fused: Sequence[NDArray[np.uint8]], job: RepairJob) -> list[float]:
    """t_c per class, fitted on stage 2 at voxels spread evenly over every image."""
    limit = min(job.config.joint.fit_points, max(1000, MAX_FIT_POINTS // len(fused)))
    values, numbers = [], []
    for row, image in enumerate(fused):
        evaluate = evaluator(joint_field, row, job.context.fabric.device)
        chosen = np.unique(np.linspace(0, image.size - 1, min(image.size, limit)).astype(np.int64))
        box, at = image_box(image.shape), np.unravel_index(chosen, image.shape)
        unit = np.stack([box.to_unit(at[axis] + 0.5, axis) for axis in range(image.ndim)], -1)
        for some in torch.from_numpy(unit).split(EVALUATION_POINTS):
            job.context.token.check()
            values.append(evaluate(some))
        numbers.append(image.ravel()[chosen])
    return fit_thresholds(np.concatenate(values), np.concatenate(numbers))


def iter_laid(
    outcome: JointOutcome,
    labelled: Labelled,
    config: RepairConfig,
    check: Callable[[], None],
    *,
    soft: bool,
    fused: Sequence[NDArray[np.uint8]] | None = None,
) -> Generator[StageStep, None, None]:
    """Lay down the labels of every sample at its own voxels, then apply the rules: ``outcome`` is filled."""
    names = [one.name for one in labelled.classes]
    least, done = np.array(outcome.thresholds, np.float32), 0
    for row, sample in enumerate(labelled.samples):
        shape = labelled.images[row].shape
        image, claims = np.zeros(shape, np.uint8), np.zeros((*shape, len(names)), bool)
        kept = np.zeros((len(names), *shape), np.float32) if soft else None
        for layers, numbers, values in iter_labels(outcome.field, row, shape, outcome.thresholds, check):
            image[layers], claims[layers] = numbers, values >= least
            if kept is not None:
                kept[:, layers] = np.moveaxis(values, -1, 0)
            done += numbers.size
            yield StageStep(done)
        laid = Fused(image, claims, sample.spacing)
        outcome.changes.extend(with_rules(laid, sample, config, names, JOINT))
        if fused is not None:
            outcome.notes.extend(_bring_back(laid, fused[row], sample, names))
        outcome.images.append(laid.image)
        if kept is not None:
            outcome.occupancies.append(kept)


def _bring_back(laid: Fused, before: NDArray[np.uint8], sample: LabelSample, names: Sequence[str]) -> list[str]:
    """A class that the one function lost altogether comes back as stage 2 had it."""
    notes = []
    for number, name in enumerate(names, start=1):
        mask = before == number
        if mask.any() and not (laid.image == number).any():
            laid.add(number, mask)
            notes.append(f"{sample.name}: {name} was lost by the one function; it is kept as stage 2 has it.")
    return notes


def new_latents(trained: ImplicitField, config: Any, samples: int) -> ImplicitField:
    """The same function for new samples: each begins with the mean latent vector, which alone is optimised."""
    classes, dimensions = trained.mlp.out.out_features, trained.dimensions
    other = make_field(config, dimensions, samples, classes, (0,))
    state = trained.state_dict()
    state["latent"] = trained.latent.detach().mean(0, keepdim=True).repeat(samples, 1)
    other.load_state_dict(state)
    for name, value in other.named_parameters():
        value.requires_grad_(name == "latent")
    return other


def iter_fit_latents(
    trained: ImplicitField, labelled: Labelled, config: RepairConfig, context: FitContext
) -> Generator[StageStep, None, ImplicitField]:
    """Fit a latent vector to each new sample, the function as it is."""
    joint = config.joint.model_copy(
        update={
            "steps": config.joint.new_sample_steps,
            "learning_rate": config.joint.new_sample_rate,
            "validate_every": max(1, config.joint.new_sample_steps // 10),
        }
    )
    fitted = new_latents(trained, joint, len(labelled.images))
    seed = (config.seed, 0)
    targets = [joint_target(image, len(labelled.classes), (*seed, k)) for k, image in enumerate(labelled.images)]
    problem = JointProblem(targets, None, fitted, joint, seed)
    cost = TRAINING_COST * step_points(joint, len(labelled.classes), len(targets))
    yield from iter_reported(problem, problem.schedule, context, None, (JOINT, "", cost))
    return fitted
