"""Which files of calls cannot be of one assembly: by what they name, and by how far their calls reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from napari_hicstruct.annotations.readers.fitting import OVERHANG
from napari_hicstruct.genome import canonical_name
from napari_hicstruct.genome.assemblies import LENGTHS, assemblies_of_ends, assembly_in, assembly_of_lengths

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Annotation

_REMEDY = "Lift it over, or give files of one assembly."


def assembly_of_map(assembly: str, name: str, chromsizes: Mapping[str, int]) -> str:
    """The assembly of a map: as it says, else by its chromosomes' lengths, else by its name; empty if none tells."""
    return assembly_in(assembly) or assembly_of_lengths(chromsizes) or assembly_in(name)


def other_assemblies(files: Sequence[tuple[str, Sequence[Annotation]]], reference: str = "") -> dict[int, str]:
    """Number → why a file is of another assembly than the others.

    Parameters
    ----------
    files : sequence of (str, sequence of Annotation)
        The assembly that each names, or empty, and its calls.
    reference : str
        The assembly that all are to be of; empty: that of most files, of the first of them where two are as many.
    """
    ends = [_ends(records) for _, records in files]
    options = [_options(named, reach) for (named, _), reach in zip(files, ends, strict=True)]
    best = reference or _commonest(options)
    is_certain = bool(reference) or frozenset({best}) in options  # else all may be of a genome that is not known here
    return {
        number: _sentence(files[number][0] if one == {files[number][0]} else "", ends[number], best)
        for number, one in enumerate(options)
        if best and one is not None and best not in one and (one or is_certain)
    }


def _options(named: str, ends: Mapping[str, int]) -> frozenset[str] | None:
    """Assemblies that a file can be of; None: nothing is to go by.  Where name and calls differ, the calls count."""
    possible = assemblies_of_ends(ends, OVERHANG)
    if named and (not possible or named in possible or named not in LENGTHS):
        return frozenset({named})
    return possible


def _commonest(options: Iterable[frozenset[str] | None]) -> str:
    counts: dict[str, int] = {}
    for one in options:
        for name in sorted(one or (), key=_order):
            counts[name] = counts.get(name, 0) + 1
    return max(counts, key=lambda name: counts[name], default="")


def _order(name: str) -> tuple[int, str]:
    known = list(LENGTHS)
    return (known.index(name) if name in known else len(known)), name


def _ends(records: Iterable[Annotation]) -> dict[str, int]:
    ends: dict[str, int] = {}
    for record in records:
        ends[record.chrom] = max(ends.get(record.chrom, 0), record.anchor1.end, record.anchor2.end)
    return ends


def _sentence(named: str, ends: Mapping[str, int], best: str) -> str:
    if named:
        return f"is of {named}, as its name or its comments say; {best} is wanted. {_REMEDY}"
    lengths = LENGTHS.get(best, {})
    for chrom, end in ends.items():
        length = lengths.get(canonical_name(chrom))
        if length is not None and end > length + OVERHANG:
            return (
                f"is not of {best}: it has a call at {chrom}:{end:,}, and {chrom} ends at {length:,} there. {_REMEDY}"
            )
    missing = next((chrom for chrom in ends if canonical_name(chrom) not in lengths), "")
    return (
        f"is not of {best}, which has no {missing}. {_REMEDY}"
        if missing and lengths
        else f"is not of {best}. {_REMEDY}"
    )
