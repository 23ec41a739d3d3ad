"""The terms of the preset hic, at values whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_hicstruct.config.fusion import fusion_config
from napari_hicstruct.config.resources import resource
from napari_hicstruct.fusion.map_training import MapPairs, map_terms
from napari_hicstruct.fusion.maps import fuse_tile
from napari_hicstruct.fusion.sharpen import gaussian, sharpened, smoothed
from napari_hicstruct.losses.fusion import hic
from napari_hicstruct.models.fusion.network import HybridFusionNet
from tests.fusion_kit import drawn, expected_band


def ones(value=1.0, n=16):
    return torch.full((1, 1, n, n), float(value))


def test_the_likelihood_is_highest_at_what_both_maps_say():
    a, b, s = ones(30), ones(10), ones(0.75)
    loss = {f: float(hic.likelihood(ones(f), (a, b), (s, 1 - s), ones(40), (ones(), ones()))) for f in (30, 39.2, 50)}
    assert loss[39.2] < loss[30]  # 40 less the floor of 2 %
    assert loss[39.2] < loss[50]


def test_the_likelihood_leaves_out_what_is_known_to_be_wrong():
    a, b, s = ones(300), ones(10), ones(0.75)
    known = (ones(0), ones(1))
    right, wrong = (float(hic.likelihood(ones(f), (a, b), (s, 1 - s), ones(40), known)) for f in (40, 310))
    assert right < wrong


def test_divergence_is_nought_at_the_truth_and_above_it_elsewhere():
    truth = ones(5)
    assert float(hic.divergence(truth, truth, ones(4), ones())) == pytest.approx(0, abs=1e-6)
    assert float(hic.divergence(ones(8), truth, ones(4), ones())) > 0.1
    assert float(hic.divergence(ones(3), truth, ones(4), ones())) > 0.1


def test_consistency_looks_at_blocks_only():
    blend, fused = ones(4), ones(4)
    fused[..., 0::2, 0::2] += 2
    fused[..., 1::2, 1::2] -= 2
    assert float(hic.consistency(fused, blend, ones(4), ones())) == pytest.approx(0, abs=1e-6)
    fused[..., 0, 0] += 16
    expected = 16 / 16 / (8 * 8)  # one block of 64, over what is expected in it
    assert float(hic.consistency(fused, blend, ones(4), ones())) == pytest.approx(expected, rel=1e-5)


def test_variation_is_of_what_leaves_the_share():
    share = torch.rand(1, 1, 16, 16)
    assert float(hic.variation(share, share)) == 0
    assert float(hic.variation((share + 0.5 * (torch.arange(16) > 7)), share)) == pytest.approx(0.5 / 15, rel=1e-4)


def test_who_is_right_is_nought_without_faults_at_the_share():
    share, wrong = ones(0.3), (torch.zeros(1, 1, 16, 16), torch.zeros(1, 1, 16, 16))
    assert float(hic.who_is_right(torch.logit(share), share, wrong, ones())) == pytest.approx(0, abs=1e-6)
    wrong[0][..., :3, :] = 1
    silent = float(hic.who_is_right(torch.logit(share), share, wrong, ones()))
    turned = torch.logit(share) - 4 * (wrong[0] > 0)
    assert float(hic.who_is_right(turned, share, wrong, ones())) < silent


def test_the_filter_is_scipys():
    from scipy.ndimage import gaussian_filter

    values = np.random.default_rng(1).random((40, 50)).astype(np.float32)
    found = gaussian(torch.from_numpy(values)[None, None], 1.4)[0, 0].numpy()
    np.testing.assert_allclose(found, gaussian_filter(values, 1.4, mode="constant", truncate=2.9), atol=1e-4)


def test_where_little_is_expected_windows_are_wide():
    ratio = torch.from_numpy(np.random.default_rng(1).poisson(1.0, (1, 1, 80, 80)).astype(np.float32))
    said = torch.zeros(1, 5, 80, 80)
    rough = [
        float(smoothed(ratio, ones(e, 80), ones(1, 80), said)[..., 20:60, 20:60].std()) for e in (100.0, 0.5, 0.02)
    ]
    assert rough[0] > 1.3 * rough[1] > 1.3 * rough[2]
    said[:, 4] = 100  # a network may say so, too
    wide = float(smoothed(ratio, ones(100.0, 80), ones(1, 80), said)[..., 20:60, 20:60].std())
    assert wide < 0.2 * rough[0]
    flat = smoothed(ones(1, 80), ones(0.5, 80), ones(1, 80), said)
    assert torch.allclose(flat, ones(1, 80), atol=1e-4)  # borders too


def test_bad_bins_do_not_darken_their_neighbours():
    known = ones(1, 40)
    known[..., 20:23, :] = 0
    blend = ones(6, 40) * known
    made = sharpened(blend, torch.zeros(1, 6, 40, 40), ones(6, 40), known)
    assert torch.allclose(made, blend, atol=1e-3)


@pytest.fixture(scope="module")
def pairs():
    train = fusion_config("hic").train.model_copy(
        update={"patch": 48, "batch": 2, "real_share": 1.0, "unlike_share": 0.5}
    )
    counts = drawn(expected_band(300, 80), 5.0, 1)
    return MapPairs([], [(counts, 20_000)], train)


def test_batches_are_the_same_ones_again(pairs):
    first, again = pairs.batch(3), pairs.batch(3)
    other = MapPairs([], pairs.real, pairs.config).batch(3)
    for one in (again, other):
        assert torch.equal(first.a, one.a)
        assert torch.equal(first.checks[0], one.checks[0])
    assert not torch.equal(first.a, pairs.batch(3, validation=True).a)


LIKE = {"likelihood", "truth_contacts", "tv", "truth_mask"}
UNLIKE = {"likelihood", "truth_contacts", "oe_detail", "consistency", "tv"}


@pytest.mark.parametrize(("file", "named"), [("hic.yaml", LIKE), ("hic-unlike.yaml", UNLIKE)])
def test_every_term_of_the_settings_is_there_and_has_a_gradient(pairs, file, named):
    config = fusion_config(resource("configs", "fusion", file))
    net = HybridFusionNet(config.network)
    assert {name for name in LIKE | UNLIKE if getattr(config.losses, name) > 0} == named
    batch = MapPairs(pairs.sims, pairs.real, pairs.config, config.network.in_channels).batch(0)
    made = net(batch.a, batch.b, values=batch.values, prior=batch.prior)
    terms = map_terms(made, batch, config.losses)
    assert set(terms) == named
    sum(terms.values()).backward()
    assert float(net.last.weight.grad.abs().sum()) > 0


def test_training_sees_what_is_applied(pairs):
    """Mask and contacts of a tile in training and in application are the same numbers."""
    from napari_hicstruct.fusion.map_features import make_tile, measure_scales

    torch.manual_seed(0)
    net = HybridFusionNet(fusion_config(resource("configs", "fusion", "hic-unlike.yaml")).network).eval()
    with torch.no_grad():
        net.last.weight.normal_(0, 0.5)
    made = next(one for k in range(12) if (one := pairs._make(0, k, False)) and one[0].spread)
    tile = make_tile(made[1], measure_scales(made[1]), (60, 80), (48, 48))
    counts, _ = fuse_tile(net, tile, spread=True)
    from napari_hicstruct.fusion.map_training import _as_batch, _known

    batch = _as_batch([(made[0], tile, _known(made[0], (60, 80), 48))], net.config.in_channels)
    with torch.no_grad():
        said = net(batch.a, batch.b, values=batch.values, prior=batch.prior)
        mask = torch.sigmoid(said.logit)
        a, b = batch.counts
        blend = a * mask / batch.share + b * (1 - mask) / (1 - batch.share)
        sharp = sharpened(blend, said.residual, batch.expected, batch.known)
    there = counts > 0
    assert there.mean() > 0.5
    np.testing.assert_allclose(counts[there], sharp[0, 0].numpy()[there], rtol=2e-3)
