"""What label repair is compared with, and by which figures: filters of masks, Dice, Hausdorff, topology."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import ndimage

from benchmarks._label_faults import corrupt_labels
from benchmarks._label_phantom import CARDIAC, heart_phantom
from napari_hicstruct.config.repair import FillHoles, KeepLargest, Near, RepairConfig, Touches

Labels = Any
"""Array of uint8."""

CORNERS = np.ones((3, 3, 3), bool)
PRIORITY = ("Coronary", "LAA", "PV", "LA", "LV", "Myocardium", "Aorta", "RA", "RV", "PA")
"""Of the cardiac preset: the first wins where masks overlap."""


def hearts(size: int, seeds: Sequence[int]) -> list[Labels]:
    """True labels."""
    return [heart_phantom((size,) * 3, seed) for seed in seeds]


def corrupted(truth: Sequence[Labels], strength: str, seeds: Sequence[int]) -> list[Labels]:
    """The same with all four faults, other ones for each heart."""
    return [corrupt_labels(labels, strength, seed + 1000) for labels, seed in zip(truth, seeds, strict=True)]


# --- what repair is compared with ------------------------------------------------------------------------------------


def median(labels: Labels, size: int) -> Labels:
    """Each class' mask by a median filter; where several stay, the first by priority."""
    return by_priority({name: ndimage.median_filter(labels == v, size) for name, v in CARDIAC.items()})


def gaussian(labels: Labels, sigma: float) -> Labels:
    """Each class' mask, and the background's, smoothed; the largest wins."""
    smooth = [ndimage.gaussian_filter((labels == v).astype(np.float32), sigma) for v in (0, *CARDIAC.values())]
    return np.array([0, *CARDIAC.values()], np.uint8)[np.argmax(smooth, axis=0)]


def opening_closing(labels: Labels, radius: int) -> Labels:
    """Each class' mask opened, then closed, by a ball."""
    return by_priority({name: _closed(_opened(labels == v, radius), radius) for name, v in CARDIAC.items()})


def closing_opening(labels: Labels, radius: int) -> Labels:
    """The other way round, which is kinder to thin vessels."""
    return by_priority({name: _opened(_closed(labels == v, radius), radius) for name, v in CARDIAC.items()})


def _opened(mask: Labels, radius: int) -> Labels:
    """Eroded, then dilated by a ball, through distances; what lies beyond the box is as its edge."""
    inner = ndimage.distance_transform_edt(np.pad(mask, radius, mode="edge")) > radius
    inner = inner[(slice(radius, -radius),) * mask.ndim]
    return ndimage.distance_transform_edt(~inner) <= radius if inner.any() else inner


def _closed(mask: Labels, radius: int) -> Labels:
    return ~_opened(~mask, radius)


def by_priority(masks: Mapping[str, Labels]) -> Labels:
    """Masks laid over each other, the first of the priority on top."""
    found = np.zeros(next(iter(masks.values())).shape, np.uint8)
    for name in reversed(PRIORITY):
        found[masks[name]] = CARDIAC[name]
    return found


def with_rules(labels: Labels, config: RepairConfig, spacing: float) -> Labels:
    """A filtered labelling after our own rules: what they alone are worth."""
    from napari_hicstruct.label_repair.fusion import Fused, apply_rules

    names = list(PRIORITY)
    values = np.array([CARDIAC[name] for name in names])
    claims = labels[..., None] == values
    numbers = np.where(claims.any(-1), claims.argmax(-1) + 1, 0).astype(np.uint8)
    fused = Fused(numbers, claims, (spacing,) * labels.ndim)
    for _ in apply_rules(fused, config.rules, names):
        pass
    return np.array([0, *values], np.uint8)[fused.image]


FILTERS: Mapping[str, tuple[Callable[[Labels, Any], Labels], tuple[Any, ...]]] = {
    "median": (median, (3, 5, 7)),
    "gaussian": (gaussian, (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)),
    "opening–closing": (opening_closing, (1, 2, 3)),
    "closing–opening": (closing_opening, (1, 2, 3)),
}
"""Each with the values of its parameter among which it gets its best one."""

TUNING_SEEDS = (100, 101, 102, 103)
"""Hearts on which the filters' parameters are chosen; none of those that count."""


def best_parameters(size: int, strength: str) -> dict[str, dict[str, Any]]:
    """The parameters of each filter with the highest Dice and with the least Hausdorff, on hearts that do not count."""
    truth = hearts(size, TUNING_SEEDS)
    ragged = corrupted(truth, strength, TUNING_SEEDS)
    found = {}
    for name, (apply, values) in FILTERS.items():
        tried = [[apply(one, value) for one in ragged] for value in values]
        means = [np.mean([mean_dice(*pair) for pair in zip(one, truth, strict=True)]) for one in tried]
        away = [np.mean([mean_hausdorff95(*pair) for pair in zip(one, truth, strict=True)]) for one in tried]
        found[name] = {"dice": values[int(np.argmax(means))], "hd95": values[int(np.argmin(away))]}
    return found


