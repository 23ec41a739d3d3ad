"""The heart-like phantom: ten classes that touch as the parts of a heart do, the same at any size."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import ndimage

from benchmarks._label_phantom import CARDIAC, COMPONENTS, heart_phantom

CORNERS = np.ones((3, 3, 3), bool)
SEEDS = range(8)


def touching(labels: np.ndarray, first: str, second: str) -> bool:
    grown = ndimage.binary_dilation(labels == CARDIAC[first], CORNERS)
    return bool((grown & (labels == CARDIAC[second])).any())


@pytest.mark.parametrize("seed", SEEDS)
def test_all_classes_are_there_in_whole_parts_and_touch(seed: int) -> None:
    labels = heart_phantom((48, 48, 48), seed)
    assert labels.dtype == np.uint8
    assert set(np.unique(labels)) == {0, *CARDIAC.values()}
    for name, value in CARDIAC.items():
        assert ndimage.label(labels == value, CORNERS)[1] == COMPONENTS.get(name, 1), name
        assert any(touching(labels, name, other) for other in CARDIAC if other != name), name
    for pair in (("LAA", "LA"), ("PV", "LA"), ("Coronary", "Myocardium"), ("Myocardium", "LV"), ("PA", "RV")):
        assert touching(labels, *pair), pair


def test_the_wall_is_a_shell_around_the_cavity() -> None:
    """From every voxel of LV below the base, whichever way along a plane, Myocardium comes before anything else."""
    labels = heart_phantom((48, 48, 48), 3)
    lowest = np.flatnonzero((labels == CARDIAC["LV"]).any((1, 2)))[0]
    plane = labels[lowest + 3]
    cavity = plane == CARDIAC["LV"]
    ring = ndimage.binary_dilation(cavity, iterations=1) & ~cavity
    assert cavity.any()
    assert set(np.unique(plane[ring])) == {CARDIAC["Myocardium"]}


def test_the_smallest_class_is_about_a_five_hundredth_of_the_box() -> None:
    for seed in SEEDS:
        counts = np.bincount(heart_phantom((48, 48, 48), seed).ravel(), minlength=11)[1:] / 48**3
        assert 0.0015 <= counts.min() <= 0.0026
        assert counts.max() > 8 * counts.min()


def test_seeds_differ_and_repeat() -> None:
    shape = (32, 32, 32)
    hearts = [heart_phantom(shape, seed) for seed in range(3)]
    assert np.array_equal(hearts[1], heart_phantom(shape, 1))
    for a, b in itertools.combinations(hearts, 2):
        both = (a > 0) & (b > 0)
        assert (a != b).mean() > 0.02
        assert both.sum() > 0.3 * (a > 0).sum(), "all are hearts of one pose, more or less"


def test_one_seed_is_one_heart_at_any_size() -> None:
    coarse, fine = heart_phantom((32, 32, 32), 5), heart_phantom((96, 96, 96), 5)
    same_centres = fine[1::3, 1::3, 1::3]
    assert (coarse == same_centres).mean() > 0.9999, "all but fragments"
    flat = heart_phantom((64, 32, 24), 5)
    share = [(one > 0).mean() for one in (coarse, fine, flat)]
    assert max(share) - min(share) < 0.005


@pytest.mark.parametrize("shape", [(64, 64), (64, 64, 8), (4, 64, 64, 64)])
def test_too_few_voxels_or_axes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="three axes of at least 24"):
        heart_phantom(shape)
