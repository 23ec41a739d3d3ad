"""The painted simulator: kernels on a decay curve, no polymer, no extrusion.

It shares nothing with the loop-extrusion simulator but the output type, coverage, mask and the reading of the truth,
so that a model cannot win on it by knowing one simulator.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.synth import layout
from napari_hicstruct.synth.layout import log_uniform, uniform
from napari_hicstruct.synth.simulate import finish_band
from napari_hicstruct.synth.truth import Candidates, read_truth
from napari_hicstruct.synth.types import SimulatedMap

Oe = NDArray[np.float32]


def paint_map(config: SimulationConfig, seed: int) -> SimulatedMap:
    """Paint one chromosome: block TADs, Gaussian dots of varied width, fading stripes.

    Parameters
    ----------
    config : SimulationConfig
        Size, distance decay, compartments, texture, coverage and mask are drawn from it; ranges of barriers and
        factors are not used.
    seed : int
        Same seed and configuration, same map.
    """
    rng = np.random.default_rng([seed, 2])
    # A decoy is a blob without a barrier, and so is a painted dot: here it would be a loop that the truth omits.
    config = config.model_copy(update={"decoys": (0.0, 0.0)})
    oe = np.ones((config.n_diagonals, config.n_bins), np.float32)
    borders = _paint_domains(oe, config, rng)
    anchors = _paint_stripes(oe, config, borders, rng)
    pairs = _paint_dots(oe, config, borders, rng)
    band, far = finish_band(config, oe, rng, np.unique(np.array(borders, np.int64).reshape(-1)))
    bias, masked = layout.draw_bias(config, rng), layout.draw_masked(config, rng)
    truth = read_truth(band, bias, masked, config.resolution, Candidates(pairs, anchors))
    return SimulatedMap(config.chrom, config.length, config.resolution, band, bias, masked, truth, seed, far)


def _paint_domains(oe: Oe, config: SimulationConfig, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Multiply squares on the diagonal: a lower level of TADs, and an upper one that joins some neighbours."""
    n, res = config.n_bins, config.resolution
    mean = log_uniform(rng, (200_000, 900_000)) / res
    ends = np.cumsum(np.maximum(8, rng.gamma(2.0, mean / 2.0, int(3 * n / mean) + 8))).astype(int)
    ends = ends[ends < n - 1]
    strength = rng.uniform(0.15, 0.9)
    found = []
    for level in range(2):
        for start, end in itertools.pairwise(ends):
            if end - start < oe.shape[0] and rng.random() < (0.85, 0.5)[level]:
                gain = np.float32(1 + strength * rng.uniform(0.3, 1.3) / (1 + level))
                for d in range(end - start):
                    oe[d, start : end - d] *= gain
                found.append((int(start), int(end)))
        ends = ends[:: int(rng.integers(2, 4))]
    return found


def _paint_stripes(
    oe: Oe, config: SimulationConfig, borders: list[tuple[int, int]], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Straight bars from the diagonal, most at domain borders, fading over their length; gives their anchors."""
    n, res = config.n_bins, config.resolution
    anchors = []
    for _ in range(rng.poisson(config.length / log_uniform(rng, (250_000, 2_500_000)))):
        side = bool(rng.random() < 0.5)
        x = int(rng.integers(10, n - 10))
        if borders and rng.random() < 0.7:
            start, end = borders[int(rng.integers(len(borders)))]
            x = start + 1 if side else end - 1
        length = int(min(log_uniform(rng, (150_000, 2_000_000)) / res, oe.shape[0] - 12))
        half, height, fade = uniform(rng, (0.6, 2.0)), uniform(rng, (0.2, 1.3)), uniform(rng, (0.0, 0.7))
        for offset in range(-5, 6):
            row = x + offset
            weight = height * np.exp(-(offset**2) / (2 * half**2))
            for t in range(3, length):
                d = t - offset if side else t + offset
                i = row if side else x - t
                if i >= 0 and i + d < n and 0 < d < oe.shape[0] and 0 <= row < n:
                    oe[d, i] *= np.float32(1 + weight * (1 - fade * t / length))
        anchors.append(x)
    return np.array(anchors, np.int64)


def _paint_dots(
    oe: Oe, config: SimulationConfig, borders: list[tuple[int, int]], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Gaussian dots (σ 0.8–2.5 bins, round or stretched), part of them at domain corners; gives their centres."""
    n, res = config.n_bins, config.resolution
    places = [(a + 1, b - 1) for a, b in borders if rng.random() < 0.6]
    for _ in range(rng.poisson(config.length / log_uniform(rng, (150_000, 1_500_000)))):
        d = int(min(log_uniform(rng, (40_000, 2_500_000)) / res, oe.shape[0] - 12))
        i = int(rng.integers(10, n - 10))
        places.append((i, i + d))
    grid = np.arange(-8, 9)
    for i, j in places:
        if i < 10 or j >= n - 10 or not 6 <= j - i < oe.shape[0] - 10:
            continue
        si, sj = (uniform(rng, (0.8, 2.5)) for _ in range(2))
        height = log_uniform(rng, (0.3, 5.0))
        for a in grid:
            # subtracting row from column: pixel (i + a, j + b) lies on diagonal j − i + b − a
            b = grid[(j - i + grid - a > 0) & (j - i + grid - a < oe.shape[0])]
            kernel = height * np.exp(-(a**2) / (2 * si**2) - b**2 / (2 * sj**2))
            oe[j - i + b - a, i + a] *= (1 + kernel).astype(np.float32)
    return np.array(places, np.int64).reshape(-1, 2)
