"""Label files into a project: each file a set of its own, one journal entry, problems listed line by line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.errors import LabelError, readable
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain, in_process
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.annotations import (
        Annotation,
        AnnotationSet,
        Kind,
        LabelFile,
        LineProblem,
        MapIdentity,
        Project,
        Status,
    )
    from napari_hicstruct.annotations.readers import OpenColumn
    from napari_hicstruct.genome import Interval

MIN_TAD_BINS = 3
"""Domains shorter than this, at the finest level of the map, cannot be seen in it."""


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """What became of one label file.

    Attributes
    ----------
    path : Path
    format : str
        The format it was read as.
    set : AnnotationSet
        The new set.
    counts : dict of str to int
        Records by kind.
    problems : tuple of LineProblem
        Lines left out, with the reason.
    unmatched : dict of str to int
        Chromosomes that the map does not have, and how many records lay on each.
    trans : int
        Lines between two chromosomes, left out.
    notes : tuple of str
        What was decided for the file as a whole, and what looks strange about it.
    undecided : tuple of OpenColumn
        Columns that may rank the records, if a person says which and how.
    """

    path: Path
    format: str
    set: AnnotationSet
    counts: dict[str, int]
    problems: tuple[LineProblem, ...]
    unmatched: dict[str, int]
    trans: int = 0
    notes: tuple[str, ...] = ()
    undecided: tuple[OpenColumn, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The files that came in, why the others did not, where they are complete, and what is left out of that."""

    files: tuple[ImportedFile, ...]
    refused: tuple[LabelError, ...] = ()
    complete_in: tuple[Interval, ...] = ()
    notes: tuple[str, ...] = ()


_MAX_BYTES_HERE = 1_000_000
"""A larger file is read in a process of its own: its 20,000 lines take a second, in which a window would stutter."""
_PACKED = (".gz", ".parquet")
_PACKED_RATIO = 8
_PIECE = 1_000


def iter_read(
    path: Path, chromsizes: Mapping[str, int], *, token: CancelToken, **how: Any
) -> Generator[Progress, None, LabelFile]:
    """:func:`~napari_hicstruct.annotations.read_labels` for a window that goes on drawing meanwhile.

    ``how``: its keywords.

    Raises
    ------
    LabelError
    Cancelled
    """
    yield Clock().step("read", 0, 0, path.name)
    args = path, dict(chromsizes), how
    size = path.stat().st_size if path.is_file() else 0
    if size * (_PACKED_RATIO if path.suffix.lower() in _PACKED else 1) <= _MAX_BYTES_HERE:
        return _read(*args)
    from napari_hicstruct.annotations.codec import from_values

    records: list[Annotation] = []
    job = in_process(_iter_rows, *args, token=token)
    while True:
        try:
            step = next(job)
        except StopIteration as end:
            return replace(end.value, records=records)
        records += [from_values(row) for row in step.payload or ()]
        yield replace(step, payload=None)


def _read(path: Path, chromsizes: Mapping[str, int], how: Mapping[str, Any]) -> LabelFile:
    from napari_hicstruct.annotations import read_labels

    return read_labels(path, chromsizes=chromsizes, **how)


def _iter_rows(
    path: Path, chromsizes: Mapping[str, int], how: Mapping[str, Any], *, token: CancelToken
) -> Generator[Progress, None, LabelFile]:
    """What a file holds, its records as rows of plain values: they cross to another process several times faster."""
    from napari_hicstruct.annotations.codec import to_row

    clock = Clock()
    yield clock.step("read", 0, 0, path.name)
    found = _read(path, chromsizes, how)
    for start in range(0, len(found.records), _PIECE):
        token.check()
        rows = [tuple(to_row(record).values()) for record in found.records[start : start + _PIECE]]
        yield clock.step("read", start, len(found.records), path.name, payload=rows)
    return replace(found, records=[])


def store_labels(
    project: Project,
    path: str | Path,
    found: LabelFile,
    *,
    status: Status | None = None,
    finest: int = 0,
    on_piece: Callable[[int], object] | None = None,
) -> ImportedFile:
    """Put what was read from ``path`` into a new set.

    ``finest`` is the map's smallest bin (bp): a note says if most TADs are too short for it.  ``on_piece`` is called
    with the number of records done so far; if it raises, the project stays as it was.
    """
    from napari_hicstruct.annotations import Origin
    from napari_hicstruct.annotations.callers import with_caller

    path = Path(path)
    records = renew_uids(_not_empty(path, found).records, project.holds([record.uid for record in found.records]))
    records = with_caller(records, path.name)
    if status is not None:
        records = [record.with_(status=status) for record in records]
    name = name_of_import(path.name, found.records, project.map)
    notes = (  # before they are stored: from then on the window draws them, and this thread would be in its way
        *found.notes,
        *of_other_assembly(found, project.map),
        *repeated(records),
        *too_short_tads(records, finest),
        *imported_before(project, (name, path.name), records),
    )
    counts = Counter(record.kind.value for record in records)
    new = project.add_as_set(name, Origin.IMPORTED, records, action="import", on_piece=on_piece)
    return ImportedFile(
        path,
        found.format,
        new,
        dict(counts),
        tuple(found.problems),
        found.unmatched,
        found.trans,
        notes,
        found.undecided,
    )


