"""Window, shell and Python go one way: the same predictions in a project, the same files of an export."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import napari_hicstruct as hs
from napari_hicstruct.annotations import Annotation, Origin, Project
from napari_hicstruct.annotations.writers.export import RUN_KEYS
from napari_hicstruct.cli.main import main
from napari_hicstruct.inference import device
from napari_hicstruct.plugin.controllers.session import ensure_session
from napari_hicstruct.plugin.panels.export.panel import ExportPanel
from napari_hicstruct.plugin.panels.predict.panel import PredictPanel
from napari_hicstruct.workflows.models import find_model
from tests.gui.view_kit import pump
from tests.unit.finetune.kit import judged, map_path, new_project, small_world

VARIES = {"written", "seconds", "peak_memory_mb"}
"""Of a ``run.json``: what no two runs share."""

UID = re.compile(r"\b[0-9a-f]{32}\b")


@pytest.fixture(autouse=True)
def _one_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The tiny model, one thread, float32: bits do not depend on who asks."""
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)  # the window leaves one core to itself
    monkeypatch.setattr(device, "has_fast_bf16", lambda _: False)
    with small_world():
        yield


@pytest.fixture
def map_file(tmp_path: Path) -> Path:
    return Path(shutil.copy(map_path(), tmp_path / "map.mcool"))


def records_of(path: Path) -> tuple[list[tuple[Any, ...]], list[tuple[Origin, bool, bool]], set[str]]:
    """What a project holds, but for ids and names: records, its predicted sets, actions of the journal."""

    def plain(record: Annotation) -> tuple[Any, ...]:
        parts = (record.kind, record.anchor1, record.anchor2, record.direction, record.status, record.resolution)
        return (*parts, round(record.score, 6), round(record.probability, 6), record.source, record.model)

    with Project.open(path, read_only=True) as project:
        sets = [(one.origin, one.visible, one.locked) for one in project.sets()]
        return sorted(map(plain, project.query()), key=str), sets, {entry.action for entry in project.journal()}


def test_predictions_in_a_project(
    make_napari_viewer: Callable[..., Any], qtbot: Any, map_file: Path, tmp_path: Path
) -> None:
    shell, python = tmp_path / "shell.hicproj", tmp_path / "python.hicproj"
    words = ["--project", str(shell), "--threads", "1", "-d", "cpu", "-q"]
    assert main(["predict", str(map_file), "-o", str(tmp_path / "files"), *words]) == 0
    calls = hs.predict(map_file, project=python, threads=1, device="cpu")
    session = ensure_session(make_napari_viewer())
    session.open_map(map_file)
    state = session.prediction
    panel = PredictPanel(state)
    qtbot.addWidget(panel)
    assert pump(lambda: panel.run_button.isEnabled(), 10)
    assert state.models.choose(find_model("tiny").sha256)
    state.device, state.scope = "cpu", "chromosome"
    panel.run_button.click()
    assert pump(lambda: "Found" in panel.result.text(), 120), panel.result.text()
    window = session.project_path
    session.close()
    assert records_of(shell)[0]
    assert records_of(window) == records_of(shell) == records_of(python)
    calls.write(tmp_path / "written")
    assert same_files(tmp_path / "files", tmp_path / "written")


def test_a_second_prediction_gets_a_set_of_its_own(map_file: Path, tmp_path: Path) -> None:
    with hs.open_project(tmp_path / "p.hicproj", map=map_file) as project:
        for _ in range(2):
            hs.predict(map_file, "chr1:1M-2M", tasks="loop", project=project, threads=1)
        assert [one.name for one in project.sets] == ["tiny 0.3", "tiny 0.3 (2)"]


def same_files(*folders: Path) -> bool:
    """Whether folders hold the same files, and run.json says the same in one layout."""
    names = [sorted(path.name for path in folder.iterdir()) for folder in folders]
    runs = [json.loads((folder / "run.json").read_text()) for folder in folders]
    assert names[1:] == names[:-1]
    for run in runs:
        assert run.keys() >= {*RUN_KEYS, "made_with", "counts", "files"}
        assert run["map"].keys() == {"uri", "fingerprint", "assembly"}
    told = [{key: value for key, value in run.items() if key not in VARIES} for run in runs]
    assert told[1:] == told[:-1]
    plain = [name for name in names[0] if name != "run.json"]
    texts = [[UID.sub("", (folder / name).read_text()) for name in plain] for folder in folders]
    return texts[1:] == texts[:-1]


@pytest.mark.parametrize("deduplicated", [True, False])
def test_an_export(
    make_napari_viewer: Callable[..., Any], qtbot: Any, map_file: Path, tmp_path: Path, deduplicated: bool
) -> None:
    with new_project(tmp_path, judged(30)) as made:
        path = made.path
        again = made.add_set("again", Origin.PREDICTED)
        made.add([record.with_(uid=f"again-{k}") for k, record in enumerate(judged(30))], set_id=again.id)
        made.relink(hs_identity(map_file))
    shell, python, window = (tmp_path / name for name in ("shell", "python", "window"))
    words = ["--status", "accepted", "--status", "proposed", *(["--deduplicate"] if deduplicated else [])]
    assert main(["export", str(path), "-o", str(shell), *words, "-q"]) == 0
    with hs.open_project(path) as project:
        project.export(python, status=["proposed", "accepted"], deduplicate=deduplicated)
    session = ensure_session(make_napari_viewer())
    session.open_map(map_file)
    session.open_project(path)
    panel = ExportPanel(session)
    qtbot.addWidget(panel)
    for name, on in {"stripenn": True, "edited": False, "proposed": True, "once": deduplicated}.items():
        panel.form[name].value = on
    panel.folder.setText(str(window))
    assert panel.write()
    session.close()
    assert same_files(shell, python, window)


def hs_identity(path: Path) -> Any:
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.workflows.projects import identity_of

    return identity_of(open_map(path))
