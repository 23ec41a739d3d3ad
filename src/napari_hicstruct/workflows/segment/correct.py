"""Learn from a person's corrections of a segmentation, and keep what was learnt only if it is no worse."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.jobs import CancelToken, Progress


@dataclass(frozen=True, slots=True, eq=False)
class CorrectSegmentationRequest:
    """A picture, what the model said of it, and what a person made of that.

    Attributes
    ----------
    image : ndarray
        As in :class:`~napari_hicstruct.workflows.segment.apply.SegmentRequest`.
    before, after : ndarray
        Labels as segmented, and as painted; of one shape.
    reviewed : bool ndarray, optional
        Where a person has looked, corrected or not.  Default: what changed, and a margin around it.
    model : Path
        The model that segmented.
    store : Path
        Folder that gets the new model, as a folder of its own.
    steps : int
        Of the fine-tuning.
    device : str
    threads : int, optional
    """

    image: NDArray[Any]
    before: NDArray[Any]
    after: NDArray[Any]
    model: Path
    store: Path
    reviewed: NDArray[np.bool_] | None = None
    steps: int = 150
    device: str = "auto"
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class CorrectedSegmentation:
    """What came of it.

    Attributes
    ----------
    taken : bool
        Whether the new model comes into use.
    verdict : str
        ``better``, ``no different``, ``too few to say`` or ``worse``, by corrections that were not learnt from.
    reason : str
        The same as one sentence.
    details : str
        The numbers that it rests on.
    before, after : dict of str to float
        Figures of the parent and of the new model: ``dice`` and ``accuracy`` on held-out tiles of the corrections,
        ``replay_dice`` on the picture that the parent was trained on.
    model : Path
        The model in use from now on: the new one if it was taken, else the parent.
    parent : Path
        The model before; to roll back is to choose it.
    seconds : float
    """

    taken: bool
    verdict: str
    reason: str
    details: str
    before: dict[str, float]
    after: dict[str, float]
    model: Path
    parent: Path
    seconds: float
    notes: tuple[str, ...] = field(default=())


def iter_correct_segmentation(
    request: CorrectSegmentationRequest, token: CancelToken, stop: CancelToken | None = None
) -> Generator[Progress, None, CorrectedSegmentation]:
    """Fine-tune on the corrections, judge both models on tiles that were held out, take the new one or not.

    Yields
    ------
    Progress
        Stages ``learn`` and ``judge``; payload of a step as in
        :func:`~napari_hicstruct.workflows.segment.train.iter_train_segmentation`.

    Raises
    ------
    LabelError
        If nothing was corrected, or shapes do not agree.
    ModelError, OutputError, Cancelled
    """
    raise NotImplementedError
    yield
