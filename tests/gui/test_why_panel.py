"""The Why section: pictures where they belong, words beside them, nothing left behind; and the model's card."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.errors import MapError
from napari_hicstruct.inference.explain import Layer
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.plugin.panels.explain.panel import ExplainPanel
from napari_hicstruct.plugin.panels.predict.panel import PredictPanel
from napari_hicstruct.plugin.panels.review.card import Card
from napari_hicstruct.plugin.panels.table.panel import ObjectTable
from napari_hicstruct.plugin.state.labels.geometry import Triangle
from napari_hicstruct.plugin.state.models.prediction import PredictionState
from napari_hicstruct.plugin.widgets.model_card import card_lines
from napari_hicstruct.workflows.evidence import Evidence
from napari_hicstruct.workflows.explain import Explanation, shown_part
from napari_hicstruct.workflows.models import ModelInfo, find_model
from tests.gui.edit_kit import LENGTH, TinySession, add_map, iv, loop, make_project, tad
from tests.gui.view_kit import colours_on_canvas, open_in, pump

HFFC6 = "maps/HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool"


def model_info(card: dict[str, Any]) -> ModelInfo:
    """A model folder's description with this card."""
    tasks = ("loop", "stripe", "tad")
    return ModelInfo("tiny", "0.1", Path("tiny"), tasks, "0" * 64, shipped=False, default=False, card=card)


MODEL = model_info({})


