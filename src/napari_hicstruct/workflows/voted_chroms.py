"""Chromosomes that lists of calls have: their spelling, which of them are asked for, on which nobody else calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from napari_hicstruct.errors import RegionError
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Annotation
    from napari_hicstruct.labels.consensus import CallerCalls

MAX_NAMED = 8
"""Chromosomes that a message names."""


def one_spelling(lists: Sequence[tuple[str, list[Annotation]]]) -> list[tuple[str, list[Annotation]]]:
    """Chromosomes as the first list spells them: ``21`` and ``chr21`` are one."""
    from napari_hicstruct.genome import NameMatcher

    names: dict[str, int] = {}
    out = []
    for caller, records in lists:
        matcher = NameMatcher(names)
        spelt = {record.chrom: matcher.match(record.chrom) or record.chrom for record in records}
        names.update(dict.fromkeys(spelt.values(), 0))
        out.append((caller, [_renamed(record, spelt[record.chrom]) for record in records]))
    return out


def _renamed(record: Annotation, chrom: str) -> Annotation:
    from napari_hicstruct.genome import Interval

    if record.chrom == chrom:
        return record
    first, second = (Interval(chrom, one.start, one.end) for one in (record.anchor1, record.anchor2))
    return record.with_(anchor1=first, anchor2=second)


def chosen_chroms(lists: Sequence[tuple[str, list[Annotation]]], chroms: Sequence[str]) -> set[str]:
    """Chromosomes as the lists spell them; without ``chroms`` all.

    Raises
    ------
    RegionError
        If no list has calls on one of them.
    """
    from napari_hicstruct.genome import NameMatcher

    there = list(dict.fromkeys(record.chrom for _, records in lists for record in records))
    if not chroms:
        return set(there)
    matcher = NameMatcher(there)
    if missing := [chrom for chrom in chroms if matcher.match(chrom) is None]:
        raise RegionError(f"no list has calls on '{missing[0]}'.", hint=f"They have calls on {_few(there)}.")
    return {matcher.match(chrom) or chrom for chrom in chroms}


def _few(names: Sequence[str]) -> str:
    """The first names of many."""
    return ", ".join(names[:MAX_NAMED]) + (f" and {len(names) - MAX_NAMED:,} more" if len(names) > MAX_NAMED else "")


def why_empty(calls: Sequence[CallerCalls], tolerance_bp: int) -> str:
    """Why no structure has two programs behind it."""
    by_caller = _by_caller(calls)
    counts = Counter(chrom for chroms in by_caller.values() for chrom in chroms)
    if max(counts.values(), default=0) < 2:
        lists = "; ".join(f"{caller}: {_few(list(chroms)) or 'none'}" for caller, chroms in by_caller.items())
        return f"The list is empty, as no chromosome has calls of two programs ({lists})."
    return f"The list is empty, as no two programs call one place within {tolerance_bp:,} bp; --tolerance widens that."


def lonely_chroms(calls: Sequence[CallerCalls]) -> dict[int, str]:
    """Of each list, by its number: on which of its chromosomes no other caller calls; not where none has company."""
    by_caller = _by_caller(calls)
    counts = Counter(chrom for chroms in by_caller.values() for chrom in chroms)
    if max(counts.values(), default=0) < 2:
        return {}
    notes = {}
    for number, one in enumerate(calls):
        alone = Counter(record.chrom for record in one.records if counts[record.chrom] < 2)
        if alone:
            many = how_many(sum(alone.values()), "call")
            notes[number] = f"{many} on {_few(list(alone))}, where no other caller has calls: nobody can confirm them."
    return notes


def _by_caller(calls: Sequence[CallerCalls]) -> dict[str, dict[str, None]]:
    """Chromosomes of each caller, in the order of its calls."""
    found: dict[str, dict[str, None]] = {}
    for one in calls:
        found.setdefault(one.caller, {}).update(dict.fromkeys(record.chrom for record in one.records))
    return found
