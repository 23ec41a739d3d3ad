"""*Adapt to this map* without a window: before and after as sets, the queue says what changed, one call back."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from napari_hicstruct.errors import MapError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.plugin.state.models.adapting import AFTER, BEFORE, AdaptState
from napari_hicstruct.plugin.state.models.models import ProjectModel
from napari_hicstruct.plugin.state.models.prediction import PredictionState
from napari_hicstruct.workflows.models import ModelInfo
from napari_hicstruct.workflows.predict.adapt import why_not_adapt
from napari_hicstruct.workflows.predict.adapt_compare import AdaptedCalls, compare_calls
from tests.window_kit import InlineRunner, TinyWindow, loop, make_project, tad

MODEL = ModelInfo("gated", "0.1", Path("gated"), ("loop",), "0" * 64, shipped=False, default=False, card={})
BEFORE_CALLS = [loop(50_000, 300_000, probability=0.4), loop(100_000, 500_000, probability=0.9), tad(0, 200_000)]
AFTER_CALLS = [
    loop(55_000, 300_000, probability=0.7),
    loop(100_000, 500_000, probability=0.92),
    loop(200_000, 700_000, probability=0.6),
]


def test_changes_are_said_call_by_call_and_counted_by_kind() -> None:
    found = compare_calls(BEFORE_CALLS, AFTER_CALLS, ["Adapted."])
    moved, same, new = (record.uid for record in AFTER_CALLS)
    assert found.changes == {
        moved: "p 0.40 ↑ 0.70 by adapting",
        new: "new after adapting",
        BEFORE_CALLS[2].uid: "gone after adapting",
    }
    assert same not in found.changes
    assert found.words() == ["Loops: 2 → 3 (1 new, 1 likelier).", "TADs: 1 → 0 (1 gone)."]
    assert compare_calls([], []).words() == ["Nothing is called here, before or after."]
    assert compare_calls(BEFORE_CALLS[1:2], AFTER_CALLS[1:2]).words() == ["Loops: 1 → 1 (no change)."]


class Backend:
    def __init__(self, why: str = "", error: Exception | None = None) -> None:
        self.why, self.error = why, error
        self.requests: list[dict[str, Any]] = []

    def why_not(self, _model: Any) -> str:
        return self.why

    def compare(self, _source: Any, *, token: CancelToken, **request: Any) -> Generator[Progress, None, AdaptedCalls]:
        self.requests.append(request)
        yield Clock().step("adapt", 0, 0)
        if self.error is not None:
            raise self.error
        return compare_calls(BEFORE_CALLS, AFTER_CALLS, ["Adapted to the map by 32 windows of chr21."])


class Bench:
    def __init__(self, window: TinyWindow, backend: Backend) -> None:
        self.window, self.backend = window, backend
        predict = SimpleNamespace(
            predict=None, capabilities=lambda _: {"loop": ""}, bins=lambda _: (0, ()), models=lambda: [MODEL]
        )
        self.prediction = PredictionState(window, window.runner, backend=predict)  # type: ignore[arg-type]
        self.state = AdaptState(self.prediction, window.review, window.runner, backend=backend)  # type: ignore[arg-type]
        self.messages: list[str] = []
        self.state.message.connect(self.messages.append)

    def sets(self) -> dict[str, bool]:
        project: Any = self.window.project
        return {one.name: one.visible for one in project.sets()}


@pytest.fixture
def window(tmp_path: Path) -> Iterator[TinyWindow]:
    with make_project(tmp_path) as project:
        yield TinyWindow(project, InlineRunner())


def test_before_and_after_are_sets_and_further_runs_are_adapted(window: TinyWindow) -> None:
    bench = Bench(window, Backend())
    bench.state.adapt()
    assert bench.sets() == {BEFORE: False, AFTER: True}
    assert bench.state.adapted
    assert bench.prediction.request()["adapt"] is True
    assert "adapt" not in bench.backend.requests[0]
    assert bench.messages[-1].splitlines() == [
        "Adapted to the map by 32 windows of chr21.",
        "Loops: 2 → 3 (1 new, 1 likelier).",
        "TADs: 1 → 0 (1 gone).",
    ]
    bench.state.show("before")
    assert bench.sets() == {BEFORE: True, AFTER: False}


def test_the_queue_says_what_changed(window: TinyWindow) -> None:
    bench = Bench(window, Backend())
    bench.state.adapt()
    queue = window.review.queue
    assert queue.why(AFTER_CALLS[2].uid).startswith("new after adapting · ")
    assert queue.why(AFTER_CALLS[0].uid).startswith("p 0.40 ↑ 0.70 by adapting · ")
    assert "adapting" not in queue.why(AFTER_CALLS[1].uid)


def test_one_call_takes_it_back(window: TinyWindow) -> None:
    bench = Bench(window, Backend())
    bench.state.adapt()
    bench.state.back()
    assert bench.sets() == {}
    assert not bench.state.adapted
    assert "adapt" not in bench.prediction.request()
    assert window.review.queue.notes_of(AFTER_CALLS[2].uid) == []
    assert bench.messages[-1] == "The model is as it was."


def test_another_map_knows_of_no_adapting(window: TinyWindow) -> None:
    bench = Bench(window, Backend())
    bench.state.adapt()
    window.map_changed.emit()
    assert not bench.state.adapted
    assert bench.state.found is None


def test_a_model_without_a_gate_and_a_map_that_cannot_be_read_are_said(window: TinyWindow) -> None:
    bench = Bench(window, Backend(why="gated 0.1 has no gate, so it cannot adapt to a map."))
    assert not bench.state.offered()
    bench.state.adapt()
    assert bench.messages[-1] == "gated 0.1 has no gate, so it cannot adapt to a map."
    bench = Bench(window, Backend(error=MapError("has no chromosome with contacts enough to describe it.")))
    bench.state.adapt()
    assert not bench.state.adapted
    assert "contacts enough" in bench.messages[-1]
    assert len(window.problems) == 1
    assert bench.sets() == {}


def test_what_a_project_calls_its_model_is_asked_like_any_other(tmp_path: Path) -> None:
    tuned = ProjectModel("tiny", "0.3+ft1", "tiny 0.3+ft1", ("loop",), {}, "0" * 64, str(tmp_path / "gone"))
    assert "gone" in why_not_adapt(tuned)  # type: ignore[arg-type]  # its folder is gone: a reason, no error
    from napari_hicstruct.config.model import ModelConfig

    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "model.json").write_text(json.dumps({"config": ModelConfig().model_dump(mode="json")}))
    assert why_not_adapt(tuned).startswith("tiny 0.3+ft1 has no gate")  # type: ignore[arg-type]
