"""Open a map and say in figures what it is and what can be done with it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts import ContactSource
from napari_hicstruct.contacts.fused import fusion_of
from napari_hicstruct.contacts.norms import first_norm, missing_note
from napari_hicstruct.contacts.values import WHY_NO_CONTACTS
from napari_hicstruct.genome import Interval, format_bin_size, n_bins
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain

MAX_CHROMOSOMES = 100
"""Figures are given for the longest so many; maps of assemblies in pieces have tens of thousands."""

MAX_NOTES = 12
"""Notes on single chromosomes that are given; the rest are counted."""

_WINDOWS, _WINDOW_BINS = 16, 256
_MANY = 10  # contacts per bin on average; a map that has them is not shallow


@dataclass(frozen=True, slots=True)
class ChromosomeSummary:
    """One chromosome.

    Attributes
    ----------
    name : str
    length : int
        bp.
    contacts : float
        Cis contacts (sum of the stored values), from the coarsest level.
    extent : Interval or None
        Where its contacts lie, in bins of the coarsest level; None without contacts.
    adjacent : float
        Mean count of neighbouring bins (distance 1 bin) at the finest level, over bins with contacts, from a sample;
        NaN where there are none.  Below about 1 a map is too shallow for that bin size.
    """

    name: str
    length: int
    contacts: float
    adjacent: float
    extent: Interval | None = None


@dataclass(frozen=True, slots=True)
class MapSummary:
    """What a person wants to know of a map.

    Attributes
    ----------
    uri, name, assembly : str
    fingerprint : str
        Stays the same when the file is moved, renamed or balanced.
    resolutions : tuple of int
        bp, finest first.
    normalisations : mapping of int to tuple of str
        Stored ones per resolution, the best first; ``(divisive)`` marks Juicer's kind.
    default_norms : mapping of int to str
        What contacts are balanced with unless one asks otherwise.
    first_norms : mapping of int to str
        What the window opens with: stored weights, else ``raw``, the values as stored.
    chromosomes : tuple of ChromosomeSummary
        The longest :data:`MAX_CHROMOSOMES`, in file order.
    n_chromosomes : int
    integer_counts : bool
    possible : mapping of str to str
        Task to an empty text if it can be predicted, else why not.
    notes : tuple of str
        Peculiarities, one sentence each.
    """

    uri: str
    name: str
    assembly: str
    fingerprint: str
    resolutions: tuple[int, ...]
    normalisations: Mapping[int, tuple[str, ...]]
    default_norms: Mapping[int, str]
    first_norms: Mapping[int, str]
    chromosomes: tuple[ChromosomeSummary, ...]
    n_chromosomes: int
    integer_counts: bool
    possible: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def contacts(self) -> float:
        """Cis contacts of all summarised chromosomes."""
        return sum(chromosome.contacts for chromosome in self.chromosomes)


def summarise(source: ContactSource) -> MapSummary:
    """The summary of an open map; see :func:`iter_summarise`."""
    return drain(iter_summarise(source))


def iter_summarise(source: ContactSource, token: CancelToken | None = None) -> Generator[Progress, None, MapSummary]:
    """Summarise a map: streams its coarsest level once, samples the finest near the diagonal.

    Raises
    ------
    MapError
        If the file is damaged.
    Cancelled
        If the token was cancelled.
    """
    clock = Clock()
    longest = sorted(source.chromsizes, key=lambda name: -source.chromsizes[name])[:MAX_CHROMOSOMES]
    names = [name for name in source.chromsizes if name in set(longest)]
    chromosomes = []
    for number, name in enumerate(names):
        if token is not None:
            token.check()
        yield clock.step("contacts", number, len(names), message=name)
        chromosomes.append(_chromosome(source, name, token))
    return MapSummary(
        uri=source.uri,
        name=source.name,
        assembly=source.assembly,
        fingerprint=source.fingerprint(),
        resolutions=source.resolutions,
        normalisations={
            r: tuple(norm.name + " (divisive)" * norm.divisive for norm in source.normalisations(r))
            for r in source.resolutions
        },
        default_norms={r: _default_norm(source, r, chromosomes) for r in source.resolutions},
        first_norms=_first_norms(source, chromosomes),
        chromosomes=tuple(chromosomes),
        n_chromosomes=len(source.chromsizes),
        integer_counts=source.integer_counts,
        possible=_possible(source),
        notes=tuple(_notes(source, chromosomes)),
    )


def _chromosome(source: ContactSource, chrom: str, token: CancelToken | None) -> ChromosomeSummary:
    contacts = 0.0
    coarsest, length = source.resolutions_of(chrom)[-1], source.chromsizes[chrom]
    seen = np.zeros(n_bins(length, coarsest), dtype=bool)
    for part in source.pixels(chrom, resolution=coarsest):
        if token is not None:
            token.check()
        contacts += float(np.nansum(part.count))
        seen[part.bin1] = True
    places = np.flatnonzero(seen) * coarsest
    extent = Interval(chrom, int(places[0]), min(length, int(places[-1]) + coarsest)) if len(places) else None
    return ChromosomeSummary(chrom, length, contacts, _adjacent(source, chrom, places), extent)


def _adjacent(source: ContactSource, chrom: str, places: NDArray[np.int64]) -> float:
    """Mean count at distance 1 bin at the finest level, over bins with contacts in windows at some of ``places``."""
    if not len(places):
        return float("nan")
    resolution, length = source.resolutions_of(chrom)[0], source.chromsizes[chrom]
    size = _WINDOW_BINS * resolution
    picked = places[np.linspace(0, len(places) - 1, _WINDOWS).astype(int)]
    total, pairs = 0.0, 0
    for start in sorted({int(place) // size * size for place in picked}):
        span = Interval(chrom, start, min(start + size, length))
        block = source.fetch(span, span, resolution=resolution)
        seen = (block != 0).any(axis=0)
        total += float(np.nansum(np.diagonal(block, 1)))
        pairs += int((seen[1:] & seen[:-1]).sum())
    return total / pairs if pairs else float("nan")


def _possible(source: ContactSource) -> dict[str, str]:
    from napari_hicstruct.workflows.predict.request import capabilities

    return dict(capabilities(source))


def _default_norm(source: ContactSource, resolution: int, chromosomes: list[ChromosomeSummary]) -> str:
    """What is shown at ``resolution``, on the chromosome with the most contacts."""
    there = [c for c in chromosomes if resolution in source.resolutions_of(c.name)]
    chrom = max(there, key=lambda c: c.contacts).name if there else None
    return source.default_norm(resolution, chrom)


def _first_norms(source: ContactSource, chromosomes: list[ChromosomeSummary]) -> dict[int, str]:
    """What the window draws at each resolution before anybody chooses, on the chromosome with the most contacts."""
    chrom = max(chromosomes, key=lambda c: c.contacts).name
    first, there = first_norm(source, chrom), source.resolutions_of(chrom)
    return {r: source.norm_for(chrom, r, first) if r in there else first for r in source.resolutions}


def _per_chromosome(source: ContactSource, chroms: list[str]) -> list[str]:
    """What single chromosomes lack that the map has: contacts of a level, weights."""
    notes = [note for chrom in chroms for note in source.level_notes(chrom)]
    for resolution in source.resolutions:
        stored = source.normalisations(resolution)
        for chrom in chroms if stored else ():
            if resolution in source.resolutions_of(chrom):
                used = source.default_norm(resolution, chrom)
                if used != stored[0].name:
                    notes.append(missing_note(chrom, format_bin_size(resolution), stored[0].name, used))
    more = len(notes) - MAX_NOTES
    return [*notes[:MAX_NOTES], f"… and {more:,} more of the kind."] if more > 1 else notes


def file_notes(source: ContactSource) -> tuple[str, ...]:
    """What is peculiar about a map, as far as it shows without counting its contacts; one sentence each."""
    notes = list(source.notes)
    if len(source.chromsizes) > MAX_CHROMOSOMES:
        notes.append(
            f"{len(source.chromsizes):,} chromosomes or contigs; figures are for the longest {MAX_CHROMOSOMES}."
        )
    if why := WHY_NO_CONTACTS.get(source.value_kind):
        return *notes, f"The map {why}: it can be looked at, but not balanced, and nothing can be predicted on it."
    if not source.integer_counts and fusion_of(source) is None:
        notes.append("Values are normalised contacts, not counts; predictions work out the counts where they can.")
    without = [r for r in source.resolutions if not source.normalisations(r)]
    if without:
        sizes = ", ".join(f"{r:,}" for r in without)
        notes.append(f"No weights at {sizes} bp: balanced in memory where needed, never written to the file.")
    return tuple(notes)


def _lacks_diagonal(c: ChromosomeSummary, resolution: int) -> bool:
    """Whether neighbours share no contacts because they were left out: others share many."""
    return c.adjacent == 0 and c.extent is not None and c.contacts * resolution > _MANY * len(c.extent)


def _notes(source: ContactSource, chromosomes: list[ChromosomeSummary]) -> list[str]:
    from napari_hicstruct.workflows.predict.request import MIN_DEPTH

    notes = list(file_notes(source))
    if not any(chromosome.contacts for chromosome in chromosomes):
        notes.append("There are no cis contacts.")
    if not source.value_kind.is_contacts:
        return notes
    finest = source.resolutions[0]
    shallow = [c for c in chromosomes if c.contacts and c.adjacent < MIN_DEPTH and not _lacks_diagonal(c, finest)]
    if shallow:
        named = ", ".join(c.name for c in shallow[:5]) + (" …" if len(shallow) > 5 else "")
        notes.append(f"Very shallow at the finest bins (neighbours share less than 1 contact on average): {named}.")
    for c in chromosomes:
        if c.extent is not None and len(c.extent) < c.length / 2:
            notes.append(f"Contacts of {c.name} lie between {c.extent.start:,} and {c.extent.end:,} only.")
    return notes + _per_chromosome(source, [c.name for c in chromosomes if c.contacts])
