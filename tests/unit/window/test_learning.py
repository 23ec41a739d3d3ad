"""Learning without a window: what can be started, what becomes of the model, and what ends a fine-tune."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from napari_hicstruct.errors import HicStructError, OutputError
from napari_hicstruct.evaluation.acceptance import Verdict
from napari_hicstruct.plugin.state.models.finetune_request import LearnRequest, finetune_request
from napari_hicstruct.plugin.state.models.learning import LearningState
from napari_hicstruct.plugin.state.models.prediction import PredictionState
from napari_hicstruct.workflows.finetune.prepare import OneClassError
from napari_hicstruct.workflows.models import ModelInfo
from tests.gui.learn_kit import BASE, CHILD, Script, add_model, model_folder, result
from tests.window_kit import SteppedRunner, TinyWindow, make_project

TINY = ModelInfo("tiny", "0.1", Path("tiny"), ("loop", "tad"), BASE, shipped=False, default=False, card={})


class Bench:
    """A window with one model in use, a scripted fine-tune, and what was reported."""

    def __init__(self, window: TinyWindow, script: Script, folder: Path) -> None:
        self.window, self.script = window, script
        self.asked: list[dict[str, Any]] = []
        models = SimpleNamespace(
            predict=self.predict, capabilities=lambda _: {}, bins=lambda _: (0, ()), models=lambda: [TINY]
        )
        self.prediction = PredictionState(window, window.runner, backend=models)  # type: ignore[arg-type]
        script.on_conclude = lambda outcome: add_model(
            window.project, CHILD, "0.1 ft 1", model_folder(folder / "ft1", CHILD, "tiny", "0.1 ft 1"), BASE,
            use=outcome.taken,
        )  # fmt: skip
        self.state = LearningState(window, self.prediction, window.runner, backend=script.backend())
        self.messages: list[str] = []
        self.state.message.connect(self.messages.append)
        self.run(2)  # counting

    def predict(self, _source: Any, *, token: Any, **request: Any) -> Any:
        self.asked.append(request)
        yield from ()

    def run(self, steps: int) -> None:
        """Let the newest job go on."""
        self.script.gate.release(steps)
        self.window.runner.advance(steps)

    def learn(self) -> None:
        """A fine-tune from its start to its end."""
        assert self.state.start(LearnRequest())
        number = len(self.window.runner.jobs) - 1
        self.script.gate.release(10)
        self.window.runner.advance(10, of=number)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Any]:
    with make_project(tmp_path) as project:
        add_model(project, BASE, "0.1", model_folder(tmp_path / "base", BASE, "tiny", "0.1"))
        yield lambda script: Bench(TinyWindow(project, SteppedRunner()), script, tmp_path)


def test_what_there_is_to_learn(make: Any) -> None:
    state = make(Script()).state
    assert (state.total, state.new, state.why_not()) == (41, 6, "")
    none = make(Script(total=0, new=0)).state
    assert "Nothing to learn from yet" in none.why_not()
    assert not none.start(LearnRequest())


def test_a_taken_model_is_used_and_the_view_predicted_again(make: Any) -> None:
    bench = make(Script())
    compared: list[tuple[str, str]] = []
    bench.state.compared.connect(lambda *pair: compared.append(pair))
    bench.learn()
    assert bench.state.in_use
    assert bench.prediction.models.chosen.sha256 == CHILD
    assert bench.prediction.running
    bench.window.runner.advance(2)
    assert bench.asked[0]["model"].endswith("ft1"), "its folder names it"
    assert [Path(one).name for one in compared[0]] == ["tiny", "ft1"]
    bench.state.roll_back()
    assert not bench.state.in_use
    assert bench.window.project.lineage.current().sha256 == BASE
    assert bench.messages[-1] == "", "the verdict says which model is in use, once"
    bench.state.use_anyway()
    assert bench.state.in_use


def test_too_few_to_say_is_predicted_with_only_when_asked(make: Any) -> None:
    bench = make(Script(verdict=Verdict.TOO_FEW))
    bench.learn()
    assert (bench.state.in_use, bench.prediction.running) == (False, False)
    bench.state.predict_with_result()
    assert bench.prediction.running
    assert bench.window.project.lineage.current().sha256 == BASE, "trying it is not using it"


def test_nothing_is_predicted_in_a_window_that_goes(make: Any) -> None:
    bench = make(Script())
    bench.state.closing = True
    bench.learn()
    assert bench.state.result is not None
    assert not bench.prediction.running


def test_cancel_keeps_nothing(make: Any) -> None:
    bench = make(Script(steps=1_000))
    bench.state.start(LearnRequest())
    bench.run(3)
    assert bench.state.rate == 3.25
    bench.state.cancel()
    assert bench.messages[-1] == "Cancelled: nothing was kept. tiny 0.1 stays in use."
    assert not bench.state.running
    assert not bench.script.concluded


@pytest.mark.parametrize("error", [RuntimeError("CUDA out of memory"), HicStructError("ended by the system")])
def test_a_failure_is_one_problem(make: Any, error: Exception) -> None:
    bench = make(Script(steps=1, error=error))
    bench.learn()
    assert len(bench.window.problems) == 1
    assert bench.messages[-1].endswith("tiny 0.1 stays in use.")
    assert ("Choose heads or adapters" in bench.messages[-1]) is ("memory" in str(error))


def test_a_refusal_names_no_path_and_no_option_of_the_shell(make: Any) -> None:
    hint = "Reject some wrong ones, or mark a region as reviewed (M)."
    bench = make(Script(refused=OneClassError("So far you only accepted.", where="/a/b.hicproj", hint=hint)))
    bench.learn()
    assert bench.messages[-1] == f"So far you only accepted. {hint} tiny 0.1 stays in use."


def test_a_model_that_cannot_be_recorded_is_not_used(make: Any) -> None:
    bench = make(Script(steps=1, unrecorded=OutputError("disk is full.")))
    bench.learn()
    assert bench.state.result is None
    assert not bench.prediction.running


def test_another_project_ends_the_fine_tune(make: Any) -> None:
    bench = make(Script(steps=1_000))
    bench.state.start(LearnRequest())
    bench.run(2)
    bench.window.project_changed.emit(bench.window.project)
    assert not bench.state.running
    assert any("was cancelled" in text for text in bench.messages)


def test_the_last_fine_tune_is_shown_again_when_its_project_is_opened(make: Any) -> None:
    bench = make(Script(stored=(result(Verdict.TOO_FEW), "2026-03-01T12:34:56+00:00")))
    assert bench.state.result == result(Verdict.TOO_FEW)
    assert bench.state.learnt_at.startswith("2026-03-01")
    assert not bench.state.in_use
    bench.learn()
    assert not bench.state.learnt_at, "this one was made here"


def test_nothing_is_new_where_nothing_was_learnt(make: Any) -> None:
    assert not make(Script(total=1, new=1)).state.has_learnt
    assert make(Script(total=2, new=1)).state.has_learnt
    assert make(Script(total=1, new=1, stored=(result(), "2026-03-01T12:34:56+00:00"))).state.has_learnt


def test_the_form_gives_a_request() -> None:
    request = finetune_request(start="last", trainable="adapters", steps=80, device="cpu", where="thread")
    assert (request.config.start, request.config.trainable, request.config.steps) == ("last", "adapters", 80)
    assert (request.device, request.where) == ("cpu", "thread")
    assert finetune_request() == LearnRequest()
