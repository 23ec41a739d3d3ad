"""*Adapt to this map* in Predict and *E–P pairs* in Review: what they show, and what a click does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from napari.components import ViewerModel

from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.plugin.panels.predict.panel import PredictPanel
from napari_hicstruct.plugin.panels.review.filters import QueueFilters
from napari_hicstruct.plugin.panels.review.pairs import PairsPanel
from napari_hicstruct.plugin.state.models.adapting import AFTER, AdaptState
from napari_hicstruct.plugin.state.models.prediction import PredictionState
from napari_hicstruct.plugin.state.review.loop_pairs import LoopPairsState
from tests.gui.edit_kit import TinySession, add_map, make_project
from tests.gui.view_kit import pump
from tests.unit.window import test_adapting as adapting
from tests.unit.window import test_loop_pairs as pairs


@pytest.fixture
def session(tmp_path: Path, qapp: Any) -> Iterator[Any]:
    viewer = ViewerModel()
    add_map(viewer)
    with make_project(tmp_path) as project:
        made = TinySession(viewer, project)
        yield made
        made.editing.close()


def predict_panel(session: Any, qtbot: Any, why: str = "") -> PredictPanel:
    backend = SimpleNamespace(
        predict=None, capabilities=lambda _: {"loop": ""}, bins=lambda _: (0, ()), models=lambda: [adapting.MODEL]
    )
    state = PredictionState(session, session.runner, backend=backend)  # type: ignore[arg-type]
    own = AdaptState(state, session.review, session.runner, backend=adapting.Backend(why))  # type: ignore[arg-type]
    panel = PredictPanel(state, own)
    qtbot.addWidget(panel)
    panel.show()
    assert pump(lambda: state.models.chosen is not None, 5)
    return panel


def test_adapt_compare_and_back_by_clicks(session: Any, qtbot: Any) -> None:
    panel = predict_panel(session, qtbot)
    row = panel.adapt_row
    assert row is not None
    assert row.adapt.isVisible()
    assert row.adapt.isEnabled()
    assert not row.back.isVisible()
    row.adapt.click()
    assert pump(row.back.isVisible, 5)
    assert not row.adapt.isVisible()
    assert "Loops: 2 → 3 (1 new, 1 likelier)." in row.message.text()
    shown = {one.name: one.visible for one in session.project.sets()}
    assert shown[AFTER]
    row.which.chosen.emit("before")
    assert not {one.name: one.visible for one in session.project.sets()}[AFTER]
    row.back.click()
    assert pump(row.adapt.isVisible, 5)
    assert AFTER not in [one.name for one in session.project.sets()]


def test_nothing_is_offered_where_the_model_has_no_gate(session: Any, qtbot: Any) -> None:
    panel = predict_panel(session, qtbot, why="gated 0.1 has no gate, so it cannot adapt to a map.")
    assert panel.adapt_row is not None
    assert not panel.adapt_row.isVisible()


def test_pairs_are_asked_for_and_forgotten(session: Any, qtbot: Any) -> None:
    made = session.project.add_set("calls", Origin.PREDICTED)
    session.project.add(pairs.LOOPS, set_id=made.id)
    state = LoopPairsState(session.review, session.runner, backend=pairs.Backend())  # type: ignore[arg-type]
    panel, filters = PairsPanel(state), QueueFilters(session.review)
    for widget in (panel, filters):
        qtbot.addWidget(widget)
        widget.show()
    assert not panel.ask.isEnabled()
    assert panel.why_not.text().startswith("Give the model's folder")
    for name, value in pairs.GIVEN.items():
        panel.form.form[name].value = value
    assert panel.ask.isEnabled()
    panel.ask.click()
    assert pump(lambda: state.found is not None, 5)
    assert "called as pairs in K562" in panel.message.text()
    filters.pair.setValue(0.5)
    assert session.review.queue.uids == [pairs.LOOPS[1].uid]
    assert filters.summary() == "E–P p ≥ 0.50"
    panel.forget.click()
    assert session.review.queue.wanted.pair == 0
    assert not panel.forget.isEnabled()
