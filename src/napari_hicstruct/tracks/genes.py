"""Tracks of genes: where each lies, its exons, and genes by name."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.genome import Interval
from napari_hicstruct.tracks.intervals import Intervals, IntervalTrack, Stored

MAX_FOUND = 50
_MAX_TRIED = 2_000
"""Names that begin alike beyond this are not compared: one types on."""


@dataclass(frozen=True, slots=True)
class Gene:
    """One gene.

    Attributes
    ----------
    name : str
        Its symbol, or its identifier where it has none.
    interval : Interval
    strand : int
        +1, -1 or 0.
    """

    name: str
    interval: Interval
    strand: int


@dataclass(frozen=True, slots=True)
class Genes(Intervals):
    """Genes of one chromosome, sorted by start.

    Attributes
    ----------
    exons : tuple of int64, each of shape (k, 2)
        Start and end (bp) of the exons of each gene, joined over its transcripts; none where the file has none.
    """

    exons: tuple[NDArray[np.int64], ...]


class GeneTrack(IntervalTrack):
    """Genes along the genome, found by place and by name.

    Parameters
    ----------
    name, path, stored, words
        As for :class:`~napari_hicstruct.tracks.intervals.IntervalTrack`; the score of a stored gene is not used.
    exons : mapping of str to (int64 of shape (n + 1,), int64 of shape (k, 2))
        By chromosome: the exons of gene ``i`` are rows ``offsets[i]`` to ``offsets[i + 1]``.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        stored: Mapping[str, Stored],
        words: tuple[str, ...],
        exons: Mapping[str, tuple[NDArray[np.int64], NDArray[np.int64]]],
    ) -> None:
        super().__init__(name, path, stored, words)
        self._exons = dict(exons)

    def within(self, interval: Interval) -> Genes:
        """Genes that share a base with an interval, on a chromosome in any spelling."""
        found = super().within(interval)
        chrom = self.chromosome(interval.chrom)
        exons: tuple[NDArray[np.int64], ...] = ()
        if chrom is not None and len(found):
            which = self._stored[chrom].touching(interval.start, interval.end)
            offsets, rows = self._exons.get(chrom, (np.zeros(0, np.int64), np.zeros((0, 2), np.int64)))
            none = np.zeros((0, 2), np.int64)
            exons = tuple(rows[offsets[i] : offsets[i + 1]] if len(offsets) else none for i in which)
        return Genes(found.start, found.end, found.strand, found.score, found.name, exons)

    def find(self, text: str) -> list[Gene]:
        """Genes of this name, then those whose names begin so; case does not count.

        Returns
        -------
        list of Gene
            At most 50, the shortest names first.
        """
        key = text.strip().casefold()
        if not key:
            return []
        keys, genes = self._index
        first = bisect_left(keys, key)
        last = bisect_left(keys, key + "\U0010ffff", first)
        wanted = sorted(range(first, min(last, first + _MAX_TRIED)), key=lambda i: (len(keys[i]), keys[i]))[:MAX_FOUND]
        return [self._gene(*genes[i]) for i in wanted]

    def _gene(self, chrom: str, number: int) -> Gene:
        stored = self._stored[chrom]
        place = Interval(chrom, int(stored.start[number]), int(stored.end[number]))
        return Gene(self._words[stored.name[number]], place, int(stored.strand[number]))

    @cached_property
    def _index(self) -> tuple[list[str], list[tuple[str, int]]]:
        """Names in the order of their letters, and which gene each is of."""
        pairs = sorted(self._named())
        return [name for name, _, _ in pairs], [(chrom, number) for _, chrom, number in pairs]

    def _named(self) -> Iterator[tuple[str, str, int]]:
        folded = [word.casefold() for word in self._words]
        for chrom, stored in self._stored.items():
            for number, name in enumerate(stored.name.tolist()):
                if folded[name]:
                    yield folded[name], chrom, number
