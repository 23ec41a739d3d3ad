"""Projects through the public API: in, judged, out, undone; learning from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import napari_hicstruct as hs
from napari_hicstruct.annotations import Origin
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.training import engine
from napari_hicstruct.training.samples import SampleStream
from tests.unit.finetune.kit import judged, loop, map_path, new_project, small_world, tad, tiny_folder, verdict


@pytest.fixture
def m() -> hs.ContactMap:
    return hs.open_map(map_path())


@pytest.fixture
def p(m: hs.ContactMap, tmp_path: Path) -> Iterator[hs.api.projects.Project]:
    with hs.open_project(tmp_path / "p.hicproj", m, reviewer="ada") as opened:
        yield opened


def test_add_judge_undo(p: hs.api.projects.Project) -> None:
    assert p.add([loop(100_000), loop(500_000), tad(0, 400_000)], set="mine") == "mine"
    assert [one.name for one in p.sets] == ["mine"]
    loops = p.annotations(kind="loop")
    assert [record.anchor1.start for record in loops] == [100_000, 500_000]
    assert p.judge(loops[0], "accepted") == 1
    assert p.judge(loops[1].uid, "rejected") == 1
    assert [r.status for r in p.annotations(kind="loops")] == ["accepted", "rejected"]
    assert len(p.annotations(status=["accepted", "edited"])) == 1
    assert len(p.annotations(region="chr1:0-50k")) == 1
    assert p.annotations(kind="stripe").kinds == ("stripe",)
    assert p.undo() == "reject"
    assert p.redo() == "reject"
    assert p.judge(p.annotations().to_dataframe(), "proposed") == 2
    assert p.undo() == "reset"
    assert {entry.reviewer for entry in p.file.journal()} == {"ada"}
    while p.undo():
        pass
    assert len(p.annotations()) == 0
    assert p.redo() == "add"


def test_sets_are_named_after_what_comes_in(p: hs.api.projects.Project, tmp_path: Path) -> None:
    run: dict[str, Any] = {"model": {"name": "m", "version": "2"}}
    assert p.add(hs.Calls([loop(0)], run=run)) == "m 2"
    asked = {"mode": "accurate", "limits": {"loop_separation": 40_000}, "min_probability": {}}
    run |= {"parameters": {**asked, "norms": {"chr1": "weight"}}, "seconds": 3.0}
    assert p.add(hs.Calls([loop(300_000)], run=run)) == "m 2"
    assert p.runs == {"m 2": [{"model": run["model"], "parameters": asked}]}
    file = hs.write_labels([tad(0, 400_000), tad(400_000, 900_000)], tmp_path / "tads.bed")
    assert p.add(hs.read_labels(file)) == "tads"
    assert p.add(hs.read_labels(file)) == "tads"
    assert (
        p.add(pd.DataFrame({"chrom": ["chr1"], "start": [0], "end": [9], "kind": ["tad"]}), status="accepted")
        == "python"
    )
    assert [one.origin for one in p.sets] == [Origin.PREDICTED, Origin.IMPORTED, Origin.IMPORTED]
    assert len(p.annotations(set="tads")) == 4
    assert p.annotations(set="python")[0].status == "accepted"


def test_export_is_that_of_the_command(p: hs.api.projects.Project, tmp_path: Path) -> None:
    from napari_hicstruct.cli.main import main

    p.add([loop(100_000), loop(500_000)])
    p.judge(p.annotations()[1], "rejected")
    files = p.export(tmp_path / "mine")
    assert main(["export", str(p.path), "-o", str(tmp_path / "shell"), "-q"]) == 0
    assert (tmp_path / "mine" / "loops.bedpe").read_text() == (tmp_path / "shell" / "loops.bedpe").read_text()
    assert [path.name for path in files] == ["loops.bedpe", "run.json"]
    assert len(hs.read_labels(files[0])) == 1
    with pytest.raises(hs.errors.ProjectError, match="has no set 'x'"):
        p.export(tmp_path / "none", sets="x")
    assert not (tmp_path / "none").exists()


def test_reviewed(p: hs.api.projects.Project) -> None:
    block = p.mark_reviewed("chr1:1M-2M", "chr1:2M-3M", kinds=["loops"])
    assert p.reviewed == [block]
    assert (block.rows, block.cols, block.kinds) == (
        hs.Interval("chr1", 1_000_000, 2_000_000),
        hs.Interval("chr1", 2_000_000, 3_000_000),
        ("loop",),
    )


def test_what_is_refused(p: hs.api.projects.Project, tmp_path: Path, sample: hs.ContactMap) -> None:
    with pytest.raises(hs.errors.ProjectError, match=r"there is no such project. Give map="):
        hs.open_project(tmp_path / "none.hicproj")
    assert not (tmp_path / "none.hicproj").exists()
    with pytest.raises(hs.errors.ProjectError, match=r"another map|other map"):
        hs.open_project(p.path, sample)
    with pytest.raises(hs.errors.ProjectError, match=r"other map|another map"):
        hs.predict(sample, "chr1:5M-6M", project=p)
    with pytest.raises(hs.errors.LabelError, match="nothing to add"):
        p.add([])
    with pytest.raises(
        hs.errors.ProjectError, match=r"the map has no loop at chr1:3,900,000-4,110,000. Read labels with map="
    ):
        p.add([loop(3_900_000)])
    with pytest.raises(hs.errors.ProjectError, match=r"no set 'x'. It has none"):
        p.annotations(set="x")
    with pytest.raises(hs.errors.ProjectError, match="no longer in the project"):
        p.judge("0" * 32, "accepted")
    with pytest.raises(hs.errors.LabelError, match="there is no status 'good'"):
        p.judge([], "good")
    with pytest.raises(hs.errors.LabelError, match="no column 'uid'"):
        p.judge(pd.DataFrame({"a": [1]}), "accepted")
    assert p.sets == []


def test_two_at_once(p: hs.api.projects.Project, m: hs.ContactMap) -> None:
    p.add([loop(0)])
    with hs.open_project(p.path, m) as second:
        assert second.read_only
        assert len(second.annotations()) == 1
        with pytest.raises(hs.errors.ProjectError, match="cannot be edited"):
            second.add([loop(100_000)])
    with hs.open_project(p.path, read_only=True) as reader:
        assert reader.map.fingerprint == m.fingerprint


# ---- learning


@pytest.fixture
def small() -> Iterator[None]:
    with small_world():
        yield


@pytest.mark.usefixtures("small")
def test_finetune(tmp_path: Path, m: hs.ContactMap, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict(monkeypatch, True)
    new_project(tmp_path / "a", judged()).close()
    path = tmp_path / "a" / "case.hicproj"
    steps: list[hs.Progress] = []
    result = hs.finetune(path, m, device="cpu", settings={"ridge": 3.0}, progress=steps.append)
    assert (result.verdict, result.taken, result.reason) == ("better", True, "the test says so")
    assert result.model.version == "0.3+ft1"
    assert result.model.path.parent.name == "case.models"
    assert steps
    assert result.before.keys() == result.after.keys()
    row = result.table.iloc[0]
    assert result.before[row.on][row.what][row.measure] == row.before
    with hs.open_project(path, m) as p:
        current = p.file.lineage.current()
        assert current is not None
        assert current.sha256 == result.model.sha256
        again = hs.finetune(p, device="cpu")
        assert again.model.card["parent"]
        assert len(p.annotations()) > 0, "a project that was given open stays open"


@pytest.mark.usefixtures("small")
def test_finetune_refuses(p: hs.api.projects.Project, m: hs.ContactMap) -> None:
    with pytest.raises(hs.errors.ProjectError, match="holds no corrections"):
        hs.finetune(p)
    with pytest.raises(hs.errors.ConfigError, match=r"^train='everything': must be 'heads'"):
        hs.finetune(p, train="everything")
    with pytest.raises(hs.errors.ConfigError, match=r"^key 'trainable'"):
        hs.finetune(p, settings={"trainable": "head"})
    with pytest.raises(hs.errors.ConfigError, match="ridges"):
        hs.finetune(p, settings={"ridges": 1})


# ---- models, simulation


def test_models(tmp_path: Path) -> None:
    listed = hs.list_models()
    assert listed[0].name == "default"
    assert {model.name for model in listed} >= {"default", "tiny"}
    tiny = hs.load_model(tiny_folder(tmp_path / "mine"))
    assert (tiny.path, tiny.shipped, tiny.tracks) == (tmp_path / "mine", False, ())
    assert repr(tiny).endswith(": loop, stripe, tad>")
    assert tiny.config.fine_resolution == 5_000
    network = tiny.network
    assert not network.training
    assert network is tiny.network
    assert hs.load_model(tiny) is tiny
    (tmp_path / "mine" / "weights.safetensors").write_bytes(b"damaged")
    with pytest.raises(hs.errors.ModelError, match="does not match its checksum"):
        hs.load_model(tmp_path / "mine").network  # noqa: B018
    with pytest.raises(hs.errors.ModelError, match="no model 'x'"):
        hs.load_model("x")


def test_a_model_in_hand_predicts(sample: hs.ContactMap) -> None:
    calls = hs.predict(sample, "chr1:5M-6M", tasks="loop", model=hs.load_model("tiny"))
    assert calls.run["model"]["name"] == "tiny"


def test_simulate(tmp_path: Path, in_an_empty_folder: Path) -> None:
    made = hs.simulate(
        tmp_path / "s.mcool",
        truth=tmp_path / "truth",
        chromosomes={"chr1": 2_000_000, "chr2": 2_500_000},
        resolutions=[10_000, 20_000],
        style="painted",
        depth=50,
        seed=4,
    )
    m = hs.open_map(made.map)
    assert m.chromsizes.to_dict() == {"chr1": 2_000_000, "chr2": 2_500_000}
    assert m.resolutions == (10_000, 20_000)
    assert np.nanmean(np.diagonal(m.fetch("chr1", 10_000, norm="raw"), 1)) == pytest.approx(50, rel=0.4)
    assert len(hs.read_labels(tmp_path / "truth" / "tads.bed")) == made.visible["tad"]
    assert list(in_an_empty_folder.iterdir()) == []
    with pytest.raises(hs.errors.ConfigError, match="at least 2 Mb"):
        hs.simulate(tmp_path / "t.mcool", chromosomes={"chr1": 100_000})
    with pytest.raises(hs.errors.ConfigError, match="gives no lengths"):
        hs.simulate(tmp_path / "t.mcool", chromosomes=["chr1"])
    with pytest.raises(hs.errors.ConfigError, match="depths"):
        hs.simulate(tmp_path / "t.mcool", settings={"depths": 1})
    with pytest.raises(hs.errors.OutputError, match=r"t.txt: is no .mcool file. Name it t.mcool"):
        hs.simulate(tmp_path / "t.txt")
    assert not list(tmp_path.glob("t.*"))


def test_calibrate(tmp_path: Path) -> None:
    with pytest.raises(hs.errors.ModelError, match="is shipped and stays as it is"):
        hs.calibrate("tiny")
    folder = tiny_folder(tmp_path / "mine")
    result = hs.calibrate(folder, maps=2, length=4_000_000, depths=[1_000], device="cpu")
    assert result.folder == folder
    assert hs.load_model(folder).card["calibration"] == result.calibration


RECIPE = {
    "name": "mine",
    "steps": 2,
    "checkpoint_every": 1,
    "validate_every": 2,
    "warmup": 1,
    "strip_tiles": 2,
    "fine_batch": 1,
    "coarse_size": 128,
    "model": {
        "channels": [8, 8, 8, 8, 8],
        "strip_channels": 32,
        "tasks": [{"name": "loop", "head": "point", "fine": True, "widths": [32, 24, 16]}],
        "windows": {"fine_size": 128, "fine_margin": 8, "coarse_size": 128, "coarse_margin": 32, "strip_length": 256},
    },
    "train": {"extrusion": 1, "first_seed": 1, "settings": {"length": 7_000_000}},
    "validation": {"extrusion": 1, "first_seed": 900_000, "settings": {"length": 7_000_000}},
}


def test_train_and_go_on_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stream(config: TrainConfig, paths: list[Path], first: int, part: slice) -> Iterator[engine.Batch]:
        return iter(SampleStream(config, paths, first_step=first, last_step=config.steps, seed=config.seed, part=part))

    monkeypatch.setattr(engine, "_stream", stream)
    monkeypatch.setattr("napari_hicstruct.workflows.train.VALIDATION_BATCHES", 1)
    steps: list[hs.Progress] = []
    model = hs.train(RECIPE, tmp_path / "run", device="cpu", progress=steps.append)
    assert (model.name, model.tasks, model.path) == ("mine", ("loop",), tmp_path / "run" / "model")
    assert model.card["step"] == 2
    assert steps
    monkeypatch.setenv("HICSTRUCT_POOL", str(tmp_path / "run" / "maps"))
    child = hs.train({**RECIPE, "name": "child", "seed": 2}, tmp_path / "next", start_from=model, device="cpu")
    assert child.card["parent"] == {"name": "mine", "sha256": model.sha256}


def test_train_refuses_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(hs.errors.ConfigError, match="stepps"):
        hs.train({"stepps": 1}, tmp_path / "run")
    with pytest.raises(hs.errors.ConfigError, match="start_from goes with one recipe only"):
        hs.train([{}, {}], tmp_path / "run", start_from="tiny")
    assert not (tmp_path / "run").exists()
