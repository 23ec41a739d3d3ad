"""*Repair labels* in a real window: real small repairs in 2-D and 3-D, and what can go wrong meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psygnal
import pytest
from qtpy.compat import isalive
from qtpy.QtCore import QEvent, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QLineEdit, QPushButton, QToolButton

from napari_hicstruct.plugin._commands import repair_labels
from napari_hicstruct.plugin._docks import open_dock, open_repair
from napari_hicstruct.plugin.controllers.session import session_of
from tests.gui.image_kit import dock_of, scrolls_sideways
from tests.gui.view_kit import open_in, pump

Make = Callable[..., Any]
QUICK_SHAPE = {"latent": 8, "features": 16, "epochs": 12, "train_size": 32, "size": 32, "points": 256}
QUICK_JOINT = {"latent": 8, "features": 16, "steps": 60, "positives": 64, "band_points": 32, "negatives": 128}
LONG = {"epochs": 100_000}
MAP = "GM12878_MboI_chr21_10kb_hg19.cool"
OTHER = "mouse_ES_chr18_50-70Mb_25kb.cool"
FILES = [
    "GM12878_chr21.HiCCUPS.hg19.bedpe",
    "GM12878_chr21.peakachu.10kb.hg19.bedpe",
    "GM12878_chr21.RAD21_ChIA-PET.hg19.bedpe",
]


@pytest.fixture(autouse=True)
def raised(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[BaseException]]:
    """What slots raised: psygnal's errors, and those that Qt would only print."""
    errors: list[BaseException] = []
    whole = psygnal.SignalInstance._run_emit_loop

    def emit(self: Any, args: Any) -> None:
        try:
            whole(self, args)
        except BaseException as error:
            errors.append(error)
            raise

    monkeypatch.setattr(psygnal.SignalInstance, "_run_emit_loop", emit)
    yield errors
    assert not errors


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))


