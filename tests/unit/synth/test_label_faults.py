"""Faults of labels: each does what its name says, more with strength, the same with one seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from scipy import ndimage

from benchmarks._label_faults import FAULTS, STRENGTHS, FaultStrength, borders, corrupt_labels
from benchmarks._label_phantom import CARDIAC, heart_phantom


@pytest.fixture(scope="module")
def heart() -> np.ndarray:
    return heart_phantom((64, 64, 64), 0)


def changed(labels: np.ndarray, *args: object, **kwargs: object) -> np.ndarray:
    return corrupt_labels(labels, *args, **kwargs) != labels


@pytest.mark.parametrize("name", FAULTS)
def test_each_grows_with_strength(heart: np.ndarray, name: str) -> None:
    shares = [float(changed(heart, strength, 1, faults=(name,)).mean()) for strength in STRENGTHS]
    assert 0 < shares[0] < shares[1] < shares[2] < 0.1


def test_holes_only_take_away(heart: np.ndarray) -> None:
    found = corrupt_labels(heart, "strong", 2, faults=("holes",))
    assert set(np.unique(found[found != heart])) == {0}
    lost = ((found == 0) & (heart > 0)).sum() / (heart > 0).sum()
    assert 0.05 < lost < 0.13


def test_islands_only_add_to_the_background(heart: np.ndarray) -> None:
    found = corrupt_labels(heart, "strong", 2, faults=("islands",))
    assert np.array_equal(found[heart > 0], heart[heart > 0])
    before, after = (ndimage.label(one > 0)[1] for one in (heart, found))
    assert after > before + 5


def test_a_staircase_repeats_slices(heart: np.ndarray) -> None:
    found = corrupt_labels(heart, "strong", 2, faults=("staircase",))
    steps = np.flatnonzero((found[1:] != found[:-1]).any((1, 2)))
    assert set(np.diff(steps)) == {4}
    assert all((heart == one).all((1, 2)).any() for one in found)


def test_swaps_stay_at_borders_and_keep_classes(heart: np.ndarray) -> None:
    moved = changed(heart, "strong", 2, faults=("swaps",))
    away = ndimage.distance_transform_edt(~borders(heart))
    assert away[moved].max() <= np.ceil(0.045 * 64) * 1.01
    found = corrupt_labels(heart, "strong", 2, faults=("swaps",))
    assert ((found == 0) & (heart > 0)).any()
    assert ((found > 0) & (heart == 0)).any()
    assert ((found > 0) & (heart > 0) & moved).any(), "also between two classes"


def test_one_seed_is_one_result_and_each_fault_has_its_own_draws(heart: np.ndarray) -> None:
    both = corrupt_labels(heart, "medium", 7)
    assert np.array_equal(both, corrupt_labels(heart, "medium", 7))
    assert not np.array_equal(both, corrupt_labels(heart, "medium", 8))
    assert both.dtype == heart.dtype
    assert set(np.unique(both)) == {0, *CARDIAC.values()}


def test_no_class_is_lost_whatever_the_strength() -> None:
    labels = np.zeros((30, 30), np.int16)
    labels[4:12, 4:12] = 1
    labels[20, 20] = 7
    everything = FaultStrength(holes=50.0, islands=0.0, swaps=0.0, radius=(0.1, 0.2), thickness=0.0)
    found = corrupt_labels(labels, everything, 0)
    assert (found == 7).sum() == 1
    assert found[20, 20] == 7
    assert (found == 1).any()


def cases() -> Iterator[np.ndarray]:
    yield np.zeros((20, 20), np.uint8)
    yield np.ones((20, 20), np.uint8)
    yield np.full((5, 5, 5), 300, np.uint16)


@pytest.mark.parametrize("labels", list(cases()), ids=["empty", "full", "tiny"])
def test_labels_without_borders_or_background(labels: np.ndarray) -> None:
    found = corrupt_labels(labels, "strong", 0)
    assert found.dtype == labels.dtype
    assert found.shape == labels.shape
    assert set(np.unique(found)) <= {0, *np.unique(labels)}


def test_borders_are_both_sides_of_a_step() -> None:
    labels = np.repeat(np.array([0, 0, 1, 1, 2]), 3).reshape(5, 3)
    assert borders(labels)[:, 0].tolist() == [False, True, True, True, True]
