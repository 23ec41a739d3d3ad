"""Running a model from the dock: results as they come, cancel, failures, and what is not offered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.notifications import Notification, notification_manager
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_hicstruct.annotations import Annotation, Kind, Origin
from napari_hicstruct.errors import ProjectError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.plugin.panels.predict.panel import PredictPanel
from napari_hicstruct.plugin.state.models.prediction import PredictionState
from napari_hicstruct.plugin.widgets.map_menu import MapMenu
from napari_hicstruct.workflows import projects
from napari_hicstruct.workflows.models import ModelInfo
from tests.gui.edit_kit import TinySession, make_project
from tests.gui.view_kit import open_in, pump

HFFC6 = "maps/HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool"
MODEL = ModelInfo("tiny", "0.1", Path("tiny"), ("loop", "tad"), "0" * 64, shipped=False, default=False, card={})


class Script:
    """A job that yields a loop per window when it is allowed to, and can fail; the panel cannot tell it from a model.

    ``gate`` is released once per window.
    """

    def __init__(self, windows: int = 3, error: Exception | None = None) -> None:
        self.windows, self.error = windows, error
        self.busy = False
        """True: within a batch, where the token is not asked."""
        self.gate = threading.Semaphore(0)
        self.requests: list[dict[str, Any]] = []

    def predict(self, source: Any, *, token: CancelToken, **request: Any) -> Generator[Progress, None, None]:
        self.requests.append(request)
        clock, chrom = Clock(), request["regions"][0].chrom
        for window in range(self.windows):
            while not self.gate.acquire(timeout=0.05):
                if not self.busy:
                    token.check()
            token.check()
            start = request["regions"][0].start + 100_000 + 50_000 * window
            anchors = [Interval(chrom, at, at + 5_000) for at in (start, start + 200_000)]
            loop = Annotation(kind=Kind.LOOP, anchor1=anchors[0], anchor2=anchors[1], source="model", model="tiny 0.1")
            yield clock.step(f"predict {chrom}", window + 1, self.windows, payload=(loop,))
        if self.error is not None:
            raise self.error

    def backend(self) -> Any:
        reasons = {"loop": "", "stripe": "", "tad": "needs 10 kb bins; this map has none"}
        return SimpleNamespace(
            predict=self.predict, capabilities=lambda _: reasons, bins=lambda _: (0, ()), models=lambda: [MODEL]
        )


@pytest.fixture
def said() -> Iterator[list[Notification]]:
    seen: list[Notification] = []
    notification_manager.notification_ready.connect(seen.append)
    yield seen
    notification_manager.notification_ready.disconnect(seen.append)


@pytest.fixture
def tiny(tmp_path: Path, qapp: Any) -> Iterator[Any]:
    """A session without a window, where none is needed."""
    viewer = ViewerModel()
    with make_project(tmp_path) as project:
        yield TinySession(viewer, project)


@pytest.fixture
def session(make_napari_viewer: Callable[..., Any], data_dir: Path) -> Any:
    opened, _ = open_in(make_napari_viewer(show=True), data_dir / HFFC6)
    return opened


def predicted(session: Any) -> dict[str, int]:
    """Name → number of records of each predicted set."""
    sets = [] if session.project is None else session.project.sets()
    sets = [one for one in sets if one.origin is Origin.PREDICTED]
    return {one.name: session.project.count(set_ids=[one.id]) for one in sets}


def make_panel(session: Any, script: Script, qtbot: Any) -> PredictPanel:
    state = PredictionState(session, session.runner, backend=script.backend())
    panel = PredictPanel(state)
    qtbot.addWidget(panel)
    panel.show()
    return panel


def test_results_come_window_by_window_into_a_set_of_their_own(session: Any, qtbot: Any) -> None:
    script = Script()
    panel = make_panel(session, script, qtbot)
    before = dict(predicted(session))
    session.go_to(Interval("chr17", 62_600_000, 63_200_000))
    panel.run_button.click()
    for window in (1, 2):
        script.gate.release()
        assert pump(lambda n=window: sum(predicted(session).values()) == sum(before.values()) + n, 5)
        assert panel.bar.isVisible()
        assert "left" in panel.bar.format()
        assert not panel.run_button.isEnabled()
    script.gate.release()
    assert pump(lambda: "Found 3" in panel.result.text(), 5)
    assert panel.run_button.isEnabled()
    assert not panel.bar.isVisible()
    request = script.requests[0]
    assert request["tasks"] == ("loop",), "what the model or the map cannot do is not asked for"
    assert request["regions"][0].start <= 62_600_000
    assert request["regions"][0].end >= 63_200_000
    panel.run_button.click()
    for _ in range(3):
        script.gate.release()
    assert pump(lambda: len(predicted(session)) == len(before) + 2, 5), "a second run gets its own set"
    assert pump(lambda: panel.run_button.isEnabled(), 5)


def test_cancel_answers_at_once_and_keeps_what_was_found(tiny: Any, qtbot: Any, said: list[Any]) -> None:
    script = Script(windows=1_000)
    panel = make_panel(tiny, script, qtbot)
    before = sum(predicted(tiny).values())
    panel.scope.button("chromosome").click()
    panel.run_button.click()
    script.gate.release()
    assert pump(lambda: sum(predicted(tiny).values()) == before + 1, 5)
    script.busy = True  # a panel that waited for the job would wait for ever
    panel.cancel_button.click()
    assert panel.run_button.isEnabled()
    assert "Kept so far: 1 loop." in panel.result.text()
    script.gate.release(20)
    pump(lambda: False, 0.3)
    assert sum(predicted(tiny).values()) == before + 1, "nothing arrives after cancelling"
    assert not said, "being cancelled is no error"


def test_limits_are_folded_and_wrong_ones_are_refused_in_place(tiny: Any, qtbot: Any) -> None:
    script = Script(windows=1)
    panel = make_panel(tiny, script, qtbot)
    assert not panel.limits.isVisible()
    panel.limits_fold.unfold()
    assert panel.limits.isVisible()
    qtbot.keyClicks(panel.limits.edit("loop_distance"), "50k")
    assert "Loop distance: '50k' is not a least and a most" in panel.problem.text()
    assert panel.problem.isVisible()
    assert not panel.run_button.isEnabled()
    qtbot.keyClicks(panel.limits.edit("loop_distance"), "-1M")
    assert not panel.problem.isVisible()
    panel.mode.button("accurate").click()
    assert "three times as long" in panel.how_long.text()
    panel.run_button.click()
    assert pump(lambda: bool(script.requests), 5), "the run begins in a thread of its own"
    (request,) = script.requests
    assert (request["mode"], request["limits"].loop_distance) == ("accurate", (50_000, 1_000_000))
    panel.limits.none.click()
    assert panel.limits.edit("loop_distance").text() == ""
    script.gate.release()
    assert pump(lambda: not panel.state.running, 5)


@pytest.mark.parametrize("error", [RuntimeError("mat1 and mat2 shapes cannot be multiplied"), StopIteration("odd")])
def test_a_failure_is_one_notification(tiny: Any, qtbot: Any, said: list[Any], error: Exception) -> None:
    script = Script(windows=1, error=error)
    panel = make_panel(tiny, script, qtbot)
    panel.run_button.click()
    script.gate.release()
    assert pump(lambda: bool(said), 5)
    pump(lambda: False, 0.2)
    assert len(said) == 1
    assert "Traceback" not in said[0].message
    assert str(error) in panel.result.text() or "RuntimeError" in panel.result.text()
    assert panel.run_button.isEnabled()


def test_what_cannot_be_done_says_why(tiny: Any, qtbot: Any) -> None:
    panel = make_panel(tiny, Script(), qtbot)
    assert not panel.tasks["tad"].isEnabled()
    assert "needs 10 kb bins" in panel.tasks["tad"].toolTip()
    assert "This model does not find stripes." in panel.tasks["stripe"].toolTip()
    panel.tasks["loop"].setChecked(False)
    assert not panel.run_button.isEnabled()
    assert "Choose at least one" in panel.run_button.toolTip()


def test_the_shipped_model_finds_loops_where_contacts_are(
    make_napari_viewer: Callable[..., Any], data_dir: Path, said: list[Any]
) -> None:
    opened, dock = open_in(make_napari_viewer(show=True), data_dir / HFFC6)
    assert dock.predict.run_button.isEnabled(), dock.predict.run_button.toolTip()
    opened.prediction.run_view()
    assert pump(lambda: dock.predict.run_button.isEnabled(), 240)
    assert not said
    (made,) = (one.id for one in opened.project.sets())
    loops = opened.project.query(kind=Kind.LOOP, set_ids=[made])
    assert len(loops) >= 5
    ratios = []
    for loop in loops:
        block = opened.source.fetch(loop.anchor1, loop.anchor2, resolution=5_000, norm="weight")
        around = opened.source.fetch(
            loop.anchor1.expand(50_000), loop.anchor2.expand(50_000), resolution=5_000, norm="weight"
        )
        ratios.append(np.nanmean(block) / np.nanmedian(around))
    assert np.nanmedian(ratios) > 1.3, "the dots are under the circles"


def test_how_a_set_was_predicted_stands_in_its_tooltip_also_in_the_next_window(
    make_napari_viewer: Callable[..., Any],
    data_dir: Path,
    tmp_path: Path,
    qtbot: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))  # no project of another test
    session, dock = open_in(make_napari_viewer(show=True), data_dir / HFFC6)
    script = Script(windows=1)
    panel = make_panel(session, script, qtbot)
    panel.state.options.choose_mode("accurate")
    panel.state.options.limit("loop_separation", "40k")
    panel.run_button.click()
    script.gate.release()
    assert pump(lambda: "Found 1" in panel.result.text(), 5)
    labels, how = dock.sections["labels"].body, "accurate; loop separation 40 kb"

    def tips() -> list[str]:
        return [row.source.toolTip() for row in labels._rows.values()]

    assert pump(lambda: [how in tip for tip in tips()] == [True], 5)
    assert "loops in chr17:62," in tips()[0]
    copy = tmp_path / "copy.hicproj"
    session.project.save_as(copy)
    session.open_project(copy)
    assert session.project.path == copy
    assert pump(lambda: [how in tip for tip in tips()] == [True], 5)
    review = dock.sections["review"].body
    review.folds["statistics"].unfold()
    assert pump(lambda: review.statistics.model.rowCount() == 1, 5)
    model = review.statistics.model
    tip = model.data(model.index(0, 0), Qt.ItemDataRole.ToolTipRole)
    assert tip.splitlines()[-1].endswith(f": {how}")
    assert pump(lambda: not session.learning.counting, 30)


def test_no_other_project_is_opened_while_a_model_runs(session: Any, tmp_path: Path, said: list[Notification]) -> None:
    """The first results make the map's project: one that was opened before them would have got them."""
    other = tmp_path / "other.hicproj"
    with projects.open_or_create(other, session.source, reviewer="tester"):
        pass
    script, state = Script(windows=2), session.prediction
    state.predict = script.predict
    assert session.project is None
    state.run_view()
    with pytest.raises(ProjectError, match="The run of the model has not ended yet"):
        session.open_project(other)
    menu = next(w for w in QApplication.allWidgets() if isinstance(w, MapMenu) and w._window is session)
    menu._try(lambda: session.open_project(other))
    assert [one.message for one in said] == ["The run of the model has not ended yet. Wait for it, or cancel it."]
    script.gate.release(2)
    assert pump(lambda: not state.running, 10)
    assert session.project.path != other
    assert sum(predicted(session).values()) == 2
    session.open_project(other)
    assert session.project.path == other
    assert predicted(session) == {}


def test_the_bins_of_a_run_are_chosen_among_those_of_the_map(make_napari_viewer: Any, data_dir: Path) -> None:
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, data_dir / "maps" / "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool")
    bins, state = dock.predict.bins, session.prediction
    assert [bins.itemText(k) for k in range(bins.count())] == ["automatic (10 kb)", "5 kb", "10 kb"]
    bins.setCurrentIndex(1)
    bins.activated.emit(1)
    assert state.request()["resolution"] == 5_000
    session.open_map(data_dir / "maps" / "mouse_ES_chr18_50-70Mb_25kb.cool")
    assert [bins.itemText(k) for k in range(bins.count())] == ["automatic (25 kb)", "25 kb"]
    assert state.request()["resolution"] == 0, "a choice among the levels of another map"
    assert dock.predict.run_button.isEnabled()
