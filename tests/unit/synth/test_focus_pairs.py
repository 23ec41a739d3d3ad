"""Pairs in different focus: what is sharp where is what the pair says, and the foreground bleeds where it should."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_hicstruct.synth.focus_pairs import MIN_SHARE, FocusOptions, focus_pair, varying_blur

PICTURE = np.random.default_rng(0).random((96, 128)).astype(np.float32)


def wrong(picture: np.ndarray, pair_truth: np.ndarray, where: np.ndarray) -> float:
    return float(np.abs(picture - pair_truth)[where].mean())


@pytest.mark.parametrize("kind", ["varying", "spread"])
@pytest.mark.parametrize("seed", range(4))
def test_each_picture_is_sharp_where_the_pair_says(kind: str, seed: int) -> None:
    pair = focus_pair(PICTURE, np.random.default_rng(seed), kind, FocusOptions(blur=(2, 4)))  # type: ignore[arg-type]
    inside = ndimage.binary_erosion(pair.focus, iterations=12)
    outside = ndimage.binary_erosion(~pair.focus, iterations=12)
    assert MIN_SHARE < pair.focus.mean() < 1 - MIN_SHARE
    for sharp, soft, where in ((pair.a, pair.b, inside), (pair.b, pair.a, outside)):
        if where.any():
            assert wrong(sharp, pair.truth, where) < 0.01
            assert wrong(soft, pair.truth, where) > 0.1
    assert pair.a.dtype == pair.truth.dtype == np.float32
    np.testing.assert_allclose(pair.truth, PICTURE, atol=1e-6)


def test_the_same_seed_gives_the_same_pair() -> None:
    one, other = (focus_pair(PICTURE, np.random.default_rng(5), "spread") for _ in range(2))
    np.testing.assert_array_equal(one.a, other.a)
    np.testing.assert_array_equal(one.focus, other.focus)


def test_a_blurred_foreground_bleeds_over_a_ground_in_focus() -> None:
    """White before black: beside the border, the picture with the ground in focus is grey on both sides."""
    white, black = np.ones((64, 64), np.float32), np.zeros((64, 64), np.float32)
    options = FocusOptions(blur=(3, 3), border=(0.7, 0.7))
    pair = focus_pair(white, np.random.default_rng(3), "spread", options, ground=black)
    sharp, blurry = (pair.a, pair.b) if np.abs(pair.a - pair.truth).max() < 0.01 else (pair.b, pair.a)
    assert np.abs(sharp - pair.truth).max() < 0.01
    away = ndimage.distance_transform_edt(pair.truth < 0.5)
    beside = (away >= 1) & (away <= 3)
    assert blurry[beside].min() > 0.02
    assert blurry[(away > 10)].max(initial=0) < 1e-3


def test_blur_varies_from_place_to_place() -> None:
    sigma = np.zeros((96, 128), np.float32)
    sigma[:, 64:] = 2
    made = varying_blur(PICTURE, sigma)
    np.testing.assert_allclose(made[:, :64], PICTURE[:, :64], atol=1e-6)
    wanted = ndimage.gaussian_filter(PICTURE, 2, mode="reflect", truncate=3)
    np.testing.assert_allclose(made[:, 64:], wanted[:, 64:], atol=1e-6)


def test_colours_and_noise() -> None:
    picture = np.random.default_rng(0).random((40, 48, 3)).astype(np.float32)
    clean = focus_pair(picture, np.random.default_rng(1))
    noisy = focus_pair(picture, np.random.default_rng(1), options=FocusOptions(noise=(0.05, 0.05)))
    assert clean.a.shape == (40, 48, 3)
    assert clean.focus.shape == (40, 48)
    assert float((noisy.a - clean.a).std()) == pytest.approx(0.05, rel=0.1)
    assert noisy.noise == (0.05, 0.05)
    assert abs(np.corrcoef((noisy.a - clean.a).ravel(), (noisy.b - clean.b).ravel())[0, 1]) < 0.1
