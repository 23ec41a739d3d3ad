"""The look at the whole chromosome: its network, what training cuts for it, and what prediction makes of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.contacts.band import Band, make_band
from napari_hicstruct.contacts.channels import chromosome_channels
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.inference.boundary_prior import predict_boundary_prior
from napari_hicstruct.losses.boundary import boundary_loss
from napari_hicstruct.models.boundary_prior import BandBoundaryPrior
from napari_hicstruct.models.library.boundary_prior_chromosome import ChromosomeBoundaryPrior
from napari_hicstruct.training.augment import transpose_sample
from napari_hicstruct.training.boundary_prior import (
    boundary_prior_loss,
    strip_prior_inputs,
    tile_priors,
    window_prior,
    window_prior_inputs,
)
from tests.unit.model.model_kit import context, features, net, small

N = 250
"""Coarse bins of the chromosome: not a whole number of large ones."""


def configured(**options: object) -> ModelConfig:
    return small(boundary_prior={"kind": "chromosome", "resolution": 40_000, "inject": True, **options})


@pytest.fixture(scope="module")
def band() -> Band:
    rng = np.random.default_rng(5)
    counts = rng.poisson(90 / (1 + np.arange(48))[:, None], (48, N)).astype(np.float32)
    for d in range(48):
        counts[d, N - d :] = 0
    return make_band("chr1", 10_000, counts)


def shaken(config: ModelConfig) -> ChromosomeBoundaryPrior:
    model = net(config).boundary_prior
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.1 * torch.randn(p.shape, generator=torch.Generator().manual_seed(p.numel())))
    return model


def test_equals_a_band_prior_with_attention_over_the_whole_length() -> None:
    model = shaken(configured())
    strip = torch.randn(1, 5, 16, 20, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        x = model.stem(strip)[0]
        x = torch.stack([model.read.weight[:, :, 0] @ x[:, :, at].flatten() for at in range(20)], -1)
        x = model.pyramid((x + model.read.bias[:, None])[None])[0]
        a = model.attention
        y = (x - x.mean()) / torch.sqrt(x.var(correction=0) + 1e-5) * a.norm.weight[:, None] + a.norm.bias[:, None]
        q, k, v = (a.qkv.weight[:, :, 0] @ y).reshape(3, 4, -1, 20)
        said = torch.zeros_like(x).reshape(4, -1, 20)
        for head in range(4):
            for at in range(20):
                alike = [
                    (functional.elu(q[head, :, at]) + 1) @ (functional.elu(k[head, :, to]) + 1) for to in range(20)
                ]
                total = sum(w * v[head, :, to] for to, w in enumerate(alike))
                said[head, :, at] = total / sum(alike)
        x = x + a.out.weight[:, :, 0] @ said.flatten(0, 1) + a.out.bias[:, None]
        wanted = model.out(x[None])[0, 0].repeat_interleave(4)
        torch.testing.assert_close(model(strip)[0], wanted, atol=1e-4, rtol=1e-4)


def test_parameters_are_those_of_a_band_prior_and_its_attention() -> None:
    width = configured().boundary_prior.width
    count = {
        cls: sum(p.numel() for p in cls(configured()).parameters())
        for cls in (BandBoundaryPrior, ChromosomeBoundaryPrior)
    }
    assert count[ChromosomeBoundaryPrior] - count[BandBoundaryPrior] == 2 * width + 3 * width**2 + width**2 + width


def test_bins_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"boundary_prior\.resolution.*25000"):
        ChromosomeBoundaryPrior(configured(resolution=25_000))


def test_injection_starts_at_nothing_and_adds_the_boundary_map() -> None:
    module, maps, window = net(configured()).boundary_prior, features(), context()
    torch.testing.assert_close(module.inject(maps, window)["f2"], maps["f2"])
    with torch.no_grad():
        module.injected.weight.fill_(2.0)
    rows, cols = window.boundaries("f2")
    added = module.inject(maps, window)["f2"] - maps["f2"]
    torch.testing.assert_close(added[:, 3], 2 * torch.maximum(rows[:, :, None], cols[:, None, :]))


def test_prediction_repeats_what_the_network_says_of_large_bins(band: Band) -> None:
    config = configured()
    model = net(config).eval()
    p = predict_boundary_prior(model, band, torch.device("cpu")).p
    assert p.shape == (N,)
    strip = chromosome_channels(band, 4, config.windows.strip_diagonals, config.inputs)
    assert strip.shape == (5, 16, 63)
    with torch.no_grad():
        wanted = torch.sigmoid(model.prior_logits(torch.from_numpy(strip)[None]))[0, ::4].repeat_interleave(4)[:N]
    np.testing.assert_allclose(p, wanted, atol=0.02)  # half precision, where the processor has it


@pytest.mark.parametrize("corner", [(0, 0), (-10, 30), (37, 230)])
def test_training_and_prediction_know_the_same(band: Band, corner: tuple[int, int]) -> None:
    model, size = net(configured()).eval(), 32
    sample = window_prior_inputs(band, corner, size, model.config)
    seen = window_prior(model, {key: torch.from_numpy(value)[None] for key, value in sample.items()})
    prior = predict_boundary_prior(model, band, torch.device("cpu")).cut(
        [corner], size, factor=1, device=torch.device("cpu")
    )
    assert seen is not None
    inside = [torch.arange(first, first + size) < N for first in corner]
    for a, b, known in zip((seen.rows, seen.cols), (prior.rows, prior.cols), inside, strict=True):
        torch.testing.assert_close(a[:, known], b[:, known], atol=0.02, rtol=0)
    assert (seen.rows[0, : max(0, -corner[0])] == 0).all()


def test_transposing_a_window_transposes_its_prior(band: Band) -> None:
    model = net(configured()).eval()
    sample = window_prior_inputs(band, (5, 60), 32, model.config)
    there, back = (
        window_prior(model, {key: torch.from_numpy(value)[None] for key, value in s.items()})
        for s in (sample, transpose_sample(sample))
    )
    assert there is not None
    assert back is not None
    assert torch.equal(there.rows, back.cols)
    assert torch.equal(there.cols, back.rows)


def test_tiles_of_a_strip_are_windows(band: Band) -> None:
    model = net(configured()).eval()
    margin, size, first = model.config.windows.coarse_margin, 96, 40
    strip = {
        key: torch.from_numpy(value)[None] for key, value in strip_prior_inputs(band, first, 64, model.config).items()
    }
    strip["tiles"] = torch.zeros(1, 2, 5, size, size)
    for k, tile in enumerate(tile_priors(model, strip)):
        corner = (first - margin + k * (size - 2 * margin),) * 2
        sample = window_prior_inputs(band, corner, size, model.config)
        window = window_prior(model, {key: torch.from_numpy(value)[None] for key, value in sample.items()})
        assert tile is not None
        assert window is not None
        assert torch.equal(tile.rows, window.rows)


@pytest.mark.parametrize("first", [40, 41, 43])
def test_a_large_bin_holds_a_boundary_if_any_of_its_bins_does(band: Band, first: int) -> None:
    model = net(configured()).eval()
    strip = {
        key: torch.from_numpy(value)[None] for key, value in strip_prior_inputs(band, first, 32, model.config).items()
    }
    target = torch.zeros(1, 32)
    target[0, 9] = 0.8
    strip |= {"target": target, "known": torch.ones(1, 32)}
    large = (first + torch.arange(32)) // 4 == (first + 9) // 4
    logits = model.prior_logits(strip["prior"])[:, first : first + 32]
    torch.testing.assert_close(
        boundary_prior_loss(model, strip), boundary_loss(logits, 0.8 * large[None].float(), strip["known"])
    )


def test_a_band_prior_is_cut_as_before(band: Band) -> None:
    model = net(small(boundary_prior={"kind": "band"})).eval()
    whole = strip_prior_inputs(band, 64, 64, model.config)
    assert set(whole) == {"prior"}
    pad, margin = model.config.boundary_prior.pad, model.config.windows.coarse_margin
    assert whole["prior"].shape == (5, 16, 64 + 2 * margin + 2 * pad)
    assert window_prior_inputs(band, (0, 0), 32, small()) == {}
