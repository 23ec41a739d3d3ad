"""``hicstruct finetune``: the button without a window."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from napari_hicstruct.annotations import Kind, Project, Status
from napari_hicstruct.cli.main import main
from napari_hicstruct.models.store import load_model
from napari_hicstruct.workflows.models import find_model
from tests.unit.finetune.kit import judged, loop, map_path, new_project, small_world, verdict


@pytest.fixture(scope="module", autouse=True)
def _small() -> Iterator[None]:
    with small_world():
        yield


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with map and project."""
    home = tmp_path / "home"
    home.mkdir()
    there = Path(shutil.copy(map_path(), home / "map.mcool"))
    monkeypatch.setattr("tests.unit.finetune.kit.map_path", lambda: there)
    new_project(home).close()
    return home


def test_the_last_line_is_for_machines_and_the_folder_may_travel(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict(monkeypatch, True)
    assert main(["finetune", str(folder / "case.hicproj"), "--json", "--device", "cpu"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    first = json.loads(line)
    keys = ["taken", "verdict", "reason", "details", "before", "after", "model", "parent", "seconds"]
    assert list(first) == keys
    assert (first["taken"], first["verdict"]) == (True, "better")
    assert first["parent"] == "tiny 0.3"
    assert first["seconds"] > 0
    assert first["before"].keys() == first["after"].keys()
    assert "replay" in first["after"]
    load_model(Path(first["model"]))

    away = folder.with_name("away")  # map, project and models, moved as one
    os.rename(folder, away)
    config = away / "more.yaml"
    config.write_text("ridge: 3.0\n")
    words = ["finetune", str(away / "case.hicproj"), "--config", str(config), "--threads", "1", "-d", "cpu"]
    assert main(words) == 0
    said = capsys.readouterr()
    assert "ranking" in said.out
    assert said.out.splitlines()[0] == "better: the test says so tiny 0.3+ft2 is in use.", "first one plain sentence"
    assert "note: " in said.err
    with Project.open(away / "case.hicproj") as project:
        models = project.lineage.models()
        assert [model.version for model in models] == ["0.3", "0.3+ft1", "0.3+ft2"]
        assert all(model.folder.parent == away / "case.models" for model in models)
        assert project.lineage.runs()[-1].config["ridge"] == 3.0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing.hicproj"], "nothing.hicproj"),
        (["case.hicproj", "--train", "everything"], "--train: must be"),
        (["case.hicproj", "--start", "middle"], "--start: must be"),
        (["case.hicproj", "--steps", "-3"], "steps"),
        (["case.hicproj", "--map", "no.mcool"], "no.mcool"),
        (["case.hicproj", "--config", "no.yaml"], "no.yaml"),
        (["case.hicproj", "--device", "abacus"], "abacus"),
        (["empty.hicproj"], "no corrections"),
        ([], "project"),
    ],
)
def test_bad_input_is_one_line(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    message: str,
) -> None:
    new_project(folder, [loop(10**6)], "empty.hicproj").close()
    monkeypatch.chdir(folder)
    before = {p.name for p in folder.iterdir()}
    assert main(["finetune", *words, "--json"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.strip().splitlines()
    assert message in line
    log = {"case.hicproj-shm", "case.hicproj-wal"}  # SQLite's own, beside a project that was read
    assert {p.name for p in folder.iterdir()} - log == before - log
    with Project.open("case.hicproj") as project:
        assert project.lineage.runs() == []


def test_a_failure_is_one_line_and_the_model_in_use_stays(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr("napari_hicstruct.workflows.finetune.learners.heads.HeadLearner.fit", fail)
    assert main(["finetune", str(folder / "case.hicproj"), "--json", "-d", "cpu"]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "learning failed (RuntimeError: shapes do not fit)" in line
    assert not (folder / "case.models").exists()


def test_judgements_made_elsewhere_are_learnt_from(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Lists with ``--status edited`` and ``--status rejected`` teach, and what each says is what is learnt."""
    loops = [record for record in judged(60) if record.kind is Kind.LOOP]
    lists = [[one for one in loops if one.status is status] for status in (Status.ACCEPTED, Status.REJECTED)]
    for name, records in zip("ab", lists, strict=True):
        rows = [(r.chrom, r.anchor1.start, r.anchor1.end, r.chrom, r.anchor2.start, r.anchor2.end) for r in records]
        (folder / f"{name}.bedpe").write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))

    def taught(name: str, edited: str, rejected: str) -> tuple[dict, Path]:
        project = str(folder / name / "p.hicproj")
        (folder / name).mkdir()
        for status, file in (("edited", edited), ("rejected", rejected)):
            words = ["import", str(folder / f"{file}.bedpe"), "--map", str(folder / "map.mcool"), "--project", project]
            assert main([*words, "--status", status, "--reviewer", "elsewhere"]) == 0
        capsys.readouterr()
        assert main(["finetune", project, "--json", "--device", "cpu"]) == 0
        model = Path(json.loads(capsys.readouterr().out)["model"])
        return json.loads((model / "model.json").read_text())["card"]["finetuned"], model

    (one, first), (_, other) = taught("one", "a", "b"), taught("two", "b", "a")
    assert one["corrections"] > 20
    parent = find_model("tiny").path
    weights = {(path / "weights.safetensors").read_bytes() for path in (parent, first, other)}
    assert len(weights) == 3, "each has learnt, and to swap the words teaches something else"
