"""What a new model changed: marks on the map that belong to nobody, counts, and stepping through."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.errors import ModelError
from napari_hicstruct.jobs import Clock
from napari_hicstruct.plugin.panels.learn.changes import ChangesView
from napari_hicstruct.plugin.state.models.prediction import PredictionState
from napari_hicstruct.workflows.models import ModelInfo
from tests.gui.edit_kit import TinySession, add_map, iv, loop, make_project, tad

OLD = ModelInfo("old", "1", Path("old"), ("loop", "tad"), "1" * 64, shipped=False, default=False, card={})
NEW = ModelInfo("new", "1", Path("new"), ("loop", "tad"), "2" * 64, shipped=False, default=False, card={})

CALLS = {
    "old": [loop(100_000, 300_000), loop(200_000, 500_000), tad(400_000, 700_000)],
    "new": [loop(100_000, 300_000), tad(410_000, 700_000), loop(600_000, 800_000)],
}


@pytest.fixture
def session(tmp_path: Path, qapp: Any) -> Iterator[Any]:
    viewer = ViewerModel()
    add_map(viewer)
    with make_project(tmp_path) as project:
        made = TinySession(viewer, project)
        yield made
        made.editing.close()


class Models:
    """Two models that each say the same at every time; ``error`` makes the next one fail."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.error: Exception | None = None

    def predict(self, source: Any, *, token: Any, **request: Any) -> Any:
        self.asked.append(request)
        if self.error is not None:
            raise self.error
        for done, record in enumerate(CALLS[request["model"]]):
            token.check()
            yield Clock().step("predict", done + 1, 3, payload=(record,))


@pytest.fixture
def models() -> Models:
    return Models()


@pytest.fixture
def view(session: Any, models: Models, qtbot: Any) -> ChangesView:
    backend = SimpleNamespace(
        predict=models.predict, capabilities=lambda _: {}, bins=lambda _: (0, ()), models=lambda: [OLD, NEW]
    )
    session.prediction = PredictionState(session, session.runner, backend=backend)
    made = ChangesView(session)
    qtbot.addWidget(made)
    session.project_changed.emit(session.project)
    return made


def layers(session: Any) -> dict[str, Any]:
    found = (layer for layer in session.viewer.layers if layer.name.startswith("Changed: "))
    return {layer.name.removeprefix("Changed: "): layer for layer in found}


def compare(view: ChangesView, qtbot: Any) -> None:
    view.compare_models("old", "new")
    qtbot.waitUntil(lambda: view.changes is not None, timeout=5_000)


def test_two_models_on_the_view(session: Any, view: ChangesView, models: Models, qtbot: Any) -> None:
    session.viewer.layers.selection.active = session.viewer.layers["map"]
    session.view = (iv(50_000, 900_000), iv(50_000, 950_000))
    compare(view, qtbot)
    assert [request["model"] for request in models.asked] == ["old", "new"]
    assert models.asked[0]["regions"] == (iv(50_000, 950_000),)
    drawn = layers(session)
    assert set(drawn) == {"appeared", "vanished", "moved", "moved to"}
    assert drawn["appeared"].data.tolist() == [[602_500, 802_500]]
    assert drawn["vanished"].data.tolist() == [[202_500, 502_500]]
    assert np.allclose(drawn["moved"].data, [[[400_000, 700_000], [10_000, 0]]])
    assert drawn["moved to"].data.tolist() == [[410_000, 700_000]]
    assert [str(drawn[name].symbol[0]) for name in ("appeared", "vanished")] == ["disc", "x"]
    for layer in drawn.values():
        assert [str(unit) for unit in layer.units] == ["basepair", "basepair"]
        assert not layer.editable
    text = view.counts.text()
    for said in ("old 1 → new 1", "1 appeared", "1 vanished", "1 moved", "1 as before"):
        assert said in text
    assert session.viewer.layers.selection.active.name == "map", "the tool in hand stays in hand"
    assert not session.project.sets(), "nothing of it is in the project"
    assert not session.project.journal()


