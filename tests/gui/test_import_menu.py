"""The menu of *Import as ▾*: status, first position and where the files are complete, for one import."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtWidgets import QApplication, QFileDialog, QMenu, QWidget

from napari_hicstruct.annotations import Kind, Project, Status
from napari_hicstruct.cli.main import main
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.panels.labels.import_menu import ImportMenu
from napari_hicstruct.plugin.state.labels.importing import ImportAs
from tests.gui.person import Person
from tests.gui.view_kit import open_in, pump
from tests.window_kit import TinyWindow, iv

MAP, LIST = "GM12878_MboI_chr21_10kb_hg19.cool", "GM12878_chr21.HiCCUPS.hg19.bedpe"


def test_an_entry_imports_as_it_says_and_what_is_ticked_holds_once(qtbot: Any) -> None:
    parent, session = QWidget(), TinyWindow(None)
    qtbot.addWidget(parent)
    chosen: list[Status | None] = []
    menu = ImportMenu(session, parent, chosen.append)  # type: ignore[arg-type]
    actions = {action.text(): action for action in menu.actions() if action.text()}
    actions["Positions count from 1"].trigger()
    menu.complete.chromosome.trigger()
    actions["Import as rejected …"].trigger()
    actions["Import as the files say …"].trigger()
    assert chosen == [Status.REJECTED, None]
    assert session.importing.ticked == ImportAs(one_based=True, complete_in=("chr17",)), "until files come"
    assert menu.complete.title() == "Complete in: chr17"
    session.importing.start([])
    assert session.importing.ticked == ImportAs()
    assert not actions["Positions count from 1"].isChecked()
    assert menu.complete.title() == "Complete in: —"
    assert menu.complete.nowhere.isChecked()


def test_the_region_in_view_is_the_part_of_the_diagonal_that_is_seen(qtbot: Any) -> None:
    parent, session = QWidget(), TinyWindow(None)
    qtbot.addWidget(parent)
    complete = ImportMenu(session, parent, lambda _: None).complete  # type: ignore[arg-type]
    session.view = iv(100_000, 400_000), iv(200_000, 900_000)
    complete.aboutToShow.emit()
    assert complete.view.text() == "Region in view: chr17:0.20–0.40 Mb"
    complete.view.trigger()
    assert session.importing.ticked.complete_in == ("chr17:200,000-400,000",)
    session.view = iv(100_000, 200_000), iv(300_000, 400_000)
    complete.aboutToShow.emit()
    assert not complete.view.isEnabled()
    assert session.importing.ticked.complete_in == ("chr17:200,000-400,000",), "what was chosen stays"


def test_regions_that_are_none_change_nothing(qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parent, session = QWidget(), TinyWindow(None)
    qtbot.addWidget(parent)
    complete = ImportMenu(session, parent, lambda _: None).complete  # type: ignore[arg-type]
    complete.chromosome.trigger()
    answers = iter([("chr9:1-2", True), ("chr17:1k-2k", False), ("chr17:10k-20k", True)])
    monkeypatch.setattr(
        "napari_hicstruct.plugin.panels.labels.complete_menu.QInputDialog.getText", lambda *_, **__: next(answers)
    )
    for _ in range(2):
        complete.region.trigger()
        assert (session.importing.ticked.complete_in, complete.chromosome.isChecked()) == (("chr17",), True)
    assert "chr9" in str(session.problems[0])
    complete.region.trigger()
    assert (session.importing.ticked.complete_in, complete.region.isChecked()) == (("chr17:10k-20k",), True)
    bed = tmp_path / "done.bed"
    bed.write_text("chr17\t0\t1000\nchr17\t5000\t9000\n")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(bed), ""))
    complete.bed.trigger()
    assert complete.title() == "Complete in: 2 regions of done.bed"
    assert session.importing.ticked.complete_in == (str(bed),)
    assert not session.hints[-1:] or "line" not in session.hints[-1]
    bed.write_text("chr17\t0\t1000\nchr17\t5000\tx\nchrUn\t0\t50\n")
    complete.bed.trigger()
    assert "done.bed: line 2" in session.hints[-1]
    assert "chrUn (1)" in session.hints[-1]
    session.map_changed.emit()
    assert session.importing.ticked.complete_in == (), "it was of the map before"


@pytest.fixture
def person(
    make_napari_viewer: Callable[..., Any], data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Person]:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))  # no project of another test
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, data_dir / "maps" / MAP)
    viewer.window._qt_window.resize(1600, 1000)
    made = Person(viewer, session, dock)
    yield made
    dock.learn.count_soon.cancel()
    assert pump(lambda: not session.learning.counting, 30)
    made.let_go()


def test_an_accepted_list_that_is_complete_in_view_by_the_mouse(
    person: Person, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, body = person.session, person.dock.sections["labels"].body
    session.go_to(Interval("21", 30_000_000, 33_000_000))
    person.rest(300)
    path = data_dir / "labels" / LIST
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_, **__: ([str(path)], ""))
    person.click(body.import_as)
    seen = session.importing.region_in_view()
    assert isinstance(QApplication.activePopupWidget(), QMenu)
    person.pick("Complete in: —")
    person.pick(body.import_menu.complete.view.text())
    assert body.import_menu.complete.title() == "Complete in: chr21:30.0–33.0 Mb"
    person.pick("Import as accepted …")
    assert pump(lambda: session.importing.report is not None and not session.importing.running)
    (block,) = session.project.reviewed()
    assert (block.rows, block.cols, block.kinds) == (seen, seen, (Kind.LOOP,))
    assert pump(lambda: "learnt as absent" in body.report.lines[-1].text())
    assert session.review.regions.here == [block], "drawn as a reviewed region"
    other = tmp_path / "shell.hicproj"
    words = ["import", str(path), "--map", str(data_dir / "maps" / MAP), "--project", str(other), "-q"]
    assert main([*words, "--status", "accepted", "--complete-in", str(seen)]) == 0
    with Project.open(other) as shell:
        assert [one.with_(uid="") for one in shell.query()] == [one.with_(uid="") for one in session.project.query()]
        assert [(one.rows, one.cols, one.kinds) for one in shell.reviewed()] == [(seen, seen, (Kind.LOOP,))]
    person.key("U")
    assert pump(lambda: session.labels.sets() == [])
    assert session.project.reviewed() == []
