"""Tracks of intervals: peaks, motifs with strand, any BED."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.genome import Interval, NameMatcher


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals of one chromosome, sorted by start.

    Attributes
    ----------
    start, end : int64, shape (n,)
        bp.
    strand : int8, shape (n,)
        +1, -1, or 0 where it has none.
    score : float32, shape (n,)
        NaN where it has none.
    name : tuple of str
        Empty text where it has none.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    strand: NDArray[np.int8]
    score: NDArray[np.float32]
    name: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.start)


@dataclass(frozen=True, slots=True)
class Stored:
    """All intervals of one chromosome, sorted by start; names as numbers into a list of the whole track."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    strand: NDArray[np.int8]
    score: NDArray[np.float32]
    name: NDArray[np.int32]
    reach: NDArray[np.int64]
    """The largest end up to each interval: what makes each search a binary one."""

    @classmethod
    def of(
        cls,
        start: NDArray[np.int64],
        end: NDArray[np.int64],
        strand: NDArray[np.int8],
        score: NDArray[np.float32],
        name: NDArray[np.int32],
    ) -> Stored:
        """Sort them by start; those that start together keep the file's order."""
        order = np.argsort(start, kind="stable")
        end = end[order]
        return cls(start[order], end, strand[order], score[order], name[order], np.maximum.accumulate(end))

    def touching(self, start: int, end: int) -> NDArray[np.int64]:
        """Numbers of the intervals that share a base with ``[start, end)``."""
        first = int(np.searchsorted(self.reach, start, side="right"))
        last = int(np.searchsorted(self.start, end, side="left"))
        return first + np.flatnonzero(self.end[first:last] > start)


class IntervalTrack:
    """Intervals along the genome, in memory.

    Parameters
    ----------
    name : str
        For people.
    path : Path
    stored : mapping of str to Stored
        By chromosome.
    words : tuple of str
        What the numbers of names stand for.

    Attributes
    ----------
    notes : tuple of str
        What a person should know of the file.
    ends : dict of str to int
        The last position on each chromosome, bp.
    """

    notes: tuple[str, ...] = ()
    whole = False

    def __init__(self, name: str, path: Path, stored: Mapping[str, Stored], words: tuple[str, ...]) -> None:
        self.name, self.path, self._stored, self._words = name, path, dict(stored), words
        self.ends = {chrom: int(one.reach[-1]) for chrom, one in self._stored.items() if len(one.reach)}
        self._names = NameMatcher(self.ends)

    def __len__(self) -> int:
        return sum(len(one.start) for one in self._stored.values())

    @property
    def stranded(self) -> bool:
        """True if most intervals have a strand, as motifs have."""
        signs = sum(int(np.count_nonzero(one.strand)) for one in self._stored.values())
        return 2 * signs > len(self)

    def chromosome(self, name: str) -> str | None:
        """The track's own spelling of a chromosome; None if it has nothing there."""
        return self._names.match(name)

    def within(self, interval: Interval) -> Intervals:
        """Those that share a base with an interval, on a chromosome in any spelling."""
        chrom = self.chromosome(interval.chrom)
        if chrom is None:
            empty = np.zeros(0, np.int64)
            return Intervals(empty, empty, np.zeros(0, np.int8), np.zeros(0, np.float32), ())
        stored = self._stored[chrom]
        return self._intervals(stored, stored.touching(interval.start, interval.end))

    def _intervals(self, stored: Stored, which: NDArray[np.int64]) -> Intervals:
        words = self._words
        return Intervals(
            start=stored.start[which],
            end=stored.end[which],
            strand=stored.strand[which],
            score=stored.score[which],
            name=tuple(words[number] for number in stored.name[which]),
        )