class Script:
    """Explains with a dot at the object, whenever ``gate`` is open; remembers what it was asked."""

    def __init__(self, **layers: float) -> None:
        self.extra = {name.replace("__", "/"): value for name, value in layers.items()}
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None
        self.asked: list[tuple[str, dict[str, Any] | None]] = []

    def explain(
        self, source: Any, annotation: Any, *, model: str, run: Any, token: CancelToken
    ) -> Generator[Progress, None, Any]:
        self.asked.append((annotation.uid, run))
        yield Clock().step("run the model", 0, 0)
        self.gate.wait(10)
        token.check()
        if self.error is not None:
            raise self.error
        rows, cols = shown_part(annotation, LENGTH)
        shape = (len(rows) // 5_000, len(cols) // 5_000)

        def layer(height: float) -> Layer:
            made = Layer(np.zeros(shape, np.float32), 5_000, rows.start // 5_000, cols.start // 5_000)
            i, j = annotation.anchor1.start // 5_000 - made.row, (annotation.anchor2.end - 1) // 5_000 - made.col
            made.values[i, j] = height
            return made

        place = annotation.anchor1.center, annotation.anchor2.center
        evidence = [
            Evidence("TAD boundary at anchor 1 (network output 0.71)", True, place),
            Evidence("No stripe from anchor 2 upwards", False),
            Evidence("No orientation known", None),
        ]
        task = annotation.kind.value
        layers = {f"probability/{task}": layer(0.9)} | {name: layer(value) for name, value in self.extra.items()}
        use = {f"{task}/f3": (0.7, 0.3)} if any(name.startswith("gate") for name in self.extra) else {}
        return Explanation(annotation, task, "tiny 0.1", rows, cols, layers, 0.9, 0.9, evidence, use)


@pytest.fixture
def session(tmp_path: Path, qapp: Any) -> Iterator[Any]:
    viewer = ViewerModel()
    add_map(viewer)
    with make_project(tmp_path) as project:
        made = TinySession(viewer, project)
        yield made
        made.editing.close()


def make_panel(session: Any, script: Script, qtbot: Any, models: list[Any] | None = None) -> ExplainPanel:
    listed = [MODEL] if models is None else models
    backend = SimpleNamespace(
        predict=lambda *_, **__: iter(()), capabilities=lambda _: {}, bins=lambda _: (0, ()), models=lambda: listed
    )
    session.prediction = PredictionState(session, session.runner, backend=backend)
    panel = ExplainPanel(session, explain=script.explain)
    qtbot.addWidget(panel)
    return panel


def put(session: Any, *records: Any) -> int:
    made = session.project.add_set("calls", Origin.PREDICTED)
    session.project.add(records, set_id=made.id)
    return int(made.id)


def choose(session: Any, record: Any) -> None:
    session.labels.set_current(record.uid)


def names(session: Any) -> list[str]:
    return [layer.name for layer in session.viewer.layers if layer.name.startswith("Why")]


def layer_of(session: Any, name: str) -> Any:
    return session.viewer.layers[f"Why: {name}"]


def brightest(layer: Any) -> tuple[float, float]:
    """World position (bp) of the brightest pixel's centre."""
    index = np.unravel_index(int(np.argmax(layer.data)), layer.data.shape)
    return tuple(layer.data_to_world(index))  # type: ignore[return-value]


def test_pictures_lie_where_the_object_is(session: Any, qtbot: Any) -> None:
    script = Script(
        gate__loop__f3__1=0.4, **{"exchange__loop-tad__f3": 0.3}, gate__tad__f3__1=0.2, boundary_prior__boundary=0.1
    )
    panel = make_panel(session, script, qtbot)
    record = loop(200_000, 600_000, score=0.9, model="tiny 0.1")
    put(session, record)
    active = session.viewer.layers.selection.active = session.viewer.layers["map"]
    panel.follow(True)
    choose(session, record)
    qtbot.waitUntil(lambda: len(names(session)) == 5)
    assert set(names(session)) == {
        "Why: p(loop)",
        "Why: boundary prior",
        "Why: loop gate at f3, expert 1",
        "Why: exchange loop ↔ tad at f3",
        "Why: evidence",
    }, "gates of other tasks stay out"
    for name in set(names(session)) - {"Why: evidence"}:
        layer = session.viewer.layers[name]
        assert brightest(layer) == (202_500, 602_500)
        assert layer.visible is (name == "Why: p(loop)")
    assert [str(unit) for unit in layer_of(session, "p(loop)").units] == ["basepair", "basepair"]
    marks = layer_of(session, "evidence")
    assert tuple(marks.data[0]) == (202_500, 602_500)
    assert list(marks.features["evidence"]) == ["B"], "a letter lies over no other mark's words"
    assert "<b>B</b> TAD boundary at anchor 1" in panel.text
    assert session.viewer.layers.selection.active is active, "the tool in hand stays in hand"
    for said in (
        "tiny 0.1",
        "called this loop: ranking score 0.900 (network output 0.900)",
        "✓ <b>B</b> TAD boundary",
        "✗ No stripe",
        "? No orientation",
        "70%",
    ):
        assert said in panel.text
    assert "no weights by task" not in panel.text


def test_layers_follow_the_object_and_go_with_it(session: Any, qtbot: Any) -> None:
    script = Script()
    panel = make_panel(session, script, qtbot)
    first, second = loop(200_000, 600_000), tad(300_000, 700_000)
    put(session, first, second)
    choose(session, first)
    qtbot.wait(300)
    assert not script.asked, "a folded section does no work"
    panel.follow(True)
    qtbot.waitUntil(lambda: "Why: p(loop)" in names(session))
    assert "no weights by task and no exchange" in panel.text
    assert "did not call this loop" in panel.text
    choose(session, second)
    assert not names(session), "the pictures of another object go at once"
    qtbot.waitUntil(lambda: "Why: p(tad)" in names(session))
    assert "Why: p(loop)" not in names(session)
    panel.follow(False)
    assert not names(session)
    assert "Choose an object" in panel.text


def test_an_answer_that_comes_too_late_is_dropped(session: Any, qtbot: Any) -> None:
    script = Script()
    panel = make_panel(session, script, qtbot)
    first, second = loop(200_000, 600_000), tad(300_000, 700_000)
    put(session, first, second)
    script.gate.clear()
    panel.follow(True)
    choose(session, first)
    qtbot.waitUntil(lambda: len(script.asked) == 1)
    choose(session, second)
    qtbot.waitUntil(lambda: len(script.asked) == 2)
    script.gate.set()
    qtbot.waitUntil(lambda: bool(names(session)))
    qtbot.wait(100)
    assert "Why: p(tad)" in names(session)
    assert "Why: p(loop)" not in names(session)


def test_below_the_diagonal_pictures_are_transposed(session: Any, qtbot: Any) -> None:
    panel = make_panel(session, Script(), qtbot)
    record = loop(200_000, 600_000)
    set_id = put(session, record)
    session.labels.set_triangle(set_id, Triangle.LOWER)
    panel.follow(True)
    choose(session, record)
    qtbot.waitUntil(lambda: "Why: p(loop)" in names(session))
    assert brightest(layer_of(session, "p(loop)")) == (602_500, 202_500)
    assert tuple(layer_of(session, "evidence").data[0]) == (602_500, 202_500)


def test_the_run_that_made_the_set_is_asked_for(session: Any, qtbot: Any) -> None:
    script = Script()
    panel = make_panel(session, script, qtbot)
    record = loop(200_000, 600_000)
    set_id = put(session, record)
    run = {"regions": (iv(100_000, 900_000),), "tasks": ("loop",), "model": "tiny", "device": "auto"}
    session.prediction.runs[set_id] = run
    panel.follow(True)
    choose(session, record)
    qtbot.waitUntil(lambda: bool(script.asked))
    assert script.asked == [(record.uid, run)]


def test_what_went_wrong_is_said_in_the_panel(session: Any, qtbot: Any) -> None:
    script = Script()
    panel = make_panel(session, script, qtbot)
    record = loop(200_000, 600_000)
    put(session, record)
    script.error = MapError("cannot be read.")
    panel.follow(True)
    choose(session, record)
    qtbot.waitUntil(lambda: "cannot be read" in panel.text)
    assert not names(session)
    nobody = make_panel(session, script, qtbot, models=[])
    nobody.follow(True)
    assert "No model is installed" in nobody.text


def test_the_card_says_what_lineage_and_calibration_are_known() -> None:
    plain = dict(card_lines(find_model("default")))
    assert plain["Finds"] == "loops, stripes, TADs"
    assert plain["Trained on"]
    assert "@" not in plain["Calibration"]
    assert "loops at 10 kb 0.0" in plain["Calibration"]
    card = {
        "data": "144 loop-extrusion and 0 painted simulated maps, data set mine",
        "metrics": {"validation (simulated)": {"losses": {"loop": 1.7}, "average_precision": {"loop/fine": 0.8939}}},
        "calibration": {"loop": {"temperature": 1.2, "bias": 0.1, "ece": 0.0213}},
        "parent": {"name": "base", "sha256": "a" * 64},
        "lineage": ["first 0.1 (bbbb)", "base 0.2 (aaaa)"],
        "seed": 1,
    }
    lines = dict(card_lines(model_info(card)))
    assert lines["Trained on"] == "144 maps simulated by loop extrusion, data set mine"
    assert lines["Validation (simulated)"] == "average precision: loops (fine bins) 0.894"
    assert lines["Calibration"] == "mean error of the probabilities: loops 0.021"
    assert lines["Lineage"] == "first 0.1 (bbbb) → base 0.2 (aaaa) → this"
    del card["lineage"], card["calibration"]
    lines = dict(card_lines(model_info(card)))
    assert lines["Lineage"] == "base (aaaaaaaaaaaa) → this"
    assert lines["Calibration"].startswith("none")
    card["parent"] = None
    lines = dict(card_lines(model_info(card)))
    assert lines["Lineage"] == "trained from scratch, seed 1"


def test_the_card_opens_with_its_button(session: Any, qtbot: Any) -> None:
    make_panel(session, Script(), qtbot)
    predict = PredictPanel(session.prediction)
    qtbot.addWidget(predict)
    assert predict.card.isHidden()
    predict.about.click()
    assert not predict.card.isHidden()
    assert "tiny 0.1" in predict.card.text()


def test_the_shipped_model_explains_in_a_real_window(make_napari_viewer: Callable[..., Any], data_dir: Path) -> None:
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, data_dir / HFFC6)
    record = loop(62_900_000, 63_100_000)
    project = session.ensure_project()
    project.add([record], set_id=project.human_set().id)
    choose(session, record)
    before = len(colours_on_canvas(viewer))

    def paint_the_window(_event: Any) -> None:
        dock.window().update()

    viewer.layers.events.inserted.connect(paint_the_window)  # between two layers, as when a text of the dock changes
    dock.sections["why"].unfold(True)
    assert pump(lambda: "Why: p(loop)" in names(session), 120), dock.why.text
    values = layer_of(session, "p(loop)").data
    assert 0 < values.max() <= 1
    assert pump(lambda: {"Why: p(loop)", "Why: p(stripe)", "Why: p(tad)"} <= set(names(session)))
    assert "did not call this loop" in dock.why.text
    pump(lambda: False, 0.5)
    assert len(colours_on_canvas(viewer)) > before / 2, "the map has gone from the canvas"
    viewer.layers.events.inserted.disconnect(paint_the_window)
    dock.sections["why"].unfold(False)
    assert not names(session)
    dock.learn.count_soon.cancel()  # the viewer must not outlive the test
    assert pump(lambda: not session.learning.counting, 30)


def test_each_number_has_one_name_in_card_why_and_table(session: Any, qtbot: Any) -> None:
    """One loop whose ranking score, probability and network output are three numbers."""
    script = Script()
    explain = script.explain

    def ranked(*args: Any, **options: Any) -> Generator[Progress, None, Any]:
        found = yield from explain(*args, **options)
        return replace(found, probability=0.274, score=0.512)

    script.explain = ranked  # type: ignore[method-assign]
    panel = make_panel(session, script, qtbot)
    record = loop(200_000, 600_000, score=0.512, probability=0.035, model="tiny 0.1")
    put(session, record)
    panel.follow(True)
    choose(session, record)
    qtbot.waitUntil(lambda: "called this loop" in panel.text)
    assert "ranking score 0.512 (network output 0.274), probability 0.035" in panel.text
    card, table = Card(session.review), ObjectTable(session)
    for widget in (card, table):
        qtbot.addWidget(widget)
    card.refresh()
    assert "probability 0.035" in card.facts.text()
    assert "0.512" not in card.facts.text()
    assert "ranking score 0.5120: " in card.facts.toolTip()
    heads = list(table.model.columns)
    cells = {head: table.model.data(table.model.index(0, heads.index(head))) for head in heads[6:9]}
    assert cells == {"probability": "0.035", "ranking score": "0.512", "soft score": ""}


def test_the_numbers_of_an_edited_tad_are_those_of_the_place_before(session: Any, qtbot: Any) -> None:
    script = Script()
    panel = make_panel(session, script, qtbot)
    record = tad(200_000, 600_000).with_(score=0.6, probability=0.57, model="tiny 0.1")
    put(session, record)
    panel.follow(True)
    moved = record.with_(anchor1=iv(200_000, 700_000), anchor2=iv(200_000, 700_000))
    session.project.update([moved], action="edit")
    choose(session, record)
    qtbot.waitUntil(lambda: "at the edited place" in panel.text)
    assert "probability 0.570 before the edit" in panel.text
    card = Card(session.review)
    qtbot.addWidget(card)
    card.refresh()
    assert "probability 0.570 before the edit" in card.facts.text()
    assert "the place before the edit" in card.facts.toolTip()
