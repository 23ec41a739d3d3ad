"""Nested TADs: which levels of a set are drawn, and which step back."""

from __future__ import annotations

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
    outside, inside = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
    around: list[int] = []
    holders: list[tuple[int, list[int]]] = []
    for one in np.lexsort((-ends, starts)).tolist():
        around = [other for other in around if ends[other] > starts[one]]
        holding = [other for other in around if ends[other] >= ends[one]]
        outside[one] = max((outside[other] + 1 for other in holding), default=0)
        holders.append((one, holding))
        around.append(one)
    for one, holding in reversed(holders):  # what lies in it comes after it
        for other in holding:
            inside[other] = max(inside[other], inside[one] + 1)
    return outside, inside


def opacity(inside: NDArray[np.int64]) -> NDArray[np.float64]:
    """The more levels lie in a TAD, the fainter its line."""
    return np.asarray(np.maximum(_FAINTEST, _FAINTER**inside))
