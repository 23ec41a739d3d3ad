"""Which parts of two contact maps can be fused, and in which bins; what cannot be is refused in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_hicstruct.errors import MapError, RegionError
from napari_hicstruct.genome import Interval, NameMatcher, display_name, format_bin_size, n_bins
from napari_hicstruct.genome.assemblies import assembly_in
from napari_hicstruct.wording import first_few

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.jobs import CancelToken

MAX_DEPTHS = 1_000.0
"""Contacts of one map over the other's from which the smaller adds nothing."""

UNEQUAL_DEPTHS = 10.0
"""From here on a note says so."""

MIN_BINS = 16
"""Of a region that is fused."""


@dataclass(frozen=True, slots=True)
class ChromPlan:
    """One chromosome, or a part of one.

    Attributes
    ----------
    names : pair of str
        As each map spells it; the fused map spells it as the first.
    length : int
        bp.
    region : Interval
        What is fused of it, in whole bins.
    """

    names: tuple[str, str]
    length: int
    region: Interval


@dataclass(frozen=True, slots=True)
class MapPlan:
    """What is fused.

    Attributes
    ----------
    chroms : tuple of ChromPlan
    resolution : int
        Bin size of the finest level, bp.
    read : pair of int
        Bin size in which each map is read, bp: the one with larger bins is spread over smaller ones.
    levels : tuple of int
        All that are written, bp, finest first.
    contacts : pair of float
        Of each map, on the chromosomes that are fused.
    assembly : str
    notes : tuple of str
    """

    chroms: tuple[ChromPlan, ...]
    resolution: int
    read: tuple[int, int]
    levels: tuple[int, ...]
    contacts: tuple[float, float]
    assembly: str
    notes: tuple[str, ...]


_OTHER = "Give the other replicate, enzyme or protocol."


