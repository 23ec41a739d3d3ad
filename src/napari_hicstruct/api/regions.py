"""Regions as people write them: ``chr17:60M-61M``, a chromosome's name, an Interval, or (chrom, start, end)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from napari_hicstruct.errors import RegionError
from napari_hicstruct.genome import Interval, NameMatcher, parse_region

Region = str | Interval | tuple[str, int | None, int | None]
"""One region; a tuple's start or end that is None means the chromosome's own."""


def to_interval(region: Region, chromsizes: Mapping[str, int]) -> Interval:
    """``region`` as base pairs of a map.

    Raises
    ------
    RegionError
        If it is no region, its chromosome is unknown, or it leaves it.
    """
    if isinstance(region, str):
        return parse_region(region, chromsizes)
    if isinstance(region, Interval):
        chrom, start, end = region.chrom, region.start, region.end
    elif _is_triple(region):
        name, first, last = region
        chrom = NameMatcher(chromsizes).require(name)
        start, end = _position(region, first, 0), _position(region, last, chromsizes[chrom])
    else:
        hint = "Write 'chr17:62.5M-63.5M', hs.Interval('chr17', 62_500_000, 63_500_000) or (chrom, start, end)."
        raise RegionError(f"{region!r} is not a region.", hint=hint)
    return parse_region(str(Interval(chrom, start, end)), chromsizes)


def regions_as_text(regions: Region | Iterable[Region]) -> tuple[str, ...]:
    """One or several regions, without a map that knows the chromosomes' lengths.

    Raises
    ------
    RegionError
        If one of them is no region, or there is none.
    """
    return tuple(region if isinstance(region, str) else str(bare_interval(region)) for region in _listed(regions))


def bare_interval(region: Interval | tuple[str, int | None, int | None]) -> Interval:
    """An interval, or a tuple as one; an end that is None lies beyond every chromosome's."""
    if isinstance(region, Interval):
        return region
    if not _is_triple(region):
        hint = "Write 'chr17:62.5M-63.5M', hs.Interval('chr17', 62_500_000, 63_500_000) or (chrom, start, end)."
        raise RegionError(f"{region!r} is not a region.", hint=hint)
    chrom, start, end = region
    return Interval(chrom, _position(region, start, 0), _position(region, end, 10**12))


def _position(region: object, given: Any, otherwise: int) -> int:
    """One end of a region (bp); ``otherwise`` where it is left out."""
    if given is None:
        return otherwise
    try:
        return int(given)
    except (TypeError, ValueError, OverflowError) as error:  # NaN, infinity, pandas.NA
        hint = "Give start and end in whole bp, or None for the chromosome's own."
        raise RegionError(f"{region!r} is not a region: {given!r} is no position.", hint=hint) from error


def to_intervals(regions: Region | Iterable[Region] | None, chromsizes: Mapping[str, int]) -> tuple[Interval, ...]:
    """One or several regions as base pairs; all chromosomes for None.

    Raises
    ------
    RegionError
        If one of them is no region of the map, or there is none.
    """
    if regions is None:
        return tuple(Interval(name, 0, length) for name, length in chromsizes.items())
    return tuple(to_interval(region, chromsizes) for region in _listed(regions))


def _listed(regions: Region | Iterable[Region]) -> list[Region]:
    """One or several regions as a list."""
    one = isinstance(regions, str | Interval) or _is_triple(regions) or not isinstance(regions, Iterable)
    found = list(cast("Iterable[Region]", [regions] if one else regions))
    if not found:
        raise RegionError("the list of regions is empty.", hint="Name one, or give None for all.")
    return found


def _is_triple(region: object) -> bool:
    """True for ``(chrom, start, end)``, False for three regions in a tuple."""
    return (
        isinstance(region, tuple)
        and len(region) == 3
        and isinstance(region[0], str)
        and not any(isinstance(part, str | Interval | tuple) for part in region[1:])
    )
