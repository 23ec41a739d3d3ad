"""``hicstruct repair``: label files in, repaired ones out, which overlay them; everything else is one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from napari_hicstruct.cli.main import main
from napari_hicstruct.workflows.repair.over_files import RepairRequest

FAST = """
classes:
  - {name: wall, value: 2}
  - {name: lumen, value: 7}
priority: [lumen, wall]
rules:
  - {rule: touches, of: lumen, other: wall}
  - {rule: keep_largest, of: wall, n: 1}
shape: {epochs: 24, points: 256, train_size: 24, size: 24, validate_every: 12, checkpoint_every: 12}
joint: {steps: 60, positives: 64, band_points: 32, negatives: 64, validate_every: 20, checkpoint_every: 20,
        new_sample_steps: 20}
"""


def ball(shape: tuple[int, int, int], radius: float, by: float = 0.0) -> np.ndarray:
    """A shell (2) around a lumen (7), with an island; in voxels of whatever length fills the box."""
    grid = np.meshgrid(*((np.arange(n) + 0.5) / n * 2 - 1 for n in shape), indexing="ij")
    away = np.sqrt((grid[0] - by) ** 2 + grid[1] ** 2 + grid[2] ** 2)
    labels = np.where(away < radius, 2, 0)
    labels[away < 0.6 * radius] = 7
    labels[:2, :2, :2] = 2
    return labels.astype(np.int16)


def save(path: Path, labels: np.ndarray, directions: tuple[float, float, float]) -> Path:
    image = nibabel.Nifti1Image(labels, np.diag([*directions, 1.0]))
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)
    return path


@pytest.fixture
def given(tmp_path: Path) -> list[str]:
    """Two hearts in unlike orientations, sizes and voxels, and the settings."""
    (tmp_path / "fast.yaml").write_text(FAST)
    a = save(tmp_path / "a.nii.gz", ball((14, 16, 12), 0.7), (1, 1, 2))
    b = save(tmp_path / "b.nii.gz", ball((16, 16, 16), 0.6, by=0.1), (-1, -1, 1))
    return [str(a), str(b)]


def run(given: list[str], tmp_path: Path, *more: str) -> int:
    return main(["repair", *given, "--config", str(tmp_path / "fast.yaml"), "-o", str(tmp_path / "out"), *more])


def last_line(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.strip().splitlines()
    return lines[-1]


def test_repaired_files_overlay_their_input(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(given, tmp_path, "--threads", "1", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    out = tmp_path / "out"
    assert said["files"] == [str(out / "a.nii.gz"), str(out / "b.nii.gz")]
    assert said["function"] == str(out / "function.safetensors")
    assert set(said["dice"]) == {"shape", "fusion", "joint"}
    assert set(said["dice"]["joint"]) == {"wall", "lumen"}
    assert {"run.json", "changes.tsv", "log.jsonl", "function.safetensors"} <= {path.name for path in out.iterdir()}
    for path in map(Path, given):
        before, after = nibabel.load(path), nibabel.load(out / path.name)
        assert np.array_equal(after.affine, before.affine)
        assert after.get_data_dtype() == np.int16
        old, new = np.asanyarray(before.dataobj), np.asanyarray(after.dataobj)
        assert new.shape == old.shape
        assert set(np.unique(new)) == {0, 2, 7}
        assert (new > 0)[old == 7].mean() > 0.8, "it lies where it lay, whatever its orientation"
        assert not new[:2, :2, :2].any(), "the island is gone"
    assert np.array_equal(np.asanyarray(nibabel.load(given[0]).dataobj), ball((14, 16, 12), 0.7)), "input as it was"


def test_a_run_is_not_replaced_unasked_and_a_finished_one_resumes(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = ("--until", "fusion", "--quiet")
    assert run(given, tmp_path, *short) == 0
    first = (tmp_path / "out" / "a.nii.gz").read_bytes()
    capsys.readouterr()
    assert run(given, tmp_path, *short) == 2
    assert "a.nii.gz: exists. Nothing was written." in last_line(capsys)
    for name in ("a.nii.gz", "b.nii.gz"):
        (tmp_path / "out" / name).unlink()
    assert run(given, tmp_path, *short) == 2
    assert "--resume" in last_line(capsys), "the folder still holds the run"
    assert not (tmp_path / "out" / "a.nii.gz").exists()
    assert run(given, tmp_path, *short, "--resume") == 0
    assert (tmp_path / "out" / "a.nii.gz").read_bytes() == first
    assert run(given, tmp_path, *short, "--overwrite") == 0
    assert (tmp_path / "out" / "a.nii.gz").read_bytes() == first, "the same seed"
    settings = tmp_path / "fast.yaml"
    settings.write_text(settings.read_text().replace("epochs: 24", "epochs: 12"))
    capsys.readouterr()
    assert run(given, tmp_path, *short, "--resume") == 2
    assert "'shape.epochs' is not that of the run in this folder" in last_line(capsys)


def test_a_kept_function_takes_a_new_sample(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(given, tmp_path, "--quiet") == 0
    capsys.readouterr()
    new = str(save(tmp_path / "c.nii.gz", ball((12, 14, 18), 0.65), (1, -1, 1.5)))
    words = ["repair", new, "--function", str(tmp_path / "out"), "-o", str(tmp_path / "new")]
    assert main([*words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["files"] == [str(tmp_path / "new" / "c.nii.gz")]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["c.nii.gz", "run.json"]
    account = json.loads((tmp_path / "new" / "run.json").read_text())
    assert account["function"]["file"] == str(tmp_path / "out" / "function.safetensors")
    assert [one["name"] for one in account["labels"]] == ["c"]
    before, after = nibabel.load(new), nibabel.load(tmp_path / "new" / "c.nii.gz")
    assert np.array_equal(after.affine, before.affine)
    found = np.asanyarray(after.dataobj)
    assert (found > 0)[np.asanyarray(before.dataobj) == 7].mean() > 0.5
    save(tmp_path / "d.nii.gz", ball((12, 12, 12), 0.65) * 3, (1, 1, 1))
    assert (
        main(["repair", str(tmp_path / "d.nii.gz"), "--function", str(tmp_path / "out"), "-o", str(tmp_path / "n")])
        == 2
    )
    assert "label 6" in last_line(capsys)
    assert not list((tmp_path / "n").glob("*"))


def test_people_get_a_row_for_each_class(given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(given[:1], tmp_path, "--until", "fusion") == 0
    said = capsys.readouterr()
    head, *rows = said.out.strip().splitlines()
    assert head.split("  ")[0] == "class"
    assert [row.split()[:2] for row in rows] == [["lumen", "7"], ["wall", "2"]]
    assert "1 repaired label file in" in said.err


# --- refused, in one line, before anything is written ---------------------------------------------------------------


def bad_files(folder: Path) -> dict[str, tuple[list[str], str]]:
    """Arguments and what is said of them, by name."""
    labels = ball((8, 9, 10), 0.7)
    np.save(folder / "good.npy", labels)
    np.save(folder / "plane.npy", labels[4])
    np.save(folder / "times.npy", np.stack([labels, labels]))
    np.save(folder / "half.npy", labels / 2)
    np.save(folder / "unknown.npy", labels + (labels > 0))
    np.save(folder / "nothing.npy", labels * 0)
    (folder / "cut.nii.gz").write_bytes(b"\x1f\x8b\x08\x00")
    save(folder / "nifti.nii", labels, (1, 1, 1))
    (folder / "sub").mkdir()
    np.save(folder / "sub" / "good.npy", labels)
    good = str(folder / "good.npy")
    return {
        "missing": ([str(folder / "no.npy")], "no.npy: there is no such file"),
        "4-D": ([str(folder / "times.npy")], "times.npy: holds 4 axes (2 × 8 × 9 × 10)"),
        "float": ([str(folder / "half.npy")], "half.npy: holds"),
        "unknown": ([str(folder / "unknown.npy")], "unknown.npy: holds labels 3, 8, which no class"),
        "nothing": ([str(folder / "nothing.npy")], "nothing.npy: holds no labels"),
        "cut": ([str(folder / "cut.nii.gz")], "cut.nii.gz: is not readable as NIfTI"),
        "plane": ([good, str(folder / "plane.npy")], "plane.npy: has 2 axes, but"),
        "formats": ([good, str(folder / "nifti.nii")], "nifti.nii: is NIfTI, but"),
        "names": ([good, str(folder / "sub" / "good.npy")], "good.npy: has the name of"),
        "twice": ([good, good], "good.npy: is given twice"),
    }


@pytest.mark.parametrize(
    "name", ["missing", "4-D", "float", "unknown", "nothing", "cut", "plane", "formats", "names", "twice"]
)
def test_bad_files_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (tmp_path / "fast.yaml").write_text(FAST)
    words, message = bad_files(tmp_path)[name]
    assert run(words, tmp_path) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert message in lines[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--preset", "cardiac", "--config", "fast.yaml"], "--preset and --config both give settings"),
        (["--preset", "liver"], "'liver' is not one of"),
        (["--config", "none.yaml"], "none.yaml: there is no such file"),
        (["--function", "f.safetensors", "--until", "shape"], "--until goes with a repair that learns a function"),
        (["--function", "f.safetensors", "--preset", "hic", "--resume"], "--preset and --resume go with a repair"),
        (["--function", "good.npy"], "good.npy"),
        (["--preset", "cardiac"], "good.npy: holds label 77, which"),
        (["--config", "missing-class.yaml"], "names 'vein', but the classes are wall"),
        (["--config", "typo.yaml"], "unknown key 'priorities'"),
        (["--device", "abacus"], "abacus"),
        (["--out", "good.npy"], "good.npy"),
    ],
)
def test_bad_options_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("good.npy", ball((8, 9, 10), 0.7) // 7 * 77)
    Path("fast.yaml").write_text(FAST)
    Path("typo.yaml").write_text("priorities: [wall]\n")
    rule = "{rule: near, of: wall, others: [vein], distance: 2}"
    Path("missing-class.yaml").write_text(f"classes: [{{name: wall, value: 77}}]\nrules: [{rule}]\n")
    assert main(["repair", "good.npy", "-o", "out", *words]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert message in lines[0]
    assert not list(Path("out").glob("*.npy"))


def test_an_output_folder_that_holds_the_input_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("good.npy", ball((8, 9, 10), 0.7))
    before = Path("good.npy").read_bytes()
    assert main(["repair", "good.npy", "-o", ".", "--overwrite"]) == 2
    assert "is read for this, and is not replaced by it" in last_line(capsys)
    assert Path("good.npy").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["good.npy"]


def test_a_further_process_writes_no_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several devices each has a process that runs the same command; the first one writes."""
    from napari_hicstruct.jobs import drain
    from napari_hicstruct.workflows.repair import over_files

    np.save(tmp_path / "a.npy", ball((8, 9, 10), 0.7))

    def learned(samples: Any, *_: Any) -> Any:
        return over_files.Repaired(tuple(samples))
        yield

    monkeypatch.setattr(over_files, "_learn", learned)
    request = RepairRequest((tmp_path / "a.npy",), tmp_path / "out")
    monkeypatch.setenv("LOCAL_RANK", "1")
    drain(over_files.iter_repair_files(request))
    assert not (tmp_path / "out" / "a.npy").exists()
    monkeypatch.setenv("LOCAL_RANK", "0")
    drain(over_files.iter_repair_files(request))
    assert np.array_equal(np.load(tmp_path / "out" / "a.npy"), np.load(tmp_path / "a.npy"))


def test_a_disk_that_fills_up_says_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_hicstruct.errors import OutputError
    from napari_hicstruct.jobs import drain
    from napari_hicstruct.workflows.repair import over_files

    for name in "ab":
        np.save(tmp_path / f"{name}.npy", ball((8, 9, 10), 0.7))

    def learned(samples: Any, *_: Any) -> Any:
        return over_files.Repaired(tuple(samples))
        yield

    count = iter(range(9))

    def full(*_: Any) -> None:
        if next(count):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(over_files, "_learn", learned)
    monkeypatch.setattr("os.fsync", full)
    request = RepairRequest((tmp_path / "a.npy", tmp_path / "b.npy"), tmp_path / "out")
    with pytest.raises(
        OutputError, match=r"b\.npy: cannot be written: the disk is full\. Written before: 1 of 2 files"
    ):
        drain(over_files.iter_repair_files(request))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.npy"]