def name_of_import(file_name: str, records: Sequence[Annotation], map: MapIdentity | None) -> str:
    """What the set of a label file is called: its program, and what the file's name adds to that and to the map's."""
    from napari_hicstruct.annotations.callers import caller_of, set_name

    caller = caller_of(file_name, records)
    return set_name(file_name, caller) if map is None else set_name(file_name, caller, Path(map.uri).stem, map.assembly)


def of_other_assembly(found: LabelFile, map: MapIdentity) -> list[str]:
    """A warning if a file names another assembly than the map's; empty where one of them names none."""
    from napari_hicstruct.workflows.assemblies import assembly_of_map

    here = assembly_of_map(map.assembly, Path(map.uri).name, map.chromsizes)
    if not here or found.assembly in ("", here):
        return []
    return [f"Its name or its comments say {found.assembly}, the map is of {here}: if they are right, lift it over."]


def repeated(records: Sequence[Annotation]) -> list[str]:
    """A warning if places stand in a file more than once; else empty."""
    places = Counter(_place(record) for record in records)
    more = len(records) - len(places)
    if not more:
        return []
    many = "1 label stands" if more == 1 else f"{more:,} of {len(records):,} labels stand"
    return [f"{many} in it again; all are kept: hicstruct export --deduplicate writes each place once."]


def too_short_tads(records: Sequence[Annotation], finest: int) -> list[str]:
    """A warning if most TADs are shorter than three bins of ``finest`` bp; empty without TADs or bin size."""
    from napari_hicstruct.annotations import Kind
    from napari_hicstruct.genome import format_bp

    lengths = [len(record.anchor1) for record in records if record.kind is Kind.TAD]
    short = sum(length < MIN_TAD_BINS * finest for length in lengths)
    if short * 2 <= len(lengths):
        return []
    return [
        f"{short:,} of {how_many(len(lengths), 'TAD')} {'is' if len(lengths) == 1 else 'are'} shorter than "
        f"{MIN_TAD_BINS} bins of the map's finest level ({format_bp(finest)}). Is this a list of TADs?"
    ]


def imported_before(project: Project, names: Sequence[str], records: Sequence[Annotation]) -> list[str]:
    """A warning if imported sets of such a name, numbered or not, hold places of ``records`` already; else empty."""
    from napari_hicstruct.annotations import Origin

    there = [one for one in project.sets() if one.origin is Origin.IMPORTED]
    earlier = [one.id for one in there if re.sub(r" \(\d+\)$", "", one.name) in names or one.name in names]
    if not earlier:
        return []
    held = {_place(record) for record in project.query(set_ids=earlier)}
    same = sum(_place(record) in held for record in records)
    if not same:
        return []
    number = f"all {same:,}" if same == len(records) else f"{same:,} of {len(records):,}"
    if len(records) == 1:
        number = "1"
    return [
        f"{number} already imported as '{readable(names[0])}'; both sets are kept: "
        "hicstruct export --deduplicate writes each place once."
    ]


def _place(record: Annotation) -> tuple[Kind, Interval, Interval]:
    return record.kind, record.anchor1, record.anchor2


def renew_uids(records: Sequence[Annotation], taken: set[str]) -> list[Annotation]:
    """Records under fresh uids where theirs are taken: a file of ours can come in twice.

    Children follow their parents.
    """
    from napari_hicstruct.annotations import new_uid

    seen: set[str] = set()
    renewed: dict[str, str] = {}
    result = []
    for record in records:
        uid = record.uid
        if uid in taken or uid in seen:
            uid = new_uid()
            renewed[record.uid] = uid
        seen.add(uid)
        result.append(record if uid == record.uid else record.with_(uid=uid))
    return [record.with_(parent=renewed[record.parent]) if record.parent in renewed else record for record in result]


