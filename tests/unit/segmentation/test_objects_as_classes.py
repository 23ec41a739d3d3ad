"""Labels that look like numbered objects, learnt as classes, are pointed out; figures as people read them."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hicstruct.cli.segment import _cells, _plain
from napari_hicstruct.config.segmentation import segmentation_config
from napari_hicstruct.workflows.segment.sample import ImageSample
from napari_hicstruct.workflows.segment.samples import objects_as_classes
from tests.unit.segmentation.segment_kit import discs, picture, sample, tiny, train


def test_numbered_objects_are_pointed_out():
    numbered, classes = sample(instances=True), sample()
    generic = segmentation_config("generic")
    assert objects_as_classes((numbered,), generic).startswith("12 values, each in one piece")
    assert objects_as_classes((classes,), generic) == ""
    assert objects_as_classes((numbered, classes), generic) == "", "a value in several pieces is a class"
    assert objects_as_classes((numbered,), segmentation_config("nuclei")) == ""


def test_few_values_and_named_classes_are_no_objects():
    labels = discs(64, 64, instances=True)
    few = ImageSample("four", picture(np.minimum(labels, 1)), labels)
    assert objects_as_classes((few,), segmentation_config("generic")) == ""
    named = tiny(classes=tuple(f"organ {k}" for k in range(12)))
    assert objects_as_classes((sample(instances=True),), named) == ""


def test_the_note_comes_with_the_model(tmp_path):
    made = train(sample(instances=True), tmp_path / "model", tiny(steps=2, validate_every=2))
    assert any("--preset nuclei" in note for note in made.notes)


@pytest.mark.parametrize(
    ("figure", "text"), [((0.5, 0.5, 0.5), "0.5"), ((0.5, 0.4, 0.6), "0.5 (0.4 to 0.6)")], ids=["one seed", "three"]
)
def test_a_range_is_shown_where_there_is_one(figure, text):
    assert _cells({"dice": figure}) == {"dice": text}


def test_counts_are_shown_as_counts():
    assert _cells({"parameters": (378_000.0,) * 3}) == {"parameters": "378,000"}
    assert _plain({"dice/object": 0.9, "dice": 0.9, "parameters": 5.0}) == {"dice": 0.9, "parameters": 5}
    both = {"dice/a": 0.8, "dice/b": 0.7, "dice": 0.75}
    assert _plain(both) == both
