"""Where rules of the consensus are chosen: simulated maps of other seeds than those that judge it.

Two groups, both simulators, four depths: parameters as in training (seeds 950,001–3, painted 950,001–2), and parameters
beyond it in other directions than the held-out maps' (seeds 961,001–2).  The callers and truth of
``consensus_simulated``.  Every choice of three or four callers is a list.  Nothing is recorded: it prints average
precision, in how many lists it is above the best caller's, calibration error, and whether scores are too high or low.

    python -m benchmarks.consensus_choice
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks import _maps as maps
from benchmarks._harness import say, scratch
from benchmarks.consensus_simulated import Lists, agreed, expected_calibration_error, judged, lists_of, truths
from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.labels.consensus import Method
from napari_hicstruct.synth import paint_map, simulate_map
from napari_hicstruct.synth.write import write_simulation

BEYOND: tuple[dict[str, Any], ...] = (
    {"lef_spacing": (30_000, 45_000), "leg_contact": (3.5, 5.0), "odd_bins": (0.01, 0.02)},
    {"psf_bins": (2.6, 3.0), "barrier_spacing": (400_000, 480_000), "decoys": (12.0, 18.0)},
)
"""Crowded factors with strong dots between odd bins; few blurred dots among many decoys."""

SEEDS = {
    ("training", "extrusion"): (950_001, 950_002, 950_003),
    ("training", "painted"): (950_001, 950_002),
    ("beyond", "extrusion"): (961_001, 961_002),
    ("beyond", "painted"): (961_001, 961_002),
}
FEWEST = 4
"""True loops of a cell; with fewer, one call more or less is all that average precision says."""

MAKE = {"extrusion": simulate_map, "painted": paint_map}


def map_of(group: str, style: str, number: int, depth: float) -> maps.TestMap:
    """One map of 10 Mb."""
    seed = SEEDS[group, style][number]
    path = scratch("consensus_choice") / f"{style}_{seed}_depth{depth:.0f}.mcool"
    if not path.exists():
        say(f"simulating {path.stem} …")
        ranges = BEYOND[number] if group == "beyond" else {}
        sim = MAKE[style](SimulationConfig(length=maps.LENGTH, resolution=5_000, **ranges), seed)
        write_simulation(sim, path, depth=depth, resolutions=(5_000, 10_000), truth_dir=path.with_suffix(".truth"))
    return maps.TestMap(style, depth, number, path)


def chosen(lists: Lists) -> Iterator[Lists]:
    """Every choice of three or more callers that found something."""
    names = [name for name, records in lists.items() if records]
    for number in range(3, len(names) + 1):
        for some in itertools.combinations(names, number):
            yield {name: lists[name] for name in some}


def main() -> None:
    for group in ("training", "beyond"):
        averages, above, scores, hits = [], 0, [], []
        for style, depth in itertools.product(maps.STYLES, maps.DEPTHS):
            tests = [map_of(group, style, number, depth) for number in range(len(SEEDS[group, style]))]
            truth = truths(tests)
            if len(truth[0]) < FEWEST:
                continue
            for lists in chosen(lists_of(tests)):
                average, soft, true = judged(agreed(lists, Method.EM), truth)
                averages.append(average)
                above += average > max(judged(records, truth)[0] for records in lists.values())
                scores.append(soft)
                hits.append(true)
        soft, true = np.concatenate(scores), np.concatenate(hits)
        say(
            f"{group}: AP {np.mean(averages):.4f}, above the best caller in {above} of {len(averages)} lists; "
            f"calibration error {expected_calibration_error(soft, true):.3f}, scores {np.mean(soft - true):+.3f}"
        )


if __name__ == "__main__":
    main()
