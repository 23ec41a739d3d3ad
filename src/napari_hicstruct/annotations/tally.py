"""How many calls of each kind there are, and how many of them their model itself holds more likely than not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Annotation, Kind

MIN_LIKELY = 0.5
"""Probability from which a call is rather right than wrong."""


class CallTally:
    """Counts per kind, of calls that may come in parts.

    Attributes
    ----------
    found : Counter of Kind
        All calls.
    likely : Counter of Kind
        Those with a probability of :data:`MIN_LIKELY` or more.
    """

    def __init__(self, calls: Iterable[Annotation] = ()) -> None:
        self.found: Counter[Kind] = Counter()
        self.likely: Counter[Kind] = Counter()
        self._rated: set[Kind] = set()
        self.add(calls)

    def add(self, calls: Iterable[Annotation]) -> None:
        """Count more."""
        for call in calls:
            self.found[call.kind] += 1
            self.likely[call.kind] += call.probability >= MIN_LIKELY
            if call.probability == call.probability:  # not NaN
                self._rated.add(call.kind)

    @property
    def total(self) -> int:
        """Calls of all kinds."""
        return self.found.total()

    def share(self, kind: Kind) -> str:
        """``102 with p ≥ 0.5``; empty where no call of the kind has a probability."""
        return f"{self.likely[kind]:,} with p ≥ {MIN_LIKELY:g}" if kind in self._rated else ""

    def __str__(self) -> str:
        """``434 loops (102 with p ≥ 0.5), 92 stripes (31 with p ≥ 0.5)``; empty without calls."""
        parts = []
        for kind, info in KINDS.items():
            if n := self.found[kind]:
                parts.append(f"{n:,} {info.named(n)}" + (f" ({share})" if (share := self.share(kind)) else ""))
        return ", ".join(parts)
