"""The material of an evaluation: label files read, chromosomes chosen, records as tables on one axis."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.loci import merge_close
from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.errors import LabelError, RegionError
from napari_hicstruct.evaluation.records import (
    boundary_table,
    domain_table,
    loop_table,
    rank_score,
    select,
    stripe_table,
)
from napari_hicstruct.evaluation.report import Yardstick
from napari_hicstruct.genome import Interval, canonical_name
from napari_hicstruct.wording import how_many
from napari_hicstruct.workflows.evaluate.regions import (
    is_inside,
    judged_regions,
    named_chroms,
    shown_regions,
    touches,
)
from napari_hicstruct.workflows.evaluate.request import EvaluateRequest, Side

DEFAULT_RESOLUTION = 10_000


_WITHOUT = {
    True: "average precision, precision of the best n and the curve follow the order of the file.",
    False: "average precision, precision of the best n and the curve are not given.",
}
_HINT = "Name the column that ranks them (score column)."

FAINT = "faint"
"""Folder in a simulated truth with the structures that the map is too shallow to show."""

MIN_BEYOND, MIN_BEYOND_SHARE = 5, 0.1
"""Labels of the truth beyond the first and last prediction on a chromosome, and their share, that are worth a note."""

APART = 1e10
"""bp between chromosomes that are laid one behind the other, so that they are scored together, never mixed."""

_FILES: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    (Kind.LOOP, ("loops.bedpe",)),
    (Kind.STRIPE, ("stripes.bedpe", "stripes.tsv")),
    (Kind.TAD, ("tads.bed",)),
    (Kind.BOUNDARY, ("boundaries.bed",)),
)
"""What a folder of labels may hold; of several names the first that exists."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Records of several files, one tuple per file."""

    files: tuple[tuple[Annotation, ...], ...]

    def lists(self, kind: Kind) -> list[list[Annotation]]:
        """Records of one kind that nobody rejected, by file."""
        return [chosen for records in self.files if (chosen := select(records, kind))]

    def of(self, kind: Kind) -> list[Annotation]:
        """The same of all files."""
        return [record for records in self.lists(kind) for record in records]

    def within(self, chroms: Iterable[str]) -> Labels:
        """Only what lies on ``chroms`` (any spelling)."""
        wanted = {canonical_name(chrom) for chrom in chroms}
        return Labels(tuple(tuple(r for r in rs if canonical_name(r.chrom) in wanted) for rs in self.files))

    def chosen(self, keep: Callable[[Annotation], bool]) -> Labels:
        """Only the records that ``keep`` wants."""
        return Labels(tuple(tuple(filter(keep, records)) for records in self.files))

    def __len__(self) -> int:
        """How many records there are in all files."""
        return sum(map(len, self.files))

    def kinds(self) -> str:
        """What it holds, as people say it."""
        held = {str(record.kind) for records in self.files for record in records}
        return " and ".join(info.plural for kind, info in KINDS.items() if kind in held) or "nothing"

    def chroms(self) -> list[str]:
        """Each chromosome once, as it is spelt first, in natural order."""
        spelt: dict[str, str] = {}
        for records in self.files:
            for record in records:
                spelt.setdefault(canonical_name(record.chrom), record.chrom)
        return sorted(spelt.values(), key=_natural)


