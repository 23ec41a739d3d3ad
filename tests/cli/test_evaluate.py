"""``hicstruct evaluate``: folders and files, several values, JSON, pictures, and its errors."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

import napari_hicstruct as hs
from napari_hicstruct.annotations import layout
from napari_hicstruct.cli.main import main

LOOPS = [(100_000, 300_000), (500_000, 800_000), (900_000, 1_300_000)]
HEADER = "#chrom1\tstart1\tend1\tchrom2\tstart2\tend2\tname\tscore\tstrand1\tstrand2\n"


def _bedpe(path: Path, chrom: str, loops: list[tuple[int, int]], shift: int = 0) -> Path:
    rows = [
        f"{chrom}\t{a + shift}\t{a + shift + 10_000}\t{chrom}\t{b + shift}\t{b + shift + 10_000}\tx\t{1 - k / 10}\t.\t."
        for k, (a, b) in enumerate(loops)
    ]
    path.write_text(HEADER + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Predictions and truth on two chromosomes; chr2 only in the truth; one TAD boundary 10 kb off."""
    pred, truth = tmp_path / "pred", tmp_path / "truth"
    pred.mkdir()
    truth.mkdir()
    _bedpe(pred / "loops.bedpe", "chr1", LOOPS, shift=10_000)
    _bedpe(truth / "loops.bedpe", "1", LOOPS[:2])
    with (truth / "loops.bedpe").open("a") as file:
        file.write("chr2\t0\t10000\tchr2\t100000\t110000\ty\t1\t.\t.\n")
    (pred / "tads.bed").write_text("chr1\t100000\t510000\nchr1\t510000\t1300000\n")
    (truth / "tads.bed").write_text("chr1\t100000\t500000\nchr1\t500000\t1300000\n")
    return pred, truth


