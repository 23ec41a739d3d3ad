"""Five callers' files on a real map, in a real window: who said what is seen, and the table goes there at one click."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QDockWidget, QLabel

from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.layers.overlays.overlay import LIMITS
from tests.gui.edit_kit import Kind
from tests.gui.view_kit import imported, open_in, pump

MAP = "GM12878_MboI_chr21_10kb_hg19.cool"
NAMES = ["Arrowhead", "HiCCUPS", "HiTAD · 20kb", "RAD21_ChIA-PET", "Peakachu · 10kb"]


class Window:
    """The window of a person who dropped five callers' files onto the map."""

    def __init__(self, viewer: Any, data_dir: Path) -> None:
        self.viewer = viewer
        self.session, self.dock = open_in(viewer, data_dir / "maps" / MAP)
        self.main.resize(1600, 1000)
        imported(self.session, sorted((data_dir / "labels").glob("GM12878*")))
        self.labels = self.session.labels
        self.panel = self.dock.sections["labels"].body

    @property
    def main(self) -> Any:
        """napari's main window; not held beyond its end."""
        return self.viewer.window._qt_window

    def go(self, start: int, end: int) -> None:
        self.session.go_to(Interval(self.session.chrom, start, end))
        assert pump(lambda: self.session.drawn_part()[0].start <= start)
        self.session.editing.editor.redraw()

    def hues(self, kind: Kind) -> dict[str, str]:
        """Colour on the map of each object that is drawn, by the name of its set."""
        overlay = self.session.editing.editor.overlay(kind)
        layer = overlay.layer
        colours = layer.border_color if kind is Kind.LOOP else layer.edge_color
        found = {}
        for uid, colour in zip(overlay.uids, np.round(np.asarray(colours)[:, :3] * 255).astype(int), strict=True):
            found[self.labels.set_of(uid).name] = "#{:02X}{:02X}{:02X}".format(*colour)
        return found


@pytest.fixture
def window(
    make_napari_viewer: Callable[..., Any], data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Window]:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))  # no project of another test
    made = Window(make_napari_viewer(show=True), data_dir)
    yield made
    made.dock.learn.count_soon.cancel()  # the viewer must not outlive the test
    assert pump(lambda: not made.session.learning.counting, 30)
    del made.dock, made.panel  # pytest holds what a fixture gave until the window has been looked for


def table_of(window: Window) -> Any:
    window.panel.table_button.click()
    found: list[Any] = []

    def there() -> bool:
        docks = window.main.findChildren(QDockWidget)
        found[:] = [dock for dock in docks if dock.widget() and type(dock.widget()).__name__ == "TableDock"]
        return bool(found) and window.main.dockWidgetArea(found[0]) == Qt.DockWidgetArea.BottomDockWidgetArea

    assert pump(there)
    assert pump(lambda: found[0].widget().isVisible())
    return found[0]


def test_five_callers_have_five_names_colours_and_sources(window: Window) -> None:
    sets = window.labels.sets()
    assert [one.name for one in sets] == NAMES
    assert len({one.colour for one in sets}) == 5
    assert pump(lambda: len(window.panel._rows) == 5)
    shown = [row.source.text() for row in window.panel._rows.values()]
    assert shown[:3] == ["Arrowhead", "HiCCUPS", "HiTAD"]
    assert shown[4] == "Peakachu"
    tallied = {tally.source for tally in window.session.review.queue.pool.tallies()}
    assert set(shown) <= tallied, "the list names a source as the statistics do"
    window.go(29_500_000, 32_500_000)
    by_name = {one.name: one.colour for one in sets}
    drawn = window.hues(Kind.LOOP) | window.hues(Kind.TAD)
    assert set(drawn) == set(NAMES)
    assert drawn == by_name


def test_the_same_files_once_more_are_numbered_and_one_undo_takes_each_back(window: Window, data_dir: Path) -> None:
    imported(window.session, [data_dir / "labels" / "GM12878_chr21.HiCCUPS.hg19.bedpe"])
    assert [one.name for one in window.labels.sets()] == [*NAMES, "HiCCUPS (2)"]
    window.session.review.undo()
    assert pump(lambda: [one.name for one in window.labels.sets()] == NAMES)


