"""The sample map is simulated beside the window: a bar and ✕ as for all long work, and nothing is kept after ✕."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtWidgets import QApplication

from napari_hicstruct.plugin.controllers.session import session_of
from tests.gui.person import Person
from tests.gui.view_kit import pump, write_dots

Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No sample was made yet."""
    monkeypatch.setenv("HICSTRUCT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def open_sample(viewer: Any) -> tuple[Any, Any]:
    viewer.open_sample("napari-hicstruct", "simulated")
    session = session_of(viewer)
    docks = lambda: [w for w in QApplication.allWidgets() if type(w).__name__ == "HicDock" and w.session is session]  # noqa: E731
    assert pump(docks, 10)
    return session, docks()[0]


def kept(cache: Path) -> list[str]:
    return [path.name for path in cache.rglob("*") if "sample" in path.name]


def test_the_simulation_shows_a_bar_and_can_be_cancelled(make_napari_viewer: Make, cache: Path) -> None:
    viewer = make_napari_viewer(show=True)
    session, dock = open_sample(viewer)
    person = Person(viewer, session, dock)
    assert pump(dock.busy.isVisible, 10)
    assert pump(lambda: "simulate" in dock.busy.bar.format(), 20), "it says what it does"
    person.click(dock.busy.cancel_button)
    assert pump(lambda: not session.labels.busy.text, 10)
    assert pump(lambda: not dock.busy.isVisible(), 2)
    assert session.map is None
    assert kept(cache) == []
    person.let_go()

    session, dock = open_sample(viewer)  # once more, to its end
    assert pump(lambda: session.map is not None, 120)
    assert [one.name for one in session.labels.sets()] == ["truth (simulated)"]
    assert len([name for name in kept(cache) if name.endswith(".mcool")]) == 1


def test_a_map_that_is_opened_meanwhile_stays(make_napari_viewer: Make, tmp_path: Path) -> None:
    viewer = make_napari_viewer(show=True)
    session, _dock = open_sample(viewer)
    mine = write_dots(tmp_path / "mine.mcool", [20_000], 4_000_000, [(1_000_000, 2_000_000, 9)])
    viewer.open(str(mine), plugin="napari-hicstruct")
    assert pump(lambda: not session.labels.busy.text, 60)
    pump(lambda: False, 0.5)
    assert session.source.name == "mine"


def test_a_window_that_is_closed_ends_the_simulation(make_napari_viewer: Make, cache: Path) -> None:
    viewer = make_napari_viewer(show=True)
    session, dock = open_sample(viewer)
    assert pump(dock.busy.isVisible, 10)
    viewer.close()
    assert not session.labels.busy.text
    assert kept(cache) == []
