"""Stage 2: masks of classes become one labelling, by priority and by rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.repair import EVERY, FillHoles, KeepLargest, Near, RepairConfig, Touches
from napari_hicstruct.label_repair.masks import Mask, largest, parts
from napari_hicstruct.label_repair.records import FUSION, RuleChange
from napari_hicstruct.label_repair.sample import LabelSample

MAX_ROUNDS = 5
"""So often the rules are applied: what one removes falls to another class, where it may be a fragment."""

SEAMS = "seams between classes closed"
"""What the changes call it."""

AnyRule = Touches | Near | FillHoles | KeepLargest


def by_priority(claims: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The first class that claims a voxel, 1-based, else 0.

    Parameters
    ----------
    claims : ndarray of bool
        Shape ``(…, classes)``, the classes in the order of their priority.
    """
    first = claims.argmax(-1).astype(np.uint8) + np.uint8(1)
    return np.where(claims.any(-1), first, np.uint8(0))


def close_seams(claims: NDArray[np.bool_], occupancies: NDArray[np.uint8], least: float) -> NDArray[np.int64]:
    """Give voxels between classes, which none of them claims, to the class with the highest occupancy.

    Functions of single classes know nothing of each other: where two classes touch, both may stay just below a half,
    and a seam of background would run between them.  Classes exclude each other, so that their occupancies add up to
    the probability that the voxel is of any class.

    Parameters
    ----------
    claims : ndarray of bool
        ``(*shape, classes)``; changed in place.
    occupancies : ndarray of uint8
        The same shape; 255 for 1.
    least : float
        Sum of occupancies from which on a voxel is of a class.

    Returns
    -------
    ndarray
        Voxels that each class gains.
    """
    seam = (occupancies.sum(-1, dtype=np.uint32) >= 255 * least) & ~claims.any(-1)
    winners = occupancies[seam].argmax(-1)
    claims[seam, winners] = True
    return np.bincount(winners, minlength=claims.shape[-1])


@dataclass
class Fused:
    """One sample while rules are applied.

    Attributes
    ----------
    image : ndarray of uint8
        Class numbers.
    claims : ndarray of bool
        ``(*shape, classes)``; what a class claims goes to it where no class before it does.
    """

    image: NDArray[np.uint8]
    claims: NDArray[np.bool_]
    spacing: tuple[float, ...]

    def remove(self, number: int, removed: Mask) -> int:
        """Voxels of a class that are no longer its own fall to the next class that claims them, else to background."""
        self.claims[removed, number - 1] = False
        self.image[removed] = by_priority(self.claims[removed])
        return int(removed.sum())

    def add(self, number: int, added: Mask) -> int:
        """Voxels become those of a class."""
        self.claims[added, number - 1] = True
        self.image[added] = number
        return int(added.sum())


def _touches(rule: Touches, fused: Fused, number: int, names: Sequence[str]) -> int:
    from scipy.ndimage import binary_dilation

    other = fused.image == names.index(rule.other) + 1
    if not other.any():
        return 0
    around = binary_dilation(other, np.ones((3,) * other.ndim))
    return _keep_parts(fused, number, around)


def _near(rule: Near, fused: Fused, number: int, names: Sequence[str]) -> int:
    from scipy.ndimage import distance_transform_edt

    others = np.isin(fused.image, [names.index(name) + 1 for name in rule.others if name in names])
    if not others.any():
        return 0
    around = distance_transform_edt(~others, sampling=fused.spacing) <= rule.distance
    return _keep_parts(fused, number, around)


def _keep_parts(fused: Fused, number: int, around: Mask) -> int:
    """Remove the parts of a class that have no voxel in ``around``."""
    numbered, sizes = parts(fused.image == number)
    keep = np.zeros(len(sizes) + 1, bool)
    keep[np.unique(numbered[around])] = True
    return fused.remove(number, (numbered > 0) & ~keep[numbered])


def _fill_holes(rule: FillHoles, fused: Fused, number: int, names: Sequence[str]) -> int:
    """Enclosed parts of everything else, up to the size: those of their voxels that are background."""
    return fused.add(number, _enclosed(fused.image != number, rule.size) & (fused.image == 0))


def _fill_between(rule: FillHoles, fused: Fused, names: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Background that several classes enclose together is a hole of none of them: each voxel goes to the nearest."""
    from scipy.ndimage import distance_transform_edt

    gaps = _enclosed(fused.image == 0, rule.size)
    if not gaps.any():
        return
    nearest = distance_transform_edt(
        fused.image == 0, sampling=fused.spacing, return_distances=False, return_indices=True
    )
    winners = np.where(gaps, fused.image[tuple(nearest)], 0)
    for number in np.unique(winners[gaps]):
        yield names[number - 1], fused.add(int(number), winners == number)


def _enclosed(outside: Mask, size: int) -> Mask:
    """Parts of ``outside``, up to ``size`` voxels, that do not reach the border of the image."""
    from scipy.ndimage import label

    numbered, n = label(outside)  # across faces: what touches at a corner alone does not leak
    sizes = np.bincount(numbered.ravel(), minlength=n + 1)
    hole = sizes <= size
    hole[0] = False
    for axis in range(outside.ndim):
        for end in (0, -1):
            hole[np.unique(np.take(numbered, end, axis))] = False
    return hole[numbered]


def _keep_largest(rule: KeepLargest, fused: Fused, number: int, names: Sequence[str]) -> int:
    mask = fused.image == number
    return fused.remove(number, mask & ~largest(mask, rule.n))


_APPLY: dict[str, Callable[[Any, Fused, int, Sequence[str]], int]] = {
    "touches": _touches,
    "near": _near,
    "fill_holes": _fill_holes,
    "keep_largest": _keep_largest,
}


def apply_rules(fused: Fused, rules: Sequence[AnyRule], names: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """Apply rules until none of them changes anything.

    Where all classes that a part must touch or be near are missing from the sample, nothing is known of their place
    and nothing is removed.

    Parameters
    ----------
    names : sequence of str
        Of the classes, in the order of their numbers.

    Yields
    ------
    str, str, int
        Rule, class, and voxels changed (0, too).
    """
    for _ in range(MAX_ROUNDS):
        changed = 0
        for rule in rules:
            for name in names if rule.of == EVERY else [rule.of]:
                if name not in names or (isinstance(rule, Touches) and rule.other not in names):
                    continue
                voxels = _APPLY[rule.rule](rule, fused, names.index(name) + 1, names)
                changed += voxels
                yield rule.text, name, voxels
            if isinstance(rule, FillHoles) and rule.of == EVERY:
                for name, voxels in _fill_between(rule, fused, names):
                    changed += voxels
                    yield rule.text, name, voxels
        if not changed:
            return


def with_rules(
    fused: Fused, sample: LabelSample, config: RepairConfig, names: Sequence[str], stage: str = FUSION
) -> list[RuleChange]:
    """Apply the rules of the settings; gives what each of them changed, all rounds together."""
    total: dict[tuple[str, str], int] = {}
    for rule, name, voxels in apply_rules(fused, config.rules, names):
        total[rule, name] = total.get((rule, name), 0) + voxels
    return [RuleChange(sample.name, rule, name, n, stage) for (rule, name), n in total.items() if n]
