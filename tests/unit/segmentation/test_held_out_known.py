"""Of a picture that is labelled only in part, a part of what is known is held out."""

from __future__ import annotations

import numpy as np

from napari_hicstruct.config.segmentation import SegmentationConfig
from napari_hicstruct.segmentation.planes import held_out_blocks


def test_blocks_are_held_out_of_what_is_known() -> None:
    config = SegmentationConfig(block=32, held_out=0.2)
    mask = np.zeros((256, 256), np.int16)
    mask[8:24, ::2] = 1
    known = np.zeros(mask.shape, bool)
    known[:64] = True
    for seed in range(12):
        held = held_out_blocks(mask, config, np.random.default_rng(seed), known)
        for value in (0, 1):
            share = held[known & (mask == value)].mean()
            assert 0.05 < share < 0.5, (seed, value, share)


def test_where_all_is_known_nothing_changes() -> None:
    config = SegmentationConfig(block=32)
    mask = np.zeros((128, 96), np.int16)
    mask[20:60, 30:70] = 1
    every = np.ones(mask.shape, bool)
    first, second = (held_out_blocks(mask, config, np.random.default_rng(3), known) for known in (None, every))
    assert np.array_equal(first, second)


def test_a_slice_of_which_nothing_is_known_is_no_error() -> None:
    nothing = np.zeros((64, 64), bool)
    config = SegmentationConfig(block=32)
    assert held_out_blocks(nothing.astype(np.int16), config, np.random.default_rng(1), nothing).any()
