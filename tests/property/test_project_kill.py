"""The project in a real process that is killed (``kill -9``) at any point, against a model of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from napari_hicstruct.annotations import Annotation, Kind, Origin, Status
from napari_hicstruct.annotations.codec import json_of, to_row
from napari_hicstruct.annotations.validation import draw
from napari_hicstruct.errors import ProjectError
from napari_hicstruct.genome import Interval
from tests.annotation_kit import MAP, annotations, new_project
from tests.property.project_worker import BEFORE_ANSWERING

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 and fork are words of Unix")

WORKER = Path(__file__).with_name("project_worker.py")
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None
"""A killed process loses nothing that a file system has; waiting for a disk would only take time."""
HUMAN = 2
SHAS = [f"{n}" * 64 for n in range(4)]


class Process:
    """One worker process: a project that can be asked, told and killed."""

    def __init__(self, address: str) -> None:
        self.pipe = Client(address, "AF_UNIX")
        self.pid: int = self.pipe.recv()

    def send(self, name: str, *arguments: object, die_at: int | None = None) -> None:
        self.pipe.send((name, arguments, die_at))

    def answer(self) -> Any:
        good, value = self.pipe.recv()
        if not good:
            raise value
        return value

    def ask(self, name: str, *arguments: object) -> Any:
        self.send(name, *arguments)
        return self.answer()

    def kill(self) -> bool:
        """``kill -9``; True if the last step had been answered before."""
        os.kill(self.pid, signal.SIGKILL)
        return self.gone()

    def gone(self) -> bool:
        """Wait for the process to end; True if there was an answer of it."""
        answered = False
        try:
            self.answer()
            answered = True
            self.pipe.recv()
        except (EOFError, ConnectionResetError):
            pass
        self.pipe.close()
        while _is_there(self.pid):  # its lock falls with it
            time.sleep(0.001)
        return answered

    def end(self) -> None:
        """Hang up: the process ends by itself."""
        self.pipe.close()
        while _is_there(self.pid):
            time.sleep(0.001)


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@dataclass(frozen=True)
class Model:
    """What the project must hold; each step makes a new one."""

    records: dict[str, tuple[int, Annotation]] = field(default_factory=dict)
    regions: dict[int, tuple[Interval, Interval, tuple[Kind, ...]]] = field(default_factory=dict)
    sets: tuple[tuple[int, str, Origin, bool], ...] = (
        (1, "p", Origin.PREDICTED, True),
        (HUMAN, "human", Origin.HUMAN, True),
    )
    undo: tuple[int, ...] = ()
    redo: tuple[int, ...] = ()
    journal: tuple[tuple[int, str, int | None], ...] = ()
    kept: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    """Entry → (records, regions) before it and after it."""
    models: tuple[tuple[str, str, str | None], ...] = ()
    uses: tuple[tuple[str, str], ...] = ()
    runs: tuple[tuple[Any, ...], ...] = ()

    def step(self, action: str, **changes: Any) -> Model:
        """The model after an edit that is journalled, if it changes something."""
        after = replace(self, **changes)
        if after.content == self.content:
            return self
        entry = len(self.journal) + 1
        return replace(
            after,
            undo=(*self.undo, entry),
            redo=(),
            journal=(*self.journal, (entry, action, None)),
            kept={**self.kept, entry: (self.content, after.content)},
        )

    @property
    def content(self) -> tuple[Any, Any]:
        """What undo and redo bring back."""
        return self.records, self.regions

    def travel(self, action: str) -> Model:
        """The model after undo or redo."""
        stack = self.undo if action == "undo" else self.redo
        if not stack:
            return self
        target = stack[-1]
        records, regions = self.kept[target][action == "redo"]
        stacks = {"undo": self.undo[:-1], "redo": (*self.redo, target)}
        if action == "redo":
            stacks = {"undo": (*self.undo, target), "redo": self.redo[:-1]}
        journal = (*self.journal, (len(self.journal) + 1, action, target))
        return replace(self, records=records, regions=regions, journal=journal, **stacks)

    def next_region(self) -> int:
        """Ids of regions are given once."""
        ever = [id_ for states in self.kept.values() for _, regions in states for id_ in regions]
        return max(ever, default=0) + 1

    def view(self) -> dict[str, Any]:
        """As the worker tells it."""
        return {
            "records": {uid: (home, json_of(to_row(record))) for uid, (home, record) in self.records.items()},
            "sets": list(self.sets),
            "undo": list(self.undo),
            "redo": list(self.redo),
            "journal": list(self.journal),
            "regions": self.regions,
            "models": list(self.models),
            "uses": list(self.uses),
            "runs": list(self.runs),
            "tiles": draw(MAP),
        }


# What comes of a step.  Draws never depend on the state: when a kill falls is not for hypothesis to know.
LIVES, SILENT = "lives", "silent"
FATES = st.one_of(
    st.just((LIVES, 0)),
    st.just((LIVES, 0)),
    st.just((LIVES, 0)),
    st.tuples(st.just("statement"), st.integers(0, 9)),
    st.tuples(st.just("microseconds"), st.integers(0, 6_000)),
    st.just((SILENT, 0)),
)
NUMBERS = st.lists(st.integers(0, 30), min_size=1, max_size=3)
PLACES = st.builds(lambda start, size: Interval("chr1", start, start + size), st.integers(0, 10**6), st.integers(1, 9))


class KillMachine(RuleBasedStateMachine):
    """Random edits, undo, redo, closing, killing and reopening; after each the store holds what the model holds."""

    address: ClassVar[str]
    counts: ClassVar[dict[str, int]]

    def __init__(self) -> None:
        super().__init__()
        self.count("sequences")
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY))
        self.model = Model()
        self.added = 0
        with new_project(self.folder) as project:
            self.path = project.path
            project.add_set("p", Origin.PREDICTED)
            project.human_set()

    @initialize()
    def start(self) -> None:
        self.process = self.opened()

    def teardown(self) -> None:
        if hasattr(self, "process"):
            self.process.kill()
        shutil.rmtree(self.folder)

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def opened(self) -> Process:
        """A process of its own with the project open for writing."""
        process = Process(self.address)
        assert process.ask("open", self.path, MAP, "ada") == ""
        return process

    def check(self) -> None:
        assert self.process.ask("snapshot") == self.model.view()

    def do(self, fate: tuple[str, int], after: Model, name: str, *arguments: object) -> None:
        """Tell the process to do a step, and what becomes of it meanwhile."""
        manner, number = fate
        if manner == LIVES:
            self.process.ask(name, *arguments)
            self.model = after
            self.check()
        else:
            die_at = {SILENT: BEFORE_ANSWERING, "statement": number}.get(manner)
            self.process.send(name, *arguments, die_at=die_at)
            if manner == "microseconds":
                time.sleep(number / 1e6)
                answered = self.process.kill()
            elif manner == SILENT:
                answered = self.process.gone()
            else:
                answered = self._statement()
            self._after_kill(after, answered=answered, whole=manner == SILENT)

    def _statement(self) -> bool:
        """A step of fewer statements than that is answered; its process, waiting for the next, is killed then."""
        try:
            self.process.answer()
        except (EOFError, ConnectionResetError):
            self.process.gone()
            return False
        self.process.kill()
        return True

    def _after_kill(self, after: Model, *, answered: bool, whole: bool) -> None:
        """What was answered is there; what was not is there whole or not at all."""
        self.process = self.opened()
        found = self.process.ask("snapshot")
        if answered:
            self.count("killed after a step")
            assert found == after.view()
        elif whole or found == after.view():
            self.count("killed in a step that is there")
            assert found == after.view()
        else:
            self.count("killed in a step that is not there")
            assert found == self.model.view()
            after = self.model
        self.model = after

    def chosen(self, numbers: list[int]) -> list[str]:
        uids = sorted(self.model.records)
        return list(dict.fromkeys(uids[number % len(uids)] for number in numbers)) if uids else []

    # ---- records ----------------------------------------------------------------------------------------------

    @rule(
        fate=FATES,
        records=st.lists(annotations(Kind.LOOP) | annotations(Kind.TAD), min_size=1, max_size=3),
        home=st.integers(1, 2),
    )
    def add(self, fate: tuple[str, int], records: list[Annotation], home: int) -> None:
        new = [record.with_(uid=f"{self.added + i:032x}") for i, record in enumerate(records)]
        self.added += len(new)
        there = {**self.model.records, **{record.uid: (home, record) for record in new}}
        self.do(fate, self.model.step("add", records=there), "add", new, home)

    @rule(fate=FATES, numbers=NUMBERS, shift=st.integers(0, 50_000))
    def move(self, fate: tuple[str, int], numbers: list[int], shift: int) -> None:
        told, there = [], dict(self.model.records)
        for uid in self.chosen(numbers):
            home, old = there[uid]
            place = Interval(old.chrom, old.anchor1.start + shift, old.anchor1.end + shift)
            new = old.with_(anchor1=place, anchor2=place)
            told.append(new)
            stays = (old.anchor1, old.anchor2) == (new.anchor1, new.anchor2)
            there[uid] = (home, new if stays or home == HUMAN else new.with_(status=Status.EDITED))
        self.do(fate, self.model.step("move", records=there), "update", told)

    @rule(fate=FATES, numbers=NUMBERS, status=st.sampled_from([Status.ACCEPTED, Status.REJECTED, Status.PROPOSED]))
    def judge(self, fate: tuple[str, int], numbers: list[int], status: Status) -> None:
        uids, there = self.chosen(numbers), dict(self.model.records)
        for uid in uids:
            there[uid] = (there[uid][0], there[uid][1].with_(status=status))
        action = {Status.ACCEPTED: "accept", Status.REJECTED: "reject", Status.PROPOSED: "reset"}[status]
        self.do(fate, self.model.step(action, records=there), "set_status", uids, status)

    @rule(fate=FATES, numbers=NUMBERS)
    def delete(self, fate: tuple[str, int], numbers: list[int]) -> None:
        uids = self.chosen(numbers)
        there = {uid: record for uid, record in self.model.records.items() if uid not in uids}
        self.do(fate, self.model.step("delete", records=there), "delete", uids)

    @rule(fate=FATES)
    def undo(self, fate: tuple[str, int]) -> None:
        self.do(fate, self.model.travel("undo"), "undo")

    @rule(fate=FATES)
    def redo(self, fate: tuple[str, int]) -> None:
        self.do(fate, self.model.travel("redo"), "redo")

    # ---- regions, sets ----------------------------------------------------------------------------------------

    @rule(fate=FATES, rows=PLACES, kinds=st.sampled_from([(), (Kind.LOOP,), (Kind.TAD, Kind.BOUNDARY)]))
    def mark(self, fate: tuple[str, int], rows: Interval, kinds: tuple[Kind, ...]) -> None:
        regions = {**self.model.regions, self.model.next_region(): (rows, rows, kinds)}
        self.do(fate, self.model.step("review", regions=regions), "mark", rows, kinds)

    @rule(fate=FATES, numbers=NUMBERS)
    def unmark(self, fate: tuple[str, int], numbers: list[int]) -> None:
        regions = {id_: region for id_, region in self.model.regions.items() if id_ % 8 not in numbers}
        gone = [id_ for id_ in self.model.regions if id_ not in regions]
        self.do(fate, self.model.step("unreview", regions=regions), "unmark", gone)

    @rule(fate=FATES, number=st.integers(0, 9), visible=st.booleans())
    def new_set_or_show(self, fate: tuple[str, int], number: int, visible: bool) -> None:
        sets = self.model.sets
        if number < 5:
            same = sum(name.partition(" (")[0] == f"s{number}" for _, name, _, _ in sets)
            name = f"s{number} ({same + 1})" if same else f"s{number}"  # no two sets share a name
            new = (len(sets) + 1, name, Origin.IMPORTED, True)
            self.do(fate, replace(self.model, sets=(*sets, new)), "add_set", f"s{number}", new[2])
            return
        id_, name, origin, _ = sets[number % len(sets)]
        shown = (*sets[: id_ - 1], (id_, name, origin, visible), *sets[id_:])
        self.do(fate, replace(self.model, sets=shown), "show_set", id_, visible)

    # ---- models -----------------------------------------------------------------------------------------------

    @rule(fate=FATES, number=st.integers(0, 3), child=st.booleans())
    def add_model(self, fate: tuple[str, int], number: int, child: bool) -> None:
        sha, models = SHAS[number], self.model.models
        parent = models[-1][0] if child and models else None
        known = sha in [m[0] for m in models]
        after = self.model if known else replace(self.model, models=(*models, (sha, f"m {sha[:4]}", parent)))
        self.do(fate, after, "add_model", sha, parent)

    @rule(fate=FATES, number=st.integers(0, 30), what=st.sampled_from(["use", "start", "finish"]))
    def learn(self, fate: tuple[str, int], number: int, what: str) -> None:
        model = self.model
        if not model.models:
            with pytest.raises(ProjectError, match="does not know the model"):
                self.process.ask("use", SHAS[0], "")
            return self.check()
        sha = model.models[number % len(model.models)][0]
        waiting = [run for run in model.runs if not run[-1]]
        if what == "finish" and waiting:
            run = waiting[number % len(waiting)]
            done = (*run[:2], sha, *run[3:5], True, True)
            runs = tuple(done if one == run else one for one in model.runs)
            return self.do(fate, replace(model, runs=runs), "finish_run", run[0], sha, True)
        if what == "start":
            last = len(model.journal)
            run = (len(model.runs) + 1, sha, None, last, {"n": number}, None, False)
            after = replace(model, runs=(*model.runs, run))
            return self.do(fate, after, "start_run", sha, {"n": number}, last)
        return self.do(fate, replace(model, uses=(*model.uses, (sha, what))), "use", sha, what)

    # ---- closing, killing, a second window --------------------------------------------------------------------

    @rule(fate=FATES, elsewhere=st.booleans())
    def close_and_open(self, fate: tuple[str, int], elsewhere: bool) -> None:
        if fate[0] != LIVES:
            return self.do(fate, self.model, "close")  # killed while it folds the log into the file
        self.process.ask("close")
        assert [path.name for path in self.folder.iterdir()] == [self.path.name]
        if elsewhere:
            self.process.end()
            self.process = self.opened()
        else:
            assert self.process.ask("open", self.path, MAP, "ada") == ""
        return self.check()

    @rule()
    def kill(self) -> None:
        self.process.kill()
        self.count("killed at rest")
        self.process = self.opened()
        self.check()

    @rule(edits=st.booleans())
    def second_window(self, edits: bool) -> None:
        """It only reads, and says who writes; when that one is killed, it can take over."""
        second = Process(self.address)
        reason = second.ask("open", self.path, MAP, "bob")
        assert reason.endswith(f"(process {self.process.pid}) is editing it")
        assert second.ask("snapshot") == self.model.view()
        for name, arguments in (("add_set", ("x", Origin.HUMAN)), ("use", (SHAS[0], "")), ("mark", (PLACE, ()))):
            with pytest.raises(ProjectError, match="cannot be edited"):
                second.ask(name, *arguments)
        second.ask("close")
        self.check()
        if edits:
            self.process.kill()
            self.count("killed before the second window took over")
            assert second.ask("open", self.path, MAP, "ada") == ""
            self.process = second
            self.check()
        else:
            second.end()


PLACE = Interval("chr1", 0, 9)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Of the program that forks workers: everything is loaded there once."""
    place = Path(tempfile.mkdtemp()) / "door"  # a socket's name may have 100 letters, pytest's folders have more
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(WORKER), str(place)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=WORKER.parents[2], env=environment, text=True, **pipes) as program:  # type: ignore[call-overload]
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        yield str(place)
        program.stdin.close()
        assert program.wait(10) == 0
    shutil.rmtree(place.parent)


@pytest.mark.timeout(900)  # a failure is made small first
def test_200_sequences_with_kill_9(address: str, record_property: Callable[[str, object], None]) -> None:
    KillMachine.address, KillMachine.counts = address, {}
    run_state_machine_as_test(
        KillMachine,
        settings=settings(max_examples=200, stateful_step_count=8, deadline=None, derandomize=True, database=None),
    )
    counts = KillMachine.counts
    print(counts)
    for what, number in counts.items():
        record_property(what, number)
    assert counts.pop("sequences") >= 200
    assert len(counts) == 5
    assert min(counts.values()) >= 10, counts
