"""``hicstruct fuse`` of pictures and ``fuse-train``: files in, files out; everything else is one line."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.cli.main import main
from napari_hicstruct.models.fusion.store import load_fusion
from napari_hicstruct.workflows.fuse.image_files import read_picture, write_picture

TINY = """
preset: lytro
network: {width: 8, heads: 2, dilations: [1, 2]}
losses: {detail: 5.0, structure: 1.0, binary: 0.1, tv: 0.1, truth_mask: 1.0, truth_image: 10.0}
train: {steps: 4, batch: 2, patch: 32, warmup: 1, checkpoint_every: 2, validate_every: 2, seed: 3}
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two 8-bit pictures, a sharp one to learn from, settings of seconds, and the model that comes of them."""
    folder = tmp_path_factory.mktemp("fuse")
    rng = np.random.default_rng(0)
    for name in ("a", "b", "sharp"):
        write_picture(folder / f"{name}.png", rng.integers(0, 255, (48, 64)).astype("u1"))
    write_picture(folder / "rgb.png", rng.integers(0, 255, (48, 64, 3)).astype("u1"))
    (folder / "tiny.yaml").write_text(TINY)
    train = [
        "fuse-train",
        str(folder / "sharp.png"),
        "-o",
        str(folder / "model"),
        "--config",
        str(folder / "tiny.yaml"),
    ]
    assert main([*train, "--device", "cpu", "--threads", "1", "--json"]) == 0
    return folder


def run(files: Path, *words: str, out: str = "f.png") -> int:
    common = ["-o", str(files / out), "--model", str(files / "model"), "--device", "cpu", "--threads", "1"]
    return main(["fuse", *(str(files / w) if Path(w).suffix and "=" not in w else w for w in words), *common])


def test_a_training_leaves_a_model_a_log_and_what_it_saw(files: Path) -> None:
    net, config, card = load_fusion(files / "model")
    assert config.train.steps == 4
    assert card["trained_on"] == {"pictures": ["sharp.png"], "truth_used": True}
    log = [json.loads(line) for line in (files / "model" / "training" / "log.jsonl").read_text().splitlines()]
    assert [one["step"] for one in log] == [1, 2, 3, 4]
    assert "validation_loss" in log[3]
    assert {"detail", "structure", "truth_mask"} <= set(log[0])
    assert float(net.last.weight.detach().abs().sum()) > 0, "it has learnt something"


def test_a_training_that_is_resumed_ends_as_one_that_never_stopped(files: Path, tmp_path: Path) -> None:
    from napari_hicstruct.config.fusion import fusion_config
    from napari_hicstruct.errors import Cancelled
    from napari_hicstruct.jobs import CancelToken, drain
    from napari_hicstruct.workflows.fuse.train import TrainFusionRequest, iter_train_fusion_model

    config, token = fusion_config(files / "tiny.yaml"), CancelToken()
    options = {"device": "cpu", "threads": 1}
    request = TrainFusionRequest(tmp_path / "m", config, (files / "sharp.png",), None, **options)  # type: ignore[arg-type]
    with pytest.raises(Cancelled):
        drain(iter_train_fusion_model(request, token), lambda step: token.cancel() if step.done == 3 else None)
    assert not (tmp_path / "m" / "model.json").exists()
    assert main(
        ["fuse-train", str(files / "sharp.png"), "-o", str(tmp_path / "m"), "--config", str(files / "tiny.yaml"),
         "--resume", "--device", "cpu", "--threads", "1"]
    ) == 0  # fmt: skip
    whole, resumed = (load_fusion(folder)[0].state_dict() for folder in (files / "model", tmp_path / "m"))
    for name, value in whole.items():
        np.testing.assert_allclose(value.numpy(), resumed[name].numpy(), atol=1e-6, err_msg=name)
    log = [json.loads(line)["step"] for line in (tmp_path / "m" / "training" / "log.jsonl").read_text().splitlines()]
    assert log == [1, 2, 3, 4]


def test_two_files_become_one_and_a_mask(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files, "a.png", "b.png", "--mask", "mask.tif", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    fused, mask = read_picture(files / "f.png"), read_picture(files / "mask.tif")
    assert (fused.dtype, fused.shape) == (np.uint8, (48, 64))
    assert mask.dtype == np.float32
    assert said["share_of_A"] == pytest.approx(float(mask.mean()), abs=1e-3)
    assert said["model"] == "fusion lytro"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a.png", "rgb.png"), "A is grey, B is RGB"),
        (("a.png", "a.png"), "same picture"),
        (("a.png", "none.png"), "no such file"),
        (("a.png", "map.mcool"), "one of A and B is a picture, the other is none"),
        (("a.png", "b.png", "--counts"), "--counts goes with maps"),
        (("a.png", "b.png", "--resolution=10k", "--chrom=1"), "--resolution and --chrom go with maps"),
        (("map.mcool", "map2.mcool", "--preset=lytro"), "--preset goes with pictures"),
        (("a.png", "b.png", "--mask", "mask.png"), "PNG is not written for float32"),
        (("a.png", "b.png", "--mask", "new.png"), "is asked for twice"),
        (("a.png", "b.png", "--mask", "none/mask.tif"), "there is no such folder"),
        (("a.png", "b.png", "--preset=lytro", "--model=model"), "--model and --preset both give a network"),
        (("map.mcool", "map2.mcool", "--chrom=1", "--region=1:0-1M"), "--chrom and --region both say where"),
    ],
)
def test_bad_input_is_one_line(
    files: Path, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(files, *words, out="new.png") == 2
    error = capsys.readouterr().err.strip()
    assert said in error
    assert "\n" not in error
    assert not (files / "new.png").exists()


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ("files.iter_fuse_files", ["fuse", "a.png", "b.png", "-o", "t.png"]),
        ("maps.iter_fuse_maps", ["fuse", "a.cool", "b.cool", "-o", "t.mcool"]),
        ("train.iter_train_fusion_model", ["fuse-train", "-o", "t"]),
    ],
)
def test_a_queue_ends_it_as_a_person_does(job: str, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def terminated(*_: object):
        yield signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(f"napari_hicstruct.workflows.fuse.{job}", terminated)
    assert main(words) == 130


def test_a_mask_never_takes_the_place_of_the_picture(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "old.npy").write_text("old")
    (files / "link.npy").hardlink_to(files / "old.npy")
    for mask in ("./old.npy", "link.npy"):
        assert run(files, "a.png", "b.png", "--overwrite", "--mask", str(files / mask), out="old.npy") == 2
        assert "is asked for twice" in capsys.readouterr().err
    assert run(files, "a.png", "b.png", "--mask", f"{files}/../{files.name}/f.tif", out="f.tif") == 2
    assert not (files / "f.tif").exists()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.full((16, 16), np.nan), "not finite"),
        (np.full((16, 16), 1e300), "not finite"),
        (np.ones((16, 16)), "the same everywhere"),
        (np.eye(4), "too few to learn from"),
        (np.eye(16) * 1j, "no picture to learn from"),
        (np.random.default_rng(0).random((5, 16, 16)), "no picture to learn from"),
    ],
)
def test_pictures_that_would_spoil_a_network(
    files: Path, values: np.ndarray, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(files / "bad.npy", values)
    assert main(["fuse-train", str(files / "bad.npy"), "-o", str(files / "spoilt"), "--steps", "1"]) == 2
    error = capsys.readouterr().err.strip()
    assert said in error
    assert "\n" not in error
    assert not (files / "spoilt" / "model.json").exists()


def test_neither_inputs_nor_strangers_are_replaced(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (files / "a.png").read_bytes()
    assert run(files, "a.png", "b.png", "--overwrite", out="a.png") == 2
    assert "is read for this" in capsys.readouterr().err
    assert (files / "a.png").read_bytes() == before
    (files / "mine.npy").write_text("mine")
    assert run(files, "a.png", "b.png", out="mine.npy") == 2
    assert (files / "mine.npy").read_text() == "mine"
    assert run(files, "a.png", "b.png", "--overwrite", out="mine.npy") == 0
    assert read_picture(files / "mine.npy").shape == (48, 64)


def test_a_model_is_not_replaced_unasked(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again = ["fuse-train", str(files / "sharp.png"), "-o", str(files / "model"), "--config", str(files / "tiny.yaml")]
    assert main(again) == 2
    assert "holds a model already" in capsys.readouterr().err
    assert main([*again, "--preset", "lytro"]) == 2
    assert "both give settings" in capsys.readouterr().err
    assert main([*again, "--resume", "--start", str(files / "model")]) == 2
    assert "has its weights" in capsys.readouterr().err
