"""Labels fitted to a map: chromosome names as it spells them, coordinates within its chromosomes."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from napari_hicstruct.annotations.readers.base import LineProblem
from napari_hicstruct.annotations.readers.ranking import Result
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.errors import LabelError
from napari_hicstruct.genome import Interval, NameMatcher
from napari_hicstruct.wording import how_many

OVERHANG = 100_000
"""Last bins are written whole by many callers: an end may lie this far (bp) behind the chromosome and is clamped."""


def reconcile(path: Path, result: Result, chromsizes: Mapping[str, int]) -> Result:
    """Names as the map spells them, coordinates that fit it."""
    matcher = NameMatcher(chromsizes)
    unmatched: Counter[str] = Counter()
    fitting = Result()
    fitting.problems, fitting.rows = list(result.problems), result.rows
    fitting.trans, fitting.notes, fitting.undecided = result.trans, result.notes, result.undecided
    fitting.assembly = result.assembly
    outside: list[tuple[Annotation, str]] = []
    for number, record in result.records.items():
        name = matcher.match(record.chrom)
        if name is None:
            unmatched[record.chrom] += 1
            continue
        placed = _place(record, name, chromsizes[name])
        if placed is None:
            outside.append((record, name))
            reason = f"{record.span} lies beyond the end of {name} ({chromsizes[name]:,} bp)"
            fitting.problems.append(LineProblem(number, reason))
        else:
            fitting.records[number] = placed
    fitting.problems.sort(key=lambda problem: problem.line)
    fitting.unmatched = dict(unmatched)
    if result.records and not fitting.records and not outside:
        raise _no_common_chromosome(path, list(unmatched), list(chromsizes))
    if outside:
        _judge_outside(path, outside, fitting, chromsizes)
    return fitting


def _judge_outside(
    path: Path, outside: list[tuple[Annotation, str]], fitting: Result, chromsizes: Mapping[str, int]
) -> None:
    """Refuse a file of which most lies beyond the map's chromosomes; of one of which some does, say it."""
    record, name = outside[0]
    many, all_of_them = len(outside), len(outside) + len(fitting.records)
    text = (
        f"{many:,} of {how_many(all_of_them, 'label')} {'lies' if many == 1 else 'lie'} beyond the map's chromosomes, "
        f"the first at {record.span} ({name} has {chromsizes[name]:,} bp)."
    )
    if many > len(fitting.records):
        hint = "They are of another assembly; lift them over or choose the map they were made on."
        raise LabelError(text, where=path, hint=hint)
    fitting.notes = [
        *fitting.notes,
        f"{text} If the file is of another assembly, all of it is misplaced: lift it over.",
    ]


def _place(record: Annotation, name: str, length: int) -> Annotation | None:
    anchors = []
    for anchor in (record.anchor1, record.anchor2):
        if record.kind is Kind.BOUNDARY and len(anchor) == 1 and anchor.start == length:
            anchor = Interval(name, length - 1, length)  # the last domain ends with the chromosome
        if anchor.start >= length or anchor.end > length + OVERHANG:
            return None
        anchors.append(Interval(name, anchor.start, min(anchor.end, length)))
    if anchors == [record.anchor1, record.anchor2]:
        return record
    return record.with_(anchor1=anchors[0], anchor2=anchors[1])


def _no_common_chromosome(path: Path, theirs: list[str], ours: list[str]) -> LabelError:
    near = difflib.get_close_matches(theirs[0], ours, n=3, cutoff=0.3) or ours[:3]
    more = " …" if len(theirs) > 3 else ""
    return LabelError(
        f"has no chromosome of the map: it has {', '.join(theirs[:3])}{more}, the map has {', '.join(near)}.",
        where=path,
        hint="Choose labels of the same assembly.",
    )
