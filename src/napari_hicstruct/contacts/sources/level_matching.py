"""The levels of one file put beside each other: matched by chromosome name, and those that contradict left out.

Programs put ``.mcool`` files together level by level, so one level may have another order of chromosomes, lack some,
or be of another assembly.  Nothing of one level is ever taken for another's: every level is read by its own table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from napari_hicstruct.contacts.protocol import Normalisation
from napari_hicstruct.contacts.sources.bin_table import BinTable, ChromosomeBins
from napari_hicstruct.genome import canonical_name, format_bin_size, n_bins


@dataclass(frozen=True, slots=True, eq=False)
class CoolerLevel:
    """One cooler of the file: where it is and which bins it has.

    Attributes
    ----------
    group : str
        HDF5 group.
    resolution : int
        bp.
    norms : tuple of Normalisation
        Columns of weights, the best first.
    regular : bool
        It has every bin of every chromosome, as the map's lengths ask for.
    table : BinTable
        As the file has it.
    n_pixels : int
        Stored pixels, all chromosomes.
    chroms : mapping of str to ChromosomeBins
        By the map's spelling (other levels may spell names otherwise); chromosomes that the level lacks are absent.
    own_names : mapping of str to str
        The level's spelling by the map's.
    notes : tuple of str
        What is peculiar, one sentence each.
    """

    group: str
    resolution: int
    norms: tuple[Normalisation, ...]
    regular: bool
    table: BinTable
    n_pixels: int
    chroms: Mapping[str, ChromosomeBins] = field(default_factory=dict)
    own_names: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, eq=False)
class ConsistentLevels:
    """Levels that do not contradict each other, the chromosomes of all of them, and what had to be left out."""

    levels: Mapping[int, CoolerLevel]
    chromsizes: Mapping[str, int]
    notes: tuple[str, ...]


def match_levels(levels: Sequence[CoolerLevel]) -> ConsistentLevels:
    """Match levels by chromosome name; one whose chromosome lengths contradict the others' is left out and named.

    Most levels decide; between as many, those with contacts and the finest.

    Parameters
    ----------
    levels : sequence of CoolerLevel
        At least one, one per bin size.
    """
    by_size = sorted(levels, key=lambda level: level.resolution)
    key = _spelling(by_size)

    def weight(level: CoolerLevel) -> tuple[int, bool, int]:
        return (sum(not _contradiction(level, other, key) for other in by_size), level.n_pixels > 0, -level.resolution)

    reference = max(by_size, key=weight)
    kept, notes = [], []
    for level in by_size:
        why = _contradiction(reference, level, key)
        if why:
            notes.append(f"The {format_bin_size(level.resolution)} level is left out: {why}.")
        else:
            kept.append(level)
    names: dict[str, str] = {}
    lengths: dict[str, int] = {}
    for level in [reference, *kept]:
        for name, bins in level.table.chroms.items():
            names.setdefault(key(name), name)
            lengths.setdefault(names[key(name)], bins.length)
    for level in reversed(kept):  # the finest level says where a chromosome ends to the base pair
        for name, bins in level.table.chroms.items():
            lengths[names[key(name)]] = bins.length
    placed = {
        level.resolution: _placed(level, {names[key(name)]: name for name in level.table.chroms}, lengths)
        for level in kept
    }
    for level in placed.values():
        where = f" ({format_bin_size(level.resolution)} level)" if len(placed) > 1 else ""
        notes += [note + where for note in level.notes]
        if lost := [name for name in lengths if name not in level.chroms]:
            shown = ", ".join(lost[:5]) + (" …" if len(lost) > 5 else "")
            notes.append(f"The {format_bin_size(level.resolution)} level has no {shown}.")
    return ConsistentLevels(placed, lengths, tuple(notes))


def _spelling(levels: Sequence[CoolerLevel]) -> Callable[[str], str]:
    """Key under which names of two levels are one chromosome: ``chr1`` is ``1``, unless a level has both."""
    for level in levels:
        if len({canonical_name(name) for name in level.table.chroms}) < len(level.table.chroms):
            return str
    return canonical_name


def _contradiction(one: CoolerLevel, other: CoolerLevel, key: Callable[[str], str]) -> str:
    """Why two levels cannot be of one map; empty if they can.

    Some writers end a chromosome with a whole bin: lengths may differ by less than the larger bin.
    """
    theirs = {key(name): (name, bins.length) for name, bins in other.table.chroms.items()}
    slack, shared = max(one.resolution, other.resolution), 0
    reference = f"the {format_bin_size(one.resolution)} level"
    for name, bins in one.table.chroms.items():
        found = theirs.get(key(name))
        if found is None:
            continue
        shared += 1
        if abs(found[1] - bins.length) >= slack:
            return f"its {found[0]} is {found[1]:,} bp long, that of {reference} {bins.length:,} bp"
    return "" if shared else f"it has no chromosome in common with {reference}"


def _placed(level: CoolerLevel, own_names: Mapping[str, str], lengths: Mapping[str, int]) -> CoolerLevel:
    """The level with its chromosomes under the map's spelling, on a grid of the map's length."""
    chroms, whole = {}, True
    for name, spelt in own_names.items():
        bins, n = level.table.chroms[spelt], n_bins(lengths[name], level.resolution)
        if bins.grid is None and bins.count != n:
            whole = False
            count = min(bins.count, n)
            bins = replace(bins, count=count, grid=np.arange(count))
        chroms[name] = bins
    return replace(
        level,
        regular=level.regular and whole,
        chroms=chroms,
        own_names=own_names,
        notes=(*level.table.notes, *level.notes),
    )
