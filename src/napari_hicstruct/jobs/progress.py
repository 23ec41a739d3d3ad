"""What long work says while it runs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One step of long work.

    Attributes
    ----------
    stage : str
        What is being done, for people (``"predict chr17"``).
    done, total : float
        Work done and in all, in the same (any) unit; ``total`` 0 means unknown.
    elapsed : float
        Seconds since the work began.
    message : str
        One more line for people; may be empty.
    notice : bool
        The message must reach the person, also where no bar is drawn.
    payload : object
        Partial result of this step (for example the annotations of one window), or None.
    since : float or None
        Seconds since what is counted now began: some jobs count several things, one after the other.
    left : float or None
        Seconds left, where the job knows better than its mean speed.
    """

    stage: str
    done: float
    total: float
    elapsed: float = 0.0
    message: str = ""
    payload: Any = None
    notice: bool = False
    since: float | None = None
    left: float | None = None

    @property
    def fraction(self) -> float:
        """Share done in [0, 1]; 0 while the total is unknown."""
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds left of what is being counted, by its mean speed if the job does not say; None: unknown."""
        if self.left is not None:
            return self.left
        part, spent = self.fraction, self.elapsed if self.since is None else self.since
        return spent * (1 - part) / part if part > 0 else None


@dataclass(slots=True)
class Clock:
    """Stamps Progress with elapsed seconds; one per job."""

    started: float = field(default_factory=time.monotonic)
    _begun: float | None = field(default=None, init=False)
    _last: float = field(default=0.0, init=False)
    _part: float = field(default=0.0, init=False)

    def step(
        self, stage: str, done: float, total: float, message: str = "", payload: Any = None, *, notice: bool = False
    ) -> Progress:
        """A :class:`Progress` stamped with the seconds since this clock started."""
        now = time.monotonic()
        if total > 0:
            if done / total < self._part:  # another count begins, where the last one ended
                self._begun = self._last
            self._part, self._last = done / total, now
        return Progress(
            stage=stage,
            done=done,
            total=total,
            elapsed=now - self.started,
            message=message,
            payload=payload,
            notice=notice,
            since=now - (self.started if self._begun is None else self._begun),
        )
