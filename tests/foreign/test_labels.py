"""Label files of other programs and people: read right, or refused in one true sentence."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import math
import os
import zipfile
from itertools import pairwise
from pathlib import Path

import cooler
import numpy as np
import pandas as pd
import pytest

from napari_hicstruct.annotations import Kind, read_labels
from napari_hicstruct.annotations.readers.scores import Better, fractional_ranks, settle
from napari_hicstruct.cli.main import main
from napari_hicstruct.errors import LabelError
from tests.foreign.label_files import BINARIES, CASES, NOT_LABELS, TADS, Case, domains, pairs


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text.replace("|", "\t"))
    return path


def same(found: float, right: float) -> bool:
    return (math.isnan(found) and math.isnan(right)) or found == pytest.approx(right)


@pytest.fixture(scope="module")
def map_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """chr1 (2 Mb) and chr2 (1 Mb) at 10 kb."""
    path = tmp_path_factory.mktemp("map") / "m.cool"
    bins = cooler.binnify(pd.Series({"chr1": 2_000_000, "chr2": 1_000_000, "chr21": 1_000_000}), 10_000)
    pixels = {"bin1_id": np.array([3]), "bin2_id": np.array([5]), "count": np.array([2])}
    cooler.create_cooler(str(path), bins, pd.DataFrame(pixels))
    return path


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_layout(tmp_path: Path, case: Case) -> None:
    found = read_labels(write(tmp_path, case.name, case.text))
    assert found.format == case.format
    assert (found.trans, len(found.problems)) == (case.trans, case.bad)
    places = [(r.anchor1.start, r.anchor1.end, r.anchor2.start, r.anchor2.end) for r in found.records]
    assert places == case.right_places()
    assert {r.kind.value for r in found.records} == {case.kind}
    scores = [r.score for r in found.records]
    assert all(map(same, scores, case.scores)), scores
    assert all(math.isnan(r.probability) for r in found.records)
    first = found.records[0]
    assert {key: first.extra.get(key) for key in case.extra} == case.extra
    assert {key: getattr(first, key) for key in case.fields} == case.fields
    assert [one.number for one in found.undecided] == list(case.undecided)


@pytest.mark.parametrize("case", [c for c in CASES if not c.bad], ids=[c.name for c in CASES if not c.bad])
def test_each_layout_goes_in_and_comes_out(
    tmp_path: Path, map_file: Path, case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    path, project = write(tmp_path, case.name, case.text), str(tmp_path / "p.hicproj")
    assert main(["import", str(path), "--map", str(map_file), "--project", project, "--json"]) == 0
    shown = capsys.readouterr()
    (one,) = json.loads(shown.out)["files"]
    assert one["counts"] == {case.kind: len(case.scores)}
    assert (one["trans"], [column["number"] for column in one["undecided"]]) == (case.trans, list(case.undecided))
    assert ("two chromosomes, left out" in shown.err) == bool(case.trans)
    assert ("meaning unknown; --score-column" in shown.err) == bool(case.undecided)
    assert main(["export", project, "-o", str(tmp_path / "out"), "--format", "bedpe", "--format", "bed", "--json"]) == 0
    files = [Path(file) for file in json.loads(capsys.readouterr().out)["files"]]
    back = [record for file in files[:-1] for record in read_labels(file).records]
    right = sorted(zip(case.right_places(), case.scores, strict=True), key=lambda item: item[0])
    back.sort(key=lambda r: (r.anchor1.start, r.anchor1.end, r.anchor2.start, r.anchor2.end))
    assert [(r.anchor1.start, r.anchor1.end, r.anchor2.start, r.anchor2.end) for r in back] == [p for p, _ in right]
    assert all(same(r.score, score) for r, (_, score) in zip(back, right, strict=True))


@pytest.mark.parametrize(("name", "text", "says", "intervals"), NOT_LABELS, ids=[one[0] for one in NOT_LABELS])
def test_tracks_genes_and_reads_are_no_labels(tmp_path: Path, name: str, text: str, says: str, intervals: bool) -> None:
    path = write(tmp_path, name, text)
    with pytest.raises(LabelError, match=says) as caught:
        read_labels(path)
    assert "\n" not in str(caught.value)
    if intervals:
        assert "--kind tad" in str(caught.value)
        assert {r.kind for r in read_labels(path, kind=Kind.TAD).records} == {Kind.TAD}
    else:
        with pytest.raises(LabelError):
            read_labels(path, kind=Kind.TAD)


@pytest.mark.parametrize("case", TADS, ids=[case.name for case in TADS])
def test_domains_are_no_track(tmp_path: Path, case: Case) -> None:
    assert len(read_labels(write(tmp_path, case.name, case.text * 1)).records) == 3


def test_many_domains_in_a_row_are_no_track(tmp_path: Path) -> None:
    ends = np.cumsum([7, 12, 30, 9, 15, 8, 22, 41, 10, 13] * 4) * 20_000
    rows = [f"chr1|{a}|{b}|{0.1 * k % 1:.2f}\n" for k, (a, b) in enumerate(pairwise(ends))]
    assert len(read_labels(write(tmp_path, "tads.bed", "".join(rows))).records) == 39
    levels = "".join(f"chr1|{a}|{b}|0\n" for a, b in pairwise(ends))
    assert read_labels(write(tmp_path, "hitad.txt", levels)).format == "HiTAD"


@pytest.mark.parametrize(("name", "data", "says"), BINARIES, ids=[one[0] for one in BINARIES])
def test_files_of_another_kind(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    for packed in (data, gzip.compress(data)):
        (tmp_path / name).write_bytes(packed)
        with pytest.raises(LabelError, match=says) as caught:
            read_labels(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_archives_are_told_apart(tmp_path: Path) -> None:
    for inside, says in (("xl/workbook.xml", "spreadsheet"), ("word/document.xml", "Word"), ("a.npy", "npz")):
        path = tmp_path / "x.bedpe"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(inside, "x")
        with pytest.raises(LabelError, match=says):
            read_labels(path)


def test_places_that_are_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path, "mine.bed", domains())
    assert len(read_labels("~/mine.bed").records) == 3
    for path, says in (
        (tmp_path / "pipe", "is a pipe"),
        ("/dev/zero", "is a pipe or a device"),
        (tmp_path, "is a folder"),
        ("https://a.org/x.bedpe", "curl -LO https://a.org/x.bedpe"),
        (Path("ftp://a.org/x.bedpe"), "curl -LO ftp://a.org/x.bedpe"),
        ("s3://b/x.bedpe", r"aws s3 cp s3://b/x.bedpe \."),
        ("~nobody-of-this-name/x.bed", "cannot be read"),
        ("a\0b.bed", "is no file name"),
    ):
        with pytest.raises(LabelError, match=says):
            read_labels(path)


def test_process_substitution_is_read_even_twice() -> None:
    reading, writing = os.pipe()
    os.write(writing, pairs().replace("|", "\t").encode())
    os.close(writing)
    try:
        assert [len(read_labels(f"/dev/fd/{reading}").records) for _ in range(2)] == [3, 3]
    finally:
        os.close(reading)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_files(tmp_path: Path, pack: object) -> None:
    half = [part.encode() for part in pairs().replace("|", "\t").splitlines(keepends=True)]
    (tmp_path / "x.bedpe.gz").write_bytes(b"".join(map(pack, half)))  # type: ignore[arg-type]
    assert len(read_labels(tmp_path / "x.bedpe.gz").records) == 3


# --- the score that a person names ----------------------------------------------------------------------------------
def test_a_named_column_ranks(tmp_path: Path) -> None:
    bare = write(tmp_path, "d.bedgraph", pairs(["1e-8", "1e-12", "0.03"]))
    found = read_labels(bare, score_column=7, ascending=True)
    assert [r.score for r in found.records] == pytest.approx([2 / 3, 1, 1 / 3])
    assert [r.extra["column7"] for r in found.records] == ["1e-8", "1e-12", "0.03"]
    assert found.undecided == ()
    assert [r.score for r in read_labels(bare, score_column="7").records] == [1e-8, 1e-12, 0.03]
    headed = write(tmp_path, "h.tsv", pairs(["9", "8", "7"], ["1", "5", "3"], head="chr1|x1|x2|chr2|y1|y2|N|FDR\n"))
    assert [one.number for one in read_labels(headed).undecided] == [7, 8]
    assert [r.score for r in read_labels(headed, score_column="n").records] == pytest.approx([1, 2 / 3, 1 / 3])
    by_fdr = read_labels(headed, score_column="fdr")  # lower is better, as the name says
    assert [r.score for r in by_fdr.records] == pytest.approx([1, 1 / 3, 2 / 3])
    rows = [f"{k}|{line}\n" for k, line in enumerate(pairs(["3", "1", "2"]).splitlines())]
    indexed = write(tmp_path, "pandas.tsv", "".join(["|chrom1|start1|end1|chrom2|start2|end2|x\n", *rows]))
    assert [one.number for one in read_labels(indexed).undecided] == [8]
    assert read_labels(indexed, score_column=8).records[0].score == 1


@pytest.mark.parametrize(
    ("column", "says"),
    [(99, "has no column 99; the last one is 8"), ("q", "has no header"), (7, "holds no numbers"), (0, "no column 0")],
)
def test_a_column_that_cannot_rank(
    tmp_path: Path, map_file: Path, column: object, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, "x.bedpe", pairs(["a", "b", "c"], ["1", "2", "3"]))
    with pytest.raises(LabelError, match=says):
        read_labels(path, score_column=column)  # type: ignore[arg-type]
    words = ["import", str(path), "--map", str(map_file), "--project", str(tmp_path / "p.hicproj")]
    assert main([*words, "--score-column", str(column)]) == 2
    assert capsys.readouterr().err.strip().count("\n") == 0
    assert main([*words, "--ascending"]) == 2
    assert "--score-column" in capsys.readouterr().err
    assert not (tmp_path / "p.hicproj").exists()


def test_import_and_evaluate_rank_by_the_named_column(
    tmp_path: Path, map_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = write(tmp_path, "d.bedgraph", pairs(["0.03", "1e-12", "1e-8"]))
    truth = write(tmp_path, "t.bedpe", "\n".join(pairs().splitlines()[1:]))
    project = str(tmp_path / "p.hicproj")
    named = ["--score-column", "7", "--ascending"]
    assert main(["import", str(calls), "--map", str(map_file), "--project", project, *named, "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["files"][0]["undecided"] == []
    assert "lower is better" in shown.err
    ranked = {}
    for words in ([], named):
        assert main(["evaluate", "--pred", str(calls), "--truth", str(truth), "--top", "1", *words, "--json"]) == 0
        result = json.loads(capsys.readouterr().out)
        ranked[bool(words)] = result["loops"]["average_precision"]
        assert any("have no scores" in note for note in result["notes"]) == (not words)
    assert ranked[True] == 1.0
    assert ranked[False] < 1
    assert main(["evaluate", "--pred", str(calls), "--truth", str(truth), "--score-column", "9"]) == 2


def test_evaluate_gives_no_ranking_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = write(tmp_path, "truth.bed", domains())
    cases = (
        (
            domains(),
            "The predicted TADs have no scores: average precision, precision of the best n and the curve are",
            False,
        ),
        (domains(list("abc"), ["0.5", ".", "0.7"]), "1 of 3 predicted TADs have no score and rank last.", True),
        (domains(list("abc"), ["0.5", "0.6", "0.7"]), "", True),
    )
    for text, note, ranked in cases:
        calls = write(tmp_path, "calls.bed", text)
        assert main(["evaluate", "--pred", str(calls), "--truth", str(truth), "--json"]) == 0
        result = json.loads(capsys.readouterr().out)
        said = [line for line in result["notes"] if "score" in line]
        assert said == [] if not note else said[0].startswith(note)
        assert ("average_precision" in result["tads"]) == ranked


def test_our_own_files_keep_their_scores_unless_a_column_is_named(
    tmp_path: Path, map_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, project = write(tmp_path, "n.bedpe", pairs(list("abc"), ["0.5"] * 3)), str(tmp_path / "p.hicproj")
    assert main(["import", str(path), "--map", str(map_file), "--project", project]) == 0
    assert main(["export", project, "-o", str(tmp_path / "out"), "--json"]) == 0
    ours = tmp_path / "out" / "loops.bedpe"
    text = ours.read_text().splitlines()
    scores = ("7.5", "0.5", "-3")
    for k, score in enumerate(scores, start=1):
        cells = text[k].split("\t")
        cells[7] = score
        text[k] = "\t".join(cells)
    ours.write_text("\n".join(text) + "\n")
    assert [r.score for r in read_labels(ours).records] == [7.5, 0.5, -3]
    again = read_labels(ours, score_column="score")
    assert [r.score for r in again.records] == pytest.approx([1, 2 / 3, 1 / 3])
    assert [r.extra["score"] for r in again.records] == ["7.5", "0.5", "-3.0"]


def test_our_own_file_through_r(tmp_path: Path, map_file: Path) -> None:
    path, project = write(tmp_path, "n.bedpe", pairs(list("abc"), ["0.5", "0.1", "1"])), str(tmp_path / "p.hicproj")
    assert main(["import", str(path), "--map", str(map_file), "--project", project]) == 0
    assert main(["export", project, "-o", str(tmp_path / "out"), "--json"]) == 0
    head, *rows = (tmp_path / "out" / "loops.bedpe").read_text().lstrip("#").splitlines()
    quoted = [" ".join(f'"{cell}"' for cell in line.split("\t")) for line in (head, *rows)]
    again = "\n".join([quoted[0], *(f'"{k}" {line}' for k, line in enumerate(quoted[1:], start=1))]) + "\n"
    (tmp_path / "r.txt").write_text(again)
    assert read_labels(tmp_path / "r.txt").records == read_labels(tmp_path / "out" / "loops.bedpe").records


def test_ranks_are_shares_of_the_whole() -> None:
    assert fractional_ranks({1: 5.0, 2: 5.0, 3: 9.0, 4: -1.0}) == {1: 0.625, 2: 0.625, 3: 1.0, 4: 0.25}
    assert settle({1: 0.2, 2: float("nan"), 3: 0.9}, Better.HIGHER).scores == {1: 0.2, 3: 0.9}
    assert settle({1: 0.0, 2: 0.0}, Better.HIGHER).scores == {}
    assert settle({1: 0.01, 2: 0.01}, Better.LOWER).scores == {}
    assert settle({1: 0.25, 2: 0.0}, Better.ONE_MINUS).scores == {1: 0.75, 2: 1.0}


# --- what is said -----------------------------------------------------------------------------------------------------
def test_only_lines_between_chromosomes(tmp_path: Path) -> None:
    path = write(tmp_path, "t.bedpe", "".join(f"chr1|1|2|chr{k}|3|4\n" for k in range(2, 9)))
    with pytest.raises(LabelError, match="joins two chromosomes in all of its 7 lines"):
        read_labels(path)


def test_domains_too_short_for_the_map_are_pointed_out(
    tmp_path: Path, map_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"chr1|{a}|{a + 8000}\n" for a in range(0, 900_000, 90_000)]
    short = write(tmp_path, "short.bed", "".join(rows))
    long = write(tmp_path, "long.bed", domains())
    for path, said in ((short, True), (long, False)):
        words = ["import", str(path), "--map", str(map_file), "--project", str(tmp_path / f"{path.stem}.hicproj")]
        assert main(words) == 0
        assert ("10 of 10 TADs are shorter than 3 bins" in capsys.readouterr().err) == said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (pairs().replace("|", "/"), "separated by '/'"),
        (pairs().replace("|", ":"), "separated by ':'"),
        (pairs().replace("|", "_"), "separated by '_'"),
        ("start|end|dom_order\n0|900000|1\n100000|200000|2\n", "no column with the chromosome"),
        ("1|90|1|0.5|3\n10|20|2|0.7|4\n", "numbers only"),
    ],
)
def test_what_keeps_a_file_from_being_read_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(LabelError, match=says):
        read_labels(write(tmp_path, "x.txt", text))


def test_each_bad_line_is_named_and_the_rest_comes_in(tmp_path: Path) -> None:
    bad = {
        4: ("chr1|1e300|2e300|chr1|1|2", "start1 '1e300' lies beyond any chromosome"),
        5: ("chr1|nan|9|chr1|1|2", "start1 'nan' is not a whole number"),
        6: ("chr1|-5|9|chr1|1|2", "start1 -5 lies before the chromosome"),
        7: ("chr1|x|9|chr1|1|2", "start1 'x' is not a whole number"),
        8: ("chr1|100|200", "has 3 columns, 'chrom2' is missing"),
        9: ("chr1|9|5|chr1|1|2", "end1 5 is not behind start1 9"),
    }
    good = "chr1|1000|2000|chr1|5000|6000\n"
    text = pairs() + "".join(line + "\n" for line, _ in bad.values()) + good * 4
    found = read_labels(write(tmp_path, "x.bedpe", text))
    assert len(found.records) == 7
    assert {p.line: p.reason for p in found.problems} == {number: reason for number, (_, reason) in bad.items()}
