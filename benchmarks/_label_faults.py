"""What goes wrong in labels that people draw or programs vote for: holes, islands, staircases, swapped classes.

Each fault is drawn by seed, in one of three strengths, on labels of two or three axes.  Sizes are shares of the box, so
that the same strength is the same fault on 64³ and on 256³.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Labels = NDArray[np.integer]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FaultStrength:
    """How much of each fault.

    Attributes
    ----------
    holes, islands, swaps : float
        Number of spots, as a share of the voxels that could be their centres divided by those of one spot: 0.1 covers
        about a tenth of the classes (holes), of as much background as there are classes (islands) or of all borders
        between two classes or a class and background (swaps).
    radius : tuple of float
        Shortest and longest radius of a spot, as shares of the mean side of the box; never less than one voxel.
    thickness : float
        Of a slice along the first axis, as a share of that side: one slice stands for all voxels of that length.
    """

    holes: float
    islands: float
    swaps: float
    radius: tuple[float, float]
    thickness: float


STRENGTHS: Mapping[str, FaultStrength] = MappingProxyType(
    {
        "weak": FaultStrength(holes=0.02, islands=0.01, swaps=0.06, radius=(0.015, 0.025), thickness=2 / 64),
        "medium": FaultStrength(holes=0.05, islands=0.03, swaps=0.15, radius=(0.015, 0.035), thickness=3 / 64),
        "strong": FaultStrength(holes=0.1, islands=0.06, swaps=0.3, radius=(0.015, 0.045), thickness=4 / 64),
    }
)
"""By name.  Four of 64 slices are 6 mm of the 100 mm of a heart: the slices of an older CT."""


def make_holes(labels: Labels, strength: FaultStrength, rng: np.random.Generator) -> Labels:
    """Spots within classes become background."""
    found = labels.copy()
    found[_spots(labels > 0, strength.holes, strength.radius, rng) > 0] = 0
    return found


def make_islands(labels: Labels, strength: FaultStrength, rng: np.random.Generator) -> Labels:
    """Spots of any class appear in the background."""
    background, values = labels == 0, np.unique(labels[labels > 0])
    if not values.size or not background.any():
        return labels.copy()
    share = strength.islands * min(1.0, float((~background).sum() / background.sum()))
    spots = _spots(background, share, strength.radius, rng)
    found = labels.copy()
    drawn = rng.choice(values, spots.max() + 1)
    painted = (spots > 0) & background
    found[painted] = drawn[spots[painted]]
    return found


def make_swaps(labels: Labels, strength: FaultStrength, rng: np.random.Generator) -> Labels:
    """In spots on borders the two sides change places: where A and B meet, A becomes B and B becomes A."""
    spots = _spots(borders(labels), strength.swaps, strength.radius, rng)
    found = labels.copy()
    for number, box in enumerate(ndimage.find_objects(spots), 1):
        if box is None:  # covered by later spots
            continue
        inside, old = spots[box] == number, labels[box]
        values, counts = np.unique(old[inside], return_counts=True)
        if values.size > 1:
            first, second = values[np.argsort(counts, kind="stable")[::-1][:2]]
            new = found[box]
            new[inside & (old == first)] = second
            new[inside & (old == second)] = first
    return found


def make_staircase(labels: Labels, strength: FaultStrength, rng: np.random.Generator) -> Labels:
    """Labels as drawn on every n-th slice of the first axis, each slice repeated up to half way to the next."""
    step = max(1, round(strength.thickness * labels.shape[0]))
    kept = np.arange(int(rng.integers(step)), labels.shape[0], step)
    nearest = np.abs(np.arange(labels.shape[0])[:, None] - kept).argmin(1)
    return np.asarray(labels[kept[nearest]])


FAULTS: Mapping[str, Callable[[Labels, FaultStrength, np.random.Generator], Labels]] = MappingProxyType(
    {"staircase": make_staircase, "swaps": make_swaps, "holes": make_holes, "islands": make_islands}
)
"""By name, in the order in which they are made: spots lie on the staircase, as hands correct slices."""


def corrupt_labels(
    labels: Labels,
    strength: str | FaultStrength = "medium",
    seed: int = 0,
    *,
    faults: tuple[str, ...] = tuple(FAULTS),
) -> Labels:
    """Labels with faults; each class that was there stays, if only as one voxel.

    Parameters
    ----------
    labels : array of integers, two or three axes
        0 is background.
    strength : str or FaultStrength
        ``weak``, ``medium``, ``strong``, or numbers of one's own.
    seed : int
        The same seed makes the same faults; other faults on other labels.
    faults : tuple of str
        Which; default: all four, one after the other.

    Returns
    -------
    array of the same shape and dtype
    """
    amounts = STRENGTHS[strength] if isinstance(strength, str) else strength
    found = labels.copy()
    for name, make in FAULTS.items():
        if name in faults:
            found = make(found, amounts, np.random.default_rng([seed, *name.encode()]))
    for value in np.setdiff1d(np.unique(labels), np.unique(found)):
        depth = ndimage.distance_transform_edt(labels == value)
        found[np.unravel_index(int(depth.argmax()), depth.shape)] = value
    return found


def borders(labels: Labels) -> Mask:
    """Voxels with a neighbour (over a face) of another value."""
    found = np.zeros(labels.shape, bool)
    for axis in range(labels.ndim):
        here = [slice(None)] * labels.ndim
        there = list(here)
        here[axis], there[axis] = slice(1, None), slice(None, -1)
        differ = labels[tuple(here)] != labels[tuple(there)]
        found[tuple(here)] |= differ
        found[tuple(there)] |= differ
    return found


def _spots(allowed: Mask, share: float, radius: tuple[float, float], rng: np.random.Generator) -> NDArray[np.int64]:
    """Numbered balls (1, 2, …) with centres drawn from ``allowed``, which cover together about that share of it.

    A later ball covers an earlier one, and reaches out of ``allowed``.
    """
    numbered = np.zeros(allowed.shape, np.int64)
    places = np.flatnonzero(allowed)
    side, axes = float(np.prod(allowed.shape)) ** (1 / allowed.ndim), allowed.ndim
    left, number = share * places.size, 0
    while left > 0 and places.size:
        reach = max(1.0, side * float(rng.uniform(*radius)))
        volume = np.pi * reach**2 if axes == 2 else 4 / 3 * np.pi * reach**3
        if volume > left and rng.random() > left / volume:  # so that the mean is right also where the share is small
            break
        number, left = number + 1, left - volume
        _paint_ball(numbered, np.unravel_index(int(rng.choice(places)), allowed.shape), reach, number)
    return numbered


def _paint_ball(numbered: NDArray[np.int64], centre: tuple[np.intp, ...], reach: float, number: int) -> None:
    edge = int(np.ceil(reach))
    low = [max(0, int(c) - edge) for c in centre]
    box = tuple(slice(start, int(c) + edge + 1) for start, c in zip(low, centre, strict=True))
    grid = np.ogrid[
        tuple(slice(start, min(part.stop, n)) for start, part, n in zip(low, box, numbered.shape, strict=True))
    ]
    away = sum((axis - int(c)) ** 2 for axis, c in zip(grid, centre, strict=True))
    numbered[box][away <= reach**2] = number
