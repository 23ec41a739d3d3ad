"""A dock that is closed is gone: nothing calls its panels any more, and the next one is the only one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psygnal
import pytest
from napari._app_model import get_app_model
from qtpy.compat import isalive
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication

from napari_hicstruct.plugin._docks import open_dock, open_table
from napari_hicstruct.plugin.dock import HicDock, TableDock
from tests.gui.view_kit import open_in, pump

Make = Callable[..., Any]
SMALL = "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool"
OTHER = "mouse_ES_chr18_50-70Mb_25kb.cool"


@pytest.fixture(autouse=True)
def raised(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[BaseException]]:
    """What slots raised: psygnal's errors, and those that Qt would only print."""
    errors: list[BaseException] = []
    whole = psygnal.SignalInstance._run_emit_loop

    def emit(self: Any, args: Any) -> None:
        try:
            whole(self, args)
        except BaseException as error:
            errors.append(error)
            raise

    monkeypatch.setattr(psygnal.SignalInstance, "_run_emit_loop", emit)
    yield errors
    assert not errors


def docks(kind: type) -> list[Any]:
    return [one for one in QApplication.allWidgets() if isinstance(one, kind)]


def delete_what_may_be() -> None:
    for _ in range(3):
        QApplication.sendPostedEvents(None, int(QEvent.Type.DeferredDelete))
        QApplication.processEvents()


def close(dock: Any) -> None:
    """As × in its title bar."""
    dock.parentWidget().destroyOnClose()
    delete_what_may_be()


def slots(session: Any) -> dict[str, int]:
    """How many slots each signal of the window's state has."""
    states = {
        "window": session,
        "labels": session.labels,
        "prediction": session.prediction,
        "models": session.prediction.models,
        "learning": session.learning,
        "rescoring": session.rescoring,
        "review": session.review,
        "queue": session.review.queue,
        "objects": session.review.objects,
        "regions": session.review.regions,
    }
    found = {}
    for name, state in states.items():
        for signal in dir(type(state)):
            if isinstance(inspect.getattr_static(type(state), signal), psygnal.Signal):
                found[f"{name}.{signal}"] = len(getattr(state, signal))
    return found


def test_closed_reopened_and_other_maps(make_napari_viewer: Make, data_dir: Path) -> None:
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, data_dir / "maps" / SMALL)
    for section in dock.sections.values():
        section.unfold(True)
    with_dock = slots(session)
    close(dock)
    assert not isalive(dock)
    assert docks(HicDock) == []
    session.open_map(data_dir / "maps" / OTHER)
    session.open_map(data_dir / "maps" / SMALL)
    delete_what_may_be()

    get_app_model().commands.execute_command("napari-hicstruct.dock").result()
    (again,) = docks(HicDock)
    assert slots(session) == with_dock
    assert again.map.region.text()
    session.open_map(data_dir / "maps" / OTHER)  # as Ctrl+O, which opens the dock, too
    assert open_dock(viewer) is again
    assert docks(HicDock) == [again]
    assert pump(lambda: again.map.region.text().startswith("chr18"))


def test_only_what_lives_is_listened_to(make_napari_viewer: Make, data_dir: Path) -> None:
    """Each panel in turn: closing takes away exactly the slots that opening brought, dock and table."""
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, data_dir / "maps" / SMALL)
    close(dock)
    bare = slots(session)
    for _ in range(2):
        dock, table = open_dock(viewer), open_table(viewer)
        assert slots(session) != bare
        close(dock)
        close(table)
        assert slots(session) == bare
    assert docks(TableDock) == docks(HicDock) == []


def test_what_a_panel_draws_goes_with_the_dock(make_napari_viewer: Make, data_dir: Path) -> None:
    viewer = make_napari_viewer(show=True)
    _, dock = open_in(viewer, data_dir / "maps" / SMALL)
    dock.learn.how.validation.setChecked(True)
    names = {layer.name for layer in viewer.layers}
    close(dock)
    assert {layer.name for layer in viewer.layers} <= names
    assert not [layer for layer in viewer.layers if "alidation" in layer.name or "Why" in layer.name]


@pytest.mark.parametrize("by_menu_first", [True, False])
def test_menu_and_map_open_the_same_dock(make_napari_viewer: Make, data_dir: Path, by_menu_first: bool) -> None:
    viewer = make_napari_viewer(show=True)
    if by_menu_first:
        get_app_model().commands.execute_command("napari-hicstruct.dock").result()
    open_in(viewer, data_dir / "maps" / SMALL)
    (dock,) = docks(HicDock)
    if not by_menu_first:
        get_app_model().commands.execute_command("napari-hicstruct.dock").result()  # hides what is shown
        assert not dock.isVisible()
        assert open_dock(viewer) is dock
    assert docks(HicDock) == [dock]
    assert len(viewer.window.dock_widgets) == 1
