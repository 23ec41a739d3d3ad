"""Every dialog, list, table and menu of ours reads on both themes, and shows which control has the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QComboBox, QWidget

from napari_hicstruct.annotations import Kind, Origin, Status
from napari_hicstruct.annotations.readers.base import OpenColumn
from napari_hicstruct.evaluation.changes import Changes
from napari_hicstruct.plugin._docks import open_table
from napari_hicstruct.plugin.controllers.keyboard.key_sheet import KeySheet
from napari_hicstruct.plugin.panels.learn.close_guard import ask_before_closing
from napari_hicstruct.plugin.widgets.score_dialog import ScoreDialog
from tests.annotation_kit import loop
from tests.gui.edit_kit import press
from tests.gui.learn_kit import BASE, CHILD, add_model, result
from tests.gui.theme_kit import unreadable, unseen_focus
from tests.gui.view_kit import open_in, pump, write_dots

Make = Callable[..., Any]
Measure = Callable[[QWidget], tuple[list[str], int]]


class Themed:
    """A window with something in every list of ours.

    Parameters
    ----------
    measure : callable
        ``(widget)`` → what is wrong in it, and how many things were measured.
    """

    def __init__(self, viewer: Any, folder: Path, measure: Measure) -> None:
        self.viewer, self.measure = viewer, measure
        self.session, self.dock = open_in(viewer, write_dots(folder / "dots.mcool", [5_000, 20_000], 32_000_000, []))
        self.wrong: list[str] = []
        self.seen: dict[str, int] = {}
        self._fill(folder)

    @property
    def main(self) -> Any:
        return self.viewer.window._qt_window

    def _fill(self, folder: Path) -> None:
        project = self.session.ensure_project()
        starts = [3_000_000 + 400_000 * k for k in range(8)]
        for name, shift in (("HiCCUPS", 0), ("Peakachu", 20_000)):
            made = project.add_set(name, Origin.IMPORTED)
            marks = [loop(start + shift, 300_000, probability=0.6, source=name) for start in starts]
            project.add(marks, set_id=made.id)
        uids = [record.uid for record in project.query()]
        project.set_status(uids[:2], Status.ACCEPTED)
        project.set_status(uids[2:4], Status.REJECTED)
        self.session.labels.sets_changed()
        add_model(project, BASE, "0.1", folder / "base")
        add_model(project, CHILD, "0.1 ft 1", folder / "child", BASE)
        self.session.review.mark_region_reviewed()

    def see(self, name: str, root: QWidget) -> None:
        """Measure all that is in a widget."""
        pump(lambda: False, 0.15)
        wrong, number = self.measure(root)
        self.wrong += [f"{name}: {one}" for one in wrong]
        self.seen[name] = self.seen.get(name, 0) + number

    def see_modal(self, name: str, ask: Callable[[], object]) -> None:
        """Measure a dialog that waits for its answer, and close it."""
        answered: list[QWidget] = []

        def answer(tries: int = 100) -> None:
            dialog: Any = QApplication.activeModalWidget()
            if dialog is None or not dialog.isVisible():
                assert tries, f"{name} does not open"
                QTimer.singleShot(30, lambda: answer(tries - 1))
                return
            self.see(name, dialog)
            answered.append(dialog)
            dialog.reject()

        QTimer.singleShot(30, answer)
        ask()
        assert answered, name

    # ------------------------------------------------------------------ what there is
    def sections(self) -> None:
        """Each section with all its folds, by itself: what is folded away lies out of no picture."""
        for key in self.dock.sections:
            self.dock.sections[key].unfold(True)
            for fold in getattr(self.dock.sections[key].body, "folds", {}).values():
                fold.unfold(True)
        learn = self.dock.learn
        marks = [record for record in self.session.project.query() if record.kind is Kind.LOOP]
        learn.changes._done(Changes(tuple(marks[:1]), tuple(marks[1:2]), ((marks[2], marks[3]),), ()))
        learn.lineage.choose(CHILD)
        learn.lineage.card_button.setChecked(True)
        learn.state._set_result(result(), in_use=True)
        pump(lambda: False, 0.4)
        for key, section in self.dock.sections.items():
            self.see(f"section {key}", section)

    def table(self) -> None:
        """All objects, one row of it chosen."""
        table = open_table(self.viewer)
        assert pump(lambda: table.findChild(QWidget) is not None, 2)
        uid = self.session.project.query()[3].uid
        self.session.review.go_to(uid)
        pump(lambda: False, 1.0)  # columns get their widths, and the table comes to its row
        self.see("all objects", table)

    def key_sheet(self) -> None:
        """``?``"""
        press(self.viewer.window._qt_viewer.canvas.native, "?")
        assert pump(lambda: any(map(_shown(KeySheet), QApplication.topLevelWidgets())), 5)
        sheet = next(filter(_shown(KeySheet), QApplication.topLevelWidgets()))
        self.see("key sheet", sheet)
        sheet.close()

    def consensus(self) -> None:
        """With a result, and weights to set."""
        self.dock.open_consensus()
        dialog = self.dock.consensus
        for row in dialog.state.rows:
            dialog.state.set_on(row, True)
        dialog.settings.form.method.value = "weighted"
        assert pump(dialog.run_button.isEnabled, 10)
        dialog.run_button.click()
        assert pump(lambda: dialog.state.result is not None and not dialog.state.running, 30)
        self.see("consensus", dialog)
        dialog.close()

    def questions(self) -> None:
        """What waits for an answer."""
        columns = (OpenColumn(6, "score", ("1.0", "2.0")), OpenColumn(7, "fdr", ("0.1", "0.2")))
        dialog = ScoreDialog(Path("calls.bedpe"), columns, self.main)
        dialog.columns.setCurrentIndex(2)
        self.see_modal("which score", dialog.exec)
        dialog.deleteLater()
        labels, export = self.dock.sections["labels"].body, self.dock.sections["export"].body
        self.see_modal("export asks", lambda: export.folder._ask("holds label files of another map."))
        self.see_modal("close asks", lambda: ask_before_closing(self.main))
        self.see_modal("new set", labels._new)

    def menus(self) -> None:
        """Of the menu bar, an object, a set, an import; of an opened list box."""
        menu = self.session.editing.pointer.menu
        uid = self.session.labels.current_uid or self.session.project.query()[0].uid
        self.session.review.go_to(uid)
        menu.open([uid], (3_000_000.0, 3_300_000.0))
        self.see("menu of an object", menu.menu)
        menu.close()
        self.dock.menu.popup(self.main.mapToGlobal(self.main.rect().center()))
        self.see("menu HiC Structures", self.dock.menu)
        self.dock.menu.close()
        box = self.dock.map.findChild(QComboBox)
        box.showPopup()
        self.see("an opened list box", box.view())
        box.hidePopup()


def _shown(kind: type) -> Callable[[Any], bool]:
    return lambda widget: isinstance(widget, kind) and widget.isVisible()


@contextmanager
def themed(make_napari_viewer: Make, folder: Path, theme: str, measure: Measure) -> Iterator[Themed]:
    viewer = make_napari_viewer(show=True)
    viewer.window._qt_window.resize(1500, 950)
    viewer.theme = theme
    made = Themed(viewer, folder, measure)
    viewer.window._qt_window.activateWindow()
    yield made
    made.dock.learn.count_soon.cancel()
    assert pump(lambda: not made.session.learning.counting, 30)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_all_texts_read(make_napari_viewer: Make, tmp_path: Path, theme: str) -> None:
    with themed(make_napari_viewer, tmp_path, theme, unreadable) as window:
        for part in (window.sections, window.table, window.key_sheet, window.consensus, window.questions, window.menus):
            part()
        assert not window.wrong, "\n".join(window.wrong)
        assert len(window.seen) == 19
        assert min(window.seen.values()) > 0, window.seen


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_control_with_the_keyboard_is_seen(make_napari_viewer: Make, tmp_path: Path, theme: str) -> None:
    with themed(make_napari_viewer, tmp_path, theme, unseen_focus) as window:
        for part in (window.sections, window.table, window.consensus, window.questions):
            part()
        assert not window.wrong, "\n".join(window.wrong)
        assert min(window.seen.values()) > 0, window.seen
        assert sum(window.seen.values()) > 100, window.seen