def iter_import(  # noqa: PLR0913 - keywords of a use case
    map_uri: str | Path,
    paths: Sequence[str | Path],
    project_path: str | Path,
    *,
    status: Status | None = None,
    kind: Kind | None = None,
    score_column: str | int | None = None,
    ascending: bool = False,
    one_based: bool = False,
    complete_in: Sequence[str] = (),
    reviewer: str = "",
    token: CancelToken | None = None,
) -> Generator[Progress, None, ImportResult]:
    """Read label files into the project of a map, which is made if there is none.

    A file that is refused is named in the result, the others come in.  ``one_based``: positions of BED and BEDPE are
    1-based and closed.  ``complete_in``: regions, or BED files of them, in which the files name all there is of their
    kinds; they become reviewed regions, whose empty places are negatives.

    Raises
    ------
    LabelError
        If none of the files can be read; the project stays as it was.
    MapError, ProjectError
    """
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.workflows.projects import writing

    source = open_map(map_uri)
    how = {"kind": kind, "score_column": score_column, "ascending": ascending, "one_based": one_based}
    found, refused = yield from _iter_files([Path(path) for path in paths], source.chromsizes, how, token)
    if not found:
        raise _nothing_came_in(refused)
    notes: list[str] = []
    complete = complete_regions(complete_in, source.chromsizes, notes)
    with writing(project_path, source, reviewer=reviewer) as project:
        with project.one_step():
            finest = min(source.resolutions, default=0)
            stored = [store_labels(project, path, labels, status=status, finest=finest) for path, labels in found]
            mark_complete(project, complete, [labels for _, labels in found])
        return ImportResult(tuple(stored), tuple(refused), tuple(complete), tuple(notes))


def _iter_files(
    paths: Sequence[Path], chromsizes: Mapping[str, int], how: Mapping[str, Any], token: CancelToken | None
) -> Generator[Progress, None, tuple[list[tuple[Path, LabelFile]], list[LabelError]]]:
    """What each file holds, and why others are refused."""
    from napari_hicstruct.annotations import read_labels

    clock = Clock()
    found: list[tuple[Path, LabelFile]] = []
    refused: list[LabelError] = []
    for number, path in enumerate(paths):
        if token is not None:
            token.check()
        yield clock.step("read", number, len(paths), path.name)
        try:
            found.append((path, _not_empty(path, read_labels(path, chromsizes=chromsizes, **how))))
        except LabelError as error:
            refused.append(error)
    return found, refused


def _nothing_came_in(refused: Sequence[LabelError]) -> LabelError:
    if len(refused) == 1:
        return refused[0]
    return LabelError(
        f"none of the {len(refused)} files can be imported.",
        hint="; ".join(str(error).rstrip(".") for error in refused) + ".",
    )


def mark_complete(project: Project, regions: Sequence[Interval], files: Sequence[LabelFile]) -> None:
    """Say that the files name all there is of their kinds in these regions: what they do not name there is absent."""
    kinds = sorted({record.kind for labels in files for record in labels.records})
    for region in regions:
        project.mark_reviewed(region, kinds=kinds)


def _not_empty(path: Path, found: LabelFile) -> LabelFile:
    if not found.records:
        raise LabelError("holds no labels.", where=path, hint="Choose a file with labels.")
    return found


def complete_regions(
    texts: Sequence[str], chromsizes: Mapping[str, int], notes: list[str] | None = None
) -> list[Interval]:
    """Regions as they are written (``chr17:62.5M-63.5M``, a chromosome), or from BED files.

    What is left out of the files goes to ``notes``.

    Raises
    ------
    RegionError, LabelError
    """
    from napari_hicstruct.genome import parse_region

    found: list[Interval] = []
    for text in texts:
        if Path(text).is_file():
            found += _regions_of_bed(Path(text), chromsizes, [] if notes is None else notes)
        elif Path(text).suffix.lower() in (".bed", ".gz", ".txt", ".tsv"):
            raise LabelError("cannot be read (no such file).", where=text, hint="Check the name, or give a region.")
        else:
            found.append(parse_region(text, chromsizes))
    return found


def _regions_of_bed(path: Path, chromsizes: Mapping[str, int], notes: list[str]) -> list[Interval]:
    from napari_hicstruct.annotations import Kind, read_labels

    hint = "Give a BED file of regions, or a region."
    try:
        found = read_labels(path, chromsizes=chromsizes, kind=Kind.TAD)
    except LabelError as error:
        said = error.message.replace("holds no labels", "holds no regions")
        said = said.replace("as of loops, not tads", "not regions")
        raise LabelError(said, where=path, hint=hint) from error
    if found.format == "BEDPE" or any(one.anchor1 != one.anchor2 for one in found.records):
        raise LabelError("holds pairs of anchors, not regions.", where=path, hint=hint)
    if not found.records:
        raise LabelError("holds no region of this map.", where=path, hint=hint)
    notes += [f"{path}: line {problem.line}: {problem.reason}; not marked complete." for problem in found.problems]
    if found.unmatched:
        names = ", ".join(f"{name} ({count:,})" for name, count in found.unmatched.items())
        notes.append(f"{path}: chromosomes that the map does not have are not marked complete: {names}.")
    return [one.anchor1 for one in found.records]


def import_labels(
    map_uri: str | Path, paths: Sequence[str | Path], project_path: str | Path, **options: Any
) -> ImportResult:
    """As :func:`iter_import`, run to its end."""
    return drain(iter_import(map_uri, paths, project_path, **options))
