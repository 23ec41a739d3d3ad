"""Losses of the fusion of pictures: each against its equation written out, and on what it is there for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage.metrics import structural_similarity

from napari_hicstruct.config.fusion import FusionLossConfig
from napari_hicstruct.losses.fusion import sharpness
from napari_hicstruct.losses.fusion.lytro import lytro_terms, sharpness_target
from napari_hicstruct.losses.fusion.microscopy import EPSILON, charbonnier, detail_share, microscopy_terms
from napari_hicstruct.losses.fusion.ssim import ssim
from napari_hicstruct.losses.fusion.terms import PictureBatch, binarity, total_variation, weighted
from napari_hicstruct.models.fusion.network import Fused

EVERYTHING = FusionLossConfig(**dict.fromkeys(FusionLossConfig.model_fields, 1.0))


def picture(seed: int = 0, side: int = 32) -> torch.Tensor:
    return torch.rand(1, 1, side, side, generator=torch.Generator().manual_seed(seed))


def soft(x: torch.Tensor, sigma: float = 2.0) -> torch.Tensor:
    return torch.from_numpy(ndimage.gaussian_filter(x.numpy(), (0, 0, sigma, sigma), mode="mirror"))


def made_of(a: torch.Tensor, b: torch.Tensor, mask: torch.Tensor) -> Fused:
    return Fused(mask, mask * a + (1 - mask) * b, None, torch.logit(mask, 1e-6))


def two_halves() -> tuple[PictureBatch, torch.Tensor]:
    """A is sharp on the left, B on the right; and the true mask."""
    sharp = picture()
    blurry = soft(sharp)
    focus = torch.zeros(1, 1, 32, 32)
    focus[..., :16] = 1
    a, b = focus * sharp + (1 - focus) * blurry, (1 - focus) * sharp + focus * blurry
    return PictureBatch(a, b, (a, b), sharp, focus), focus


def test_filters_are_those_of_scipy() -> None:
    x = picture()
    plain = x[0, 0].double().numpy()
    inside = (slice(8, -8),) * 2

    def same(found: torch.Tensor, wanted: np.ndarray) -> None:
        np.testing.assert_allclose(found[0, 0].numpy()[inside], wanted[inside], atol=1e-5)

    same(sharpness.laplacian(x), ndimage.laplace(plain))
    same(sharpness.blurred(x, 1.5), ndimage.gaussian_filter(plain, 1.5, truncate=3.0))
    same(sharpness.sobel(x)[0], ndimage.sobel(plain, 1) / 8)
    same(sharpness.sobel(x)[1], ndimage.sobel(plain, 0) / 8)
    same(sharpness.laplacian_of_gaussian(x, 1.0), ndimage.laplace(ndimage.gaussian_filter(plain, 1.0, truncate=3.0)))
    energy = ndimage.gaussian_filter(
        (ndimage.sobel(plain, 0) ** 2 + ndimage.sobel(plain, 1) ** 2) / 64, 1.0, truncate=3
    )
    same(sharpness.tenengrad(x, 1.0), energy)


def test_ssim_is_that_of_scikit_image() -> None:
    x, y = picture(1), soft(picture(1), 1.0)
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
    _, wanted = structural_similarity(x[0, 0].double().numpy(), y[0, 0].double().numpy(), full=True, **options)
    np.testing.assert_allclose(ssim(x, y)[0, 0].numpy()[8:-8, 8:-8], wanted[8:-8, 8:-8], atol=1e-4)
    assert float(ssim(x, x).min()) == pytest.approx(1, abs=1e-5)


def test_the_stronger_answer_keeps_its_sign() -> None:
    a, b = torch.tensor([-3.0, 1.0, 2.0]), torch.tensor([2.0, -0.5, -2.5])
    assert sharpness.stronger(a, b).tolist() == [-3.0, 1.0, -2.5]


def test_terms_of_the_mask() -> None:
    mask = torch.tensor([[0.0, 0.5], [1.0, 1.0]])[None, None]
    assert float(binarity(mask)) == pytest.approx(0.25 / 4)
    assert float(total_variation(mask)) == pytest.approx((0.5 + 0) / 2 + (1 + 0.5) / 2)
    assert float(total_variation(mask[..., :1, :1])) == 0


@pytest.mark.parametrize("terms", [lytro_terms, microscopy_terms])
def test_the_true_mask_costs_less_than_others(terms: object) -> None:
    batch, focus = two_halves()
    known = {"truth_mask": 0.0, "truth_image": 0.0, "truth_structure": 0.0, "max_intensity": 0.0, "low": 0.0}
    weights = EVERYTHING.model_copy(update=known)

    def cost(mask: torch.Tensor) -> float:
        made = made_of(*batch.values, mask)
        return float(weighted(terms(made, batch, weights), weights))  # type: ignore[operator]

    right, even, wrong = cost(focus), cost(torch.full_like(focus, 0.5)), cost(1 - focus)
    assert right < even
    assert right < wrong


def test_targets_are_weighted_by_sharpness() -> None:
    batch, _ = two_halves()
    a, b = batch.values
    share = detail_share(a, b)
    assert float(share[..., :12].min()) > 0.9
    assert float(share[..., 20:].max()) < 0.1
    target = sharpness_target(a, b)
    assert float((target - batch.truth)[..., 4:12].abs().mean()) < 0.1 * float((b - a)[..., 4:12].abs().mean())


def test_lytro_detail_and_structure_by_hand() -> None:
    batch, _ = two_halves()
    a, b = batch.values
    made = made_of(a, b, torch.full((1, 1, 32, 32), 0.3))
    terms = lytro_terms(made, batch, FusionLossConfig(detail=1, structure=1))
    log_a, log_b = sharpness.laplacian_of_gaussian(a), sharpness.laplacian_of_gaussian(b)
    stronger = torch.where(log_a.abs() >= log_b.abs(), log_a, log_b)
    wanted = (sharpness.laplacian_of_gaussian(made.fused) - stronger).abs().mean()
    assert set(terms) == {"detail", "structure"}
    assert float(terms["detail"]) == pytest.approx(float(wanted))
    assert float(terms["structure"]) == pytest.approx(1 - float(ssim(made.fused, sharpness_target(a, b)).mean()))


def test_charbonnier() -> None:
    x = torch.tensor([0.0, 3.0])
    assert float(charbonnier(x, torch.zeros(2))) == pytest.approx((np.sqrt(9 + EPSILON**2) + EPSILON) / 2 - EPSILON)


def test_max_intensity_is_off_and_would_brighten_noise() -> None:
    """Two noisy pictures of nothing: the target by the larger value lies above both means."""
    grey = torch.full((1, 1, 32, 32), 0.5)
    a, b = (grey + 0.1 * torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(k)) for k in (1, 2))
    batch = PictureBatch(a, b, (a, b))
    made = made_of(a, b, (a > b).float())
    weights = FusionLossConfig(max_intensity=1, sobel_max=1)
    terms = lytro_terms(made, batch, weights)
    assert float(terms["max_intensity"]) == 0
    assert float(made.fused.mean()) > 0.54
    assert float(terms["sobel_max"]) > 0
    assert FusionLossConfig().max_intensity == 0
    assert "max_intensity" not in lytro_terms(made, batch, FusionLossConfig(detail=1))


@pytest.mark.parametrize("terms", [lytro_terms, microscopy_terms])
def test_every_term_can_be_derived(terms: object) -> None:
    batch, _ = two_halves()
    logit = torch.zeros(1, 1, 32, 32, requires_grad=True)
    mask = torch.sigmoid(logit)
    a, b = batch.values
    made = Fused(mask, mask * a + (1 - mask) * b, None, logit)
    found = terms(made, batch, EVERYTHING)  # type: ignore[operator]
    for name, value in found.items():
        (gradient,) = torch.autograd.grad(value, logit, retain_graph=True, allow_unused=True)
        assert bool(torch.isfinite(gradient).all()), name
    total = weighted(found, EVERYTHING)
    assert float(total.detach()) == pytest.approx(sum(float(value.detach()) for value in found.values()), rel=1e-5)
