"""How good callers and models have been so far, by people's judgments of their candidates."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from napari_hicstruct.annotations.callers import source_of
from napari_hicstruct.annotations.records import Annotation, Kind, Status

if TYPE_CHECKING:
    from napari_hicstruct.annotations.judging import ReviewerJudgment


@dataclass(frozen=True, slots=True)
class Tally:
    """Judgments of one source's candidates of one kind.

    Attributes
    ----------
    kind : Kind
    source : str
        Model with version, caller, or reviewer.
    accepted, edited, rejected, open : int
    """

    kind: Kind
    source: str
    accepted: int = 0
    edited: int = 0
    rejected: int = 0
    open: int = 0

    @property
    def judged(self) -> int:
        """How many were judged."""
        return self.accepted + self.edited + self.rejected

    @property
    def precision(self) -> float:
        """Share of the judged that is right (accepted, or right after an edit); NaN where none was judged."""
        return (self.accepted + self.edited) / self.judged if self.judged else math.nan

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Wilson's interval of the precision; (0, 1) where none was judged.

        It holds for a random sample.  An uncertainty-ordered queue shows the least certain first: the precision is then
        that of the least certain.
        """
        if not self.judged:
            return 0.0, 1.0
        from scipy.stats import binomtest

        found = binomtest(self.accepted + self.edited, self.judged).proportion_ci(confidence, method="wilson")
        return float(found.low), float(found.high)


def tallies(records: Iterable[Annotation]) -> list[Tally]:
    """One tally per kind and source (the model's name, else the program), the most judged first."""
    counts: dict[tuple[Kind, str], Counter[Status]] = defaultdict(Counter)
    for record in records:
        counts[record.kind, source_of(record)][record.status] += 1
    return tallies_of(counts)


def tallies_of(counts: Mapping[tuple[Kind, str], Mapping[Status, int]]) -> list[Tally]:
    """The same from counts by kind and source."""
    found = [
        Tally(
            kind,
            source,
            accepted=own.get(Status.ACCEPTED, 0),
            edited=own.get(Status.EDITED, 0),
            rejected=own.get(Status.REJECTED, 0),
            open=own.get(Status.PROPOSED, 0),
        )
        for (kind, source), own in counts.items()
    ]
    return sorted(found, key=lambda tally: (list(Kind).index(tally.kind), -tally.judged, tally.source))


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two reviewers on what both judged.

    Attributes
    ----------
    first, second : str
    n : int
        Candidates that both judged.
    kappa : float
        Cohen's κ of there / not there; NaN where it is not defined (all of both alike).
    """

    first: str
    second: str
    n: int
    kappa: float


def agreements(judgments: Iterable[ReviewerJudgment]) -> list[Agreement]:
    """Cohen's κ of every two reviewers with candidates in common, those with most first."""
    own: dict[str, dict[str, bool]] = defaultdict(dict)
    for one in judgments:
        own[one.reviewer][one.uid] = one.present
    found = []
    for first, second in combinations(sorted(own), 2):
        both = sorted(own[first].keys() & own[second].keys())
        if both:
            pairs = [(own[first][uid], own[second][uid]) for uid in both]
            found.append(Agreement(first, second, len(both), _kappa(pairs)))
    return sorted(found, key=lambda one: -one.n)


def _kappa(pairs: list[tuple[bool, bool]]) -> float:
    one, other = zip(*pairs, strict=True)
    if len({*one, *other}) < 2:
        return math.nan  # nobody could have disagreed by chance: κ is 0 / 0
    from sklearn.metrics import cohen_kappa_score

    return float(cohen_kappa_score(one, other))
