"""Which pixels of a window anybody knows something about."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.labels.corrections import Marks


@dataclass(frozen=True, slots=True)
class Scope:
    """Where and of which heads labels are known (users' data sets, corrections; simulated truth: everywhere, of all).

    Attributes
    ----------
    fine, coarse : bool, shape (n_bins,)
        Bins in which absence is a label; elsewhere only what is labelled is known.
    heads : frozenset of str
        Heads whose tasks have labels.
    fine_marks, coarse_marks : mapping of str to Marks
        By head: rectangles in which something else is known (``labels.corrections.marks``).
    """

    fine: NDArray[np.bool_]
    coarse: NDArray[np.bool_]
    heads: frozenset[str]
    fine_marks: Mapping[str, Marks] = field(default_factory=dict)
    coarse_marks: Mapping[str, Marks] = field(default_factory=dict)

    def apply(
        self, head: str, known: NDArray[np.float32], positive: NDArray[np.bool_], corner: tuple[int, int], *, fine: bool
    ) -> NDArray[np.float32]:
        """``known`` of a window with 0 where nobody knows."""
        if head not in self.heads:
            return np.zeros_like(known)
        bins = self.fine if fine else self.coarse
        inside = [_take(bins, first, size) for first, size in zip(corner, known.shape, strict=True)]
        weight = (inside[0][:, None] & inside[1][None, :]).astype(np.float32)
        paint(weight, (self.fine_marks if fine else self.coarse_marks).get(head), corner)
        return np.where(positive, np.maximum(weight, 1), weight) * known

    def strip(self, positive: NDArray[np.bool_], first: int, *, fine: bool = False) -> NDArray[np.float32]:
        """What the bins of a strip from bin ``first`` on weigh; 0 where nobody knows."""
        if "boundary" not in self.heads:
            return np.zeros(positive.shape, np.float32)
        weight = _take(self.fine if fine else self.coarse, first, len(positive)).astype(np.float32)
        for top, bottom, left, right, value in (self.fine_marks if fine else self.coarse_marks).get("boundary", ()):
            low, high = max(top, left) - first, min(bottom, right) - first  # a block off the diagonal holds no boundary
            weight[edge(low) : edge(high)] = value
        return np.where(positive, np.maximum(weight, 1), weight)

    def reversed(self, fine: int, coarse: int) -> Scope:
        """The scope of the chromosome read from its other end; ``fine`` and ``coarse`` are its numbers of bins."""
        return replace(
            self,
            fine=self.fine[::-1].copy(),
            coarse=self.coarse[::-1].copy(),
            fine_marks={head: _turned(own, fine) for head, own in self.fine_marks.items()},
            coarse_marks={head: _turned(own, coarse) for head, own in self.coarse_marks.items()},
        )


def paint(weight: NDArray[np.float32], marked: Marks | None, corner: tuple[int, int]) -> None:
    """Paint rectangles and their transposes over the window whose first pixel is ``corner``, in place."""
    for top, bottom, left, right, value in () if marked is None else marked:
        for rows, cols in (((top, bottom), (left, right)), ((left, right), (top, bottom))):
            (a, b), (c, d) = ((edge(x - first) for x in side) for side, first in zip((rows, cols), corner, strict=True))
            weight[a:b, c:d] = value


def edge(x: float) -> int:
    """The nearest bin edge inside a window, halves upwards: a rectangle is as wide at even bins as at odd ones."""
    return max(0, math.floor(x + 0.5))


def _turned(marked: Marks, n_bins: int) -> Marks:
    out = marked.copy()
    for low, high in ((0, 1), (2, 3)):
        out[:, low], out[:, high] = n_bins - marked[:, high], n_bins - marked[:, low]
    return out


def _take(bins: NDArray[np.bool_], first: int, size: int) -> NDArray[np.bool_]:
    """``bins[first : first + size]``, False outside."""
    at = np.arange(first, first + size)
    return np.where((at >= 0) & (at < len(bins)), bins[np.clip(at, 0, len(bins) - 1)], False)
