"""The queue of a session without a window: what is in it, in which order, and what never jumps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hicstruct.active.candidate_table import ReviewMode
from napari_hicstruct.annotations.project import Project
from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.state.labels.sample_truth import TRUTH, TRUTH_STEP
from tests.window_kit import Kind, Status, TinyWindow, actions, boundary, loop, make_project, stripe, tad


class Bench:
    """The state of a window, its queue, and short words for what tests do."""

    def __init__(self, window: TinyWindow, project: Project) -> None:
        self.window, self.project = window, project
        self.review, self.queue = window.review, window.review.queue

    def put(self, *records: Any, name: str = "calls", origin: Origin = Origin.PREDICTED) -> int:
        made = self.project.add_set(name, origin)
        self.project.add(records, set_id=made.id)
        return int(made.id)

    def press(self, *commands: str) -> None:
        for command in commands:
            getattr(self.review, command)()

    @property
    def at(self) -> str | None:
        current = self.window.labels.current
        return None if current is None else current.uid

    def said(self) -> str:
        return self.window.hints[-1] if self.window.hints else ""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with make_project(tmp_path) as project:
        yield Bench(TinyWindow(project), project)


def loops(*probabilities: float) -> list[Any]:
    return [loop(50_000 * k, 300_000 + 60_000 * k, probability=p) for k, p in enumerate(probabilities)]


@dataclass
class Sight:
    probability: float
    votes: Any
    features: Any


def sights(records: list[Any], *probabilities: float, votes: list[list[float]] | None = None) -> dict[str, Sight]:
    own = votes or [[] for _ in records]
    return {
        r.uid: Sight(p, np.array(v, float), np.zeros(0, np.float32))
        for r, p, v in zip(records, probabilities, own, strict=True)
    }


def test_an_empty_project_says_what_to_do(bench: Bench) -> None:
    bench.press("next")
    assert "run a model" in bench.said()
    assert (bench.queue.left, bench.queue.done, bench.queue.uids) == (0, 0, [])


def test_the_uncertain_come_first_and_what_people_drew_does_not_come(bench: Bench) -> None:
    sure, unsure, quite = loops(0.95, 0.5, 0.7)
    bench.put(sure, unsure, quite)
    bench.put(loop(700_000, 900_000, status=Status.ACCEPTED), name="human", origin=Origin.HUMAN)
    assert bench.queue.uids == [unsure.uid, quite.uid, sure.uid]
    bench.press("next")
    assert bench.at == unsure.uid
    assert bench.queue.why(unsure.uid).startswith("as uncertain as can be (p = 0.50)")


def test_imports_alone_make_a_queue(bench: Bench) -> None:
    soft = [loop(0, 300_000, soft_score=0.9), loop(100_000, 500_000, soft_score=0.5)]
    bench.put(*soft, origin=Origin.IMPORTED)
    assert bench.queue.uids == [soft[1].uid, soft[0].uid]
    assert bench.queue.why(soft[1].uid).startswith("as uncertain as can be (soft score 0.50)"), "it is no probability"


def test_judging_goes_on_skips_and_comes_round_to_what_was_passed_over(bench: Bench) -> None:
    a, b, c = loops(0.5, 0.6, 0.7)
    bench.put(a, b, c)
    bench.press("next", "next", "accept")  # a is passed over
    assert bench.project.get(b.uid).status is Status.ACCEPTED
    assert bench.at == c.uid
    assert (bench.queue.left, bench.queue.done) == (2, 1)
    bench.press("reject")
    assert bench.at == a.uid
    bench.press("accept")
    assert (bench.queue.left, bench.queue.done) == (0, 3)
    bench.press("next")
    assert "All judged" in bench.said()


def test_previous_passes_over_what_was_judged(bench: Bench) -> None:
    a, b, c = loops(0.5, 0.6, 0.7)
    bench.put(a, b, c)
    bench.press("next", "next", "accept", "previous")
    assert bench.at == a.uid
    bench.press("previous")
    assert bench.at == a.uid
    assert "first" in bench.said()


def test_undo_brings_the_candidate_back_under_the_cursor(bench: Bench) -> None:
    a, b, c = loops(0.5, 0.6, 0.7)
    bench.put(a, b, c)
    bench.press("next", "accept", "reject")
    visits = len(bench.window.visits)
    bench.press("undo")
    assert bench.at == bench.queue.current == b.uid
    assert len(bench.window.visits) == visits + 1
    bench.press("undo")
    assert bench.at == a.uid
    bench.press("redo")
    assert bench.project.get(a.uid).status is Status.ACCEPTED
    assert bench.at == b.uid


def test_looking_elsewhere_does_not_lose_the_place(bench: Bench) -> None:
    a, b, c = loops(0.5, 0.6, 0.7)
    bench.put(a, b, c)
    bench.press("next")
    bench.review.go_to(c.uid)
    bench.press("accept")
    assert bench.at == c.uid  # chosen, not brought up: nobody flies away from it
    bench.press("next")
    assert bench.at == a.uid  # it was left while still open


def test_a_moved_candidate_counts_as_judged(bench: Bench) -> None:
    a, b = loops(0.5, 0.6)
    bench.put(a, b)
    bench.press("next")
    bench.project.update([a.with_(anchor2=b.anchor2)], action="move")
    assert (bench.queue.left, bench.queue.done) == (1, 1)
    bench.press("next")
    assert bench.at == b.uid


def test_new_predictions_and_looks_do_not_jump_under_the_cursor(bench: Bench) -> None:
    records = loops(0.5, 0.6, 0.7, 0.8)
    bench.put(*records)
    bench.press("next", "next")
    seen, under = records[0].uid, bench.at
    extra = loop(600_000, 900_000, probability=0.5)
    bench.put(extra, name="more")
    assert bench.at == bench.queue.current == under
    assert bench.queue.uids[:3] == [seen, under, extra.uid]
    bench.queue.set_seen(sights(records, 0.9, 0.9, 0.9, 0.5))
    assert bench.queue.current == under
    assert bench.queue.uids[:2] == [seen, under]
    bench.press("next")
    assert bench.at in (extra.uid, records[3].uid)


def test_an_order_that_lacks_what_it_needs_says_so_and_the_order_stays(bench: Bench) -> None:
    records = loops(0.9, 0.5, 0.7)
    bench.put(*records)
    before = bench.queue.uids
    bench.queue.set_order("bald")
    assert "ensemble" in bench.queue.problem
    assert (bench.queue.order, bench.queue.uids) == ("entropy", before)
    bench.queue.set_order("nonsense")
    assert "nonsense" in bench.queue.problem
    bench.queue.set_order("bald")
    bench.queue.set_seen(sights(records, 0.5, 0.5, 0.5, votes=[[0.1, 0.9], [0.5, 0.5], [0.4, 0.6]]))
    assert (bench.queue.problem, bench.queue.order) == ("", "bald")
    assert bench.queue.uids == [records[0].uid, records[2].uid, records[1].uid]


@pytest.mark.parametrize("order", ["score", "margin", "disagreement", "diversity", "random", "entropy+diversity"])
def test_every_order_holds_everybody_once(bench: Bench, order: str) -> None:
    records = [*loops(0.2, 0.5, 0.9), tad(100_000, 400_000), stripe((0, 10_000), (0, 200_000)), boundary(300_000)]
    bench.put(*records)
    bench.queue.set_order(order)
    assert bench.queue.problem == ""
    assert sorted(bench.queue.uids) == sorted(r.uid for r in records)


def test_of_equally_uncertain_ones_the_contradicted_come_first(bench: Bench) -> None:
    agreed, lonely = loop(200_000, 700_000, score=0.9, source="a"), loop(0, 400_000, score=0.9, source="a")
    bench.put(agreed, loop(200_000, 700_000, score=0.9, source="b"), lonely)
    assert bench.queue.uids[0] == lonely.uid


def test_filters_by_task_set_distance_and_score(bench: Bench) -> None:
    near, far, domain = loop(0, 50_000, score=0.9), loop(0, 800_000, score=0.2), tad(0, 400_000, score=0.5)
    first = bench.put(near, domain)
    bench.put(far, name="other")
    for filters, left in (
        ({"kinds": frozenset({Kind.TAD})}, {domain.uid}),
        ({"set_ids": frozenset({first})}, {near.uid, domain.uid}),
        ({"distance": (100_000.0, 500_000.0)}, {domain.uid}),
        ({"score": (0.0, 0.5)}, {far.uid, domain.uid}),
    ):
        bench.queue.where(**filters)
        assert set(bench.queue.uids) == left
        assert bench.queue.left == len(left)
        bench.queue.where(kinds=frozenset(), set_ids=frozenset(), distance=(0.0, float("inf")), score=(0.0, 1.0))
    bench.queue.where(score=(0.99, 1.0))
    assert "widen" in bench.queue.nothing()


def test_hidden_and_locked_sets_are_left_out_and_it_is_said(bench: Bench) -> None:
    (a,), (b,) = loops(0.5), [loop(600_000, 900_000)]
    first, second = bench.put(a), bench.put(b, name="other")
    bench.project.update_set(first, locked=True)
    bench.project.update_set(second, visible=False)
    bench.window.labels.sets_changed()
    assert bench.queue.left == 0
    assert "hidden or locked" in bench.queue.nothing()
    bench.project.update_set(second, visible=True)
    bench.window.labels.sets_changed()
    assert bench.queue.uids == [b.uid]


def test_a_second_look_at_ones_own_rejects(bench: Bench) -> None:
    a, b, c, d = loops(0.5, 0.6, 0.7, 0.8)
    bench.put(a, b, c, d)
    bench.press("next", "reject", "reject", "accept")
    bench.project.reviewer = "somebody else"
    bench.project.set_status([d.uid], Status.REJECTED)
    bench.project.reviewer = "tester"
    bench.queue.where(mode=ReviewMode.REJECTS)
    assert set(bench.queue.uids) == {a.uid, b.uid}
    bench.press("next", "accept")
    assert bench.project.get(a.uid).status is Status.ACCEPTED
    assert bench.at == b.uid
    assert (bench.queue.left, bench.queue.done) == (1, 1)
    bench.press("undo")
    assert (bench.at, bench.queue.left) == (a.uid, 2)
    bench.press("reject", "reject")  # stays out: looked at all the same
    assert (bench.queue.left, bench.queue.done) == (0, 2)
    assert "None of your rejected" in bench.queue.nothing()
    bench.queue.where(mode=ReviewMode.ACCEPTED)
    assert bench.queue.uids == [c.uid]


def test_many_in_one_step_come_back_with_one_undo(bench: Bench) -> None:
    records = loops(0.5, 0.6, 0.7)
    bench.put(*records)
    bench.press("next")
    assert bench.review.judge_many([r.uid for r in records[:2]], Status.REJECTED)
    assert bench.at == records[2].uid  # the current one was among them
    assert actions(bench.project) == ["add", "reject"]
    bench.press("undo")
    assert bench.queue.left == 3
    assert "2 objects" in bench.said()


def test_a_read_only_project_is_looked_through_and_not_written(bench: Bench) -> None:
    a, b = loops(0.5, 0.6)
    bench.put(a, b)
    with Project.open(bench.project.path, read_only=True) as locked:
        bench.window.project = locked
        bench.window.project_changed.emit(locked)
        bench.press("next", "accept")
        assert bench.at == a.uid
        assert locked.read_only_reason in bench.said()
        assert bench.review.judge_many([a.uid, b.uid], Status.ACCEPTED) is False
        bench.press("mark_region_reviewed", "next")
        assert bench.at == b.uid
        assert (bench.queue.done, locked.reviewed()) == (0, [])
        bench.window.project_changed.emit(None)


def test_marking_a_region_says_what_becomes_of_proposals_and_undo_says_what_was_undone(bench: Bench) -> None:
    bench.press("mark_region_reviewed")
    assert "Proposals in it that you did not judge stay proposed" in bench.said()
    bench.press("undo")
    assert bench.said() == "Undone: mark the region as reviewed."


def test_deleted_candidates_leave_the_queue_and_undo_brings_them_back(bench: Bench) -> None:
    a, b = loops(0.5, 0.6)
    bench.put(a, b)
    bench.press("next", "delete")
    assert bench.queue.uids == [b.uid]
    bench.press("undo")
    assert set(bench.queue.uids) == {a.uid, b.uid}


def test_reasons_name_what_contradicts(bench: Bench) -> None:
    here, lonely = loop(200_000, 700_000, probability=0.5, source="a"), loop(0, 400_000, probability=0.5, source="a")
    bench.put(here, lonely, tad(200_000, 700_000, source="a"), loop(200_000, 700_000, source="b"))
    bench.queue.set_order("entropy+disagreement")
    assert bench.queue.why(here.uid) == "as uncertain as can be (p = 0.50)"
    assert (
        bench.queue.why(lonely.uid)
        == "as uncertain as can be (p = 0.50) · found by one program only · no TAD corner there"
    )
    assert bench.queue.uids[0] == lonely.uid
    bench.put(loop(0, 800_000, score=0.5, source="c"))
    unscored = bench.project.query(start=800_000)[0].uid
    assert bench.queue.why(unscored).startswith("no probability · found by one program only")


def test_another_project_begins_anew(bench: Bench, tmp_path: Path) -> None:
    bench.put(*loops(0.5, 0.6))
    bench.press("next")
    (tmp_path / "other").mkdir()
    with make_project(tmp_path / "other") as other:
        bench.window.project_changed.emit(other)
        assert (bench.queue.left, bench.queue.current, bench.at) == (0, None, None)
        bench.window.project_changed.emit(bench.project)
        assert bench.queue.left == 2


def test_undo_ends_before_what_is_known_of_the_sample(tmp_path: Path) -> None:
    """That it came in is no step of a person's: nothing is said of a locked set."""
    with make_project(tmp_path) as project:
        window, problems = TinyWindow(project), []
        window.problem.connect(problems.append)
        made = project.add_set(TRUTH, Origin.IMPORTED)
        project.add([loop(0, 50_000)], set_id=made.id, action=TRUTH_STEP)
        project.update_set(made.id, locked=True)
        assert window.review.undo_text() == ""
        window.review.undo()
        assert (window.labels.hinted, problems) == ("Nothing to undo.", [])
        project.add([loop(100_000, 150_000)], set_id=project.human_set().id)
        window.review.undo()
        assert (project.count(), window.labels.hinted) == (1, "Undone: add loop.")


def test_undo_of_a_move_in_view_leaves_the_camera_there(bench: Bench) -> None:
    """Only what was judged comes back under the cursor; what was moved is in view, and marked."""
    a, b = loops(0.5, 0.6)
    bench.put(a, b)
    bench.review.go_to(a.uid)
    visits = len(bench.window.visits)
    moved = b.with_(anchor2=(b.chrom, b.anchor2.start + 50_000, b.anchor2.end + 50_000))

    def move_and_undo() -> None:
        bench.project.update([moved], action="move")
        assert bench.project.get(b.uid).status is Status.EDITED
        bench.press("undo")
        assert bench.project.get(b.uid).anchor2 == b.anchor2

    move_and_undo()
    assert (len(bench.window.visits), bench.at) == (visits, b.uid)
    assert bench.said() == "Undone: move loop."
    away = Interval(b.chrom, b.anchor2.end + 200_000, b.anchor2.end + 300_000)
    bench.window.view = (away, away)
    bench.window.labels.set_current(None)
    move_and_undo()
    assert (len(bench.window.visits), bench.at) == (visits + 1, b.uid)  # elsewhere: the window goes there
