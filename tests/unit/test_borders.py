"""Lists of TADs where boundaries are asked for: each TAD stands for two, its start and its end, every place once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import napari_hicstruct as hs
from napari_hicstruct.annotations import Annotation, Kind, read_labels
from napari_hicstruct.cli.main import main
from napari_hicstruct.genome import Interval

TADS = ((1_000_000, 1_800_000), (1_800_000, 2_400_000), (1_000_000, 2_400_000), (3_000_000, 3_440_000))
BORDERS = [1_000_000, 1_800_000, 2_400_000, 3_000_000, 3_440_000]
LEVELS = (1, 1, 0, 0)


def bed(*columns: tuple[object, ...], head: str = "", twice: bool = False) -> str:
    rows = []
    for k, (a, b) in enumerate(TADS):
        cells = ("chr1", a, b, *(("chr1", a, b) if twice else ()), *(column[k] for column in columns))
        rows.append("\t".join(map(str, cells)))
    return head + "\n".join(rows) + "\n"


HITAD = bed(LEVELS)
ARROWHEAD = bed((0.4, 0.9, 0.7, 1.1), head="chr1\tx1\tx2\tchr2\ty1\ty2\tcorner_score\n", twice=True)
ONTAD = 'track name="OnTAD" itemRgb="On"\n' + bed(LEVELS, (0,) * 4, (".",) * 4)
SPECTRAL = bed(LEVELS, head="chr\tstart\tend\tLevel\n")
TOPDOM = bed(("domain",) * 4)
HICEXPLORER = bed([f"ID_0.01_{k}" for k in range(4)], (-1.0, -0.5, -0.2, 0.1), (".",) * 4)
FORMATS = {
    "HiTAD": HITAD,
    "Arrowhead": ARROWHEAD,
    "OnTAD": ONTAD,
    "TADs with levels": SPECTRAL,
    "TopDom": TOPDOM,
    "HiCExplorer domains": HICEXPLORER,
    "BED": bed(),
    "repeated BED": bed(twice=True),
}
Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write_file


@pytest.mark.parametrize("name", FORMATS)
def test_each_tad_gives_its_two_borders_and_a_shared_one_counts_once(write: Write, name: str) -> None:
    found = read_labels(write("x.txt", FORMATS[name]), kind=Kind.BOUNDARY)
    assert found.format == name
    assert {record.kind for record in found.records} == {Kind.BOUNDARY}
    assert [record.anchor1.center for record in found.records] == BORDERS
    assert {(len(record.anchor1), record.resolution) for record in found.records} == {(40_000, 40_000)}
    assert "4 TADs read as 5 boundaries: their starts and ends." in found.notes
    assert (found.rows, {record.level for record in found.records}) == ((), {0})


def test_the_best_of_the_tads_that_share_a_border_says_its_score(write: Write) -> None:
    found = read_labels(write("x.txt", ARROWHEAD), kind=Kind.BOUNDARY)
    assert [record.score for record in found.records] == [0.5, 0.75, 0.75, 1.0, 1.0]  # ranks of .4 .9 .7 1.1
    assert {record.source for record in found.records} == {"Arrowhead"}


def test_borders_without_a_bin_size_are_one_base_pair(write: Write) -> None:
    path = write("x.bed", "chr1\t123456\t723451\nchr1\t723451\t1500001\n")
    found = read_labels(path, kind=Kind.BOUNDARY, chromsizes={"chr1": 1_500_001}).records
    assert [(r.anchor1.start, r.anchor1.end) for r in found] == [
        (123_456, 123_457),
        (723_451, 723_452),
        (1_500_000, 1_500_001),
    ]


def test_a_bin_size_is_known_though_the_chromosome_ends_within_a_bin(write: Write) -> None:
    path = write("x.bed", "chr1\t0\t440000\nchr1\t440000\t1200000\nchr1\t1200000\t1999999\n")
    found = read_labels(path, kind=Kind.BOUNDARY, chromsizes={"chr1": 1_999_999}).records
    assert [(r.anchor1.start, r.anchor1.end) for r in found] == [
        (0, 20_000),
        (420_000, 460_000),
        (1_180_000, 1_220_000),
        (1_979_999, 1_999_999),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"chr1\t{k}000000\t{k}010000\n" for k in range(1, 9)),
        "".join(f"chr1\t{k}000000\t{k}0{1 + k % 3}0000\n" for k in range(1, 9)),
        "".join(f"chr1\t{k}000000\t{k}000000\n" for k in range(1, 9)),
    ],
    ids=["bins", "one to three bins", "points"],
)
def test_boundaries_stay_what_they_are(write: Write, text: str) -> None:
    found = read_labels(write("x.bed", text), kind=Kind.BOUNDARY)
    assert [record.anchor1.start for record in found.records] == [k * 1_000_000 for k in range(1, 9)]
    assert not any("read as" in note for note in found.notes)


def test_boundaries_that_topdom_names_stand_for_the_ends_beside_them(write: Write) -> None:
    text = "chr1\t0\t400000\tdomain\nchr1\t400000\t480000\tboundary\nchr1\t480000\t1000000\tdomain\n"
    text += "chr1\t1000000\t1600000\tdomain\nchr1\t1600000\t3000000\tgap\n"
    found = read_labels(write("x.bed", text), kind=Kind.BOUNDARY)
    assert [record.anchor1.center for record in found.records] == [10_000, 440_000, 1_000_000, 1_600_000]
    assert "3 TADs read as 3 boundaries: their starts and ends." in found.notes


def test_our_own_tads_are_boundaries_too(tmp_path: Path) -> None:
    tads = [Annotation(kind=Kind.TAD, anchor1=at, anchor2=at, score=0.5, resolution=10_000) for at in _places()]
    found = read_labels(hs.write_labels(tads, tmp_path / "tads.bed"), kind=Kind.BOUNDARY)
    assert [record.anchor1.center for record in found.records] == BORDERS
    assert {(len(record.anchor1), record.score) for record in found.records} == {(10_000, 0.5)}


def _places() -> list[Interval]:
    return [Interval("chr1", a, b) for a, b in TADS]


def test_three_callers_with_the_same_borders_agree_there(
    tmp_path: Path, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [write("a.HiTAD.txt", HITAD), write("b.arrowhead", ARROWHEAD), write("c.OnTAD.bed", ONTAD)]
    out = tmp_path / "soft.bed"
    words = ["consensus", *map(str, files), "-o", str(out), "--kind", "boundary", "--method", "count", "--json"]
    assert main([*words, "--quiet"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["soft_labels"] == 5
    assert [line for line in shown.err.splitlines() if "TADs read as" in line] == [
        f"{path}: 4 TADs read as 5 boundaries: their starts and ends." for path in files
    ]
    found = read_labels(out).records
    assert [record.anchor1.start for record in found] == BORDERS
    assert {(record.n_tools, record.soft_score) for record in found} == {(3, 1.0)}


def test_sets_and_data_frames_of_tads_are_boundaries_too() -> None:
    tads = [hs.Annotation(kind="tad", anchor1=at, anchor2=at) for at in _places()]
    found = hs.consensus({"a": tads, "b": hs.Calls(tads).to_dataframe(), "c": tads}, "boundary", method="count")
    assert [record.anchor1.start for record in found] == BORDERS
    assert {record.n_tools for record in found} == {3}
    assert sum("4 TADs read as 5 boundaries" in note for note in found.notes) == 3