@dataclass(frozen=True, slots=True)
class Material:
    """Both sides, the judged chromosomes, the request, and where each chromosome begins on the common axis (bp)."""

    calls: Labels
    truth: Labels
    ignore: Labels
    chroms: list[str]
    request: EvaluateRequest
    origin: Mapping[str, float]

    def rule(self, kind: Kind) -> Yardstick:
        """How strictly to compare ``kind``: its bin size is the one asked for, else the one most calls carry."""
        sizes = Counter(record.resolution for record in self.calls.of(kind) if record.resolution)
        usual = sizes.most_common(1)[0][0] if sizes else DEFAULT_RESOLUTION
        size = self.request.resolution or usual
        return Yardstick(tolerance=self.request.tolerance, resolution=size, top=self.request.top)

    def loops(self, records: Sequence[Annotation]) -> NDArray[np.float64]:
        """:func:`loop_table` on the common axis."""
        return self._placed(records, loop_table(records), 2)

    def stripes(self, records: Sequence[Annotation]) -> NDArray[np.float64]:
        """:func:`stripe_table` on the common axis."""
        return self._placed(records, stripe_table(records), 4)

    def domains(self, records: Sequence[Annotation]) -> NDArray[np.float64]:
        """:func:`domain_table` on the common axis."""
        return self._placed(records, domain_table(records), 2)

    def boundaries(self, labels: Labels, *, merge: float = 0.0) -> NDArray[np.float64]:
        """:func:`boundary_table` on the common axis; positions within ``merge`` bp of another are one boundary."""
        tables = [np.zeros((0, 2))]
        for chrom in self.chroms:
            boundaries, domains = (select(labels.of(kind), kind, chrom) for kind in (Kind.BOUNDARY, Kind.TAD))
            table = boundary_table(boundaries, domains)
            if merge:
                table = table[merge_close(table[:, :1], merge)]
            tables.append(table + np.array([self.origin[canonical_name(chrom)], 0.0]))
        return np.vstack(tables)

    def _placed(
        self, records: Sequence[Annotation], table: NDArray[np.float64], n_positions: int
    ) -> NDArray[np.float64]:
        offset = np.array([self.origin[canonical_name(r.chrom)] for r in records], np.float64).reshape(-1, 1)
        table[:, :n_positions] += offset
        return table


def gather(request: EvaluateRequest, notes: list[str]) -> Material:
    """Read all files and keep the chromosomes that are judged; what was left out is added to ``notes``."""
    faint = [side / FAINT for side in request.truth if isinstance(side, Path) and (side / FAINT).is_dir()]
    if faint:
        notes.append(f"What only fits {', '.join(map(str, faint))} (too faint to ask for) counts neither way.")
    regions = judged_regions(request)
    calls = _read_all(request.predictions, notes, request.score_column, request.ascending)
    truth, ignore = (_read_all(each, notes) for each in (request.truth, (*request.ignore, *faint)))
    named = named_chroms(request, regions)
    if not (request.chroms or request.regions):
        known = {canonical_name(chrom) for chrom in (*calls.chroms(), *truth.chroms())}
        named = tuple(chrom for chrom in named if canonical_name(chrom) in known)  # searched, and nothing is there
    _check_common(calls, truth, named, request)
    if not (request.chroms or regions):
        notes += _beyond(calls, truth.within(named or calls.chroms()))
    if regions:
        calls, truth, ignore = _in_regions(calls, truth, ignore, regions, notes)
    chroms = sorted(named, key=_natural) or calls.chroms()
    judged = {canonical_name(chrom) for chrom in chroms}
    left_out = [chrom for chrom in truth.chroms() if canonical_name(chrom) not in judged]
    if left_out and not named:
        notes.append(f"No predictions on {', '.join(left_out)}: left out; name these chromosomes to count them.")
    origin = {canonical_name(chrom): k * APART for k, chrom in enumerate(chroms)}
    notes += _unranked(calls.within(chroms))
    if rejected := len(calls.within(chroms).chosen(_is_rejected)):
        notes.append(f"{rejected:,} predictions that somebody rejected do not count.")
    return Material(calls.within(chroms), truth.within(chroms), ignore.within(chroms), chroms, request, origin)


def _is_rejected(record: Annotation) -> bool:
    return record.status is Status.REJECTED


def _check_common(calls: Labels, truth: Labels, named: Sequence[str], request: EvaluateRequest) -> None:
    """Refuse predictions that hold nothing, and two sides that have no chromosome in common."""
    if not calls.chroms():
        hint = "Recall is 0. Predicting with a smaller probability for the task (min-probability) lists more."
        where = shown(request.predictions[0], "the predictions")
        raise LabelError("holds no call, so there is nothing to judge.", where=where, hint=hint)
    known = {canonical_name(chrom) for chrom in (*calls.chroms(), *truth.chroms())}
    for chrom in named:
        if canonical_name(chrom) not in known:
            raise RegionError(f"neither predictions nor truth have a chromosome '{chrom}'.")
    chroms = sorted(named, key=_natural) or calls.chroms()
    if truth.chroms() and not truth.within(chroms).chroms():
        where = f"{', '.join(chroms)}, the truth on {', '.join(truth.chroms())}"
        by_hand = request.chroms or request.regions
        hint = "Name a chromosome that it has." if by_hand else "Are both of the same genome?"
        what = f"the predictions to judge lie on {where}."
        raise LabelError(what, where=shown(request.truth[0], "the truth"), hint=hint)


