"""Calls of one structure in several sets: pairs of rows, and one row of each structure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

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


def neighbours(pairs: NDArray[np.int64]) -> dict[int, list[int]]:
    """Duplicates of each row that has any."""
    found: dict[int, list[int]] = {}
    for first, second in pairs.tolist():
        found.setdefault(first, []).append(second)
        found.setdefault(second, []).append(first)
    return found


def deduplicate(rows: Iterable[int], duplicates_of: Mapping[int, Sequence[int]]) -> set[int]:
    """Rows of which none is another's duplicate; those that come first stay."""
    kept: set[int] = set()
    for row in rows:
        if not kept.intersection(duplicates_of.get(row, ())):
            kept.add(row)
    return kept


def connected_component(row: int, duplicates_of: Mapping[int, Sequence[int]]) -> set[int]:
    """A row, its duplicates, theirs …: which of them is reviewed may change with any of them."""
    found, waiting = {row}, [row]
    while waiting:
        new = set(duplicates_of.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return found
