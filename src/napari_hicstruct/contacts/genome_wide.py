"""A map over several chromosomes at once, in coarse bins: the whole genome, or one pair of chromosomes.

Cis maps are read as pyramids; contacts between chromosomes are only looked at, so they are summed into one small square
that fits a screen, chromosome by chromosome.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.protocol import ContactSource, Pixels
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import NameMatcher
from napari_hicstruct.jobs import CancelToken, Clock, Progress

MAX_BINS = 1_400
"""On either side: about the pixels of a screen."""

_MIN_SHARE = 1 / 300
"""Contigs shorter than this share of the longest chromosome are left out."""

MAX_CHROMS = 350
"""Of an assembly in many contigs of one size the longest are shown: a bin each at least, four on average."""


class GenomeWideSource(ContactSource, Protocol):
    """A source that gives contacts between chromosomes, too."""

    def genome_pixels(self, chrom: str, others: Sequence[str], *, resolution: int) -> Iterator[tuple[str, Pixels]]:
        """Raw pixels of the rows of ``chrom`` by the chromosome of their second bin; bins count from each one's start.

        ``others`` stand behind ``chrom`` in the file, or are ``chrom`` itself.
        """


@dataclass(frozen=True)
class GenomeGrid:
    """Bins of several chromosomes in a row.

    Attributes
    ----------
    chroms : tuple of str
        As the map spells them, in file order.
    lengths : tuple of int
        bp.
    size : int
        Of a bin, bp; the last one of a chromosome may reach beyond its end.
    level : int
        Bin size of the map's level that is read, bp.
    """

    chroms: tuple[str, ...]
    lengths: tuple[int, ...]
    size: int
    level: int

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """First bin of each chromosome, and the end of the last; shape ``(n_chroms + 1,)``."""
        return np.concatenate([[0], np.cumsum([-(-length // self.size) for length in self.lengths])])

    @property
    def n_bins(self) -> int:
        """Bins on either side."""
        return int(self.starts[-1])

    def place(self, at: float) -> tuple[str, int] | None:
        """Chromosome and position (bp, start of the bin) at a bin; None outside."""
        if not 0 <= at < self.n_bins:
            return None
        number = int(np.searchsorted(self.starts, at, "right")) - 1
        return self.chroms[number], int(at - self.starts[number]) * self.size


def genome_grid(source: ContactSource, chroms: Sequence[str] = (), *, max_bins: int = MAX_BINS) -> GenomeGrid:
    """At most about ``max_bins`` bins over chromosomes of a map: all but small contigs, the ``MAX_CHROMS`` longest.

    Raises
    ------
    RegionError
        If the map has no such chromosome.
    """
    sizes = source.chromsizes
    wanted = {NameMatcher(sizes).require(chrom) for chrom in chroms}
    longest = max(sizes.values())
    kept = {
        name: length for name, length in sizes.items() if (name in wanted if wanted else length >= longest * _MIN_SHARE)
    }
    longest_ones = set(sorted(kept, key=lambda name: -kept[name])[:MAX_CHROMS])
    kept = {name: length for name, length in kept.items() if name in longest_ones}
    least = max(sum(kept.values()) / max(max_bins - len(kept), 1), 1)
    fitting = [level for level in source.resolutions if level <= least] or [source.resolutions[0]]
    level = max(fitting)
    return GenomeGrid(tuple(kept), tuple(kept.values()), level * max(1, -(-int(least) // level)), level)


def iter_genome_wide(
    source: Any, grid: GenomeGrid, token: CancelToken | None = None
) -> Generator[Progress, None, NDArray[np.float32]]:
    """Sum a map's raw contacts into the bins of a grid; the square so far is the payload of each step.

    Parameters
    ----------
    source : GenomeWideSource
    grid : GenomeGrid
    token : CancelToken, optional

    Returns
    -------
    float32, shape (n_bins, n_bins)
        Symmetric; counts, not balanced.

    Raises
    ------
    MapError
        If the map cannot be read.
    """
    if not hasattr(source, "genome_pixels"):
        raise MapError("gives no contacts between chromosomes.", where=source.uri, hint="Open the file itself.")
    clock, token = Clock(), token or CancelToken()
    square = np.zeros((grid.n_bins, grid.n_bins), np.float32)
    factor, at = grid.size // grid.level, dict(zip(grid.chroms, grid.starts[:-1].tolist(), strict=True))
    yield clock.step("whole genome", 0, len(grid.chroms), payload=square)
    for number, chrom in enumerate(grid.chroms):
        for other, part in source.genome_pixels(chrom, grid.chroms[number:], resolution=grid.level):
            token.check()
            _add(square, at[chrom] + part.bin1 // factor, at[other] + part.bin2 // factor, part.count)
        yield clock.step("whole genome", number + 1, len(grid.chroms), payload=square)
    return square


def _add(
    square: NDArray[np.float32], rows: NDArray[np.int64], cols: NDArray[np.int64], counts: NDArray[np.float64]
) -> None:
    """Add pixels of the upper triangle to both."""
    if not len(rows):
        return
    n, first, last = len(square), int(rows.min()), int(rows.max()) + 1
    sums = np.bincount((rows - first) * n + cols, counts, minlength=(last - first) * n).reshape(-1, n)
    square[first:last] += sums
    square[:, first:last] += sums.T
    within = sums[:, first:last]  # what stands within these rows was added on both sides of the diagonal
    square[np.arange(first, last), np.arange(first, last)] -= np.diagonal(within)
