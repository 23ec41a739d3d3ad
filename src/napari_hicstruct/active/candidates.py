"""Candidates to review as columns: what query strategies read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.loci import points_of
from napari_hicstruct.annotations.record_table import RecordTable, Rows, first_known
from napari_hicstruct.annotations.records import Annotation

Floats = NDArray[np.float64]


ORIENTATIONS = ("none", "divergent", "tandem", "convergent")
"""Of two motifs, in the order of how often loops have them."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """n candidates.

    Attributes
    ----------
    uids : tuple of str
    kind : int8, shape (n,)
        Place in ``Kind``.
    probability : float64, shape (n,)
        Of the newest model, or a file's soft score; NaN without either.
    strength : float64, shape (n,)
        What ranks it: soft score, else probability, else score, in [0, 1]; NaN where it has none.
    span : int64, shape (n, 4)
        Starts and ends of both anchors, bp.
    points : float64, shape (n, 3)
        What makes two candidates the same structure (``annotations.loci.points``).
    chrom : int32, shape (n,)
        Number of the chromosome, in order of first mention.
    votes : float64, shape (n, m), or None
        Probabilities by the members of an ensemble; NaN where a member gave none.
    features : float32, shape (n, d), or None
        Of the encoder at each candidate.
    disagreement : float64, shape (n,), or None
        Share of the checks that contradict it (``disagreement.Contradictions.share``).
    pair : float64, shape (n,), or None
        Probability that its anchors hold an enhancer–promoter pair; NaN where nothing is known.
    orientation : float64, shape (n,), or None
        How the motifs at its anchors point: place in :data:`ORIENTATIONS`; NaN where nothing is known.
    """

    uids: tuple[str, ...]
    kind: NDArray[np.int8]
    probability: Floats
    strength: Floats
    span: NDArray[np.int64]
    points: Floats
    chrom: NDArray[np.int32]
    votes: Floats | None = None
    features: NDArray[np.float32] | None = None
    disagreement: Floats | None = None
    pair: Floats | None = None
    orientation: Floats | None = None

    def __len__(self) -> int:
        return len(self.uids)

    @property
    def places(self) -> Floats:
        """Kind, chromosome, position and log distance, shape (n, 4): what is known of a candidate without a model."""
        middle = self.span.reshape(-1, 2, 2).mean(axis=2)
        distance = np.abs(middle[:, 1] - middle[:, 0])
        return np.column_stack([self.kind, self.chrom, middle.mean(axis=1), np.log1p(distance)]).astype(np.float64)


def candidates_of(
    records: RecordTable | Iterable[Annotation], rows: Rows | None = None, *, votes: Mapping[str, Floats] | None = None
) -> Candidates:
    """Columns of records, in their order.

    Parameters
    ----------
    records : RecordTable or iterable of Annotation
    rows : int64, shape (n,), optional
        Of the table: which of its records, in which order.
    votes : mapping of str to float64, shape (m,)
        Ensemble probabilities by uid.
    """
    known = records if isinstance(records, RecordTable) else RecordTable.of(records)
    rows = known.live() if rows is None else rows
    uids, table = tuple(known.uids[row] for row in rows.tolist()), None
    if votes:
        blank = np.full(len(next(iter(votes.values()))), np.nan)
        table = np.array([votes.get(uid, blank) for uid in uids], np.float64)
    return Candidates(
        uids,
        known.kind[rows],
        np.clip(first_known(known.scores[rows, 1::-1]), 0, 1),
        known.strength(rows),
        known.span[rows],
        points_of(known.kind[rows], known.direction[rows], known.span[rows]),
        known.chrom[rows],
        table,
    )
