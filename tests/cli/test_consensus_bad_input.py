"""What is wrong with files of calls is said in one line each, by the file's name, and the good ones go on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import napari_hicstruct as hs
from napari_hicstruct.cli.main import main

PLACES = [(k * 1_000_000 + 100_000, k * 1_000_000 + 400_000) for k in range(20)]
PAIR = "chrom1\tstart1\tend1\tchrom2\tstart2\tend2"


def bedpe(path: Path, values: list[str] | None = None, *, name: str = "probability", chrom: str = "chr1") -> str:
    lines = [f"{chrom}\t{a}\t{a + 10_000}\t{chrom}\t{b}\t{b + 10_000}" for a, b in PLACES]
    if values is not None:
        lines = [f"{PAIR}\t{name}", *(f"{line}\t{value}" for line, value in zip(lines, values, strict=True))]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


@pytest.fixture
def good(tmp_path: Path) -> list[str]:
    return [
        bedpe(tmp_path / "a.bedpe", [f"{0.5 + k / 50}" for k in range(20)], name="score"),
        bedpe(tmp_path / "b.bedpe"),
    ]


def run(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[dict, list[str]]:
    assert main(["consensus", *words, "--json", "--quiet", "--method", "count"]) == 0
    shown = capsys.readouterr()
    return json.loads(shown.out), shown.err.splitlines()


def of(path: str, lines: list[str]) -> list[str]:
    return [line.removeprefix(f"{path}: ") for line in lines if line.startswith(f"{path}: ")]


def test_scores_that_are_all_missing_are_said(tmp_path: Path, good: list[str], capsys) -> None:
    bad = bedpe(tmp_path / "c.bedpe", ["NA"] * 20)
    said, lines = run([*good, bad, "-o", str(tmp_path / "s.bedpe")], capsys)
    assert of(bad, lines) == ["Column 'probability' holds no value in any of 20 lines: there are no scores."]
    assert said["soft_labels"] == 20


def test_scores_that_are_missing_or_out_of_range_are_counted(tmp_path: Path, good: list[str], capsys) -> None:
    values = [f"{0.5 + k / 50}" for k in range(20)]
    values[2], values[4], values[7], values[9] = "1.7", "-3", ".", "nan"
    bad = bedpe(tmp_path / "c.bedpe", values)
    _, lines = run([*good, bad, "-o", str(tmp_path / "s.bedpe")], capsys)
    assert of(bad, lines) == [
        "Column 'probability' has no value in 2 of 20 lines: these calls have no score.",
        "Column 'probability' has a value outside 0 to 1 in 2 of 20 lines, the first is 1.7 in line 4: these calls "
        "have no score.",
    ]
    scores = [record.score for record in hs.read_labels(bad)]
    assert [k for k, score in enumerate(scores) if score != score] == [2, 4, 7, 9]
    assert scores[3] == pytest.approx(0.56), "the others stay as they are"


def test_a_column_of_other_numbers_is_no_probability(tmp_path: Path, good: list[str], capsys) -> None:
    counts = bedpe(tmp_path / "c.bedpe", [str(k + 3) for k in range(20)])
    _, lines = run([*good, counts, "-o", str(tmp_path / "s.bedpe")], capsys)
    (line,) = of(counts, lines)
    assert "ranks within the file" in line
    assert "outside" not in line


def test_scores_of_any_range_are_no_probabilities(tmp_path: Path, good: list[str], capsys) -> None:
    score = bedpe(tmp_path / "c.bedpe", [f"{0.1 * k - 0.3}" for k in range(20)], name="score")
    _, lines = run([*good, score, "-o", str(tmp_path / "s.bedpe")], capsys)
    assert "ranks within the file" in of(score, lines)[0]


def test_a_chromosome_that_nobody_else_has_is_said(tmp_path: Path, good: list[str], capsys) -> None:
    odd = tmp_path / "c.bedpe"
    odd.write_text(Path(bedpe(odd)).read_text() + "chr01x\t100000\t110000\tchr01x\t300000\t310000\n")
    _, lines = run([*good, str(odd), "-o", str(tmp_path / "s.bedpe")], capsys)
    assert of(str(odd), lines) == ["1 call on chr01x, where no other caller has calls: nobody can confirm them."]
    assert all(of(path, lines) == [] for path in good)


def test_one_file_under_two_names_votes_once(tmp_path: Path, good: list[str], capsys) -> None:
    again = tmp_path / "c.bedpe"
    again.write_bytes(Path(good[0]).read_bytes())
    said, lines = run([f"one={good[0]}", good[1], f"other={again}", "-o", str(tmp_path / "s.bedpe")], capsys)
    assert of(str(again), lines) == [f"left out: is byte for byte the file {good[0]} (one); it counts once."]
    assert [one["caller"] for one in said["callers"]] == ["b", "one"]


def test_an_empty_caller_is_refused(tmp_path: Path, good: list[str], capsys) -> None:
    out = tmp_path / "s.bedpe"
    assert main(["consensus", good[0], f"={good[1]}", "-o", str(out)]) == 2
    assert f"={good[1]}: names no program. Give CALLER=FILE" in capsys.readouterr().err
    assert not out.exists()
    with pytest.raises(hs.HicStructError, match="names a program ''"):
        hs.consensus({"": good[0], "b": good[1]})


def test_a_data_frame_that_cannot_be_read_is_named_by_its_caller() -> None:
    loop = hs.Annotation(kind="loop", anchor1=("chr1", 0, 10_000), anchor2=("chr1", 300_000, 310_000))
    frame = hs.Calls([loop]).to_dataframe()
    frame["score"] = 1.7
    with pytest.raises(hs.HicStructError, match=r"calls\['b'\], data frame, row 0: 'score' is 1.7"):
        hs.consensus({"a": [loop], "b": frame})
