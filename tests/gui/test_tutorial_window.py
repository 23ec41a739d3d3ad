"""docs/tutorial.md in a real window, step by step as it is written: keys, buttons and drags, no method of ours.

Each step first asserts that the page says what it is about to do, so that neither changes without the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import QEvent, QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QDockWidget

from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Kind, Status
from napari_hicstruct.evaluation.acceptance import Verdict
from napari_hicstruct.plugin.controllers.keyboard.key_sheet import KeySheet
from napari_hicstruct.plugin.controllers.session import session_of
from napari_hicstruct.plugin.show import wait_until_drawn
from napari_hicstruct.plugin.state.commands import COMMANDS
from tests.gui.person import Person
from tests.gui.view_kit import pump

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
MAP = "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool"
_NONE = Qt.KeyboardModifier.NoModifier
Make = Callable[..., Any]


def says(number: int, *phrases: str) -> None:
    """The page's step ``number`` says this, whatever its line breaks."""
    text = PAGE.read_text(encoding="utf-8")
    step = " ".join(re.split(r"^## \d\. ", text, flags=re.MULTILINE)[number].split())
    for phrase in phrases:
        assert phrase in step, f"step {number} of the tutorial does not say: {phrase}"


def drop(viewer: Any, path: Path) -> None:
    """Drag a file onto napari and let it fall."""
    target, mime = viewer.window._qt_viewer, QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    place = target.rect().center()
    buttons, action = Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
    QApplication.sendEvent(target, QDragEnterEvent(place, action, mime, buttons, _NONE))
    QApplication.sendEvent(target, QDropEvent(QPointF(place), action, mime, buttons, _NONE, QEvent.Type.Drop))


def opened(viewer: Any, path: Path) -> Person:
    """A person before a window onto which the map was dropped."""
    viewer.window._qt_window.resize(1500, 950)
    drop(viewer, path)
    assert pump(lambda: session_of(viewer) is not None and session_of(viewer).source is not None)
    session: Any = session_of(viewer)
    wait_until_drawn(session)
    docks = [w for w in QApplication.allWidgets() if type(w).__name__ == "HicDock" and w.session is session]
    assert len(docks) == 1
    return Person(viewer, session, docks[0])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))  # no project of another test
    return tmp_path


def test_one_full_round(make_napari_viewer: Make, data_dir: Path, home: Path) -> None:
    viewer = make_napari_viewer(show=True)
    person = opened(viewer, data_dir / "maps" / MAP)
    open_step(person)
    predict_step(person)
    review_step(person)
    fine_tune_step(person)
    what_changed_step(person)
    written = export_step(person, home / "export")
    assert_reads_back(person, written)
    kept = statuses(person)
    end(person)
    again = opened(make_napari_viewer(show=True), data_dir / "maps" / MAP)
    assert pump(lambda: again.session.project is not None)
    says(6, "everything is in the project, and opens again with the map")
    assert statuses(again) == kept
    end(again)


def end(person: Person) -> None:
    person.dock.learn.count_soon.cancel()
    assert pump(lambda: not person.session.learning.counting, 30)
    person.viewer.close()


def statuses(person: Person) -> dict[str, Status]:
    return {record.uid: record.status for record in person.session.project.query()}


def section(person: Person, key: str) -> Any:
    """The body of a section, unfolded."""
    person.unfold(person.dock.sections[key])
    return person.dock.sections[key].body


def open_step(person: Person) -> None:
    says(1, "Drag the `.mcool` onto napari", "The dock *HiC Structures* appears at the right", "in the order of work")
    dock = person.dock.parentWidget()
    assert isinstance(dock, QDockWidget)
    assert person.main.dockWidgetArea(dock) == Qt.DockWidgetArea.RightDockWidgetArea
    assert list(person.dock.sections) == [
        "map",
        "labels",
        "tracks",
        "second",
        "predict",
        "review",
        "learn",
        "why",
        "export",
    ]
    assert person.session.project is None, "looking at a map leaves nothing"


def predict_step(person: Person) -> None:
    says(2, "*Predict → View → Run model.*", "Each run is a set of its own")
    panel = section(person, "predict")
    person.click(panel.scope._buttons["view"])
    person.click(panel.run_button)
    assert pump(lambda: panel.state.running, 20)
    assert pump(lambda: not panel.state.running, 180)
    person.rest(500)
    (made,) = person.session.labels.sets()
    kinds = {record.kind for record in person.session.project.query(set_ids=[made.id])}
    assert {Kind.LOOP, Kind.TAD} <= kinds
    for name in ("Loops", "TADs"):
        assert len(person.viewer.layers[name].data) > 0, name
    says(2, "in the set's colour")
    hide_the_less_likely(person)


