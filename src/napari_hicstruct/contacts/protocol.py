"""What every contact map offers, whatever its file format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

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
    def integer_counts(self) -> bool:
        """False if the stored values are not contact counts (floats, normalised or imputed)."""

    def normalisations(self, resolution: int) -> tuple[Normalisation, ...]:
        """Normalisations stored at ``resolution`` (bp), the best first; empty if there are none."""

    def default_norm(self, resolution: int) -> str:
        """Best stored normalisation at ``resolution``, else :data:`COMPUTED`."""

    def weights(self, chrom: str, *, resolution: int, norm: str) -> NDArray[np.float64]:
        """Multiplicative weight per bin of ``chrom`` (divisive ones are inverted); NaN where the bin is bad.

        ``norm=RAW`` gives ones; :data:`COMPUTED` balances in memory (cached).
        """

    def fetch(self, rows: Interval, cols: Interval, *, resolution: int, norm: str = RAW) -> NDArray[np.float32]:
        """Dense cis block over whole bins: rows × columns as given, either triangle; NaN where a bin is bad.

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
