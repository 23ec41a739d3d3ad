"""What the queue brought up and what a person chose: when the camera flies on; how others are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.plugin.controllers.canvas.navigation import Navigation
from napari_hicstruct.plugin.state.commands import COMMANDS, LOOK
from napari_hicstruct.plugin.state.labels.labels import Others
from napari_hicstruct.plugin.state.review.review import ReviewState
from tests.window_kit import Kind, Status, TinyWindow, iv, loop, make_project


@pytest.fixture
def window(tmp_path: Path) -> Iterator[TinyWindow]:
    with make_project(tmp_path) as project:
        made = TinyWindow(project)
        yield made
        made.settings.set("others", None)


def put(window: TinyWindow, *probabilities: float | None, origin: Origin = Origin.PREDICTED) -> list[Any]:
    shift = 0 if origin is Origin.PREDICTED else 45_000
    fields: list[dict[str, Any]] = [{} if p is None else {"probability": p} for p in probabilities]
    records = [loop(60_000 * k + shift, 300_000 + 60_000 * k + shift, **one) for k, one in enumerate(fields)]
    project = window.project
    assert project is not None
    project.add(records, set_id=project.add_set(origin.value, origin).id)
    return records


def test_candidates_with_a_probability_come_before_all_imports_without_one(window: TinyWindow) -> None:
    imported = put(window, None, None, origin=Origin.IMPORTED)
    called = put(window, 0.97, 0.55)
    for order in ("entropy", "margin", "entropy+random"):
        window.review.queue.set_order(order)
        uids = window.review.queue.uids
        assert set(uids[:2]) == {r.uid for r in called}, order
        assert set(uids[2:]) == {r.uid for r in imported}, order
    window.review.queue.set_order("entropy")
    assert window.review.queue.uids[0] == called[1].uid


def test_the_window_flies_on_only_from_what_the_queue_brought_up(window: TinyWindow) -> None:
    records, review = put(window, 0.5, 0.6, 0.7, 0.8), window.review
    review.next()
    review.accept()
    assert window.labels.current_uid == records[1].uid
    flights = len(window.visits)
    window.labels.set_current(records[3].uid)  # a click
    review.accept()
    review.undo()
    review.reject()
    assert window.project is not None
    assert window.project.get(records[3].uid).status is Status.REJECTED
    assert (len(window.visits), window.labels.current_uid) == (flights, records[3].uid)
    review.next()
    assert window.labels.current_uid == records[1].uid  # the queue's own was left standing
    window.labels.set_current(records[1].uid)  # clicked, it is still the queue's
    review.accept()
    assert window.labels.current_uid == records[2].uid
    review.go_to(records[3].uid)  # from the table
    review.accept()
    assert window.labels.current_uid == records[3].uid
    review.advance = False
    review.next()
    at = window.labels.current_uid
    review.accept()
    assert window.labels.current_uid == at


def test_others_recede_while_a_candidate_is_up_and_only_then(window: TinyWindow) -> None:
    records, labels = put(window, 0.5, 0.6), window.labels
    drawn: list[set[Kind]] = []
    labels.stale.connect(lambda kinds: drawn.append(set(kinds)))
    assert labels.opacity_of_others == 1
    window.review.next()
    assert drawn.pop() == set(Kind)
    assert 0 < labels.opacity_of_others < 0.5
    window.review.next()
    assert drawn.pop() == {Kind.LOOP}  # the others are faint already
    labels.set_choosing(True)
    assert labels.opacity_of_others == 1
    labels.set_choosing(False)
    window.review.change_others()
    assert (labels.others, labels.opacity_of_others) == (Others.HIDE, 0)
    window.review.change_others()
    assert (labels.others, labels.opacity_of_others) == (Others.SHOW, 1)
    window.review.change_others()
    labels.set_current(records[0].uid)
    assert (labels.others, labels.opacity_of_others) == (Others.DIM, 1)


def test_how_others_are_drawn_is_remembered_for_the_next_window(window: TinyWindow) -> None:
    window.labels.set_others(Others.HIDE)
    assert TinyWindow(window.project).labels.others is Others.HIDE
    window.settings.set("others", "nonsense")
    assert TinyWindow(window.project).labels.others is Others.DIM


def test_every_key_is_of_one_command_and_every_command_is_carried_out() -> None:
    keys = [key for one in COMMANDS for key in one.keys]
    assert len(keys) == len(set(keys))
    by_window = {"edit", "lasso_candidates", "stop", "refuse_paste", "show_keys"}
    for one in COMMANDS:
        by = Navigation if one.group == LOOK else ReviewState
        assert one.name in by_window or one.name.startswith("add ") or callable(getattr(by, one.name)), one


def test_who_goes_elsewhere_sees_the_others_in_full(window: TinyWindow) -> None:
    records, labels = put(window, 0.5, 0.6, 0.7), window.labels
    redrawn: list[Any] = []
    labels.stale.connect(redrawn.append)
    window.review.next()
    assert labels.opacity_of_others < 0.5
    redrawn.clear()
    window.go_to(iv(800_000, 900_000))
    assert labels.opacity_of_others == 1
    assert set(redrawn[-1]) == set(Kind)
    window.go_to(iv(0, 900_000))
    assert labels.opacity_of_others < 0.5, "the candidate is in view again"
    window.go_to(iv(800_000, 900_000))
    window.review.next()
    assert labels.current_uid == records[1].uid
    assert labels.opacity_of_others < 0.5
