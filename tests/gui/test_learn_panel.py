"""The Learn section: every state, every failure, and what becomes of the model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from napari.components import ViewerModel
from napari.utils.notifications import Notification, notification_manager
from qtpy.QtWidgets import QMainWindow

from napari_hicstruct.annotations.project import Project
from napari_hicstruct.errors import HicStructError, OutputError
from napari_hicstruct.evaluation.acceptance import Verdict
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import Clock
from napari_hicstruct.plugin.panels.learn.close_guard import DISCARD, KEEP, WAIT
from napari_hicstruct.plugin.panels.learn.lineage import main_figure, states
from napari_hicstruct.plugin.panels.learn.loss_curve import smoothed
from napari_hicstruct.plugin.panels.learn.panel import LearnPanel
from napari_hicstruct.plugin.panels.learn.result import figures_table, verdict_of
from napari_hicstruct.plugin.panels.predict.panel import PredictPanel
from napari_hicstruct.plugin.state.models.learning import LearningState
from napari_hicstruct.plugin.state.models.prediction import PredictionState
from napari_hicstruct.workflows.finetune.job import Figure
from napari_hicstruct.workflows.models import ModelInfo
from tests.gui.edit_kit import CHROM, TinySession, add_map, iv, make_project
from tests.gui.learn_kit import BASE, CHILD, Script, add_model, figures, model_folder, result

TINY = ModelInfo("tiny", "0.1", Path("tiny"), ("loop", "tad"), BASE, shipped=False, default=False, card={})


@pytest.fixture
def said() -> Iterator[list[Notification]]:
    seen: list[Notification] = []
    notification_manager.notification_ready.connect(seen.append)
    yield seen
    notification_manager.notification_ready.disconnect(seen.append)


@pytest.fixture
def session(tmp_path: Path, qapp: Any) -> Iterator[Any]:
    viewer = ViewerModel()
    add_map(viewer)
    with make_project(tmp_path) as project:
        add_model(project, BASE, "0.1", model_folder(tmp_path / "base", BASE, "tiny", "0.1"))
        made = TinySession(viewer, project)
        yield made
        made.editing.close()


@pytest.fixture
def make_panel(session: Any, qtbot: Any, tmp_path: Path) -> Iterator[Callable[[Script], LearnPanel]]:
    panels: list[LearnPanel] = []

    def make(script: Script) -> LearnPanel:
        def taken(outcome: Any) -> None:
            folder = model_folder(tmp_path / "ft1", CHILD, "tiny", "0.1 ft 1")
            add_model(session.project, CHILD, "0.1 ft 1", folder, BASE, use=outcome.taken)

        script.on_conclude = taken
        asked: list[dict[str, Any]] = []

        def predict(_source: Any, *, token: Any, **request: Any) -> Any:
            asked.append(request)
            yield from ()

        models = SimpleNamespace(
            predict=predict, capabilities=lambda _: {}, bins=lambda _: (0, ()), models=lambda: [TINY]
        )
        session.prediction = PredictionState(session, session.runner, backend=models)
        session.learning = LearningState(session, session.prediction, session.runner, backend=script.backend())
        predictor, panel = PredictPanel(session.prediction), LearnPanel(session)
        panel.predictor, panel.asked = predictor, asked  # type: ignore[attr-defined]
        for widget in (predictor, panel):
            qtbot.addWidget(widget)
        panel.show()
        panels.append(panel)
        qtbot.waitUntil(lambda: not panel.state.counting, timeout=5_000)
        return panel

    yield make
    for panel in panels:
        panel.state.end()


def begin(panel: LearnPanel, script: Script, qtbot: Any, steps: int = 2) -> None:
    """Start, and learn some steps."""
    panel.button.click()
    script.gate.release(steps)
    qtbot.waitUntil(lambda: f"step {steps}" in panel.speed.text(), timeout=5_000)


def test_how_many_corrections_and_what_is_missing(session: Any, qtbot: Any, make_panel: Any) -> None:
    panel = make_panel(Script())
    assert panel.corrections.text() == "41 corrections · 6 new since the last fine-tune"
    assert panel.button.isEnabled()
    assert make_panel(Script(total=1, new=1)).corrections.text() == "1 correction", "there was no fine-tune before"
    none = make_panel(Script(total=0, new=0))
    assert not none.button.isEnabled()
    assert "Nothing to learn from yet" in none.button.toolTip()


def test_counting_waits_until_the_person_rests(session: Any, qtbot: Any, make_panel: Any) -> None:
    script = Script()
    panel = make_panel(script)
    script.total, script.new = 43, 8
    for _ in range(3):
        session.labels.changed.emit()
    assert "41 corrections" in panel.corrections.text()
    qtbot.waitUntil(lambda: "43 corrections · 8 new" in panel.corrections.text(), timeout=5_000)


def test_counting_that_fails_is_said(qtbot: Any, make_panel: Any) -> None:
    script = Script()
    panel = make_panel(script)
    panel.state.backend.count_corrections = _refuse
    panel.state.count()
    qtbot.waitUntil(lambda: "unreadable" in panel.message.text(), timeout=5_000)
    assert not panel.button.isEnabled()


def _refuse(_project: Any) -> Any:
    raise HicStructError("unreadable")


def test_a_read_only_project_says_why(session: Any, tmp_path: Path, make_panel: Any) -> None:
    second = Project.open(session.project.path)
    try:
        assert second.read_only
        panel = make_panel(Script())
        session.project = second
        session.project_changed.emit(second)
        assert not panel.button.isEnabled()
        assert "cannot be edited" in panel.button.toolTip()
        panel.state._set_result(result(), in_use=True)
        assert not panel.result.back_button.isEnabled()
        panel.folds["lineage"].unfold(True)
        panel.lineage.choose(BASE)
        assert not panel.lineage.use_button.isEnabled()
    finally:
        session.project_changed.emit(None)
        second.close()


def test_a_taken_model_is_used_and_the_view_predicted_again(session: Any, qtbot: Any, make_panel: Any) -> None:
    script = Script()
    panel = make_panel(script)
    begin(panel, script, qtbot)
    assert panel.running.isVisible()
    assert not panel.button.isEnabled()
    assert not panel.how.isEnabled()
    assert "model · step 2 of 4 · 3.2 steps/s" in panel.speed.text()
    panel._step(Clock().step("compare", 0, 0))
    assert not panel.speed.isVisible(), "the bar names the stage; below it nothing says it again"
    qtbot.waitUntil(lambda: panel.curve.isVisible(), timeout=2_000)
    assert [step for step, _ in panel.curve.losses["loop"]] == [1, 2]
    assert panel.curve.validation["tad"] == [(2, 0.4)]
    script.gate.release(2)
    qtbot.waitUntil(lambda: panel.result.isVisible(), timeout=5_000)
    assert script.concluded
    assert panel.result.verdict.text().endswith("It got better.</b><br><b>tiny 0.1 ft 1</b> is in use.")
    assert not panel.result.table.isVisible(), "figures on request"
    panel.result.figures.unfold()
    assert panel.result.table.isVisible()
    assert "Ranking rose" in panel.result.details.text()
    assert "Validation regions hold 6" in panel.result.details.text()
    assert not panel.running.isVisible()
    assert panel.button.isEnabled()
    qtbot.waitUntil(lambda: len(panel.asked) == 1, timeout=5_000)
    assert panel.asked[0]["model"].endswith("ft1"), "its folder names it"
    assert panel.predictor.model.currentText() == "tiny 0.1 ft 1 · this project ✓"
    assert session.prediction.set_name.startswith("tiny 0.1 ft 1 · chr17:0.00-1.00M")


def test_the_verdict_of_another_day_is_there_and_says_when(make_panel: Any) -> None:
    panel = make_panel(Script(stored=(result(Verdict.TOO_FEW), "2026-03-01T12:34:56+00:00")))
    assert panel.result.isVisible()
    assert panel.result.verdict.text().startswith("Fine-tune of 2026-03-01 12:34 UTC<br><b>Too few corrections")
    assert "<b>tiny 0.1</b> stays in use" in panel.result.verdict.text()


def test_only_a_fine_tune_of_this_window_scrolls_to_its_verdict(
    qtbot: Any, make_panel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Any] = []
    monkeypatch.setattr("napari_hicstruct.plugin.panels.learn.panel.reveal", shown.append)
    panel = make_panel(Script(stored=(result(Verdict.TOO_FEW), "2026-03-01T12:34:56+00:00")))
    assert panel.result.isVisible()
    assert not shown, "a project that is opened begins where the dock begins"
    panel.state._set_result(result(Verdict.TOO_FEW), in_use=False)
    assert shown == [panel.result]


def test_rolling_back_takes_one_click_and_is_recorded(session: Any, qtbot: Any, make_panel: Any) -> None:
    script = Script(steps=1)
    panel = make_panel(script)
    begin(panel, script, qtbot, 1)
    qtbot.waitUntil(lambda: panel.result.isVisible(), timeout=5_000)
    panel.result.back_button.click()
    assert session.project.lineage.current().sha256 == BASE
    assert session.project.lineage.uses()[-1].reason == "rolled back"
    assert "<b>tiny 0.1</b> is in use again; <b>tiny 0.1 ft 1</b> is kept." in panel.result.verdict.text()
    assert not panel.message.isVisible(), "it would say the same a second time"
    qtbot.waitUntil(lambda: session.prediction.models.chosen == TINY, timeout=2_000)
    assert panel.result.anyway_button.isVisible()
    panel.result.anyway_button.click()
    assert session.project.lineage.current().sha256 == CHILD


def test_too_few_to_say_is_not_used_unless_somebody_says_so(session: Any, qtbot: Any, make_panel: Any) -> None:
    script = Script(steps=1, verdict=Verdict.TOO_FEW)
    panel = make_panel(script)
    begin(panel, script, qtbot, 1)
    qtbot.waitUntil(lambda: panel.result.isVisible(), timeout=5_000)
    assert panel.result.verdict.text().startswith("<b>Too few corrections to say that it got better.</b>")
    assert "<b>tiny 0.1</b> stays in use; the new model <b>tiny 0.1 ft 1</b> is kept" in panel.result.verdict.text()
    assert session.project.lineage.current().sha256 == BASE
    qtbot.wait(100)
    assert not panel.asked
    assert not panel.result.back_button.isVisible()
    panel.result.predict_button.click()
    qtbot.waitUntil(lambda: len(panel.asked) == 1, timeout=2_000)
    assert panel.asked[0]["model"].endswith("ft1")
    assert session.project.lineage.current().sha256 == BASE, "trying it is not using it"
    panel.result.anyway_button.click()
    assert session.project.lineage.current().sha256 == CHILD
    assert "is in use, because you said so." in panel.result.verdict.text()


def test_no_different_is_used_and_worse_is_refused_with_its_reason(session: Any, qtbot: Any, make_panel: Any) -> None:
    script = Script(steps=1, verdict=Verdict.NO_DIFFERENT)
    panel = make_panel(script)
    begin(panel, script, qtbot, 1)
    qtbot.waitUntil(lambda: panel.result.isVisible(), timeout=5_000)
    assert session.project.lineage.current().sha256 == CHILD
    assert "as good as before" in panel.result.verdict.text()
    panel.state._set_result(result(Verdict.WORSE), in_use=False)
    assert "It got worse." in panel.result.verdict.text()
    assert "was refused: <b>tiny 0.1</b> stays in use" in panel.result.verdict.text()
    assert not panel.result.anyway_button.isVisible()
    assert panel.result.predict_button.isVisible(), "one may see what it would do"


def test_stop_keeps_the_best_so_far(qtbot: Any, make_panel: Any) -> None:
    script = Script(steps=1_000)
    panel = make_panel(script)
    begin(panel, script, qtbot)
    panel.running.stop_button.click()
    assert not panel.running.stop_button.isEnabled()
    assert panel.running.stop_button.text() == "Stopping …"
    qtbot.waitUntil(lambda: panel.result.isVisible(), timeout=5_000)
    assert "stopped early" in panel.result.details.text()
    assert script.concluded[0].stopped


def test_cancel_keeps_nothing(qtbot: Any, make_panel: Any, said: list[Any]) -> None:
    script = Script(steps=1_000)
    panel = make_panel(script)
    begin(panel, script, qtbot)
    panel.running.cancel_button.click()
    assert panel.button.isEnabled()
    assert "nothing was kept. tiny 0.1 stays in use" in panel.message.text()
    assert script.ended.wait(5)
    qtbot.wait(50)
    assert not script.concluded
    assert not panel.result.isVisible()
    assert not said


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), "mat1 and mat2"),
        (RuntimeError("CUDA out of memory"), "Choose heads or adapters"),
        (MemoryError("x"), "Choose heads or adapters"),
        (StopIteration("odd"), "RuntimeError"),
        (OSError(28, "No space left on device"), "No space left"),
        (OutputError("the model could not be written (No space left on device)."), "could not be written"),
        (HicStructError("The process that learnt was ended by the system (signal 9)."), "signal 9"),
    ],
)
def test_a_failure_is_one_notification_and_a_line(
    session: Any, qtbot: Any, make_panel: Any, said: list[Any], error: Exception, words: str
) -> None:
    script = Script(steps=1, error=error)
    panel = make_panel(script)
    panel.button.click()
    script.gate.release()
    qtbot.waitUntil(lambda: bool(said), timeout=5_000)
    qtbot.wait(100)
    assert len(said) == 1
    assert "Traceback" not in said[0].message
    assert words in panel.message.text()
    assert "tiny 0.1 stays in use" in panel.message.text()
    assert session.project.lineage.current().sha256 == BASE
    assert panel.button.isEnabled()
    assert not panel.running.isVisible()


@pytest.mark.parametrize("error", [OutputError("disk is full."), OSError(28, "No space left on device")])
def test_a_model_that_cannot_be_recorded_is_not_used(
    qtbot: Any, make_panel: Any, said: list[Any], error: Exception
) -> None:
    script = Script(steps=1, unrecorded=error)
    panel = make_panel(script)
    panel.button.click()
    script.gate.release()
    qtbot.waitUntil(lambda: bool(said), timeout=5_000)
    assert not panel.result.isVisible()
    assert "tiny 0.1 stays in use" in panel.message.text()
    assert not panel.asked


def test_what_cannot_be_learnt_from_is_said(qtbot: Any, make_panel: Any, said: list[Any]) -> None:
    script = Script(refused=HicStructError("All corrections say the same: reject some, too."))
    panel = make_panel(script)
    panel.button.click()
    qtbot.waitUntil(lambda: bool(said), timeout=5_000)
    assert "All corrections say the same" in panel.message.text()
    assert not script.places


def test_settings_reach_the_job(qtbot: Any, make_panel: Any) -> None:
    script = Script(steps=1)
    panel = make_panel(script)
    assert panel.how.request().config.steps == 0
    assert not panel.how.form.steps.enabled, "heads are solved without steps"
    panel.how.form.start.value = "last"
    panel.how.form.trainable.native.setCurrentText("adapters")
    assert panel.how.form.steps.enabled
    panel.how.form.steps.value = 80
    panel.how.form.where.value = "thread"
    begin(panel, script, qtbot, 1)
    request = script.requests[0]
    assert (request.config.start, request.config.trainable, request.config.steps) == ("last", "adapters", 80)
    assert script.places == ["thread"]
    qtbot.waitUntil(lambda: panel.result.isVisible(), timeout=5_000)


@pytest.mark.parametrize("signal", ["map", "project"])
def test_another_map_or_project_cancels(
    session: Any, qtbot: Any, make_panel: Any, said: list[Any], signal: str
) -> None:
    script = Script(steps=1_000)
    panel = make_panel(script)
    begin(panel, script, qtbot)
    if signal == "map":
        session.map_changed.emit()
    else:
        session.project_changed.emit(session.project)
    assert script.ended.wait(5)
    assert "was cancelled" in panel.message.text()
    qtbot.wait(50)
    assert not script.concluded
    assert not said


def test_a_prediction_that_runs_is_left_alone(session: Any, qtbot: Any, make_panel: Any) -> None:
    script, gate = Script(steps=1), threading.Event()
    panel = make_panel(script)

    def slow(_source: Any, *, token: Any, **_request: Any) -> Any:
        while not gate.wait(0.02):
            token.check()
        yield from ()

    session.prediction.predict = slow
    session.prediction.run_view()
    begin(panel, script, qtbot, 1)
    qtbot.waitUntil(lambda: panel.result.isVisible(), timeout=5_000)
    assert session.prediction.running
    assert "press “Predict with it”" in panel.message.text()
    gate.set()
    qtbot.waitUntil(lambda: not session.prediction.running, timeout=5_000)


def test_the_validation_regions_are_drawn_where_midpoints_count(
    session: Any, make_panel: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(Project, "validation_regions", lambda _: (iv(500_000, 1_000_000), Interval("chr2", 0, 500_000)))
    panel = make_panel(Script())
    panel.how.validation.click()
    layer = session.viewer.layers["Validation regions"]
    (band,) = layer.data
    assert [str(unit) for unit in layer.units] == ["basepair", "basepair"]
    assert sorted(set(band.sum(axis=1) / 2)) == [500_000, 1_000_000], "midpoints of its corners"
    session.chrom = "chr3"
    session.chrom_changed.emit("chr3")
    assert "Validation regions" not in session.viewer.layers
    session.chrom = CHROM
    session.chrom_changed.emit(CHROM)
    assert "Validation regions" in session.viewer.layers
    panel.how.validation.click()
    assert "Validation regions" not in session.viewer.layers


# ---------------------------------------------------------------------- closing the window


class Window(QMainWindow):
    """As much of napari's window as the guard looks at."""

    def __init__(self, panel: LearnPanel) -> None:
        super().__init__()
        self._qt_viewer = panel
        self.setCentralWidget(panel)
        self.closed = 0

    def close(self, quit_app: bool = False) -> bool:
        return super().close()

    def closeEvent(self, event: Any) -> None:
        self.closed += 1
        event.accept()


