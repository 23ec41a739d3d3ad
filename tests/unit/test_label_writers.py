"""Files are written whole or not at all, in the columns that FORMATS promises."""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.annotations import (
    Annotation,
    BinTrack,
    Kind,
    export_records,
    read_labels,
    write_bedgraph,
    write_boundaries,
    write_juicebox,
    write_loops,
    write_parquet,
    write_stripenn,
    write_tads,
)
from napari_hicstruct.errors import OutputError
from napari_hicstruct.genome import Interval
from tests.annotation_kit import loop, tad


def _lines(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text().splitlines()]


def test_promised_columns_come_first(tmp_path: Path) -> None:
    record = loop(score=0.5, uid="u1", probability=0.9, extra={"fdr": "0.1"})
    header, row = _lines(write_loops([record], tmp_path / "loops.bedpe"))
    assert header[:19] == [
        *("#chrom1", "start1", "end1", "chrom2", "start2", "end2", "name", "score", "strand1", "strand2"),
        *("probability", "resolution", "status", "source", "model", "soft_score", "n_calls", "n_tools", "supporters"),
    ]
    assert row[:13] == [
        *("chr1", "100000", "110000", "chr1", "300000", "310000", "loop_0001", "0.5", ".", "."),
        *("0.9", ".", "proposed"),
    ]
    assert row[15:19] == [".", ".", ".", "."]
    assert (header[-1], row[-1]) == ("fdr", "0.1")
    header, row = _lines(write_tads([tad(5, 9, name="d", level=2, parent="p")], tmp_path / "tads.bed"))
    assert header[:8] == ["#chrom", "start", "end", "name", "score", "strand", "level", "parent"]
    assert row[:8] == ["chr1", "5", "9", "d", ".", ".", "2", "p"]


def test_stripenn_table_is_one_based_closed(tmp_path: Path) -> None:
    stripe = Annotation(
        kind=Kind.STRIPE,
        anchor1=Interval("chr1", 390_000, 440_000),
        anchor2=Interval("chr1", 390_000, 1_500_000),
        extra={"maxpixel": "99.0%"},
    )
    header, row = _lines(write_stripenn([stripe], tmp_path / "s.tsv"))
    assert header == [
        "chr",
        "pos1",
        "pos2",
        "chr2",
        "pos3",
        "pos4",
        "length",
        "width",
        "Mean",
        "maxpixel",
        "pvalue",
        "Stripiness",
    ]
    assert row == [
        "chr1",
        "390001",
        "440000",
        "chr1",
        "390001",
        "1500000",
        "1110000",
        "50000",
        "nan",
        "99.0%",
        "nan",
        "nan",
    ]


def test_bedgraph_leaves_out_bins_without_a_value_and_ends_with_the_chromosome(tmp_path: Path) -> None:
    track = BinTrack("chr1", 20_000, 10_000, np.array([0.5, np.nan, 1 / 3]), end=45_000)
    rows = _lines(write_bedgraph([track], tmp_path / "b.bedgraph"))[1:]
    assert rows == [["chr1", "20000", "30000", "0.5"], ["chr1", "40000", "45000", "0.333333"]]


def test_empty_files_of_ours_read_as_empty(tmp_path: Path) -> None:
    for write, name in ((write_loops, "loops.bedpe"), (write_boundaries, "boundaries.bed")):
        found = read_labels(write([], tmp_path / name))
        assert (found.records, found.problems, found.format) == ([], [], name)


def test_export_says_where_it_comes_from(tmp_path: Path) -> None:
    files = export_records(
        [loop(), tad(0, 10)],
        tmp_path / "new" / "out",
        formats=["bedpe", "bed", "juicebox", "higlass", "parquet"],
        provenance={"model": {"sha256": "ab"}, "seconds": 1.5},
        kinds=[Kind.STRIPE],
    )
    assert [path.name for path in files] == [
        *("loops.bedpe", "stripes.bedpe", "tads.bed"),
        *("loops.juicebox.bedpe", "stripes.juicebox.bedpe", "tads.juicebox.bedpe"),
        *("loops.higlass.bedpe", "stripes.higlass.bedpe", "tads.higlass.bedpe"),
        *("annotations.parquet", "run.json"),
    ]
    run = json.loads(files[-1].read_text())
    assert (run["model"], run["seconds"]) == ({"sha256": "ab"}, 1.5)
    assert run["counts"] == {"stripe": 0, "loop": 1, "tad": 1}
    with pytest.raises(OutputError, match="no export format 'doc'"):
        export_records([], tmp_path / "other", formats=["doc"])
    assert not (tmp_path / "other").exists()


def test_drawn_kinds_come_back_as_what_they_are(tmp_path: Path) -> None:
    stripe = Annotation(kind=Kind.STRIPE, anchor1=Interval("chr1", 0, 10), anchor2=Interval("chr1", 0, 90))
    for record, name in ((loop(), "loops"), (tad(0, 50), "tads"), (stripe, "stripes")):
        back = read_labels(write_juicebox([record], tmp_path / f"{name}.juicebox.bedpe")).records[0]
        assert (back.kind, back.anchor1, back.anchor2, back.name) == (
            record.kind,
            record.anchor1,
            record.anchor2,
            f"{record.kind.value}_0001",
        )


def test_names_are_readable_and_one_record_has_one_name_in_all_files(tmp_path: Path) -> None:
    far, near = loop(90), loop(10)
    named = loop(50, name="loop_0001")
    export_records([far, near, named], tmp_path, formats=["bedpe", "juicebox", "higlass"])
    expected = {"90": "loop_0002", "10": "loop_0003", "50": "loop_0001"}
    for name in ("loops.bedpe", "loops.juicebox.bedpe", "loops.higlass.bedpe"):
        rows = [line for line in _lines(tmp_path / name) if not line[0].startswith("#")]
        assert {row[1]: row[6] for row in rows} == expected
    back = {record.uid: record for record in read_labels(tmp_path / "loops.bedpe").records}
    assert back[far.uid].name == "", "a number is no name of its own"
    assert "uid" not in (tmp_path / "loops.juicebox.bedpe").read_text()


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "may not be written")],
)
def test_failed_write_leaves_the_old_file_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    path = write_loops([loop()], tmp_path / "loops.bedpe")
    before = path.read_bytes()

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError, match=rf"loops\.bedpe: cannot be written: .*{words}.* The old file is untouched"):
        write_loops([loop(), loop(5)], path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        export_records([loop()], tmp_path / "file" / "out", formats=["bedpe"])


def test_parquet_without_pyarrow_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(OutputError, match="pip install pyarrow"):
        write_parquet([loop()], tmp_path / "a.parquet")