def test_folders_give_json_and_pictures(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pred, truth = folders
    out = tmp_path / "out"
    args = ["evaluate", "--pred", str(pred), "--truth", str(truth), "--top", "1", "3", "--json", "-o", str(out)]
    assert main(args) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["loops"]["precision"] == pytest.approx(2 / 3)
    assert result["loops"]["recall"] == 1.0
    assert result["loops"]["precision_at"] == {"1": 1.0, "3": pytest.approx(2 / 3)}
    assert result["loops"]["by_tolerance"]["±1 bin"]["recall"] == 1.0
    assert result["boundaries"]["f1"] == 1.0
    assert result["tads"]["mean_best_jaccard"] == pytest.approx((40 / 41 + 79 / 80) / 2)
    assert result["across_tasks"]["loops_at_tad_corner"]["share"] == 0.0
    assert result["settings"]["chromosomes"] == ["chr1"]
    assert any("chr2" in note for note in result["notes"])
    written = json.loads((out / "metrics.json").read_text())
    assert written["metrics"]["loops"] == result["loops"]
    pictures = {path.name for path in out.iterdir()}
    names = ("precision_recall", "precision_at_n", "by_distance", "by_tad_size", "across_tasks")
    assert pictures == {"metrics.json"} | {f"{name}{ending}" for name in names for ending in (".png", ".svg")}
    assert all((out / name).stat().st_size > 0 for name in pictures)


def test_a_second_evaluation_leaves_no_picture_of_the_first(folders: tuple[Path, Path], tmp_path: Path) -> None:
    pred, truth = folders
    out = tmp_path / "out"
    args = ["evaluate", "--truth", str(truth), "-o", str(out), "--json", "--pred"]
    assert main([*args, str(pred)]) == 0
    (out / "mine.png").write_bytes(b"kept")
    assert (out / "by_tad_size.png").exists()
    assert main([*args, str(pred / "loops.bedpe")]) == 0
    assert {path.stem for path in out.glob("*.png")} == {"mine", "precision_recall", "precision_at_n", "by_distance"}


def test_what_a_pile_up_leaves_out_is_said(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pred, truth = folders
    assert main(["simulate", "-o", str(tmp_path / "m.mcool"), "--chrom", "chr1:4M", "--quiet"]) == 0
    _bedpe(tmp_path / "more.bedpe", "chr7", LOOPS)
    _bedpe(tmp_path / "near.bedpe", "chr1", [(1_000_000, 1_040_000)])
    capsys.readouterr()
    calls = [str(pred), str(tmp_path / "more.bedpe"), str(tmp_path / "near.bedpe")]
    args = ["evaluate", "--truth", str(truth), "--map", str(tmp_path / "m.mcool"), "--json"]
    assert main([*args, "--pred", *calls, "--chrom", "chr1", "chr7"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["pile_up"]["loops"] == 2
    assert "pile-up: 3 loops left out, the map has no chr7." in result["notes"]
    assert any(note.startswith("pile-up: 2 loops left out, too near") for note in result["notes"])
    assert main([*args, "--pred", str(pred / "tads.bed")]) == 0
    result = json.loads(capsys.readouterr().out)
    assert "pile-up: there are no called loops to pile up." in result["notes"]
    assert result["pile_up"]["loops"] == 0


def test_files_unite_and_named_chromosomes_count_in_full(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pred, truth = folders
    more = _bedpe(tmp_path / "more.bedpe", "chr1", LOOPS[1:])
    args = ["evaluate", "--pred", str(pred / "loops.bedpe"), "--truth", str(truth / "loops.bedpe"), str(more)]
    assert main([*args, "--chrom", "1", "chr2", "--json"]) == 0
    loops = json.loads(capsys.readouterr().out)["loops"]
    assert (loops["calls"], loops["truth"]) == (3, 4)
    assert loops["precision"] == 1.0
    assert loops["recall"] == 0.75
    (truth / "faint").mkdir()  # as the simulator leaves it: found without being named
    _bedpe(truth / "faint" / "loops.bedpe", "chr1", LOOPS[2:])
    assert main([*args[:4], str(truth), "--json"]) == 0
    loops = json.loads(capsys.readouterr().out)["loops"]
    assert (loops["calls"], loops["precision"], loops["recall"]) == (2, 1.0, 1.0)
    faint = _bedpe(tmp_path / "faint.bedpe", "chr1", LOOPS[2:])
    assert main([*args[:-1], "--ignore", str(faint)]) == 0  # the table for people
    table = capsys.readouterr().out
    assert "1.000" in table
    assert "average_precision" in table


def test_two_resolutions_are_compared_with_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        ("100000 105000", "300000 305000", 0.9, 5_000),
        ("700000 705000", "900000 905000", 0.8, 5_000),
        ("100000 110000", "300000 310000", 0.7, 10_000),
    ]
    lines = [
        f"chr1 {a} chr1 {b} x {p} . . {p} {size} proposed . . . . . . {k}".replace(" ", "\t")
        for k, (a, b, p, size) in enumerate(rows)
    ]
    header = "#" + "\t".join(layout.LOOPS) + "\n"
    path = tmp_path / "loops.bedpe"
    path.write_text(header + "\n".join(lines) + "\n")
    assert main(["evaluate", "--pred", str(path), "--truth", str(path), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    between = result["loops_between_resolutions"]
    assert between["share_of_5000_found_at_10000"] == 0.5
    assert between["share_of_10000_found_at_5000"] == 1.0
    assert result["loops"]["resolution_bp"] == 5_000
    assert result["loops"]["ece"] == pytest.approx(0.15)


def test_errors_are_one_line(folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pred, truth = folders
    empty = tmp_path / "empty"
    empty.mkdir()
    cases = {
        ("--pred", str(empty), "--truth", str(truth)): "no label files",
        ("--pred", str(tmp_path / "gone.bedpe"), "--truth", str(truth)): "gone.bedpe",
        ("--pred", str(pred), "--truth", str(truth), "--chrom", "chrZ"): "chrZ",
        ("--pred", str(pred), "--truth", str(truth), "-o", str(pred / "loops.bedpe")): "cannot be written",
    }
    for args, words in cases.items():
        assert main(["evaluate", *args]) == 2
        error = capsys.readouterr().err
        assert words in error
        assert error.count("\n") == 1


@pytest.mark.parametrize("side", ["--pred", "--truth"])
def test_a_project_is_exported_first_by_the_command_that_the_error_gives(
    side: str, folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = hs.sample_map()
    with hs.open_project(tmp_path / "my labels.hicproj", map=sample) as project:
        project.add(hs.read_labels(Path(sample.uri).parent / "truth" / "loops.bedpe"))
    truth = str(Path(sample.uri).parent / "truth" / "loops.bedpe")
    sides = {"--pred": truth, "--truth": truth} | {side: str(project.path)}
    assert main(["evaluate", *(word for pair in sides.items() for word in pair)]) == 2
    said = capsys.readouterr().err
    assert "--project" not in said
    command = shlex.split(said.partition("hicstruct export ")[2].partition(" (")[0])
    assert command == [str(project.path), "--out", "FOLDER"]
    sides[side] = str(tmp_path / "out")
    assert main(["export", *command[:-1], sides[side]]) == 0
    assert main(["evaluate", *(word for pair in sides.items() for word in pair)]) == 0


def test_predictions_of_nothing_are_named_not_the_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth, pred = _bedpe(tmp_path / "truth.bedpe", "chr1", LOOPS), tmp_path / "pred"
    pred.mkdir()
    (pred / "loops.bedpe").write_text(HEADER)
    assert main(["evaluate", "--pred", str(pred), "--truth", str(truth)]) == 2
    assert f"{pred}: holds no call" in capsys.readouterr().err


def test_what_cannot_be_compared_is_told_with_both_sides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth, pred = _bedpe(tmp_path / "truth.bedpe", "chr2", LOOPS), _bedpe(tmp_path / "pred.bedpe", "chr1", LOOPS)
    assert main(["evaluate", "--pred", str(pred), "--truth", str(truth)]) == 2
    assert "lie on chr1, the truth on chr2. Are both of the same genome?" in capsys.readouterr().err
    tads = tmp_path / "tads.bed"
    tads.write_text("chr1\t100000\t500000\nchr1\t500000\t1300000\n")
    assert main(["evaluate", "--pred", str(pred), "--truth", str(tads)]) == 2
    assert "the predictions hold loops, the truth TADs" in capsys.readouterr().err


def test_predictions_of_a_region_are_judged_in_it(
    tmp_path: Path, folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    pred, truth = tmp_path / "part", folders[1]
    pred.mkdir()
    _bedpe(pred / "loops.bedpe", "chr1", LOOPS[:1])
    args = ["evaluate", "--pred", str(pred), "--truth", str(truth / "loops.bedpe"), "--json"]
    assert main(args) == 0
    whole = json.loads(capsys.readouterr().out)
    assert whole["loops"]["recall"] == 0.5
    (pred / "run.json").write_text(json.dumps({"parameters": {"regions": ["chr1:0-510,000"]}}))
    assert main(args) == 0
    searched = json.loads(capsys.readouterr().out)
    assert searched["loops"]["recall"] == 1.0
    # one loop on chr2, one across the end of what was searched: it counts neither way
    assert any(note.startswith("Judged in chr1:0-510,000: 2 labels") for note in searched["notes"])
    assert main([*args, "--region", "1:0-900k"]) == 0
    assert json.loads(capsys.readouterr().out)["loops"]["recall"] == 0.5
    assert main([*args, "--region", "chr1:900k"]) == 2
    assert "'chr1:900k' is one position, not a region" in capsys.readouterr().err


def test_why_fewer_calls_are_judged_than_there_are_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pred = _bedpe(tmp_path / "pred.bedpe", "chr1", [*LOOPS[:2], (2_000_000, 2_030_000), (3_000_000, 3_200_000)])
    truth = _bedpe(tmp_path / "truth.bedpe", "chr1", [*LOOPS[:2], (0, 5_000_000)])
    faint = _bedpe(tmp_path / "faint.bedpe", "chr1", [(3_000_000, 3_200_000)])
    args = ["evaluate", "--pred", str(pred), "--truth", str(truth), "--ignore", str(faint)]
    assert main([*args, "--json"]) == 0
    judged = json.loads(capsys.readouterr().out)["loops"]
    assert (judged["calls"], judged["truth"]) == (2, 2)
    reasons = {"anchors less than 40 kb apart": 1, "right only about what is too faint to ask for": 1}
    assert judged["calls_left_out"] == reasons
    assert judged["truth_left_out"] == {"anchors more than 3 Mb apart": 1}
    assert main([*args, "--region", "chr1:0-2M"]) == 0
    said = capsys.readouterr()
    assert "Judged in chr1:0-2,000,000: 2 predictions outside, not counted." in said.err
    assert "calls_left_out" not in said.out
    lines = pred.read_text().splitlines()
    (tmp_path / "own").mkdir()
    columns = "#" + "\t".join(layout.LOOPS)
    row = dict.fromkeys(layout.LOOPS, ".") | dict(zip(layout.LOOPS, lines[1].split("\t"), strict=False))
    rejected = "\t".join((row | {"status": "rejected", "uid": "a"}).values())
    kept = "\t".join((row | {"status": "proposed", "uid": "b"}).values())
    (tmp_path / "own" / "loops.bedpe").write_text(f"{columns}\n{rejected}\n{kept}\n")
    assert main(["evaluate", "--pred", str(tmp_path / "own"), "--truth", str(truth)]) == 0
    assert "1 predictions that somebody rejected do not count." in capsys.readouterr().err


def test_truth_beyond_the_predictions_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pred = _bedpe(tmp_path / "pred.bedpe", "chr1", LOOPS[:1])
    far = [(start, start + 200_000) for start in range(1_000_000, 7_000_000, 1_000_000)]
    truth = _bedpe(tmp_path / "truth.bedpe", "chr1", [*LOOPS[:1], *far])
    args = ["evaluate", "--pred", str(pred), "--truth", str(truth), "--json"]
    assert main(args) == 0
    said = json.loads(capsys.readouterr().out)["notes"]
    assert any("lie within 100,000-310,000: 6 of 7 labels of the truth lie beyond" in note for note in said)
    assert main([*args, "--chrom", "chr1"]) == 0
    assert not any("lie beyond" in note for note in json.loads(capsys.readouterr().out)["notes"])


def test_a_region_or_a_chromosome_without_predictions_is_said(
    tmp_path: Path, folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    pred, truth = folders
    assert main(["evaluate", "--pred", str(pred), "--truth", str(truth), "--region", "chr2:0-5M"]) == 2
    assert "no prediction lies in chr2:0-5,000,000" in capsys.readouterr().err
    (pred / "run.json").write_text(json.dumps({"parameters": {"regions": ["chr1:0-2,000,000"]}}))
    other = _bedpe(tmp_path / "other.bedpe", "chr7", LOOPS)
    assert main(["evaluate", "--pred", str(pred), "--truth", str(other)]) == 2
    assert "lie on chr1, the truth on chr7. Are both of the same genome?" in capsys.readouterr().err


def test_a_region_against_itself_is_right_and_regions_may_touch_and_be_spelt_as_one_likes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = tmp_path / "both"
    both.mkdir()
    _bedpe(both / "loops.bedpe", "chr1", LOOPS)
    ends = range(100_000, 1_400_000, 100_000)
    (both / "tads.bed").write_text("".join(f"chr1\t{a}\t{a + 100_000}\nchr1\t{a}\t{a + 300_000}\n" for a in ends))
    args = ["evaluate", "--pred", str(both), "--truth", str(both), "--json"]
    for regions in (["chr1:250k-1.2M"], ["1:0-700k", "chr1:700k-5M"], ["chr1"]):
        assert main([*args, *(word for region in regions for word in ("--region", region))]) == 0
        seen = json.loads(capsys.readouterr().out)
        assert seen["tads"]["f1_at_jaccard_0.7"] == 1.0
        assert seen["loops"]["precision"] == 1.0
    assert seen["loops"]["truth"] == len(LOOPS)
    assert seen["settings"]["chromosomes"] == ["chr1"]


def test_a_chromosome_that_was_searched_counts_though_nothing_was_found(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    pred, truth = folders
    (pred / "run.json").write_text(json.dumps({"parameters": {"regions": ["chr1:0-9,000,000", "chr2:0-9,000,000"]}}))
    args = ["evaluate", "--pred", str(pred), "--truth", str(truth), "--json"]
    assert main(args) == 0
    assert json.loads(capsys.readouterr().out)["loops"]["recall"] == pytest.approx(2 / 3)
    assert main([*args, "--chrom", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["loops"]["recall"] == 1.0
