"""Files that fall onto a window: one answer each, in any order, without napari's dialogs and tracebacks."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_hicstruct.plugin.controllers.session import session_of
from tests.gui.view_kit import open_in, pump

MAP, LIST = "GM12878_MboI_chr21_10kb_hg19.cool", "GM12878_chr21.HiCCUPS.hg19.bedpe"


def drop(target: Any, *paths: Path) -> None:
    mime, none = QMimeData(), Qt.KeyboardModifier.NoModifier
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    place, buttons, action = target.rect().center(), Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
    QTest.keyRelease(target, Qt.Key.Key_Shift)  # napari asks the keyboard, on which another test may have left it
    QApplication.sendEvent(target, QDragEnterEvent(place, action, mime, buttons, none))
    QApplication.sendEvent(target, QDropEvent(QPointF(place), action, mime, buttons, none, QEvent.Type.Drop))


@pytest.fixture
def opened(
    make_napari_viewer: Callable[..., Any], data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))  # no project of another test
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, data_dir / "maps" / MAP)
    monkeypatch.setattr("napari._qt.qt_viewer.handle_gui_reading", _no_dialog)
    return viewer, session, dock


def _no_dialog(*_: Any, **__: Any) -> None:
    raise AssertionError("napari asks which reader is meant")


def test_labels_that_come_before_their_map_lie_on_it(opened: Any, data_dir: Path, tmp_path: Path) -> None:
    viewer, session, _ = opened
    again = shutil.copy(data_dir / "maps" / MAP, tmp_path / "again.cool")
    drop(viewer.window._qt_viewer, data_dir / "labels" / LIST, Path(again))
    assert pump(lambda: session.importing.report is not None and not session.importing.running, 60)
    assert session.source.uri.endswith("again.cool")
    assert session.importing.report.refused == ()
    assert len(session.labels.sets()) == 1


def test_labels_that_come_before_the_first_map_of_a_window(
    make_napari_viewer: Callable[..., Any], data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))
    viewer = make_napari_viewer(show=True)
    drop(viewer.window._qt_viewer, data_dir / "labels" / LIST, data_dir / "maps" / MAP)
    session = session_of(viewer)
    assert session is not None
    assert pump(lambda: session.importing.report is not None and not session.importing.running, 60)
    assert len(session.labels.sets()) == 1


def test_what_nobody_reads_gets_a_sentence_and_the_rest_is_opened_once(
    opened: Any, data_dir: Path, tmp_path: Path
) -> None:
    viewer, session, dock = opened
    said: list[str] = []
    session.problem.connect(lambda error: said.append(str(error)))
    folder, text, image = tmp_path / "calls", tmp_path / "run.json", tmp_path / "cells.npy"
    folder.mkdir()
    text.write_text('{"model": "default"}\n')
    np.save(image, np.zeros((4, 4)))
    drop(dock, folder, text, data_dir / "labels" / LIST, image)
    assert [one.partition(": ")[2] for one in said] == [
        "is a folder. Drop the files in it, or choose them with Import … in Labels.",
        "is a JSON document, not a list of labels. Choose the list of loops, stripes or TADs as a text file.",
    ]
    assert "cells" in viewer.layers, "napari's own files are napari's"
    assert pump(lambda: session.importing.report is not None and not session.importing.running, 60)
    assert len(session.labels.sets()) == 1
