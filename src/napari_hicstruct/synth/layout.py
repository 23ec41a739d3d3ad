"""What stands where before any contact: barriers, compartments, coverage, unmappable bins, distance decay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from napari_hicstruct.config.simulation import SimulationConfig

Range = tuple[float, float]


def uniform(rng: np.random.Generator, limits: Range) -> float:
    """A number between the limits."""
    return float(rng.uniform(*limits))


def log_uniform(rng: np.random.Generator, limits: Range) -> float:
    """A number between the limits, every order of magnitude as likely."""
    return float(np.exp(rng.uniform(np.log(limits[0]), np.log(limits[1]))))


@dataclass(frozen=True, slots=True)
class Barriers:
    """Oriented barriers: bin, orientation and the probability that a leg is caught there.

    A forward (``+``) barrier stops legs that move left, a reverse (``−``) one legs that move right.
    """

    position: NDArray[np.int64]
    forward: NDArray[np.bool_]
    strength: NDArray[np.float32]


def draw_barriers(config: SimulationConfig, rng: np.random.Generator) -> Barriers:
    """Sites at gamma-distributed distances: divergent pairs (− then +) at domain borders, else single barriers."""
    res, n = config.resolution, config.n_bins
    spacing = log_uniform(rng, config.barrier_spacing) / res
    mean_strength = uniform(rng, config.barrier_strength)
    clustered = uniform(rng, config.barrier_clustered)
    count = int(2 * n / spacing) + 8
    # A slow drift of the spacing gives deserts and dense stretches on one chromosome.
    drift = np.exp(0.5 * _smooth_noise(rng, count, 6.0))
    sites = np.cumsum(np.maximum(2, rng.gamma(1.6, spacing / 1.6, count) * drift)).astype(np.int64)
    sites = sites[sites < n - 2]
    concentration = 4.0
    a, b = mean_strength * concentration, (1 - mean_strength) * concentration
    position, forward, strength = [], [], []
    for site in sites:
        if rng.random() < clustered:
            gap = 1 + int(rng.geometric(0.35))
            members = [(int(site), False), (int(site) + gap, True)]
        else:
            members = [(int(site), bool(rng.random() < 0.5))]
            if rng.random() < 0.15:  # tandem sites broaden the dot
                members.append((int(site) + 1, members[0][1]))
        for where, is_forward in members:
            if where < n - 1:
                position.append(where)
                forward.append(is_forward)
                strength.append(min(0.99, rng.beta(a, b)))
    return Barriers(np.array(position, np.int64), np.array(forward, np.bool_), np.array(strength, np.float32))


def _smooth_noise(rng: np.random.Generator, n: int, sigma: float) -> NDArray[np.float64]:
    """Gaussian noise of unit variance with a correlation length of ``sigma``."""
    noise = gaussian_filter1d(rng.standard_normal(n), sigma, mode="wrap")
    spread = noise.std()
    return noise / spread if spread > 0 else noise


def draw_compartments(
    config: SimulationConfig, rng: np.random.Generator, sites: NDArray[np.int64]
) -> NDArray[np.float32]:
    """A/B profile in [−1, 1] per bin: stretches of random length and sign with soft borders.

    A share of the borders lies at the nearest of ``sites``, bins of barriers or ends of domains.
    """
    n = config.n_bins
    size = log_uniform(rng, config.compartment_size) / config.resolution
    lengths = np.maximum(size / 6, rng.exponential(size, int(3 * n / size) + 8)).astype(int) + 1
    level = (
        rng.choice([-1.0, 1.0]) * np.where(np.arange(len(lengths)) % 2, -1.0, 1.0) * rng.uniform(0.3, 1, len(lengths))
    )
    profile = np.repeat(level, lengths)
    offset = int(rng.integers(0, max(1, len(profile) - n)))
    soft = log_uniform(rng, (5_000, 150_000)) / config.resolution
    profile = profile[offset : offset + n]
    if config.compartment_at_borders[1] > 0 and len(sites):  # else maps made before stay what they were
        profile = _moved(profile, np.sort(sites), uniform(rng, config.compartment_at_borders), rng)
    return np.asarray(gaussian_filter1d(profile, soft), np.float32)


def _moved(
    profile: NDArray[np.float64], sites: NDArray[np.int64], share: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """A step profile with a share of its steps moved to the nearest of ``sites`` (ascending)."""
    steps = np.flatnonzero(np.diff(profile)) + 1
    levels = profile[np.concatenate([[0], steps])]
    after = np.clip(np.searchsorted(sites, steps), 1, len(sites) - 1) if len(sites) > 1 else np.zeros_like(steps)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(sites[before] - steps) <= np.abs(sites[after] - steps), sites[before], sites[after])
    moved = np.sort(np.where(rng.random(len(steps)) < share, nearest, steps))
    return np.asarray(levels[np.searchsorted(moved, np.arange(len(profile)), side="right")])


def draw_bias(config: SimulationConfig, rng: np.random.Generator) -> NDArray[np.float32]:
    """Coverage bias per bin, mean 1: log-normal, half of it smooth along the chromosome, and a few very low bins."""
    n = config.n_bins
    sigma = uniform(rng, config.bias_sigma)
    noise = np.sqrt(0.5) * rng.standard_normal(n) + np.sqrt(0.5) * _smooth_noise(rng, n, 20.0)
    bias = np.exp(sigma * noise)
    low = rng.random(n) < uniform(rng, config.low_bins)
    bias[low] *= rng.uniform(0.05, 0.4, int(low.sum()))
    return np.asarray(bias / bias.mean(), np.float32)


def draw_masked(config: SimulationConfig, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Unmappable bins: single ones, short runs, and long gaps (together at most a third of the chromosome)."""
    n, res = config.n_bins, config.resolution
    masked: NDArray[np.bool_] = rng.random(n) < uniform(rng, config.masked_single)
    megabases = config.length / 1e6
    for _ in range(rng.poisson(megabases * uniform(rng, config.masked_runs))):
        start = int(rng.integers(0, n))
        masked[start : start + int(rng.integers(2, 21))] = True
    for _ in range(rng.poisson(megabases * uniform(rng, config.masked_gaps))):
        width = int(min(log_uniform(rng, (150_000, 3_000_000)) / res, n / 12))
        start = int(rng.integers(0, n))
        if masked.mean() + width / n < 1 / 3:
            masked[start : start + width] = True
    return masked


