"""``hicstruct repair --votes``: what callers vote for in a region, as label files and as proposals of a project."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import napari_hicstruct as hs
from napari_hicstruct.annotations import Project, Status, read_labels
from napari_hicstruct.cli.main import main
from tests.contacts_kit import upper_counts, write_cool

BIN, N = 10_000, 120
FAST = """
shape: {epochs: 100, points: 256, train_size: 64, size: 128, validate_every: 50, checkpoint_every: 50}
joint: {steps: 40, positives: 64, band_points: 32, negatives: 64, validate_every: 20, checkpoint_every: 20}
"""
TADS = ((5, 35), (35, 62), (62, 100))


def tad(first: int, last: int) -> hs.Annotation:
    span = hs.Interval("chr1", first * BIN, last * BIN)
    return hs.Annotation(kind="tad", anchor1=span, anchor2=span)


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A map and three lists of the same TADs, each off by a bin somewhere and without one of them."""
    monkeypatch.chdir(tmp_path)
    write_cool("m.cool", {"chr1": N * BIN}, BIN, upper_counts(N, 1))
    for k, name in enumerate(("a", "b", "c")):
        found = [tad(first + (k == n), last - (k == 0)) for n, (first, last) in enumerate(TADS) if n != k]
        hs.write_labels(found, f"{name}.bed")
    Path("fast.yaml").write_text(FAST)
    return ["repair", "--votes", "A=a.bed", "B=b.bed", "C=c.bed", "--map", "m.cool", "--region", "chr1:0-1.2M"]


def test_votes_become_lists_and_proposals(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    words = [*given, "-o", "out", "--config", "fast.yaml", "--project", "p.hicproj", "--json"]
    assert main(words) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["objects"]["tad"] > 0
    assert {"changes.txt", "run.json", "tads.bed"} <= {path.name for path in Path("out").iterdir()}
    written = read_labels(Path("out") / "tads.bed").records
    assert len([one for one in written if one.kind.value == "tad"]) == said["objects"]["tad"]
    ends = np.array([one.anchor1.end for one in written])
    assert (np.abs(ends[:, None] - np.array(TADS)[:, 1] * BIN).min(1) <= 3 * BIN).all()
    with Project.open("p.hicproj") as project:
        records = project.query()
        assert len(records) == sum(said["objects"].values())
        assert {one.status for one in records} == {Status.PROPOSED}, "nothing is accepted for anybody"
    assert said["set"]
    capsys.readouterr()
    assert main(words[:-3]) == 2
    assert "out" in capsys.readouterr().err, "an earlier result is not replaced"


def test_somebody_elses_files_are_noticed_before_the_work(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("out").mkdir()
    (Path("out") / "tads.bed").write_text("somebody's\n")
    assert main([*given, "-o", "out", "--config", "fast.yaml"]) == 2
    assert "tads.bed" in capsys.readouterr().err
    assert [path.name for path in Path("out").iterdir()] == ["tads.bed"], "nothing was begun"


@pytest.mark.parametrize(
    ("drop", "more", "message"),
    [
        (4, [], "votes need --map"),
        (2, [], "votes need --region"),
        (0, ["--preset", "cardiac"], "votes are not cardiac"),
        (0, ["--preset", "hic", "--config", "fast.yaml"], "--preset and --config both give settings"),
        (0, ["--devices", "2"], "--devices: votes are repaired on one device"),
        (0, ["--function", "f"], "--function: a kept function takes label images, no votes"),
        (0, ["--region", "chr9:0-1M"], "chr9"),
        (0, ["--region", "chr1:0-50k"], "16 to 3,000 bins"),
        (0, ["--project", "a.bed"], "a.bed"),
        (0, ["--map", "none.cool"], "none.cool"),
        (7, [], "no label image is given"),
    ],
)
def test_bad_votes_are_one_line(
    given: list[str], capsys: pytest.CaptureFixture[str], drop: int, more: list[str], message: str
) -> None:
    words = [*given[: len(given) - drop], *more, "-o", "out"]
    if drop == 7:
        words = ["repair", "-o", "out"]
    assert main(words) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert message in lines[0]
    assert not Path("out").exists()


def test_votes_and_images_are_not_mixed(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    np.save("a.npy", np.ones((4, 4), int))
    assert main(["repair", "a.npy", "--votes", "a.bed", "-o", "out"]) == 2
    assert "label images and votes are given" in capsys.readouterr().err
    assert main(["repair", "a.npy", "--map", "m.cool", "--region", "chr1:0-1M", "-o", "out"]) == 2
    assert "--map and --region go with --votes" in capsys.readouterr().err


def test_one_program_has_nobody_to_agree_with(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    words = ["repair", "--votes", "A=a.bed", "--map", "m.cool", "--region", "chr1:0-1.2M", "-o", "out"]
    assert main(words) == 2
    assert "two programs or more" in capsys.readouterr().err
