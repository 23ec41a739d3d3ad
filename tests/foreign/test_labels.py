"""Label files of other programs and people: read right, or refused in one true sentence."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import math
import os
import zipfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import cooler
import numpy as np
import pandas as pd
import pytest

from napari_hicstruct.annotations import Kind, Project, read_labels
from napari_hicstruct.annotations.readers.scores import Better, fractional_ranks, scores_of
from napari_hicstruct.cli.main import main
from napari_hicstruct.contacts import open_map
from napari_hicstruct.errors import LabelError
from napari_hicstruct.genome import Interval
from napari_hicstruct.workflows.projects import identity_of
from tests.foreign.label_files import (
    BINARIES,
    CASES,
    DOMAINS,
    NOT_LABELS,
    PLACES,
    SIZE,
    TADS,
    Case,
    domains,
    pairs,
)
from tests.window_kit import TinyWindow


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


def test_archives_are_distinct_names(tmp_path: Path) -> None:
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
        assert said == [] if not note else any(line.startswith(note) for line in said)
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
    assert scores_of({1: 0.2, 2: float("nan"), 3: 0.9}, Better.HIGHER).by_line == {1: 0.2, 3: 0.9}
    assert scores_of({1: 0.0, 2: 0.0}, Better.HIGHER).by_line == {}
    assert scores_of({1: 0.01, 2: 0.01}, Better.LOWER).by_line == {}
    assert scores_of({1: 0.25, 2: 0.0}, Better.ONE_MINUS).by_line == {1: 0.75, 2: 1.0}


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


# --- not what it looks like -------------------------------------------------------------------------------------------
def tiles(*names: str) -> str:
    """Intervals of different lengths side by side, one for each name."""
    ends = np.cumsum([0, *((k * 7 % 23 + 3) * 5_000 for k in range(len(names)))])
    return "".join(f"chr1|{a}|{b}|{name}\n" for (a, b), name in zip(pairwise(ends), names, strict=True))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("chr1|249250621\nchr2|243199373\nchrX|155270560\n", "is a list of chromosome lengths"),
        ("1|249250621\n2|243199373\nX|155270560\nMT|16569\n", "is a list of chromosome lengths"),
        ("2L|23011544\n2R|21146708\nU|10049037\n3L|24543557\n", "is a list of chromosome lengths"),
        ("GL000192.1|54719\nNC_000001.11|248956422\nscaffold_12|3000\n", "is a list of chromosome lengths"),
        ("chr2L|2500000\nchr2L|3500000\n", "gives one position in each line, no end"),
        ("chrom|pos\nchr1|100000\nchr1|200000\n", "gives one position in each line, no end"),
        ("chrom|start\nchr1|100000\nchr2|200000\n", "gives one position in each line, no end"),
        ("chr1|4487435|Sox17\nchr1|14300280|Eya1\n", "gives one position in each line, no end"),
        ("TAD_1|500000\nTAD_2|700000\n", "gives one position in each line, no end"),
        ("chr1|0.5\nchr2|0.7\n", "holds one number for each name, no starts and ends"),
        ("# a threshold file\n-200000|0.2\n-199000|0.2\n", "holds numbers only, no chromosome names"),
        ("1|2500000\n1|3500000\n", "holds numbers only, no chromosome names"),
        ("100|130\n200|240\n", "has starts and ends, but no column with the chromosome"),
        ("1000000|1300000\n1300000|1500000\n", "has starts and ends, but no column with the chromosome"),
    ],
)
def test_lines_without_an_interval_are_told_for_what_they_are(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(LabelError, match=says) as caught:
        read_labels(write(tmp_path, "x.bed", text))
    assert ("chromosome lengths" in str(caught.value)) == ("chromosome lengths" in says)


_R_NAMES = "seqnames1|start1|end1|width1|strand1|seqnames2|start2|end2|width2|strand2|counts\n"
_R_OTHER = (
    "first.seqnames|first.start|first.end|first.width|first.strand|"
    "second.seqnames|second.start|second.end|second.width|second.strand|counts\n"
)


def interactions(base: int, head: str = "", numbers: Sequence[int] = (), chrom: str = "chr1", strand: str = "*") -> str:
    """``as.data.frame(GInteractions)`` of the three loops."""
    rows = []
    for k, (x, y) in enumerate(PLACES):
        first, second = ((chrom, at + base, at + SIZE, SIZE, strand) for at in (x, y))
        rows.append("|".join(map(str, (*numbers[k : k + 1], *first, *second, k + 2))))
    return head + "\n".join(rows) + "\n"


@pytest.mark.parametrize("base", [1, 0], ids=["closed", "half-open"])
@pytest.mark.parametrize(
    ("head", "numbers", "chrom", "column"),
    [
        ("", (), "chr1", 11),
        ("", (1, 2, 3), "chr1", 12),
        ("", (4, 7, 19), "chr1", 12),
        ("", (), "1", 11),
        ("", (1, 2, 3), "1", 12),
        (_R_NAMES, (), "chr1", 11),
        (_R_NAMES, (1, 2, 3), "chr1", 12),
        (_R_OTHER, (), "chr1", 11),
    ],
)
def test_pairs_of_r_are_loops_at_the_right_places(
    tmp_path: Path, base: int, head: str, numbers: Sequence[int], chrom: str, column: int
) -> None:
    text = interactions(base, head, numbers, chrom)
    for sep, name in (("|", "tabs.txt"), (" ", "blanks.txt")):
        found = read_labels(write(tmp_path, name, text.replace("|", sep)))
        assert {r.kind for r in found.records} == {Kind.LOOP}
        places = [(r.anchor1.start, r.anchor1.end, r.anchor2.start, r.anchor2.end) for r in found.records]
        assert places == [(x, x + SIZE, y, y + SIZE) for x, y in PLACES]
        assert [one.number for one in found.undecided] == [column]
        assert any("1-based" in note for note in found.notes) == bool(base)


@pytest.mark.parametrize("base", [1, 0])
@pytest.mark.parametrize(("between", "last"), [("|*|gene|", "|*|gene"), ("|", ""), ("|+|0.5|", "|-|0.5")])
def test_pairs_of_r_with_more_or_less_between(tmp_path: Path, base: int, between: str, last: str) -> None:
    rows = [f"chr1|{x + base}|{x + SIZE}|{SIZE}{between}chr1|{y + base}|{y + SIZE}|{SIZE}{last}|3\n" for x, y in PLACES]
    found = read_labels(write(tmp_path, "x.txt", "".join(rows)))
    places = [(r.kind, r.anchor1.start, r.anchor1.end, r.anchor2.start, r.anchor2.end) for r in found.records]
    assert places == [(Kind.LOOP, x, x + SIZE, y, y + SIZE) for x, y in PLACES]


def test_one_pair_of_r_and_pairs_between_chromosomes(tmp_path: Path) -> None:
    one = write(tmp_path, "one.txt", "1 chr1 1000001 1010000 10000 * chr1 1200001 1210000 10000 * 2.5\n")
    (record,) = read_labels(one).records
    assert (record.anchor1, record.anchor2) == (
        Interval("chr1", 1_000_000, 1_010_000),
        Interval("chr1", 1_200_000, 1_210_000),
    )
    text = "chr1|1e+06|1010000|10001|*|chr1|1.2e+06|1210000.0|10001|*\n"
    (record,) = read_labels(write(tmp_path, "exponents.txt", text)).records
    assert (record.kind, record.anchor1.start, record.anchor2.start) == (Kind.LOOP, 999_999, 1_199_999)
    trans = "chr2|1000001|1010000|10000|*|chrX|1200001|1210000|10000|*|3\n"
    assert read_labels(write(tmp_path, "trans.txt", interactions(1) + trans)).trans == 1


@pytest.mark.parametrize("head", ["", "bare", "seqnames|start|end|width|strand\n", "chr|start|end|size\n"])
def test_ranges_of_r_become_0_based(tmp_path: Path, head: str) -> None:
    def rows(base: int) -> str:
        tail = "" if "size" in head or head == "bare" else "|*"
        return "".join(f"chr1|{a + base}|{b}|{b - a}{tail}\n" for a, b in ((0, 900_000), (900_000, 1_300_000)))

    for base in (1, 0):
        found = read_labels(write(tmp_path, f"r{base}.txt", head.removeprefix("bare") + rows(base)))
        assert [(r.kind, r.span.start, r.span.end) for r in found.records] == [
            (Kind.TAD, 0, 900_000),
            (Kind.TAD, 900_000, 1_300_000),
        ]
        assert found.undecided == ()


def test_widths_that_prove_nothing_change_nothing(tmp_path: Path) -> None:
    mixed = "chr|start|end|width\nchr1|1|300000|300000\nchr1|300001|500000|199999\n"
    assert [r.span.start for r in read_labels(write(tmp_path, "m.txt", mixed)).records] == [1, 300_001]
    from_zero = "chr|start|end|width\nchr1|0|300000|300001\nchr1|300000|500000|200001\n"
    assert [r.span.start for r in read_labels(write(tmp_path, "z.txt", from_zero)).records] == [0, 300_000]


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"chr1|{x}|{x + SIZE}|n{x}|chr1|{y}|{y + SIZE}|5\n" for x, y in PLACES),
        "".join(f"1|{x}|{x + SIZE}|n{x}|1|{y}|{y + SIZE}|5\n" for x, y in PLACES),
        "chr|start|end|chr2|start2|end2\n" + pairs(),
        "chr|start|end|chr|start|end\n" + pairs(),
        "".join(f"chr1|{x}|{x + SIZE}|{y}|{y + SIZE}|5\n" for x, y in PLACES),
        "chrom|start1|end1|start2|end2\n" + "".join(f"chr1|{x}|{x + SIZE}|{y}|{y + SIZE}\n" for x, y in PLACES),
    ],
)
def test_a_second_interval_makes_a_pair(tmp_path: Path, text: str) -> None:
    found = read_labels(write(tmp_path, "x.bed", text))
    assert [(r.kind, r.anchor1.start, r.anchor1.end, r.anchor2.start, r.anchor2.end) for r in found.records] == [
        (Kind.LOOP, x, x + SIZE, y, y + SIZE) for x, y in PLACES
    ]


def test_the_same_interval_twice_is_a_domain(tmp_path: Path) -> None:
    text = "chr|start|end|chr|start|end\n" + domains(twice=True)
    found = read_labels(write(tmp_path, "x.bed", text))
    assert [(r.kind, r.span.start, r.span.end) for r in found.records] == [(Kind.TAD, a, b) for a, b in DOMAINS]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "chr1|0|900000|d|chr1|1000|2000|g\nchr1|900000|1900000|e|chr1|910000|920000|h\n",
            "second interval in columns 5",
        ),
        ("chr1|3000|3001|chr1|301000\nchr1|5000|5001|chr1|308000\n", "second chromosome in column 4"),
    ],
)
def test_a_second_place_that_is_no_anchor_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(LabelError, match=says):
        read_labels(write(tmp_path, "x.bed", text))


_COLOURS = ("BLACK", "BLUE", "RED")
_STATES = ("1_TssA", "15_Quies", "5_TxWk", "15_Quies")


@pytest.mark.parametrize(
    "text",
    [
        tiles(*[f"{_COLOURS[k % 3]}_{k}" for k in range(40)]).replace("\n", "|0|.|0|0|0,0,0\n"),
        tiles(*_STATES * 5),
        tiles(*[f"E{k % 7 + 1}" for k in range(40)]),
        tiles(*[("Heterochromatin", "Polycomb", "Repressed")[k % 3] for k in range(30)]),
        tiles(*"ABABA"),
        tiles(*["A1", "B2", "A2", "B1", "B3"] * 4),
        "chrom|start|end|compartment\n" + tiles(*"ABABA"),
        tiles(*["A.compartment", "B.compartment"] * 3),
    ],
)
def test_segmentations_are_no_domains(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, "x.bed", text)
    with pytest.raises(LabelError, match=r"is a segmentation .* --kind tad"):
        read_labels(path)
    assert {r.kind for r in read_labels(path, kind=Kind.TAD).records} == {Kind.TAD}


@pytest.mark.parametrize(
    "names",
    [
        ["TAD"] * 40,
        ["domain"] * 40,
        ["Armatus"] * 40,
        [f"TAD_{k}" for k in range(40)],
        [f"domain{k}" for k in range(40)],
        [f"chr1_{k}" for k in range(40)],
        [str(k) for k in range(40)],
        ["0"] * 40,
        ["active", "active", "inactive", "inactive", "inactive"] * 8,
        ["A", "A", "A", "B", "B"] * 8,
        ["TAD_odd", "TAD_even"] * 20,
        ["L1", "L2", "L3", "L4"] * 10,
    ],
)
def test_named_domains_are_no_segmentation(tmp_path: Path, names: list[str]) -> None:
    found = read_labels(write(tmp_path, "x.bed", tiles(*names)))
    assert [r.kind for r in found.records] == [Kind.TAD] * 40


def test_intervals_of_one_size_are_no_domains(tmp_path: Path) -> None:
    text = "".join(f"chr1|{a * 20_000}|{a * 20_000 + 20_000}\n" for a in np.cumsum(np.arange(30) % 7 + 2))
    path = write(tmp_path, "x.txt", text)
    with pytest.raises(LabelError, match=r"intervals of one size \(30 of 20 kb.* --kind boundary"):
        read_labels(path)
    assert len(read_labels(path, kind=Kind.BOUNDARY).records) == 30


@pytest.mark.parametrize("chrom", ["chr1", "1"])
def test_points_are_boundaries_where_that_is_said(tmp_path: Path, chrom: str) -> None:
    text = "".join(f"{chrom}|{at}|{at}|n\n" for at in (0, 400_000, 2_000_000))
    right = [(0, 1), (400_000, 400_001), (1_999_999, 2_000_000)]
    sizes = {"chr1": 2_000_000}
    named = read_labels(write(tmp_path, "points_boundary.bed", text), chromsizes=sizes)
    path = write(tmp_path, "points.bed", text)
    for found in (named, read_labels(path, kind=Kind.BOUNDARY, chromsizes=sizes)):
        assert [(r.kind, r.span.start, r.span.end) for r in found.records] == [
            (Kind.BOUNDARY, *place) for place in right
        ]
        assert found.problems == []
    for kind in (None, Kind.TAD):
        with pytest.raises(LabelError, match=r"gives points \(start = end.* in 3 of 3 lines.*--kind boundary"):
            read_labels(path, kind=kind)
    short = write(tmp_path, "peaks.bed", "".join(f"chr1|{at}|{at + 1}\n" for at in range(0, 900_000, 90_000)))
    with pytest.raises(LabelError, match=r"gives points .* in 10 of 10 lines"):
        read_labels(short)


def test_a_file_that_comes_in_twice_is_told(tmp_path: Path, map_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, project = write(tmp_path, "x.bedpe", pairs()), str(tmp_path / "p.hicproj")
    words = ["import", str(path), "--map", str(map_file), "--project", project]
    assert main(words) == 0
    assert "already imported" not in capsys.readouterr().err
    assert main(words) == 0
    assert "all 3 already imported as 'x'; both sets are kept" in capsys.readouterr().err
    write(tmp_path, "x.bedpe", "\n".join(pairs().splitlines()[:2]) + "\nchr1|7000|8000|chr1|50000|51000\n")
    assert main(words) == 0
    assert "2 of 3 already imported as 'x'" in capsys.readouterr().err
    other = write(tmp_path, "other.bedpe", pairs())
    assert main(["import", str(other), "--map", str(map_file), "--project", project]) == 0
    assert "already imported" not in capsys.readouterr().err
    assert main(["export", project, "-o", str(tmp_path / "out"), "--once", "--json"]) == 0
    assert len(read_labels(tmp_path / "out" / "loops.bedpe").records) == 4


def test_the_window_tells_of_a_file_that_comes_in_twice(tmp_path: Path, map_file: Path) -> None:
    path = write(tmp_path, "x.bedpe", pairs())
    source = open_map(map_file)
    told = []
    with Project.create(tmp_path / "p.hicproj", map=identity_of(source)) as project:
        window = TinyWindow(project)
        window.source = source
        for _ in range(2):
            window.importing.start([path])
            report = window.importing.report
            assert report is not None
            told.append("\n".join(line.text for line in report.lines()))
    assert ["already imported as 'x'" in text for text in told] == [False, True]


def test_the_hint_on_open_columns_says_that_the_set_stays(
    tmp_path: Path, map_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, project = write(tmp_path, "d.bedpe", pairs(["1e-8", "1e-12", "0.03"])), str(tmp_path / "p.hicproj")
    assert main(["import", str(path), "--map", str(map_file), "--project", project]) == 0
    err = capsys.readouterr().err
    assert "--score-column 7 ranks by it" in err
    assert "import into a new project" in err


def test_numbers_behind_a_domain_are_no_second_interval(tmp_path: Path) -> None:
    for head in ("chrom|start|end|genes|loops|calls\n", ""):
        text = head + "".join(f"1|{a}|{b}|n|1|5|9\n".replace("|n", "" if head else "|n") for a, b in DOMAINS)
        found = read_labels(write(tmp_path, "x.bed", text))
        assert [(r.kind, r.span.start, r.span.end) for r in found.records] == [(Kind.TAD, a, b) for a, b in DOMAINS]


def test_points_as_anchors_are_told(tmp_path: Path) -> None:
    text = "".join(f"chr1|{x}|{x}|chr1|{y}|{y}\n" for x, y in PLACES)
    with pytest.raises(LabelError, match=r"gives points \(start = end\) in 3 of 3 lines.*each anchor as the bin"):
        read_labels(write(tmp_path, "x.bedpe", text))
