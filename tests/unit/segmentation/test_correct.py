"""Corrections: what is learnt, what judges, the four words, and the way back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.errors import LabelError
from napari_hicstruct.evaluation.mask_acceptance import TileChange, judge_tiles, tile_change
from napari_hicstruct.jobs import CancelToken, drain
from napari_hicstruct.segmentation.corrections import reviewed_around, split_tiles, tiles_of
from napari_hicstruct.segmentation.replay import load_replay
from napari_hicstruct.segmentation.store import load_segmentation
from napari_hicstruct.workflows.segment.apply import SegmentRequest, iter_segment
from napari_hicstruct.workflows.segment.correct import CorrectSegmentationRequest, iter_correct_segmentation
from tests.unit.segmentation.segment_kit import discs, picture


def correct(image, before, after, model: Path, store: Path, **options):
    request = CorrectSegmentationRequest(image, before, after, model, store, device="cpu", threads=1, **options)
    return drain(iter_correct_segmentation(request, CancelToken()))


def test_corrections_are_learnt_and_the_parent_is_kept(classes_model: Path, tmp_path: Path) -> None:
    truth = discs(128, 160)
    image = picture(truth, seed=8, noise=70)  # far more noise than it knows
    before = drain(iter_segment(SegmentRequest(image, classes_model, "cpu", 1), CancelToken())).labels
    reviewed = np.zeros(truth.shape, bool)
    reviewed[:, :128] = True
    after = np.where(reviewed, truth, before)
    found = correct(image, before, after, classes_model, tmp_path, reviewed=reviewed, steps=60)
    assert found.verdict == "better"
    assert found.taken
    assert found.model.parent == tmp_path
    assert found.parent == classes_model
    assert found.after["accuracy"] > found.before["accuracy"] + 0.01
    again = drain(iter_segment(SegmentRequest(image, found.model, "cpu", 1), CancelToken())).labels
    assert (again == truth)[:, 128:].mean() > (before == truth)[:, 128:].mean() + 0.01, "also where nobody looked"
    card = json.loads((found.model / "model.json").read_text())["card"]
    assert card["parent"] == str(classes_model)
    assert load_segmentation(classes_model), "to roll back is to choose it"
    model = load_segmentation(found.model)
    assert len(load_replay(found.model, model.config, model.values)) > 1


def test_few_corrections_say_nothing_and_nothing_is_written(classes_model: Path, tmp_path: Path) -> None:
    labels = discs()
    after = labels.copy()
    after[5:8, 5:8] = 1
    found = correct(picture(labels), labels, after, classes_model, tmp_path)
    assert (found.verdict, found.taken, found.model) == ("too few to say", False, classes_model)
    assert "6 are needed" in found.reason
    assert list(tmp_path.iterdir()) == []


def test_nonsense_is_not_taken(classes_model: Path, tmp_path: Path) -> None:
    """Labels that contradict what the model rightly knows: it would forget the picture that it was trained on."""
    labels = discs()
    after = np.random.default_rng(1).integers(0, 3, labels.shape).astype(labels.dtype)
    found = correct(picture(labels), labels, after, classes_model, tmp_path, steps=30)
    assert not found.taken
    assert found.model == classes_model
    assert "do not agree" in found.reason or "forgets" in found.reason


@pytest.mark.parametrize(
    ("change", "replay", "word"),
    [
        (TileChange(-0.2, -0.3, -0.1, 20), (0.9, 0.9), "better"),
        (TileChange(0.0, -0.03, 0.03, 20), (0.9, 0.9), "no different"),
        (TileChange(-0.1, -0.4, 0.2, 20), (0.9, 0.9), "too few to say"),
        (TileChange(-0.5, -0.6, -0.4, 1), (0.9, 0.9), "too few to say"),
        (TileChange(0.2, 0.1, 0.3, 20), (0.9, 0.9), "worse"),
        (TileChange(-0.2, -0.3, -0.1, 20), (0.9, 0.8), "worse"),
        (TileChange(-0.2, -0.3, -0.1, 20), None, "better"),
    ],
)
def test_the_four_words(change: TileChange, replay: tuple[float, float] | None, word: str) -> None:
    decision = judge_tiles(change, replay, min_tiles=2)
    assert decision.verdict.value == word
    assert decision.verdict.is_taken == (word in ("better", "no different"))
    assert "held-out tile" in decision.details
    assert f"{abs(change.low):.1%}" in decision.details
    assert ("−" in decision.details) is (change.low < 0), "a minus, no hyphen"


def test_the_interval_narrows_with_tiles() -> None:
    rng = np.random.default_rng(0)
    few, many = (tile_change(rng.normal(-0.1, 0.2, n)) for n in (8, 800))
    assert many.high - many.low < 0.3 * (few.high - few.low)
    assert many.low < many.mean < many.high


def test_tiles_that_judge_are_never_learnt_from() -> None:
    changed = np.zeros((200, 200), bool)
    changed[10:60, 10:190] = True
    seen = reviewed_around(changed)
    assert seen[5, 50]
    assert not seen[100, 100]
    tiles = tiles_of([np.ones_like(seen)], [changed])
    learn, judge = split_tiles(tiles, 1)
    places = [{(tile.at[0].start, tile.at[1].start) for tile in part} for part in (learn, judge)]
    assert not places[0] & places[1]
    assert len(learn) + len(judge) == len(tiles) == 49
    assert 0.25 < sum(t.corrected for t in judge) / sum(t.corrected for t in tiles) < 0.42


def test_faults_of_corrections(classes_model: Path, tmp_path: Path) -> None:
    labels, image = discs(), picture(discs())
    with pytest.raises(LabelError, match="nothing was corrected"):
        correct(image, labels, labels, classes_model, tmp_path)
    with pytest.raises(LabelError, match="'after' is 96 × 96"):
        correct(image, labels, labels[:, :96], classes_model, tmp_path)
    with pytest.raises(LabelError, match=r"hold the label 7, which is no class .* 1 \(class 1\), 2 \(class 2\)"):
        correct(image, labels, np.where(labels == 1, 7, labels), classes_model, tmp_path)
