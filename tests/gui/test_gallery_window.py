"""The gallery in a real window: thumbnails come, keys and clicks judge, undo and the map follow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_hicstruct.annotations import Origin, read_labels
from napari_hicstruct.annotations.records import Status
from napari_hicstruct.plugin.state.review.gallery import SHADES, GalleryOrder, GalleryStatus, read_thumb
from tests.gui.view_kit import open_in, pump


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any], data_dir: Path, tmp_path: Path) -> tuple[Any, Any]:
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, data_dir / "maps" / "GM12878_MboI_chr21_10kb_hg19.cool")
    session.open_project(tmp_path / "p.hicproj")
    path = data_dir / "labels" / "GM12878_chr21.peakachu.10kb.hg19.bedpe"
    found = read_labels(path, chromsizes=session.source.chromsizes)
    with session.project_to_write() as project:
        scored = [one.with_(score=(k * 37 % 101) / 101) for k, one in enumerate(found.records)]
        project.add(scored, set_id=project.add_set("peakachu", Origin.IMPORTED).id)
    session.labels.sets_changed()
    return session, dock.open_dialog("gallery")


def test_gallery(window: tuple[Any, Any]) -> None:
    session, dialog = window
    state, grid = session.gallery, dialog.grid
    assert len(state.uids) == 101
    scores = [state.record(uid).score for uid in state.uids]
    assert scores == sorted(scores, reverse=True)
    assert pump(lambda: all(state.thumb(state.uids[k]) for k in grid.visible_range()))
    middle = grid.viewport().grab().toImage().pixelColor(grid.cell(0).center())
    assert middle.red() > 4 * middle.green(), "the strongest contact is dark red"
    journal = len(session.project.journal())

    first, second = state.uids[:2]
    QTest.keyClick(grid, Qt.Key.Key_A)
    assert state.record(first).status is Status.ACCEPTED
    assert grid.cursor == 1
    QTest.keyClick(grid, Qt.Key.Key_R)
    assert state.record(second).status is Status.REJECTED
    assert len(session.project.journal()) == journal + 2
    before = session.visible()
    QTest.keyClick(grid, Qt.Key.Key_U)
    assert state.record(second).status is Status.PROPOSED
    assert session.visible() == before, "undo leaves the camera where a person judged beside the map"
    assert state.counts() == (1, 0, 100)
    for _ in range(3):
        QTest.keyClick(grid, Qt.Key.Key_U)
    assert state.counts() == (0, 0, 101), "not what was done before the judgments: the import"
    assert len(session.project.journal()) == journal + 4
    QTest.keyClick(grid, Qt.Key.Key_Home)
    QTest.keyClick(grid, Qt.Key.Key_A)

    button = dict(grid._buttons(3))[Status.REJECTED]
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=button.center())
    assert state.record(state.uids[3]).status is Status.REJECTED
    grid.choose(5)
    grid.choose(8, through=True)
    QTest.keyClick(grid, Qt.Key.Key_A)
    assert [state.record(uid).status for uid in state.uids[5:9]] == [Status.ACCEPTED] * 4
    session.review.undo()
    assert state.record(state.uids[6]).status is Status.PROPOSED

    QTest.keyClick(grid, Qt.Key.Key_Return)
    assert session.labels.current_uid == state.uids[grid.cursor]
    state.show(status=GalleryStatus.REJECTED)
    assert len(state.uids) == 1
    state.show(status=GalleryStatus.ALL, order=GalleryOrder.GENOME)
    starts = [state.record(uid).anchor1.start for uid in state.uids]
    assert starts == sorted(starts)
    plain = [session.gallery.record(uid).with_(score=float("nan"), uid=f"{k:032x}") for k, uid in enumerate(state.uids)]
    with session.project_to_write() as project:
        unscored = project.add_set("no scores", Origin.IMPORTED).id
        project.add(list(reversed(plain)), set_id=unscored)
    session.labels.sets_changed()
    state.show(order=GalleryOrder.BEST, set_id=unscored)
    assert [state.record(uid).anchor1.start for uid in state.uids] == starts, "nothing to order by: along the genome"
    assert "none has a score" in dialog.summary.text()
    state.show(set_id=None)
    assert (state.unscored, "101 without a score" in dialog.summary.text()) == (101, True)
    state.show(order=GalleryOrder.GENOME)
    assert "score" not in dialog.summary.text()
    dialog.close()


def test_a_thumbnail_is_the_map_around_its_loop(window: tuple[Any, Any]) -> None:
    session, dialog = window
    record = session.gallery.record(session.gallery.uids[0])
    thumb = read_thumb(session.source, record, "21")
    assert thumb.shades.shape == (31, 31)
    top, left, bottom, right = thumb.place
    assert (top * 31, bottom * 31, left * 31, right * 31) == pytest.approx((15, 16, 15, 16))
    rows, cols = (part.expand(150_000) for part in (record.anchor1, record.anchor2))
    values = session.source.fetch(rows, cols, resolution=10_000, norm="weight")
    ranked = np.argsort(np.argsort(np.nan_to_num(values).ravel()))
    assert np.corrcoef(ranked, thumb.shades.ravel() % SHADES)[0, 1] > 0.8
    dialog.close()


def test_what_is_shown_on_the_map_is_not_under_the_gallery(window: tuple[Any, Any]) -> None:
    session, dialog = window
    main = session.viewer.window._qt_window
    main.setGeometry(0, 0, 1366, 760)
    dialog.move(190, 20)
    assert pump(lambda: main.width() == 1366)
    canvas = session.viewer.window._qt_viewer.canvas.native
    middle = canvas.mapToGlobal(canvas.rect().center())
    assert dialog.frameGeometry().contains(middle), "as on a laptop"
    QTest.keyClick(dialog.grid, Qt.Key.Key_Return)
    assert pump(lambda: not dialog.frameGeometry().contains(canvas.mapToGlobal(canvas.rect().center())))
    assert dialog.isVisible()
    before = dialog.geometry()
    QTest.keyClick(dialog.grid, Qt.Key.Key_Right)
    QTest.keyClick(dialog.grid, Qt.Key.Key_Return)
    assert dialog.geometry() == before, "it has room already"
