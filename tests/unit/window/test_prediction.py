"""Prediction without a window: results as they come, cancel, failures, and what is not offered."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.errors import Cancelled, MapError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.plugin.state.models.prediction import PredictionState
from napari_hicstruct.workflows.models import ModelInfo
from napari_hicstruct.workflows.predict.about_run import words_of_run
from tests.window_kit import CHROM, LENGTH, SteppedRunner, TinySource, TinyWindow, iv, loop, make_project

MODEL = ModelInfo("tiny", "0.1", Path("tiny"), ("loop", "tad"), "0" * 64, shipped=False, default=False, card={})


class Script:
    """A job of so many windows, a loop in each; then it ends with ``error``, if there is one."""

    def __init__(self, windows: int = 3, error: Exception | None = None, probabilities: tuple[float, ...] = ()) -> None:
        self.windows, self.error, self.probabilities = windows, error, probabilities
        self.requests: list[dict[str, Any]] = []

    def predict(self, _source: Any, *, token: CancelToken, **request: Any) -> Generator[Progress, None, None]:
        self.requests.append(request)
        clock = Clock()
        for window in range(self.windows):
            token.check()
            p = self.probabilities[window] if self.probabilities else float("nan")
            made = loop(50_000 * window, 400_000 + 50_000 * window, source="model", model="tiny", probability=p)
            yield clock.step("predict", window + 1, self.windows, payload=(made,))
        if self.error is not None:
            raise self.error

    def backend(self) -> Any:
        reasons = {"loop": "", "stripe": "", "tad": "needs 10 kb bins; this map has none"}
        return SimpleNamespace(
            predict=self.predict, capabilities=lambda _: reasons, bins=lambda _: (0, ()), models=lambda: [MODEL]
        )


class Bench:
    """A window, its prediction, and what it reported."""

    def __init__(self, window: TinyWindow, script: Script) -> None:
        self.window, self.script = window, script
        self.state = PredictionState(window, window.runner, backend=script.backend())
        self.messages: list[str] = []
        self.state.message.connect(self.messages.append)

    @property
    def runner(self) -> Any:
        return self.window.runner

    def predicted(self) -> dict[str, int]:
        """Name → number of records of each predicted set."""
        project: Any = self.window.project
        sets = [one for one in project.sets() if one.origin is Origin.PREDICTED]
        return {one.name: project.count(set_ids=[one.id]) for one in sets}


@pytest.fixture
def window(tmp_path: Path) -> Iterator[TinyWindow]:
    with make_project(tmp_path) as project:
        yield TinyWindow(project, SteppedRunner())


def test_results_come_window_by_window_into_a_set_of_their_own(window: TinyWindow) -> None:
    bench = Bench(window, Script())
    window.view = (iv(100_000, 600_000), iv(200_000, 700_000))
    bench.state.run()
    for found in (1, 2, 3):
        bench.runner.advance()
        assert list(bench.predicted().values()) == [found]
        assert bench.state.running
    bench.runner.advance()
    assert not bench.state.running
    assert bench.messages[-1] == "Found 3 loops.\nSet: tiny 0.1 · chr17:0.10-0.70M."
    (request,) = bench.script.requests
    assert request["tasks"] == ("loop",), "what the model or the map cannot do is not asked for"
    assert request["regions"] == (iv(100_000, 700_000),)
    (set_id,) = bench.state.runs
    assert bench.state.runs[set_id] == request
    bench.state.run()
    bench.runner.advance(4)
    assert list(bench.predicted()) == ["tiny 0.1 · chr17:0.10-0.70M", "tiny 0.1 · chr17:0.10-0.70M (2)"]


def test_a_set_is_named_as_the_window_names_its_chromosome(window: TinyWindow) -> None:
    window.source, window.chrom = replace(TinySource(), chromsizes={"21": LENGTH}), "21"  # type: ignore[assignment]
    bench = Bench(window, Script())
    bench.state.scope = "chromosome"
    bench.state.run()
    bench.runner.advance()
    assert list(bench.predicted()) == ["tiny 0.1 · chr21 · partial"]
    assert bench.script.requests[0]["regions"] == (Interval("21", 0, LENGTH),), "the map is asked in its own words"


def test_a_run_says_how_many_its_model_holds_likely(window: TinyWindow) -> None:
    bench = Bench(window, Script(probabilities=(0.02, 0.3, 0.8)))
    bench.state.run()
    bench.runner.advance(4)
    found, _, remedy = bench.messages[-1].splitlines()
    assert found == "Found 3 loops (1 with p ≥ 0.5)."
    assert "Show from p ≥ 0.50" in remedy
    bench = Bench(window, Script(probabilities=(0.6, 0.3, 0.8)))
    bench.state.run()
    bench.runner.advance(4)
    assert bench.messages[-1].startswith("Found 3 loops (2 with p ≥ 0.5).\nSet: ")
    assert len(bench.messages[-1].splitlines()) == 2


def test_cancel_answers_at_once_and_keeps_what_was_found(window: TinyWindow) -> None:
    bench = Bench(window, Script(windows=1_000))
    bench.state.scope = "chromosome"
    bench.state.run()
    bench.runner.advance()
    bench.state.cancel()
    assert not bench.state.running
    assert bench.messages[-1] == "Cancelled. Kept so far: 1 loop."
    bench.runner.advance(20)
    assert list(bench.predicted().values()) == [1], "nothing arrives after cancelling"
    assert all(isinstance(one, Cancelled) for one in window.problems), "being cancelled is no error"


def test_answers_of_an_older_run_are_dropped(window: TinyWindow) -> None:
    bench = Bench(window, Script(windows=50))
    bench.state.run()
    bench.runner.advance()
    first = bench.predicted()
    bench.state.run()
    bench.runner.advance(3, of=1)
    bench.runner.advance(5, of=0)
    assert {name: n for name, n in bench.predicted().items() if name in first} == first
    assert sorted(bench.predicted().values()) == [1, 3]


@pytest.mark.parametrize("error", [RuntimeError("mat1 and mat2 shapes cannot be multiplied"), StopIteration("odd")])
def test_a_failure_is_one_problem(window: TinyWindow, error: Exception) -> None:
    bench = Bench(window, Script(windows=1, error=error))
    bench.state.run()
    bench.runner.advance(3)
    assert len(window.problems) == 1
    assert str(error) in bench.messages[-1] or "RuntimeError" in bench.messages[-1]
    assert not bench.state.running


def test_a_failure_says_its_reason_before_the_name_of_the_file(window: TinyWindow) -> None:
    bench = Bench(window, Script(windows=0, error=MapError("holds no contacts.", where="/a/long/way/to/map.cool")))
    bench.state.run()
    bench.runner.advance(2)
    assert bench.messages[-1] == "Holds no contacts. (map.cool)"


def test_what_cannot_be_done_has_a_reason(window: TinyWindow) -> None:
    state = Bench(window, Script()).state
    assert "needs 10 kb bins" in state.reasons()["tad"]
    assert state.reasons()["stripe"] == "This model does not find stripes."
    assert state.why_not() == ""
    state.want("loop", False)
    assert "Choose at least one" in state.why_not()
    state.run()
    assert "Choose at least one" in str(window.problems[-1])
    window.source = None
    assert state.why_not() == "Open a contact map first."


@pytest.mark.parametrize(("scope", "end"), [("chromosome", LENGTH), ("genome", LENGTH), ("view", 300_000)])
def test_where_is_what_was_chosen(window: TinyWindow, scope: str, end: int) -> None:
    bench = Bench(window, Script())
    window.view = (iv(0, 300_000), iv(0, 300_000))
    bench.state.scope = scope
    bench.state.run()
    bench.runner.advance()
    assert bench.script.requests[0]["regions"] == (Interval(CHROM, 0, end),)


def test_another_project_ends_the_run(window: TinyWindow) -> None:
    bench = Bench(window, Script(windows=50))
    bench.state.run()
    bench.runner.advance()
    window.project_changed.emit(window.project)
    assert not bench.state.running
    assert not bench.state.runs


def test_a_run_is_one_undo_and_an_undo_while_it_runs_ends_it(window: TinyWindow) -> None:
    bench, project = Bench(window, Script(windows=20)), window.project
    assert project is not None
    bench.state.run()
    bench.runner.advance(21)
    assert list(bench.predicted().values()) == [20]
    project.undo()
    assert bench.predicted() == {}
    bench.state.run()
    bench.runner.advance(5)
    project.undo()
    bench.runner.advance(5)
    assert not bench.state.running
    assert bench.messages[-1].startswith("Undone")
    assert project.count() == 0
    project.redo()
    assert bench.messages[-1].endswith(f"redo brings back what it had found ({project.count()} loops).")
    assert list(bench.predicted()) == ["tiny 0.1 · chr17:0.00-1.00M · partial"]


@pytest.mark.parametrize("merged", [False, True])
def test_a_run_goes_on_in_a_new_set_when_its_set_is_deleted_or_merged(window: TinyWindow, merged: bool) -> None:
    bench, project = Bench(window, Script(windows=5)), window.project
    assert project is not None
    bench.state.scope = "chromosome"
    bench.state.run()
    bench.runner.advance(2)
    if merged:
        project.merge_sets(1, project.human_set().id)
    else:
        project.delete_set(1)
    bench.runner.advance(4)
    assert not window.problems
    assert not bench.state.running
    assert bench.predicted() == {"tiny 0.1 · chr17": 3}
    assert bench.messages[-1].startswith("Found 5 loops.\nSet: tiny 0.1 · chr17.\nIts first set was deleted or merged")
    (new,) = (one.id for one in project.sets() if one.origin is Origin.PREDICTED)
    assert "partial" not in project.runs()[new][0]
    assert project.count() == (5 if merged else 3)
    project.undo()  # what was found afterwards
    project.undo()  # the deletion
    assert list(bench.predicted().values()) == [2]
    bench.state.run()
    bench.runner.advance(6)
    assert "first set" not in bench.messages[-1]


def test_a_set_that_is_deleted_behind_the_last_result_stays_deleted(window: TinyWindow) -> None:
    bench, project = Bench(window, Script(windows=2)), window.project
    assert project is not None
    bench.state.run()
    bench.runner.advance(2)
    project.delete_set(1)
    bench.runner.advance(1)
    assert not window.problems
    assert bench.predicted() == {}
    assert not bench.state.running


def test_a_set_says_that_it_is_not_all_until_its_run_has_ended(window: TinyWindow) -> None:
    bench, project = Bench(window, Script(windows=2)), window.project
    assert project is not None
    bench.state.scope = "chromosome"
    bench.state.run()
    bench.runner.advance()
    (run,) = project.runs()[1]
    assert (list(bench.predicted()), run["partial"]) == (["tiny 0.1 · chr17 · partial"], True)
    assert words_of_run(run).endswith("ended before it was through")
    bench.runner.advance(2)
    (run,) = project.runs()[1]
    assert (list(bench.predicted()), "partial" in run) == (["tiny 0.1 · chr17"], False)
    assert "Set: tiny 0.1 · chr17." in bench.messages[-1].splitlines()


def test_a_name_that_a_person_gave_meanwhile_stays(window: TinyWindow) -> None:
    bench, project = Bench(window, Script(windows=2)), window.project
    assert project is not None
    bench.state.run()
    bench.runner.advance()
    project.update_set(1, name="mine")
    bench.runner.advance(2)
    assert list(bench.predicted()) == ["mine"]
    assert "partial" not in project.runs()[1][0]
