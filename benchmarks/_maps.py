"""Simulated maps for the benchmarks of predictions, made once and kept in scratch/bench (git-ignored)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._harness import say, scratch

DEPTH = 300.0
"""Mean contacts of neighbouring 5 kb bins: a map deep enough that 5 kb is a sensible bin size."""

SHALLOW = 60.0

SEED = 640_005

HELD_OUT = (800_001, 800_002, 800_003)
"""Seeds of test maps; training draws below 1,000 and from 900,000, calibration from 700,000."""

CORNERS: tuple[dict[str, Any], ...] = (
    {"lef_spacing": (200_000, 260_000), "processivity": (800_000, 1_100_000), "bias_sigma": (0.4, 0.5)},
    {"psf_bins": (0.5, 0.7), "barrier_spacing": (42_000, 50_000), "compartment_strength": (0.7, 0.9)},
    {"roughness": (0.2, 0.25), "overdispersion": (0.1, 0.15), "low_bins": (0.03, 0.05), "decay_near": (-0.5, -0.42)},
)
"""What each held-out map has beyond every range of training: long loops of few factors under uneven coverage; sharp,
crowded dots under strong compartments; rough, noisy maps with many bad bins and a slow decay."""

DEPTHS = (8.0, 40.0, 200.0, 1_000.0)
"""Mean counts of neighbouring 5 kb bins; ``resolutions/10000`` is the same map in bins of 10 kb."""

STYLES = ("extrusion", "painted")

LENGTH = 10_000_000
"""bp of a held-out map."""


def simulated(length: int, depth: float = DEPTH) -> Path:
    """A balanced .mcool of one simulated chromosome of ``length`` bp."""
    path = scratch("maps") / f"simulated_{length // 10**6}Mb_depth{depth:.0f}.mcool"
    if not path.exists():
        from napari_hicstruct.config.simulation import SimulationConfig
        from napari_hicstruct.synth.simulate import simulate_map
        from napari_hicstruct.synth.write import write_simulation

        say(f"simulating {length / 1e6:.0f} Mb at 5 kb, depth {depth:g} …")
        sim = simulate_map(SimulationConfig(length=length, resolution=5_000), SEED)
        write_simulation(sim, path, depth=depth, resolutions=(5_000, 10_000), truth_dir=path.with_suffix(".truth"))
    return path


@dataclass(frozen=True, slots=True)
class TestMap:
    """One held-out map: how it was made, its ``.mcool`` (5 and 10 kb), what is visible in it, what is too faint."""

    style: str
    depth: float
    corner: int
    path: Path

    @property
    def truth(self) -> Path:
        """Folder of label files; what nobody should ask for lies in its ``faint/``."""
        return self.path.with_suffix(".truth")

    def uri(self, resolution: int) -> str:
        """The map at one bin size (bp)."""
        return f"{self.path}::/resolutions/{resolution}"


def held_out(style: str, depth: float, *, corners: int = len(CORNERS)) -> list[TestMap]:
    """The test maps of one simulator and depth, one per corner."""
    return [_held_out(style, depth, corner) for corner in range(corners)]


def _held_out(style: str, depth: float, corner: int) -> TestMap:
    from napari_hicstruct.config.simulation import SimulationConfig
    from napari_hicstruct.synth import paint_map, simulate_map
    from napari_hicstruct.synth.truth import VERSION
    from napari_hicstruct.synth.write import write_simulation

    config = SimulationConfig(length=LENGTH, resolution=5_000, **CORNERS[corner])
    # another simulator or other rules of truth, another file
    digest = hashlib.sha256(f"{VERSION}{config.model_dump_json()}".encode()).hexdigest()[
        :8
    ]  # another simulator, another file
    path = scratch("held_out") / f"{style}_{corner}_depth{depth:.0f}_{digest}.mcool"
    if not path.exists():
        say(f"simulating {path.stem} …")
        sim = {"extrusion": simulate_map, "painted": paint_map}[style](config, HELD_OUT[corner])
        write_simulation(sim, path, depth=depth, resolutions=(5_000, 10_000), truth_dir=path.with_suffix(".truth"))
    return TestMap(style, depth, corner, path)
