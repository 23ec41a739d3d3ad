"""Thick slices: labels that were drawn on every n-th slice and repeated until the next show it by their own steps.

Such labels are known in the middle of each slice alone.  Between two middles they are a staircase, which a function
that is taught every voxel learns as well as the shape.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MIN_STEP, MAX_STEP = 2.0, 16.0
"""Voxels that one slice stands for; no whole number where an image was resampled."""
MIN_STEPS = 6
"""Fewer are no pattern."""
MIN_CONTRAST = float(np.log(2))
"""Neighbouring layers change so much more from slice to slice than within one: logarithm of their ratio, its mean."""
MIN_ERRORS = 5.0
"""That mean over its standard error: many steps and phases are tried, of which the best is looked at."""
WHOLE = 1.05
"""A whole number of voxels is likelier than one nearby that fits the few noisy changes at the ends a little better."""

Edges = NDArray[np.int64]


def thick_slices(labels: NDArray[Any]) -> tuple[Edges | None, ...]:
    """Where slices that stand for several voxels begin and end, along the one axis that has them.

    Parameters
    ----------
    labels : ndarray
        Class numbers.

    Returns
    -------
    tuple of ndarray or None
        For each axis ascending edges, the first 0, the last the number of voxels; None if it has no such slices.
    """
    found: list[Edges | None] = [None] * labels.ndim
    best = 0.0
    for axis in range(labels.ndim):
        layers = np.moveaxis(labels, axis, 0)
        changes = (layers[1:] != layers[:-1]).reshape(len(layers) - 1, -1).sum(1)
        score, places = _regular_steps(changes)
        if score > best:  # what is drawn in slices has steps along all axes where it lies aslant
            best, found = score, [None] * labels.ndim
            found[axis] = np.concatenate([[0], places + 1, [len(layers)]])
    return tuple(found)


def _regular_steps(changes: NDArray[np.int64]) -> tuple[float, Edges]:
    """Places of ``changes`` that stand out at regular distances, and how well they do; 0 if none do."""
    nowhere = np.zeros(0, np.int64)
    some = np.flatnonzero(changes)
    if len(some) < MIN_STEPS:
        return 0.0, nowhere
    first, last = int(some[0]), int(some[-1]) + 1
    level = np.log1p(changes[first:last].astype(float))
    best, chosen, n = 0.0, (0.0, 0.0), last - first
    for step in _candidates(n):
        phases = np.arange(0, step, 0.25)
        count = int((n - phases[-1] - 1) // step)  # of intervals
        if count <= MIN_STEPS:
            break
        places = np.floor(phases[:, None] + step * np.arange(count + 1)).astype(int)
        contrast = _contrast(level, places)
        mean = contrast.mean(1)
        spread = contrast.std(1, ddof=1) / np.sqrt(count - 1)
        sure = (mean >= MIN_CONTRAST) & (mean >= MIN_ERRORS * spread)
        score = np.where(sure, mean * np.sqrt(count - 1), 0) * (WHOLE if step % 1 == 0 else 1)
        if score.max() > best:
            best, chosen = float(score.max()), (float(step), float(phases[score.argmax()]))
    return best, _all_places(*chosen, first, len(changes)) if best else nowhere


def _candidates(n: int) -> NDArray[np.float64]:
    """Steps to be tried along ``n`` voxels: by one to the next, the last slice moves by half a voxel."""
    many = int(np.log(MAX_STEP / MIN_STEP) / np.log1p(0.5 / n))
    return np.union1d(np.geomspace(MIN_STEP, MAX_STEP, many), np.arange(np.ceil(MIN_STEP), MAX_STEP + 1))


def _contrast(level: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each place but the outermost against what lies between it and its neighbours; ``(phases, places)``."""
    total = np.concatenate([[0.0], np.cumsum(level)])
    between = (total[places[:, 1:]] - total[places[:, :-1] + 1]) / (places[:, 1:] - places[:, :-1] - 1)
    return np.asarray(level[places[:, 1:-1]] - (between[:, 1:] + between[:, :-1]) / 2)


def _all_places(step: float, phase: float, first: int, n: int) -> Edges:
    """The steps of the whole axis, also where nothing is labelled."""
    start = first + phase
    numbers = np.arange(np.ceil(-start / step), np.floor((n - start) / step) + 1)
    places = np.floor(start + step * numbers).astype(np.int64)
    return np.asarray(places[(places >= 0) & (places < n)])


def middles(edges: Edges) -> NDArray[np.float64]:
    """Of the slices: where their labels are known."""
    return (edges[1:] + edges[:-1]) / 2


def slice_means(edges: Edges) -> NDArray[np.float32]:
    """Weights by which voxels along the axis become the mean of each slice; shape (slices, voxels)."""
    sizes = np.diff(edges)
    weights = np.repeat(np.eye(len(sizes), dtype=np.float32), sizes, axis=1)
    return np.asarray(weights / sizes[:, None].astype(np.float32))
