"""``hicstruct segment`` from files to files, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
import yaml
import zarr
from skimage.io import imsave

from napari_hicstruct.cli.main import main
from napari_hicstruct.errors import OutputError
from napari_hicstruct.workflows.segment.image_files import read_image
from tests.unit.segmentation.segment_kit import discs, picture, tiny


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A picture, its labels, and settings of a few seconds."""
    labels = discs()
    tifffile.imwrite(tmp_path / "a.tif", picture(labels), imagej=True, resolution=(2.0, 2.0), metadata={"unit": "um"})
    tifffile.imwrite(tmp_path / "labels.tif", labels.astype(np.uint8))
    np.save(tmp_path / "b.npy", picture(labels, seed=2))
    imsave(tmp_path / "c.png", (picture(labels, seed=3) // 40).clip(0, 255).astype(np.uint8), check_contrast=False)
    settings = tiny(steps=100).model_dump(mode="json")
    (tmp_path / "fast.yaml").write_text(yaml.safe_dump(settings))
    return tmp_path


def test_train_then_predict(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, out = files / "model", files / "out"
    given = ["--labels", str(files / "labels.tif"), "--config", str(files / "fast.yaml"), "--threads", "1"]
    train = ["segment", "train", str(files / "a.tif"), *given, "--classes", "dim, bright"]
    assert main([*train, "-o", str(model), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["classes"] == ["dim", "bright"]
    assert said["figures"]["dice"] > 0.7
    assert main([*train, "-o", str(model)]) == 2
    assert "holds a model. Nothing was written." in capsys.readouterr().err
    pictures = [str(files / name) for name in ("a.tif", "b.npy", "c.png")]
    assert main(["segment", "predict", *pictures, "-m", str(model), "-o", str(out), "--maps", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["files"]
    assert [Path(row["file"]).name for row in rows] == ["a.tif", "b.tif", "c.tif"]
    assert (tifffile.imread(out / "a.tif") == discs()).mean() > 0.9
    with tifffile.TiffFile(out / "a.tif") as written:
        assert written.pages[0].tags["XResolution"].value == (2, 1), "labels overlay the picture in its own unit"
    assert tifffile.imread(out / "a-distance.tif").dtype == np.float32
    assert tifffile.imread(out / "a-probability.tif").shape == (2, 96, 128)
    assert main(["segment", "predict", pictures[0], "-m", str(model), "-o", str(out)]) == 2
    assert "exists. Nothing was written." in capsys.readouterr().err
    assert main(["segment", "predict", pictures[0], "-m", str(model), "-o", str(files), "--overwrite"]) == 2
    assert "is read for this" in capsys.readouterr().err


def test_compare_makes_the_table_and_goes_on(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = yaml.safe_load((files / "fast.yaml").read_text()) | {"steps": 3, "validate_every": 3}
    (files / "fast.yaml").write_text(yaml.safe_dump(data))
    out = files / "table"
    words = ["segment", "compare", str(files / "a.tif"), "--labels", str(files / "labels.tif"), "-o", str(out)]
    words += ["--config", str(files / "fast.yaml"), "--selectors", "E0_Identity", "E2_LREFree", "E6_PatchGate"]
    assert main([*words, "--seeds", "1", "2", "--json", "--threads", "1"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert len(said["rows"]) == 6
    assert said["best"] in ("E0_Identity", "E2_LREFree", "E6_PatchGate")
    rows = {row["selector"]: row for row in said["rows"]}
    assert rows["E2_LREFree"]["parameters"] > rows["E0_Identity"]["parameters"]
    assert 0 < rows["E2_LREFree"]["gate_entropy"] <= 1
    assert "gate_entropy" not in rows["E0_Identity"]
    for name in ("E0_Identity", "E2_LREFree", "E6_PatchGate"):
        assert (out / "logs" / name / "seed-1" / "log.jsonl").exists()
        assert (out / f"model_{name}.safetensors").exists()
    before = (out / "logs" / "E0_Identity" / "seed-1" / "model.json").stat().st_mtime_ns
    assert main([*words, "--seeds", "1", "2", "--json", "--threads", "1"]) == 0
    assert (out / "logs" / "E0_Identity" / "seed-1" / "model.json").stat().st_mtime_ns == before
    model = str(out / "model_E2_LREFree.safetensors")
    assert main(["segment", "predict", str(files / "b.npy"), "-m", model, "-o", str(files / "found")]) == 0


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["train", "a.tif", "--labels", "missing.tif", "-o", "x"], "missing.tif: there is no such file."),
        (
            ["train", "a.tif", "b.npy", "--labels", "labels.tif", "-o", "x"],
            "given are 2 pictures, and labels in 1 file.",
        ),
        (["train", "a.tif", "--labels", "empty.npy", "-o", "x"], "a.tif: holds no labels: every pixel is 0."),
        (["train", "small.npy", "--labels", "small.npy", "-o", "x"], "is 8 × 8 pixels, too small to learn from."),
        (["train", "a.tif", "--labels", "text.txt", "-o", "x"], "text.txt: is no kind of picture that is read."),
        (["train", "a.tif", "--labels", "bad.tif", "-o", "x"], "bad.tif: is not readable as TIFF."),
        (
            ["train", "a.tif", "--labels", "labels.tif", "-o", "x", "--classes", "one"],
            "labels hold 2 classes (1, 2), but 1 name is given.",
        ),
        (
            ["train", "a.tif", "--labels", "labels.tif", "-o", "x", "--config", "no.yaml"],
            "no.yaml: there is no such file.",
        ),
        (["predict", "a.tif", "-m", "nothing", "-o", "x"], "nothing: is not a model folder."),
        (["compare", "a.tif", "--labels", "labels.tif", "-o", "x", "--selectors", "E9"], "'E9'"),
        (["train", "a.tif", "--labels", "labels.tif", "-o", "x", "--seed", str(10**22)], "key 'seed'"),
    ],
)
def test_bad_input_is_one_line(
    words: list[str], text: str, files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(files)
    np.save("empty.npy", np.zeros((96, 128), np.uint8))
    np.save("small.npy", np.ones((8, 8), np.uint8))
    Path("text.txt").write_text("no picture")
    Path("bad.tif").write_bytes(b"II*\0" + b"\1" * 40)
    assert main(["segment", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert text in err
    assert err.count("\n") == 1
    assert not Path("x").exists()


def test_kinds_of_pictures_are_read(tmp_path: Path) -> None:
    colours = np.random.default_rng(1).integers(0, 255, (20, 30, 3), np.uint8)
    imsave(tmp_path / "a.png", colours, check_contrast=False)
    imsave(tmp_path / "opaque.png", np.dstack([colours, np.full((20, 30), 255, np.uint8)]), check_contrast=False)
    tifffile.imwrite(tmp_path / "a.tif", colours, photometric="rgb")
    tifffile.imwrite(
        tmp_path / "ome.ome.tif",
        np.moveaxis(colours, -1, 0),
        ome=True,
        photometric="minisblack",
        metadata={"axes": "CYX"},
    )
    for name in ("a.png", "opaque.png", "a.tif", "ome.ome.tif"):
        assert np.array_equal(read_image(tmp_path / name).image, colours), name
    tifffile.imwrite(tmp_path / "z.tif", np.zeros((5, 20, 30), np.uint16), metadata={"axes": "ZYX"})
    assert read_image(tmp_path / "z.tif").image.shape == (5, 20, 30)


def test_labels_of_a_zarr_picture_are_never_cut_off(tmp_path: Path) -> None:
    """An array is written in the picture's own numbers, which must hold them all; bytes and fractions become TIFF."""
    many = np.arange(40 * 50).reshape(40, 50)
    for kind in ("uint8", "float32", "uint16", "int32"):
        path = tmp_path / f"{kind}.zarr"
        zarr.open_array(str(path), mode="w", shape=many.shape, dtype=kind)[:] = 1
        file = read_image(path)
        target = file.target_in(tmp_path / "out")
        target.parent.mkdir(exist_ok=True)
        file.write_labels(many, target)
        written = zarr.open_array(str(target))[:] if target.suffix == ".zarr" else tifffile.imread(target)
        assert np.array_equal(written, many), kind
        assert (target.suffix == ".zarr") == (kind in ("uint16", "int32"))
    with pytest.raises(OutputError, match="cannot hold the label 70,000 as uint16"):
        read_image(tmp_path / "uint16.zarr").write_labels(many + 68_001, tmp_path / "out" / "more.zarr")
