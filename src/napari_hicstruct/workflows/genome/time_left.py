"""How long a run still takes, learnt from the tasks that have ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class KindOfTask:
    """What is known of all tasks of one kind (reading, windows at one bin size, decoding).

    Attributes
    ----------
    estimated : float
        Seconds that the ended ones were planned with.
    spent : float
        Seconds that they took on their workers.
    waiting : float
        Seconds that those which have not ended were planned with.
    """

    estimated: float = 0.0
    spent: float = 0.0
    waiting: float = 0.0


@dataclass(slots=True)
class TimeLeft:
    """Seconds left of a run: work that waits, at what it turned out to cost, by how much is done at a time.

    Before anything has ended the plan's costs and all threads are believed; each ended task weighs against that.

    Attributes
    ----------
    threads : int
        Tasks that may run at a time.
    usual : float
        Seconds of a usual task: what the plan's word weighs.
    now : callable
        A clock in seconds.
    """

    threads: int
    usual: float
    now: Callable[[], float] = time.monotonic
    _kinds: dict[str, KindOfTask] = field(default_factory=dict, init=False)
    _tail: float = field(default=0.0, init=False)
    _ran: float = field(default=0.0, init=False)
    _began: float = field(init=False)
    _last: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self._last = self.now()

    def add(self, kind: str, cost: float, *, alone: bool = False) -> None:
        """A task of ``cost`` seconds waits; ``alone``: at the end of the run nothing can be done beside it."""
        self._kind(kind).waiting += cost
        self._tail = cost if alone else self._tail

    def learn(self, kind: str, cost: float, spent: float | None) -> None:
        """A task of ``cost`` seconds took ``spent``, whenever that was; None: nobody knows."""
        if spent is not None:
            self._kind(kind).estimated += cost
            self._kind(kind).spent += spent

    def end(self, kind: str, cost: float, spent: float | None) -> None:
        """One that waited has ended now."""
        self._kind(kind).waiting = max(0.0, self._kind(kind).waiting - cost)
        self._last = self.now()
        self._ran += spent or 0.0
        self.learn(kind, cost, spent)

    def _kind(self, kind: str) -> KindOfTask:
        return self._kinds.setdefault(kind, KindOfTask())

    def seconds(self) -> float:
        """Seconds left from now."""
        waiting = sum(self.factor(kind) * known.waiting for kind, known in self._kinds.items())
        tail = min(waiting, self._tail * self._overall)
        begun = min(waiting - tail, (self.threads - 1) * self.usual * self._overall / 2)  # others are half done
        left = (waiting - tail - begun) / self.at_a_time + tail
        return max(0.0, left - (self.now() - self._last))

    def factor(self, kind: str) -> float:
        """What tasks of a kind cost, in the plan's seconds; a kind of which none has ended is like the others."""
        known, usual = self._kind(kind), self.usual
        return (known.spent + usual * self._overall) / (known.estimated + usual)

    @property
    def at_a_time(self) -> float:
        """Tasks that ran at a time so far: fewer than there are threads where workers wait, die or come late."""
        usual = self.usual * self._overall
        return max(0.1, (self._ran + self.threads * usual) / (self._last - self._began + usual))

    @property
    def _overall(self) -> float:
        spent, estimated = (sum(getattr(k, name) for k in self._kinds.values()) for name in ("spent", "estimated"))
        return float((spent + self.usual) / (estimated + self.usual))


def seconds_of(records: Iterable[Mapping[str, object] | None]) -> float | None:
    """Seconds that the pieces of a task took, by what the store keeps of each; None if one of them is not known."""
    known = [record.get("seconds") if record else None for record in records]
    numbers = [float(value) for value in known if isinstance(value, int | float)]
    return sum(numbers) if known and len(numbers) == len(known) else None