def test_stepping_flies_from_change_to_change(session: Any, view: ChangesView, qtbot: Any) -> None:
    compare(view, qtbot)
    assert view.list.count() == 3
    view.step(1)
    assert "appeared: loop 0.60" in view.list.currentItem().text()
    rows, cols = session.visits[-1]
    assert rows.start < 600_000 < rows.end
    assert cols.start < 800_000 < cols.end
    view.step(1)
    assert "vanished" in view.list.currentItem().text()
    view.step(-1)
    view.step(-1)
    assert "moved: TAD" in view.list.currentItem().text(), "round and round"
    assert set(layers(session)) == {"appeared", "vanished", "moved", "moved to"}, "flying takes nothing out"


def test_two_sets_are_compared_without_a_model(session: Any, view: ChangesView, models: Models, qtbot: Any) -> None:
    for name, calls in CALLS.items():
        made = session.project.add_set(name, Origin.PREDICTED)
        session.project.add(calls, set_id=made.id)
    outside = loop(950_000, 990_000)
    session.project.add([outside], set_id=made.id)
    session.view = (iv(0, 900_000), iv(0, 900_000))
    view.refresh()
    for side, name in (("before", "set: old"), ("after", "set: new")):
        view.sides[side].setCurrentIndex(view.sides[side].findText(name))
    view.compare_button.click()
    qtbot.waitUntil(lambda: view.changes is not None, timeout=5_000)
    assert not models.asked
    assert len(view.changes.appeared) == 1, "only what is in view"


@pytest.mark.parametrize("how", ["close", "chromosome", "map", "project"])
def test_marks_go_with_what_they_belong_to(session: Any, view: ChangesView, qtbot: Any, how: str) -> None:
    compare(view, qtbot)
    assert layers(session)
    if how == "close":
        view.close_button.click()
    elif how == "chromosome":
        session.chrom_changed.emit("chr1")
    elif how == "map":
        session.map_changed.emit()
    else:
        session.project_changed.emit(session.project)
    assert not layers(session)
    assert view.list.count() == 0
    assert not view.counts.text()


def test_a_layer_that_somebody_took_out_is_no_trouble(session: Any, view: ChangesView, qtbot: Any) -> None:
    compare(view, qtbot)
    session.viewer.layers.remove(layers(session)["moved"])
    session.view_changed.emit(*session.view)
    view.forget()
    assert not layers(session)


def test_marks_keep_their_size_on_the_screen(session: Any, view: ChangesView, qtbot: Any) -> None:
    compare(view, qtbot)
    widths, sizes = [], []
    for zoom in (1e-4, 1e-3):
        session.viewer.scene.camera.zoom = zoom
        session.view_changed.emit(*session.view)
        widths.append(layers(session)["moved"].edge_width * zoom)
        sizes.append(layers(session)["appeared"].size[0] * zoom)
    assert widths[0] == pytest.approx(widths[1])
    assert sizes[0] == pytest.approx(sizes[1])


def test_what_goes_wrong_is_said(session: Any, view: ChangesView, models: Models, qtbot: Any) -> None:
    models.error = ModelError("does not match its checksum; the file is damaged.", where="ft1")
    view.compare_models("old", "new")
    qtbot.waitUntil(lambda: "damaged" in view.counts.text(), timeout=5_000)
    assert not layers(session)
    assert view.compare_button.isEnabled()


def test_the_same_twice_cannot_be_compared(view: ChangesView) -> None:
    view.sides["after"].setCurrentIndex(view.sides["before"].currentIndex())
    assert not view.compare_button.isEnabled()
    assert "two different ones" in view.compare_button.toolTip()


def test_equal_predictions_leave_the_map_alone(session: Any, view: ChangesView, qtbot: Any) -> None:
    session.prediction.predict = lambda source, *, token, **request: iter_same()
    compare(view, qtbot)
    assert not layers(session)
    assert "3 as before" in view.counts.text()
    assert not view.next_button.isEnabled()


def iter_same() -> Any:
    yield Clock().step("predict", 1, 1, payload=tuple(CALLS["old"]))
