"""Segmentation without a window: classes, what a training is given, what was painted, and the way back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.errors import ConfigError, JobError
from napari_hicstruct.jobs import Clock
from napari_hicstruct.plugin.state.images.pictures import Picture
from napari_hicstruct.plugin.state.images.repair_images import LabelImage
from napari_hicstruct.plugin.state.images.segmentation import SegmentationState
from napari_hicstruct.plugin.state.images.segmentation_images import why_not_labels
from napari_hicstruct.plugin.state.images.segmentation_jobs import Correction, SegmentOptions
from napari_hicstruct.plugin.state.images.segmentation_settings import SELECTOR_NAMES, SegmentationSettings
from napari_hicstruct.workflows.segment.models import free_folder, list_picture_models, picture_models_dir
from tests.window_kit import InlineRunner, SteppedRunner


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def picture(name: str = "cells", rgb: bool = False) -> Picture:
    return Picture(name, np.zeros((20, 24, 3) if rgb else (20, 24), np.uint8), rgb=rgb)


def cells(name: str = "truth") -> np.ndarray:
    labels = np.zeros((20, 24), np.int32)
    labels[2:8, 2:8], labels[10:18, 10:20] = 1, 3
    return labels


def labelled(labels: Any, name: str = "truth") -> LabelImage:
    return LabelImage(name, labels, np.ndim(labels), (1.0,) * np.ndim(labels))


def write_model(name: str, *, channels: int = 1, parent: str = "", folder: Path | None = None) -> Path:
    """A model folder without weights: lists read no more than the card."""
    path = (folder or picture_models_dir()) / name
    path.mkdir(parents=True)
    inputs = (*(f"image_{k + 1}" for k in range(channels)), "valid") if channels > 1 else ("image", "valid")
    config = ModelConfig(task_set="segmentation", inputs=inputs).model_dump(mode="json")
    card = {"kind": "segmentation", "settings": {"classes": ["class 1"]}, "values": [1], "parent": parent}
    (path / "model.json").write_text(json.dumps({"format": 1, "sha256": "0" * 64, "config": config, "card": card}))
    return path


class Script:
    """Three steps of two tasks, then a model folder; a picture whose every pixel is 2; corrections of one verdict."""

    def __init__(self, error: Exception | None = None, *, verdict: str = "better") -> None:
        self.error, self.verdict, self.requests, self.stopped = error, verdict, list[Any](), False
        self.figures = {"dice": 0.8, "boundary_f": 0.7}

    def _steps(self, stop: Any) -> Iterator[Any]:
        clock = Clock()
        for k in range(3):
            self.stopped = stop.cancelled
            if self.stopped:
                break
            step: dict[str, Any] = {"loss": 3.0 - k, "tasks": {"mask": 2.0 - k / 2, "sdf": 1.0 - k / 4}}
            if k == 2:
                step |= {"validation": {"mask": 0.9, "class 1": 0.9}, "held_out": {"mask": 1.5}}
            yield clock.step("train", k, 3, payload=step)
        if self.error is not None:
            raise self.error

    def train(self, request: Any, *, token: Any, stop: Any) -> Iterator[Any]:
        self.requests.append(request)
        yield from self._steps(stop)
        write_model(request.out.name)
        return SimpleNamespace(model=request.out, figures=self.figures, notes=("few objects",), classes=("class 1",))

    def segment(self, request: Any, *, token: Any) -> Iterator[Any]:
        self.requests.append(request)
        yield Clock().step("segment", 0, 1)
        shape = request.image.shape[:2]
        return SimpleNamespace(
            labels=np.full(shape, 2, np.int32), probability=np.ones((1, *shape), np.float32), distance=None,
            boundary=np.zeros(shape, np.float32), classes=("class 1",), notes=(),
        )  # fmt: skip

    def correct(self, request: Any, *, token: Any, stop: Any) -> Iterator[Any]:
        self.requests.append(request)
        yield from self._steps(stop)
        taken = self.verdict in ("better", "no different")
        model = write_model("corrected", parent=str(request.model)) if taken else request.model
        return SimpleNamespace(
            taken=taken, verdict=self.verdict, reason="…", details="", before={"dice": 0.7}, after={"dice": 0.8},
            model=model, parent=request.model, seconds=1.0, notes=("a note",),
        )  # fmt: skip


def state_of(script: Script, runner: Any = None) -> SegmentationState:
    return SegmentationState(runner or InlineRunner(), backend=script)  # type: ignore[arg-type]


# ---------------------------------------------------------------------- settings
def test_values_are_classes_until_there_are_very_many() -> None:
    settings = SegmentationSettings()
    settings.take_counts({1: 36, 3: 80})
    assert [(row.value, row.name, row.pixels) for row in settings.rows] == [(1, "class 1", 36), (3, "class 3", 80)]
    settings.rename(3, "nucleus")
    assert settings.config("cells").classes == ("class 1", "nucleus")
    with pytest.raises(ConfigError, match="both be called"):
        settings.rename(1, "nucleus")
    settings.take_counts(dict.fromkeys(range(1, 40), 10))
    assert settings.labels == "instances"
    assert [(row.name, row.pixels) for row in settings.rows] == [("object", 390)]
    assert settings.config("cells").labels == "instances"
    settings.choose_labels("classes")
    assert "32 at most" in settings.why_not()


def test_a_class_that_is_left_out_is_neither_learnt_nor_background() -> None:
    script = Script()
    state = state_of(script)
    state.choose(picture(), labelled(cells()))
    state.edit(lambda settings: settings.use(3, False))
    assert state.train()
    (request,) = script.requests
    (sample,) = request.samples
    assert set(np.unique(sample.labels)) == {0, 1}
    assert np.array_equal(sample.weight == 0, cells() == 3)
    assert request.config.classes == ("class 1",)
    state.edit(lambda settings: settings.use(1, False))
    assert "Tick at least one class" in state.why_not_train()


def test_what_has_no_label_is_background_unless_somebody_says_that_it_is_not() -> None:
    script = Script()
    state = state_of(script)
    assert np.isnan(state.unpainted)
    state.choose(picture(), labelled(cells()))
    assert state.unpainted == pytest.approx((cells() == 0).mean())
    assert state.train()
    assert script.requests[-1].samples[0].weight is None
    state.edit(lambda settings: setattr(settings, "background", False))
    assert state.train()
    (sample,) = script.requests[-1].samples
    assert np.array_equal(sample.weight == 0, cells() == 0)
    assert np.array_equal(sample.labels, cells())
    state.edit(lambda settings: settings.use(3, False))
    assert "paint some background" in state.why_not_train(), "one class alone is nothing to tell apart"
    state.edit(lambda settings: settings.choose_labels("instances"))
    assert not state.why_not_train(), "around objects there is background"
    assert state.train()
    assert script.requests[-1].samples[0].weight is None


def test_a_training_that_was_stopped_says_at_which_step() -> None:
    script = Script()
    runner = SteppedRunner()
    state = state_of(script, runner)
    state.choose(picture(), labelled(cells()))
    while state.counting:
        runner.advance(1)
    assert state.train()
    runner.advance(3)
    state.stop()
    while state.running:
        runner.advance(1)
    assert state.said["train"].startswith(f"Stopped at step 1 of {state.settings.base.steps}: cells (")
    state.choose(picture(), labelled(cells()))
    while state.counting:
        runner.advance(1)
    assert state.train()
    while state.running:
        runner.advance(1)
    assert state.said["train"].startswith("Trained: ")


@pytest.mark.parametrize("name", SELECTOR_NAMES)
def test_every_selector_goes_into_the_settings(name: str) -> None:
    settings = SegmentationSettings()
    settings.take_counts({1: 9})
    settings.selector = name
    settings.change("selector", {"experts": 6})
    made = settings.config("x")
    assert made.model.selector_options.experts == 6
    settings.choose_preset("nuclei")
    assert settings.labels == "instances"
    assert made.name == "x"


def test_numbers_that_cannot_be_are_refused_in_one_sentence() -> None:
    state = state_of(Script())
    assert not state.edit(lambda settings: settings.change("run", {"overlap": 512}))
    assert state.said["train"].startswith("Overlap") or "overlap" in state.said["train"]
    assert state.settings.base.overlap != 512


# ---------------------------------------------------------------------- training
def test_what_cannot_be_trained_is_said() -> None:
    state = state_of(Script())
    assert state.why_not_train() == "Choose an Image layer."
    state.choose(picture(), None)
    assert "Choose a Labels layer" in state.why_not_train()
    state.choose(picture(), labelled(np.zeros((20, 24), int)))
    assert "nothing but background" in state.why_not_train()
    state.choose(picture(), labelled(np.zeros((9, 24), int)))
    assert state.why_not_train() == "“truth” is 9 × 24, “cells” 20 × 24: choose labels of this picture."
    state.choose(picture(), labelled(np.full((20, 24), -1)))
    assert "-1" in state.why_not_train()
    assert not state.train()
    assert state.said["train"]
    assert "8 × 8" in why_not_labels(Picture("dot", np.zeros((4, 4))), labelled(np.zeros((4, 4), int)))


def test_a_training_draws_curves_by_task_and_its_model_is_chosen() -> None:
    script, curves = Script(), []
    state = state_of(script)
    state.curves_changed.connect(lambda: curves.append(len(state.losses.get("mask", []))))
    state.choose(picture(), labelled(cells()))
    assert state.train()
    assert list(state.losses) == ["mask", "sdf"]
    assert state.losses["mask"] == [(0, 2.0), (1, 1.5), (2, 1.0)]
    assert state.validation == {"mask": [(2, 1.5)]}
    assert curves == [0, 1, 2, 3]
    assert state.models.chosen is not None
    assert state.models.chosen.label == "cells"
    assert state.said["train"] == (
        "Trained: cells (Dice 0.80, boundary F 0.70 on blocks that were held out). Few objects."
    )
    state.train()
    assert script.requests[-1].out.name == "cells-2", "a model was overwritten"


def test_figures_that_nobody_knows_are_not_said() -> None:
    script = Script()
    script.figures = {"dice": float("nan"), "boundary_f": 0.7}
    state = state_of(script)
    state.choose(picture(), labelled(cells()))
    state.train()
    assert state.said["train"].startswith("Trained: cells (boundary F 0.70 on blocks")


def test_stop_keeps_and_cancel_does_not() -> None:
    runner, script = SteppedRunner(), Script()
    state = state_of(script, runner)
    state.choose(picture(), labelled(cells()))
    runner.advance(5)
    state.train()
    runner.advance(2)
    assert state.busy() == "A model is being trained."
    assert not state.segment()
    assert state.said["segment"] == "A model is being trained."
    state.stop()
    assert state.stopping
    runner.advance(5)
    assert script.stopped
    assert state.said["train"].startswith("Stopped at step")
    state.train()
    runner.advance(2)
    state.cancel()
    assert state.said["train"] == "Cancelled: nothing was kept."
    assert len(list_picture_models()) == 1


def test_an_error_is_one_sentence_under_its_own_button() -> None:
    state = state_of(Script(JobError("memory ran out.")))
    state.choose(picture(), labelled(cells()))
    state.train()
    assert state.said["train"] == "Memory ran out."
    assert "segment" not in state.said


# ---------------------------------------------------------------------- models, segmenting
def test_models_are_listed_opened_and_checked_against_the_picture(tmp_path: Path) -> None:
    state = state_of(Script())
    state.choose(picture(), None)
    state.models.refresh()
    assert "no model yet" in state.why_not_segment()
    write_model("broken").joinpath("model.json").write_text("{")
    write_model("good")
    state.models.refresh()
    assert [model.label for model in state.models.listed] == ["good"]
    assert state.why_not_segment() == ""
    state.open_model(tmp_path)
    assert "not a model folder" in state.said["segment"]
    state.open_model(write_model("colours", channels=3, folder=tmp_path))
    assert state.models.chosen is not None
    assert state.models.chosen.label == "colours"
    assert state.why_not_segment() == "colours reads RGB pictures, and “cells” is grey."
    state.choose(picture(rgb=True), None)
    assert state.why_not_segment() == ""
    maps = write_model("maps", folder=tmp_path)
    card = json.loads((maps / "model.json").read_text())
    card["config"] = ModelConfig().model_dump(mode="json")
    (maps / "model.json").write_text(json.dumps(card))
    state.open_model(maps)
    assert "contact maps" in state.said["segment"]


def test_names_of_models_are_free_and_plain() -> None:
    assert free_folder("a b/c.tif").name == "a-b-c.tif"
    assert free_folder("…").name == "model"
    write_model("cells")
    assert free_folder("cells").name == "cells-2"


def test_a_picture_is_segmented_with_what_labels_are_made_from() -> None:
    script, made = Script(), list[Any]()
    state = state_of(script)
    state.segmented.connect(made.append)
    write_model("m")
    state.models.refresh()
    state.choose(picture(), None)
    state.choose_options(SegmentOptions(instances=True, min_size=5, extras=True))
    assert state.segment()
    (request,) = script.requests
    assert (request.instances, request.min_size, request.model.name) == (True, 5, "m")
    (found,) = made
    assert list(found.extras) == ["p(class 1)", "boundary"]
    assert state.said["segment"] == "Segmented by m: 1 label, on 100.0 % of the picture."


# ---------------------------------------------------------------------- corrections
def corrected_state(script: Script) -> tuple[SegmentationState, np.ndarray]:
    state, made = state_of(script), list[Any]()
    state.segmented.connect(made.append)
    write_model("parent")
    state.models.refresh()
    state.choose(picture(), None)
    assert "Segment a picture first" in state.why_not_correct()
    state.segment()
    painted = made[0].labels.copy()
    state.choose_correction(Correction(made[0], labelled(painted, "cells · segmented")))
    return state, painted


def test_what_is_painted_is_found_by_comparing() -> None:
    state, painted = corrected_state(Script())
    assert "Nothing is painted on “cells · segmented” yet" in state.why_not_correct()
    painted[0:2, 0:2], painted[2, 2], painted[10, 10] = 0, 1, 3
    state.compare()
    assert state.painted is not None
    assert (state.painted.pixels, state.painted.places) == (6, 2), "corners touch: one place"
    assert state.why_not_correct() == ""


@pytest.mark.parametrize(("verdict", "taken"), [("better", True), ("worse", False), ("too few to say", False)])
def test_a_better_model_is_used_and_there_is_a_way_back(verdict: str, taken: bool) -> None:
    script = Script(verdict=verdict)
    state, painted = corrected_state(script)
    painted[:4] = 0
    state.compare()
    state.check_whole(True)
    assert state.correct()
    request = script.requests[-1]
    assert request.reviewed is not None
    assert request.reviewed.all()
    assert np.array_equal(request.after != request.before, painted != 2)
    assert request.store == picture_models_dir()
    chosen = state.models.chosen
    assert chosen is not None
    assert chosen.label == ("corrected" if taken else "parent")
    assert state.in_use is taken
    assert state.said["correct"] == "A note."
    if taken:
        state.go_back()
        assert state.models.chosen.label == "parent"
        assert not state.in_use
        state.use()
        assert state.models.chosen.label == "corrected"
        assert state.in_use


def test_a_model_that_is_gone_is_said(tmp_path: Path) -> None:
    state, painted = corrected_state(Script())
    painted[:4] = 0
    state.compare()
    folder = state.correction.segmented.model  # type: ignore[union-attr]
    folder.rename(tmp_path / "moved")
    assert "is not there any more" in state.why_not_correct()


def test_the_window_may_go_while_it_counts_and_compares() -> None:
    runner = SteppedRunner()
    state = state_of(Script(), runner)
    state.choose(picture(), labelled(cells()))
    assert state.counting
    for job in runner.jobs:
        job.ended.set()
    assert state.end()