def draw_decay(config: SimulationConfig, rng: np.random.Generator) -> NDArray[np.float64]:
    """Mean contacts at every distance of the chromosome (bins), 1 at one bin: two slopes, smoothly joined."""
    near, far = uniform(rng, config.decay_near), uniform(rng, config.decay_far)
    far = min(far, near)
    bend = log_uniform(rng, config.decay_bend) / config.resolution
    d = np.maximum(np.arange(config.n_bins), 0.6)
    decay = d**near * (1 + (d / bend) ** 2) ** ((far - near) / 2)
    decay *= 1 + uniform(rng, config.decay_first) * np.exp(-np.maximum(d - 1, 0) / 0.7)
    decay[0] *= uniform(rng, (1.0, 3.0))
    return np.asarray(decay / decay[1])


def roughness(config: SimulationConfig, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32] | None:
    """A mild two-dimensional texture with mean about 1 (structure that no barrier explains), or None."""
    amplitude = uniform(rng, config.roughness)
    sigma = log_uniform(rng, (0.7, 6.0))
    if amplitude <= 0:
        return None
    rows, n = shape[0] + 16, shape[1]  # the first rows only keep the filter's edge away from the main diagonal
    field = gaussian_filter1d(rng.standard_normal((rows, n), dtype=np.float32), sigma, axis=0, truncate=2.5)
    # In memory (d + 1, i − 1) lies n − 1 further on: seen with rows of n − 1, axis 0 runs along the map's rows.
    sheared = field.reshape(-1)[: rows * (n - 1)].reshape(rows, n - 1)
    sheared[:] = gaussian_filter1d(sheared, sigma, axis=0, truncate=2.5)
    field = field[16:]
    return np.asarray(np.exp(field * np.float32(amplitude / max(float(field.std()), 1e-9))), np.float32)


def add_decoys(config: SimulationConfig, oe: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Raise blobs and bright single pixels at random places, in place; shape (n_diagonals, n_bins).

    They stand where no barriers say so, and a detector that takes every bright spot for a loop errs on them.
    """
    n_diagonals, n = oe.shape
    nearest = 25_000 / config.resolution
    height = log_uniform(rng, config.decoy_rise)
    for _ in range(rng.poisson(config.length / 1e6 * uniform(rng, config.decoys))):
        sigma = 0.4 if rng.random() < 0.3 else log_uniform(rng, (0.8, 8.0))
        d, i = log_uniform(rng, (nearest, n_diagonals)), int(rng.integers(n))
        wide = sigma * log_uniform(rng, (1.0, 2.5)) if rng.random() < 0.5 else sigma
        a, b = (
            np.arange(-int(3 * s) - 1, int(3 * s) + 2) for s in ((sigma, wide) if rng.random() < 0.5 else (wide, sigma))
        )
        kernel = np.exp(-0.5 * ((a[:, None] / (len(a) / 6)) ** 2 + (b[None, :] / (len(b) / 6)) ** 2))
        rows, columns = (int(d) + b[None, :] - a[:, None]), np.broadcast_to(i + a[:, None], kernel.shape)
        inside = (rows >= 1) & (rows < n_diagonals) & (columns >= 0) & (columns < n)
        oe[rows[inside], columns[inside]] *= (1 + height * rng.exponential() * kernel[inside]).astype(np.float32)


def own_slopes(config: SimulationConfig, rng: np.random.Generator) -> NDArray[np.float32]:
    """Per bin, by how much its own distance decay differs from the map's.

    Most of it drifts along the chromosome: compact and open stretches.  A few bins differ by themselves and show as
    pale or dark stripes on both sides: balancing evens out a bin's sum, not its slope, so that repeats and
    half-mappable bins keep them.
    """
    n = config.n_bins
    drift = uniform(rng, config.slope_sigma) * _smooth_noise(
        rng, n, log_uniform(rng, config.slope_size) / config.resolution
    )
    odd = rng.random(n) < uniform(rng, config.odd_bins)
    return np.asarray(drift + np.where(odd, uniform(rng, config.odd_slope) * rng.standard_normal(n), 0), np.float32)
