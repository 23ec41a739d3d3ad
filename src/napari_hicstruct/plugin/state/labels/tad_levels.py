"""Nested TADs: which levels of a set are drawn, and which step back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

_FAINTER, _FAINTEST = 0.7, 0.3  # opacity per level that lies inside, and the least


class TadLevels(StrEnum):
    """Which TADs of a set are drawn; level 1 is the outermost."""

    ALL = "all"
    INNERMOST = "innermost"
    OUTERMOST = "outermost"
    TWO = "two"
    THREE = "three"

    def drawn(self, outside: NDArray[np.int64], inside: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which TADs are drawn, of those that lie in ``outside`` others and have ``inside`` levels in them."""
        if self is TadLevels.INNERMOST:
            return np.asarray(inside == 0)
        most = {TadLevels.OUTERMOST: 1, TadLevels.TWO: 2, TadLevels.THREE: 3}.get(self)
        return np.ones(len(outside), bool) if most is None else np.asarray(outside < most)


def nesting(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Levels around each interval and levels in it: the longest chains of intervals that hold each other.

    One that only overlaps another is not in it; of equal ones the later lies in the earlier.
    """
    order = np.lexsort((-ends, starts))  # what holds one comes before it
    outside, inside = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
    outside[order] = _longest_chains((-ends[order]).tolist())
    inside[order[::-1]] = _longest_chains(ends[order[::-1]].tolist())
    return outside, inside


def _longest_chains(values: Sequence[int]) -> list[int]:
    """Length of the longest rising subsequence (equal ones count) that ends before each value, by patience sorting."""
    least: list[int] = []  # last value of a chain of each length, the smallest there is
    lengths = []
    for value in values:
        length = bisect_right(least, value)
        least[length : length + 1] = [value]
        lengths.append(length)
    return lengths


def opacity(inside: NDArray[np.int64]) -> NDArray[np.float64]:
    """The more levels lie in a TAD, the fainter its line."""
    return np.asarray(np.maximum(_FAINTEST, _FAINTER**inside))
