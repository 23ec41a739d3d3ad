"""Boxes of classes by what other samples have in the same place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_hicstruct.label_repair.boxes import class_box
from napari_hicstruct.label_repair.checks import check_labels
from napari_hicstruct.label_repair.sample import LabelSample
from napari_hicstruct.label_repair.stages import RepairJob, _targets
from napari_hicstruct.label_repair.support import density, frame_of, others, supported
from tests.unit.repair.repair_kit import DISK, FAST, SMALL, ball, context

SHAPE = (80, 80)


def sample(k: int) -> NDArray[np.uint8]:
    """A large disk with a small one on its edge, a little elsewhere in each sample."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[ball(SHAPE, (40 + k, 40 - k), 20)] = DISK
    labels[ball(SHAPE, (40 + k, 60 - k), 6)] = SMALL
    return labels


def boxes(images: list[NDArray[np.uint8]], value: int = SMALL) -> list[object]:
    frames = [frame_of(image) for image in images]
    support = others([density(image == value, frame) for image, frame in zip(images, frames, strict=True)])
    return [
        class_box(supported(image == value, 0.05, frame, of_others), 2)
        for image, frame, of_others in zip(images, frames, support, strict=True)
    ]


def test_an_island_that_no_other_sample_has_does_not_widen_the_box() -> None:
    images = [sample(k) for k in (-2, 0, 2)]
    wanted = [class_box(image == SMALL, 2) for image in images]
    images[1][ball(SHAPE, (40, 24), 3)] = SMALL  # a quarter of the class, on the other side of the large disk
    before = class_box(images[1] == SMALL, 2, 0.05)
    assert before is not None
    assert before.low[1] < 24, "by its size alone it would"
    assert boxes(images) == wanted


def test_an_island_beyond_everything_that_is_labelled_does_not_either() -> None:
    images = [sample(k) for k in (-2, 0, 2)]
    wanted = [class_box(image == SMALL, 2) for image in images]
    images[2][ball(SHAPE, (4, 4), 3)] = SMALL
    assert boxes(images) == wanted


def test_a_small_part_that_others_have_stays() -> None:
    images = [sample(k) for k in (-2, 0, 2)]
    for k, image in zip((-2, 0, 2), images, strict=True):
        image[ball(SHAPE, (40 + k, 22 - k), 3)] = SMALL
    assert boxes(images) == [class_box(image == SMALL, 2) for image in images]


def test_a_large_part_stays_whatever_others_have() -> None:
    images = [sample(k) for k in (-2, 0, 2)]
    images[0][ball(SHAPE, (40, 24), 5)] = SMALL
    assert boxes(images)[0] == class_box(images[0] == SMALL, 2)


def test_nothing_is_left_out_where_samples_have_nothing_in_common() -> None:
    images = [np.zeros(SHAPE, np.uint8) for _ in range(2)]
    for image, row in zip(images, (10, 60), strict=True):
        image[20:60, 20:60] = DISK
        image[row : row + 8, 5:13] = SMALL
        image[row : row + 3, 70:73] = SMALL
    assert boxes(images) == [class_box(image == SMALL, 2) for image in images]


@pytest.mark.parametrize(("share", "is_wide"), [(0.05, False), (0.0, True)])
def test_stage_1_learns_in_these_boxes_unless_every_part_counts(share: float, is_wide: bool, tmp_path: Path) -> None:
    images = [sample(k) for k in (-2, 0, 2)]
    images[1][ball(SHAPE, (40, 24), 3)] = SMALL
    config = FAST.model_copy(update={"shape": FAST.shape.model_copy(update={"box_share": share, "margin": 2})})
    labelled = check_labels([LabelSample(str(k), one, (1.0, 1.0)) for k, one in enumerate(images)], config)
    job = RepairJob(labelled, config, context(), tmp_path)
    number = 1 + [one.value for one in labelled.classes].index(SMALL)
    having, targets = _targets(job, number)
    assert having == [0, 1, 2]
    assert (targets[1].box.low[1] < 24) == is_wide
    alone = RepairJob(check_labels(labelled.samples[1:2], config), config, context(), tmp_path)
    assert _targets(alone, number)[1][0].box.low[1] < 24, "nobody says otherwise"


def test_a_sample_without_the_class_is_left_out(tmp_path: Path) -> None:
    images = [sample(k) for k in (-2, 0, 2)]
    images[0][images[0] == SMALL] = 0
    labelled = check_labels([LabelSample(str(k), one, (1.0, 1.0)) for k, one in enumerate(images)], FAST)
    number = 1 + [one.value for one in labelled.classes].index(SMALL)
    having, targets = _targets(replace(RepairJob(labelled, FAST, context(), tmp_path)), number)
    assert (having, [one.row for one in targets]) == ([1, 2], [0, 1])
