"""Label repair without a window: what can be started, with which settings, and what becomes of the result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hicstruct.annotations.records import Kind, Origin, Status
from napari_hicstruct.config.repair import FillHoles, KeepLargest, Near, Touches
from napari_hicstruct.errors import ConfigError, JobError, LabelError
from napari_hicstruct.jobs import Clock
from napari_hicstruct.labels.votes import MaskKind, vote_maps
from napari_hicstruct.plugin.state.images.repair import ALL_CLASSES, RepairState
from napari_hicstruct.plugin.state.images.repair_images import (
    ADDED,
    EXCHANGED,
    REMOVED,
    LabelImage,
    changes_between,
    count_values,
    counted_together,
)
from napari_hicstruct.plugin.state.images.repair_settings import RepairSettings
from napari_hicstruct.plugin.state.images.repair_votes import RepairVotesState, pixels_of
from napari_hicstruct.workflows.repair import LabelSample, RepairResult, RepairStep, RuleChange
from napari_hicstruct.workflows.repair.hic import HicRepairResult, RepairedVotes
from tests.window_kit import RES, InlineRunner, SteppedRunner, TinyWindow, iv, loop, make_project, tad


def heart() -> np.ndarray:
    labels = np.zeros((12, 14, 16), np.uint8)
    labels[2:8, 3:9, 3:11] = 3
    labels[8:10, 3:9, 3:11] = 1
    labels[4, 5, 5] = 0
    labels[11, 13, 15] = 3
    return labels


def image(labels: Any, name: str = "heart") -> LabelImage:
    return LabelImage(name, labels, np.ndim(labels), (1.0,) * np.ndim(labels))


class Script:
    """A repair that takes steps and gives the labels with one voxel of the last class removed."""

    def __init__(self, steps: Sequence[RepairStep] = (), error: Exception | None = None) -> None:
        self.steps, self.error, self.jobs, self.stopped = steps, error, list[Any](), False

    def run(self, job: Any, *, token: Any, stop: Any) -> Iterator[Any]:
        self.jobs.append(job)
        clock = Clock()
        for number, step in enumerate(self.steps):
            if stop.cancelled:
                self.stopped = True
                break
            yield clock.step("train", number, len(self.steps), payload=step)
        if self.error is not None:
            raise self.error
        yield clock.step("done", 1, 1)
        after = []
        for sample in job.samples:
            labels = sample.labels.copy()
            labels[tuple(np.argwhere(labels)[-1])] = 0
            after.append(LabelSample(sample.name, labels, sample.spacing))
        changes = (RuleChange(job.samples[0].name, "LV: the largest part kept", "LV", 1),)
        return RepairResult(
            tuple(after),
            tuple(after),
            tuple(after),
            changes,
            {"shape": {"LV": 0.9}},
            job.config.classes,
            ("A note.",),
            {},
        )


def step(name: str, epoch: int, stage: str = "shape", dice: float | None = None) -> RepairStep:
    return RepairStep(stage, name, epoch, 1.0 / (epoch + 1), dice)


def state_of(script: Script, *images: LabelImage, runner: Any = None) -> tuple[RepairState, list[str]]:
    state, said = RepairState(runner or InlineRunner(), backend=script), list[str]()  # type: ignore[arg-type]
    state.message.connect(said.append)
    if images:
        state.choose(images)
    return state, said


# ---------------------------------------------------------------------- images
def test_values_are_counted_whatever_their_type() -> None:
    for kind in (np.uint8, np.int32, np.int64, np.float32):
        assert count_values(heart().astype(kind)) == {1: 96, 3: 6 * 6 * 8}
    assert count_values(np.array([[True, False]])) == {1: 1}
    assert count_values(np.array([[0, 10**9]])) == {10**9: 1}
    assert counted_together([heart(), heart()]) == {1: 192, 3: 576}


@pytest.mark.parametrize("labels", [np.array([[0.5, 1]]), np.array([[np.nan, 1]]), np.array([["a", "b"]])])
def test_what_is_no_labelling_is_refused(labels: Any) -> None:
    with pytest.raises(LabelError, match="whole numbers"):
        count_values(labels)


def test_negative_labels_are_refused() -> None:
    with pytest.raises(LabelError, match="-2"):
        count_values(np.array([[0, -2]]))


def test_changes_say_which_way() -> None:
    before, after = np.array([0, 1, 1, 2, 0]), np.array([2, 0, 1, 1, 0])
    assert changes_between(before, after).tolist() == [ADDED, REMOVED, 0, EXCHANGED, 0]


# ---------------------------------------------------------------------- settings
def test_classes_have_the_presets_names_and_order() -> None:
    settings = RepairSettings("cardiac")
    settings.take_counts({1: 5000, 2: 400, 9: 3, 77: 20})
    assert [(row.name, row.value) for row in settings.rows] == [
        ("Coronary", 9), ("LA", 2), ("Myocardium", 1), ("class 77", 77)
    ]  # fmt: skip
    assert "LAA touches LA" in settings.dropped
    config = settings.config()
    assert config.priority == ("Coronary", "LA", "Myocardium", "class 77")
    assert {name for rule in config.rules for name in rule.names} <= set(config.priority) | {"Aorta"}
    assert all(set(rule.names) <= set(config.priority) for rule in config.rules)


def test_without_a_priority_the_smallest_wins() -> None:
    settings = RepairSettings("generic")
    settings.take_counts({1: 500, 2: 3, 3: 40})
    assert settings.names == ["class 2", "class 3", "class 1"]


def test_a_new_name_goes_into_the_rules_and_another_order_stays() -> None:
    settings = RepairSettings("generic")
    settings.take_counts({1: 500, 2: 3})
    settings.add_rule(Touches(of="class 2", other="class 1"))
    settings.add_rule(Near(of="class 2", others=("class 1",), distance=4))
    settings.rename(1, "wall")
    settings.move(1, -1)
    assert settings.names == ["wall", "class 2"]
    assert [rule.text for rule in settings.rules] == ["class 2 touches wall", "class 2 within 4 of wall"]
    settings.take_counts({1: 500, 2: 3, 5: 9})
    assert settings.names == ["wall", "class 2", "class 5"]
    with pytest.raises(ConfigError, match="both be called"):
        settings.rename(2, "wall")


def test_rules_are_applied_once_and_can_go() -> None:
    settings = RepairSettings("generic")
    settings.take_counts({1: 500})
    rule = KeepLargest(of="class 1", n=2)
    settings.add_rule(rule)
    settings.add_rule(rule)
    settings.add_rule(FillHoles(of="*", size=5))
    assert len(settings.config().rules) == 2
    settings.remove_rule(rule)
    assert [one.text for one in settings.config().rules] == [FillHoles(of="*", size=5).text]


def test_numbers_reach_the_run_and_impossible_ones_do_not() -> None:
    script = Script()
    state, said = state_of(script, image(heart()))
    assert state.edit(lambda settings: settings.change("shape", {"epochs": 7}))
    assert not state.edit(lambda settings: settings.change("shape", {"epochs": 0}))
    assert said[-1].startswith("Shape.epochs: ")
    state.start()
    assert script.jobs[0].config.shape.epochs == 7


def test_a_file_of_settings(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("classes: [{name: wall, value: 3}]\nshape: {epochs: 3}\n")
    state, said = state_of(Script(), image(heart()))
    assert state.choose_preset(path)
    assert state.settings.names == ["class 1", "wall"]
    assert not state.choose_preset(tmp_path / "none.yaml")
    assert "annot be read" in said[-1]


# ---------------------------------------------------------------------- what can be started
@pytest.mark.parametrize(
    ("images", "text"),
    [
        ([], "Choose a Labels layer"),
        ([image(np.zeros((4, 4), np.uint8))], "nothing but background"),
        ([image(np.zeros((2, 3, 4, 5), np.uint8))], "4 axes"),
        ([image(heart()), image(heart()[0], "slice")], "2-D and 3-D labels cannot"),
        ([image(np.arange(100).reshape(10, 10))], "99 values"),
        ([image(np.full((4, 4), 0.5))], "whole numbers"),
    ],
)
def test_why_nothing_can_be_started(images: list[LabelImage], text: str) -> None:
    script = Script()
    state, said = state_of(script, *images)
    assert text in state.why_not()
    assert not state.start()
    assert said[-1] == state.why_not()
    assert script.jobs == []


# ---------------------------------------------------------------------- runs
def test_a_run_gives_new_labels_and_says_what_changed() -> None:
    labels, outcomes = heart(), list[Any]()
    before = labels.copy()
    script = Script([step("LV", 0), step("LV", 1, dice=0.5), step("Myocardium", 0)])
    state, said = state_of(script, image(labels))
    state.choose_preset("cardiac")
    state.outcome_changed.connect(lambda: outcomes.append(state.outcome))
    assert state.start()
    assert np.array_equal(labels, before), "the input was written to"
    (outcome,) = outcomes
    assert outcome.images[0].n_changed == 1
    assert said[-1] == "Repaired: 1 voxel changed (0.26 % of those with a label). A note."
    assert state.losses == {"LV": [(0, 1.0), (1, 0.5)], "Myocardium": [(0, 1.0)]}
    assert state.dices == {"LV": [(1, 0.5)]}
    assert state.rule_changes() == [("LV: the largest part kept", "LV", 1)]
    assert {name: (a, b) for name, a, b in state.class_changes()} == {"LV": (288, 287), "Myocardium": (96, 96)}
    assert script.jobs[0].samples[0].name == "heart"


def test_each_stage_has_curves_of_its_own() -> None:
    state, _ = state_of(Script([step("LV", 5), step("", 1, "joint")]), image(heart()))
    state.start()
    assert state.stage == "joint"
    assert list(state.losses) == [ALL_CLASSES]


def test_what_was_painted_since_counting_is_repaired_too() -> None:
    labels, script = heart(), Script()
    state, _ = state_of(script, image(labels))
    labels[0, 0, :3] = 6
    state.start()
    assert {one.value for one in script.jobs[0].config.classes} == {1, 3, 6}


def test_edits_during_a_run_do_not_reach_it() -> None:
    script, runner = Script([step("LV", n) for n in range(4)]), SteppedRunner()
    labels = heart()
    state, _ = state_of(script, image(labels), runner=runner)
    runner.advance(2)
    state.start()
    runner.advance(2)
    state.edit(lambda settings: settings.rename(3, "other"))
    labels[:] = 0
    runner.advance(9)
    assert state.outcome is not None
    assert state.outcome.images[0].before.any()
    assert "class 3" in [one.name for one in script.jobs[0].config.classes]


def test_stop_keeps_the_best() -> None:
    script, runner = Script([step("LV", n) for n in range(9)]), SteppedRunner()
    state, said = state_of(script, image(heart()), runner=runner)
    runner.advance(2)
    state.start()
    runner.advance(3)
    state.stop()
    assert state.stopping
    assert state.running
    runner.advance(9)
    assert script.stopped
    assert state.outcome is not None
    assert said[-1].startswith("Repaired")


def test_cancel_keeps_nothing() -> None:
    script, runner = Script([step("LV", n) for n in range(9)]), SteppedRunner()
    state, said = state_of(script, image(heart()), runner=runner)
    runner.advance(2)
    state.start()
    runner.advance(3)
    state.cancel()
    assert said[-1] == "Cancelled: nothing was kept."
    runner.advance(9)
    assert (state.outcome, state.running) == (None, False)


@pytest.mark.parametrize("error", [JobError("the job's process was killed."), ValueError("what?")])
def test_a_failure_is_one_sentence(error: Exception) -> None:
    state, said = state_of(Script(error=error), image(heart()))
    state.start()
    assert said[-1]
    assert "\n" not in said[-1]
    assert not state.running


# ---------------------------------------------------------------------- votes on a map
REGION = iv(0, 500_000)


@pytest.fixture
def window(tmp_path: Path) -> Iterator[TinyWindow]:
    with make_project(tmp_path) as project:
        made = TinyWindow(project)
        made.view = (REGION, REGION)
        for name, shift in (("one", 0), ("two", RES)):
            calls = project.add_set(name, Origin.IMPORTED)
            records = [loop(100_000, 300_000 + shift, source=name), tad(50_000, 400_000 + shift, source=name)]
            project.add(records, set_id=calls.id)
        made.labels.sets_changed()
        yield made


class Votes:
    """A repair of votes that leaves them as they are."""

    def __init__(self) -> None:
        self.requests = list[Any]()

    def run(self, request: Any, *, token: Any, stop: Any) -> Iterator[Any]:
        self.requests.append(request)
        yield Clock().step("train", 1, 2, payload=step("domain", 1))
        calls = {one.caller: one.found.records for one in request.files}
        maps = tuple(RepairedVotes(one, one.share) for one in vote_maps(calls, request.region, request.bin_size))
        return HicRepairResult(
            (loop(100_000, 300_000, score=0.8), tad(50_000, 400_000, score=0.9)), maps, (), (), (), {}
        )


def test_votes_in_view_become_proposals(window: TinyWindow) -> None:
    backend, said = Votes(), list[str]()
    state = RepairVotesState(window.labels, window.consensus, backend=backend)  # type: ignore[arg-type]
    state.message.connect(said.append)
    assert state.callers() == ["one", "two"]
    assert not state.why_not()
    assert state.start()
    (request,) = backend.requests
    assert (request.region, request.bin_size) == (REGION, RES)
    project = window.project
    made = next(one for one in project.sets() if one.name == "repaired votes")
    records = project.query(set_ids=[made.id])
    assert {one.kind for one in records} == {Kind.LOOP, Kind.TAD}
    assert {one.status for one in records} == {Status.PROPOSED}
    assert {one.uid for one in records} & set(window.review.queue.uids), "nothing of it is in the queue"
    assert said[-1].startswith("2 proposals in the set “repaired votes”")
    assert state.outcome is not None
    window.labels.changed.emit()
    assert state.outcome is not None, "nothing has become of the proposals"
    window.review.undo()
    assert "repaired votes" not in [one.name for one in project.sets()]
    assert (state.outcome, state.text) == (None, ""), "its text is of proposals that are gone"
    assert said[-1] == "The proposals were taken back."
    assert state.start()
    assert state.outcome is not None


def test_a_project_that_is_made_meanwhile_ends_nothing(window: TinyWindow, tmp_path: Path) -> None:
    project, window.project = window.project, None
    state = RepairVotesState(window.labels, window.consensus, backend=Votes())  # type: ignore[arg-type]
    state.text = "what came of it"
    window.project = project
    window.project_changed.emit(project)
    assert state.text
    window.project_changed.emit(None)
    assert not state.text, "another project"


def test_votes_need_two_callers_and_a_view_that_fits(window: TinyWindow) -> None:
    state = RepairVotesState(window.labels, window.consensus, backend=Votes())  # type: ignore[arg-type]
    window.consensus.rows[0].on = False
    assert "two callers" in state.why_not()
    window.consensus.rows[0].on = True
    window.view = (iv(0, 20_000), iv(0, 20_000))
    assert "zoom out" in state.why_not()
    assert not state.start()


def test_pixels_of_votes_lie_where_the_map_has_them() -> None:
    calls = {"one": [loop(100_000, 300_000), tad(50_000, 400_000)], "two": [loop(100_000, 300_000)]}
    maps = vote_maps(calls, REGION, RES, [MaskKind.LOOP, MaskKind.DOMAIN])
    found = pixels_of([RepairedVotes(one, np.zeros_like(one.share)) for one in maps], 0.5)
    assert found.image.placed["translate"] == (RES / 2, RES / 2)
    assert found.before[20, 60] == found.before[60, 20] == 3
    assert found.before[15, 40] == 1
    assert not found.after.any()
    assert found.changed[20, 60] == REMOVED


def test_rejected_calls_do_not_vote(window: TinyWindow) -> None:
    project, backend = window.project, Votes()
    rejected = [one.uid for one in project.query() if one.kind is Kind.LOOP and one.source == "two"]
    project.set_status(rejected, Status.REJECTED)
    state = RepairVotesState(window.labels, window.consensus, backend=backend)  # type: ignore[arg-type]
    state.start()
    kinds: dict[str, set[Kind]] = {one.caller: {r.kind for r in one.found.records} for one in backend.requests[0].files}
    assert kinds == {"one": {Kind.LOOP, Kind.TAD}, "two": {Kind.TAD}}