def plan_fusion(
    first: ContactSource,
    second: ContactSource,
    *,
    resolution: int | None = None,
    chroms: Sequence[str] = (),
    region: Interval | None = None,
    token: CancelToken | None = None,
) -> MapPlan:
    """What can be fused of two maps.

    Parameters
    ----------
    first, second : ContactSource
    resolution : int, optional
        Finest bins wanted, bp; default the finest that both can give, or that of one where the other's are twice it.
    chroms : sequence of str
        Empty: all that both have.
    region : Interval, optional
        Only a part of one chromosome.
    token : CancelToken, optional

    Raises
    ------
    MapError
        If the two cannot be of one thing: unlike assemblies, chromosomes or bins, the same map twice, no contacts.
    RegionError
        If a chromosome or region is in neither, or in one only.
    """
    for source in (first, second):
        _check_kind(source)
    if first.fingerprint() == second.fingerprint():
        raise MapError("is the same map as the first: nothing can be gained.", where=second.uri, hint=_OTHER)
    assembly = common_assembly(first, second)
    pairs = common_chromosomes(first, second, [region.chrom] if region is not None else list(chroms))
    read = common_bins(first, second, resolution, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    finest = min(read)
    plans = [_plan(first, pair, region, max(read)) for pair in pairs]
    plans, contacts, notes = _with_contacts(first, second, plans, token)
    if contacts[0] == contacts[1] and _same_contacts((first, second), plans[0], read, token):
        raise MapError("holds the same contacts as the first: nothing can be gained.", where=second.uri, hint=_OTHER)
    notes += _depth_notes((first, second), contacts)
    if read[0] != read[1]:
        coarse = (first, second)[int(np.argmax(read))]
        notes.append(
            f"{coarse.name} has {format_bin_size(max(read))} bins: its contacts are spread over those of "
            f"{format_bin_size(finest)}, and the network says where in them they lie."
        )
    levels = tuple(sorted({r for r in (*first.resolutions, *second.resolutions) if r % finest == 0 and r >= finest}))
    return MapPlan(tuple(plans), finest, read, levels or (finest,), contacts, assembly, tuple(notes))


def _check_kind(source: ContactSource) -> None:
    from napari_hicstruct.contacts.values import WHY_NO_CONTACTS

    if not source.value_kind.is_contacts:
        hint = "Take the map of contacts that it was made from."
        raise MapError(f"{WHY_NO_CONTACTS[source.value_kind]}.", where=source.uri, hint=hint)


def common_assembly(first: ContactSource, second: ContactSource) -> str:
    """Assembly of two maps; a MapError if they are of two."""
    named = [assembly_in(one.assembly) or one.assembly for one in (first, second)]
    if all(named) and named[0].lower() != named[1].lower():
        hint = "Map the reads of both to one assembly."
        raise MapError(f"is of {named[1]}, the first map of {named[0]}.", where=second.uri, hint=hint)
    return first.assembly or second.assembly


def common_chromosomes(first: ContactSource, second: ContactSource, wanted: Sequence[str]) -> list[tuple[str, str]]:
    """Chromosomes of both by their two spellings, of one length each."""
    known, other = NameMatcher(first.chromsizes), NameMatcher(second.chromsizes)
    pairs = []
    for name in wanted or first.chromsizes:
        own = known.require(name)
        match = other.match(own)
        if match is not None:
            pairs.append((own, match))
        elif wanted:
            has = first_few(list(second.chromsizes))
            raise RegionError(f"{display_name(own)} is in the first map only.", where=second.uri, hint=f"It has {has}.")
    if not pairs:
        one, two = (first_few(list(source.chromsizes), most=3) for source in (first, second))
        hint = "Give maps of one genome, named alike."
        raise MapError(f"has no chromosome of the first map: it has {two}, not {one}.", where=second.uri, hint=hint)
    for own, match in dict.fromkeys(pairs):
        lengths = first.chromsizes[own], second.chromsizes[match]
        if lengths[0] != lengths[1]:
            text = f"says that {display_name(match)} has {lengths[1]:,} bp, the first map {lengths[0]:,} bp."
            raise MapError(text, where=second.uri, hint="Map the reads of both to one assembly.")
    return list(dict.fromkeys(pairs))


def _read_at(sizes: Sequence[Sequence[int]], size: int) -> tuple[int, int] | None:
    """In which bins each map is read to be fused at ``size``; None where that cannot be."""
    first, second = (_bins_at(own, size) for own in sizes)
    return (first, second) if first and second and size in (first, second) else None


def common_bins(
    first: ContactSource,
    second: ContactSource,
    wanted: int | None = None,
    chroms: Sequence[str] = (),
    others: Sequence[str] = (),
) -> tuple[int, int]:
    """Bin sizes (bp) in which two maps are read: the same, or one of them twice the other.

    Parameters
    ----------
    first, second : ContactSource
    wanted : int, optional
        Default: the finest of the maps' bin sizes that both can give.
    chroms, others : sequence of str
        Chromosomes of the first and of the second map that must have them; empty: the first one of each.

    Raises
    ------
    MapError
    """
    sizes = _given(first, chroms), _given(second, others)
    candidates = sorted({*sizes[0], *sizes[1]}) if wanted is None else [wanted]
    for size in candidates:
        if read := _read_at(sizes, size):
            return read
    shown = [", ".join(format_bin_size(one) for one in own) for own in sizes]
    text = f"has bins of {shown[1]}, the first map of {shown[0]}: "
    text += "none fits." if wanted is None else f"these do not give {format_bin_size(wanted)}."
    hint = "Make both maps at one bin size, or one at twice the other's."
    raise MapError(text, where=second.uri, hint=hint)


def _given(source: ContactSource, chroms: Sequence[str]) -> tuple[int, ...]:
    """Bin sizes that all of some chromosomes have."""
    names = list(chroms) or list(source.chromsizes)[:1]
    common = set.intersection(*(set(source.resolutions_of(name)) for name in names))
    return tuple(sorted(common)) or source.resolutions


def _bins_at(own: Sequence[int], size: int) -> int:
    """``size`` where a map's bins sum to it, twice that where they are twice as large, else 0."""
    if any(size % one == 0 for one in own):
        return size
    return 2 * size if min(own) == 2 * size else 0


def _plan(first: ContactSource, names: tuple[str, str], region: Interval | None, bin_size: int) -> ChromPlan:
    length = first.chromsizes[names[0]]
    if region is None:
        return ChromPlan(names, length, Interval(names[0], 0, length))
    if region.start >= length:
        text = f"{display_name(names[0])} ends at {length:,} bp."
        raise RegionError(text, where=first.uri, hint="Choose a region that lies on it.")
    whole = Interval(names[0], region.start, region.end).clamp(length).snap(bin_size)
    if len(whole) // bin_size < MIN_BINS:
        text = f"{region} has fewer than {MIN_BINS} bins of {format_bin_size(bin_size)}."
        raise RegionError(text, hint="Choose a larger region.")
    return ChromPlan(names, length, whole)


def _with_contacts(
    first: ContactSource, second: ContactSource, plans: Sequence[ChromPlan], token: CancelToken | None
) -> tuple[list[ChromPlan], tuple[float, float], list[str]]:
    """Chromosomes that have contacts in both maps, their contacts, and which were left out."""
    kept, totals, notes = [], [0.0, 0.0], []
    seen = [0.0, 0.0]
    for plan in plans:
        if token is not None:
            token.check()
        found = [_contacts(source, name, plan.region) for source, name in zip((first, second), plan.names, strict=True)]
        seen = [a + b for a, b in zip(seen, found, strict=True)]
        if min(found) > 0:
            kept.append(plan)
            totals = [a + b for a, b in zip(totals, found, strict=True)]
        elif max(found) > 0:
            which = (first, second)[int(np.argmin(found))]
            notes.append(f"{display_name(plan.names[0])} is left out: {which.name} has no contacts there.")
    for source, total in zip((first, second), seen, strict=True):
        if total <= 0:
            where = ", ".join(display_name(plan.names[0]) for plan in plans[:3])
            hint = "Choose another map, or another chromosome."
            raise MapError(
                f"holds no contacts on {where}{' …' if len(plans) > 3 else ''}.", where=source.uri, hint=hint
            )
    if not kept:
        raise MapError("has contacts on other chromosomes than the first map.", where=second.uri)
    return kept, (totals[0], totals[1]), notes


def _same_contacts(
    sources: tuple[ContactSource, ContactSource], plan: ChromPlan, read: tuple[int, int], token: CancelToken | None
) -> bool:
    """True if each bin has as many contacts in one map as in the other: one is a copy, in another file or bins."""
    size = max(read)
    sums = []
    for source, name in zip(sources, plan.names, strict=True):
        level = max(one for one in source.resolutions_of(name) if size % one == 0)
        total = np.zeros((2, n_bins(plan.length, size)))
        for part in source.pixels(name, resolution=level, rows=Interval(name, plan.region.start, plan.region.end)):
            if token is not None:
                token.check()
            np.add.at(total[0], part.bin1 * level // size, part.count)
            np.add.at(total[1], part.bin2 * level // size, part.count)
        sums.append(total)
    return bool(np.allclose(sums[0], sums[1], rtol=1e-9, atol=0, equal_nan=True))


def _contacts(source: ContactSource, chrom: str, region: Interval) -> float:
    """Contacts of a chromosome's part, from the coarsest level; bins at its ends count whole."""
    size = source.resolutions_of(chrom)[-1]
    low, high, total = region.start // size, -(-region.end // size), 0.0
    rows = Interval(chrom, region.start, region.end)
    for part in source.pixels(chrom, resolution=size, rows=rows):
        use = (part.bin1 >= low) & (part.bin2 < high)
        total += float(part.count[use].sum())
    return total


def _depth_notes(sources: tuple[ContactSource, ContactSource], contacts: tuple[float, float]) -> list[str]:
    """Refuse depths that are too far apart; say where one map has little to add."""
    shallow = sources[int(np.argmin(contacts))]
    times = max(contacts) / min(contacts)
    if times >= MAX_DEPTHS and all(one.integer_counts for one in sources):
        shown = f"{times:,.0f}" if times < 1e6 else "over a million"
        text = f"has {shown} times fewer contacts than the other map: it adds nothing that could be seen."
        raise MapError(text, where=shallow.uri, hint="Use the other map alone.")
    if times >= UNEQUAL_DEPTHS and all(one.integer_counts for one in sources):
        return [f"{shallow.name} has {times:,.0f} times fewer contacts than the other map: little comes from it."]
    return []
