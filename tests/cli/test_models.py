"""``hicstruct models`` and ``hicstruct train``: what is shipped, installed, refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from napari_hicstruct.cli.main import main
from napari_hicstruct.config.resources import resource
from napari_hicstruct.jobs import Progress

Out = pytest.CaptureFixture[str]


@pytest.fixture
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setenv("HICSTRUCT_MODELS", str(folder))
    return folder


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(resource("models", "default"), tmp_path / "mine"))


def said(capsys: Out) -> object:
    return json.loads(capsys.readouterr().out)


def test_the_shipped_model_is_listed_and_shows_its_card(own_models: Path, capsys: Out) -> None:
    assert main(["models", "--json"]) == 0
    rows = said(capsys)
    assert [row["name"] for row in rows] == ["default", "tiny"]  # type: ignore[attr-defined]
    assert main(["models", "show", "--json"]) == 0
    card = said(capsys)
    assert card["tasks"] == ["loop", "stripe", "tad"]  # type: ignore[index]
    assert card["recipe"]["train"]["extrusion"] > 0  # type: ignore[index]


def test_a_model_is_installed_once_and_can_become_the_default(own_models: Path, copy: Path, capsys: Out) -> None:
    assert main(["models", "install", str(copy), "--name", "lab"]) == 0
    assert sorted(p.name for p in (own_models / "lab").iterdir()) == ["model.json", "weights.safetensors"]
    assert main(["models", "install", str(copy), "--name", "lab"]) == 2
    assert "installed already" in capsys.readouterr().err
    assert main(["models", "default", "lab", "--json"]) == 0
    assert main(["models", "default", "nonesuch"]) == 2
    capsys.readouterr()
    assert main(["models", "--json"]) == 0
    defaults = [row["from"] for row in said(capsys) if row["default"]]  # type: ignore[attr-defined]
    assert defaults == [str(own_models / "lab")]


def test_damaged_weights_are_not_installed(own_models: Path, copy: Path, capsys: Out) -> None:
    weights = copy / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    assert main(["models", "install", str(copy)]) == 2
    error = capsys.readouterr().err.strip()
    assert "does not match its checksum" in error
    assert "\n" not in error
    assert not own_models.exists() or not list(own_models.iterdir())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stepps: 3", "unknown key 'stepps'"),
        ("train: {extrusion: -1}", "train.extrusion"),
        ("model: {coarse_resolution: 25000}", "twice"),
        ("- a list", "no settings"),
    ],
)
def test_a_wrong_recipe_is_refused_before_anything_starts(tmp_path: Path, capsys: Out, text: str, message: str) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(text)
    assert main(["train", str(recipe), "-o", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert "\n" not in error
    assert not (tmp_path / "run").exists()


def test_ctrl_c_says_how_to_go_on(tmp_path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> Iterator[Progress]:
        yield Progress(stage="train", done=1, total=2)
        raise KeyboardInterrupt

    monkeypatch.setattr("napari_hicstruct.workflows.train.iter_train_model", interrupted)
    (tmp_path / "recipe.yaml").write_text("steps: 2")
    assert main(["train", str(tmp_path / "recipe.yaml"), "-o", str(tmp_path / "run")]) == 130
    note, last = capsys.readouterr().err.splitlines()
    assert "start the same command again" in note
    assert last == "hicstruct: interrupted."


@pytest.mark.parametrize(("name", "last", "most"), [("default", "real", 10_000_000), ("tiny", "tiny", 1_000_000)])
def test_the_shipped_recipes_are_the_ones_in_the_shipped_cards(name: str, last: str, most: int) -> None:
    from napari_hicstruct.config import load_config, parse_config
    from napari_hicstruct.config.training import TrainConfig

    recipe, folder = load_config(TrainConfig, resource("configs", f"{last}.yaml")), resource("models", name)
    card = json.loads((folder / "model.json").read_text())["card"]
    assert parse_config(TrainConfig, card["recipe"]) == recipe
    assert (folder / "weights.safetensors").stat().st_size <= most
    assert {"loop@5000", "loop@10000", "stripe", "boundary", "tad"} <= set(card["calibration"])
    steps = [json.loads(line)["step"] for line in (folder / "training-log.jsonl").read_text().splitlines()]
    assert steps[-1] == recipe.steps


def test_the_first_stage_of_the_shipped_model_has_its_recipe_and_log() -> None:
    from napari_hicstruct.config import load_config
    from napari_hicstruct.config.training import TrainConfig

    first, second = (load_config(TrainConfig, resource("configs", f"{name}.yaml")) for name in ("default", "real"))
    log = resource("models", "default") / "training-log-simulated.jsonl"
    assert [json.loads(line)["step"] for line in log.read_text().splitlines()][-1] == first.steps
    assert second.start_from == first.name
    assert not any("chr21" in name or "21" in name.split("-") for name in second.datasets), "chr21 is for validation"
