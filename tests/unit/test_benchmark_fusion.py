"""The judge of fused pictures and its peers: known answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from benchmarks import _fusion_metrics as measure
from benchmarks._fusion_cells import images
from benchmarks._fusion_peers import PEERS, guided, guided_filter, laplacian_pyramid, maximum, mean, settings_of
from benchmarks.fusion_images import TEST
from napari_hicstruct.workflows.fuse.pictures import SCIKIT_IMAGE

RNG = np.random.default_rng(0)
SHARP = ndimage.gaussian_filter(RNG.random((64, 80)), 0.7)
SOFT = ndimage.gaussian_filter(SHARP, 3)
LEFT = np.arange(80) < 40
A, B = np.where(LEFT, SHARP, SOFT), np.where(LEFT, SOFT, SHARP)


def test_no_picture_is_trained_on_and_tested() -> None:
    assert not set(TEST) & set(SCIKIT_IMAGE)


def test_edges_that_are_all_taken_over_count_one() -> None:
    most = measure.GAMMA_G / (1 + np.exp(measure.KAPPA_G * 0.5)) * measure.GAMMA_A / (1 + np.exp(measure.KAPPA_A * 0.2))
    assert measure.q_abf(SHARP, SHARP, SHARP) == pytest.approx(most)
    assert measure.q_abf(SHARP, SHARP, np.zeros_like(SHARP)) < 0.01
    assert measure.q_abf(A, B, SHARP) > measure.q_abf(A, B, (A + B) / 2) + 0.1


def test_one_edge_by_hand() -> None:
    """An input's edge of twice the strength, of the same direction."""
    a = np.zeros((9, 9))
    a[:, 5:] = 0.4
    q = measure.preserved(measure.edges(a), measure.edges(a / 2))[4, 4]
    wanted = 0.9994 / (1 + np.exp(-15 * (0.5 - 0.5))) * 0.9879 / (1 + np.exp(-22 * (1 - 0.8)))
    assert q == pytest.approx(wanted)
    turned = measure.preserved(measure.edges(a), measure.edges(a.T))[4, 4]
    assert turned < 1e-6


def test_iou_counts_both_sides() -> None:
    focus = np.zeros((4, 4), bool)
    focus[:, :2] = True
    assert measure.mask_iou(focus.astype(float), focus) == 1
    assert measure.mask_iou(np.ones((4, 4)), focus) == pytest.approx((0.5 + 0) / 2)


def test_psnr_and_noise() -> None:
    truth = np.full((32, 32), 0.5)
    noisy = truth + 0.1 * RNG.standard_normal((32, 32))
    assert measure.psnr(truth, noisy) == pytest.approx(20, abs=0.5)
    assert measure.noise_in(noisy, truth, np.ones((32, 32), bool)) == pytest.approx(0.1, rel=0.1)


def test_flat_parts_are_flat_and_in_focus_in_both() -> None:
    truth = np.where(LEFT, 0.5, SHARP)
    blurred = np.where(LEFT, 0.5, SOFT)
    flat = measure.flat_parts(truth, (truth, blurred))
    assert flat[:, :30].mean() > 0.4
    assert not flat[:, 45:].any()


@pytest.mark.filterwarnings("ignore:Level value")
@pytest.mark.parametrize("peer", PEERS)
def test_peers_fuse(peer: str) -> None:
    if peer == "wavelet":
        pytest.importorskip("pywt")
    for setting, fuse in settings_of(peer):
        made = fuse(A, B)
        assert made.shape == A.shape, setting
        np.testing.assert_allclose(fuse(SHARP, SHARP), SHARP, atol=1e-6, err_msg=f"{peer} {setting}")
        if peer not in ("mean", "max"):
            assert measure.psnr(SHARP, made) > measure.psnr(SHARP, mean(A, B)) + 3, setting


def test_a_pyramid_of_one_picture_is_the_picture_and_a_guide_keeps_its_edges() -> None:
    np.testing.assert_allclose(laplacian_pyramid(A, A, levels=4, window=1), A, atol=1e-9)
    step = LEFT[None].repeat(64, 0).astype(float)
    smeared = ndimage.uniform_filter(step, 7)
    assert np.abs(guided(step, smeared, 5, 1e-6) - step).max() < 0.5 * np.abs(smeared - step).max()
    np.testing.assert_allclose(guided(step, step, 5, 1e-6), step, atol=1e-4)
    assert guided_filter(A, B).max() <= maximum(A, B).max() + 0.2


def test_a_cell_of_the_table_says_what_is_missed() -> None:
    one = {"ours": {"psnr": 41.23, "ssim": 0.99, "q_abf": 0.7, "iou": 0.95}, "pairs": 14}
    one["peers"] = {"mean": {key: {"value": 1.5, "setting": ""} for key in ("psnr", "ssim", "q_abf")}}
    shown = images({"parts": {"focus": one}, "bars": {"focus: psnr above every peer": True, "mask IoU": False}})
    assert "ours 41.23 / 0.9900 / 0.7000; mask IoU 0.950" in shown
    assert shown.endswith("missed: mask IoU")
