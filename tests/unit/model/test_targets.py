"""Truth → targets, and the symmetries that augmentation may use."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hicstruct.labels.targets import boundary_target, loop_sigma, mask_target, point_target
from napari_hicstruct.labels.truth import BinTruth, truth_in_bins
from napari_hicstruct.synth.types import BOUNDARY_DTYPE, LOOP_DTYPE, STRIPE_DTYPE, Truth
from napari_hicstruct.training.augment import reverse_truth, transpose_sample

F = np.float32


def bin_truth() -> BinTruth:
    loops = np.array([[10.3, 30.8, 1], [12.5, 20.5, 0]], F)
    stripes = np.array([[40, 42, 40, 70, 1, 1], [90, 91, 60, 91, 0, 1]], F)
    boundaries = np.array([[40, 0.9], [91, 0.4]], F)
    return BinTruth(loops, stripes, boundaries)


def test_a_loop_peaks_at_its_bin_in_both_orientations_with_its_offset() -> None:
    target = point_target(bin_truth(), 5, 5, 64)
    assert target.heat[5, 25] == 1
    assert target.heat[25, 5] == 1
    assert (target.heat == 1).sum() == 2
    np.testing.assert_allclose(target.offset[:, 5, 25], [10.3 - 10.5, 30.8 - 30.5], atol=1e-5)
    assert target.known[12 - 5, 20 - 5] == 0  # faint: nobody has to find it, nobody is wrong to
    assert target.known[5, 25] == 1


def test_a_target_moves_with_its_window() -> None:
    a, b = point_target(bin_truth(), 0, 0, 64), point_target(bin_truth(), 4, 8, 48)
    np.testing.assert_array_equal(a.heat[4:52, 8:56], b.heat)
    c, d = mask_target(bin_truth(), 0, 0, 128), mask_target(bin_truth(), 30, 20, 64)
    np.testing.assert_array_equal(c.mask[30:94, 20:84], d.mask)
    np.testing.assert_array_equal(c.down[30:94, 20:84], d.down)


def test_stripes_are_marked_as_rows_x_columns_y_and_transposed() -> None:
    target = mask_target(bin_truth(), 0, 0, 128)
    assert target.mask[40:42, 40:70].all()
    assert target.mask[40:70, 40:42].all()
    assert target.down[41, 60] == 1
    assert target.down[90, 70] == 0
    assert target.mask[90, 60:91].all()
    assert target.mask.sum() == 2 * 2 * 30 - 4 + 2 * 31 - 1


def test_boundaries_are_bumps_of_their_soft_height_at_the_bin_s_start() -> None:
    target = boundary_target(bin_truth(), 30, 70)
    assert int(target.argmax()) in (9, 10)  # the boundary lies between bins 39 and 40
    assert target[9] == target[10] == pytest.approx(0.9 * np.exp(-0.125), rel=1e-5)
    assert 0.3 < target[60:63].max() < 0.4


def test_transposing_targets_equals_the_target_of_the_transposed_window() -> None:
    direct = point_target(bin_truth(), 2, 20, 48)
    turned = transpose_sample({"heat": direct.heat, "offset": direct.offset})
    other = point_target(bin_truth(), 20, 2, 48)
    np.testing.assert_array_equal(turned["heat"], other.heat)
    np.testing.assert_array_equal(turned["offset"], other.offset)


def test_reversing_twice_changes_nothing_and_once_swaps_the_direction() -> None:
    truth = bin_truth()
    once = reverse_truth(truth, 128)
    assert once.stripes[0, 4] == 0
    assert (once.loops[:, 0] < once.loops[:, 1]).all()
    twice = reverse_truth(once, 128)
    for name in ("loops", "stripes", "boundaries"):
        np.testing.assert_allclose(getattr(twice, name), getattr(truth, name), atol=1e-4)


def test_the_same_loop_is_certain_in_a_deep_map_ignored_in_a_medium_one_and_absent_in_a_shallow_one() -> None:
    loops = np.array([(100_000, 300_000, 2.0, 0.5)], LOOP_DTYPE)
    truth = Truth(loops, np.zeros(0, STRIPE_DTYPE), np.zeros(0, BOUNDARY_DTYPE))
    weights = [truth_in_bins(truth, 5000, base=5000, depth=depth).loops[:, 2].tolist() for depth in (400, 40, 4)]
    assert weights == [[1.0], [0.0], []]
    at = truth_in_bins(truth, 10_000, base=5000, depth=400).loops[0]
    assert at[:2].tolist() == [10.25, 30.25]


def test_more_agreement_means_a_narrower_loop() -> None:
    widths = [loop_sigma(soft, n) for soft, n in ((0.2, 1), (0.6, 2), (1.0, 4))]
    assert widths == sorted(widths, reverse=True)
    assert (min(widths), max(widths)) == (0.8, 2.5)


def test_a_stripe_s_way_turns_with_its_window_and_below_the_diagonal() -> None:
    whole = mask_target(bin_truth(), 0, 0, 128)
    assert whole.along[41, 60] == 1  # down, above the diagonal: along the row
    assert whole.along[60, 41] == 0
    assert whole.along[80, 90] == 0  # up, above the diagonal: along the column
    assert whole.along[90, 80] == 1
    direct, other = mask_target(bin_truth(), 2, 20, 96), mask_target(bin_truth(), 20, 2, 96)
    turned = transpose_sample({"mask": direct.mask, "along": direct.along})
    # a stripe's own crossing with the diagonal runs both ways
    once = (
        (other.mask > 0) & ~np.eye(96, k=18, dtype=bool) & ~np.eye(96, k=17, dtype=bool) & ~np.eye(96, k=19, dtype=bool)
    )
    assert once.sum() > 100
    np.testing.assert_array_equal(turned["along"][once], other.along[once])
