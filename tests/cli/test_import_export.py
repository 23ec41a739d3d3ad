"""Labels in and out from the shell: what a person reads, what a machine reads, what is refused."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import cooler
import numpy as np
import pandas as pd
import pytest

from napari_hicstruct.annotations import Annotation, Kind, Origin, Project, Status, read_labels
from napari_hicstruct.cli.main import main
from napari_hicstruct.contacts import open_map
from napari_hicstruct.errors import ProjectError
from napari_hicstruct.genome import Interval
from napari_hicstruct.workflows.export import ExportRequest, chosen_records
from napari_hicstruct.workflows.projects import relink
from tests.window_kit import make_project

LOOPS = """chrom1\tstart1\tend1\tchrom2\tstart2\tend2\tsoft_score\tn_calls\tn_tools\tsupporters
1\t100000\t110000\t1\t300000\t310000\t0.9\t3\t2\ta,b
chr1\t200000\t210000\tchr1\t400000\t410000\t1.7\t3\t2\ta,b
chr9\t200000\t210000\tchr9\t400000\t410000\t0.7\t3\t2\ta,b
chr1\t500000\t510000\tchr1\t900000\t910000\t0.4\t1\t1\tb
"""
TADS = "chr1\t100000\t900000\tchr1\t100000\t900000\nchr1\t100000\t300000\tchr1\t100000\t300000\n"
STRIPES = (
    "chr\tpos1\tpos2\tchr2\tpos3\tpos4\tlength\twidth\tMean\tmaxpixel\tpvalue\tStripiness\n"
    "chr1\t100001\t120000\tchr1\t100001\t700000\t600000\t20000\t99.4\t99.0%\t0.02\t8.7\n"
)


@pytest.fixture
def map_file(tmp_path: Path) -> Path:
    """Chromosomes chr1 (1 Mb) and chr2 at 10 kb with one contact."""
    bins = cooler.binnify(pd.Series({"chr1": 1_000_000, "chr2": 500_000}), 10_000)
    pixels = {"bin1_id": np.array([3]), "bin2_id": np.array([5]), "count": np.array([2])}
    cooler.create_cooler(str(tmp_path / "m.cool"), bins, pd.DataFrame(pixels))
    return tmp_path / "m.cool"


def _files(folder: Path) -> list[str]:
    for name, text in (("l.bedpe", LOOPS), ("t.bed", TADS), ("s.tsv", STRIPES)):
        (folder / name).write_text(text)
    return [str(folder / name) for name in ("l.bedpe", "t.bed", "s.tsv")]


def test_labels_go_in_and_come_out_the_same(tmp_path: Path, map_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = str(tmp_path / "p.hicproj")
    words = ["import", *_files(tmp_path), "--map", str(map_file), "--project", project, "--reviewer", "ada"]
    assert main([*words, "--status", "accepted", "--json"]) == 0
    shown = capsys.readouterr()
    result = json.loads(shown.out)
    assert [one["counts"] for one in result["files"]] == [{"loop": 2}, {"tad": 2}, {"stripe": 1}]
    assert result["files"][0]["unmatched"] == {"chr9": 1}
    assert shown.err.splitlines() == [
        f"{tmp_path / 'l.bedpe'}: line 3: soft_score 1.7 is not in [0, 1]",
        f"{tmp_path / 'l.bedpe'}: chromosomes that the map does not have, left out: chr9 (1)",
    ]
    out = tmp_path / "out"
    assert main(["export", project, "-o", str(out), "--json"]) == 0
    names = [Path(path).name for path in json.loads(capsys.readouterr().out)["files"]]
    assert names == ["loops.bedpe", "stripes.bedpe", "tads.bed", "stripes.tsv", "run.json"]
    with Project.open(project) as stored:
        held = {record.uid: record for record in stored.query()}
        assert {record.status for record in held.values()} == {Status.ACCEPTED}
        assert {entry.reviewer for entry in stored.journal()} == {"ada"}
    back = [record for name in names[:3] for record in read_labels(out / name).records]
    assert {record.uid: record for record in back} == held
    assert read_labels(out / "stripes.tsv").records[0].extra["maxpixel"] == "99.0%"
    run = json.loads((out / "run.json").read_text())
    assert run["map"]["uri"] == str(map_file)
    assert run["counts"] == {"loop": 2, "stripe": 1, "tad": 2}

    # Our own files may come in again: under new uids, children still below their parents.
    assert main(["import", str(out / "tads.bed"), "--map", str(map_file), "--project", project]) == 0
    with Project.open(project) as stored:
        tads = stored.query(set_ids=[stored.sets()[-1].id])
        child = next(record for record in tads if record.level == 2)
        assert child.parent in {record.uid for record in tads}
        assert len({record.uid for record in stored.query()}) == 7


@pytest.mark.parametrize("name", ["hg18.bed", "garbage.bed", "missing.bed"])
def test_what_does_not_fit_is_one_line_and_the_others_come_in(
    name: str, tmp_path: Path, map_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hg18.bed").write_text("chr1\t5000000\t6000000\nchr1\t7000000\t8000000\nchr1\t1000\t5000\n")
    (tmp_path / "garbage.bed").write_text("chr1\t100\t200\nchr1\tx\t1\nchr1\t5\t2\n")
    good = _files(tmp_path)[1]
    project = tmp_path / "p.hicproj"
    to = ["--map", str(map_file), "--project", str(project)]
    assert main(["import", str(tmp_path / name), *to]) == 2
    said = capsys.readouterr().err.strip()
    assert said.count("\n") == 0
    assert name in said
    expected = {"hg18.bed": "another assembly", "garbage.bed": "line 2", "missing.bed": "No such file"}
    assert expected[name] in said
    assert not project.exists()
    assert main(["import", str(tmp_path / name), str(tmp_path / "none.bed"), *to]) == 2
    said = capsys.readouterr().err.strip()
    assert said.count("\n") == 0
    assert "none of the 2 files" in said
    assert not project.exists()
    assert main(["import", good, str(tmp_path / name), *to, "--json"]) == 0
    shown = capsys.readouterr()
    assert expected[name] in shown.err
    assert shown.err.startswith("not imported: ")
    result = json.loads(shown.out)
    assert [len(result["files"]), len(result["refused"])] == [1, 1]
    with Project.open(project) as opened:
        assert len(opened.sets()) == 1


def test_what_stands_twice_or_names_another_assembly_is_said(
    tmp_path: Path, map_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loops = tmp_path / "loops.mm10.bedpe"
    line = "chr1\t100000\t110000\tchr1\t300000\t310000\n"
    loops.write_text(line * 3)
    assert main(["import", str(loops), "--map", str(map_file), "--project", str(tmp_path / "p.hicproj")]) == 0
    (said,) = capsys.readouterr().err.strip().splitlines()
    assert "2 of 3 labels stand in it again; all are kept" in said


def test_a_bed_of_regions_that_is_not_there_is_no_chromosome(
    tmp_path: Path, map_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["import", _files(tmp_path)[1], "--map", str(map_file), "--project", str(tmp_path / "p.hicproj")]
    assert main([*words, "--complete-in", "nowhere.bed"]) == 2
    assert "nowhere.bed: cannot be read (no such file)" in capsys.readouterr().err


def test_project_of_another_map_is_refused(tmp_path: Path, map_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = str(tmp_path / "p.hicproj")
    assert main(["import", _files(tmp_path)[1], "--map", str(map_file), "--project", project, "--quiet"]) == 0
    bins = cooler.binnify(pd.Series({"chr1": 1_000_000}), 10_000)
    pixels = {"bin1_id": np.array([1]), "bin2_id": np.array([8]), "count": np.array([7])}
    other = tmp_path / "other.cool"
    cooler.create_cooler(str(other), bins, pd.DataFrame(pixels))
    capsys.readouterr()
    assert main(["import", _files(tmp_path)[0], "--map", str(other), "--project", project]) == 2
    assert "p.hicproj: belongs to another map" in capsys.readouterr().err
    with Project.open(project) as stored:
        assert stored.count() == 2
    relink(project, open_map(other))
    with Project.open(project) as stored:
        assert stored.map.fingerprint == open_map(other).fingerprint()


def test_each_place_once(tmp_path: Path, map_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project, out = str(tmp_path / "p.hicproj"), tmp_path / "out"
    head = LOOPS.splitlines()[0]
    for name, starts, status in (("mine", (100_000, 500_000), "accepted"), ("theirs", (105_000, 700_000), "proposed")):
        rows = [f"chr1\t{x}\t{x + 10_000}\tchr1\t{x + 200_000}\t{x + 210_000}\t0.5\t1\t1\ta" for x in starts]
        (tmp_path / f"{name}.bedpe").write_text("\n".join([head, *rows]) + "\n")
        words = ["import", str(tmp_path / f"{name}.bedpe"), "--map", str(map_file), "--project", project]
        assert main([*words, "--status", status]) == 0
    with Project.open(project) as opened:
        (second,) = (r for r in opened.query() if r.anchor1.start == 500_000)
        opened.set_status([second.uid], Status.REJECTED)
    for words, starts in (
        ([], {100_000, 105_000, 700_000}),
        (["--deduplicate"], {100_000, 700_000}),
        (["--once"], {100_000, 700_000}),
    ):
        assert main(["export", project, "-o", str(out), *words]) == 0
        assert {r.anchor1.start for r in read_labels(out / "loops.bedpe").records} == starts
        assert json.loads((out / "run.json").read_text())["parameters"]["deduplicate"] is bool(words)


def test_export_refuses_what_is_not_there(tmp_path: Path, map_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = str(tmp_path / "p.hicproj")
    assert main(["import", _files(tmp_path)[1], "--map", str(map_file), "--project", project, "--quiet"]) == 0
    for words, said in (
        (["--set", "none"], "has no set 'none'. It has 't'"),
        (["--status", "rejected"], "holds nothing to export"),
    ):
        assert main(["export", project, "-o", str(tmp_path / "out"), *words]) == 2
        assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_what_was_rejected_elsewhere_comes_in_as_rejected(
    tmp_path: Path, map_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loops = tmp_path / "rejected.bedpe"
    loops.write_text("chr1\t100001\t110000\tchr1\t300001\t310000\n")
    project = tmp_path / "p.hicproj"
    words = ["import", str(loops), "--map", str(map_file), "--project", str(project), "--one-based"]
    assert main([*words, "--status", "rejected"]) == 0
    assert "starts came in 1 bp lower" in capsys.readouterr().err
    with Project.open(project) as opened:
        (record,) = opened.query()
    assert record.status is Status.REJECTED
    assert (record.anchor1.start, record.anchor2.start) == (100_000, 300_000)


def test_an_accepted_list_that_is_complete_somewhere_can_be_learnt_from(
    tmp_path: Path, map_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from napari_hicstruct.workflows.finetune.prepare import prepare_finetune

    project, bed = str(tmp_path / "p.hicproj"), tmp_path / "done.bed"
    bed.write_text("chr1\t600000\t900000\n")
    words = ["import", _files(tmp_path)[0], "--map", str(map_file), "--project", project, "--status", "accepted"]
    assert main(words) == 0
    with Project.open(project) as opened, pytest.raises(ProjectError, match="So far you only accepted"):
        prepare_finetune(opened, open_map(map_file))
    fresh = str(tmp_path / "q.hicproj")
    assert main([*words[:-3], fresh, *words[-2:], "--complete-in", "chr1:50k-500k", "--complete-in", str(bed)]) == 0
    with Project.open(fresh) as opened:
        blocks = opened.reviewed()
        assert [(one.rows.start, one.rows.end) for one in blocks] == [(50_000, 500_000), (600_000, 900_000)]
        assert {one.kinds for one in blocks} == {(Kind.LOOP,)}
        prepare_finetune(opened, open_map(map_file))
    capsys.readouterr()
    assert main([*words[:-3], str(tmp_path / "r.hicproj"), *words[-2:], "--complete-in", "chr9:1-2"]) == 2
    assert "chr9" in capsys.readouterr().err
    assert not (tmp_path / "r.hicproj").exists()


def test_where_files_are_complete_is_said_and_what_is_dropped(
    tmp_path: Path, map_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    regions = tmp_path / "reg.bed"
    regions.write_text("chr1\t100000\t400000\nchr1\tx\t5\nchr1\t300000\t600000\nchr9\t1\t100000\n")
    project = tmp_path / "p.hicproj"
    words = ["import", _files(tmp_path)[2], "--map", str(map_file), "--project", str(project)]
    assert main([*words, "--complete-in", str(regions), "--json"]) == 0
    shown = capsys.readouterr()
    assert shown.err.splitlines() == [
        f"{regions}: line 2: start 'x' is not a whole number; not marked complete.",
        f"{regions}: chromosomes that the map does not have are not marked complete: chr9 (1).",
        "complete in 2 regions (500 kb): what is not named there is learnt as absent",
    ]
    assert json.loads(shown.out)["complete_in"] == ["chr1:100,000-400,000", "chr1:300,000-600,000"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("chr1\t100000\t110000\tchr1\t300000\t310000\n", "holds pairs of anchors, not regions. Give a BED file"),
        ("", "is empty. Give a BED file of regions"),
        ("chr9\t1\t100000\n", "has no chromosome of the map: it has chr9, the map has chr2, chr1. Give a BED"),
    ],
)
def test_what_is_no_list_of_regions_is_refused(
    text: str, says: str, tmp_path: Path, map_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "reg.bed").write_text(text)
    project = tmp_path / "p.hicproj"
    words = ["import", _files(tmp_path)[2], "--map", str(map_file), "--project", str(project)]
    assert main([*words, "--complete-in", str(tmp_path / "reg.bed")]) == 2
    assert says in capsys.readouterr().err
    assert not project.exists()


def test_a_file_that_may_not_be_read_leaves_out_only_itself(
    tmp_path: Path, map_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good, closed, _ = _files(tmp_path)
    allowed, opened = os.access, Path.open
    monkeypatch.setattr(os, "access", lambda path, *mode, **how: str(path) != closed and allowed(path, *mode, **how))

    def open_(path: Path, *how: object, **more: object) -> object:
        if str(path) == closed:
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, *how, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", open_)
    words = ["import", good, closed, "--map", str(map_file), "--project", str(tmp_path / "p.hicproj"), "--json"]
    assert main(words) == 0
    shown = capsys.readouterr()
    assert f"not imported: {closed}: cannot be read (Permission denied). Check its permissions." in shown.err
    assert [len(json.loads(shown.out)[key]) for key in ("files", "refused")] == [1, 1]


def test_a_domain_whose_outer_one_is_left_out_lies_below_the_next(tmp_path: Path) -> None:
    spans = ((100_000, 900_000), (200_000, 800_000), (300_000, 700_000))
    tads: list[Annotation] = []
    for level, (start, end) in enumerate(spans, 1):
        place = Interval("chr1", start, end)
        parent = tads[-1].uid if tads else ""
        tads.append(Annotation(kind=Kind.TAD, anchor1=place, anchor2=place, level=level, parent=parent))
    with make_project(tmp_path) as project:
        project.add(tads, set_id=project.add_set("a run", Origin.PREDICTED).id)
        project.set_status([tads[1].uid], Status.REJECTED)
        outer, inner = chosen_records(project, ExportRequest())
        assert (outer.uid, outer.level, outer.parent) == (tads[0].uid, 1, "")
        assert (inner.uid, inner.level, inner.parent) == (tads[2].uid, 2, tads[0].uid)
        project.set_status([tads[0].uid], Status.REJECTED)
        (alone,) = chosen_records(project, ExportRequest())
        assert (alone.level, alone.parent) == (1, "")
        assert [record.level for record in project.query(kind=Kind.TAD)] == [1, 2, 3]


def test_tads_are_imported_as_the_boundaries_that_they_stand_for(map_file: Path, tmp_path: Path) -> None:
    path, project = tmp_path / "x.bed", tmp_path / "p.hicproj"
    path.write_text("chr1\t100000\t310000\nchr1\t310000\t700000\n")
    words = ["import", str(path), "--map", str(map_file), "--project", str(project)]
    assert main([*words, "--kind", "boundary"]) == 0
    with Project.open(project) as opened:
        found = [(record.kind, record.anchor1.center) for record in opened.query()]
    assert found == [(Kind.BOUNDARY, 100_000), (Kind.BOUNDARY, 310_000), (Kind.BOUNDARY, 700_000)]
