"""Loops as enhancer–promoter pairs without a window: cards, order and filter of the queue, and back."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from napari_hicstruct.annotations.records import Annotation, Kind, Origin
from napari_hicstruct.config.loop_pairs import LoopPairsConfig
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.plugin.state.review.loop_pairs import LoopPairsState
from napari_hicstruct.workflows.epi.loops import LoopPair, LoopPairs
from tests.window_kit import InlineRunner, TinyWindow, iv, loop, make_project, tad

GIVEN = {"model": "m", "fasta": "g.fa", "enhancers": "e.bed", "promoters": "p.gtf", "line": "K562"}
LOOPS = [loop(50_000 * k, 300_000 + 60_000 * k, probability=0.5) for k in range(3)]
PAIRS = dict(zip([one.uid for one in LOOPS], (0.2, 0.83), strict=False))


class Backend:
    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.asked = error, []  # type: ignore[var-annotated]

    def find(
        self, records: Sequence[Annotation], config: LoopPairsConfig, *, token: CancelToken
    ) -> Generator[Progress, None, LoopPairs]:
        self.asked.append((records, config))
        yield Clock().step("read sequences", 0, 0)
        if self.error is not None:
            raise self.error
        found = {uid: LoopPair(p, iv(0, 10), iv(20, 30), 1) for uid, p in PAIRS.items()}
        return LoopPairs(found, len(records), config.line, 0.5, ("A note.",))


@pytest.fixture
def window(tmp_path: Path) -> Iterator[TinyWindow]:
    with make_project(tmp_path) as project:
        made = project.add_set("calls", Origin.PREDICTED)
        project.add([*LOOPS, tad(0, 100_000)], set_id=made.id)
        yield TinyWindow(project, InlineRunner())


def asked(window: TinyWindow, backend: Backend | None = None) -> tuple[LoopPairsState, list[str]]:
    messages: list[str] = []
    state = LoopPairsState(window.review, window.runner, backend=backend or Backend())  # type: ignore[arg-type]
    state.message.connect(messages.append)
    state.set(**GIVEN)
    state.run()
    return state, messages


def test_cards_order_and_filter_follow_what_was_found(window: TinyWindow) -> None:
    backend = Backend()
    state, messages = asked(window, backend)
    assert [record.kind for record in backend.asked[0][0]] == [Kind.LOOP] * 3
    assert messages[-1].splitlines()[-1] == "A note."
    assert "1 called as pairs in K562 (p ≥ 0.50)" in messages[-1]
    queue = window.review.queue
    first, second, third = (one.uid for one in LOOPS)
    assert queue.why(second).startswith("E–P pair in K562: p 0.83")
    queue.set_order("pair")
    assert queue.uids[:2] == [second, first]
    queue.where(pair=0.5)
    assert queue.uids == [second]
    assert queue.wanted.n_conditions == 1
    state.forget()
    assert len(queue.uids) == 4
    assert "E–P" not in queue.why(second)
    assert "needs enhancer–promoter pairs" in queue.problem
    assert third in queue.uids


def test_what_is_not_given_and_what_fails_is_said(window: TinyWindow) -> None:
    state = LoopPairsState(window.review, window.runner, backend=Backend())  # type: ignore[arg-type]
    assert state.why_not().startswith("Give the model's folder, a FASTA")
    state, messages = asked(window, Backend(ConfigError("no loop has an enhancer at one anchor.")))
    assert state.found is None
    assert "no loop has an enhancer" in messages[-1]
    assert len(window.problems) == 1


def test_a_filter_by_pairs_lets_nothing_pass_before_any_are_known(window: TinyWindow) -> None:
    window.review.queue.where(pair=0.1)
    assert window.review.queue.uids == []
    assert "widen it" in window.review.queue.nothing()


def test_numbers_of_a_form_are_checked() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        LoopPairsConfig(flank=-1)
    given: Any = GIVEN
    assert LoopPairsConfig(**given).missing() == ""
