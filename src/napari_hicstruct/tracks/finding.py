"""Genes by their names in the tracks that are open, and what is shown around one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from napari_hicstruct.genome import Interval, NameMatcher

if TYPE_CHECKING:
    from napari_hicstruct.tracks.genes import Gene

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_AROUND_BINS = 60


def may_be_gene(text: str) -> bool:
    """True for what may be a gene's name: letters, and no ``:`` of a region."""
    return ":" not in text and not _LETTERS.isdisjoint(text.lower())


def genes_named(text: str, tracks: Iterable[Any], chromsizes: Mapping[str, int]) -> list[Gene]:
    """Genes of this name, or whose name begins so, on chromosomes of the map.

    Parameters
    ----------
    text : str
    tracks : iterable of track
        Those that know no genes are passed over.
    chromsizes : mapping of str to int
    """
    matcher = NameMatcher(chromsizes)
    found: dict[tuple[str, str, int], Gene] = {}
    for track in tracks:
        for gene in track.find(text) if hasattr(track, "find") else ():
            chrom = matcher.match(gene.interval.chrom)
            if chrom is not None and gene.interval.start < chromsizes[chrom]:
                found.setdefault((gene.name, chrom, gene.interval.start), gene)
    return list(found.values())


def around_gene(gene: Gene, chromsizes: Mapping[str, int], finest: int) -> Interval:
    """The gene with its surroundings: its own length on either side, or 60 of the finest bins (bp)."""
    chrom = NameMatcher(chromsizes).require(gene.interval.chrom)
    place = Interval(chrom, gene.interval.start, gene.interval.end).clamp(chromsizes[chrom])
    return place.expand(max(len(place), _AROUND_BINS * finest), chromsizes[chrom])
