"""Real maps lie within the range of simulated ones: decay, roughness beyond Poisson, empty pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import simulator_realism as realism
from benchmarks.simulator_realism import Floats, Subject
from napari_hicstruct.config.simulation import SimulationConfig

CONFIG = SimulationConfig(length=6_400_000, max_distance=1_600_000, n_steps=4_000, n_snapshots=60)
SEEDS = range(9_000, 9_012)


@pytest.fixture(scope="module")
def simulated() -> list[Subject]:
    return [realism.simulated_subject(seed, CONFIG) for seed in SEEDS]


@pytest.fixture(scope="module")
def real(data_dir: Path) -> dict[str, Subject]:
    return {subject.name: subject for subject in realism.real_subjects(data_dir)}


def _outside(value: Floats, rows: list[Floats]) -> Floats:
    """By how much ``value`` leaves the range of ``rows``; 0 within."""
    low, high = np.min(rows, axis=0), np.max(rows, axis=0)
    return np.maximum(0, np.maximum(low - value, value - high))


# The Micro-C's first range (20–60 kb) is steeper than any simulated one, see docs/science/simulator.md.
@pytest.mark.parametrize(("name", "ranges"), [("LNCaP chr7", slice(0, 3)), ("HFFc6 Micro-C", slice(1, 3))])
def test_contacts_fall_with_distance_as_in_a_simulated_map(
    name: str, ranges: slice, real: dict[str, Subject], simulated: list[Subject]
) -> None:
    slopes = [realism.slopes(s.band)[ranges] for s in simulated]
    assert not _outside(realism.slopes(real[name].band)[ranges], slopes).any()


@pytest.mark.parametrize("name", ["LNCaP chr7", "HFFc6 Micro-C"])
def test_counts_vary_as_in_a_simulated_map(name: str, real: dict[str, Subject], simulated: list[Subject]) -> None:
    octaves = slice(1, 4)  # 40–320 kb: the excerpt of Micro-C holds 1 Mb
    spread = [realism.roughness(s.band, 5)[octaves] for s in simulated]
    assert not _outside(realism.roughness(real[name].band, 5)[octaves], spread).any()


def test_pixels_are_as_empty_as_in_simulated_maps_of_that_depth(
    real: dict[str, Subject], simulated: list[Subject]
) -> None:
    at = np.array([25, 50, 100])
    band = real["LNCaP chr7"].band
    shares = [realism.zero_share(realism.at_depth_of(s.sim, band))[at] for s in simulated if s.sim is not None]
    assert len(shares) == len(simulated)
    assert realism.zero_share(band)[at][-1] > 0.2
    assert not _outside(realism.zero_share(band)[at], shares).any()


def test_noise_alone_is_not_taken_for_roughness(simulated: list[Subject]) -> None:
    """Structureless Poisson counts of a simulated map's decay have no roughness to speak of."""
    sim = simulated[0].band
    rng = np.random.default_rng(0)
    counts = rng.poisson(np.where(realism.expected(sim)[1] > 0, sim.expected[:, None], 0)).astype(np.float32)
    flat = realism.make_band("chr1", realism.RESOLUTION, counts, weights=np.where(sim.valid, 1, np.nan))
    held = realism.roughness(flat, 1)[1:4]
    assert (held < 0.05).all()
    assert (realism.roughness(sim, 1)[1:4] > 2 * held).all()
