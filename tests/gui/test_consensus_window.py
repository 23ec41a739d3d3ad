"""The consensus of callers in a real window, by mouse and keys: found from the menu, voted, read, loaded, written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QFileDialog

from napari_hicstruct.annotations import read_labels
from napari_hicstruct.cli.main import main
from napari_hicstruct.plugin.widgets.inks import contrast
from tests.gui.person import Person
from tests.gui.view_kit import imported, open_in, pump

MAP = "GM12878_MboI_chr21_10kb_hg19.cool"
LISTED, RIGHT, FOUND, WEIGHT, REMARK, REMOVE = range(3, 9)
"""Columns of the callers' table."""
FILES = [
    "GM12878_chr21.HiCCUPS.hg19.bedpe",
    "GM12878_chr21.peakachu.10kb.hg19.bedpe",
    "GM12878_chr21.RAD21_ChIA-PET.hg19.bedpe",
]


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
    if dock.consensus is not None and isalive(dock.consensus):
        dock.consensus.close()
    dock.learn.count_soon.cancel()
    assert pump(lambda: not session.learning.counting, 30)
    made.let_go()


def opened(person: Person) -> Any:
    """The dialog, opened from the menu bar."""
    person.pick_from_bar("HiC Structures", "Consensus of callers …")
    dialog = person.dock.consensus
    assert pump(dialog.isVisible)
    return dialog


def drop(target: Any, paths: list[Path]) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    place, action = target.rect().center(), Qt.DropAction.CopyAction
    buttons, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(target, QDragEnterEvent(place, action, mime, buttons, none))
    QApplication.sendEvent(target, QDropEvent(QPointF(place), action, mime, buttons, none, QEvent.Type.Drop))


def settled(dialog: Any) -> None:
    assert pump(lambda: not dialog.state.running)
    turns = iter(range(20))
    assert pump(lambda: next(turns, None) is None)  # the panel follows within a few of them


def test_dropped_files_vote_and_the_result_is_loaded_undone_and_written(
    person: Person, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = opened(person)
    assert not dialog.run_button.isEnabled()
    assert dialog.worth.text() == "Tick two callers or more."
    paths = [data_dir / "labels" / name for name in FILES]
    drop(dialog, paths)
    settled(dialog)
    shown = [[dialog.table.topLevelItem(k).text(column) for column in (0, 2)] for k in range(3)]
    assert shown == [["HiCCUPS", "101 loops"], ["Peakachu", "101 loops"], [shown[2][0], shown[2][1]]]
    assert pump(dialog.run_button.isEnabled)
    person.click(dialog.run_button)
    settled(dialog)
    assert pump(dialog.load_button.isEnabled)
    assert "loops with soft scores" in dialog.summary.text()
    text = hovered(dialog, dialog.plot.column_rect(0).center())
    assert text == dialog.plot.upset.columns[0].text + " (not in the list)"
    assert text.startswith(f"{dialog.plot.upset.columns[0].n:,} loops by ")
    person.click(dialog.load_button)
    settled(dialog)
    (made,) = person.session.labels.sets()
    assert made.name == "consensus of 3 callers (learnt reliability)"
    assert pump(lambda: made.name in dialog.notes.text())
    out, again = tmp_path / "soft.bedpe", tmp_path / "shell.bedpe"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(out), ""))
    person.click(dialog.save_button)
    assert main(["consensus", *map(str, paths), "-o", str(again), "--map", str(data_dir / "maps" / MAP), "-q"]) == 0
    assert out.read_bytes() == again.read_bytes()
    assert len(read_labels(out).records) == len(person.session.project.query())
    person.key("Ctrl+Z")
    assert pump(lambda: person.session.labels.sets() == [])
    person.session.review.redo()
    assert pump(lambda: len(person.session.labels.sets()) == 1)
    dialog.close()
    person.key("U")
    assert pump(lambda: person.session.labels.sets() == [])


def hovered(dialog: Any, at: QPointF) -> str:
    QTest.mouseMove(dialog.plot, QPoint(1, 1))
    QTest.mouseMove(dialog.plot, at.toPoint())
    assert pump(lambda: dialog.plot._hovered is not None)
    return str(dialog.plot.text_at(at))


def click_column(person: Person, dialog: Any, place: int) -> None:
    rect = dialog.plot.column_rect(place)
    person._click_at(dialog.plot.mapToGlobal(QPoint(round(rect.center().x()), round(rect.bottom()) - 30)))


