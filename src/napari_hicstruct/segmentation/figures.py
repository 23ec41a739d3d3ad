"""How well one plane is segmented: the figures that cards, tables and gates show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.segmentation import SegmentationConfig
from napari_hicstruct.evaluation.masks import boundary_f, dice, distance_error, hausdorff_95
from napari_hicstruct.segmentation.apply import PlaneOutput
from napari_hicstruct.segmentation.objects import class_labels, instance_labels, without_small_parts


def labels_of(
    output: PlaneOutput, config: SegmentationConfig, values: tuple[int, ...], *, instances: bool, min_size: int = 0
) -> NDArray[np.int32]:
    """Labels of one plane: of classes, or numbered objects."""
    if instances:
        return instance_labels(output, config.targets.truncate, min_size)
    found = class_labels(output, values or (1,), softmax=config.activation == "softmax")
    return without_small_parts(found, min_size) if min_size > 1 else found


def plane_figures(
    output: PlaneOutput,
    truth: NDArray[Any],
    config: SegmentationConfig,
    values: tuple[int, ...],
    known: NDArray[np.bool_] | None = None,
) -> dict[str, float]:
    """``dice/<class>``, ``dice`` (their mean), ``boundary_f``, ``hd95_px``, ``sdf_error_px``; NaN: nothing there.

    Parameters
    ----------
    output : PlaneOutput
    truth : integer ndarray, shape (Y, X)
    config : SegmentationConfig
    values : tuple of int
        Label of each class; empty: labels are objects.
    known : bool ndarray, optional
        Pixels that count.
    """
    found = labels_of(output, config, values, instances=not values)
    names = config.classes or ("object",)
    pairs = [(found == v, truth == v) for v in values] if values else [(found > 0, truth > 0)]
    by_class = {f"dice/{name}": dice(*pair, known) for name, pair in zip(names, pairs, strict=True)}
    figures = by_class | {"dice": mean(list(by_class.values()))}
    figures |= {"boundary_f": boundary_f(found, truth, known), "hd95_px": hausdorff_95(found, truth, known)}
    if output.distance is not None:
        figures["sdf_error_px"] = distance_error(output.distance, truth, config.targets.truncate, known)
    return figures


def mean(values: Sequence[float]) -> float:
    """Mean without NaN; NaN of nothing."""
    real = [value for value in values if not math.isnan(value)]
    return float(np.mean(real)) if real else math.nan


def mean_figures(many: Sequence[dict[str, float]]) -> dict[str, float]:
    """Each figure's mean over planes that have it."""
    names = dict.fromkeys(name for one in many for name in one)
    return {name: mean([one[name] for one in many if name in one]) for name in names}