def window_of(panel: LearnPanel, qtbot: Any, answer: str) -> tuple[Window, list[Any]]:
    window, asked = Window(panel), []

    def ask(parent: Any) -> str:
        asked.append(parent)
        return answer

    panel.guard.ask = ask
    panel.window_of_test = window  # nobody else keeps a closed window, and the panel would go with it
    qtbot.addWidget(window)
    window.show()
    panel.show()
    panel.guard.watch()
    return window, asked


def test_nobody_is_asked_while_nothing_runs(qtbot: Any, make_panel: Any) -> None:
    window, asked = window_of(make_panel(Script()), qtbot, WAIT)
    window.close()
    assert window.closed == 1
    assert not asked


def test_close_and_keep_ends_with_a_recorded_model(qtbot: Any, make_panel: Any) -> None:
    script = Script(steps=1_000)
    panel = make_panel(script)
    window, asked = window_of(panel, qtbot, KEEP)
    begin(panel, script, qtbot)
    window.close()
    window.close()
    assert len(asked) == 1, "asked once"
    assert window.isVisible(), "the model is kept first"
    qtbot.waitUntil(lambda: window.closed == 1, timeout=5_000)
    assert script.concluded[0].stopped
    assert not panel.asked, "nothing is predicted in a window that goes"


def test_close_and_wait_goes_on(qtbot: Any, make_panel: Any) -> None:
    script = Script(steps=3)
    panel = make_panel(script)
    window, asked = window_of(panel, qtbot, WAIT)
    begin(panel, script, qtbot)
    window.close()
    assert len(asked) == 1
    assert window.isVisible()
    script.gate.release()
    qtbot.waitUntil(lambda: panel.result.isVisible(), timeout=5_000)
    assert not window.closed