def hide_the_less_likely(person: Person) -> None:
    says(2, "*Labels → Show from p ≥* hides the less likely")
    slider, loops = section(person, "labels").probability, person.viewer.layers["Loops"]
    known, drawn = person.session.project.count(), len(loops.data)
    person.reach(slider)
    slider.setValue(0.5)
    assert pump(lambda: len(loops.data) < drawn, 10)
    assert person.session.project.count() == known, "none is lost"
    slider.setValue(0.0)
    assert pump(lambda: len(loops.data) == drawn, 10)


def current(person: Person) -> Any:
    return person.session.labels.current


def review_step(person: Person) -> None:
    says(3, "Under *Filter* keep loops alone", "Press `N`", "flies to the least certain candidate")
    panel = section(person, "review")
    person.unfold(panel.folds["filter"])
    person.choose(panel.filters.kind, "loops")
    loops = [r for r in person.session.project.query(kind=Kind.LOOP) if r.probability is not None]
    person.key("N")
    least = min(loops, key=lambda r: abs(r.probability - 0.5))
    assert current(person).uid == least.uid
    says(3, "`A` if it is there, `R` if it is not", "`U` to take the last judgment back")
    first = current(person).uid
    person.key("A")
    assert statuses(person)[first] is Status.ACCEPTED
    assert current(person).uid != first, "the next one came up"
    second = current(person).uid
    person.key("R")
    assert statuses(person)[second] is Status.REJECTED
    person.key("U")
    assert statuses(person)[second] is Status.PROPOSED
    assert current(person).uid == second
    for number in range(9):
        uid = current(person).uid
        person.key("RA"[number % 2])
        assert statuses(person)[uid] is (Status.REJECTED, Status.ACCEPTED)[number % 2]
    says(3, "The card says why a candidate is asked about")
    assert panel.card.why.text().strip()
    edit_one(person)
    add_what_is_missing(person)


def edit_one(person: Person) -> None:
    says(3, "`E` to move or resize it")
    uid = current(person).uid
    before = person.session.project.get(uid)
    person.rest(600)  # the flight ends
    person.key("E")
    triangle = person.session.labels.triangle_of(uid)
    assert str(triangle) == "stored"
    start = (before.anchor1.center, before.anchor2.center)
    person.drag_map(start, (start[0] - 9_000, start[1] + 9_000), (start[0] - 20_000, start[1] + 20_000))
    after = person.session.project.get(uid)
    assert after.status is Status.EDITED
    assert after.anchor1.start < before.anchor1.start
    assert after.anchor2.start > before.anchor2.start
    person.key("U", "Escape")
    assert person.session.project.get(uid) == before


def add_what_is_missing(person: Person) -> None:
    says(3, "`L` and a click puts a loop, `S` and a drag a stripe, `T` and a drag along the diagonal a TAD")
    says(3, "`M`: what is not labelled here is truly absent", "a row of buttons at the top of the dock")
    keys = {command.name: command.keys[0] for command in COMMANDS}
    tools = person.dock.tools.buttons
    for name in ("add loop", "add stripe", "add tad", "lasso_candidates", "mark_region_reviewed"):
        assert tools[name].text() == keys[name]
    person.click(person.dock.map.whole)
    person.rest(800)
    known = person.session.project.query()
    person.key("L")
    person.click_map((62_702_500, 63_302_500))
    person.key("S")
    person.drag_map((62_600_000, 62_600_000), (62_610_000, 62_700_000), (62_615_000, 62_800_000))
    person.key("T")
    person.drag_map((63_000_000, 63_000_000), (63_050_000, 63_050_000), (63_150_000, 63_150_000))
    person.key("Escape")
    made = [r for r in person.session.project.query() if r not in known]
    assert sorted(record.kind.value for record in made) == ["loop", "stripe", "tad"]
    assert {record.status for record in made} == {Status.ACCEPTED}
    person.key("U", "U", "U")
    assert statuses(person).keys() == {record.uid for record in known}
    person.key("M")
    assert len(person.session.project.reviewed("chr17")) == 1
    person.key("U")  # what was judged above is the example of the next step
    assert person.session.project.reviewed("chr17") == []
    look_at_others(person)