def balls(dimensions: int) -> np.ndarray:
    """A ball in a shell, the ball with a hole and an island."""
    size = 28
    grid = np.stack(np.meshgrid(*[np.arange(size)] * dimensions, indexing="ij"))
    radius = np.sqrt(((grid - size / 2) ** 2).sum(axis=0))
    labels = np.zeros((size,) * dimensions, np.uint16)
    labels[radius < 11] = 1
    labels[radius < 6] = 4
    labels[(size // 2,) * dimensions] = 0
    labels[(1,) * dimensions] = 4
    return labels


def quick(panel: Any, **shape: int) -> None:
    """Few steps of small functions."""
    panel.state.edit(lambda settings: settings.change("shape", QUICK_SHAPE | shape))
    panel.state.edit(lambda settings: settings.change("joint", QUICK_JOINT))


def panel_of(viewer: Any) -> Any:
    dock = open_repair(viewer)
    assert pump(lambda: dock.isVisible())
    settled(dock.panel)
    return dock.panel


def settled(panel: Any) -> None:
    turns = iter(range(30))
    assert pump(lambda: next(turns, None) is None and not panel.state.counting)


def finish(panel: Any) -> None:
    assert pump(lambda: not panel.state.running, 120), panel.running.bar.text()
    settled(panel)


def close(dock: Any) -> None:
    """As × in its title bar."""
    dock.parentWidget().destroyOnClose()
    for _ in range(3):
        QApplication.sendPostedEvents(None, int(QEvent.Type.DeferredDelete))
        QApplication.processEvents()


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_real_repair_gives_new_layers_where_the_labels_are(make_napari_viewer: Make, dimensions: int) -> None:
    viewer, labels = make_napari_viewer(show=True), balls(dimensions)
    affine = np.eye(dimensions + 1)
    affine[0, -1] = 7
    scale, translate = (3.0, 1.0, 1.0)[-dimensions:], (5.0, 6.0, 7.0)[-dimensions:]
    layer = viewer.add_labels(labels.copy(), name="heart", scale=scale, translate=translate, affine=affine)
    panel = panel_of(viewer)
    quick(panel)
    assert panel.layers.layers == [layer]
    assert [row.value for row in panel.state.settings.rows] == [4, 1], "the smallest first"
    assert panel.votes is None, "no map is open"
    panel.button.click()
    assert panel.running.isVisible()
    assert not panel.button.isEnabled()
    assert pump(lambda: panel.curve.isVisible() and panel.curve.losses, 60)
    finish(panel)
    assert panel.message.text().startswith("Repaired: "), panel.message.text()
    names = [one.name for one in viewer.layers]
    assert names == ["heart", "heart · repaired", "heart · changed"]
    before, after, changed = viewer.layers
    assert np.array_equal(before.data, labels), "the input was written to"
    for one in (after, changed):
        assert one.data.shape == labels.shape
        assert np.allclose(one.scale, scale)
        assert np.allclose(one.translate, translate)
        assert np.allclose(one.affine.affine_matrix, affine)
    assert after.data.dtype == labels.dtype
    assert set(np.unique(after.data)) <= {0, 1, 4}
    assert np.array_equal(changed.data > 0, labels != after.data)
    assert after.data[(1,) * dimensions] == 0, "the island is still there"
    shown = {}
    for key in ("before", "changes", "after"):
        panel.result.switch.button(key).click()
        shown[key] = [one.visible for one in (before, after, changed)]
        assert panel.result.legend.isVisible() is (key == "changes"), "colours of changes are not those of labels"
    assert shown == {"before": [True, False, False], "changes": [False, True, True], "after": [False, True, False]}
    assert panel.result.figures.text().count("<tr>") >= 3
    assert not scrolls_sideways(panel), "a line of the result makes the whole panel too wide"
    assert not panel.running.isVisible()
    assert panel.button.isEnabled()
    assert changed not in panel.layers.layers
    assert panel.layers.count() == 2, "a map of changes is no labelling"
    row = panel.layers.visualItemRect(panel.layers.item(0)).height()
    assert row > 1.3 * panel.layers.fontMetrics().ascent() + 4, "ticks of neighbours touch"
    assert panel.layers.viewport().height() >= 2 * row, "a row is cut off"


def test_two_layers_are_two_samples_of_one_function(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    first, second = (viewer.add_labels(np.roll(balls(2), k, 0), name=f"slice {k}") for k in (0, 2))
    panel = panel_of(viewer)
    quick(panel)
    for layer in (first, second):
        panel.layers.tick(layer)
    settled(panel)
    assert len(panel.state.images) == 2
    panel.button.click()
    finish(panel)
    names = {one.name for one in viewer.layers}
    assert {"slice 0 · repaired", "slice 2 · repaired"} <= names
    assert len(panel.state.outcome.images) == 2


def test_stop_keeps_the_best_and_cancel_nothing(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    viewer.add_labels(balls(2), name="cells")
    panel = panel_of(viewer)
    quick(panel, **LONG)
    panel.button.click()
    assert pump(lambda: panel.state.losses, 60)
    panel.running.cancel_button.click()
    settled(panel)
    assert panel.message.text() == "Cancelled: nothing was kept."
    assert len(viewer.layers) == 1
    panel.button.click()
    assert pump(lambda: any(panel.state.dices.values()), 60)
    panel.running.stop_button.click()
    settled(panel)
    assert panel.running.stop_button.text() == "Stopping …"
    finish(panel)
    assert "cells · repaired" in viewer.layers
    assert "stopped" in panel.message.text()


def test_layer_and_dock_may_go_while_it_runs(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    layer = viewer.add_labels(balls(2), name="cells", scale=(2, 2))
    panel = panel_of(viewer)
    quick(panel)
    state = panel.state
    panel.button.click()
    assert pump(lambda: state.losses, 60)
    viewer.layers.remove(layer)
    settled(panel)
    close(panel.window() if panel.window() is not viewer.window._qt_window else open_repair(viewer))
    assert not isalive(panel)
    assert pump(lambda: not state.running, 120)
    assert pump(lambda: "cells · repaired" in viewer.layers)
    assert np.allclose(viewer.layers["cells · repaired"].scale, (2, 2))
    again = panel_of(viewer)
    assert again.message.text().startswith("Repaired")
    again.result.switch.button("before").click()
    assert not viewer.layers["cells · repaired"].visible
    viewer.layers.clear()
    again.result.switch.button("after").click()
    settled(again)
    assert again.no_layers.isVisible()
    assert not again.button.isEnabled()


def test_the_window_may_close_while_it_runs(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    viewer.add_labels(balls(2), name="cells")
    panel = panel_of(viewer)
    quick(panel, **LONG)
    state = panel.state
    panel.button.click()
    assert pump(lambda: state.losses, 60)
    session_of(viewer).close()
    assert not state.running
    viewer.close()


def test_what_cannot_be_repaired_is_said_in_one_sentence(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    panel = panel_of(viewer)
    assert panel.no_layers.isVisible()
    assert not panel.button.isEnabled()
    empty = viewer.add_labels(np.zeros((8, 8), np.uint8), name="empty")
    settled(panel)
    assert "nothing but background" in panel.button.toolTip()
    film = viewer.add_labels(np.ones((2, 3, 4, 5), np.uint8), name="film")
    settled(panel)
    panel.layers.tick(empty, False)
    panel.layers.tick(film)
    settled(panel)
    assert panel.message.text() == "“film” has 4 axes: only 2-D and 3-D labels can be repaired."
    empty.data[2:5, 2:5] = 3
    empty.events.data()
    panel.layers.tick(film, False)
    panel.layers.tick(empty)
    assert pump(lambda: [row.value for row in panel.state.settings.rows] == [3])
    assert panel.button.isEnabled()


def test_one_voxel_and_a_class_at_the_border_are_repaired(make_napari_viewer: Make) -> None:
    viewer, labels = make_napari_viewer(show=True), np.zeros((20, 20), np.uint8)
    labels[10, 10], labels[:4] = 2, 1
    viewer.add_labels(labels, name="odd")
    panel = panel_of(viewer)
    quick(panel)
    panel.button.click()
    finish(panel)
    assert set(np.unique(viewer.layers["odd · repaired"].data)) == {0, 1, 2}
    assert "single voxel" in panel.message.text()


def test_rules_and_classes_by_hand(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    viewer.add_labels(balls(2), name="cells")
    panel = panel_of(viewer)
    adder = panel.rules.adder
    panel.folds["rules"].unfold()
    adder.of.setCurrentText("class 4")
    adder.kind.setCurrentText("touches")
    assert not adder.add.isEnabled()
    adder.choose("class 1")
    adder.add.click()
    adder.kind.setCurrentText("largest kept")
    adder.add.click()
    settings = panel.state.settings
    assert [rule.text for rule in settings.rules] == ["class 4 touches class 1", "class 4: the largest part kept"]
    item = panel.classes.topLevelItem(0)
    panel.classes.itemDoubleClicked.emit(item, 0)
    editor = panel.classes.findChild(QLineEdit)
    editor.setText("ball")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    settled(panel)
    assert settings.rules[0].text == "ball touches class 1"
    assert settings.names == ["ball", "class 1"]
    down = [b for b in panel.classes.findChildren(QToolButton) if b.text() == "↓" and b.isEnabled()]
    down[0].click()
    assert settings.names == ["class 1", "ball"]
    panel.classes.topLevelItem(0).setText(0, "ball")
    settled(panel)
    assert "both be called" in panel.message.text()
    assert panel.classes.topLevelItem(0).text(0) == "class 1"
    panel.preset.setCurrentText("cardiac")
    panel.preset.textActivated.emit("cardiac")
    assert settings.names == ["Myocardium", "RA"]
    grey = [one for one in panel.rules.findChildren(type(panel.rules.none)) if "not there" in one.text()]
    assert grey, "rules of the preset that do not apply are not shown as such"
    panel.shape.form.epochs.value = 9
    assert settings.config().shape.epochs == 9


def test_it_is_found_in_the_menus(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    repair_labels()
    docks = viewer.window.dock_widgets
    assert any("Repair labels" in name for name in docks)
    assert open_repair(viewer) is next(docks[name] for name in docks if "Repair labels" in name)
    dock = open_dock(viewer)
    assert pump(lambda: dock.menu is not None)
    assert "Repair labels …" in [action.text() for action in dock.menu.actions()]


@pytest.mark.real
def test_votes_on_a_map_become_proposals(make_napari_viewer: Make, data_dir: Path) -> None:
    viewer = make_napari_viewer(show=True)
    session, _dock = open_in(viewer, data_dir / "maps" / MAP)
    panel = panel_of(viewer)
    votes = panel.votes
    assert votes is not None
    assert not votes.button.isEnabled()
    session.consensus.add_files([data_dir / "labels" / name for name in FILES])
    assert pump(lambda: not session.consensus.running and len(session.consensus.files) == len(FILES))
    from napari_hicstruct.genome import Interval

    session.go_to(Interval(session.chrom, 34_000_000, 35_500_000))
    assert pump(lambda: votes.button.isEnabled()), votes.summary.text()
    votes.state._backend = QuickVotes()
    votes.button.click()
    assert pump(lambda: votes.state.outcome is not None, 120), votes.message.text()
    settled(panel)
    made = next(one for one in session.project.sets() if one.name == "repaired votes")
    records = session.project.query(set_ids=[made.id])
    assert records
    assert all(0 < one.score <= 1 for one in records)
    assert {one.uid for one in records} <= set(session.review.queue.uids)
    assert "Loops: " in votes.text.text()
    pixels = viewer.layers["votes · repaired"]
    assert panel.layers.count() == 0, "pixels of votes are no labels to be repaired"
    assert np.allclose(pixels.scale, (10_000, 10_000))
    near = next(one for one in records if one.kind == "loop")
    start = pixels.translate[0] - 5_000
    row, col = (int((side.center - start) // 10_000) for side in (near.anchor1, near.anchor2))
    assert pixels.data[row, col] == 3
    assert "TADs" in votes.legend.text(), "after: the colours are those of kinds"
    button = next(one for one in votes.findChildren(QPushButton) if one.text() == "Before")
    assert button.isVisible()
    button.click()
    assert viewer.layers["votes"].visible
    assert not pixels.visible
    votes.switch.button("changes").click()
    assert "removed" in votes.legend.text()
    session.review.undo()
    assert pump(lambda: not votes_layers(viewer)), "proposals that were taken back leave no pixels over the map"
    assert not votes.switch.isVisible()
    assert "taken back" in votes.message.text()
    for leave in ("dock", "map"):
        panel = panel_of(viewer)
        repair_votes_once(viewer, panel)
        if leave == "dock":
            close(dock_of(panel))
        else:
            open_in(viewer, data_dir / "maps" / OTHER)
        assert pump(lambda: not votes_layers(viewer)), "pixels of one map lie over another, or without their switch"


def repair_votes_once(viewer: Any, panel: Any) -> None:
    votes = panel.votes
    votes.state._backend = QuickVotes()
    assert pump(votes.button.isEnabled), votes.summary.text()
    votes.button.click()
    assert pump(lambda: bool(votes_layers(viewer)), 120), votes.message.text()


def votes_layers(viewer: Any) -> list[str]:
    return [one.name for one in viewer.layers if one.name.startswith("votes")]


class QuickVotes:
    """The real workflow with small functions."""

    def run(self, request: Any, *, token: Any, stop: Any) -> Any:
        from dataclasses import replace

        from napari_hicstruct.config.base import with_changes
        from napari_hicstruct.config.repair import repair_config
        from napari_hicstruct.jobs.process import in_process
        from napari_hicstruct.workflows.repair.hic import iter_hic_repair

        config = with_changes(
            repair_config("hic"), shape={"latent": 16, "epochs": 40, "train_size": 128, "size": 128, "points": 512}
        )
        quick_request = replace(request, config=config, until="fusion")
        return in_process(iter_hic_repair, quick_request, token=token, stop=stop, threads=1)
