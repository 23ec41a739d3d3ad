"""The window: no project before there is something to keep, its own project for a moved map, an export that asks."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtWidgets import QFileDialog

from napari_hicstruct.annotations import Origin, Project, Status, read_labels
from napari_hicstruct.errors import HicStructError, ProjectError
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.controllers.session import ensure_session
from napari_hicstruct.plugin.panels.export.panel import ExportPanel
from napari_hicstruct.plugin.panels.labels.panel import LabelsPanel
from napari_hicstruct.plugin.panels.review.bulk import BulkPanel
from napari_hicstruct.plugin.state.labels.export import IfTaken
from tests.annotation_kit import loop
from tests.contacts_kit import upper_counts, write_cool
from tests.gui.view_kit import imported, pump

Make = Callable[..., Any]
LABELS = "chr1\t100000\t110000\tchr1\t300000\t310000\nchr1\t200000\t210000\tchr1\t400000\t410000\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of this test's own."""
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def said() -> Iterator[list[Any]]:
    seen: list[Any] = []
    notification_manager.notification_ready.connect(seen.append)
    yield seen
    notification_manager.notification_ready.disconnect(seen.append)


def make_map(path: Path, seed: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_cool(path, {"chr1": 1_000_000}, 10_000, upper_counts(100, seed))
    return path


def opened(make_napari_viewer: Make, path: Path) -> Any:
    session = ensure_session(make_napari_viewer())
    session.open_map(path)
    assert session.editing
    pump(lambda: False, 0.7)  # the project is looked for 0.4 s after the first picture
    return session


def projects(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.hicproj*"))


def test_looking_at_a_map_leaves_nothing(make_napari_viewer: Make, tmp_path: Path, home: Path, qtbot: Any) -> None:
    session = opened(make_napari_viewer, make_map(tmp_path / "m.cool"))
    editor = session.editing.editor
    assert session.project is None
    assert editor.labels.refusal == ""
    panel = LabelsPanel(session)
    qtbot.addWidget(panel)
    assert panel.import_button.isEnabled()
    assert "No labels yet" in panel._note.text()
    bulk = BulkPanel(session.editing.review)
    qtbot.addWidget(bulk)
    bulk.refresh()
    assert bulk._refusal == ""
    session.editing.review.undo()
    session.editing.review.lasso_candidates()
    session.editing.review.stop()

    def refused(_: Any) -> None:
        raise ProjectError("is out of the map")

    assert editor.labels.attempt(refused) is None
    assert session.project is None
    assert projects(tmp_path) == []
    region = session.editing.review.regions.mark_view()
    assert region is not None
    code = session.source.fingerprint()[:12]
    assert (home / "projects" / f"m-{code}.hicproj").is_file()
    session.close()
    assert projects(tmp_path) == [f"m-{code}.hicproj"]
    with Project.open(home / "projects" / f"m-{code}.hicproj") as kept:
        assert len(kept.reviewed()) == 1


def test_refused_labels_leave_nothing_and_good_ones_are_kept(
    make_napari_viewer: Make, tmp_path: Path, said: list[Any]
) -> None:
    session = opened(make_napari_viewer, make_map(tmp_path / "m.cool"))
    (tmp_path / "bad.bed").write_text("chr1\tx\ty\nchr1\t5\t2\n")
    (tmp_path / "good.bedpe").write_text(LABELS)
    assert imported(session, [tmp_path / "bad.bed"]).imported == ()
    assert len(said) == 1
    assert projects(tmp_path) == []
    assert len(imported(session, [tmp_path / "good.bedpe"]).imported) == 1
    assert session.project.count() == 2
    session.close()


def test_a_named_project_is_made_with_the_first_edit(make_napari_viewer: Make, tmp_path: Path) -> None:
    session = opened(make_napari_viewer, make_map(tmp_path / "m.cool"))
    session.open_project(tmp_path / "mine.hicproj")
    assert session.project_path == tmp_path / "mine.hicproj"
    assert projects(tmp_path) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(ProjectError, match="cannot be created"):
        session.open_project(tmp_path / "file" / "mine.hicproj")
    session.labels.attempt(lambda project: project.add_set("my labels", Origin.HUMAN))
    assert session.project.path == tmp_path / "mine.hicproj"
    session.close()
    assert projects(tmp_path) == ["mine.hicproj"]


@pytest.mark.parametrize("change", ["renamed", "moved", "both"])
def test_a_map_that_was_moved_opens_its_own_project(change: str, make_napari_viewer: Make, tmp_path: Path) -> None:
    old = make_map(tmp_path / "a" / "old.cool")
    session = opened(make_napari_viewer, old)
    record = loop(3)
    editor = session.editing.editor
    editor.labels.attempt(lambda p: p.add([record], set_id=p.add_set("calls", Origin.PREDICTED).id))
    path = session.project.path
    session.close_map()
    new = tmp_path / ("a" if change == "renamed" else "b") / ("old.cool" if change == "moved" else "new.cool")
    new.parent.mkdir(exist_ok=True)
    shutil.move(old, new)
    session.open_map(new)
    assert session.project is None, "it is opened after the first picture"
    pump(lambda: session.project is not None, 3)
    assert session.project.path == path
    assert session.project.map.uri == str(new)
    assert list(editor.labels.catalogue.records) == [record.uid]
    session.close()


def test_the_project_beside_a_map_is_opened_and_said(make_napari_viewer: Make, tmp_path: Path, said: list[Any]) -> None:
    own = make_map(tmp_path / "a" / "m.cool")
    session = opened(make_napari_viewer, own)
    session.open_project(tmp_path / "a" / "study.hicproj")
    session.labels.attempt(lambda p: p.add_set("mine", Origin.HUMAN))
    session.close_map()
    session.open_map(own)
    pump(lambda: session.project is not None, 3)
    assert session.project.path == tmp_path / "a" / "study.hicproj"
    assert [one.message for one in said] == [f"Opened {tmp_path / 'a' / 'study.hicproj'}, which belongs to this map."]
    session.close()


def test_a_project_finds_its_map_where_a_like_named_one_is_in_the_working_folder(
    make_napari_viewer: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = make_map(tmp_path / "a" / "m.cool", 1)
    make_map(tmp_path / "b" / "m.cool", 2)
    monkeypatch.chdir(own.parent)
    session = opened(make_napari_viewer, Path("m.cool"))
    session.open_project(tmp_path / "a" / "p.hicproj")
    session.labels.attempt(lambda p: p.add_set("mine", Origin.HUMAN))
    session.close_map()
    monkeypatch.chdir(tmp_path / "b")
    session.open_project(Path("..", "a", "p.hicproj"))
    assert session.source.uri == str(own)
    session.close()


def test_where_no_project_can_be_kept_it_is_said_once_and_the_map_is_shown(
    make_napari_viewer: Make, tmp_path: Path, said: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "file" / "home"))
    session = opened(make_napari_viewer, make_map(tmp_path / "m.cool"))
    assert session.layer in session.viewer.layers
    assert len(said) == 1
    assert "No project can be kept there. Set HICSTRUCT_HOME" in said[0].message
    assert session.labels.attempt(lambda p: p.add_set("mine", Origin.HUMAN)) is None
    session.open_project(tmp_path / "mine.hicproj")
    assert session.labels.attempt(lambda p: p.add_set("mine", Origin.HUMAN)) is not None
    session.close()


def test_the_map_comes_out_whole_of_a_layer_that_fails(
    make_napari_viewer: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_hicstruct.plugin.layers.map import layer as map_layer

    session = ensure_session(make_napari_viewer())

    def fails(*_: Any) -> None:
        raise ValueError("contrast limits")

    with monkeypatch.context() as patch:
        patch.setattr(map_layer.MapLayer, "show", fails)
        patch.setattr(map_layer.MapLayer, "close", lambda *_: (_ for _ in ()).throw(RuntimeError("deleted")))
        with pytest.raises(ValueError, match="contrast limits"):
            session.open_map(make_map(tmp_path / "m.cool"))
    assert session.source is None
    session.open_map(tmp_path / "m.cool")
    assert session.layer in session.viewer.layers
    session.close()


# ---------------------------------------------------------------------- export
@pytest.fixture
def exporting(make_napari_viewer: Make, tmp_path: Path, qtbot: Any) -> Iterator[tuple[Any, ExportPanel]]:
    session = opened(make_napari_viewer, make_map(tmp_path / "a.cool", 1))
    panel = ExportPanel(session)
    qtbot.addWidget(panel)
    yield session, panel
    session.close()


def add_calls(session: Any, number: int) -> None:
    records = [loop(10 * k, status=Status.ACCEPTED) for k in range(number)]
    work = lambda p: p.add(records, set_id=p.add_set("calls", Origin.PREDICTED).id)  # noqa: E731
    assert session.labels.attempt(work) is not None


def test_the_folder_follows_map_and_project_until_one_is_chosen(
    exporting: tuple[Any, ExportPanel], tmp_path: Path
) -> None:
    session, panel = exporting
    assert panel.folder.text() == str(tmp_path / "a-export")
    assert not panel.folder.open_button.isEnabled()
    session.open_project(tmp_path / "study.hicproj")
    add_calls(session, 1)
    assert panel.folder.text() == str(tmp_path / "a-study-export")
    session.open_map(make_map(tmp_path / "b.cool", 2))
    editor = session.editing.editor
    assert editor.labels.catalogue is None, "the labels of the map before are not shown on this one"
    assert editor.labels.project is None
    assert panel.folder.text() == str(tmp_path / "b-export")
    panel.folder.setText(str(tmp_path / "mine"))
    session.open_map(tmp_path / "a.cool")
    assert pump(lambda: session.project is not None)
    assert panel.folder.text() == str(tmp_path / "a-study-export"), "what was chosen for b is no folder of a"
    session.open_map(tmp_path / "b.cool")
    assert panel.folder.text() == str(tmp_path / "mine")


def test_another_maps_files_are_replaced_only_after_a_yes(exporting: tuple[Any, ExportPanel], tmp_path: Path) -> None:
    session, panel = exporting
    asked: list[str] = []
    panel.folder.if_taken = lambda what: IfTaken.LEAVE if asked.append(what) is None else IfTaken.REPLACE
    panel.folder.setText(str(tmp_path / "out"))
    add_calls(session, 2)
    panel._update()
    assert panel.write()
    assert panel.folder.open_button.isEnabled()
    assert panel.write(), "its own files need no question"
    assert asked == []
    first = json.loads((tmp_path / "out" / "run.json").read_text())
    session.open_map(make_map(tmp_path / "b.cool", 2))
    assert panel.result.isHidden(), "what was written of the map before is no news here"
    panel.folder.setText(str(tmp_path / "out"))
    add_calls(session, 1)
    panel._update()
    assert panel.write() == []
    (what,) = asked
    assert f"loops.bedpe of another map ({tmp_path / 'a.cool'})" in what
    assert json.loads((tmp_path / "out" / "run.json").read_text()) == first
    assert panel.result.text() == "Nothing was written."
    panel.folder.if_taken = lambda what: IfTaken.BESIDE
    assert [path.parent.name for path in panel.write()] == ["out-2", "out-2"]
    assert json.loads((tmp_path / "out" / "run.json").read_text()) == first
    assert panel.result.text() == f"Wrote 1 loop to {tmp_path / 'out-2'}"
    panel.folder.if_taken = lambda what: IfTaken.REPLACE
    assert panel.write()
    assert len(read_labels(tmp_path / "out" / "loops.bedpe").records) == 1


def test_window_and_shell_write_one_layout(exporting: tuple[Any, ExportPanel], tmp_path: Path) -> None:
    from napari_hicstruct.workflows.export import ExportRequest, export

    session, panel = exporting
    panel.folder.setText(str(tmp_path / "out"))
    add_calls(session, 2)
    panel._update()
    assert panel.write()
    ours = json.loads((tmp_path / "out" / "run.json").read_text())
    request = ExportRequest(formats=("bedpe", "bed"), deduplicate=True)
    export(session.project.path, tmp_path / "shell", request, sets=["calls"])
    theirs = json.loads((tmp_path / "shell" / "run.json").read_text())
    assert ours.keys() == theirs.keys()
    assert ours["parameters"].keys() == theirs["parameters"].keys()
    assert ours["map"] == theirs["map"]
    assert (ours["files"], ours["counts"]) == (theirs["files"], theirs["counts"])
    export(session.project.path, tmp_path / "out", request)
    assert ours["map"]["uri"] == str(tmp_path / "a.cool")


def test_the_reviewer_can_be_named_before_there_is_a_project(make_napari_viewer: Make, tmp_path: Path) -> None:
    from napari_hicstruct.plugin.state.review.reviewer import keep_name

    session = opened(make_napari_viewer, make_map(tmp_path / "m.cool"))
    keep_name("Anna Lind")
    session.labels.attempt(lambda p: p.mark_reviewed(Interval("chr1", 0, 100_000)))
    assert session.project.journal(limit=1)[0].reviewer == "Anna Lind"
    session.close()


def test_an_error_is_no_crash_where_nothing_is_open(make_napari_viewer: Make, tmp_path: Path) -> None:
    session = ensure_session(make_napari_viewer())
    assert session.project is None
    assert session.project_path is None
    with pytest.raises(HicStructError, match="No map is open"):
        session.ensure_project()
    with pytest.raises(ProjectError, match="no such project"):
        session.open_project(tmp_path / "none.hicproj")
    assert os.listdir(tmp_path) == []
    session.close()


def test_the_project_is_saved_under_another_name_and_work_goes_on_there(
    exporting: tuple[Any, ExportPanel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, panel = exporting
    add_calls(session, 2)
    before, target = session.project.path, tmp_path / "copy"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    panel.save_project.click()
    assert session.project.path == tmp_path / "copy.hicproj"
    assert "copy.hicproj" in panel.result.text()
    number = session.project.count()
    session.project.add([loop(5)], set_id=session.project.sets()[0].id)
    with Project.open(before, read_only=True) as old:
        assert (old.count(), session.project.count()) == (number, number + 1)
