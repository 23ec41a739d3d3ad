"""Which objects are drawn where a layer cannot hold all that are in view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SHARE_OF_UNSCORED = 0.25
_SCATTER = 2_654_435_761  # Knuth's multiplier: neighbouring rows get far-off numbers, always the same ones


@dataclass(frozen=True, slots=True)
class InView:
    """How many objects of a kind are in view, and how many of them are drawn."""

    drawn: int
    total: int

    @property
    def hidden(self) -> int:
        """How many are in view but not drawn."""
        return self.total - self.drawn


@dataclass(frozen=True, slots=True)
class Contenders:
    """Objects in view, one place each.

    Attributes
    ----------
    rows : int64
        Where each stands in its table: always the same for the same object.
    set_ids : int64
    strength : float64
        Its score in [0, 1]; NaN where it has none.
    first : bool
        To be drawn whatever its score: what is selected, or a person confirmed.
    last : bool
        Drawn only where there is room: what a person rejected.
    """

    rows: NDArray[np.int64]
    set_ids: NDArray[np.int64]
    strength: NDArray[np.float64]
    first: NDArray[np.bool_]
    last: NDArray[np.bool_]

    def of(self, places: NDArray[np.int64]) -> Contenders:
        """Some of them."""
        return Contenders(*(getattr(self, name)[places] for name in self.__dataclass_fields__))


def best_of_each_set(found: Contenders, limit: int) -> NDArray[np.int64]:
    """Places of the ``limit`` objects that are drawn.

    Each set has an equal share of the room for its best scored objects, so that no set is crowded out; a set without
    scores has a quarter of such a share, scattered over the view.  What room is left goes to scored objects first.
    """
    near = _may_be_drawn(found, limit)
    return near[_best(found.of(near), limit)]


def _may_be_drawn(found: Contenders, limit: int) -> NDArray[np.int64]:
    """Places of what stands among the first ``limit`` of its set: no other is drawn, and sorting all takes long."""
    worth = np.nan_to_num(found.strength, nan=-1.0) + 16.0 * found.first - 4.0 * found.last
    keep = np.ones(len(worth), bool)
    for one in np.unique(found.set_ids):
        own = np.flatnonzero(found.set_ids == one)
        if len(own) > limit:
            least = np.partition(worth[own], len(own) - limit)[len(own) - limit]
            keep[own] = worth[own] >= least  # ties stay, they are scattered
    return np.flatnonzero(keep)


def _best(found: Contenders, limit: int) -> NDArray[np.int64]:
    scored = ~np.isnan(found.strength)
    sets, which = np.unique(found.set_ids, return_inverse=True)
    scatter = (found.rows.astype(np.uint64) * np.uint64(_SCATTER)) % np.uint64(2**32)
    within = np.lexsort((scatter, -np.nan_to_num(found.strength, nan=-1.0), found.last, ~found.first, which))
    place = np.empty(len(which), np.int64)
    starts = np.searchsorted(which[within], np.arange(len(sets)))
    place[within] = np.arange(len(which)) - starts[which[within]]
    share = limit / max(1, len(sets)) * np.where(scored, 1.0, _SHARE_OF_UNSCORED)
    tier = np.select([found.first, found.last, place < share, scored], [0, 4, 1, 2], default=3)
    return np.lexsort((scatter, place, tier))[:limit]
