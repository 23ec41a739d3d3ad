"""The list of sets: colours that are drawn, the menu behind ⋯ and the right mouse button, the note on what is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication, QMenu

from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.plugin.panels.labels.menu import set_menu
from napari_hicstruct.plugin.panels.labels.panel import LabelsPanel
from tests.gui.edit_kit import RES, Kind, Status, TinySession, add_map, loop, make_project, tad

LONG = "a caller with a name · GM12878_chr21 that is longer than any dock is wide · 10kb"


@pytest.fixture
def session(tmp_path: Path, qapp: Any) -> Iterator[Any]:
    viewer = ViewerModel()
    add_map(viewer)
    with make_project(tmp_path) as project:
        made = TinySession(viewer, project)
        yield made
        made.editing.close()


@pytest.fixture
def panel(session: Any, qtbot: Any) -> LabelsPanel:
    project = session.project
    for name in ("HiCCUPS", LONG):
        made = [loop(100_000, 300_000, source="HiCCUPS"), tad(200_000, 500_000, source="HiTAD")]
        project.add_as_set(name, Origin.IMPORTED, made, action="import")
    session.labels.sets_changed()
    panel = LabelsPanel(session)
    qtbot.addWidget(panel)
    panel.resize(330, 400)
    panel.show()
    session.editing.editor.show_layers()
    return panel


def entries(menu: QMenu) -> dict[str, Any]:
    return {action.text(): action for action in menu.actions() if action.text()}


def menu_of(session: Any, panel: LabelsPanel, set_id: int) -> dict[str, Any]:
    return entries(set_menu(session.labels, panel.commands, set_id, panel, lambda: None))


def test_two_sets_have_two_colours_on_the_map_and_a_judgment_changes_the_line(session: Any, panel: LabelsPanel) -> None:
    first, second = session.labels.sets()
    loops = session.editing.editor.overlay(Kind.LOOP)
    colours = [tuple(np.round(loops.layer.border_color[i, :3] * 255).astype(int)) for i in range(2)]
    assert {f"#{r:02X}{g:02X}{b:02X}" for r, g, b in colours} == {first.colour, second.colour}
    (one,) = session.project.query(kind=Kind.LOOP, set_ids=[first.id])
    place = loops.uids.index(one.uid)
    hue, width = loops.layer.border_color[place, :3].copy(), loops.layer.border_width[place]
    for status, symbol, inside, thicker in (
        (Status.ACCEPTED, "disc", True, True),
        (Status.EDITED, "square", False, True),
        (Status.REJECTED, "x", False, False),
    ):
        session.project.set_status([one.uid], status)
        session.editing.editor.redraw()
        place = loops.uids.index(one.uid)
        np.testing.assert_allclose(loops.layer.border_color[place, :3], hue)
        assert str(loops.layer.symbol[place]) == symbol
        assert bool(loops.layer.face_color[place, 3]) is inside
        assert bool(loops.layer.border_width[place] > width) is thicker


def test_recolouring_is_drawn_at_once_and_kept(session: Any, panel: LabelsPanel) -> None:
    first = session.labels.sets()[0]
    colours = entries(menu_of(session, panel, first.id)["Colour"].menu())
    colours["bluish green"].trigger()
    session.editing.editor.flush()
    assert session.project.sets()[0].colour == "#009E73"
    shapes = session.editing.editor.overlay(Kind.TAD)
    (uid,) = (record.uid for record in session.project.query(kind=Kind.TAD, set_ids=[first.id]))
    drawn = shapes.layer.edge_color[shapes.uids.index(uid), :3]
    np.testing.assert_allclose(drawn, [0, 0x9E / 255, 0x73 / 255], atol=1e-6)


def test_the_menu_does_what_it_says(session: Any, panel: LabelsPanel, qtbot: Any) -> None:
    first, second = session.labels.sets()
    menu_of(session, panel, first.id)["Move down"].trigger()
    assert [one.id for one in session.labels.sets()] == [second.id, first.id]
    qtbot.waitUntil(lambda: list(panel._rows) == [second.id, first.id])
    assert not menu_of(session, panel, first.id)["Move down"].isEnabled()
    menu_of(session, panel, first.id)["Show alone"].trigger()
    assert [one.visible for one in session.labels.sets()] == [False, True]
    menu_of(session, panel, first.id)["Show the others again"].trigger()
    assert [one.visible for one in session.labels.sets()] == [True, True]
    menu_of(session, panel, first.id)["Duplicate"].trigger()
    assert session.labels.sets()[-1].name == "HiCCUPS copy"
    entries(menu_of(session, panel, first.id)["Merge into"].menu())["HiCCUPS copy"].trigger()
    assert (len(session.labels.sets()), session.project.count()) == (2, 6)
    menu_of(session, panel, second.id)["Delete"].trigger()
    assert session.project.count() == 4
    session.review.undo()
    session.review.undo()
    session.review.undo()
    assert (len(session.labels.sets()), session.project.count()) == (2, 4)


def test_a_locked_set_says_why_it_is_not_deleted(session: Any, panel: LabelsPanel) -> None:
    first = session.labels.sets()[0]
    session.project.update_set(first.id, locked=True)
    session.labels.sets_changed()
    menu = menu_of(session, panel, first.id)
    assert not menu["Delete"].isEnabled()
    assert "locked" in menu["Delete"].toolTip()
    assert not menu["Merge into"].isEnabled()
    assert menu["Duplicate"].isEnabled()


def test_the_right_button_and_the_dots_open_the_menu(session: Any, panel: LabelsPanel, qtbot: Any) -> None:
    row = next(iter(panel._rows.values()))
    row.name.customContextMenuRequested.emit(QPoint(2, 2))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert "Delete" in entries(menu)
    menu.close()
    qtbot.mouseClick(row.more, Qt.MouseButton.LeftButton)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    entries(menu)["Rename"].trigger()
    menu.close()
    assert row.name.selectedText() == "HiCCUPS"


def test_a_row_shows_name_and_source_whole_in_its_tooltips(session: Any, panel: LabelsPanel, qtbot: Any) -> None:
    set_id = session.labels.sets()[1].id
    qtbot.waitUntil(lambda: panel._rows[set_id].number.text() == "2")
    row = panel._rows[set_id]
    assert row.name.text() == LONG
    assert LONG in row.name.toolTip()
    assert row.name.elideMode() == Qt.TextElideMode.ElideMiddle
    assert (row.source.text(), row.source.toolTip()) == ("HiCCUPS, HiTAD", "HiCCUPS, HiTAD (imported)")
    assert panel.minimumSizeHint().width() <= 330


def test_the_list_says_how_many_of_how_many_are_drawn(session: Any, panel: LabelsPanel, qtbot: Any) -> None:
    places = [(RES * (i % 30), RES * (60 + i // 30)) for i in range(3_000)]
    session.project.add_as_set("unscored", Origin.IMPORTED, [loop(*one) for one in places], action="import")
    scored = [loop(a, b, score=0.5 + i / 1_000) for i, (a, b) in enumerate(places[:300])]
    made = session.project.add_as_set("model", Origin.PREDICTED, scored, action="predict")
    session.editing.editor.redraw()
    drawn = session.editing.editor.overlay(Kind.LOOP).uids
    assert len(drawn) == 500
    assert {record.uid for record in scored} <= set(drawn), "no scored ring of the model is crowded out"
    assert made.id in session.labels.shown()
    qtbot.waitUntil(lambda: "best 500 of 3,302 loops in view" in panel._note.text())


def test_the_slider_hides_the_unlikely_and_says_how_many(session: Any, panel: LabelsPanel, qtbot: Any) -> None:
    made = [loop(RES * k, RES * (60 + k), probability=0.1 * k) for k in range(1, 10)]
    session.project.add_as_set("model", Origin.PREDICTED, made, action="predict")
    session.editing.editor.redraw()
    panel.probability.setValue(0.55)
    likely = {record.uid for record in made if record.probability > 0.55}
    known = {record.uid for record in made}
    qtbot.waitUntil(lambda: set(session.editing.editor.overlay(Kind.LOOP).uids) & known == likely)
    qtbot.waitUntil(lambda: "Not drawn: 5 proposals with p < 0.55." in panel._note.text())
    assert session.project.count() >= len(made), "nothing is lost"
    panel.probability.setValue(0.0)
    qtbot.waitUntil(lambda: set(session.editing.editor.overlay(Kind.LOOP).uids) >= known)
    qtbot.waitUntil(lambda: "Not drawn" not in panel._note.text())


def test_a_menu_stays_open_while_a_run_adds_its_set(session: Any, panel: LabelsPanel, qtbot: Any) -> None:
    first = session.labels.sets()[0]
    panel._rows[first.id].more.click()
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    menu = QApplication.activePopupWidget()
    session.project.add_as_set("a run", Origin.PREDICTED, [loop(400_000, 900_000)], action="predict")
    qtbot.waitUntil(lambda: len(panel._rows) == 3)
    assert QApplication.activePopupWidget() is menu
    entries(menu)["Delete"].trigger()
    assert first.id not in {one.id for one in session.labels.sets()}
    menu.close()
    qtbot.waitUntil(lambda: first.id not in panel._rows)
    assert [panel._rows[one.id].name.text() for one in session.labels.sets()] == [LONG, "a run"]


def test_a_name_in_which_one_types_is_not_given_to_another_projects_set(
    session: Any, panel: LabelsPanel, tmp_path: Path, qtbot: Any
) -> None:
    first = session.labels.sets()[0]
    row = panel._rows[first.id]
    row.name.setFocus()
    row.name.setText("half typed")
    panel._on_project(session.project)
    assert not panel._rows
    qtbot.waitUntil(lambda: len(panel._rows) == 2)
    assert panel._rows[first.id] is not row
    assert [one.name for one in session.labels.sets()] == ["HiCCUPS", LONG]
