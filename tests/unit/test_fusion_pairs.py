"""Batches of pairs: the same each time, none of validation in training, and what the focus map says."""

from __future__ import annotations

import numpy as np
import torch

from napari_hicstruct.config.fusion import FusionTrainConfig
from napari_hicstruct.fusion.channels import N_CHANNELS, picture_channels
from napari_hicstruct.fusion.pairs import PicturePairs, as_batch
from napari_hicstruct.fusion.training import rate_at
from napari_hicstruct.synth.focus_pairs import FocusOptions, focus_pair

PICTURES = [np.random.default_rng(k).random((40 + 40 * k, 90)).astype(np.float32) for k in range(2)]
CONFIG = FusionTrainConfig(patch=32, batch=3)


def test_a_step_draws_the_same_each_time() -> None:
    one, other = (PicturePairs(PICTURES, CONFIG).batch(5) for _ in range(2))
    assert torch.equal(one.a, other.a)
    assert one.a.shape == (3, N_CHANNELS, 32, 32)
    assert one.values[0].shape == one.truth.shape == one.focus.shape == (3, 1, 32, 32)
    assert not torch.equal(one.a, PicturePairs(PICTURES, CONFIG).batch(6).a)
    assert not torch.equal(one.a, PicturePairs(PICTURES, CONFIG).batch(5, validation=True).a)
    assert float(torch.stack(one.values).min()) > -0.1
    assert float(torch.stack(one.values).max()) < 1.1


def test_pictures_smaller_than_a_patch_are_mirrored() -> None:
    batch = PicturePairs([np.random.default_rng(0).random((12, 20)).astype(np.float32)], CONFIG).batch(0)
    assert batch.a.shape[-2:] == (32, 32)


def test_channels_do_not_depend_on_brightness_or_contrast_and_give_the_pictures_one_scale() -> None:
    a, b = (torch.rand(1, 1, 24, 24, generator=torch.Generator().manual_seed(k)) for k in (1, 2))
    one, other = picture_channels(a, b), picture_channels(a * 7 + 3, b * 7 + 3)
    for x, y in zip(one, other, strict=True):
        assert torch.allclose(x, y, atol=1e-4)
    both = torch.cat([x[:, :1] for x in one], 1)
    assert abs(float(both.mean())) < 1e-5
    assert abs(float(both.std()) - 1) < 1e-5
    faint = picture_channels(a, b * 0.5)
    assert float(faint[1][:, 1].std()) < 0.7 * float(faint[0][:, 1].std())


def test_nearer_differs_from_focus_beside_a_bleeding_border_alone() -> None:
    rng = np.random.default_rng(3)
    white, ground = np.ones((64, 64), np.float32), rng.random((64, 64)).astype(np.float32) * 0.2
    options = FocusOptions(blur=(3, 3), border=(0.7, 0.7))
    pair = focus_pair(white, np.random.default_rng(3), "spread", options, ground=ground)
    focus, nearer = (as_batch([pair], nearer=flag).focus[0, 0].numpy() > 0.5 for flag in (False, True))
    from scipy import ndimage

    inside = ndimage.distance_transform_edt(pair.focus) + ndimage.distance_transform_edt(~pair.focus)
    changed = focus != nearer
    assert changed.any()
    assert inside[changed].max() < 8
    np.testing.assert_array_equal(focus, pair.focus)


def test_the_learning_rate_rises_and_falls() -> None:
    config = FusionTrainConfig(steps=100, warmup=10, final_rate=0.1)
    rates = [rate_at(step, config) for step in range(101)]
    assert rates[0] == 0.1
    assert max(rates) == rates[10] == 1
    assert rates[100] == 0.1
    assert rates[10:] == sorted(rates[10:], reverse=True)
