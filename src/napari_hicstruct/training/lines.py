"""Simulated lines: one simulated map as other protocols, coverages and depths would show it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.training import LineConfig
from napari_hicstruct.synth.types import SimulatedMap

_CORRELATION_BINS = 2.0
"""Length over which texture is alike."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line's parameters, as :class:`~napari_hicstruct.config.training.LineConfig` has their ranges."""

    blur: float = 0.0
    tilt: float = 0.0
    roughness: float = 0.0
    bin_roughness: float = 0.0
    noise: float = 0.0


def draw_line(config: LineConfig, rng: np.random.Generator) -> Line:
    """A line by chance, all parameters drawn evenly."""
    return Line(*(float(rng.uniform(*getattr(config, name))) for name in Line.__slots__))


def of_line(sim: SimulatedMap, line: Line, rng: np.random.Generator) -> SimulatedMap:
    """The map as this line shows it: the same structures, the mean of the first diagonal stays 1."""
    from scipy.ndimage import gaussian_filter

    band = sim.band.copy()
    if line.blur:
        band = _smeared(band, line.blur)
    if line.tilt:
        distance = np.arange(len(band), dtype=np.float32)
        band *= np.maximum(distance, 1)[:, None] ** np.float32(line.tilt)
    if line.roughness:
        field = gaussian_filter(rng.standard_normal(band.shape, np.float32), _CORRELATION_BINS)
        band *= np.exp(field * np.float32(line.roughness / max(float(field.std()), 1e-6)))
    band *= np.float32(1 / max(float(band[1].mean()), 1e-12))
    bias = sim.bias * np.exp(line.bin_roughness * rng.standard_normal(len(sim.bias))).astype(np.float32)
    return replace(
        sim, band=band, bias=(bias / bias.mean()).astype(np.float32), overdispersion=sim.overdispersion + line.noise
    )


def _smeared(band: NDArray[np.float32], bins: float) -> NDArray[np.float32]:
    """Contacts over expected, smeared over both anchors by about ``bins``; the decay stays."""
    from scipy.ndimage import gaussian_filter

    # entry [d, i] lies at (i, i + d): along d and along i are steps of one anchor each, near enough to both
    mean = np.maximum(band.mean(axis=1, keepdims=True), 1e-12)
    ratio = gaussian_filter(band / mean, bins, mode="nearest", truncate=3)
    out: NDArray[np.float32] = (ratio * mean).astype(np.float32)
    out[band == 0] = 0
    return out
