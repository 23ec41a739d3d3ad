"""Tracks of numbers along the genome: what bigWig, bedGraph and tracks computed from a map have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.genome import Interval, NameMatcher


class SignalTrack(ABC):
    """Numbers along the genome, read where they are asked for.

    Parameters
    ----------
    name : str
        For people.
    path : Path or None
        The file; None for a track that is computed from a map.
    ends : mapping of str to int
        Chromosomes and how far (bp) the track reaches on each: their lengths where the file has them.

    Attributes
    ----------
    notes : tuple of str
        What a person should know of the file.
    whole : bool
        True if ``ends`` are the lengths of the chromosomes.
    """

    notes: tuple[str, ...] = ()
    whole = False

    def __init__(self, name: str, path: Path | None, ends: Mapping[str, int]) -> None:
        self.name, self.path, self.ends = name, path, dict(ends)
        self._names = NameMatcher(self.ends)

    def chromosome(self, name: str) -> str | None:
        """The track's own spelling of a chromosome; None if it has no such chromosome."""
        return self._names.match(name)

    def values(self, interval: Interval, n: int) -> NDArray[np.float32]:
        """Means over ``n`` equal parts of an interval.

        Parameters
        ----------
        interval : Interval
            On a chromosome in any spelling; it may reach beyond the end.
        n : int

        Returns
        -------
        float32, shape (n,)
            NaN where nothing is known: no value, beyond the end, a chromosome that the track lacks.

        Raises
        ------
        TrackError
            If the file cannot be read (any more).
        """
        chrom = self.chromosome(interval.chrom)
        if chrom is None or n < 1 or not len(interval):
            return np.full(max(n, 0), np.nan, np.float32)
        return self._values(Interval(chrom, interval.start, interval.end), n)

    @abstractmethod
    def _values(self, interval: Interval, n: int) -> NDArray[np.float32]:
        """As :meth:`values`, on a chromosome that the track has."""


class StepSignal(SignalTrack):
    """A signal that is constant between positions (bedGraph), kept in memory: 24 bytes for each interval.

    Parameters
    ----------
    steps : mapping of str to (starts, ends, values)
        Sorted by start, without overlaps, bp.
    """

    def __init__(
        self,
        name: str,
        path: Path | None,
        steps: Mapping[str, tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]],
    ) -> None:
        super().__init__(name, path, {chrom: int(ends[-1]) for chrom, (_, ends, _) in steps.items() if len(ends)})
        self._steps = dict(steps)
        self._sums: dict[str, tuple[NDArray[np.float64], NDArray[np.int64]]] = {}

    def _values(self, interval: Interval, n: int) -> NDArray[np.float32]:
        edges = np.linspace(interval.start, interval.end, n + 1)
        total, covered = self._integrals(interval.chrom, edges)
        known = np.diff(covered)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.where(known > 0, np.diff(total) / known, np.nan)
        return np.asarray(means, np.float32)

    def _integrals(self, chrom: str, at: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Sum of the values and number of bases with one, from the chromosome's start up to each position."""
        starts, ends, values = self._steps[chrom]
        if chrom not in self._sums:  # made once for each chromosome that is looked at
            lengths = (ends - starts).astype(np.int64)
            sums = np.concatenate([[0.0], np.cumsum(lengths * values.astype(np.float64))])
            self._sums[chrom] = sums, np.concatenate([[0], np.cumsum(lengths)])
        sums, bases = self._sums[chrom]
        before = np.maximum(np.searchsorted(starts, at, side="right") - 1, 0)
        inside = np.clip(at - starts[before], 0, ends[before] - starts[before])
        return sums[before] + inside * values[before], bases[before] + inside


class BinSignal(StepSignal):
    """A signal in bins, computed from a map chromosome by chromosome.

    Parameters
    ----------
    name : str
        For people.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name, None, {})

    def put(self, chrom: str, resolution: int, values: NDArray[np.float32], *, first: int = 0) -> None:
        """Know the values of a chromosome's bins from ``first`` on; NaN is not known."""
        known = np.flatnonzero(np.isfinite(values))
        starts = ((first + known) * resolution).astype(np.int32)
        steps = dict(self._steps)
        if len(known):
            steps[chrom] = starts, (starts + resolution).astype(np.int32), values[known]
        else:
            steps.pop(chrom, None)
        super().__init__(self.name, None, steps)
