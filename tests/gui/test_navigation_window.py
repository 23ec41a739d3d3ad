"""Places, links, search and distances by mouse and keys in a real window; the scale bar in kb and Mb."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_hicstruct.contacts.genome_wide import genome_grid
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.controllers.notify import last_messages
from napari_hicstruct.plugin.controllers.session import ensure_session
from napari_hicstruct.plugin.panels.genome.panel import GenomeDialog
from napari_hicstruct.plugin.widgets.map_dialog import MapDialog
from tests.gui.person import Person
from tests.gui.view_kit import open_in, pump, write_dots

LENGTH = 32_000_000


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> Iterator[Person]:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1_300, 900)
    dots = [(k * 1_000_000, k * 1_100_000, k) for k in range(1, 20)]
    session, dock = open_in(viewer, write_dots(tmp_path / "dots.mcool", [5_000, 100_000], LENGTH, dots))
    made = Person(viewer, session, dock)
    yield made
    made.let_go()


def iv(start: float, end: float) -> Interval:
    return Interval("chr1", int(start * 1e6), int(end * 1e6))


def drop(widget: Any, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    widget.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, buttons, keys))


def test_links_history_and_the_region_box(window: Person) -> None:
    session, region = window.session, window.dock.map.region
    session.go_to(iv(5, 6), iv(9, 10))
    window.rest(250)
    window.key("Y")
    link = QApplication.clipboard().text()
    assert "×" in link
    assert " " not in link
    before = session.visible()
    session.go_to(iv(20, 21))
    window.rest(250)
    window.key("F")
    assert window.main.focusWidget() is region
    window.type("30-31 Mb")
    window.key("Return")
    window.rest(250)
    assert iv(30, 31) in session.visible()
    window.key("Alt+Left")
    window.rest(250)
    assert iv(20, 21) in session.visible()
    window.key("Alt+Right", "F")
    window.hand.key("Ctrl+A")
    region.insert(link)
    window.key("Return")
    window.rest(250)
    for back, first in zip(session.visible(), before, strict=True):
        assert back.center == pytest.approx(first.center, abs=10)
    window.fill(region, "MYC")
    assert "GTF, GFF or BED12" in window.dock.map.problem.text()
    window.pick_from_bar("HiC Structures", "Copy view as link")
    assert last_messages()[0].startswith("Copied: chr1:")


def test_bookmarks_and_lists_of_places_are_stepped_through(window: Person, tmp_path: Path) -> None:
    session, row = window.session, window.dock.map.places
    session.go_to(iv(5, 6))
    window.rest(250)
    window.key("K")
    session.go_to(iv(12, 14))
    window.rest(250)
    window.click(row.keep)
    assert row.box.count() == 2
    window.key(",")
    window.rest(250)
    assert iv(5, 6) in session.visible()
    bedpe = tmp_path / "loops.bedpe"
    bedpe.write_text("chr1\t7000000\t7010000\tchr1\t8000000\t8010000\tfirst\nchr1\t1\t5\tchr2\t1\t5\tother\n")
    drop(row, bedpe)
    assert pump(lambda: last_messages()[:1] == ["1 place of loops.bedpe; left out: 1 line between chromosomes"])
    window.key(".")
    window.rest(250)
    rows, cols = session.visible()
    assert rows.start < 7_000_000 < 7_010_000 < rows.end
    assert cols.start < 8_000_000 < 8_010_000 < cols.end
    assert row.box.currentText().startswith("first · ")
    window.key("K", ".")
    assert row.box.currentText().startswith("first · "), "a bookmark on the way does not end the list"
    assert row.box.toolTip().startswith("1 of 1 · loops.bedpe\nfirst · ")
    drop(row, tmp_path / "nothing.bed")
    assert pump(lambda: "nothing.bed" in "".join(last_messages()[:1]))


def test_distances_by_mouse(window: Person) -> None:
    session = window.session
    session.go_to(iv(5, 7))
    window.rest(250)
    before = session.viewer.scene.camera.center
    window.click(window.dock.tools.buttons["measure"])
    window.drag_map((5_500_000, 6_000_000), (5_500_000, 6_200_000), (5_500_000, 6_500_000))
    span = session.review.distance.span
    assert span.columns == pytest.approx(500_000, abs=5_000)
    assert span.rows <= 5_000
    assert "columns 49" in session.labels.hinted or "columns 50" in session.labels.hinted
    assert session.viewer.scene.camera.center == before, "a drag measures, it does not pan"
    assert session.project is None, "nothing is edited"
    window.key("Escape")
    assert not session.review.distance.in_hand
    assert "Distance" not in session.viewer.layers


def test_the_scale_bar_says_kb_and_mb_at_every_zoom(window: Person) -> None:
    viewer = window.viewer
    overlay = viewer.canvas.overlays["scale_bar"]
    visuals = viewer.window._qt_viewer.canvas._viewer_overlay_to_visual[overlay]
    for zoom, unit in ((2e-5, "Mb"), (1e-3, "kb"), (1e-2, "kb"), (0.5, "b")):
        viewer.scene.camera.zoom = zoom
        pump(lambda: False, 0.05)
        number, said = visuals[0].node.text.text.replace("\u2060", "").split()
        assert float(number) > 0
        assert said == unit


def test_the_whole_genome_beside_the_map(make_napari_viewer: Callable[..., Any], data_dir: Path) -> None:
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, data_dir / "maps/shallow_chr22_5kb-2.5Mb_hg19.hic")
    Person(viewer, session, dock).key("W")
    dialog = dock.dialogs["genome"]
    assert pump(lambda: dialog.isVisible() and dialog.view.values is not None and not dialog.view.running)
    grid = dialog.view.grid
    first = {chrom: int(start) for chrom, start in zip(grid.chroms, grid.starts[:-1], strict=True)}
    at = dialog.picture.pixel(first["22"] + 8.5, first["1"] + 20.5).toPoint()
    QTest.mouseMove(dialog.picture, at)
    QTest.mouseClick(dialog.picture, Qt.MouseButton.LeftButton, pos=at)
    assert dialog.view.grid.chroms == ("1", "22")
    assert pump(lambda: dialog.view.values is not None and not dialog.view.running)
    assert dialog.back.isVisible()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert len(dialog.view.grid.chroms) == 24
    assert len(dialog.picture.borders()) == 25
    at = dialog.picture.pixel(first["22"] + 8.5, first["22"] + 8.5).toPoint()
    QTest.mouseClick(dialog.picture, Qt.MouseButton.LeftButton, pos=at)
    assert session.chrom == "22"
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert dialog.view.grid is None, "nothing is read while nobody looks"


def test_hundreds_of_scaffolds_are_not_hidden_by_their_borders(
    make_napari_viewer: Callable[..., Any], data_dir: Path
) -> None:
    viewer = make_napari_viewer(show=True)
    session, _dock = open_in(viewer, data_dir / "awkward/manycontigs.1.cool")
    dialog = GenomeDialog(session, viewer.window._qt_window)
    grid = genome_grid(session.source)
    dialog.picture.show_square(grid, None)
    dialog.show()
    assert len(dialog.picture.borders()) < 100 < len(grid.starts)
    dialog.picture._zoom = 20.0
    assert len(dialog.picture.borders()) == len(grid.starts), "as one zooms in they come"
    dialog.close()


def test_no_dialog_is_larger_than_the_screen(make_napari_viewer: Callable[..., Any]) -> None:
    class Large(MapDialog):
        def _build(self) -> None:
            pass

    viewer = make_napari_viewer(show=True)
    main = viewer.window._qt_window
    dialog = Large(ensure_session(viewer), main, title="Large", size=(9_000, 700))
    room = main.screen().availableGeometry().size()
    assert dialog.width() < room.width()
    assert dialog.height() == min(700, room.height() - 50)
    dialog.close()
