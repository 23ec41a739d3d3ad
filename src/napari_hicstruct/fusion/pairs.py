"""Batches of synthetic pairs of pictures, the same at each run: what is drawn depends on seed and step alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_hicstruct.config.fusion import FusionTrainConfig
from napari_hicstruct.fusion.channels import picture_channels
from napari_hicstruct.losses.fusion.sharpness import blurred
from napari_hicstruct.losses.fusion.terms import PictureBatch
from napari_hicstruct.synth.focus_pairs import FocusOptions, FocusPair, focus_pair

NEARER_SIGMA, MIN_LEAD = 1.0, 1e-4
"""Pixels around one that are compared with the truth; squares that differ by less are equal."""

MAX_SHRINK = 3.0
"""A picture may be seen from so many times as far."""


class PicturePairs:
    """Patches of sharp pictures, in different focus.

    Parameters
    ----------
    pictures : sequence of ndarray
        Grey, 0 to 1.
    config : FusionTrainConfig
    """

    def __init__(self, pictures: Sequence[NDArray[Any]], config: FusionTrainConfig) -> None:
        self.pictures = [np.asarray(one, np.float32) for one in pictures]
        self.config = config
        # a picture four times as large is drawn twice as often
        sizes = np.array([min(one.shape) for one in self.pictures], float)
        self._share = sizes / sizes.sum()

    def batch(self, step: int, *, validation: bool = False) -> PictureBatch:
        """Pairs of ``step``; those of validation are none of them."""
        rng = np.random.default_rng([self.config.seed, int(validation), step])
        return as_batch([self._pair(rng) for _ in range(self.config.batch)], nearer=self.config.target == "nearer")

    def _pair(self, rng: np.random.Generator) -> FocusPair:
        options = FocusOptions(blur=self.config.blur, noise=self.config.noise)
        spread = rng.random() < self.config.spread_share
        picture = self._patch(rng)
        ground = self._patch(rng) if spread and rng.random() < 0.5 else None
        return focus_pair(picture, rng, "spread" if spread else "varying", options, ground)

    def _patch(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """A patch: any place, size, way round, contrast and brightness."""
        side = self.config.patch
        picture = self.pictures[rng.choice(len(self.pictures), p=self._share)]
        largest = min(MAX_SHRINK, min(picture.shape) / side)
        wide = round(side * (rng.uniform(1, largest) if largest > 1 and rng.random() < 0.5 else 1))
        y, x = (int(rng.integers(0, max(n - wide, 0) + 1)) for n in picture.shape)
        patch = picture[y : y + wide, x : x + wide]
        if wide > side:
            patch = _shrunk(patch, side)
        patch = np.pad(patch, [(0, side - n) for n in patch.shape], mode="symmetric")
        patch = np.rot90(patch[:, :: rng.choice([-1, 1])], int(rng.integers(4)))
        if rng.random() < 0.3:
            patch = 1 - patch
        patch = np.clip(patch, 0, 1) ** rng.uniform(0.6, 1.6)
        contrast = rng.uniform(0.3, 1)
        return np.ascontiguousarray(contrast * patch + rng.uniform(0, 1 - contrast), np.float32)


def _shrunk(patch: NDArray[Any], side: int) -> NDArray[Any]:
    from scipy import ndimage

    factor = side / patch.shape[0]
    smooth = ndimage.gaussian_filter(patch, max(0.0, (1 / factor - 1) / 2))
    place = (np.arange(side) + 0.5) / factor - 0.5
    return ndimage.map_coordinates(smooth, np.meshgrid(place, place, indexing="ij"), order=1, mode="nearest")


def as_batch(pairs: Sequence[FocusPair], *, nearer: bool = False) -> PictureBatch:
    """Pairs of grey pictures as tensors; ``nearer``: the focus map says who is nearer the truth."""

    def tensor(name: str) -> torch.Tensor:
        return torch.from_numpy(np.stack([getattr(one, name)[None] for one in pairs]).astype(np.float32))

    a, b = tensor("a"), tensor("b")
    read = picture_channels(a, b)
    truth, focus = tensor("truth"), tensor("focus")
    return PictureBatch(*read, (a, b), truth, nearer_one(a, b, truth, focus) if nearer else focus)


def nearer_one(a: torch.Tensor, b: torch.Tensor, truth: torch.Tensor, focus: torch.Tensor) -> torch.Tensor:
    """1 where A is nearer the truth, 0 where B is, by squares around each pixel; where neither is, who is in focus.

    Beside a border over which a blurred foreground bleeds, the picture that is in focus is the farther one.
    """
    lead = blurred((b - truth).square(), NEARER_SIGMA) - blurred((a - truth).square(), NEARER_SIGMA)
    return torch.where(lead.abs() > MIN_LEAD, (lead > 0).to(focus.dtype), focus)
