"""Keys in a real window: they judge wherever the focus is, but where text is typed, in dialogs and in other windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from napari.layers import Shapes
from qtpy.QtCore import QSize, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QDockWidget,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from napari_hicstruct.plugin.controllers.keyboard import key_sheet
from napari_hicstruct.plugin.controllers.keyboard.key_sheet import KeyCap, KeySheet
from napari_hicstruct.plugin.layers.units import world_kwargs
from napari_hicstruct.plugin.panels.review.tools import ToolRow
from napari_hicstruct.plugin.state.commands import COMMANDS, MOUSE
from tests.gui.edit_kit import CHROM, Kind, Status, loop, make_project, press
from tests.gui.test_edit_window import Window
from tests.gui.view_kit import pump


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> Iterator[Window]:
    with make_project(tmp_path) as project:
        made = Window(make_napari_viewer(show=True), project)
        yield made
        made.session.settings.set("others", None)
        made.session.editing.close()


class Corner(QWidget):
    """A dock with everything that can have the keyboard."""

    def __init__(self) -> None:
        super().__init__()
        self.line, self.spin, self.text = QLineEdit(), QSpinBox(), QPlainTextEdit()
        self.combo, self.typed, self.list, self.table = QComboBox(), QComboBox(), QListWidget(), QTableWidget(1, 1)
        self.typed.setEditable(True)
        for box in (self.combo, self.typed):
            box.addItems(["none", "all", "stripes"])
        self.list.addItems(["nothing", "anything", "rest"])
        column = QVBoxLayout(self)
        for widget in (self.line, self.spin, self.text, self.combo, self.typed, self.list, self.table):
            column.addWidget(widget)


@pytest.fixture
def corner(window: Window) -> Corner:
    made = Corner()
    window.viewer.window.add_dock_widget(made, name="corner")
    window.viewer.window._qt_window.activateWindow()
    return made


def judged(window: Window) -> int:
    return int(window.project.count(statuses=[Status.ACCEPTED, Status.REJECTED]))


def put_loops(window: Window, number: int) -> list[Any]:
    records = [loop(100_000 + 20_000 * k, 500_000 + 20_000 * k) for k in range(number)]
    window.put(*records)
    return records


def test_lists_leave_letters_to_the_review(window: Window, corner: Corner) -> None:
    put_loops(window, 8)
    window.key("N")
    for widget in (corner.combo, corner.list, corner.table, corner, window.viewer.window._qt_window):
        widget.setFocus()
        before = judged(window)
        press(widget, "A")
        assert judged(window) == before + 1, widget
        assert corner.combo.currentText() == "none"
    corner.combo.setFocus()
    press(corner.combo, "I")  # no command; nor is it a letter to search by
    assert corner.combo.currentText() == "none"
    press(corner.combo, "Down")
    assert corner.combo.currentText() == "all"


def test_delete_in_a_list_deletes_nothing_on_the_map(window: Window, corner: Corner) -> None:
    (mark,) = put_loops(window, 1)
    window.review.select(mark.uid)
    for widget in (corner.combo, corner.list, corner.table):
        for key in ("Delete", "Backspace"):
            widget.setFocus()
            press(widget, key)
            assert window.project.count() == 1, widget
    window.canvas.native.setFocus()
    press(window.canvas.native, "Delete")
    assert window.project.count() == 0


def test_an_opened_list_does_not_search_by_letters(window: Window, corner: Corner) -> None:
    corner.combo.showPopup()
    view = corner.combo.view()
    assert pump(view.isVisible)
    press(view, "S")
    assert view.currentIndex().row() == 0
    press(view, "Down")
    assert view.currentIndex().row() == 1
    press(view, "Escape")
    assert pump(lambda: not view.isVisible())
    assert corner.combo.currentText() == "none"


def test_text_boxes_take_letters_and_give_the_keyboard_back_when_done(window: Window, corner: Corner) -> None:
    put_loops(window, 3)
    window.key("N")
    for widget in (corner.line, corner.spin, corner.text, corner.typed.lineEdit()):
        widget.setFocus()
        for key in ("A", "R", "E", "L"):
            press(widget, key)
        shown = {corner.line: corner.line.text, corner.text: corner.text.toPlainText}
        assert shown.get(widget, lambda: "arel")() == "arel"
        for key in ("Delete", "Backspace", "Ctrl+Z"):
            press(widget, key)
    assert judged(window) == 0
    assert window.project.count() == 3
    for widget in (corner.line, corner.spin, corner.typed):
        for key in ("Return", "Escape"):
            widget.setFocus()
            assert pump(widget.hasFocus)
            press(widget, key)
            assert pump(window.canvas.native.hasFocus), (widget, key)
    press(window.canvas.native, "A")
    assert judged(window) == 1


@pytest.mark.parametrize("how", ["disabled", "hidden", "deleted"])
def test_letters_meant_for_a_text_box_that_has_gone_judge_nothing(window: Window, corner: Corner, how: str) -> None:
    put_loops(window, 3)
    window.key("N")
    corner.line.setFocus()
    QTest.keyClicks(corner.line, "/tmp/")
    {"disabled": lambda: corner.line.setEnabled(False), "hidden": corner.line.hide, "deleted": corner.line.deleteLater}[
        how
    ]()
    QTest.qWait(20)
    window.canvas.native.setFocus()
    for letter in "ARN":
        press(window.canvas.native, letter)
    assert judged(window) == 0, "they were meant for the box"
    QTest.mouseClick(corner.list.viewport(), Qt.MouseButton.LeftButton)
    press(window.canvas.native, "A")
    assert judged(window) == 1, "a click ends it"


def test_a_choice_gives_the_keyboard_back(window: Window, corner: Corner) -> None:
    for box in (corner.combo, corner.typed):
        box.setFocus()
        box.showPopup()
        view = box.view()
        place = view.visualRect(box.model().index(2, 0)).center()
        QTest.mouseMove(view.viewport(), place)
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert pump(lambda box=box: box.currentText() == "stripes")
        assert pump(window.canvas.native.hasFocus)
    corner.list.setFocus()
    QTest.mouseClick(
        corner.list.viewport(), Qt.MouseButton.LeftButton, pos=corner.list.visualItemRect(corner.list.item(1)).center()
    )
    assert corner.list.currentItem().text() == "anything"
    assert pump(window.canvas.native.hasFocus)


def test_a_clicked_button_gives_the_keyboard_back(window: Window, corner: Corner) -> None:
    """Space would press it again; and one that goes grey with its click hands the keyboard to whichever is next."""
    goes_grey, stays = QPushButton("run", corner), QPushButton("next", corner)
    goes_grey.clicked.connect(lambda: goes_grey.setEnabled(False))
    for button in (goes_grey, stays):
        corner.layout().addWidget(button)
        button.show()
    for button in (stays, goes_grey):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert pump(window.canvas.native.hasFocus, 5), button.text()
    stays.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(stays, Qt.Key.Key_Space)
    pump(lambda: False, 0.1)
    assert stays.hasFocus(), "who goes by Tab stays there"


def test_keys_in_a_dialog_judge_nothing(window: Window) -> None:
    put_loops(window, 2)
    window.key("N")
    dialog = QDialog(window.viewer.window._qt_window)
    inside = QComboBox(dialog)
    for modal in (False, True):
        dialog.setModal(modal)
        dialog.show()
        press(inside, "A")
        press(dialog, "R")
        if modal:
            press(window.canvas.native, "A")
        dialog.hide()
    assert judged(window) == 0
    dialog.deleteLater()
    press(window.canvas.native, "A")
    assert judged(window) == 1


def test_a_floating_dock_belongs_to_its_window(window: Window, corner: Corner) -> None:
    put_loops(window, 2)
    window.key("N")
    dock = corner.parent()
    while not isinstance(dock, QDockWidget):
        dock = dock.parent()
    dock.setFloating(True)
    press(corner.combo, "A")
    assert judged(window) == 1
    press(corner.line, "A")
    assert judged(window) == 1


def test_two_windows_each_take_their_own_keys(
    window: Window, make_napari_viewer: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "second").mkdir()
    put_loops(window, 2)
    window.key("N")
    with make_project(tmp_path / "second") as project:
        other = Window(make_napari_viewer(show=True), project)
        put_loops(other, 2)
        other.key("N")
        other.key("A")
        assert (judged(window), judged(other)) == (0, 1)
        window.key("R")
        assert (judged(window), judged(other)) == (1, 1)
        other.session.editing.close()
        other.key("A")
        assert (judged(window), judged(other)) == (1, 1)
    window.key("A")
    assert judged(window) == 2


def test_a_held_key_judges_once(window: Window) -> None:
    from qtpy.QtCore import QEvent
    from qtpy.QtGui import QKeyEvent

    put_loops(window, 3)
    window.key("N")
    for repeat in (False, True, True):
        event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "a", repeat, 1)
        QApplication.sendEvent(window.canvas.native, event)
    assert judged(window) == 1


def test_letters_with_other_modifiers_are_napari_s(window: Window) -> None:
    put_loops(window, 2)
    window.key("N")
    for key in ("Ctrl+A", "Alt+R", "Shift+A"):
        window.key(key)
    assert judged(window) == 0


def test_the_sheet_lists_every_command_and_opens_by_key_and_menu(window: Window) -> None:
    def sheets() -> list[KeySheet]:
        return [w for w in QApplication.topLevelWidgets() if isinstance(w, KeySheet) and w.isVisible()]

    for key in ("?", "F1"):
        window.key(key)
        (sheet,) = sheets()
        caps = [cap.accessibleName() for cap in sheet.findChildren(KeyCap)]
        for one in COMMANDS:
            if one.group:
                last = one.keys[0].split("+")[-1]
                assert any(cap.lower().startswith(last[:3].lower()) for cap in caps), one
        press(sheet, "?")
        assert not sheets()
    (entry,) = (a for a in window.viewer.window.help_menu.actions() if "HiC Structures" in a.text())
    entry.trigger()
    (sheet,) = sheets()
    put_loops(window, 1)
    window.review.next()
    press(sheet, "A")
    assert judged(window) == 0
    press(sheet, "Escape")
    assert not sheets()


@pytest.mark.parametrize(("room", "cut"), [((1_340, 700), False), ((1_000, 690), False), ((880, 460), True)])
def test_the_sheet_fits_the_screen(
    window: Window, monkeypatch: pytest.MonkeyPatch, room: tuple[int, int], cut: bool
) -> None:
    """It was 1,297 px wide whatever the screen was; what has no room is turned by the wheel, and only upwards."""
    monkeypatch.setattr(key_sheet, "_room", lambda _parent: QSize(*room))
    sheet = KeySheet((*COMMANDS, *MOUSE), window.viewer.window._qt_window, ends="?")
    sheet.show()
    pump(lambda: False, 0.2)
    assert (sheet.width() <= room[0], sheet.height() <= room[1]) == (True, True)
    area = sheet.findChild(QScrollArea)
    assert area.horizontalScrollBar().maximum() == 0, "no word is cut at the right"
    assert (area.verticalScrollBar().maximum() > 0) is cut
    sheet.close()


def test_the_status_bar_names_no_key_that_means_something_else_here(window: Window) -> None:
    viewer = window.viewer
    viewer.add_layer(Shapes(ndim=2, name="shapes", **world_kwargs(CHROM)))
    window.key("G")
    for layer in list(viewer.layers):
        viewer.layers.selection.active = layer
        modes = {"pan_zoom", "transform"} | ({"select"} if hasattr(layer, "selected_data") else set())
        for mode in modes:
            layer.mode = mode
            assert viewer.help == "? lists all keys", (layer.name, layer.mode)
    window.session.editing.close()
    shapes = viewer.layers["shapes"]
    viewer.layers.selection.active = shapes
    shapes.mode = "pan_zoom"
    shapes.mode = "select"
    assert "use <" in viewer.help


def test_the_tool_in_hand_has_its_button_down_and_a_second_click_puts_it_down(window: Window, qtbot: Any) -> None:
    tools = ToolRow(window.session)  # type: ignore[arg-type]
    qtbot.addWidget(tools)

    def down() -> set[str]:
        return {name for name, button in tools.buttons.items() if button.isChecked()}

    for name, key in (("add loop", "L"), ("add stripe", "S"), ("add tad", "T"), ("add boundary", "B")):
        window.key(key)
        assert down() == {name}
        assert tools.buttons[name].text() == key
        tools.buttons[name].click()
        assert down() == set()
        assert window.review.tool == ""
        tools.buttons[name].click()
        assert down() == {name} == {window.review.tool}
    tools.buttons["lasso_candidates"].click()
    assert down() == {"lasso_candidates"}
    window.key("L")
    assert down() == {"add loop"}
    assert "Lasso" not in [layer.name for layer in window.viewer.layers]
    window.viewer.layers.selection.active = window.viewer.layers["map"]
    assert down() == set()
    tools.buttons["mark_region_reviewed"].click()
    assert len(window.project.reviewed(CHROM)) == 1
    assert down() == set()


def test_others_are_faint_or_gone_while_a_candidate_is_up(window: Window) -> None:
    put_loops(window, 3)
    overlay = window.editor.overlay(Kind.LOOP)
    window.editor.labels.set_current(None)
    window.editor.flush()

    def alphas() -> list[float]:
        window.editor.flush()
        return sorted(round(float(alpha), 2) for alpha in overlay.layer.border_color[:, 3])

    full = alphas()
    assert len(set(full)) == 1
    window.key("N")
    drawn = alphas()
    assert drawn[-1] == full[0]
    assert all(alpha < 0.3 for alpha in drawn[:-1])
    window.key("O")
    assert alphas() == full[:1]
    assert overlay.uids == [window.editor.labels.current_uid]
    window.key("O")
    assert set(alphas()) == set(full)
