"""The project against a model of three lines: a dictionary, a stack of undos, a stack of redos."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from napari_hicstruct.annotations import Annotation, Change, Kind, Origin, Project, Status
from napari_hicstruct.genome import Interval
from tests.annotation_kit import MAP, annotations, new_project

State = dict[str, Annotation]


class ProjectMachine(RuleBasedStateMachine):
    """Random edits, undo, redo and reopening; after each step the store holds what the model holds."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.project = new_project(self.folder)
        self.sets = [self.project.add_set("model", Origin.PREDICTED).id, self.project.human_set().id]
        self.state: State = {}
        self.home: dict[str, int] = {}
        self.undos: list[State] = []
        self.redos: list[State] = []
        self.seen: list[Change] = []
        self.steps = 0
        self.project.changed.connect(self.seen.append)

    def teardown(self) -> None:
        self.project.close()
        shutil.rmtree(self.folder)

    def _edited(self, state: State) -> None:
        if state != self.state:
            self.undos.append(self.state)
            self.redos.clear()
            self.steps += 1
            self.state = state

    def _choose(self, data: st.DataObject) -> list[str]:
        return data.draw(st.lists(st.sampled_from(sorted(self.state)), min_size=1, max_size=3, unique=True))

    @rule(data=st.data(), which=st.integers(0, 1))
    def add(self, data: st.DataObject, which: int) -> None:
        records = data.draw(st.lists(annotations(Kind.LOOP) | annotations(Kind.TAD), min_size=1, max_size=3))
        # what comes in accepted and is then accepted by a reviewer is a step, for nobody had judged it
        records = [record.with_(status=Status.PROPOSED) for record in records]
        self.project.add(records, set_id=self.sets[which])
        self.home |= {record.uid: self.sets[which] for record in records}
        self._edited(self.state | {record.uid: record for record in records})

    @precondition(lambda self: self.state)
    @rule(data=st.data(), shift=st.integers(0, 50_000))
    def move(self, data: st.DataObject, shift: int) -> None:
        moved = {}
        for uid in self._choose(data):
            old = self.state[uid]
            place = Interval(old.chrom, old.anchor1.start + shift, old.anchor1.end + shift)
            moved[uid] = old.with_(anchor1=place, anchor2=place)
        self.project.update(moved.values(), action="move")
        for uid, new in moved.items():
            old = self.state[uid]
            stays = (old.anchor1, old.anchor2) == (new.anchor1, new.anchor2)
            if not stays and self.home[uid] != self.sets[1]:
                moved[uid] = new.with_(status=Status.EDITED)
        self._edited(self.state | moved)

    @precondition(lambda self: self.state)
    @rule(data=st.data(), status=st.sampled_from([Status.ACCEPTED, Status.REJECTED]))
    def judge(self, data: st.DataObject, status: Status) -> None:
        uids = self._choose(data)
        self.project.set_status(uids, status)
        self._edited(self.state | {uid: self.state[uid].with_(status=status) for uid in uids})

    @precondition(lambda self: self.state)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        uids = self._choose(data)
        self.project.delete(uids)
        self._edited({uid: record for uid, record in self.state.items() if uid not in uids})

    @rule()
    def undo(self) -> None:
        change = self.project.undo()
        assert (change is None) == (not self.undos)
        if self.undos:
            self.redos.append(self.state)
            self.state = self.undos.pop()
            self.steps += 1

    @rule()
    def redo(self) -> None:
        change = self.project.redo()
        assert (change is None) == (not self.redos)
        if self.redos:
            self.undos.append(self.state)
            self.state = self.redos.pop()
            self.steps += 1

    @rule()
    def reopen(self) -> None:
        reviewer = self.project.reviewer  # another one who judges the same makes a step, which says so
        self.project.close()
        self.project = Project.open(self.folder / "p.hicproj", map=MAP, reviewer=reviewer)
        self.project.changed.connect(self.seen.append)

    @invariant()
    def holds_the_same(self) -> None:
        assert {record.uid: record for record in self.project.query()} == self.state
        assert (self.project.can_undo, self.project.can_redo) == (bool(self.undos), bool(self.redos))

    @invariant()
    def each_step_is_told_and_journalled_once(self) -> None:
        assert [change.entry_id for change in self.seen] == list(range(1, self.steps + 1))
        assert len(self.project.journal()) == self.steps


ProjectMachine.TestCase.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
TestProjectAgainstModel = ProjectMachine.TestCase