# --- figures ---------------------------------------------------------------------------------------------------------


def dice(found: Labels, true: Labels) -> dict[str, float]:
    """By class; 0 for a class that is lost."""
    both = {}
    for name, value in CARDIAC.items():
        a, b = found == value, true == value
        both[name] = float(2 * (a & b).sum() / max(1, a.sum() + b.sum()))
    return both


def mean_dice(found: Labels, true: Labels) -> float:
    """Over the classes."""
    return float(np.mean(list(dice(found, true).values())))


def hausdorff95(found: Labels, true: Labels) -> dict[str, float]:
    """By class, in voxels: the larger of the two 95th percentiles of distances between surfaces.

    A class that is lost has the diagonal of the box.
    """
    both = {}
    for name, value in CARDIAC.items():
        a, b = found == value, true == value
        both[name] = _hausdorff95(a, b) if a.any() and b.any() else float(np.linalg.norm(true.shape))
    return both


def mean_hausdorff95(found: Labels, true: Labels) -> float:
    """Over the classes."""
    return float(np.mean(list(hausdorff95(found, true).values())))


def _hausdorff95(a: Labels, b: Labels) -> float:
    box = ndimage.find_objects((a | b).astype(np.uint8))[0]
    surfaces = [np.pad(one[box], 1) for one in (a, b)]
    surfaces = [one & ~ndimage.binary_erosion(one) for one in surfaces]
    away = [ndimage.distance_transform_edt(~one) for one in surfaces]
    return float(max(np.percentile(away[1][surfaces[0]], 95), np.percentile(away[0][surfaces[1]], 95)))


def figures(found: Sequence[Labels], truth: Sequence[Labels]) -> dict[str, Any]:
    """Means over samples: Dice and 95 % Hausdorff by class and of all; the smallest class by itself."""
    by_sample = [dice(one, true) for one, true in zip(found, truth, strict=True)]
    far = [hausdorff95(one, true) for one, true in zip(found, truth, strict=True)]
    by_class = {name: float(np.mean([one[name] for one in by_sample])) for name in CARDIAC}
    hd = {name: float(np.mean([one[name] for one in far])) for name in CARDIAC}
    small = smallest(truth)
    return {
        "dice": float(np.mean(list(by_class.values()))),
        "hd95": float(np.mean(list(hd.values()))),
        "dice_by_class": by_class,
        "hd95_by_class": hd,
        "smallest": {
            "class": small,
            "dice": by_class[small],
            "worst": min(one[small] for one in by_sample),
            "lost": sum(not (one == CARDIAC[small]).any() for one in found),
        },
    }


def smallest(truth: Sequence[Labels]) -> str:
    """The class of fewest voxels."""
    counts = sum(np.bincount(one.ravel(), minlength=11) for one in truth)
    return min(CARDIAC, key=lambda name: counts[CARDIAC[name]])


def broken_rules(labels: Labels, config: RepairConfig, spacing: float) -> list[str]:
    """Rules that a labelling does not keep, each found here anew, not by the code that applies them."""
    value = {one.name: one.value for one in config.classes}
    broken = []
    for rule in config.rules:
        mask = labels == value[rule.of]
        parts, n = ndimage.label(mask, CORNERS)
        if isinstance(rule, KeepLargest):
            kept = n <= rule.n
        elif isinstance(rule, Touches):
            beside = ndimage.binary_dilation(labels == value[rule.other], CORNERS)
            kept = n == np.count_nonzero(np.unique(parts[beside]))
        elif isinstance(rule, Near):
            others = np.isin(labels, [value[name] for name in rule.others])
            close = ndimage.distance_transform_edt(~others) * spacing <= rule.distance
            kept = n == np.count_nonzero(np.unique(parts[close]))
        else:
            assert isinstance(rule, FillHoles)
            kept = not _holes(labels, mask, rule.size)
        if not kept:
            broken.append(rule.text)
    return broken


def _holes(labels: Labels, mask: Labels, size: int) -> bool:
    """True if background that the class encloses all around, of up to ``size`` voxels, is left."""
    empty = labels == 0
    parts, n = ndimage.label(ndimage.binary_fill_holes(mask) & ~mask)
    for k in range(1, n + 1):
        hole = parts == k
        if hole.sum() <= size and (empty & hole).any():
            return True
    return False
