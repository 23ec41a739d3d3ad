"""The table E0–E6 on pictures: each selector, three seeds, on five or six sets of pictures and of domains of maps.

Learnt from: the left half of each picture; judged on: its right half (domains: six maps, and four of other seeds).
Pictures are those that scikit-image's wheel holds (coins, ihc, retina, page: labels by a written recipe), nuclei with
labels of people from the package StarDist where ``--stardist`` names its folder of pictures, and simulated maps with
the simulator's domains.  cells3d and human_mitosis are downloads, which no package ships.

E6 passes no gradient to the encoder, so it begins with the one that E0 trained with the same seed (it has had twice
the steps); ``E6_PatchGate_learns`` is the same selector whose encoder learns.  ``E0_mask_alone`` has one task.

    python -m benchmarks.selectors_images [--stardist FOLDER] [--sets nuclei coins …] [--seeds 1 2 3] [--steps 300]

With 100 steps nuclei and coins are learnt, the section and the domains are not: seeds differ by more than selectors.

Resumable: a run that is recorded is not made again.  Each run is a row of ``results/selectors_images.jsonl``; the last
line is the table.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import RESULTS, record, rounded, say, scratch
from benchmarks._pictures import PictureSet, picture_sets
from napari_hicstruct.config.segmentation import SELECTORS, SegmentationConfig, segmentation_config, with_selector

NAME = "selectors_images"
LEARNS, ALONE = "E6_PatchGate_learns", "E0_mask_alone"
ROWS = (*SELECTORS, LEARNS, ALONE)
FIGURES = ("dice", "boundary_f", "hd95_px", "sdf_error_px")
SMALL = {"channels": [8, 16, 24, 32, 48]}
WIDTHS = [24, 16, 16]
DRAWS = 2_000


def settings(one: PictureSet, row: str, seed: int, steps: int) -> SegmentationConfig:
    """The same small network and the same steps for each row."""
    data = segmentation_config(one.preset).model_dump(mode="json")
    data["model"] |= SMALL
    data["model"]["tasks"] = [task | {"widths": WIDTHS} for task in data["model"]["tasks"]]
    if row == ALONE:
        data["model"]["tasks"] = data["model"]["tasks"][:1]
    data |= {"crop": 96, "batch": 2, "steps": steps, "validate_every": max(20, steps // 4), "seed": seed}
    config = SegmentationConfig.model_validate(data)
    own = {LEARNS: "E6_PatchGate", ALONE: "E0_Identity"}.get(row, row)
    return with_selector(config, own, **({"detach_encoder": False} if row == LEARNS else {}))


def run(one: PictureSet, row: str, seed: int, steps: int) -> dict[str, Any]:
    """Train and judge one row."""
    from napari_hicstruct.jobs import CancelToken, drain
    from napari_hicstruct.workflows.segment.compare import CompareRequest, iter_one_run

    config = settings(one, row, seed, steps)
    out = scratch(f"selectors-{one.name}-{steps}")
    request = CompareRequest(one.train, one.test, out, config, device="cpu", threads=1)
    found = drain(iter_one_run(request, row, config, CancelToken()))
    return {"kind": "run", "set": one.name, "steps": steps, "truth": one.truth} | found


def recorded(steps: int) -> list[dict[str, Any]]:
    """Runs of so many steps that are in the results."""
    path = RESULTS / f"{NAME}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = [json.loads(line)["result"] for line in lines]
    return [one for one in found if one["kind"] == "run" and one["steps"] == steps]


def _value(row: dict[str, Any], key: str) -> float:
    value = row.get(key)
    return math.nan if value is None else float(value)


def against_e0(rows: Sequence[dict[str, Any]], name: str) -> dict[str, float]:
    """Mean change of Dice from E0 over sets and seeds, paired, and its 90 % interval by drawing the sets again."""
    by_key = {(one["selector"], one["set"], one["seed"]): _value(one, "dice") for one in rows}
    sets: dict[str, list[float]] = {}
    for (selector, of, seed), value in by_key.items():
        if selector == name and ("E0_Identity", of, seed) in by_key:
            sets.setdefault(of, []).append(value - by_key["E0_Identity", of, seed])
    changes = [np.nan_to_num(np.array(values)) for values in sets.values()]
    if not changes:
        return {}
    rng = np.random.default_rng(0)
    means = [
        np.mean([rng.choice(changes[k], len(changes[k])).mean() for k in rng.integers(0, len(changes), len(changes))])
        for _ in range(DRAWS)
    ]
    low, high = np.percentile(means, [5, 95])
    return {"mean": float(np.mean([one.mean() for one in changes])), "low": float(low), "high": float(high)}


def table(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """By row: figures by set (mean, lowest and highest seed), the mean over sets, what gates do, and against E0."""
    names = [name for name in ROWS if any(one["selector"] == name for one in rows)]
    out: dict[str, Any] = {}
    for name in names:
        mine = [one for one in rows if one["selector"] == name]
        by_set = {}
        for of in dict.fromkeys(one["set"] for one in mine):
            here = [one for one in mine if one["set"] == of]
            values = {key: [v for one in here if not math.isnan(v := _value(one, key))] for key in FIGURES}
            by_set[of] = {k: [float(np.mean(v)), min(v), max(v)] for k, v in values.items() if v}
            by_set[of]["seeds"] = len(here)
        means = {
            key: float(np.mean([one[key][0] for one in by_set.values() if key in one]))
            for key in FIGURES
            if any(key in one for one in by_set.values())
        }
        gates = {
            key: float(np.mean([_value(one, key) for one in mine if one.get(key) is not None]))
            for key in ("gate_entropy", "min_expert_use", "max_expert_use", "dead_experts")
            if any(one.get(key) is not None for one in mine)
        }
        seconds, parameters = (float(np.mean([one[key] for one in mine])) for key in ("seconds", "parameters"))
        out[name] = {"sets": by_set, "mean": means, "gates": gates, "seconds": seconds, "parameters": parameters}
        out[name]["dice_against_e0"] = against_e0(rows, name)
    return out


def summary(rows: Sequence[dict[str, Any]], wanted: int) -> dict[str, Any]:
    """The table, and which selector is best with its spread."""
    made = table(rows)
    own = {name: one["mean"]["dice"] for name, one in made.items() if name in SELECTORS}
    best = max(own, key=lambda name: own[name])
    by_seed = {
        seed: float(np.mean([_value(one, "dice") for one in rows if one["selector"] == best and one["seed"] == seed]))
        for seed in sorted({one["seed"] for one in rows})
    }
    return {
        "kind": "table",
        "best": best,
        "best_dice": own[best],
        "best_dice_by_seed": by_seed,
        "best_against_e0": made[best]["dice_against_e0"],
        "runs": len(rows),
        "steps": rows[0].get("steps"),
        "seeds": len(by_seed),
        "met": len(rows) >= wanted,
        "table": made,
    }


def show(made: dict[str, Any]) -> None:
    """The table as text."""
    for name, one in made["table"].items():
        cells = [f"{of} {value['dice'][0]:.3f} ({value['dice'][1]:.3f}–{value['dice'][2]:.3f})"
                 for of, value in one["sets"].items() if "dice" in value]  # fmt: skip
        say(f"{name:20} Dice {one['mean'].get('dice', math.nan):.4f}  {'  '.join(cells)}")
    say(f"best: {made['best']} {made['best_dice']:.4f}, against E0 {made['best_against_e0']}")


def main() -> None:
    """Make what is missing, then the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stardist", type=Path, help="folder of the package StarDist with img2d.tif and mask2d.tif")
    parser.add_argument("--sets", nargs="*", help="names of sets; default: all")
    parser.add_argument("--seeds", nargs="*", type=int, default=[1, 2, 3])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--table", action="store_true", help="only the table of what is recorded")
    given = parser.parse_args()
    sets = [] if given.table else [
        one for one in picture_sets(given.stardist) if not given.sets or one.name in given.sets
    ]  # fmt: skip
    have = {(row["set"], row["selector"], row["seed"]) for row in recorded(given.steps)}
    # the seven selectors with every seed first, then what stands beside them
    for rows in (tuple(SELECTORS), (LEARNS, ALONE)):
        for seed, one, row in itertools.product(given.seeds, sets, rows):
            if (one.name, row, seed) not in have:
                found = run(one, row, seed, given.steps)
                record(NAME, found)
                say(f"{one.name}, {row}, seed {seed}: Dice {found['dice']:.3f}, {found['seconds']:.0f} s")
    rows = recorded(given.steps)
    wanted = len(SELECTORS) * len(given.seeds) * len({row["set"] for row in rows})
    made = summary(rows, wanted)
    record(NAME, made)
    show(rounded(made))


if __name__ == "__main__":
    main()
