"""Calls of one structure in several sets: asked about once, exported once, and what was said of one holds for all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.active.candidates import Candidates, candidates_of
from napari_hicstruct.annotations.records import Annotation, Kind, Status

TOLERANCE = 10_000
"""bp (Chebyshev) within which two calls are one: two bins at 5 kb.  Loops by their anchors, TADs by their ends, stripes
by anchor and side, boundaries by their place."""

_GROUP = 1e13  # bp between groups: no tolerance reaches across
_STRIPE, _TAD = (tuple(Kind).index(kind) for kind in (Kind.STRIPE, Kind.TAD))


def twin_pairs(candidates: Candidates, sets: NDArray[np.int64]) -> NDArray[np.int64]:
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
    """Twins of each row that has any."""
    found: dict[int, list[int]] = {}
    for first, second in pairs.tolist():
        found.setdefault(first, []).append(second)
        found.setdefault(second, []).append(first)
    return found


def copies(records: Sequence[Annotation], set_ids: Mapping[str, int], among: Collection[str] | None = None) -> set[str]:
    """Uids that say again what another record says: open ones whose twin was judged, and the lesser of two twins.

    Parameters
    ----------
    records : sequence of Annotation
        All of a project: a judgement counts wherever it was made.
    set_ids : mapping of str to int
    among : collection of str, optional
        Uids of which the best of each place shall stay; default: all.

    Returns
    -------
    set of str
        Judged before open, then the newer set stays; rejected records are never copies.
    """
    sets = np.array([set_ids[record.uid] for record in records], np.int64)
    chosen = None if among is None else set(among)
    found: set[str] = set()
    for pair in twin_pairs(candidates_of(records), sets).tolist():
        one, other = sorted(pair, key=lambda row: (records[row].status is not Status.PROPOSED, sets[row]))
        lesser, better = records[one], records[other]
        if lesser.status is Status.REJECTED:
            continue
        judged = lesser.status is Status.PROPOSED and better.status is not Status.PROPOSED
        if judged or (better.status is not Status.REJECTED and (chosen is None or better.uid in chosen)):
            found.add(lesser.uid)
    return found
