"""The three stages one after the other, as generators of small steps."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_hicstruct.config.repair import RepairConfig
from napari_hicstruct.label_repair.boxes import Box, alike_boxes, class_box, extent, marginal_counts, resample
from napari_hicstruct.label_repair.checks import Labelled
from napari_hicstruct.label_repair.evaluate import EVALUATION_POINTS, evaluate_slabs, evaluator
from napari_hicstruct.label_repair.fitting import Fit, FitContext, Problem, Schedule, iter_fit
from napari_hicstruct.label_repair.fusion import SEAMS, Fused, by_priority, close_seams, with_rules
from napari_hicstruct.label_repair.masks import Mask, largest, without_small
from napari_hicstruct.label_repair.occupancies import LEVELS, Occupancies
from napari_hicstruct.label_repair.records import SHAPE, RepairStep, RuleChange
from napari_hicstruct.label_repair.sample import LabelSample
from napari_hicstruct.label_repair.shape import ShapeProblem, ShapeTarget, evaluation_axes, shape_target
from napari_hicstruct.label_repair.slices import Edges, thick_slices
from napari_hicstruct.label_repair.support import density, frame_of, others, supported
from napari_hicstruct.models.implicit.occupancy import ImplicitField
from napari_hicstruct.wording import how_many

TRAINING_COST = 3
"""A point that is learnt takes as long as so many that are evaluated: the unit of progress is one of these."""


@dataclass(frozen=True, slots=True)
class StageStep:
    """A little work done.

    Attributes
    ----------
    done : float
        Of the stage, in evaluated points.
    step : RepairStep or None
    message : str
        For people; must reach them if not empty.
    name : str
        The class it is about; empty: all.
    """

    done: float
    step: RepairStep | None = None
    message: str = ""
    name: str = ""


@dataclass(frozen=True)
class RepairJob:
    """What all stages share.

    Attributes
    ----------
    checkpoints : Path
        Folder of checkpoints and occupancies.
    """

    labelled: Labelled
    config: RepairConfig
    context: FitContext
    checkpoints: Path

    @property
    def names(self) -> list[str]:
        """Of the classes, in the order of their priority."""
        return [one.name for one in self.labelled.classes]

    @cached_property
    def frames(self) -> list[Box]:
        """The box in which places of classes are compared, by sample."""
        return [frame_of(image) for image in self.labelled.images]

    @cached_property
    def slices(self) -> list[tuple[Edges | None, ...]]:
        """Edges of thick slices along each axis, by sample."""
        images = self.labelled.images
        looked_for = self.config.shape.thick_slices and self.labelled.dimensions == 3
        return [thick_slices(one) if looked_for else (None,) * one.ndim for one in images]

    @property
    def leads(self) -> bool:
        """True in the one process that evaluates and writes."""
        return bool(self.context.fabric.is_global_zero)

    @property
    def occupancies(self) -> Occupancies:
        """Those of stage 1, once they are there."""
        shapes = [image.shape for image in self.labelled.images]
        return Occupancies(self.checkpoints, shapes, len(self.names), write=False)


@dataclass
class Tally:
    """Dice by class, over all samples together."""

    names: Sequence[str]
    overlap: dict[str, int] = field(default_factory=dict)
    total: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, one: Mask, other: Mask) -> None:
        """Count two masks of a class."""
        self.overlap[name] = self.overlap.get(name, 0) + int((one & other).sum())
        self.total[name] = self.total.get(name, 0) + int(one.sum()) + int(other.sum())

    @property
    def dice(self) -> dict[str, float]:
        """By class; 1 where both are empty."""
        return {
            name: round(2 * self.overlap[name] / self.total[name], 5) if self.total[name] else 1.0
            for name in self.names
            if name in self.total
        }


@dataclass
class ShapeOutcome:
    """What stage 1 leaves besides the occupancies on disk."""

    notes: list[str] = field(default_factory=list)
    stopped: bool = False


def make_field(config: Any, dimensions: int, samples: int, classes: int, seed: Sequence[int]) -> ImplicitField:
    """A new function whose first weights depend on the seed alone; torch's own random numbers stay as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(np.random.SeedSequence(list(seed)).generate_state(1)[0]))
        return ImplicitField(config, dimensions, samples, classes)


