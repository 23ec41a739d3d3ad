"""Whatever a command writes: no input, no other file and no link is replaced unless that is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import napari_hicstruct as hs
from napari_hicstruct.cli.main import main
from tests.contacts_kit import upper_counts, write_cool

STRIPES = "chr\tpos1\tpos2\tchr2\tpos3\tpos4\tStripiness\nchr1\t2000001\t2020000\tchr1\t2000001\t2600000\t8\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with what the commands read."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.bedpe", "b.bedpe"):
        lines = (f"chr1\t{k}00000\t{k}10000\tchr1\t{k + 2}00000\t{k + 2}10000" for k in range(2, 9))
        (tmp_path / name).write_text("\n".join([f"# {name}", *lines]) + "\n")
    (tmp_path / "s.tsv").write_text(STRIPES)
    (tmp_path / "sample.mcool").symlink_to(hs.sample_map().uri)
    return tmp_path


COMMANDS = {
    "consensus": (["consensus", "a.bedpe", "b.bedpe", "-o"], "out.bedpe", "a.bedpe"),
    "stripe-check": (["stripe-check", "sample.mcool", "s.tsv", "-n", "1", "-o"], "out.png", "s.tsv"),
    "view": (["view", "sample.mcool", "--screenshot"], "out.png", "sample.mcool"),
    "simulate": (["simulate", "--length", "2M", "--config", "x.mcool", "-o"], "out.mcool", "x.mcool"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_inputs_and_other_files_stay(name: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words, out, given = COMMANDS[name]
    for file in ("x.mcool", out):
        (place / file).write_text("mine")
    before = (place / given).read_bytes()
    for more in ([], ["--overwrite"]):
        assert main([*words, given, *more]) == 2
        assert "is read for this" in capsys.readouterr().err
    assert main([*words, out]) == 2
    assert "exists. Nothing was written. Choose another name, or replace it with --overwrite" in capsys.readouterr().err
    assert (place / out).read_text() == "mine"
    assert (place / given).read_bytes() == before


@pytest.mark.parametrize("name", ["consensus", "stripe-check"])
def test_overwrite_writes_through_a_link(name: str, place: Path) -> None:
    words, out, _ = COMMANDS[name]
    target = place / f"target{Path(out).suffix}"
    target.write_text("old")
    (place / out).symlink_to(target)
    assert main([*words, out, "-q"]) == 2
    assert main([*words, out, "-q", "--overwrite"]) == 0
    assert (place / out).is_symlink()
    assert target.read_bytes() != b"old"


def test_a_simulated_map_is_simulated_anew(place: Path) -> None:
    words = ["simulate", "--length", "2M", "--depth", "20", "-q", "-o"]
    assert main([*words, "new.mcool"]) == 0
    assert main([*words, "new.mcool"]) == 0
    (place / "theirs.mcool").write_text("mine")
    assert main([*words, "theirs.mcool", "--overwrite"]) == 0


def test_pictures_of_a_folder_stay(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["stripe-check", "sample.mcool", "s.tsv", "--all", "-q", "-o", "pictures"]
    assert main(words) == 0
    assert main(words) == 2
    assert "stripe_0001.png: exists" in capsys.readouterr().err
    assert main([*words, "--overwrite"]) == 0


def test_an_evaluation_replaces_an_evaluation_and_nothing_else(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "results").mkdir()
    (place / "results" / "by_distance.png").write_text("mine")
    words = ["evaluate", "--pred", "a.bedpe", "--truth", "b.bedpe", "-q", "-o", "results"]
    assert main(words) == 2
    assert "by_distance.png: exists" in capsys.readouterr().err
    assert [path.name for path in (place / "results").iterdir()] == ["by_distance.png"]
    assert main([*words, "--overwrite"]) == 0
    assert "metrics" in json.loads((place / "results" / "metrics.json").read_text())
    assert main(words) == 0


@pytest.mark.parametrize(
    "words",
    [
        ["predict", "sample.mcool", "--limit", "tad-size=100k-2M", "--limit", "tad-size=1M-2M", "-o", "out"],
        ["predict", "sample.mcool", "--min-probability", "tad=0.2", "--min-probability", "tad=0.3", "-o", "out"],
        ["predict", "sample.mcool", "--track", "CTCF=a.bw", "--track", "CTCF=b.bw", "-o", "out"],
        ["consensus", "a.bedpe", "b.bedpe", "--weight", "a=1", "--weight", "a=2", "--method", "weighted", "-o", "out"],
    ],
)
def test_what_is_given_twice_is_refused(words: list[str], place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "is given twice" in capsys.readouterr().err
    assert not (place / "out").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["export", ".", "-o", "out"], "is a folder, not a project file"),
        (["info", ""], "no contact map is named"),
        (["predict", "s.bed", "-o", "out"], "give the contact map"),
    ],
)
def test_what_is_no_input_is_named(
    words: list[str], says: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "s.bed").write_text("chr1\t1000\t2000\nchr1\t3000\t4000\n")
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "--labels" not in said
    assert says in said.replace("If these are labels, ", "")


def test_the_only_chromosome_with_contacts_need_not_be_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = np.zeros((600, 600))
    counts[300:, 300:] = upper_counts(300, 0, mean=40.0)
    path = write_cool(tmp_path / "one.cool", {"chr1": 3_000_000, "chr2": 3_000_000}, 10_000, counts)
    out = tmp_path / "calls"
    assert main(["predict", path, "-o", str(out), "--model", "tiny", "-q"]) == 0
    assert json.loads((out / "run.json").read_text())["parameters"]["regions"] == ["chr2:0-3,000,000"]
    counts[:300, :300] = counts[300:, 300:]
    both = write_cool(tmp_path / "two.cool", {"chr1": 3_000_000, "chr2": 3_000_000}, 10_000, counts)
    assert main(["predict", both, "-o", str(out), "--model", "tiny", "-q"]) == 2
    said = capsys.readouterr().err
    assert "no part of the map is named" in said
    assert "It has contacts on chr1, chr2." in said


def test_of_many_chromosomes_with_contacts_the_first_are_named_and_a_map_without_any_is_said_to_be_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = {f"chr{k}": 100_000 for k in range(1, 13)}
    path = write_cool(tmp_path / "many.cool", sizes, 10_000, np.triu(np.ones((120, 120))))
    assert main(["predict", path, "-o", str(tmp_path / "calls")]) == 2
    assert "It has contacts on chr1, chr2, chr3, chr4, chr5, chr6, chr7, chr8 …." in capsys.readouterr().err
    empty = write_cool(tmp_path / "none.cool", sizes, 10_000, np.zeros((120, 120)))
    assert main(["predict", empty, "-o", str(tmp_path / "calls")]) == 2
    said = capsys.readouterr().err
    assert "none.cool: holds no contacts on any chromosome." in said
    assert "named" not in said
