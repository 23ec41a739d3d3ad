"""Bins ↔ base pairs.  Bin ``i`` at resolution ``r`` is ``[i·r, (i+1)·r)``; always floor division, never rounding."""

from __future__ import annotations

from napari_hicstruct.errors import RegionError


def to_bin(position: int, resolution: int) -> int:
    """Index of the bin that holds ``position`` (bp)."""
    return position // resolution


def bin_start(index: int, resolution: int) -> int:
    """First base pair of bin ``index``."""
    return index * resolution


def n_bins(length: int, resolution: int) -> int:
    """Number of bins that cover a chromosome of ``length`` bp; the last one may be partial."""
    return -(-length // resolution)


def bin_range(start: int, end: int, resolution: int) -> tuple[int, int]:
    """Half-open range of bins that touch ``[start, end)`` bp: floor of the start, ceiling of the end."""
    return start // resolution, -(-end // resolution)


def coarsen_factor(fine: int, coarse: int) -> int:
    """How many ``fine`` bins make one ``coarse`` bin.

    Raises
    ------
    RegionError
        If ``coarse`` is not a whole multiple of ``fine``: bins are genome, never interpolated.
    """
    if coarse % fine:
        raise RegionError(f"{coarse:,} bp bins are not made of whole {fine:,} bp bins.")
    return coarse // fine
