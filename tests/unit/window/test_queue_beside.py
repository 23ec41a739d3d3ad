"""Very many candidates are worked out beside the window; whoever needs them before that waits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from napari_hicstruct.annotations import Origin, Project
from napari_hicstruct.plugin.state.review import queue as queue_module
from tests.window_kit import SteppedRunner, TinyWindow, loop, make_project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with make_project(tmp_path) as made:
        yield made


def many(project: Project, number: int = 12) -> list[str]:
    home = project.add_set("calls", Origin.IMPORTED).id
    records = [loop(10_000 * k, 500_000, probability=k / 20) for k in range(number)]
    project.add(records, set_id=home)
    return [record.uid for record in records]


def test_panels_get_no_answer_until_it_is_worked_out(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "_MANY", 10)
    runner, uids = SteppedRunner(), many(project)
    window = TinyWindow(project, runner)
    queue, objects = window.review.queue, window.review.objects
    answers: list[bool] = []
    queue.changed.connect(lambda: answers.append(queue.at_hand()))
    assert not queue.at_hand()
    assert not queue.at_hand()
    assert len(runner.jobs) == 1, "asked twice, worked out once"
    assert objects.waiting(uids[3]) is None
    runner.advance(2)
    assert answers == [True]
    assert queue.left == len(uids)
    assert objects.waiting(uids[10]) == 1, "the least sure is first, and the table says so now"


def test_who_steps_waits_and_what_was_begun_is_dropped(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "_MANY", 10)
    runner, uids = SteppedRunner(), many(project)
    queue = TinyWindow(project, runner).review.queue
    assert not queue.at_hand()
    assert queue.step(1) == uids[10]
    pool = queue.pool
    runner.advance(2)
    assert queue.pool is pool


def test_a_change_meanwhile_begins_anew(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "_MANY", 10)
    runner, uids = SteppedRunner(), many(project)
    window = TinyWindow(project, runner)
    queue = window.review.queue
    assert not queue.at_hand()
    project.delete(uids[10:11])
    runner.advance(2, of=0)
    assert not queue.at_hand(), "what was of the records before is dropped"
    runner.advance(2)
    assert queue.at_hand()
    assert (queue.left, uids[10] in queue.pool) == (11, False)


def test_few_are_worked_out_at_once(project: Project) -> None:
    runner, uids = SteppedRunner(), many(project)
    queue = TinyWindow(project, runner).review.queue
    assert queue.at_hand()
    assert queue.left == len(uids)
    assert runner.jobs == []
