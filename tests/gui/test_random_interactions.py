"""Random keys and clicks in a real window, each with a result that a small model of the window predicts.

No key is lost and no other object is touched: after every interaction status, membership, selection and the numbers
that the dock shows are the model's.  ``scripts/first_hour.py --interactions 500`` does more of them.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import QPoint

from napari_hicstruct.annotations.records import Annotation, Kind, Origin, Status, stripe_direction
from napari_hicstruct.genome import Interval
from tests.gui.person import Person
from tests.gui.view_kit import open_in, pump, write_dots

LENGTH, RES = 4_000_000, 10_000
OPEN = Status.PROPOSED
Place = tuple[float, float]


# ---------------------------------------------------------------------------------------------- objects to act on
def iv(start: int, end: int) -> Interval:
    return Interval("chr1", start, end)


def objects(seed: int) -> dict[str, list[Annotation]]:
    """Two sets: loops and boundaries, loops, TADs (nested) and stripes.

    No place is called by both sets, and all have another probability: the order of the queue has no ties.
    """
    draw = random.Random(seed)
    away = [0.004 * k for k in range(1, 60)]
    draw.shuffle(away)

    def fields() -> dict[str, Any]:
        by = away.pop()
        return {"resolution": RES, "probability": 0.5 + (by if draw.random() < 0.5 else -by), "source": "model"}

    def loop(a: int, b: int) -> Annotation:
        return Annotation(kind=Kind.LOOP, anchor1=iv(a, a + RES), anchor2=iv(b, b + RES), **fields())

    def spans(kind: Kind, start: int, end: int) -> Annotation:
        return Annotation(kind=kind, anchor1=iv(start, end), anchor2=iv(start, end), **fields())

    first = [loop(300_000 + 150_000 * k, 1_900_000 + 120_000 * (k % 7)) for k in range(10)]
    first += [loop(first[0].anchor1.start + 20_000, first[0].anchor2.start)]  # their rings overlap
    first += [spans(Kind.BOUNDARY, start, start + RES) for start in (450_000, 1_750_000, 3_650_000)]
    second = [loop(360_000 + 150_000 * k, 3_000_000 + 110_000 * (k % 8)) for k in range(10)]
    second += [spans(Kind.TAD, *ends) for ends in ((600_000, 1_600_000), (700_000, 1_100_000), (2_500_000, 3_300_000))]
    corner = second[-2]
    first += [loop(corner.anchor1.start, corner.anchor1.end - RES)]
    for start, end in ((1_250_000, 2_050_000), (2_350_000, 2_950_000)):
        x, y = iv(start, start + 3 * RES), iv(start + 3 * RES, end)
        second.append(Annotation(kind=Kind.STRIPE, anchor1=x, anchor2=y, direction=stripe_direction(x, y), **fields()))
    return {"first": first, "second": second}


# ---------------------------------------------------------------------------------------------- the model
@dataclass
class Step:
    """One entry of the journal: status of each object before and after; None: not there."""

    before: dict[str, Status | None]
    after: dict[str, Status | None]

    def judged(self) -> list[str]:
        return [uid for uid, was in self.before.items() if was is not None and self.after[uid] is not None]


@dataclass
class Model:
    """What the window must show, worked out from what was done alone."""

    records: dict[str, Annotation]
    set_of: dict[str, str]
    status: dict[str, Status] = field(default_factory=dict)
    shown: dict[str, bool] = field(default_factory=dict)
    current: str | None = None
    up: bool = False
    editing: str | None = None
    by_hand: set[str] = field(default_factory=set)
    order: list[str] = field(default_factory=list)
    cursor: int = -1
    last_brought: str | None = None
    last_click: Place | None = None
    done: list[Step] = field(default_factory=list)
    undone: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.status = dict.fromkeys(self.records, OPEN)
        self.shown = dict.fromkeys(self.set_of.values(), True)
        self.reorder()

    # -------------------------------------------------------------- what there is
    def visible(self, uid: str) -> bool:
        return uid in self.status and self.shown[self.set_of[uid]]

    def left(self) -> list[str]:
        """What is still to be judged, in order."""
        return [uid for uid in self.order if self.status[uid] is OPEN]

    def counts(self) -> tuple[int, int, dict[str, int]]:
        """Left, judged of what is shown, objects by set."""
        judged = sum(self.status[uid] is not OPEN for uid in self.order)
        sizes = {name: sum(self.set_of[uid] == name for uid in self.status) for name in self.shown}
        return len(self.left()), judged, sizes

    def reorder(self) -> None:
        """Least certain first; what was passed stays before the cursor."""
        there = {uid for uid in self.status if self.visible(uid)}
        passed = [uid for uid in self.order[: self.cursor + 1] if uid in there]
        rest = sorted(there - set(passed), key=lambda uid: abs((self.records[uid].probability or 0) - 0.5))
        self.order, self.cursor = passed + rest, len(passed) - 1

    # -------------------------------------------------------------- selection
    def select(self, uid: str | None, *, brought: bool = False) -> None:
        if uid == self.current and (self.up or not brought):
            return
        if self.editing is not None and self.editing != uid:
            self.editing = None
        self.current, self.up = uid, brought

    def under(self, place: Place, bp_per_px: float) -> list[str]:
        """What is at a place: on a line before around it, then the smaller, then the nearer."""
        found = []
        for uid in self.status:
            if self.visible(uid):
                touch = touched(self.records[uid], place, bp_per_px)
                if touch is not None:
                    found.append((*touch, uid))
        return [one[-1] for one in sorted(found)]

    def click(self, place: Place, pixel: Place, bp_per_px: float) -> None:
        found = self.under(place, bp_per_px)
        again = self.last_click is not None and math.dist(pixel, self.last_click) <= 4
        self.last_click = pixel
        edits = self.editing is not None
        if not found:
            self.select(None)
            return
        number = found.index(self.current) + 1 if again and self.current in found else 0
        self.select(found[number % len(found)])
        if edits:
            self.editing = self.current

    # -------------------------------------------------------------- keys
    def step(self, by: int) -> None:
        """N and P: what was judged is passed over; the candidate that was left unjudged comes first."""
        under = self.order[self.cursor] if self.cursor >= 0 else None
        if under is not None and under == self.last_brought and self.status[under] is OPEN and self.current != under:
            self.select(under, brought=True)
            return
        places = range(self.cursor + 1, len(self.order)) if by > 0 else range(self.cursor - 1, -1, -1)
        if by > 0:
            places = [*places, *range(self.cursor + 1)]  # round and round
        for place in places:
            if self.status[self.order[place]] is OPEN:
                self.cursor, self.last_brought = place, self.order[place]
                self.select(self.last_brought, brought=True)
                return

    def judge(self, status: Status) -> None:
        uid, brought = self.current, self.up
        if uid is None:
            return
        self.do({uid: status})
        (self.by_hand.discard if brought else self.by_hand.add)(uid)
        if brought:
            self.step(1)

    def edit(self) -> None:
        self.editing = self.current

    def delete(self) -> None:
        if self.current is not None and self.visible(self.current):
            self.do({self.current: None})

    def lasso(self, row: float, col: float, radius: float) -> list[str]:
        """What a circle catches: candidates of the queue whose mark or middle lies in it."""
        return [uid for uid in self.left() if math.dist(middle(self.records[uid]), (row, col)) < radius]

    def judge_caught(self, caught: list[str], status: Status | None) -> None:
        self.do(dict.fromkeys(caught, status))
        if status is not None:
            self.by_hand.update(caught)

    def set_visible(self, name: str, on: bool) -> None:
        self.shown[name] = on
        self.reorder()

    # -------------------------------------------------------------- journal
    def do(self, after: dict[str, Status | None]) -> None:
        after = {uid: status for uid, status in after.items() if self.status.get(uid) is not status}
        if after:
            self.done.append(Step({uid: self.status.get(uid) for uid in after}, after))
            self.undone.clear()
            self.apply(after)

    def apply(self, status: dict[str, Status | None]) -> None:
        members = set(self.status)
        for uid, one in status.items():
            if one is None:
                self.status.pop(uid, None)
            else:
                self.status[uid] = one
        if set(self.status) != members:
            if self.current is not None and self.current not in self.status:
                self.select(None)
            self.reorder()

    def undo(self) -> None:
        if not self.done:
            return
        step = self.done.pop()
        self.undone.append(step)
        self.apply(step.before)
        judged = step.judged()
        if len(judged) != 1:
            return
        (uid,) = judged
        if uid in self.by_hand or uid == self.editing:
            self.select(uid)
            return
        if uid in self.order:
            self.cursor, self.last_brought = self.order.index(uid), uid
        self.select(uid, brought=True)

    def redo(self) -> None:
        if not self.undone:
            return
        current, brought = self.current, self.up
        step = self.undone.pop()
        self.done.append(step)
        self.apply(step.after)
        if brought and step.judged() == [current]:
            self.step(1)


def middle(record: Annotation) -> Place:
    """Row and column (bp) of a mark, or of the middle of what is drawn."""
    return record.anchor1.center, record.anchor2.center


def touched(record: Annotation, place: Place, bp_per_px: float) -> tuple[bool, int, float] | None:
    """Whether it is only around the place, its size, pixels from its line or mark; None: not under the mouse."""
    if record.kind in (Kind.LOOP, Kind.BOUNDARY):
        width = 12.0 if record.kind is Kind.BOUNDARY else max(2.6 * len(record.anchor1) / bp_per_px, 11.0)
        away = math.dist(middle(record), place) / bp_per_px
        if away > width / 2 + 4:
            return None
        return width / 2 > 8 and away < width / 2 - 4, int(2 * math.log2(width * width + 1)), away
    outline = [((row - place[0]) / bp_per_px, (col - place[1]) / bp_per_px) for row, col in outline_of(record)]
    sides = list(zip(outline, outline[1:] + outline[:1], strict=True))
    away = min(_from_origin(*side) for side in sides)
    turns = [a[0] * b[1] - a[1] * b[0] for a, b in sides]
    if away > 4 and not (all(turn >= 0 for turn in turns) or all(turn <= 0 for turn in turns)):
        return None
    height, width = ((max(ends) - min(ends)) for ends in zip(*outline, strict=True))
    return away > 4, int(2 * math.log2(height * width + 1)), away


def outline_of(record: Annotation) -> list[Place]:
    """Corners (row, column; bp): of a TAD the triangle above the diagonal, of a stripe its box."""
    rows, cols = record.anchor1, record.anchor2
    if record.kind is Kind.TAD:
        return [(rows.start, rows.start), (rows.start, rows.end), (rows.end, rows.end)]
    return [(rows.start, cols.start), (rows.start, cols.end), (rows.end, cols.end), (rows.end, cols.start)]


def _from_origin(a: Place, b: Place) -> float:
    """Distance of the origin from a side."""
    side = (b[0] - a[0], b[1] - a[1])
    length = side[0] ** 2 + side[1] ** 2
    along = min(1.0, max(0.0, -(a[0] * side[0] + a[1] * side[1]) / length)) if length else 0.0
    return math.hypot(a[0] + along * side[0], a[1] + along * side[1])


# ---------------------------------------------------------------------------------------------- the driver
class Driver:
    """Does random things to a window and to the model, and compares."""

    def __init__(self, person: Person, model: Model, seed: int) -> None:
        self.person, self.model, self.random = person, model, random.Random(seed)
        self.log: list[str] = []
        self._actions: list[tuple[int, Callable[[], str | None]]] = [
            (6, lambda: self._key("A", lambda: model.judge(Status.ACCEPTED))),
            (6, lambda: self._key("R", lambda: model.judge(Status.REJECTED))),
            (3, lambda: self._key("E", model.edit)),
            (6, lambda: self._key("N", lambda: model.step(1))),
            (3, lambda: self._key("P", lambda: model.step(-1))),
            (3, lambda: self._undo("U")),
            (2, lambda: self._undo("Ctrl+Z")),
            (4, lambda: self._key("Ctrl+Shift+Z", model.redo)),
            (3, self._delete),
            (10, self._click_object),
            (3, self._click_again),
            (2, self._click_beside),
            (4, self._lasso),
            (3, self._toggle_set),
            (4, self._whole),
        ]

    def run(self, number: int) -> None:
        """Interact so often; AssertionError with the last interactions if the window differs from the model."""
        weights = [weight for weight, _ in self._actions]
        for _ in range(number):
            said = None
            while said is None:  # nothing to act on: another action
                said = self.random.choices(self._actions, weights)[0][1]()
            self.log.append(said)
            self._compare()

    def _compare(self) -> None:
        person, model = self.person, self.model
        person.rest(80)  # the dock counts a moment later
        project, labels = person.session.project, person.session.labels
        tail = "\n".join(self.log[-12:])
        found = {record.uid: record.status for record in project.query()}
        wrong = {uid: (found.get(uid), model.status.get(uid)) for uid in model.records
                 if found.get(uid) is not model.status.get(uid)}  # fmt: skip
        assert not wrong, f"interaction {len(self.log)}: objects are (window, model) {wrong}\n{tail}"
        chosen = labels.current_uid, labels.candidate_up, person.session.review.edit_tool.uid
        expected = model.current, model.up and model.current is not None, model.editing
        assert chosen == expected, f"interaction {len(self.log)}: selected {chosen}, not {expected}\n{tail}"
        assert pump(lambda: self._numbers() == model.counts(), 3), (
            f"interaction {len(self.log)}: the dock says {self._numbers()}, not {model.counts()}\n{tail}"
        )

    def _numbers(self) -> tuple[int, int, dict[str, int]]:
        """What the dock says: left, done, objects by set."""
        sections = self.person.dock.sections
        text = re.sub(r"<[^>]+>|,", "", sections["review"].body.header.counts.text())
        left, done = (int(re.search(rf"(\d+) {word}", text)[1]) for word in ("left", "done"))  # type: ignore[index]
        rows = sections["labels"].body._rows.values()
        return left, done, {row.name.text(): int(row.number.text().replace(",", "")) for row in rows}

    # -------------------------------------------------------------- what can be done
    def _key(self, name: str, predict: Callable[[], None]) -> str:
        self.person.key(name)
        predict()
        return name

    def _undo(self, name: str) -> str | None:
        return self._key(name, self.model.undo) if self.model.done else None  # not the runs that brought the objects

    def _in_view(self) -> list[str]:
        seen = self.person.seen
        return [uid for uid, record in self.model.records.items() if self.model.visible(uid) and seen(middle(record))]

    def _click_at(self, place: Place, words: str) -> str:
        at = self.person.at(place)
        local = self.person.native.mapFromGlobal(at)
        exact, scale = self.person.place(at), 1 / self.person.viewer.scene.camera.zoom
        self.person.click_map(place)
        self.model.click(exact, (local.x(), local.y()), scale)
        return words

    def _click_object(self) -> str | None:
        there = self._in_view()
        if not there:
            return None
        record = self.model.records[self.random.choice(there)]
        place = middle(record)
        if record.kind is Kind.TAD:  # inside, above the diagonal
            size = len(record.anchor1)
            place = record.anchor1.start + 0.3 * size, record.anchor1.end - 0.3 * size
            if not self.person.seen(place):
                return None
        return self._click_at(place, f"click {record.kind} {record.uid[:6]}")

    def _click_again(self) -> str | None:
        if self.model.last_click is None:
            return None
        x, y = self.model.last_click
        place = self.person.place(self.person.native.mapToGlobal(QPoint(int(x), int(y))))
        return self._click_at(place, "click at the same place") if self.person.seen(place) else None

    def _click_beside(self) -> str | None:
        scale = 1 / self.person.viewer.scene.camera.zoom
        for _ in range(20):
            place = self.random.uniform(2e6, 3.9e6), self.random.uniform(1e5, 1.9e6)
            if self.person.seen(place) and not self.model.under(place, scale):
                return self._click_at(place, "click beside all")
        return None

    def _delete(self) -> str | None:
        uid = self.model.current
        if uid is not None and self._is_far(self.model.records[uid]):
            return self._key("Delete", lambda: None)  # what nobody sees stays
        if len(self.model.status) < 12 or (uid is not None and not self.person.seen(middle(self.model.records[uid]))):
            return None  # whether a mark at the edge is in view is not the question here
        return self._key("Delete", self.model.delete)

    def _is_far(self, record: Any) -> bool:
        """True if a record lies outside of the view on whichever side of the diagonal, and not just so."""
        rows, cols = self.person.session.visible()
        margin = max(len(rows), len(cols)) // 20
        first, second = record.anchor1, record.anchor2
        return not any(
            one.start < rows.end + margin
            and one.end > rows.start - margin
            and other.start < cols.end + margin
            and other.end > cols.start - margin
            for one, other in ((first, second), (second, first))
        )

    def _lasso(self) -> str | None:
        there = self._in_view()
        if not there:
            return None
        row, col = middle(self.model.records[self.random.choice(there)])
        scale = 1 / self.person.viewer.scene.camera.zoom
        radius = self.random.uniform(30, 120) * scale
        turn = [(row + radius * math.sin(t), col + radius * math.cos(t)) for t in (0, 1.57, 3.14, 4.71)]
        near = [math.dist(middle(r), (row, col)) for r in self.model.records.values()]
        if not all(map(self.person.seen, turn)) or any(abs(one - radius) < 6 * scale for one in near):
            return None
        caught = self.model.lasso(row, col, radius)
        self.person.key("G")
        self.model.editing = None
        self.person.lasso(row, col, radius)
        seen = list(self.person.session.review.lasso.uids)
        assert set(seen) == set(caught), f"the lasso caught {seen}, not {caught}\n" + "\n".join(self.log[-12:])
        self.person.rest(60)
        key = self.random.choice(["A", "R", "Delete", "Escape"] if len(self.model.status) > 25 else ["A", "R"])
        self.person.key(key)
        if caught and key != "Escape":
            self.model.judge_caught(caught, {"A": Status.ACCEPTED, "R": Status.REJECTED}.get(key))
        else:
            self.person.key("Escape")
        return f"lasso round {len(caught)}, {key}"

    def _toggle_set(self) -> str:
        name = self.random.choice(list(self.model.shown))
        (row,) = (r for r in self.person.dock.sections["labels"].body._rows.values() if r.name.text() == name)
        self.person.click(row.shown)
        self.model.set_visible(name, not self.model.shown[name])
        return f"show or hide {name}"

    def _whole(self) -> str:
        self.person.click(self.person.dock.map.whole)
        self.person.rest(150)
        return "whole chromosome"


def make_map(path: Path) -> Path:
    """A chromosome with something at each end, so that all of it is the part with contacts."""
    dots = [(k * 50_000, k * 50_000, 20) for k in range(LENGTH // 50_000)]
    return write_dots(path, (RES, 20_000), LENGTH, [*dots, (0, LENGTH - RES, 3)])


def prepare(person: Person, seed: int) -> Model:
    """Put the objects into the project of a window, as two model runs would; the model of it."""
    session = person.session
    records, set_of = {}, {}
    project = session.ensure_project()
    for name, ours in objects(seed).items():
        made = project.add_set(name, Origin.PREDICTED)
        project.add(ours, set_id=made.id, action="predict")
        records.update({record.uid: record for record in ours})
        set_of.update({record.uid: name for record in ours})
    person.rest(500)
    return Model(records, set_of)


@pytest.fixture
def person(make_napari_viewer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))
    viewer = make_napari_viewer(show=True)
    viewer.window._qt_window.resize(1500, 950)
    made = Person(viewer, *open_in(viewer, make_map(tmp_path / "random.mcool")))
    yield made
    made.dock.learn.count_soon.cancel()
    assert pump(lambda: not made.session.learning.counting, 30)
    made.let_go()


def test_a_hundred_random_interactions_do_what_the_model_predicts(person: Person) -> None:
    driver = Driver(person, prepare(person, seed=1), seed=1)
    driver._whole()
    driver.run(100)
    assert len(driver.log) == 100
    assert {word.split()[0] for word in driver.log} >= {"A", "R", "N", "U", "click", "lasso", "show", "Delete"}
