"""*Segment images* in a real window: small real trainings, segmenting, corrections by brush, and what can go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psygnal
import pytest
from qtpy.compat import isalive
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLineEdit

from napari_hicstruct.plugin._commands import segment_images
from napari_hicstruct.plugin._docks import open_segment
from napari_hicstruct.plugin.controllers.session import session_of
from napari_hicstruct.plugin.layers.pictures import picture_of
from napari_hicstruct.plugin.layers.segmented import SegmentedLayers
from napari_hicstruct.plugin.state.images.segmentation_images import SegmentedPicture
from napari_hicstruct.workflows.segment.models import list_picture_models, picture_models_dir
from tests.gui.image_kit import activate, close, disc_labels, dock_of, resize, scene, scrolls_sideways, settled
from tests.gui.theme_kit import unreadable, unseen_focus
from tests.gui.view_kit import pump

Make = Callable[..., Any]
QUICK = {"steps": 8, "crop": 32, "batch": 1, "validate_every": 4, "block": 16}
LONG = {"steps": 100_000}


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


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that was trained on :func:`scene` for a few steps."""
    from napari_hicstruct.jobs import CancelToken, drain
    from napari_hicstruct.workflows.segment.train import (
        ImageSample,
        TrainSegmentationRequest,
        iter_train_segmentation,
    )

    config = segmentation_with(QUICK)
    out = tmp_path_factory.mktemp("models") / "discs"
    sample = ImageSample("discs", scene(), disc_labels())
    drain(iter_train_segmentation(TrainSegmentationRequest((sample,), out, config, threads=1), CancelToken()))
    return out


def segmentation_with(values: dict[str, Any]) -> Any:
    from napari_hicstruct.config.segmentation import SegmentationConfig, segmentation_config

    return SegmentationConfig.model_validate(segmentation_config("generic").model_dump(mode="json") | values)


def quick(panel: Any, **more: Any) -> None:
    assert panel.state.edit(lambda settings: settings.change("run", QUICK | more)), panel.state.said


def panel_of(viewer: Any) -> Any:
    dock = open_segment(viewer)
    assert pump(lambda: dock.isVisible())
    settled(dock.panel.state)
    return dock.panel


def with_discs(viewer: Any, **place: Any) -> tuple[Any, Any]:
    picture = viewer.add_image(scene(), name="cells", **place)
    return picture, viewer.add_labels(disc_labels(), name="truth", **place)


def finish(panel: Any) -> None:
    assert pump(lambda: not panel.state.running, 60), panel.state.said
    settled(panel.state)


