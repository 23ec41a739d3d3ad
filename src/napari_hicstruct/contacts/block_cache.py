"""Rectangles of contacts kept in memory under one byte limit, the least recently used going first."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

Rectangle = tuple[int, int, int, int]
"""First row, end row, first column, end column, in bins."""


class BlockCache:
    """Shared by the levels of a pyramid; safe across threads.

    Parameters
    ----------
    limit : int
        Bytes held at most; an array larger than that is not kept.
    """

    def __init__(self, limit: int = 128 * 2**20) -> None:
        self.limit = limit
        self.nbytes = 0
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[object, Rectangle], NDArray[np.float32]] = OrderedDict()

    def get(self, owner: object, wanted: Rectangle) -> NDArray[np.float32] | None:
        """The values of ``wanted`` if a held rectangle, or its mirror image, contains it."""
        r0, r1, c0, c1 = wanted
        with self._lock:
            for (held_owner, (a0, a1, b0, b1)), values in reversed(self._held.items()):
                if held_owner != owner:
                    continue
                if a0 <= r0 and r1 <= a1 and b0 <= c0 and c1 <= b1:
                    found = values[r0 - a0 : r1 - a0, c0 - b0 : c1 - b0]
                elif a0 <= c0 and c1 <= a1 and b0 <= r0 and r1 <= b1:
                    found = values[c0 - a0 : c1 - a0, r0 - b0 : r1 - b0].T
                else:
                    continue
                self._held.move_to_end((held_owner, (a0, a1, b0, b1)))
                return found
        return None

    def put(self, owner: object, rectangle: Rectangle, values: NDArray[np.float32]) -> None:
        """Hold ``values``, which nobody may write into from now on."""
        values.flags.writeable = False
        if values.nbytes > self.limit:
            return
        with self._lock:
            old = self._held.pop((owner, rectangle), None)
            self.nbytes += values.nbytes - (0 if old is None else old.nbytes)
            self._held[owner, rectangle] = values
            while self.nbytes > self.limit:
                _, dropped = self._held.popitem(last=False)
                self.nbytes -= dropped.nbytes

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._held.clear()
            self.nbytes = 0
