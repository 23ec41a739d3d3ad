"""The heads of the table of all objects can be read as it opens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QTableView

from napari_hicstruct.plugin._docks import open_table
from tests.annotation_kit import loop
from tests.gui.view_kit import open_with_loops, pump


def test_no_head_of_the_table_is_cut_or_out_of_view(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> None:
    viewer = make_napari_viewer(show=True)
    viewer.window._qt_window.resize(1600, 1000)
    marks = [loop(3_000_000 + 40_000 * k, 300_000) for k in range(30)]
    open_with_loops(viewer, tmp_path, marks)
    table = open_table(viewer).findChild(QTableView)
    heads, view = table.horizontalHeader(), table.viewport()
    assert pump(lambda: table.model().rowCount() == len(marks), 5)
    names = [table.model().headerData(k, Qt.Orientation.Horizontal) for k in range(heads.count())]
    cut = [name for k, name in enumerate(names) if heads.sectionSize(k) < heads.sectionSizeHint(k)]
    assert not cut
    assert pump(lambda: heads.length() <= view.width(), 5), (heads.length(), view.width())
    assert heads.height() >= heads.sizeHint().height()
    for row in range(3):
        for column in range(1, heads.count()):
            if names[column] not in ("set", "source"):  # their names have a tooltip
                assert table.sizeHintForIndex(table.model().index(row, column)).width() <= heads.sectionSize(column)