def _in_regions(
    calls: Labels, truth: Labels, ignore: Labels, regions: Sequence[Interval], notes: list[str]
) -> tuple[Labels, Labels, Labels]:
    """All three in some regions; what reaches across an end of one counts neither way."""
    inside = calls.chosen(lambda record: is_inside(record, regions))
    if not inside.chroms():
        hint = f"They lie on {', '.join(calls.chroms())}."
        raise LabelError(f"no prediction lies in {shown_regions(regions)}, so there is nothing to judge.", hint=hint)
    true = truth.chosen(lambda record: is_inside(record, regions))
    if left_out := len(truth) - len(true):
        where = shown_regions(regions)
        notes.append(f"Judged in {where}: {how_many(left_out, 'label')} of the truth outside, not counted.")
    if left_out := len(calls) - len(inside):
        where = shown_regions(regions)
        notes.append(f"Judged in {where}: {how_many(left_out, 'prediction')} outside, not counted.")
    across = truth.chosen(lambda record: touches(record, regions) and not is_inside(record, regions))
    faint = ignore.chosen(lambda record: touches(record, regions))
    return inside, true, Labels((*faint.files, *across.files))


def _beyond(calls: Labels, truth: Labels) -> list[str]:
    """A note for each chromosome of which the predictions leave out a good part of the truth."""
    notes = []
    for chrom in calls.chroms():
        here = [record for records in calls.within([chrom]).files for record in records]
        low, high = min(r.anchor1.start for r in here), max(r.anchor2.end for r in here)
        there = [record for records in truth.within([chrom]).files for record in records]
        beyond = sum(r.anchor2.end < low or r.anchor1.start > high for r in there)
        if beyond >= MIN_BEYOND and beyond > MIN_BEYOND_SHARE * len(there):
            notes.append(
                f"The predictions on {chrom} lie within {low:,}-{high:,}: {beyond:,} of {len(there):,} labels of the "
                "truth lie beyond and count as missed. Name the region to leave them out."
            )
    return notes


def shown(side: Side, name: str) -> str:
    """What a message calls one part of what is compared: its path, or ``name`` for records at hand."""
    return str(side) if isinstance(side, Path) else name


def _read_all(
    sides: Iterable[Side], notes: list[str], score_column: str | int | None = None, ascending: bool = False
) -> Labels:
    files: list[tuple[Annotation, ...]] = []
    for side in sides:
        if not isinstance(side, Path):
            files.append(side)
            continue
        for file, kind in label_files_of(side):
            found = read_labels(file, kind=kind, score_column=score_column, ascending=ascending)
            files.append(tuple(found.records))
            notes += [f"{file}: {note}" for note in found.notes]
            if found.trans:
                notes.append(f"{file}: {how_many(found.trans, 'line')} between two chromosomes left out")
            if found.problems:
                first = found.problems[0]
                lines = how_many(len(found.problems), "line")
                notes.append(f"{file}: {lines} left out; the first is line {first.line}: {first.reason}")
    return Labels(tuple(files))


def _unranked(calls: Labels) -> list[str]:
    """A note for each kind of which no call, or not every call, has a score."""
    notes = []
    for kind, name in ((kind, info.plural) for kind, info in KINDS.items()):
        values = [rank_score(record) for record in calls.of(kind)]
        bare = sum(value != value for value in values)
        if bare and bare == len(values):
            notes.append(f"The predicted {name} have no scores: {_WITHOUT[kind is Kind.LOOP]} {_HINT}")
        elif bare:
            notes.append(f"{bare:,} of {len(values):,} predicted {name} have no score and rank last.")
    return notes


def label_files_of(path: Path) -> list[tuple[Path, Kind | None]]:
    """The label files of a folder, or the file itself."""
    if not path.is_dir():
        return [(path, None)]
    found: list[tuple[Path, Kind | None]] = []
    for kind, names in _FILES:
        candidates = (path / f"{name}{packed}" for name in names for packed in ("", ".gz"))
        there = [file for file in candidates if file.exists()]
        found += [(file, kind) for file in there[:1]]
    if not found:
        expected = ", ".join(name for _, alternatives in _FILES for name in alternatives)
        raise LabelError("holds no label files.", where=path, hint=f"Expected one of {expected}; or name the files.")
    return found


def _natural(name: str) -> tuple[float, str]:
    key = canonical_name(name)
    return (float(key), "") if key.isdigit() else (math.inf, key)
