"""What every contact map offers, whatever its file format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.values import ValueKind
from napari_hicstruct.genome import Interval

RAW = "raw"
"""Name of the normalisation that leaves counts as they are."""

COMPUTED = "ICE (computed)"
"""Name of weights balanced in memory because the file has none; never written to the user's file."""


@dataclass(frozen=True, slots=True)
class Normalisation:
    """One way to balance a map.

    ``divisive`` False: balanced = count · w_i · w_j (cooler).  True: balanced = count / (w_i · w_j) (Juicer).
    """

    name: str
    divisive: bool = False


@dataclass(frozen=True, slots=True)
class Pixels:
    """Non-zero upper-triangle pixels of one chromosome: chromosome-relative ``bin1 <= bin2`` and raw counts."""

    bin1: NDArray[np.int64]
    bin2: NDArray[np.int64]
    count: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.bin1)


@runtime_checkable
class ContactSource(Protocol):
    """A contact map of one or more resolutions; cheap to pickle (holds a path, not a handle), thread-safe."""

    @property
    def uri(self) -> str:
        """File path, with ``::/group`` where the map is not the whole file."""

    @property
    def name(self) -> str:
        """Short name for people: the file's stem."""

    @property
    def assembly(self) -> str:
        """Genome assembly as the file says, or empty."""

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Bin sizes in bp, finest first."""

    @property
    def chromsizes(self) -> Mapping[str, int]:
        """Chromosome lengths in bp, in file order."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is peculiar about the file (levels left out, bins missing), one sentence each."""

    @property
    def value_kind(self) -> ValueKind:
        """What the stored numbers are: counts, normalised contacts, or no contacts at all."""

    @property
    def integer_counts(self) -> bool:
        """False if the stored values are not contact counts (floats, normalised or imputed)."""

    def resolutions_of(self, chrom: str) -> tuple[int, ...]:
        """Bin sizes (bp, finest first) at which the contacts of ``chrom`` are there; levels may be empty or partial."""

    def level_notes(self, chrom: str) -> tuple[str, ...]:
        """Which levels are not used on ``chrom``, one sentence each."""

    def normalisations(self, resolution: int, chrom: str | None = None) -> tuple[Normalisation, ...]:
        """Normalisations stored at ``resolution`` (bp), the best first; with ``chrom`` those that it has weights of."""

    def default_norm(self, resolution: int, chrom: str | None = None) -> str:
        """Best stored normalisation at ``resolution`` (that ``chrom`` has), else :data:`COMPUTED`.

        :data:`RAW` for maps of no contacts, which cannot be balanced.
        """

    def norm_for(self, chrom: str, resolution: int, wanted: str) -> str:
        """``wanted`` if ``chrom`` has it at ``resolution``, else the next best that it has."""

    def weights(self, chrom: str, *, resolution: int, norm: str) -> NDArray[np.float64]:
        """Multiplicative weight per bin of ``chrom`` (divisive ones are inverted); NaN where the bin is bad.

        ``norm=RAW`` gives ones; :data:`COMPUTED` balances in memory (cached).  Bins that the file lacks are bad.

        Raises
        ------
        MapError
            If ``chrom`` has contacts but none of these weights.
        """

    def fetch(self, rows: Interval, cols: Interval, *, resolution: int, norm: str = RAW) -> NDArray[np.float32]:
        """Dense cis block over whole bins: rows × columns as given, either triangle; NaN where a bin or pixel is bad.

        Shape ``(n_rows, n_cols)`` with floor of starts and ceiling of ends in bins, clamped to the chromosome.
        """

    def pixels(
        self, chrom: str, *, resolution: int, max_distance: int | None = None, rows: Interval | None = None
    ) -> Iterator[Pixels]:
        """Raw upper-triangle pixels of ``chrom`` in chunks, up to ``max_distance`` bp (None: all).

        ``rows``: only pixels whose first bin touches that interval.
        """

    def fingerprint(self) -> str:
        """Hex digest that tells this map from any other (content sample, size, bins); stable when moved."""
