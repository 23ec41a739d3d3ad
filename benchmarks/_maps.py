"""Simulated maps for the benchmarks of predictions, made once and kept in scratch/bench (git-ignored)."""

from __future__ import annotations

from pathlib import Path

from benchmarks._harness import say, scratch

DEPTH = 300.0
"""Mean contacts of neighbouring 5 kb bins: a map deep enough that 5 kb is a sensible bin size."""

SEED = 640_005


def simulated(length: int) -> Path:
    """A balanced .mcool of one simulated chromosome of ``length`` bp."""
    path = scratch("maps") / f"simulated_{length // 10**6}Mb_depth{DEPTH:.0f}.mcool"
    if not path.exists():
        from napari_hicstruct.config.simulation import SimulationConfig
        from napari_hicstruct.synth.simulate import simulate_map
        from napari_hicstruct.synth.write import write_simulation

        say(f"simulating {length / 1e6:.0f} Mb at 5 kb, depth {DEPTH:g} …")
        sim = simulate_map(SimulationConfig(length=length, resolution=5_000), SEED)
        write_simulation(sim, path, depth=DEPTH, resolutions=(5_000, 10_000), truth_dir=path.with_suffix(".truth"))
    return path
