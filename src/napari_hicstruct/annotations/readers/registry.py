"""Label files in: a file is opened, its format chosen, its lines parsed, its records ranked and fitted to the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from napari_hicstruct.annotations.borders import borders_note, borders_of
from napari_hicstruct.annotations.readers import domains, own
from napari_hicstruct.annotations.readers.base import Format, LabelFile, LineProblem
from napari_hicstruct.annotations.readers.bioconductor import zero_based
from napari_hicstruct.annotations.readers.cells import unfold
from napari_hicstruct.annotations.readers.choice import FORMATS, choose, holds_domains, misfit, refuse_other
from napari_hicstruct.annotations.readers.fitting import reconcile
from napari_hicstruct.annotations.readers.pairs import are_pairs
from napari_hicstruct.annotations.readers.parquet import read_parquet
from napari_hicstruct.annotations.readers.ranking import Result, columns_of, names_of, rank_records
from napari_hicstruct.annotations.readers.row import BadLineError, PointLineError, Row, TransLineError
from napari_hicstruct.annotations.readers.source import decode, local_path, read_bytes
from napari_hicstruct.annotations.readers.table import Table, table_of_text
from napari_hicstruct.annotations.readers.tidy import tidied
from napari_hicstruct.annotations.readers.tracks import other_by_lines
from napari_hicstruct.annotations.records import Kind, complete
from napari_hicstruct.errors import HicStructError, LabelError, readable
from napari_hicstruct.genome.assemblies import assembly_in
from napari_hicstruct.jobs.memory import collecting_paused
from napari_hicstruct.wording import how_many

__all__ = ["FORMATS", "read_labels"]

_PARQUET = Format("Parquet", tuple(Kind), lambda _: False, lambda *_: None, ())


def read_labels(  # noqa: PLR0913 - keywords of a use case
    path: str | Path,
    *,
    chromsizes: Mapping[str, int] | None = None,
    kind: Kind | None = None,
    score_column: str | int | None = None,
    ascending: bool = False,
    one_based: bool = False,
    program: str = "",
) -> LabelFile:
    """Read a label file of any known format.

    Parameters
    ----------
    path : path
        Text of any separator, encoding and line end, with or without header, plain or packed.
    chromsizes : mapping of str to int, optional
        The map's chromosome lengths (bp): names become the map's, coordinates must fit.
    kind : Kind, optional
        What the file is to hold, where its format leaves that open (a BEDPE of stripes, a BED of boundaries).  TADs
        are read as boundaries, too: their starts and ends.
    score_column : str or int, optional
        Name or number (1-based) of the column that ranks the records, where the file does not say.
    ascending : bool
        True if lower is better in ``score_column``; p-values are known to be so by their name.
    one_based : bool
        True if BED or BEDPE positions are 1-based and closed.
    program : str
        That wrote it, if a person says so (``annotations.callers.program_meant``), unless its own columns deny it.

    Returns
    -------
    LabelFile
        The good lines as records in 0-based half-open bp, the bad ones by number with the reason.

    Raises
    ------
    LabelError
        If the file is unreadable, of no known format, a track, of another kind than asked for, mostly bad, of another
        assembly, or has no ``score_column``.
    """
    path = local_path(path)
    with collecting_paused():
        chosen, result = _read(path, kind, score_column, ascending, one_based, program)
        if chromsizes is not None:
            result = reconcile(path, result, chromsizes)
        result.assembly = result.assembly or assembly_in(path.name)
        if kind is Kind.BOUNDARY and any(one.kind is Kind.TAD for one in result.records.values()):
            return _border_file(chosen, result, chromsizes)
        return _label_file(chosen, result)


def _border_file(chosen: Format, result: Result, chromsizes: Mapping[str, int] | None) -> LabelFile:
    """The boundaries of a list of TADs; no line of the file is one of them."""
    read = list(result.records.values())
    records = borders_of(read, chromsizes)
    tads = sum(one.kind is Kind.TAD for one in read)
    note = borders_note(tads, len(records) - (len(read) - tads))
    result.records, result.notes = {}, [*result.notes, note]
    return replace(_label_file(chosen, result), records=records)


def _label_file(chosen: Format, result: Result) -> LabelFile:
    records, lines = chosen.after_map(list(result.records.values())), list(result.records)
    return LabelFile(
        records,
        result.problems,
        chosen.name,
        result.unmatched,
        result.trans,
        tuple(result.notes),
        result.undecided,
        tuple(result.rows.get(line, line) for line in lines) if len(records) == len(lines) else (),
        result.assembly,
    )


def _read(
    path: Path, kind: Kind | None, score_column: str | int | None, ascending: bool, one_based: bool, program: str
) -> tuple[Format, Result]:
    data = read_bytes(path)
    if path.suffix.lower() == ".parquet" or data.startswith(b"PAR1"):
        if score_column is not None:
            hint = "Leave --score-column out."
            raise LabelError("is our own Parquet table, whose scores stand as written.", where=path, hint=hint)
        return _PARQUET, _read_parquet(path, kind)
    table = replace(_table(path, decode(path, data), kind, one_based), program=program)
    chosen = choose(table, kind)
    if one_based and chosen.kinds == (Kind.STRIPE,):
        raise LabelError(f"is of {chosen.name}, whose base is known.", where=path, hint="Leave --one-based out.")
    result = _parse(table, chosen, _wanted_kind(table, chosen, kind))
    result.notes += [note for note in (misfit(table, chosen),) if note]
    _refuse_mostly_bad(table, result)
    rank_records(table, chosen, result, score_column, ascending, own=chosen in own.FORMATS)
    return chosen, result


def _table(path: Path, text: str, kind: Kind | None, one_based: bool) -> Table:
    refuse_other(path, other_by_lines(text), kind)
    return unfold(zero_based(tidied(table_of_text(path, text)), one_based=one_based))


def _read_parquet(path: Path, kind: Kind | None) -> Result:
    result = Result()
    found = read_parquet(path)
    records = [record for record in found if kind is None or record.kind is kind]
    if kind is Kind.BOUNDARY and not records:
        records = [record for record in found if record.kind is Kind.TAD]
    result.records = dict(enumerate(records, start=1))
    return result


def _wanted_kind(table: Table, chosen: Format, kind: Kind | None) -> Kind:
    if kind is Kind.BOUNDARY and not chosen.marks_too and holds_domains(table, chosen):
        return Kind.TAD
    if kind is not None:
        return kind
    # chromosight's borders stand on the diagonal in the same columns as its loops.
    borders = Kind.BOUNDARY in chosen.kinds and domains.is_repeated_bed(table)
    return Kind.BOUNDARY if borders and chosen.kinds[0] is Kind.LOOP else chosen.kinds[0]


def _parse(table: Table, chosen: Format, kind: Kind) -> Result:
    index: dict[str, int] = {}
    for position, name in enumerate(columns_of(table, chosen)):
        if name:
            index.setdefault(name, position)
    names, file_name, is_ours = names_of(table, chosen), readable(table.path.name), chosen in own.FORMATS
    result = Result()
    result.notes += table.notes
    result.assembly = assembly_in("\n".join(table.preamble))
    for row, (number, fields) in enumerate(table.rows, start=1):
        result.rows[number] = row
        try:
            record = chosen.parse(Row(fields, index, names), kind)
        except TransLineError:
            result.trans += 1
        except (BadLineError, HicStructError) as error:
            result.problems.append(LineProblem(number, str(error)))
            result.points += isinstance(error, PointLineError)
        else:
            if record is not None:
                named = record.source or is_ours
                result.records[number] = record if named else complete(record, source=file_name)
    result.records = dict(zip(result.records, chosen.before_map(list(result.records.values())), strict=True))
    return result


def _refuse_mostly_bad(table: Table, result: Result) -> None:
    bad, lines = len(result.problems), len(table.rows) - result.trans
    if result.points * 2 > lines:
        message = f"gives points (start = end) in {result.points:,} of {how_many(lines, 'line')}, not intervals."
        hint = "If they are boundaries: hicstruct import --kind boundary."
        if are_pairs(table):
            hint = "Write each anchor as the bin that it stands for: start before end."
        raise LabelError(message, where=table.path, hint=hint)
    if bad > lines / 2 or (bad and not result.records and not result.trans):
        raise LabelError(
            f"{bad:,} of {how_many(lines, 'line')} cannot be read; {result.problems[0]}.",
            where=table.path,
            hint="Check that this is the right file.",
        )
    if result.trans and not result.records:
        all_lines = how_many(result.trans, "line")
        raise LabelError(
            f"joins two chromosomes in all of its {all_lines}; only what lies on one chromosome comes in.",
            where=table.path,
            hint="Choose the list of interactions within chromosomes.",
        )