def test_a_column_of_the_plot_is_chosen_flown_through_and_loaded_alone(person: Person, data_dir: Path) -> None:
    dialog = opened(person)
    drop(dialog, [data_dir / "labels" / name for name in FILES])
    settled(dialog)
    person.click(dialog.run_button)
    settled(dialog)
    assert pump(dialog.load_button.isEnabled)
    texts = [dialog.table.topLevelItem(0).text(column) for column in (LISTED, RIGHT, FOUND)]
    assert all(texts)
    assert [text.endswith("%") for text in texts] == [False, True, True]
    columns = dialog.plot.upset.columns
    place = next(k for k, one in enumerate(columns) if len(one.callers) > 1)
    assert not dialog.members.isVisible()
    click_column(person, dialog, place)
    assert pump(dialog.members.isVisible)
    assert dialog.members.text.text() == f"{columns[place].text}."
    assert dialog.plot.chosen == columns[place].callers
    assert dialog.minimumSizeHint().height() <= 700, "it fits on a screen of 1366 × 768"
    person.click(dialog.members.next)
    assert pump(lambda: dialog.members.place.text().startswith(f"1 of {columns[place].n}: "))
    record = dialog.state.members.records[0]
    rows, cols = person.session.visible()
    assert rows.start < record.anchor1.start < rows.end
    assert cols.start < record.anchor2.start < cols.end
    assert pump(lambda: dialog.members.next.text() == "Next")
    person.click(dialog.members.load)
    settled(dialog)
    assert pump(lambda: len(person.session.labels.sets()) == 1)
    assert len(person.session.project.query()) == columns[place].n
    alone = next(k for k, one in enumerate(columns) if len(one.callers) == 1)
    click_column(person, dialog, alone)
    assert pump(lambda: dialog.members.place.text().startswith("They are not in the list"))
    assert not dialog.members.next.isEnabled()
    dialog.plot.setFocus()
    person.key("Right")
    assert pump(lambda: dialog.plot.chosen == columns[alone + 1].callers)
    person.click(dialog.members.close_button)
    assert pump(lambda: not dialog.members.isVisible())


def test_sets_of_the_project_are_ticked_named_and_weighed(person: Person, data_dir: Path) -> None:
    imported(person.session, [data_dir / "labels" / name for name in FILES[:2]])
    body = person.dock.sections["labels"].body
    person.click(body.consensus_button)
    dialog = person.dock.consensus
    settled(dialog)
    assert dialog.table.topLevelItemCount() == 2
    assert dialog.worth.text().startswith("Two callers; reliability needs three")
    first = dialog.table.topLevelItem(0)
    first.setCheckState(0, Qt.CheckState.Unchecked)
    assert pump(lambda: not dialog.run_button.isEnabled())
    first.setCheckState(0, Qt.CheckState.Checked)
    first.setText(0, "my caller")
    assert pump(lambda: dialog.state.callers() == ["Peakachu", "my caller"])
    methods = dialog.settings.form.method.native
    texts = [methods.itemText(k) for k in range(methods.count())]
    assert texts == ["learnt reliability", "share of callers", "given weights"]
    dialog.settings.form.method.value = "weighted"
    assert pump(lambda: not dialog.table.isColumnHidden(WEIGHT))
    box = dialog.table.itemWidget(first, WEIGHT)
    box.setValue(3)
    assert dialog.state.weights == {"my caller": 3.0}
    person.click(dialog.run_button)
    settled(dialog)
    assert {round(one.soft_score, 6) for one in dialog.state.result.consensus.records} == {1.0}
    dialog.settings.form.keep_all.value = True
    assert pump(lambda: "find the consensus again" in dialog.summary.text())
    assert not dialog.load_button.isEnabled()
    person.click(dialog.run_button)
    settled(dialog)
    assert {round(one.soft_score, 6) for one in dialog.state.result.consensus.records} == {0.25, 0.75, 1.0}


def test_a_bad_file_says_why_in_its_row_and_goes_out_at_a_click(person: Person, data_dir: Path, tmp_path: Path) -> None:
    dialog = opened(person)
    empty = tmp_path / "empty.bedpe"
    empty.write_text("")
    drop(dialog, [*(data_dir / "labels" / name for name in FILES), empty])
    settled(dialog)
    item = dialog.table.topLevelItem(3)
    assert pump(lambda: item.text(REMARK) == "Is empty. Choose a file with labels.")
    assert not item.flags() & Qt.ItemFlag.ItemIsUserCheckable
    assert dialog.run_button.isEnabled()
    person.click(dialog.table.itemWidget(item, REMOVE))
    assert pump(lambda: dialog.table.topLevelItemCount() == 3)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_plot_reads_on_both_themes_and_in_a_small_window(person: Person, data_dir: Path, theme: str) -> None:
    person.viewer.theme = theme
    dialog = opened(person)
    drop(dialog, [data_dir / "labels" / name for name in FILES])
    settled(dialog)
    person.click(dialog.run_button)
    settled(dialog)
    assert pump(lambda: dialog.plot.upset is not None)
    colours = dialog.plot._theme
    assert contrast(colours["text"], colours["background"]) >= 4.5
    assert contrast(colours["bar"], colours["background"]) >= 3
    assert dialog.sizeHint().height() <= 700, "it fits on a screen of 1366 × 768"
    dialog.resize(100, 100)
    assert pump(lambda: 100 < dialog.width() <= 700 and dialog.height() <= 700)
    drawn, n = dialog.plot.n_drawn(), len(dialog.plot.upset.columns)
    assert 1 <= drawn <= n
    assert dialog.plot.column_rect(drawn - 1).right() <= dialog.plot.width()


def test_a_closed_dock_takes_the_dialog_along(person: Person) -> None:
    dialog = opened(person)
    assert dialog.isVisible()
    person.dock.parentWidget().destroyOnClose()
    assert pump(lambda: not isalive(dialog))
