"""What a repair reports: steps of training, changes by rules, the result.  Plain values, which cross processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.repair import LabelClass
from napari_hicstruct.label_repair.sample import LabelSample

SHAPE, FUSION, JOINT = "shape", "fusion", "joint"
"""The three stages, in their order."""


@dataclass(frozen=True, slots=True)
class RepairStep:
    """How far a training is: payload of some steps of Progress, for live curves.

    Attributes
    ----------
    stage : str
        ``"shape"`` or ``"joint"``.
    class_name : str
        The class whose function is trained; empty for all of them.
    epoch : int
        Epochs done (stage 3: steps).
    loss : float
        Mean since the last such step.
    dice : float or None
        At validation, else None.
    """

    stage: str
    class_name: str
    epoch: int
    loss: float
    dice: float | None = None


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What one rule changed in one sample.

    Attributes
    ----------
    sample, rule, class_name : str
        The rule in words; the class that lost or gained voxels.
    voxels : int
        Changed voxels; never 0.
    stage : str
        ``"fusion"``, or ``"joint"`` where the rule corrected the one function of stage 3.
    """

    sample: str
    rule: str
    class_name: str
    voxels: int
    stage: str = FUSION


@dataclass(frozen=True)
class RepairResult:
    """The repaired labellings and how they came about.

    Attributes
    ----------
    samples : tuple of LabelSample
        Repaired: same order, shape and dtype as the input.
    shapes, fused : tuple of LabelSample
        After stage 1 (classes laid over each other by priority), and after stage 2.
    changes : tuple of RuleChange
    dice : mapping
        Stage → class → Dice with what the stage was made from: the input, the masks of stage 1, the labels of stage 2.
    classes : tuple of LabelClass
    notes : tuple of str
        For people: classes left out, a training that was stopped, …
    run : dict
        Settings, versions, seconds: the content of ``run.json``.
    occupancy : tuple of ndarray
        With ``RepairOptions.soft``: per sample, float32 of shape (classes, *labels.shape), 0–1, of the last stage that
        ran; else empty.
    leads : bool
        False in the further processes of several devices: only one of them writes and reports.
    """

    samples: tuple[LabelSample, ...]
    shapes: tuple[LabelSample, ...]
    fused: tuple[LabelSample, ...]
    changes: tuple[RuleChange, ...]
    dice: Mapping[str, Mapping[str, float]]
    classes: tuple[LabelClass, ...]
    notes: tuple[str, ...]
    run: dict[str, Any]
    occupancy: tuple[NDArray[np.float32], ...] = ()
    leads: bool = True