def test_close_and_discard_keeps_nothing(qtbot: Any, make_panel: Any) -> None:
    script = Script(steps=1_000)
    panel = make_panel(script)
    window, asked = window_of(panel, qtbot, DISCARD)
    begin(panel, script, qtbot)
    window.close()
    qtbot.waitUntil(lambda: window.closed == 1, timeout=5_000)
    assert len(asked) == 1
    assert script.ended.is_set(), "nothing runs any more"
    assert not script.concluded


def test_a_failure_while_closing_lets_the_window_go(qtbot: Any, make_panel: Any, said: list[Any]) -> None:
    script = Script(steps=1_000, unrecorded=OutputError("disk is full."))
    panel = make_panel(script)
    window, _ = window_of(panel, qtbot, KEEP)
    begin(panel, script, qtbot)
    window.close()
    qtbot.waitUntil(lambda: window.closed == 1, timeout=5_000)
    assert len(said) == 1


# ---------------------------------------------------------------------- lineage and numbers


def test_the_tree_says_what_is_in_use(session: Any, qtbot: Any, make_panel: Any, tmp_path: Path) -> None:
    panel, lineage = make_panel(Script()), session.project.lineage
    add_model(session.project, "d" * 64, "0.1 ft 1", model_folder(tmp_path / "m1", "d" * 64, "tiny", "0.1 ft 1"), BASE)
    add_model(session.project, "e" * 64, "0.1 ft 2", tmp_path / "gone", "d" * 64, use=False)
    qtbot.waitUntil(lambda: len(panel.lineage._items()) == 3, timeout=2_000)
    texts = sorted(item.text(0) for item in panel.lineage._items())
    assert texts == ["tiny 0.1 ft 1 · in use", "tiny 0.1 ft 2 · not used", "tiny 0.1 · first model"]
    assert "ranking 0.76 → 0.81" in [item.text(1) for item in panel.lineage._items()]
    panel.folds["lineage"].unfold(True)
    panel.lineage.choose("e" * 64)
    panel.lineage.card_button.click()
    assert "on 41 corrections, not taken: it ranks better" in panel.lineage.card.text()
    assert "tiny 0.1 ft 2" in panel.lineage.card.text(), "a model whose folder is gone still has its card"
    panel.lineage.changed_button.click()
    assert "cannot be read any more" in panel.changes.counts.text()
    panel.lineage.choose(BASE)
    assert not panel.lineage.changed_button.isEnabled()
    panel.lineage.use_button.click()
    assert lineage.current().sha256 == BASE
    qtbot.waitUntil(lambda: "tiny 0.1 · first model" not in [i.text(0) for i in panel.lineage._items()], timeout=2_000)
    assert "tiny 0.1 ft 1 · rolled back" in [item.text(0) for item in panel.lineage._items()]


