"""HiGlass folders, UCSC interact and bigInteract, GFF3: read back by what reads them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pybigtools
import pytest

from napari_hicstruct.annotations import Annotation, Kind, Status, read_labels
from napari_hicstruct.annotations.writers import write_gff3, write_interact
from napari_hicstruct.cli.main import main
from napari_hicstruct.genome import Interval
from napari_hicstruct.workflows.higlass import MAX_PER_TILE, write_tileset

SIZES = {"chr1": 10_000_000, "chr2": 5_000_000}


def _loop(start: int, end: int, chrom: str = "chr2", **more: object) -> Annotation:
    first, second = (Interval(chrom, x, x + 10_000) for x in (start, end))
    return Annotation(kind=Kind.LOOP, anchor1=first, anchor2=second, **more)  # type: ignore[arg-type]


def test_tileset_holds_places_on_one_axis_and_the_strongest_first(tmp_path: Path) -> None:
    many = [_loop(1_000_000, 1_500_000, score=k / 500) for k in range(250)]
    path = write_tileset(many, tmp_path / "a.bed2ddb", SIZES, assembly="hg38")
    database = sqlite3.connect(path)
    (about,) = database.execute("SELECT * FROM tileset_info").fetchall()
    assert about[1:5] == (15_000_000, "hg38", "chr1\tchr2", "10000000\t5000000")
    assert about[7] == 1024 * 2 ** about[6] >= 15_000_000 > 1024 * 2 ** (about[6] - 1)
    rows = database.execute(
        "SELECT zoomLevel, importance, fromX, toX, fromY, toY, chrOffset FROM intervals, position_index"
        " WHERE intervals.id = position_index.id AND rFromX <= 11505000 AND rToX >= 11505000 ORDER BY importance DESC"
    ).fetchall()
    database.close()
    assert len(rows) == 250
    assert rows[0][2:] == (11_500_000, 11_510_000, 11_000_000, 11_010_000, 10_000_000)
    zooms = [row[0] for row in rows]
    assert zooms == sorted(zooms), "what is weaker is not seen from farther away"
    assert zooms.count(0) == MAX_PER_TILE


def test_folder_for_higlass(data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    uri = str(data_dir / "maps" / "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool")
    loops = data_dir / "labels" / "HFFc6_chr17_62.5-63.5Mb.chromosight.5kb.hg38.bedpe"
    out = tmp_path / "hg"
    args = ["higlass", uri, "-l", f"calls={loops}", "-o", str(out), "--ucsc", "-q", "--json"]
    assert main(args) == 0
    assert json.loads(capsys.readouterr().out)["files"][:2] == ["loops-1.bed2ddb", "loops-1.bb"]
    (view,) = json.loads((out / "viewconf.json").read_text())["views"]
    heatmap, marks = view["tracks"]["center"][0]["contents"]
    assert (heatmap["type"], marks["type"], marks["tilesetUid"]) == ("heatmap", "2d-rectangle-domains", "loops-1")
    assert view["initialXDomain"] == view["initialYDomain"]
    assert "--uid loops-1" in (out / "ingest.sh").read_text()
    compile((out / "view.py").read_text(), "view.py", "exec")
    with pybigtools.open(str(out / "loops-1.bb")) as big:
        rows = list(big.records("chr17"))
        assert len(rows) == 39
        assert "sourceChrom" in big.sql()
    known = {(a.anchor1.start, a.anchor2.end) for a in read_labels(loops).records}
    assert {(row[0], row[1]) for row in rows} == known
    assert main(args) == 2
    assert "exists. Nothing was written." in capsys.readouterr().err
    assert main(["higlass", uri, "-o", str(out / "b"), "-q"]) == 2
    assert "nothing to show" in capsys.readouterr().err


def test_interact_reads_back(tmp_path: Path) -> None:
    records = [_loop(1_000_000, 1_500_000, score=0.5, source="X", name="a"), _loop(200_000, 400_000, chrom="chr1")]
    path = write_interact(records, tmp_path / "l.interact")
    head, *rows = path.read_text().splitlines()
    assert head == 'track type=interact name="l" visibility=full', "UCSC takes it for BED otherwise"
    lines = [line.split("\t") for line in rows]
    assert {len(line) for line in lines} == {18}
    assert lines[1][:6] == ["chr2", "1000000", "1510000", "a", "500", "0.5"]
    back = read_labels(path).records
    assert [(a.anchor1, a.anchor2) for a in back] == [(a.anchor1, a.anchor2) for a in reversed(records)]
    bare = write_interact([_loop(200_000, 400_000, chrom="21")], tmp_path / "b.interact").read_text().splitlines()[1]
    assert [bare.split("\t")[k] for k in (0, 8, 13)] == ["chr21"] * 3, "UCSC knows no 21"


def test_gff3_counts_from_one_and_escapes(tmp_path: Path) -> None:
    span = Interval("chr1", 100, 500)
    tad = Annotation(kind=Kind.TAD, anchor1=span, anchor2=span, name="a;b=c", status=Status.ACCEPTED, score=0.25)
    lines = write_gff3([tad, _loop(1_000, 90_000)], tmp_path / "t.gff3").read_text().splitlines()
    assert lines[0] == "##gff-version 3"
    fields = lines[1].split("\t")
    assert fields[2:6] == ["topologically_associated_domain", "101", "500", "0.25"]
    assert "Name=a%3Bb%3Dc" in fields[8]
    first, second = (line.split("\t") for line in lines[2:])
    assert (first[3], first[4], second[3], second[4]) == ("1001", "11000", "90001", "100000")
    assert first[8] == second[8], "two lines of one feature have one ID"