def test_train_on_labels_with_a_curve_for_each_task(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    picture, labels = with_discs(viewer)
    before = picture.data.copy(), labels.data.copy()
    panel = panel_of(viewer)
    train, state = panel.train, panel.state
    quick(panel)
    assert (panel.picture.layer, train.labels.layer) == (picture, labels)
    assert [(row.name, row.value) for row in state.settings.rows] == [("class 1", 1), ("class 2", 2)]
    train.selector.setCurrentIndex(train.selector.findData("E2_LREFree"))
    train.name.setText("my discs")
    train.button.click()
    assert train.running.row.isVisible()
    assert train.running.row.stop_button.isVisible()
    assert not train.button.isEnabled()
    assert not panel.apply.button.isEnabled()
    assert panel.apply.button.toolTip() == "A model is being trained."
    assert pump(lambda: train.running.curve.isVisible(), 60), state.said
    assert set(train.running.curve.losses) == {"mask", "sdf", "boundary"}
    assert "distance" in train.running.curve.legend.text()
    finish(panel)
    assert train.running.message.text().startswith("Trained: my-discs (Dice "), train.running.message.text()
    (model,) = list_picture_models()
    assert (model.label, model.classes, model.selector) == ("my-discs", ("class 1", "class 2"), "low_rank_free")
    assert panel.apply.model.currentText() == "my-discs"
    assert set(state.validation) == {"mask", "sdf", "boundary"}, "nothing is shown of what is held out"
    assert np.array_equal(picture.data, before[0])
    assert np.array_equal(labels.data, before[1])


def test_cancel_keeps_nothing(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    with_discs(viewer)
    panel = panel_of(viewer)
    quick(panel, **LONG)
    train, state = panel.train, panel.state
    train.button.click()
    assert pump(lambda: state.losses, 60), state.said
    train.running.row.cancel_button.click()
    settled(state)
    assert train.running.message.text() == "Cancelled: nothing was kept."
    assert list_picture_models() == []


def test_stop_keeps_the_best(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    with_discs(viewer)
    panel = panel_of(viewer)
    quick(panel, **LONG)
    train, state = panel.train, panel.state
    train.button.click()
    assert pump(lambda: state.validation, 60), state.said
    train.running.row.stop_button.click()
    settled()
    assert train.running.row.stop_button.text() == "Stopping …" or not state.running
    finish(panel)
    assert train.running.message.text().startswith("Stopped at step "), train.running.message.text()
    assert len(list_picture_models()) == 1
    assert train.running.curve.isVisible()
    panel.apply.button.click()
    assert state.running
    assert train.running.curve.isVisible(), "a curve that goes leaves a hole, and the dock jumps"
    finish(panel)


def test_segment_paint_learn_and_go_back(make_napari_viewer: Make, trained: Path) -> None:
    viewer = make_napari_viewer(show=True)
    picture, _ = with_discs(viewer, scale=(2, 3), translate=(5, 6), units=("µm", "µm"))
    panel = panel_of(viewer)
    state, view = panel.state, panel.correct
    state.open_model(trained)
    view.settings.form.steps.value = 4
    panel.apply.extras.setChecked(True)
    assert panel.apply.button.isEnabled(), panel.apply.button.toolTip()
    panel.apply.button.click()
    finish(panel)
    layer = viewer.layers["cells · segmented"]
    assert panel.apply.running.message.text().startswith("Segmented by discs"), panel.apply.running.message.text()
    assert layer.data.shape == picture.data.shape
    for one in (layer, viewer.layers["cells · distance"], viewer.layers["cells · p(class 1)"]):
        assert np.allclose(one.scale, (2, 3))
        assert np.allclose(one.translate, (5, 6))
        assert [str(unit) for unit in one.units] == ["micrometer", "micrometer"]
    assert not viewer.layers["cells · boundary"].visible
    assert panel.picture.count() == 1, "a probability is no picture to be segmented"
    assert view.layer.layer is layer
    assert "Nothing is painted" in view.running.message.text()
    assert not view.button.isEnabled()
    view.paint_button.click()
    assert layer.mode == "paint"
    assert viewer.layers.selection.active is layer
    truth = disc_labels()
    wrong = np.argwhere(layer.data != truth)
    for value in (0, 1, 2):
        for row, col in wrong[truth[tuple(wrong.T)] == value]:
            layer.data_setitem((np.array([row]), np.array([col])), value)
    assert pump(lambda: state.painted is not None and state.painted.pixels == len(wrong), 20)
    assert view.painted.text().startswith(f"{len(wrong):,} pixel")
    view.whole.setChecked(True)
    assert view.button.isEnabled(), view.button.toolTip()
    view.button.click()
    finish(panel)
    result = state.corrected
    assert result is not None, state.said
    assert view.result.isVisible()
    word = view.verdict.text().split(">")[1].split(".<")[0].lower()
    assert word in ("better", "no different", "too few to say", "worse")
    assert result.verdict == word
    assert view.back_button.isEnabled() is result.taken
    if result.taken:
        assert "before" in view.figures.text()
        assert panel.apply.model.currentText() == result.model.name
        view.back_button.click()
        assert panel.apply.model.currentText() == "discs"
        assert view.use_button.isEnabled()
        view.use_button.click()
        assert panel.apply.model.currentText() == result.model.name
    else:
        assert panel.apply.model.currentText() == "discs"
        assert view.back_button.toolTip()
    panel.apply.button.click()
    finish(panel)
    assert [one.name for one in viewer.layers].count("cells · segmented") == 1, "names tell layers apart"
    assert "cells · segmented [1]" in viewer.layers
    assert view.layer.layer is viewer.layers["cells · segmented [1]"], "the newest is corrected next"


class Verdicts:
    """The real state with a correction of a verdict that is known beforehand."""

    def __init__(self, verdict: str, store: Path, seconds: float = 0) -> None:
        self.verdict, self.store, self.seconds = verdict, store, seconds

    def correct(self, request: Any, *, token: Any, stop: Any) -> Any:
        import shutil

        from napari_hicstruct.jobs import Clock

        yield Clock().step("learn", 0, 1, payload={"loss": 1.0, "tasks": {"mask": 0.5}})
        token.wait(self.seconds)
        taken = self.verdict in ("better", "no different")
        model = shutil.copytree(request.model, self.store / "discs-corrected") if taken else request.model
        figures = {"dice": 0.7, "accuracy": 0.8, "replay_dice": float("nan")}
        return SimpleNamespace(
            taken=taken, verdict=self.verdict, reason="That is the reason.", details="12 tiles, 4 of them judged.",
            before=figures, after={name: value + 0.05 for name, value in figures.items()}, model=Path(model),
            parent=request.model, seconds=2.0, notes=(),
        )  # fmt: skip


@pytest.mark.parametrize("verdict", ["better", "no different", "too few to say", "worse"])
def test_each_verdict_is_one_of_four_words_with_its_figures(
    make_napari_viewer: Make, trained: Path, verdict: str
) -> None:
    viewer = make_napari_viewer(show=True)
    picture, _ = with_discs(viewer)
    panel = panel_of(viewer)
    panel.state.open_model(trained)
    panel.state._backend = Verdicts(verdict, picture_models_dir())
    picture_models_dir().mkdir(parents=True, exist_ok=True)
    SegmentedLayers(viewer).put(SegmentedPicture(picture_of(picture), trained, disc_labels(), {}))
    settled(panel.state)
    layer = viewer.layers["cells · segmented"]
    layer.data_setitem((np.array([0]), np.array([0])), 1)
    view = panel.correct
    assert pump(lambda: view.button.isEnabled(), 20)
    view.button.click()
    finish(panel)
    taken = verdict in ("better", "no different")
    text = view.verdict.text()
    assert f">{verdict.capitalize()}." in text
    assert "That is the reason." in text
    assert ("<b>discs-corrected</b> is in use." if taken else "<b>discs</b> stays in use.") in text
    assert "0.700" in view.figures.text()
    assert "0.750" in view.figures.text()
    assert "nan" not in view.figures.text()
    assert not view.use_button.isEnabled()
    assert view.back_button.isEnabled() is taken
    assert view.use_button.toolTip()
    if taken:
        view.back_button.click()
        assert "<b>discs</b> is in use again." in view.verdict.text()
        assert view.use_button.isEnabled()


def test_what_is_painted_while_it_learns_is_counted_afterwards(make_napari_viewer: Make, trained: Path) -> None:
    viewer = make_napari_viewer(show=True)
    picture, _ = with_discs(viewer)
    panel = panel_of(viewer)
    panel.state.open_model(trained)
    panel.state._backend = Verdicts("worse", picture_models_dir(), seconds=2)
    SegmentedLayers(viewer).put(SegmentedPicture(picture_of(picture), trained, disc_labels(), {}))
    settled(panel.state)
    layer = viewer.layers["cells · segmented"]
    layer.data_setitem((np.array([0]), np.array([0])), 1)
    assert pump(lambda: panel.correct.button.isEnabled(), 20)
    panel.correct.button.click()
    layer.data_setitem((np.array([0, 0]), np.array([1, 2])), 1)
    assert pump(lambda: panel._painted_meanwhile, 10), "it was compared while it ran"
    assert panel.state.painted.pixels == 1
    finish(panel)
    assert pump(lambda: panel.state.painted is not None and panel.state.painted.pixels == 3, 20)


def test_layers_and_dock_may_go_while_it_trains(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    picture, labels = with_discs(viewer)
    panel = panel_of(viewer)
    state = panel.state
    quick(panel)
    panel.train.button.click()
    assert pump(lambda: state.losses, 60), state.said
    viewer.layers.remove(picture)
    viewer.layers.remove(labels)
    settled()
    close(dock_of(panel))
    assert not isalive(panel)
    assert pump(lambda: not state.running, 60)
    assert len(list_picture_models()) == 1
    again = panel_of(viewer)
    assert again.train.running.message.text().startswith("Trained: cells")
    assert again.apply.button.toolTip() == "Choose an Image layer."


def test_the_window_may_close_while_it_trains(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    with_discs(viewer)
    panel = panel_of(viewer)
    state = panel.state
    quick(panel, **LONG)
    panel.train.button.click()
    assert pump(lambda: state.losses, 60), state.said
    session = session_of(viewer)
    viewer.close()
    assert not state.running
    assert session_of(viewer) is None or session._closed, "what it started would go on for a window that is gone"


def test_what_cannot_be_done_is_said_in_one_sentence(make_napari_viewer: Make, tmp_path: Path) -> None:
    viewer = make_napari_viewer(show=True)
    panel = panel_of(viewer)
    train, apply, correct = (view.running.message for view in (panel.train, panel.apply, panel.correct))
    assert train.text() == apply.text() == "Choose an Image layer."
    assert "Segment a picture first" in correct.text()
    assert not any(view.button.isEnabled() for view in (panel.train, panel.apply, panel.correct))
    viewer.add_image(scene(), name="cells")
    settled(panel.state)
    assert "Choose a Labels layer" in train.text()
    assert "no model yet" in apply.text()
    empty = viewer.add_labels(np.zeros((64, 64), np.uint8), name="empty")
    settled(panel.state)
    assert "nothing but background" in train.text()
    empty.data_setitem((np.array([3]), np.array([3])), 1)
    assert pump(lambda: panel.train.button.isEnabled(), 20), train.text()
    panel.train.labels.choose(viewer.add_labels(disc_labels(32), name="small"))
    settled(panel.state)
    assert "“small” is 32 × 32, “cells” 64 × 64" in train.text()
    panel.state.open_model(tmp_path)
    assert "not a model folder" in apply.text()
    assert apply.isVisible()


def test_one_pixel_is_too_little_and_the_error_is_seen(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    viewer.add_image(scene(16), name="dot")
    labels = np.zeros((16, 16), np.uint8)
    labels[3, 3] = 1
    viewer.add_labels(labels, name="one")
    panel = panel_of(viewer)
    quick(panel)
    panel.train.button.click()
    finish(panel)
    text = panel.train.running.message.text()
    assert text
    assert "Trained" not in text, "a 16 × 16 picture with one pixel was learnt from"
    assert panel.train.button.isEnabled()


def test_labels_are_made_for_the_picture_and_the_brush_is_in_hand(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    panel = panel_of(viewer)
    new = panel.train.new_button
    assert not new.isEnabled()
    assert new.toolTip() == "Choose an Image layer."
    picture = viewer.add_image(scene(), name="cells", scale=(2.0, 3.0), translate=(5.0, 6.0))
    assert pump(new.isEnabled)
    new.click()
    labels = viewer.layers["cells · labels"]
    assert labels.data.shape == picture.data.shape
    assert np.allclose(labels.scale, picture.scale)
    assert np.allclose(labels.translate, picture.translate)
    assert (viewer.layers.selection.active, labels.mode) == (labels, "paint")
    assert panel.train.labels.layer is labels
    settled(panel.state)
    assert "nothing but background" in panel.train.button.toolTip()
    viewer.add_labels(disc_labels(), name="others")
    settled(panel.state)
    assert panel.train.labels.layer is labels, "what was chosen stays"


def test_how_much_is_background_is_said_and_can_be_left_out(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    _, labels = with_discs(viewer)
    panel = panel_of(viewer)
    rest = panel.train.background
    share = 100 * float((disc_labels() == 0).mean())
    assert rest.isVisible()
    assert rest.text() == f"the rest is background ({share:.1f} %)"
    assert rest.isChecked()
    rest.click()
    assert panel.state.settings.left_out == [0]
    labels.data[labels.data == 2] = 1
    labels.refresh()
    labels.events.paint(value=[])
    assert pump(lambda: not panel.train.button.isEnabled())
    assert pump(lambda: "paint some background" in panel.train.button.toolTip())
    rest.click()
    assert panel.train.button.isEnabled()
    panel.train.are.button("instances").click()
    assert not rest.isVisible(), "around objects there always is background"


def test_classes_by_hand(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    with_discs(viewer)
    panel = panel_of(viewer)
    classes, settings = panel.train.classes, panel.state.settings
    classes.setCurrentItem(classes.topLevelItem(1))
    QTest.keyClick(classes, Qt.Key.Key_F2)
    editor = classes.findChild(QLineEdit)
    editor.setText("nucleus")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    settled(panel.state)
    assert settings.config("x").classes == ("class 1", "nucleus")
    classes.tick(1, False)
    settled(panel.state)
    assert settings.config("x").classes == ("nucleus",)
    panel.train.are.button("instances").click()
    settled(panel.state)
    assert [(row.name, row.pixels) for row in settings.rows] == [("object", int((disc_labels() > 0).sum()))]
    panel.train.preset.setCurrentText("nuclei")
    panel.train.preset.textActivated.emit("nuclei")
    assert settings.config("x").losses.eikonal > 0
    panel.train.run.form.steps.value = 77
    assert settings.config("x").steps == 77
    panel.train.options.form.experts.value = 7
    assert settings.config("x").model.selector_options.experts == 7


def test_it_is_found_in_the_menus(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    segment_images()
    docks = viewer.window.dock_widgets
    assert open_segment(viewer) is next(docks[name] for name in docks if "Segment images" in name)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_it_reads_on_both_themes_and_fits_small_windows(make_napari_viewer: Make, theme: str) -> None:
    viewer = make_napari_viewer(show=True)
    with_discs(viewer)
    panel = panel_of(viewer)
    viewer.theme = theme
    for size in ((1000, 700), (1366, 768)):
        resize(viewer, *size)
        for fold in panel.train.folds.values():
            fold.unfold()
        settled()
        assert scrolls_sideways(panel) == 0, size
    found, seen = unreadable(panel)
    assert seen > 20
    assert not found
    activate(viewer)
    unseen, tried = unseen_focus(panel)
    assert tried > 15
    assert not unseen
