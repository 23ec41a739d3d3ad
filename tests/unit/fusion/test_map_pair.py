"""Two bands as a pair: shares, coverage, counts of larger bins spread over smaller ones, what the network reads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_hicstruct.config.base import with_changes
from napari_hicstruct.config.fusion import fusion_config
from napari_hicstruct.contacts.band import sum_blocks
from napari_hicstruct.errors import Cancelled
from napari_hicstruct.fusion.map_features import CHANNELS, MARGIN_BINS, make_tile, measure_scales, signed_deviance
from napari_hicstruct.fusion.map_pair import band_block, coverage_ratio, distance_odds, make_pair, spread_band
from napari_hicstruct.fusion.maps import blend, decided, fuse_bands
from napari_hicstruct.jobs import CancelToken
from napari_hicstruct.models.fusion.network import HybridFusionNet
from tests.fusion_kit import band_of, drawn, expected_band


def network(spoken: float = 0.0) -> HybridFusionNet:
    torch.manual_seed(1)
    small = {"width": 8, "heads": 2, "dilations": (1, 2)}
    net = HybridFusionNet(with_changes(fusion_config("hic"), network=small).network)
    with torch.no_grad():
        net.last.weight.normal_(0, spoken) if spoken else None
    return net.eval()


def pair_of(depths=(1.0, 2.0), n=300, depth=70, scale=60.0):
    expected = expected_band(n, depth, scale)
    first, second = (drawn(expected, one, k) for k, one in enumerate(depths))
    return make_pair(band_of(first), band_of(second)), first, second


def test_a_silent_network_gives_the_sum_and_the_share_of_contacts():
    pair, first, second = pair_of()
    made = fuse_bands(network(), pair)
    np.testing.assert_array_equal(made.counts, first + second)
    inside = first + second > 0
    assert made.mask[inside].mean() == pytest.approx(1 / 3, abs=0.01)


def test_replicates_stay_the_sum_whatever_a_network_says():
    pair, first, second = pair_of()
    made = fuse_bands(network(spoken=2.0), pair)
    assert (made.counts == first + second).mean() > 0.999


def test_a_fault_is_left_to_the_network():
    _, first, second = pair_of()
    first[5:50, 100] += 40
    pair = make_pair(band_of(first), band_of(second))
    made = fuse_bands(network(spoken=2.0), pair)
    changed = made.counts != first + second
    assert changed[5:50, 100].mean() > 0.9
    assert changed[:, :60].mean() < 0.01


def test_a_long_stretch_that_one_map_lacks_is_taken_from_the_other():
    _, first, second = pair_of()
    lost = slice(100, 200)  # its neighbours are lost, too: beside them an empty bin looks usual
    for d in range(len(first)):
        first[d, lost] = 0
        first[d, max(0, 100 - d) : 200 - d] = 0
    for order, bad in (((first, second), 1), ((second, first), 2)):
        pair = make_pair(*map(band_of, order))
        assert (pair.bad[lost] == bad).mean() > 0.95
        made = fuse_bands(network(), pair)
        inside = np.s_[:50, 105:150]
        assert made.counts[inside].sum() >= second[inside].sum()  # nothing of it is erased


def test_swapped_maps_swap_the_mask():
    _, first, second = pair_of()
    first[5:50, 100] += 40
    bands = band_of(first), band_of(second)
    ahead, behind = (fuse_bands(network(2.0), make_pair(*order)) for order in (bands, bands[::-1]))
    inside = first + second > 0
    np.testing.assert_allclose(ahead.mask[inside], 1 - behind.mask[inside], atol=2e-3)
    np.testing.assert_allclose(ahead.counts, behind.counts, rtol=5e-3, atol=1e-3)


def test_strips_leave_no_seams(monkeypatch):
    from napari_hicstruct.fusion import maps

    pair, first, _ = pair_of()
    first[5:50, 100] += 40
    whole = fuse_bands(network(2.0), pair)
    monkeypatch.setattr(maps, "STRIP", 48)
    parts = fuse_bands(network(2.0), pair)
    np.testing.assert_allclose(parts.mask, whole.mask, atol=1e-4)
    np.testing.assert_allclose(parts.counts, whole.counts, rtol=1e-3, atol=1e-3)


def test_cancelling_ends_it():
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        fuse_bands(network(), pair_of()[0], token)


def test_coverage_is_compared_bin_by_bin_and_stripes_are_no_coverage():
    n, depth = 300, 70
    expected = expected_band(n, depth, 200)
    true = np.exp(np.random.default_rng(3).normal(0, 0.3, n))
    true /= np.median(true)
    other = expected.copy()
    for d in range(depth):
        other[d, : n - d] *= true[: n - d] * true[d:]
    first, second = drawn(other, 5.0, 1), drawn(expected, 5.0, 2)
    first[2:12, 100] *= 4  # a stripe on some distances
    odds = distance_odds(first.mean(axis=1), second.mean(axis=1))
    found = coverage_ratio(first, second, odds)
    error = np.log(found / true)
    assert np.std(error[20:-20]) < 0.06
    assert abs(error[100]) < 0.2


def test_bins_twice_as_large_are_spread_over_their_pixels():
    expected = expected_band(200, 60)
    fine, other = drawn(expected, 1.0, 1), drawn(expected, 5.0, 2)
    coarse = sum_blocks(other, 2)
    spread = spread_band(band_of(coarse, 20_000), band_of(fine))
    assert spread.counts.shape == fine.shape
    np.testing.assert_allclose(sum_blocks(spread.counts, 2)[:29], coarse[:29], rtol=1e-5)
    block = band_block(spread.counts, 40, 44, 2, 2)
    assert block[1, 0] > block[0, 0] > block[0, 1]  # nearer pixels get more


def test_share_is_by_distance_where_protocols_decay_unlike():
    near, far = expected_band(), expected_band()
    far[30:] *= 3
    pair = make_pair(band_of(drawn(near, 1, 1)), band_of(drawn(far, 1, 2)))
    share = pair.share(np.array([100, 100]), np.array([105, 145]))
    assert share[0] == pytest.approx(0.5, abs=0.05)
    assert share[1] == pytest.approx(0.25, abs=0.05)


def test_a_tile_is_the_same_wherever_it_is_cut_from():
    pair, *_ = pair_of()
    scales = measure_scales(pair)
    large, small = make_tile(pair, scales, (20, 40), (190, 200)), make_tile(pair, scales, (40, 60), (130, 130))
    middle = slice(MARGIN_BINS, 130 - MARGIN_BINS)
    for name in ("a", "b", "share", "counts_a", "expected"):
        one, two = getattr(large, name)[..., 20:150, 20:150], getattr(small, name)
        np.testing.assert_allclose(one[..., middle, middle], two[..., middle, middle], atol=1e-4, err_msg=name)
    assert large.a.shape[0] == CHANNELS


def test_what_is_compared_changes_its_sign_when_maps_are_swapped():
    pair, first, second = pair_of()
    other = make_pair(band_of(second), band_of(first))
    ahead, behind = (make_tile(one, measure_scales(one), (10, 20), (64, 64)) for one in (pair, other))
    np.testing.assert_allclose(ahead.a, behind.b, atol=2e-2)
    np.testing.assert_allclose(ahead.share, 1 - behind.share, atol=2e-3)


def test_counts_that_split_by_depth_are_normal():
    rng = np.random.default_rng(1)
    total = rng.poisson(40, 20_000)
    a = rng.binomial(total, 0.3).astype(float)
    z = signed_deviance(a, total - a, 0.3 * total)
    assert np.std(z) == pytest.approx(1, abs=0.05)
    assert (np.abs(z) > 4.5).sum() <= 1
    assert signed_deviance(np.array([30.0]), np.array([2.0]), np.array([9.6]))[0] > 6


def test_maps_that_differ_everywhere_are_measured_and_not_cut_to_pieces():
    expected = expected_band(400, 60, 400)
    rng = np.random.default_rng(2)
    first, second = (
        rng.poisson(expected * rng.gamma(1 / 0.05, 0.05, expected.shape)).astype(np.float32) for _ in range(2)
    )
    pair = make_pair(band_of(first), band_of(second))
    scales = measure_scales(pair)
    assert scales.by_distance[0, 1] > 2  # far more than counts alone would
    made = fuse_bands(network(2.0), pair)
    assert (made.counts == first + second)[:, 5:300].mean() > 0.95


def test_blend_and_mask_by_hand():
    a, b, share = (np.array([[x]], np.float32) for x in (8.0, 2.0, 0.8))
    assert blend(a, b, share, share) == pytest.approx(10)
    assert blend(a, b, np.zeros_like(share), share) == pytest.approx(10)  # b alone, as deep as both
    logit = np.full((1, 1), -30.0, np.float32)
    assert decided(share, logit)[0, 0] == pytest.approx(0)
    assert decided(share, logit, np.zeros_like(share))[0, 0] == share[0, 0]


def test_contacts_where_nothing_is_expected_are_not_multiplied():
    first, second = (band_of(drawn(expected_band(150, 150, 400), 1, seed)) for seed in (1, 2))
    first = replace(first, expected=np.where(np.arange(150) < 138, first.expected, 0))  # no pair of bins with weights
    pair = make_pair(first, second)
    assert first.counts[140:].any()
    np.testing.assert_allclose(pair.share(np.zeros(10, int), np.arange(140, 150)), 0.5, atol=0.2)
    capped = replace(second, counts=np.zeros_like(second.counts), expected=np.zeros_like(second.expected))
    assert make_pair(first, capped).odds[:138].min() > 900  # a map that has nothing there still has the least share
