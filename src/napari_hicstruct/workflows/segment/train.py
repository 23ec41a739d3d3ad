"""Train the multitask network on pictures with labels."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.segmentation import SegmentationConfig
from napari_hicstruct.jobs import CancelToken, Progress


@dataclass(frozen=True, slots=True, eq=False)
class ImageSample:
    """One picture and its labels.

    Attributes
    ----------
    name : str
    image : ndarray
        ``(Y, X)``; ``(Y, X, C)`` with channels last; or ``(Z, Y, X)``, read slice by slice.  Any dtype, 16 bits too.
    labels : ndarray
        ``(Y, X)`` or ``(Z, Y, X)``, whole numbers, 0 is background; each value a class or an object, as the settings
        have it.
    weight : ndarray, optional
        How much each pixel counts, of the labels' shape; 0 where nobody knows.
    """

    name: str
    image: NDArray[Any]
    labels: NDArray[Any]
    weight: NDArray[np.floating[Any]] | None = None


@dataclass(frozen=True, slots=True)
class TrainSegmentationRequest:
    """What to learn from, and how.

    Attributes
    ----------
    samples : tuple of ImageSample
        All of as many channels.  Blocks of each are held out: they choose the best weights and are never learnt from.
    out : Path
        Folder of the model: ``model.json``, ``weights.safetensors``, ``log.jsonl``, ``run.json``.
    config : SegmentationConfig
    parent : Path, optional
        Model whose weights the training begins with.
    device : str
    threads : int, optional
        Processor threads of torch; None: as it does.
    stop : CancelToken, optional
        Ends the training early; what was best so far is the result.
    overwrite : bool
        Replace a model that the folder holds.
    """

    samples: tuple[ImageSample, ...]
    out: Path
    config: SegmentationConfig = field(default_factory=SegmentationConfig)
    parent: Path | None = None
    device: str = "auto"
    threads: int | None = None
    stop: CancelToken | None = None
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class TrainedSegmentation:
    """A model that was trained.

    Attributes
    ----------
    model : Path
        Its folder.
    figures : dict of str to float
        On the blocks that were held out: ``dice/<class>``, ``dice``, ``boundary_f``, ``hd95_px``, ``sdf_error_px``;
        and ``parameters``, ``steps``, ``seconds``.
    notes : tuple of str
        What a person should know, one sentence each.
    classes : tuple of str
    """

    model: Path
    figures: dict[str, float]
    notes: tuple[str, ...]
    classes: tuple[str, ...]


def iter_train_segmentation(
    request: TrainSegmentationRequest, token: CancelToken
) -> Generator[Progress, None, TrainedSegmentation]:
    """Train.

    Yields
    ------
    Progress
        Stage ``train``; ``done`` steps of ``total``.  Payload of a step: ``{"loss": …, "tasks": {task: loss}}``; of a
        validation also ``"validation": {figure: value}`` (Dice by class, loss by task).

    Raises
    ------
    LabelError
        If labels or pictures cannot be learnt from.
    ConfigError, OutputError, ModelError, JobError, Cancelled
    """
    raise NotImplementedError
    yield
