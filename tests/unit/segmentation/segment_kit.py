"""Small pictures, a small network and a model that learnt them in a few seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_hicstruct.config.segmentation import SegmentationConfig, changed, segmentation_config
from napari_hicstruct.jobs import CancelToken, drain
from napari_hicstruct.workflows.segment.train import (
    ImageSample,
    TrainedSegmentation,
    TrainSegmentationRequest,
    iter_train_segmentation,
)

CHANNELS = [8, 8, 8, 8, 8]
WIDTHS = [8, 8, 8]


def discs(height: int = 96, width: int = 128, *, instances: bool = False, pitch: int = 32) -> np.ndarray:
    """Discs of radius 10 on a grid; the label of each second column is 2, or each has its own."""
    y, x = np.mgrid[:height, :width]
    row, column = y // pitch, x // pitch
    inside = (y % pitch - pitch // 2) ** 2 + (x % pitch - pitch // 2) ** 2 < 100
    value = row * (width // pitch) + column + 1 if instances else column % 2 + 1
    return np.where(inside, value, 0).astype(np.int32)


def picture(labels: np.ndarray, seed: int = 1, noise: float = 6.0) -> np.ndarray:
    """Classes by brightness: objects of label 2 are brighter; 16 bits."""
    level = np.where(labels == 0, 0, np.where(labels == 2, 200, 100))
    return (1_000 + 20 * (level + np.random.default_rng(seed).normal(0, noise, labels.shape))).clip(0).astype(np.uint16)


def tiny(preset: str = "generic", **changes) -> SegmentationConfig:
    """Settings of a few seconds."""
    model = {"channels": CHANNELS, **changes.pop("model", {})}
    config = changed(segmentation_config(preset), model=model)
    data = config.model_dump(mode="json")
    data["model"]["tasks"] = [task | {"widths": WIDTHS} for task in data["model"]["tasks"]]
    fast = {"crop": 32, "batch": 2, "steps": 40, "validate_every": 20, "warmup": 5, "learning_rate": 5e-3, "block": 32}
    return SegmentationConfig.model_validate(data | fast | changes)


def train(samples, out: Path, config: SegmentationConfig | None = None, **options) -> TrainedSegmentation:
    """Train on one processor."""
    made = samples if isinstance(samples, tuple) else (samples,)
    request = TrainSegmentationRequest(made, out, config or tiny(), device="cpu", threads=1, **options)
    return drain(iter_train_segmentation(request, CancelToken()))


def sample(name: str = "discs", **options) -> ImageSample:
    """One picture with its labels."""
    labels = discs(**options)
    return ImageSample(name, picture(np.minimum(labels, 1) if options.get("instances") else labels), labels)
