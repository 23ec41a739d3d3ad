"""Ask the model: the queue follows what it says now; uncertain places come into a set of their own."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from napari_hicstruct.annotations import Origin, Status
from napari_hicstruct.errors import ModelError
from napari_hicstruct.inference.candidate_scores import CandidateScore
from napari_hicstruct.jobs import Clock, Progress
from napari_hicstruct.plugin.panels.review.rescoring import RescoringPanel
from napari_hicstruct.plugin.state.review.rescoring import PROPOSALS, RescoringState
from tests.gui.edit_kit import loop, make_project
from tests.gui.test_edit_window import Window


class Fake:
    """A model that says the opposite of the records."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.fails = False

    def rescore(self, _source: Any, _project: Any, records: Any, *, token: Any) -> Generator[Progress, None, Any]:
        yield Clock().step("look", 0, 1)
        if self.fails:
            raise ModelError("is not a model folder.", where="gone")
        self.asked.append([record.uid for record in records])
        return {r.uid: CandidateScore(1 - r.probability, np.full(3, 0.5), np.ones(4, np.float32)) for r in records}

    def propose(self, _s: Any, _p: Any, _known: Any, region: Any, *, token: Any) -> Generator[Progress, None, Any]:
        yield Clock().step("predict", 0, 1)
        return [loop(region.start + 300_000, region.start + 500_000, probability=0.2)]


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def edited(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> Iterator[Window]:
    with make_project(tmp_path) as project:
        made = Window(make_napari_viewer(), project)
        yield made
        made.session.editing.close()


@pytest.fixture
def panel(qtbot: Any, edited: Window, fake: Fake) -> Iterator[RescoringPanel]:
    backend = SimpleNamespace(rescore=fake.rescore, propose=fake.propose)
    panel = RescoringPanel(RescoringState(edited.review, edited.session.runner, backend=backend))
    qtbot.addWidget(panel)
    yield panel
    panel.state.end()


def test_the_queue_follows_what_the_model_says(qtbot: Any, edited: Window, panel: RescoringPanel, fake: Fake) -> None:
    project, queue = edited.session.project, edited.review.queue
    mine = project.add_set("model", Origin.PREDICTED)
    sure, unsure = loop(100_000, 300_000, probability=0.99), loop(500_000, 700_000, probability=0.6)
    project.add([sure, unsure], set_id=mine.id)
    assert queue.uids[0] == unsure.uid
    panel.rescore.click()
    qtbot.waitUntil(lambda: not panel.state.running)
    assert sorted(fake.asked[0]) == sorted([sure.uid, unsure.uid])
    assert queue.pool.candidates.votes is not None
    assert "2 candidates" in panel.message.text()


def test_uncertain_places_come_into_a_set_of_their_own(qtbot: Any, edited: Window, panel: RescoringPanel) -> None:
    for _ in range(2):
        panel.propose.click()
        qtbot.waitUntil(lambda: not panel.state.running)
    sets = [one for one in edited.session.project.sets() if one.name == PROPOSALS]
    assert len(sets) == 1
    found = edited.session.project.query(set_ids=[sets[0].id])
    assert len(found) == 2
    assert all(record.status is Status.PROPOSED for record in found)


def test_nothing_to_look_at_says_what_to_do(edited: Window, panel: RescoringPanel, fake: Fake) -> None:
    panel.rescore.click()
    assert "run a model" in panel.message.text()
    assert not fake.asked


def test_an_error_is_said_and_the_queue_stays(qtbot: Any, edited: Window, panel: RescoringPanel, fake: Fake) -> None:
    project = edited.session.project
    project.add([loop(100_000, 300_000, probability=0.7)], set_id=project.add_set("model", Origin.PREDICTED).id)
    before, fake.fails = list(edited.review.queue.uids), True
    panel.rescore.click()
    qtbot.waitUntil(lambda: not panel.state.running)
    assert "is not a model folder" in panel.message.text()
    assert edited.review.queue.uids == before
    assert panel.rescore.isEnabled()
