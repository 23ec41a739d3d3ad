"""Calls of one structure in several sets: pairs of rows, and one row of each structure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.active.candidates import Candidates
from napari_hicstruct.annotations.loci import DUPLICATE_BP, duplicates
from napari_hicstruct.annotations.records import Kind


def duplicate_pairs(candidates: Candidates, sets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of the same structure in different sets, shape (n_pairs, 2)."""
    group = candidates.chrom * len(Kind) + candidates.kind
    found = [np.zeros((0, 2), np.int64)]
    for one in np.unique(group):  # one by one: a search in a small tree is quick, and other threads come in between
        rows = np.flatnonzero(group == one)
        if len(np.unique(sets[rows])) > 1:
            pairs = rows[duplicates(candidates.points[rows], DUPLICATE_BP)]
            found.append(pairs[sets[pairs[:, 0]] != sets[pairs[:, 1]]])
    return np.concatenate(found)


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Duplicates of each row, as one array.

    Attributes
    ----------
    bounds : int64, shape (n + 1,)
        Those of row ``i`` are ``others[bounds[i] : bounds[i + 1]]``.
    others : int32, shape (2 · n_pairs,)
    """

    bounds: NDArray[np.int64]
    others: NDArray[np.int32]

    @classmethod
    def of(cls, pairs: NDArray[np.int64], n: int) -> Duplicates:
        """From pairs of ``n`` rows."""
        both = np.concatenate([pairs, pairs[:, ::-1]])
        order = np.argsort(both[:, 0], kind="stable")
        bounds = np.concatenate([[0], np.cumsum(np.bincount(both[:, 0], minlength=n))])
        return cls(bounds, both[order, 1].astype(np.int32))

    def rows(self) -> NDArray[np.int64]:
        """Rows that have any."""
        return np.flatnonzero(np.diff(self.bounds))

    def of_row(self, row: int) -> NDArray[np.int32]:
        """Duplicates of one row."""
        return self.others[self.bounds[row] : self.bounds[row + 1]]

    def numbers(self, which: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many of each row's duplicates are among ``which``."""
        counts = np.concatenate([[0], np.cumsum(which[self.others], dtype=np.int64)])
        return np.asarray(counts[self.bounds[1:]] - counts[self.bounds[:-1]])

    def first_only(self, rows: Iterable[int]) -> NDArray[np.bool_]:
        """Mask of those of ``rows`` of which none is another's duplicate; those that come first stay."""
        kept = np.zeros(len(self.bounds) - 1, bool)
        for row in rows:
            kept[row] = not kept[self.of_row(row)].any()
        return kept