def test_only_models_that_are_what_they_were_are_offered(session: Any, make_panel: Any, tmp_path: Path) -> None:
    panel = make_panel(Script())
    add_model(session.project, "d" * 64, "0.1 ft 1", model_folder(tmp_path / "m1", "f" * 64, "tiny", "2"), BASE)
    session.prediction.models.follow()
    assert [panel.predictor.model.itemText(i) for i in range(panel.predictor.model.count())] == ["tiny 0.1"]
    panel.state._set_result(result(), in_use=True)
    panel.state.predict_with_result()
    assert "cannot be read" in panel.message.text()


def test_a_project_that_cannot_be_read_is_said(session: Any, qtbot: Any, make_panel: Any, monkeypatch: Any) -> None:
    panel = make_panel(Script())
    monkeypatch.setattr(type(session.project.lineage), "models", _refuse)
    monkeypatch.setattr(type(session.project.lineage), "current", _refuse)
    panel.lineage.refresh()
    session.prediction.models.follow()
    assert panel.lineage._items()[0].text(0) == "unreadable"
    assert not panel.lineage.use_button.isEnabled()
    assert session.prediction.models.problem == "unreadable"
    assert panel.state.label_in_use()


def test_states_and_figures() -> None:
    models = [type("E", (), {"sha256": s, "parent": p})() for s, p in (("a", None), ("b", "a"), ("c", "b"), ("d", "a"))]
    assert states(models, "c", {"a", "b", "c"}) == {
        "a": "first model",
        "b": "used before",
        "c": "in use",
        "d": "not used",
    }
    assert states(models, "a", {"a", "d"})["d"] == "rolled back"
    assert main_figure({}, {}) == ""
    frozen = {"frozen part": {"loop": {"ranking": 0.5}}, "replay": {"loop": {"ranking": 0.9}}}
    assert main_figure(frozen, frozen) == "ranking 0.50 → 0.50"


def test_better_and_worse_are_said_by_sign_too() -> None:
    assert [verdict_of(one) for one in figures()] == [1, 1, 0, -1]
    hair = Figure("all", "average precision", "replay", 2, 0.861, 0.863, 0.001, 0.004)  # shown as +0.00
    assert verdict_of(hair) == 0
    table = figures_table(figures())
    assert "better,&nbsp;+0.13" in table
    assert "better,&nbsp;−0.13" in table, "less log loss is better"
    assert "worse,&nbsp;−0.04" in table
    assert "loops average precision (312)" in table


def test_all_tasks_together_are_a_row_only_beside_several() -> None:
    one, every = figures()[0], replace(figures()[0], what="all")
    assert "all ranking" not in figures_table((every, one))
    assert "all ranking" in figures_table((every, one, figures()[2]))


def test_smoothing_begins_at_the_first_value() -> None:
    assert smoothed([2.0, 2.0, float("nan"), 2.0]) == pytest.approx([2.0] * 4)
    assert smoothed([1.0, 0.0], decay=0.5) == pytest.approx([1.0, 1 / 3])
