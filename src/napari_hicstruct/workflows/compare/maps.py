"""The maps of a comparison: which chromosomes and bins they share, and their contacts near the diagonal."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from math import lcm
from typing import TYPE_CHECKING

from napari_hicstruct.errors import ConfigError, MapError, RegionError
from napari_hicstruct.genome import Interval, NameMatcher, display_name, format_bin_size
from napari_hicstruct.workflows.compare.requests import CompareRequest
from napari_hicstruct.workflows.fuse.map_checks import common_assembly, common_chromosomes

if TYPE_CHECKING:
    from napari_hicstruct.contacts.band import Band
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.jobs import CancelToken, Clock, Progress

USUAL_BINS = 10_000
"""bp; the common bin size nearest to it is taken."""

MAX_BINS = 50_000
"""Larger bins hold no loop and no border by themselves."""

MAX_DISTANCE = 3_300_000
"""bp between bins up to which contacts are counted."""


@dataclass(frozen=True, slots=True)
class Maps:
    """The maps of both conditions, the first of each the one that calls are of.

    Attributes
    ----------
    a, b : tuple of ContactSource
    chroms : tuple of str
        As the first map spells them.
    resolution : int
        bp.
    region : Interval or None
    """

    a: tuple[ContactSource, ...]
    b: tuple[ContactSource, ...]
    chroms: tuple[str, ...]
    resolution: int
    region: Interval | None = None

    def span(self, chrom: str) -> Interval:
        """What is compared of a chromosome."""
        length = self.a[0].chromsizes[chrom]
        return self.region.clamp(length) if self.region is not None else Interval(chrom, 0, length)

    def spelt(self, source: ContactSource, chrom: str) -> str:
        """A chromosome as another map names it."""
        return NameMatcher(source.chromsizes).require(chrom)


def open_maps(request: CompareRequest) -> Maps:
    """Open all maps of a comparison.

    Raises
    ------
    MapError
        If one cannot be read, or they have no assembly, chromosome or bin size in common.
    RegionError
        If a chromosome or region is in one of them only.
    ConfigError
        If one file stands for two maps.
    """
    from napari_hicstruct.contacts import open_map

    a, b = (
        tuple(open_map(one) for one in group)
        for group in ((request.a, *request.replicates_a), (request.b, *request.replicates_b))
    )
    _check_different((*a, *b))
    wanted = [request.region.chrom] if request.region is not None else list(request.chroms)
    chroms: list[str] = []
    for other in (*a[1:], *b):
        common_assembly(a[0], other)
        own = [first for first, _ in common_chromosomes(a[0], other, wanted)]
        chroms = [name for name in chroms if name in own] if chroms else own
    region = None
    if request.region is not None:
        region = Interval(chroms[0], request.region.start, request.region.end)
        if region.start >= (length := a[0].chromsizes[chroms[0]]):
            text = f"{display_name(chroms[0])} ends at {length:,} bp."
            raise RegionError(text, where=a[0].uri, hint="Choose a region that lies on it.")
    return Maps(a, b, tuple(chroms), common_resolution((*a, *b), chroms, request.resolution), region)


def _check_different(sources: Iterable[ContactSource]) -> None:
    seen: dict[str, ContactSource] = {}
    for source in sources:
        if (known := seen.get(source.fingerprint())) is not None:
            text = f"is the same map as {known.name}: it differs in nothing."
            raise ConfigError(text, where=source.uri, hint="Give another map.")
        seen[source.fingerprint()] = source


def common_resolution(sources: Iterable[ContactSource], chroms: Iterable[str], wanted: int = 0) -> int:
    """Bins that all maps can give by summing their own, bp; without ``wanted`` those nearest to 10 kb.

    Raises
    ------
    MapError
        If there are none of 50 kb or less, or a map does not give ``wanted``.
    """
    levels = [(source, tuple(source.resolutions_of(_own_name(source, next(iter(chroms)))))) for source in sources]
    if wanted:
        for source, own in levels:
            if not any(wanted % one == 0 for one in own):
                have = ", ".join(map(format_bin_size, own))
                text = f"does not give bins of {format_bin_size(wanted)}: it has {have}."
                raise MapError(text, where=source.uri, hint="Choose bins that both maps can give.")
        return wanted
    possible = {0 + r for _, own in levels for r in own} | {USUAL_BINS}
    possible |= {lcm(*pair) for pair in _pairs(levels)}
    fits = [r for r in possible if r <= MAX_BINS and all(any(r % one == 0 for one in own) for _, own in levels)]
    if not fits:
        (first, one), (second, other) = levels[0], levels[-1]
        has, had = (", ".join(map(format_bin_size, own)) for own in (other, one))
        text = (
            f"has bins of {has}, {first.name} of {had}: no bin size of {format_bin_size(MAX_BINS)} or less fits both."
        )
        raise MapError(text, where=second.uri, hint="Make both maps at one bin size, as 10 kb.")
    return min(fits, key=lambda r: (abs(r - USUAL_BINS), r))


def _pairs(levels: list[tuple[ContactSource, tuple[int, ...]]]) -> Iterable[tuple[int, ...]]:
    finest = [own for _, own in levels]
    return ((x, y) for x in finest[0] for own in finest[1:] for y in own)


def _own_name(source: ContactSource, chrom: str) -> str:
    return NameMatcher(source.chromsizes).match(chrom) or chrom


def iter_bands(
    maps: Maps, chrom: str, norm: str | None, clock: Clock, token: CancelToken
) -> Generator[Progress, None, tuple[list[Band], list[Band]]]:
    """Contacts near the diagonal of one chromosome, of all maps of A and of B."""
    from napari_hicstruct.contacts.band import Band
    from napari_hicstruct.contacts.band_loading import iter_load_band

    groups: tuple[list[Band], list[Band]] = [], []
    for sources, found in zip((maps.a, maps.b), groups, strict=True):
        for source in sources:
            own = maps.spelt(source, chrom)
            steps = iter_load_band(source, own, resolution=maps.resolution, max_distance=MAX_DISTANCE, norm=norm)
            for step in steps:
                token.check()
                if isinstance(step, Band):
                    found.append(step)
                else:
                    yield clock.step(f"read {source.name} {own}", 0, 0)
    return groups
