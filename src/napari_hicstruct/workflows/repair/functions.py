"""Functions that were kept: evaluate them at any size, apply them to new samples."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.base import parse_config
from napari_hicstruct.config.repair import RepairConfig
from napari_hicstruct.errors import ConfigError, ModelError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.label_repair.checks import Labelled, check_labels
from napari_hicstruct.label_repair.sample import LabelSample

if TYPE_CHECKING:
    from napari_hicstruct.label_repair.stages import StageStep
    from napari_hicstruct.models.implicit.occupancy import ImplicitField

_STAGE = "new samples"


def apply_function(
    path: str | Path,
    samples: Sequence[LabelSample],
    *,
    size: tuple[int, ...] | None = None,
    threads: int | None = None,
    token: CancelToken | None = None,
) -> Generator[Progress, None, tuple[LabelSample, ...]]:
    """Repair new samples by a function that was kept: the latent vector of each is optimised, nothing else.

    Parameters
    ----------
    path : path
        ``function.safetensors``.
    samples : sequence of LabelSample
        With the classes of the function; one of them may be missing.
    size : tuple of int, optional
        Voxels along each axis of the result; default: as many as the sample has.  The rules are applied to it.
    threads : int, optional
        Processor threads of torch.

    Returns
    -------
    tuple of LabelSample
        Same order and dtype.

    Raises
    ------
    ModelError, LabelError, ConfigError, Cancelled
    """
    from napari_hicstruct.inference.device import torch_threads
    from napari_hicstruct.label_repair.fitting import FitContext
    from napari_hicstruct.label_repair.joint_stage import JointOutcome, iter_fit_latents, iter_laid
    from napari_hicstruct.models.implicit.store import load_function
    from napari_hicstruct.training.state import open_fabric

    trained, card = load_function(Path(path))
    config = _config_of(card, path)
    labelled = check_labels(samples, config, keep_missing=True)
    if labelled.dimensions != trained.dimensions:
        text = f"the function is of {trained.dimensions} dimensions, the labels of {labelled.dimensions}."
        raise ModelError(text, where=path, hint="Give labels of as many dimensions.")
    asked = labelled if size is None else _resized(labelled, size)
    token, clock, total = token or CancelToken(), Clock(), float(config.joint.new_sample_steps)
    with torch_threads(threads or 0):
        fitting = iter_fit_latents(trained, labelled, config, FitContext(open_fabric("cpu"), token))
        outcome = JointOutcome((yield from _counted(fitting, clock, total)), list(card["thresholds"]))
        for _ in iter_laid(outcome, asked, config, token.check, soft=False):
            yield clock.step(_STAGE, total, total)
    return asked.restored(outcome.images)


def _counted(
    steps: Generator[StageStep, None, ImplicitField], clock: Clock, total: float
) -> Generator[Progress, None, ImplicitField]:
    """Steps of fitting as Progress."""
    done = 0
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            fitted: ImplicitField = end.value
            return fitted
        done += 1
        yield clock.step(_STAGE, done, total, payload=step.step)


def _config_of(card: dict[str, Any], path: str | Path) -> RepairConfig:
    """The settings of the run, with its classes in the order of the function's outputs."""
    classes, settings = card["classes"], card.get("settings")
    rules = settings.get("rules", []) if isinstance(settings, dict) else None
    if not isinstance(settings, dict) or not isinstance(rules, list) or "thresholds" not in card:
        raise ModelError("lacks the settings of its run.", where=path, hint="Copy it again.")
    names = [one["name"] for one in classes]
    rules = [rule for rule in rules if _named(rule) <= {*names, "*"}]
    data = settings | {"classes": classes, "priority": names, "rules": rules}
    return parse_config(RepairConfig, data, where=path)


def _named(rule: Any) -> set[str]:
    """Classes that a rule cannot do without; of what is no rule nothing, for the settings refuse it."""
    if not isinstance(rule, dict):
        return set()
    others = rule.get("others")
    return {
        str(one) for one in (rule.get("of", "*"), rule.get("other", "*"), *(others if isinstance(others, list) else ()))
    }


def _resized(labelled: Labelled, size: tuple[int, ...]) -> Labelled:
    """The same samples with images of another size, whose values nobody reads."""
    if len(size) != labelled.dimensions or min(size) < 1:
        raise ConfigError(f"size must be {labelled.dimensions} whole numbers of 1 or more, not {size}.")
    samples, images = [], []
    for sample in labelled.samples:
        spacing = tuple(s * n / k for s, n, k in zip(sample.spacing, sample.labels.shape, size, strict=True))
        samples.append(LabelSample(sample.name, np.empty(0, sample.labels.dtype), spacing))
        images.append(np.zeros(size, np.uint8))
    return Labelled(tuple(samples), labelled.classes, tuple(images), labelled.notes)


def evaluate_function(path: str | Path, sample_index: int, shape: tuple[int, ...]) -> NDArray[np.integer[Any]]:
    """Labels of one of the function's own samples at any size, by the decision rule, without the rules of stage 2.

    Evaluated slab by slab: beyond the labels themselves, memory does not grow with the size.

    Parameters
    ----------
    path : path
        ``function.safetensors``.
    sample_index : int
        0-based, in the order in which the samples were given.
    shape : tuple of int
        Voxels along each axis.

    Returns
    -------
    ndarray
        The classes' values; uint8, uint16 or int64, whatever is large enough.

    Raises
    ------
    ModelError, ConfigError
    """
    from napari_hicstruct.label_repair.evaluate import iter_labels
    from napari_hicstruct.models.implicit.store import load_function

    field, card = load_function(Path(path))
    if not 0 <= sample_index < len(card["samples"]):
        raise ConfigError(f"has {len(card['samples'])} samples, none of number {sample_index}.", where=path)
    if len(shape) != field.dimensions or min(shape) < 1:
        raise ConfigError(f"shape must be {field.dimensions} whole numbers of 1 or more, not {shape}.")
    if len(card.get("thresholds", ())) != len(card["classes"]):
        raise ModelError("lacks a threshold for each class.", where=path, hint="Copy it again.")
    values = np.array([0, *(one["value"] for one in card["classes"])])
    table = values.astype(
        next((kind for kind in (np.uint8, np.uint16) if values.max() <= np.iinfo(kind).max), np.int64)
    )
    found = np.zeros(shape, table.dtype)
    for layers, numbers, _ in iter_labels(field, sample_index, shape, card["thresholds"], lambda: None):
        found[layers] = table[numbers]
    return found