def look_at_others(person: Person) -> None:
    says(3, "A click on any other object selects it", "`?` lists all keys")
    here = next(
        (place, there)
        for record in person.session.project.query(kind=Kind.LOOP)
        if person.seen(place := (record.anchor1.center, record.anchor2.center))
        and (there := person.session.editing.pointer.under(place))
        and there[0] != person.session.labels.current_uid
    )
    person.click_map(here[0])
    assert current(person).uid == here[1][0]
    person.key("?")
    assert pump(lambda: bool(sheets()), 5)
    (sheet,) = sheets()
    QTest.keyClick(sheet, Qt.Key.Key_Escape)  # without a window manager it does not get the keyboard
    assert pump(lambda: not sheets(), 5)


def sheets() -> list[Any]:
    return [one for one in QApplication.allWidgets() if isinstance(one, KeySheet) and one.isVisible()]


def fine_tune_step(person: Person) -> None:
    says(4, "*Learn → Fine-tune.*", "At the end one sentence gives the verdict", "*Use it anyway* is one click")
    panel = section(person, "learn")
    person.click(panel.button)
    assert pump(lambda: panel.state.running, 30), panel.message.text()
    assert pump(panel.running.stop_button.isVisible), "Stop is there while it learns"
    assert pump(lambda: not panel.state.running, 400)
    result = panel.state.result
    assert result is not None, panel.message.text()
    assert result.verdict in set(Verdict)
    assert result.reason in re.sub("<[^>]+>", "", panel.result.verdict.text())  # its first sentence is bold
    assert panel.result.isVisible()
    says(4, "*Figures* compares before and after")
    person.unfold(panel.result.figures)
    assert panel.result.details.text()
    assert pump(lambda: not person.session.prediction.running, 180)
    if result.verdict is Verdict.TOO_FEW:
        assert not panel.state.in_use
        person.click(panel.result.anyway_button)
        assert panel.state.in_use


def what_changed_step(person: Person) -> None:
    says(5, "*What changed → Compare in view*", "appeared", "vanished", "moved")
    panel = section(person, "learn")
    person.unfold(panel.folds["changes"])
    view = panel.changes
    models = person.session.project.lineage.models()
    chosen = view.sides["before"].currentText(), view.sides["after"].currentText()
    assert chosen[0] != chosen[1]
    assert models[-1].version in chosen[1], "the model that was just made stands under After"
    person.click(view.compare_button)
    assert pump(lambda: view.changes is not None, 240), view.counts.text()
    for word in ("appeared", "vanished", "moved"):
        assert word in view.counts.text()
    says(5, "*Models of this project*", "*Roll back* is one click")
    person.unfold(panel.folds["lineage"])
    assert panel.folds["lineage"].isExpanded()
    assert pump(panel.lineage.isVisible, 5)
    if panel.state.in_use:
        person.click(panel.result.back_button)
        assert not panel.state.in_use


FORMATS = ("bedpe", "bed", "stripenn", "juicebox", "higlass", "interact", "gff3", "parquet")


def export_step(person: Person, folder: Path) -> list[Path]:
    says(6, "BEDPE, BED, Stripenn, Juicebox, HiGlass, Parquet", "*also what nobody judged*", "*Each place once*")
    says(6, "beside the map")
    panel = section(person, "export")
    for name in (*FORMATS, "once"):
        box = panel.form[name]
        if not box.value:
            person.click(box.native.findChild(type(box.native)) or box.native)
        assert box.value, name
    judged = panel.chosen()
    assert {record.status for record in judged} <= {Status.ACCEPTED, Status.EDITED}
    assert len(judged) == sum(one is Status.ACCEPTED for one in statuses(person).values())
    person.click(panel.form["proposed"].native)  # a tick adds what nobody judged
    assert Status.PROPOSED in {record.status for record in panel.chosen()}
    person.click(panel.form["proposed"].native)
    assert panel.chosen() == judged
    assert Path(panel.folder.line.text()).name.startswith("HFFc6"), "a folder of its own, named after the map"
    person.fill(panel.folder.line, str(folder))
    person.click(panel.save)
    assert pump(lambda: panel.result.isVisible())
    assert panel.result.text().startswith("Wrote "), panel.result.text()
    return list(folder.iterdir())


def assert_reads_back(person: Person, written: list[Path]) -> None:
    says(6, "with a provenance file beside them", "What was exported reads back the same")
    (loops,) = (path for path in written if path.name == "loops.bedpe")
    assert [path for path in written if path.suffix == ".json"]
    back = read_labels(loops).records
    accepted = person.session.project.query(kind=Kind.LOOP, statuses=[Status.ACCEPTED])
    assert {(r.anchor1, r.anchor2) for r in back} == {(r.anchor1, r.anchor2) for r in accepted}
