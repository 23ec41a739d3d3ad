"""Candidates to review as columns: what query strategies read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.loci import points
from napari_hicstruct.annotations.records import Annotation, Kind

Floats = NDArray[np.float64]
_KINDS = tuple(Kind)


@dataclass(frozen=True, slots=True)
class Candidates:
    """n candidates.

    Attributes
    ----------
    uids : tuple of str
    kind : int64, shape (n,)
        Place in ``Kind``.
    probability : float64, shape (n,)
        Of the newest model, or a file's soft score; NaN without either.
    strength : float64, shape (n,)
        What ranks it: soft score, else probability, else score, in [0, 1]; NaN where it has none.
    span : int64, shape (n, 4)
        Starts and ends of both anchors, bp.
    points : float64, shape (n, 3)
        What makes two candidates the same structure (``annotations.loci.points``).
    chrom : int64, shape (n,)
        Number of the chromosome, in order of first mention.
    votes : float64, shape (n, m), or None
        Probabilities by the members of an ensemble; NaN where a member gave none.
    features : float32, shape (n, d), or None
        Of the encoder at each candidate.
    disagreement : float64, shape (n,), or None
        Share of the checks that contradict it (``disagreement.Contradictions.share``).
    """

    uids: tuple[str, ...]
    kind: NDArray[np.int64]
    probability: Floats
    strength: Floats
    span: NDArray[np.int64]
    points: Floats
    chrom: NDArray[np.int64]
    votes: Floats | None = None
    features: NDArray[np.float32] | None = None
    disagreement: Floats | None = None

    def __len__(self) -> int:
        return len(self.uids)

    @property
    def places(self) -> Floats:
        """Kind, chromosome, position and log distance, shape (n, 4): what is known of a candidate without a model."""
        middle = self.span.reshape(-1, 2, 2).mean(axis=2)
        distance = np.abs(middle[:, 1] - middle[:, 0])
        return np.column_stack([self.kind, self.chrom, middle.mean(axis=1), np.log1p(distance)]).astype(np.float64)


def candidates_of(records: Iterable[Annotation], *, votes: Mapping[str, Floats] | None = None) -> Candidates:
    """Columns of records, in their order.

    Parameters
    ----------
    records : iterable of Annotation
    votes : mapping of str to float64, shape (m,)
        Ensemble probabilities by uid.
    """
    found = list(records)
    chroms: dict[str, int] = {}
    spans = [(r.anchor1.start, r.anchor1.end, r.anchor2.start, r.anchor2.end) for r in found]
    values = np.array([(r.soft_score, r.probability, r.score) for r in found], np.float64).reshape(-1, 3)
    probability = _first(values[:, [1, 0]])
    kinds = {kind: place for place, kind in enumerate(_KINDS)}
    table = None
    if votes:
        blank = np.full(len(next(iter(votes.values()))), np.nan)
        table = np.array([votes.get(r.uid, blank) for r in found], np.float64)
    return Candidates(
        tuple(r.uid for r in found),
        np.array([kinds[r.kind] for r in found], np.int64),
        np.clip(probability, 0, 1),
        np.clip(_first(values), 0, 1),
        np.array(spans, np.int64).reshape(-1, 4),
        points(found),
        np.array([chroms.setdefault(r.chrom, len(chroms)) for r in found], np.int64),
        table,
        None,
        None,
    )


def _first(values: Floats) -> Floats:
    """The first value of each row that is a number; NaN where there is none."""
    out = np.full(len(values), np.nan)
    for column in values.T[::-1]:
        out = np.where(np.isnan(column), out, column)
    return out
