"""Crops of planes: drawn from seed and step alone, so that a run that goes on draws what it would have drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_hicstruct.config.segmentation import SegmentationConfig
from napari_hicstruct.segmentation.planes import Plane, padded, padded_input
from napari_hicstruct.training.samples import Batch

_MAX_CENTRES = 20_000
"""Pixels of a class in a plane around which crops are drawn, evenly drawn themselves."""

_MAX_VALIDATION = 24

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class _Centres:
    """Pixels ``(n, 2)`` of one class of one plane that are learnt from."""

    plane: int
    places: NDArray[np.int64]


class CropStream:
    """Batches by step.

    Parameters
    ----------
    planes : sequence of Plane
    config : SegmentationConfig
    shares : sequence of float, optional
        How often each plane is drawn, against the others; default: by its known pixels.
    """

    def __init__(
        self, planes: Sequence[Plane], config: SegmentationConfig, shares: Sequence[float] | None = None
    ) -> None:
        self.planes, self.config = list(planes), config
        sizes = np.array([float((plane.known > 0).sum()) for plane in planes] if shares is None else shares, float)
        self.shares = sizes / sizes.sum()
        numbers = range(1, max(int(plane.mask.max()) for plane in self.planes) + 1)
        self.centres = [places for value in numbers if (places := self._where(value))]
        self.anywhere = self._where(None)

    def _where(self, value: int | None) -> list[_Centres]:
        """Known pixels of one class, or of any (None), plane by plane; planes without any are left out."""
        places = []
        for k, plane in enumerate(self.planes):
            at = np.argwhere((plane.known > 0) if value is None else (plane.mask == value) & (plane.known > 0))
            if len(at) and self.shares[k] > 0:
                places.append(_Centres(k, at[:: max(1, len(at) // _MAX_CENTRES)]))
        return places

    def batch(self, step: int) -> Batch:
        """The crops of one step."""
        rng = np.random.default_rng([self.config.seed, step])
        crops = [self._crop(rng) for _ in range(self.config.batch)]
        return {"fine": stacked(crops)}

    def _crop(self, rng: np.random.Generator) -> Arrays:
        on_object = self.centres and rng.random() < self.config.on_objects
        places = self.centres[rng.integers(len(self.centres))] if on_object else self.anywhere
        share = np.array([self.shares[one.plane] for one in places])
        one = places[rng.choice(len(places), p=share / share.sum())]
        plane, centre = self.planes[one.plane], one.places[rng.integers(len(one.places))]
        # the pixel is anywhere in the crop, or objects would always lie in its middle
        corner = centre - rng.integers(0, self.config.crop, 2)
        return self._augmented(cut_crop(plane, corner, self.config.crop), rng)

    def _augmented(self, crop: Arrays, rng: np.random.Generator) -> Arrays:
        """Turned, mirrored, with other contrast and noise."""
        if self.config.turns:
            turns, mirror = int(rng.integers(4)), bool(rng.integers(2))
            crop = {key: np.rot90(value, turns, (-2, -1)) for key, value in crop.items()}
            crop = {key: value[..., ::-1] if mirror else value for key, value in crop.items()}
        if noise := self.config.noise:
            x = crop["x"].copy()
            gain, shift = 1 + 0.5 * noise * rng.standard_normal((2, len(x) - 1, 1, 1))
            x[:-1] = (x[:-1] * gain + (shift - 1) + noise * rng.random() * rng.standard_normal(x[:-1].shape)) * x[-1:]
            crop["x"] = x
        return crop


def cut_crop(plane: Plane, corner: NDArray[np.int64], size: int, *, held_out: bool = False) -> Arrays:
    """A crop that lies inside the plane as far as that is large enough; beyond it nothing is known."""
    top, left = (int(np.clip(at, 0, max(0, n - size))) for at, n in zip(corner, plane.mask.shape, strict=True))
    at = (..., slice(top, top + size), slice(left, left + size))
    full = (size, size)
    known = plane.held_out if held_out else plane.known
    parts: Arrays = {"mask": plane.mask[at].astype(np.int64), "sdf": plane.sdf[at], "boundary": plane.boundary[at]}
    crop = {key: padded(value, full, mirror=False) for key, value in {**parts, "known": known[at]}.items()}
    return crop | {"x": padded_input(plane.x[at], full)}


def stacked(crops: Sequence[Arrays]) -> dict[str, Tensor]:
    """Crops as one batch of tensors."""
    return {
        key: torch.from_numpy(np.ascontiguousarray(np.stack([crop[key] for crop in crops]))).to(
            torch.int64 if key == "mask" else torch.float32
        )
        for key in crops[0]
    }


def validation_batches(planes: Sequence[Plane], config: SegmentationConfig) -> list[Batch]:
    """Crops that cover what is held out, or an even choice of them; a pixel may lie in two."""
    size, found = config.crop, []
    for plane in planes:
        for top in range(0, max(1, plane.mask.shape[0] - size // 2), size):
            for left in range(0, max(1, plane.mask.shape[1] - size // 2), size):
                crop = cut_crop(plane, np.array([top, left]), size, held_out=True)
                if (crop["known"] > 0).any():
                    found.append(crop)
    chosen = found[:: max(1, -(-len(found) // _MAX_VALIDATION))]
    return [{"fine": stacked(chosen[k : k + config.batch])} for k in range(0, len(chosen), config.batch)]
