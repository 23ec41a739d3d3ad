"""Labels as they are given: accepted, refused, remarked upon."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hicstruct.config.repair import KeepLargest, LabelClass, RepairConfig
from napari_hicstruct.errors import ConfigError, LabelError
from napari_hicstruct.label_repair.checks import check_labels
from tests.unit.repair.repair_kit import DISK, FAST, SMALL, sample, two_disks


def test_classes_come_in_the_order_of_priority_and_of_size_without_one() -> None:
    labels = two_disks()
    assert [one.name for one in check_labels([sample(labels)], FAST).classes] == ["small", "disk"]
    found = check_labels([sample(labels)], RepairConfig())
    assert [(one.name, one.value) for one in found.classes] == [("class 2", 2), ("class 1", 1)]
    given = RepairConfig(classes=FAST.classes, priority=("disk",))
    assert [one.name for one in check_labels([sample(labels)], given).classes] == ["disk", "small"]


def test_class_numbers_become_the_labels_of_the_same_dtype_again() -> None:
    labels = two_disks().astype(np.int16) * 300
    found = check_labels([sample(labels, spacing=(2.0, 3.0))], RepairConfig())
    (again,) = found.restored(found.images)
    assert again.labels.dtype == np.int16
    assert (again.labels == labels).all()
    assert (again.name, again.spacing) == ("a", (2.0, 3.0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint32, np.int64, bool])
def test_whole_numbers_are_labels_whatever_their_type(dtype: type) -> None:
    labels = (two_disks() == DISK).astype(dtype)
    found = check_labels([sample(labels)], RepairConfig())
    (again,) = found.restored(found.images)
    assert again.labels.dtype == labels.dtype
    assert (again.labels == labels).all()


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (np.array([[0.0, 1.5]]), "a: holds 1.5, which is no label"),
        (np.array([[0.0, np.nan]]), "a: holds values that are no numbers"),
        (np.array([[0.0, np.inf]]), "a: holds values that are no numbers"),
        (np.array([[0, -3]]), "a: holds the negative label -3"),
        (np.array([["a", "b"]]), "which are no labels"),
        (np.array([[1 + 2j]]), "which are no labels"),
        (np.zeros((2, 2, 2, 2), int), r"a: has 4 dimensions, not 2 or 3\. Give each time point"),
        (np.zeros(5, int), "has 1 dimensions"),
        (np.zeros((0, 3), int), "has no voxel"),
        (np.zeros((3, 3), int), "no sample has a labelled voxel"),
        (np.arange(100).reshape(10, 10), "99 values found, more than 64 classes"),
    ],
)
def test_what_is_no_labelling_is_refused(labels: np.ndarray, text: str) -> None:
    with pytest.raises(LabelError, match=text):
        check_labels([sample(labels)], RepairConfig())


def test_a_value_that_is_no_class_is_refused_with_its_file() -> None:
    labels = two_disks()
    labels[0, 0] = 7
    with pytest.raises(LabelError, match=r"second: holds the label 7 \(1 voxels\), which is no class.*values 1, 2"):
        check_labels([sample(two_disks()), sample(labels, "second")], FAST)


def test_nothing_and_unlike_dimensions_are_refused() -> None:
    with pytest.raises(LabelError, match="no labels were given"):
        check_labels([], FAST)
    with pytest.raises(LabelError, match="in 2-D and in 3-D were given together"):
        check_labels([sample(two_disks()), sample(two_disks(shape=(8, 20, 20)))], FAST)
    with pytest.raises(LabelError, match="one spacing above 0 for each axis"):
        check_labels([sample(two_disks(), spacing=(1.0, 0.0))], FAST)


def test_images_of_unlike_shapes_are_repaired_together() -> None:
    found = check_labels([sample(two_disks()), sample(two_disks(shape=(24, 30)))], FAST)
    assert [image.shape for image in found.images] == [(20, 20), (24, 30)]


def test_an_empty_class_is_left_out_and_said_so() -> None:
    found = check_labels([sample(np.where(two_disks() == DISK, 1, 0))], FAST)
    assert [one.name for one in found.classes] == ["disk"]
    assert found.notes == (f"small ({SMALL}) occurs in no sample and is left out.",)
    kept = check_labels([sample(np.where(two_disks() == DISK, 1, 0))], FAST, keep_missing=True)
    assert [one.name for one in kept.classes] == ["small", "disk"]
    assert kept.notes == ()


def test_a_class_of_one_voxel_is_remarked_upon() -> None:
    labels = np.where(two_disks() == DISK, 1, 0)
    labels[2, 3] = SMALL
    assert check_labels([sample(labels)], FAST).notes == ("a: small is a single voxel; its shape is a guess.",)


def test_rules_that_name_a_class_that_was_not_found_are_refused() -> None:
    config = RepairConfig(rules=(KeepLargest(of="class 9"),))
    with pytest.raises(ConfigError, match="names 'class 9', but the classes are class 1, class 2"):
        check_labels([sample(two_disks())], config)


def test_more_classes_than_a_byte_holds_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 255"):
        RepairConfig(classes=tuple(LabelClass(name=str(k), value=k) for k in range(1, 300)))
