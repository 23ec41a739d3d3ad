"""The diagonal band of one chromosome from a file: which level, which balancing, fractions turned into counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.band import Band, make_band, sum_blocks
from napari_hicstruct.contacts.fused import fusion_of
from napari_hicstruct.contacts.protocol import COMPUTED, RAW, ContactSource
from napari_hicstruct.contacts.unbalance import count_scale, unbalance
from napari_hicstruct.contacts.values import FAR_BINS, MIN_DECAY, NEAR_BINS, WHY_NO_CONTACTS, ValueKind
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import Interval, coarsen_factor, n_bins

_STRIP = 1024


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _strip_into_band(block: NDArray[np.float32], band: NDArray[np.float32], row0: int) -> None:
    rows, cols = block.shape
    n_diagonals, n = band.shape
    for i in range(rows):
        k = row0 + i
        for j in range(i, min(cols, i + n_diagonals)):
            if k + (j - i) < n:
                value = block[i, j]
                band[j - i, k] = value if np.isfinite(value) else 0.0


def iter_load_band(
    source: ContactSource, chrom: str, *, resolution: int, max_distance: int, norm: str | None = None
) -> Iterator[float | Band]:
    """Read a chromosome's band; yields the fraction read, and last the :class:`Band`.

    Parameters
    ----------
    source : ContactSource
    chrom : str
    resolution : int
        Bin size wanted, bp; made by exact summation from the coarsest finer level that divides it, if absent.
    max_distance : int
        Farthest contacts held, bp.
    norm : str, optional
        Weights to use; default the best that the chromosome has.  Where it has none, those that the window shows this
        level with, from all contacts within the chromosome; where bins are summed, those of the band's own contacts.

    Raises
    ------
    MapError
        If no level of the map can give ``resolution``, the chromosome holds no contact, the map is of another kind
        (ratios, differences), or ``norm`` is not there.
    """
    level = level_for(source, resolution, chrom)
    chosen = used_norm(source, chrom, resolution=resolution, asked=norm)
    size = n_bins(source.chromsizes[chrom], level)
    counts = np.zeros((min(max_distance // level, size), size), np.float32)
    yield from _iter_fill(counts, source, chrom, level)
    if not counts.any():
        raise MapError(f"holds no contacts on {chrom}.", where=source.uri, hint="Choose another chromosome.")
    np.maximum(counts, 0, out=counts)
    factor = coarsen_factor(level, resolution)
    weights: NDArray[np.floating] | None = None
    if not source.integer_counts and fusion_of(source) is None:  # a fused map's fractions are on the scale of counts
        counts, weights = _from_fractions(counts, factor, chosen)
    elif factor > 1:
        counts = sum_blocks(counts, factor)
    if factor == 1 and chosen != RAW and (weights is None or chosen != COMPUTED):
        stored = source.weights(chrom, resolution=level, norm=chosen)
        weights = stored if np.isfinite(stored).any() else None
    if not _falls_off(counts):
        why = WHY_NO_CONTACTS[ValueKind.RATIO]
        raise MapError(f"{why}, on {chrom}.", where=source.uri, hint="Take the map of contacts that it was made from.")
    if chosen == RAW and weights is None:
        weights = np.where(counts.any(axis=0), np.float32(1), np.float32(np.nan))
    yield make_band(chrom, resolution, counts, weights=weights)


def _iter_fill(counts: NDArray[np.float32], source: ContactSource, chrom: str, level: int) -> Iterator[float]:
    """Read the raw values of a stored level into a band; yields the fraction read."""
    (n_diagonals, size), length = counts.shape, source.chromsizes[chrom]
    for row0 in range(0, size, _STRIP):
        row1, col1 = min(size, row0 + _STRIP), min(size, row0 + _STRIP + n_diagonals)
        rows = Interval(chrom, row0 * level, min(row1 * level, length))
        cols = Interval(chrom, row0 * level, min(col1 * level, length))
        block = source.fetch(rows, cols, resolution=level, norm=RAW)
        _strip_into_band(np.ascontiguousarray(block, np.float32), counts, row0)
        yield row1 / size


def _from_fractions(
    values: NDArray[np.float32], factor: int, norm: str
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Counts in the wanted bins, and the weights that gave the stored values where these stay as they are."""
    found = unbalance(values) if norm != RAW or factor == 1 else None
    if found is None:
        summed = sum_blocks(values, factor) if factor > 1 else values
        return summed * np.float32(count_scale(summed)), None
    return (sum_blocks(found[0], factor), None) if factor > 1 else found


@dataclass(frozen=True, slots=True)
class BandShape:
    """Extent of a band that has not been read: bin size (bp), bins, diagonals."""

    resolution: int
    n_bins: int
    n_diagonals: int

    def coarsened(self, factor: int) -> BandShape:
        """The band in bins ``factor`` times as large."""
        return BandShape(self.resolution * factor, -(-self.n_bins // factor), -(-self.n_diagonals // factor))


def band_shape(source: ContactSource, chrom: str, *, resolution: int, max_distance: int) -> BandShape:
    """Shape of the band that :func:`iter_load_band` would give.

    Raises
    ------
    MapError
        If no level of the map can give ``resolution``.
    """
    level = level_for(source, resolution, chrom)
    size = n_bins(source.chromsizes[chrom], level)
    return BandShape(level, size, min(max_distance // level, size)).coarsened(coarsen_factor(level, resolution))


def level_for(source: ContactSource, resolution: int, chrom: str) -> int:
    """The stored bin size from which ``resolution`` can be had exactly on ``chrom``: itself, else the coarsest divisor.

    Raises
    ------
    MapError
        If no level that holds the chromosome's contacts gives it.
    """
    stored = source.resolutions_of(chrom)
    fits = [r for r in stored if resolution % r == 0]
    if not fits:
        have = ", ".join(f"{r:,}" for r in stored)
        raise MapError(
            f"has no resolution that gives {resolution:,} bp bins of {chrom} (it has {have}).",
            where=source.uri,
            hint=f"Add a {resolution:,} bp level, e.g. with cooler zoomify.",
        )
    return max(fits)


def used_norm(source: ContactSource, chrom: str, *, resolution: int, asked: str | None) -> str:
    """The balancing that a band of ``resolution`` (bp) on ``chrom`` gets.

    Parameters
    ----------
    source : ContactSource
    chrom : str
    resolution : int
        bp.
    asked : str or None
        A normalisation by name; default the best that the chromosome has.  Sums of bins are balanced in memory.

    Raises
    ------
    MapError
        If the map holds no contacts, or what was asked for is not there.
    """
    if not source.value_kind.is_contacts:
        raise MapError(
            f"{WHY_NO_CONTACTS[source.value_kind]}.",
            where=source.uri,
            hint="Take the map of contacts that it was made from.",
        )
    level = level_for(source, resolution, chrom)
    if asked is None or asked in (RAW, COMPUTED):
        return asked or (source.default_norm(level, chrom) if level == resolution else COMPUTED)
    source.weights(chrom, resolution=level, norm=asked)
    if level != resolution:
        raise MapError(
            f"has no '{asked}' at {resolution:,} bp: these bins are summed from {level:,} bp and balanced in memory.",
            where=source.uri,
            hint=f"Leave the normalisation out, or add a {resolution:,} bp level.",
        )
    return asked


def _falls_off(counts: NDArray[np.float32]) -> bool:
    """False if values far from the diagonal are about as large as near it, which contacts never are."""
    near, far = (counts[slice(*span)] for span in (NEAR_BINS, FAR_BINS))
    if not far.size or not (mean := float(far.mean())):
        return True
    return float(near.mean()) > MIN_DECAY * mean