def test_a_large_file_without_scores_hides_no_scored_loop(window: Window, tmp_path: Path) -> None:
    window.go(20_000_000, 45_000_000)
    overlay = window.session.editing.editor.overlay(Kind.LOOP)

    def drawn(name: str) -> set[str]:
        return {uid for uid in overlay.uids if window.labels.set_of(uid).name == name}

    before = drawn("HiCCUPS") | drawn("Peakachu · 10kb")
    assert len(before) > 50
    rng = np.random.default_rng(0)
    starts = np.sort(rng.integers(20_000, 44_000, (6_000, 2)) * 1_000, axis=1)
    lines = [f"21\t{a}\t{a + 5_000}\t21\t{b + 10_000}\t{b + 15_000}" for a, b in starts]
    path = tmp_path / "everything.bedpe"
    path.write_text("\n".join(lines) + "\n")
    imported(window.session, [path])
    window.session.editing.editor.redraw()
    assert len(overlay.uids) == LIMITS[Kind.LOOP]
    assert before <= drawn("HiCCUPS") | drawn("Peakachu · 10kb")
    assert len(drawn("everything")) > 50
    said = f"best {LIMITS[Kind.LOOP]:,} of 6,"
    assert pump(lambda: any(said in label.text() and label.isVisible() for label in window.panel.findChildren(QLabel)))


def test_the_table_stands_below_the_map_and_one_click_goes_there(window: Window) -> None:
    width = window.dock.width()
    dock = table_of(window)
    own = dock.widget().layout().itemAt(0).widget()
    table = own.table
    assert window.dock.width() >= width, "the dock keeps its room"
    assert pump(lambda: table.viewport().height() > 100)
    below = dock.widget().height() - table.mapTo(dock.widget(), table.rect().bottomLeft()).y()
    assert below < 20, "the table fills its dock"
    for box in (own.what, own.kind, own.status, own.text, own.count):
        right = box.mapTo(dock.widget(), box.rect().topRight()).x()
        assert 0 < right <= dock.widget().width(), "the filters are whole"
    assert pump(lambda: own.count.text() == "674 of 674")
    row = next(r for r in range(own.model.rowCount()) if own.model.data(own.model.index(r, 1)) == "TAD")
    table.scrollTo(own.model.index(row, 0))
    place = table.visualRect(own.model.index(row, 1)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert pump(lambda: window.labels.current_uid == own.model.uid(row))
    record = window.labels.current
    assert record is not None
    assert pump(lambda: window.session.visible()[0].start <= record.span.start)
    assert window.session.visible()[0].end >= record.span.end


def test_in_a_low_window_the_table_is_a_window_of_its_own(window: Window) -> None:
    window.main.resize(1000, 700)
    assert pump(lambda: window.main.height() <= 760)
    height = window.main.height()
    window.panel.table_button.click()

    def floats() -> bool:
        docks = [d for d in window.main.findChildren(QDockWidget) if type(d.widget()).__name__ == "TableDock"]
        return bool(docks) and docks[0].isFloating()

    assert pump(floats)
    assert window.main.height() == height, "the window grows beyond its screen"


def test_the_menu_of_a_set_deletes_it_and_undo_brings_it_back(window: Window) -> None:
    assert pump(lambda: len(window.panel._rows) == 5)
    row = list(window.panel._rows.values())[2]
    row.name.customContextMenuRequested.emit(QPoint(3, 3))
    (menu,) = [menu for menu in row.name.children() if type(menu).__name__ == "QMenu"]
    next(action for action in menu.actions() if action.text() == "Delete").trigger()
    menu.close()
    assert pump(lambda: len(window.panel._rows) == 4)
    window.session.editing.keys.run("undo")
    assert pump(lambda: [one.name for one in window.labels.sets()] == NAMES)
