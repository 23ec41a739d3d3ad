"""The curve that makes a probability of what calls are worth (``labels/consensus/strength.py``), fitted again.

Simulated maps of both simulators with parameters as in training (seeds 950,001–3, painted 950,001–2), four depths; the
callers and truth of ``consensus_simulated``, whose maps have other seeds and parameters beyond these.  Every choice of
three or four callers is a list; all lists of one size weigh as much as the root of their length.

    python -m benchmarks.consensus_fit
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.optimize import minimize

from benchmarks import _maps as maps
from benchmarks._harness import say, scratch
from benchmarks.consensus_simulated import Lists, agreed, expected_calibration_error, judged, lists_of, truths
from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.labels.consensus import Method
from napari_hicstruct.labels.consensus.strength import HALF, STEEPNESS
from napari_hicstruct.synth import paint_map, simulate_map
from napari_hicstruct.synth.write import write_simulation

SEEDS = {"extrusion": (950_001, 950_002, 950_003), "painted": (950_001, 950_002)}
MAKE = {"extrusion": simulate_map, "painted": paint_map}


def map_of(style: str, seed: int, depth: float, corner: int) -> maps.TestMap:
    """A map as in training, 10 Mb."""
    path = scratch("consensus_fit") / f"{style}_{seed}_depth{depth:.0f}.mcool"
    if not path.exists():
        say(f"simulating {path.stem} …")
        sim = MAKE[style](SimulationConfig(length=maps.LENGTH, resolution=5_000), seed)
        write_simulation(sim, path, depth=depth, resolutions=(5_000, 10_000), truth_dir=path.with_suffix(".truth"))
    return maps.TestMap(style, depth, corner, path)


def chosen(lists: Lists) -> Iterator[Lists]:
    """Every choice of three or more callers."""
    for number in (3, 4):
        for names in itertools.combinations(lists, number):
            if sum(bool(lists[name]) for name in names) > 2:
                yield {name: lists[name] for name in names}


def main() -> None:
    scores, hits, weights = [], [], []
    for style, depth in itertools.product(maps.STYLES, maps.DEPTHS):
        tests = [map_of(style, seed, depth, corner) for corner, seed in enumerate(SEEDS[style])]
        truth = truths(tests)
        for lists in chosen(lists_of(tests)):
            _, soft, true = judged(agreed(lists, Method.EM), truth)
            scores.append(np.clip(soft, 1e-6, 1 - 1e-6))
            hits.append(true)
            weights.append(np.full(len(soft), 1 / np.sqrt(max(len(soft), 1))))
    soft, true, weight = (np.concatenate(one) for one in (scores, hits, weights))
    worth = np.log(soft / (1 - soft)) / STEEPNESS + np.log(HALF)

    def cost(free: Any) -> float:
        logit = free[0] + free[1] * worth
        return float((weight * (np.logaddexp(0, logit) - true * logit)).sum())

    offset, steepness = minimize(cost, [2.0, 2.0]).x
    half = float(np.exp(-offset / steepness))
    fitted = 1 / (1 + np.exp(-(offset + steepness * worth)))
    say(f"HALF = {half:.3f}, STEEPNESS = {steepness:.2f} (now {HALF}, {STEEPNESS})")
    before, after = (expected_calibration_error(one, true) for one in (soft, fitted))
    say(f"calibration error on {len(true):,} labels of these maps: {before:.3f} now, {after:.3f} fitted")


if __name__ == "__main__":
    main()
