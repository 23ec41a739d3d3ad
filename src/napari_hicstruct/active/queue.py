"""The review queue: candidates in order of their worth, one of them under the cursor."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from statistics import median

import numpy as np

from napari_hicstruct.active.candidates import Floats

RECENT = 20
PAUSE_S = 60.0
"""Longer than this nobody takes for one candidate: it was a break."""

FIRST_GUESS_S = 6.0


class Queue:
    """Uids in order, with a cursor.

    New orders and new candidates move only what lies behind the cursor: what was reviewed stays where it was, and the
    candidate under the cursor stays under it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._order: list[str] = []
        self._places: dict[str, int] | None = None
        self._cursor = -1
        self._times: deque[float] = deque(maxlen=RECENT)
        self._last: float | None = None

    def __len__(self) -> int:
        return len(self._order)

    @property
    def uids(self) -> Sequence[str]:
        """All of them, in order."""
        return self._order

    @property
    def current(self) -> str | None:
        """The candidate under the cursor; None before the first step and in an empty queue."""
        return self._order[self._cursor] if 0 <= self._cursor < len(self._order) else None

    def place(self, uid: str) -> int | None:
        """Place of a candidate from 0; None if it is not in the queue."""
        if self._places is None:
            self._places = {uid: place for place, uid in enumerate(self._order)}
        return self._places.get(uid)

    def go_to(self, uid: str) -> bool:
        """Put the cursor on a candidate; False if it is not in the queue."""
        place = self.place(uid)
        if place is None:
            return False
        self._cursor = place
        return True

    def step(self, by: int = 1, *, skip: Collection[str] = ()) -> str | None:
        """Move the cursor by that many candidates, passing over those in ``skip``; None (and no move) at the end."""
        place, direction = self._cursor, 1 if by > 0 else -1
        for _ in range(abs(by)):
            place += direction
            while 0 <= place < len(self._order) and self._order[place] in skip:
                place += direction
        if not 0 <= place < len(self._order):
            return None
        self._cursor = place
        return self._order[place]

    def rewind(self) -> None:
        """Put the cursor before the first candidate: what was passed over comes again."""
        self._cursor = -1

    def reorder(self, uids: Sequence[str], worth: Floats) -> None:
        """Take over new candidates and their worth (the largest first; equal ones keep the order given).

        What lies before and under the cursor stays; what is no longer among ``uids`` is gone.
        """
        order = [uids[k] for k in np.argsort(-np.asarray(worth), kind="stable")]
        passed = self._order[: self._cursor + 1]
        if passed:
            wanted = set(order)
            passed = [uid for uid in passed if uid in wanted]
            before = set(passed)
            order = passed + [uid for uid in order if uid not in before]
        self._order, self._places = order, None
        self._cursor = len(passed) - 1  # the candidate under it; if that is gone, the last one before it

    def judged(self) -> None:
        """Note that a candidate was just judged: how long people take is learnt from it."""
        now = self._clock()
        if self._last is not None and now - self._last < PAUSE_S:
            self._times.append(now - self._last)
        self._last = now

    def minutes(self, left: int) -> float:
        """Estimated minutes for so many candidates, by the last :data:`RECENT` judgments."""
        return left * (median(self._times) if self._times else FIRST_GUESS_S) / 60
