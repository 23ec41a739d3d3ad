"""Calls of one structure in several sets: pairs of rows, and one row of each structure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.active.candidates import Candidates
from napari_hicstruct.annotations.records import Kind

TOLERANCE = 10_000
"""bp (Chebyshev) within which two calls are one: two bins at 5 kb.  Loops by their anchors, TADs by their ends, stripes
by anchor and side, boundaries by their place."""

_GROUP = 1e13  # bp between groups: no tolerance reaches across
_STRIPE, _TAD = (tuple(Kind).index(kind) for kind in (Kind.STRIPE, Kind.TAD))


def duplicate_pairs(candidates: Candidates, sets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of the same kind and place in different sets, shape (n_pairs, 2)."""
    from scipy.spatial import cKDTree

    if len(candidates) < 2:
        return np.zeros((0, 2), np.int64)
    middle = candidates.span.reshape(-1, 2, 2).mean(axis=2)
    first, second = middle[:, 0].copy(), middle[:, 1].copy()
    tads, stripes = candidates.kind == _TAD, candidates.kind == _STRIPE
    first[tads], second[tads] = candidates.span[tads, 0], candidates.span[tads, 1]
    second[stripes] = np.sign(middle[stripes, 1] - middle[stripes, 0]) * _GROUP
    group = (candidates.chrom * len(Kind) + candidates.kind) * _GROUP
    tree = cKDTree(np.column_stack([first, second, group]))
    pairs = tree.query_pairs(TOLERANCE, p=np.inf, output_type="ndarray").astype(np.int64)
    return np.asarray(pairs[sets[pairs[:, 0]] != sets[pairs[:, 1]]], np.int64)


def neighbours(pairs: NDArray[np.int64]) -> dict[int, list[int]]:
    """Duplicates of each row that has any."""
    found: dict[int, list[int]] = {}
    for first, second in pairs.tolist():
        found.setdefault(first, []).append(second)
        found.setdefault(second, []).append(first)
    return found


def deduplicate(rows: Iterable[int], duplicates: Mapping[int, Sequence[int]]) -> set[int]:
    """Rows of which none is another's duplicate; those that come first stay."""
    kept: set[int] = set()
    for row in rows:
        if not kept.intersection(duplicates.get(row, ())):
            kept.add(row)
    return kept


def connected_component(row: int, duplicates: Mapping[int, Sequence[int]]) -> set[int]:
    """A row, its duplicates, theirs …: which of them is reviewed may change with any of them."""
    found, waiting = {row}, [row]
    while waiting:
        new = set(duplicates.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return found