def shape_total(job: RepairJob) -> float:
    """Work of stage 1: the boxes are not known yet, so that an image is taken for each."""
    shape, samples = job.config.shape, len(job.labelled.images)
    steps = shape.epochs * max(2, -(-samples // shape.batch))
    training = TRAINING_COST * steps * shape.batch * shape.points
    return float(len(job.names) * training + sum(image.size for image in job.labelled.images))


def iter_shapes(job: RepairJob) -> Generator[StageStep, None, ShapeOutcome]:
    """Stage 1: train, evaluate and clean the function of each class; a class that is done already is only evaluated."""
    outcome = ShapeOutcome(slice_notes(job))
    shapes = [image.shape for image in job.labelled.images]
    stored = Occupancies(job.checkpoints, shapes, len(job.names), write=job.leads)
    each = shape_total(job) / len(job.names)
    for number in range(1, len(job.names) + 1):
        begun = each * (number - 1)
        for step in _iter_class(job, number, stored, outcome):
            yield StageStep(begun + min(step.done, each), step.step, step.message, job.names[number - 1])
    job.context.fabric.barrier()  # what one process wrote, all will read
    return outcome


def slice_notes(job: RepairJob) -> list[str]:
    """That labels were found to be drawn in thick slices."""
    every = [(axis, edges) for own in job.slices for axis, edges in enumerate(own) if edges is not None]
    found = [(float(np.median(np.diff(edges))), axis) for axis, edges in every]
    return [
        f"The labels of {how_many(found.count(one), 'sample')} repeat over slices of {one[0]:g} voxels along axis "
        f"{one[1] + 1}; they are learnt in the middle of each slice."
        for one in sorted(set(found))
    ]


def _iter_class(
    job: RepairJob, number: int, stored: Occupancies, outcome: ShapeOutcome
) -> Generator[StageStep, None, None]:
    one, config = job.labelled.classes[number - 1], job.config.shape
    having, targets = _targets(job, number)
    if outcome.stopped or job.context.stopped:
        outcome.stopped = True
        outcome.notes.append(f"{one.name}: training was stopped before its turn; its labels stay as they are.")
        yield from _keep_labels(job, number, having, stored)
        return
    seed = (job.config.seed, one.value)
    shape_field = make_field(config, job.labelled.dimensions, len(targets), 1, seed)
    problem = ShapeProblem(targets, shape_field, config, seed)
    checkpoint = job.checkpoints / f"shape-{one.value}.ckpt"
    points = TRAINING_COST * config.batch * config.points
    fit = yield from iter_reported(problem, problem.schedule, job.context, checkpoint, (SHAPE, one.name, points))
    if note := ended_early(fit, one.name, "its labels stay as they are"):
        outcome.notes.append(note)
        yield StageStep(points * fit.step, message=note)
        outcome.stopped |= fit.ended == "stopped"
    if fit.best_dice < 0:  # nothing was ever validated
        yield from _keep_labels(job, number, having, stored)
        return
    if job.leads:
        yield from _evaluate_class(job, number, list(zip(having, targets, strict=True)), stored, problem, outcome)


def _targets(job: RepairJob, number: int) -> tuple[list[int], list[ShapeTarget]]:
    """The samples that have a class, and the class in each of them."""
    images = job.labelled.images
    having = [k for k, image in enumerate(images) if (image == number).any()]
    if not having:
        return [], []
    targets: list[ShapeTarget] = []
    boxes = _boxes(job, number, having)
    for k, box in zip(having, boxes, strict=True):
        job.context.token.check()
        target = shape_target(images[k] == number, len(targets), job.config.shape, box, job.slices[k])
        assert target is not None  # the class is there
        targets.append(target)
    return having, targets


def _boxes(job: RepairJob, number: int, having: list[int]) -> list[Box | None]:
    """The box of a class in each sample that has it."""
    config, images = job.config.shape, job.labelled.images
    if not config.box_share:  # every part counts, and the class may be anywhere
        return [class_box(images[k] == number, config.margin) for k in having]
    support = others([density(images[k] == number, job.frames[k]) for k in having])
    extents = []
    for k, of_others in zip(having, support, strict=True):
        job.context.token.check()
        kept = supported(images[k] == number, config.box_share, job.frames[k], of_others)
        extents.append([extent(counts) for counts in marginal_counts(kept)])
    return list(alike_boxes(extents, config.margin, [images[k].shape for k in having]))


def iter_reported(
    problem: Problem, schedule: Schedule, context: FitContext, checkpoint: Path | None, about: tuple[str, str, int]
) -> Generator[StageStep, None, Fit]:
    """Fit, with steps for people; ``about``: stage, class, and work of one step."""
    stage, name, points = about
    fitting = iter_fit(problem, schedule, context, checkpoint)
    per_epoch = getattr(problem, "epoch_steps", 1)
    while True:
        try:
            step = next(fitting)
        except StopIteration as end:
            fit: Fit = end.value
            return fit
        payload = None
        if step.loss is not None and math.isfinite(step.loss):
            payload = RepairStep(stage, name, step.step // per_epoch, step.loss, step.dice)
        yield StageStep(points * step.step, payload)


def ended_early(fit: Fit, name: str, otherwise: str) -> str:
    """A remark on a fit that did not reach its last step; empty if it did.  ``otherwise``: if nothing came of it."""
    kept = f"the best so far is kept (Dice {fit.best_dice:.3f})" if fit.best_dice >= 0 else otherwise
    if fit.ended == "nan":
        return f"{name}: the loss was no number (NaN) at step {fit.step:,}; training ended there, {kept}."
    if fit.ended == "stopped":
        return f"{name}: training was stopped at step {fit.step:,}; {kept}."
    return ""


def _keep_labels(
    job: RepairJob, number: int, having: list[int], stored: Occupancies
) -> Generator[StageStep, None, None]:
    for k in having if job.leads else ():
        mask = job.labelled.images[k] == number
        stored.put(k, number - 1, tuple(slice(0, n) for n in mask.shape), mask.astype(np.float32))
        yield StageStep(math.inf)


def _evaluate_class(
    job: RepairJob,
    number: int,
    targets: list[tuple[int, ShapeTarget]],
    stored: Occupancies,
    problem: ShapeProblem,
    outcome: ShapeOutcome,
) -> Generator[StageStep, None, None]:
    """Occupancy at the voxels of every sample; small parts are removed."""
    config = job.config.shape
    done = float(TRAINING_COST * problem.schedule.steps * config.batch * config.points)
    for k, target in targets:
        axes, places = evaluation_axes(target.box, config.size)
        values = np.zeros([len(axis) for axis in axes], np.float32)
        evaluate = evaluator(problem.field, target.row, job.context.fabric.device)
        for layers, part in evaluate_slabs(evaluate, axes, EVALUATION_POINTS, job.context.token.check):
            values[layers] = part[..., 0]
            done += part.size
            yield StageStep(done)
        if places is not None:
            values = resample(values, places)
        inside, labelled = target.box.inside, job.labelled.images[k][target.box.inside] == number
        mask = without_small(values >= config.threshold, config.min_component)
        if not mask.any():
            name, sample = job.names[number - 1], job.labelled.samples[k].name
            outcome.notes.append(f"{sample}: {name} was lost by its function; its largest labelled part stays.")
            mask = largest(labelled)
            values = np.maximum(values, mask)
        stored.put(k, number - 1, inside, np.where(mask | (values < config.threshold), values, 0))


@dataclass(frozen=True)
class FusionOutcome:
    """What stage 2 gives: labels laid over each other, after the rules, and Dice of both stages."""

    shapes: list[NDArray[np.uint8]]
    fused: list[NDArray[np.uint8]]
    changes: list[RuleChange]
    shape_dice: dict[str, float]
    fusion_dice: dict[str, float]


def iter_fusion(job: RepairJob) -> Generator[StageStep, None, FusionOutcome]:
    """Stage 2: lay the classes over each other by priority, then apply the rules, sample by sample."""
    outcome = FusionOutcome([], [], [], {}, {})
    first, second = Tally(job.names), Tally(job.names)
    for k, sample in enumerate(job.labelled.samples):
        job.context.token.check()
        stored = job.occupancies.of(k)
        claims = stored >= LEVELS * job.config.shape.threshold
        image = by_priority(claims)
        for number, name in enumerate(job.names, start=1):
            first.add(name, claims[..., number - 1], job.labelled.images[k] == number)
        fused, changes = _fuse(job, sample, claims.copy(), stored)
        for number, name in enumerate(job.names, start=1):
            second.add(name, fused == number, claims[..., number - 1])
        outcome.shapes.append(image)
        outcome.fused.append(fused)
        outcome.changes.extend(changes)
        yield StageStep(sum(one.size for one in outcome.fused))
    outcome.shape_dice.update(first.dice)
    outcome.fusion_dice.update(second.dice)
    return outcome


def _fuse(
    job: RepairJob, sample: LabelSample, claims: NDArray[np.bool_], stored: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], list[RuleChange]]:
    """One sample after seams and rules, and what they changed."""
    closed = close_seams(claims, stored, job.config.seam)
    changes = [RuleChange(sample.name, SEAMS, name, int(n)) for name, n in zip(job.names, closed, strict=True) if n]
    fused = Fused(by_priority(claims), claims, sample.spacing)
    return fused.image, changes + with_rules(fused, sample, job.config, job.names)
