"""Ablations on simulated maps: one change at a time, short proxy runs, successive halving, finalists with more seeds.

Variants stand in ``resources/configs/ablations.yaml``.  Every run is a line of ``results/ablations.jsonl``; a run that
is there is not made again, so the command can be stopped and started.  ``--table`` writes the table of all rows.

    python -m benchmarks.ablations [--only GROUP …] [--table]
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks._harness import RESULTS, say, scratch
from napari_hicstruct.config import parse_config
from napari_hicstruct.config.paths import training_maps_dir
from napari_hicstruct.config.resources import resource
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.jobs import drain
from napari_hicstruct.workflows.train import iter_train_model

FILE = RESULTS / "ablations.jsonl"
TABLE = RESULTS / "ablations.csv"
BASE = "base"

Result = dict[str, Any]


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes`` laid over it, key by key; lists are replaced whole."""
    out = dict(base)
    for key, value in changes.items():
        inner = out.get(key)
        out[key] = merged(inner, value) if isinstance(value, Mapping) and isinstance(inner, Mapping) else value
    return out


def plan() -> dict[str, Any]:
    """The content of the YAML file."""
    return dict(yaml.safe_load(resource("configs", "ablations.yaml").read_text(encoding="utf-8")))


def recipe(design: Mapping[str, Any], name: str, *, steps: int, seed: int) -> TrainConfig:
    """The recipe of one run; the order of batches depends on the seed alone, so variants see the same windows."""
    changes = {"steps": steps, "seed": seed, "warmup": min(30, steps // 5)}
    return parse_config(TrainConfig, merged(merged(design["proxy"], design["variants"][name]), changes), where=name)


def results() -> list[Result]:
    """All runs so far."""
    return [json.loads(line) for line in FILE.read_text().splitlines()] if FILE.exists() else []


def run(design: Mapping[str, Any], name: str, *, steps: int, seed: int) -> Result:
    """One run, taken from the file if it is there."""
    for old in results():
        if (old["variant"], old["steps"], old["seed"]) == (name, steps, seed):
            return old
    config = recipe(design, name, steps=steps, seed=seed)
    out = Path(tempfile.mkdtemp(dir=scratch("ablations")))
    started, cpu = time.perf_counter(), time.process_time()
    folder = drain(iter_train_model(config, out, device="cpu", pool=training_maps_dir(scratch("ablations"))))
    card = json.loads((folder / "model.json").read_text(encoding="utf-8"))["card"]
    scores = card["metrics"]["validation (simulated)"]
    shutil.rmtree(out)
    line = {
        "variant": name,
        "steps": steps,
        "seed": seed,
        "precision": scores["average_precision"],
        "total": scores["total"],
        "seconds": round(time.perf_counter() - started, 1),
        "cpu": round(time.process_time() - cpu, 1),
    }
    FILE.parent.mkdir(parents=True, exist_ok=True)
    with FILE.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    say(f"{name:44s} {steps:4d} steps, seed {seed}: {line['total']:.3f}  {line['cpu']:.0f} s")
    return line


def groups(names: list[str]) -> dict[str, list[str]]:
    """Variants by the word before the slash."""
    out: dict[str, list[str]] = {}
    for name in names:
        if name != BASE:
            out.setdefault(name.partition("/")[0], []).append(name)
    return out


def halving(design: Mapping[str, Any], only: list[str]) -> Iterator[Result]:
    """Successive halving in every group, then the best of all with further seeds.

    Single tasks, shorter task sets and labels are no candidates for the default: their runs are all made in full.
    """
    seeds, rungs = design["seeds"], design["rungs"]
    for steps in rungs:
        yield run(design, BASE, steps=steps, seed=seeds[0])
    last: list[Result] = []
    for group, names in groups(list(design["variants"])).items():
        if only and group not in only:
            continue
        if group in ("single", "labels", "scales"):
            yield from (run(design, name, steps=rungs[-1], seed=seed) for name in names for seed in seeds)
            continue
        for rung, steps in enumerate(rungs):
            done = [run(design, name, steps=steps, seed=seeds[0]) for name in names]
            yield from done
            best = sorted(done, key=lambda line: -line["total"])
            names = [line["variant"] for line in best[: max(1, -(-len(best) // 2))]]
            if rung == len(rungs) - 1:
                last += done
    finalists = sorted(last, key=lambda line: -line["total"])[: design["finalists"]]
    for name in [BASE, *(line["variant"] for line in finalists)]:
        yield from (run(design, name, steps=rungs[-1], seed=seed) for seed in seeds)


def table() -> list[dict[str, str]]:
    """Per group the variants with their average precision by task: mean and, of several seeds, standard deviation.

    Of a variant that went on to the longest runs only these are rows.
    """
    everything = results()
    longest = max((line["steps"] for line in everything), default=0)
    base = [line for line in everything if line["variant"] == BASE and line["steps"] == longest]
    rows = [_row("", BASE, base)] if base else []
    names = list(dict.fromkeys(line["variant"] for line in everything))
    for group, members in groups(names).items():
        for name in members:
            own = [line for line in everything if line["variant"] == name]
            steps = max(line["steps"] for line in own)
            rows.append(_row(group, name.partition("/")[2], [line for line in own if line["steps"] == steps]))
    return rows


def _row(group: str, variant: str, lines: list[Result]) -> dict[str, str]:
    row = {"group": group, "variant": variant, "steps": str(lines[0]["steps"]), "seeds": str(len(lines))}
    columns = {
        key: [line["precision"][key] for line in lines if key in line["precision"]]
        for key in ("loop/fine", "loop/coarse", "stripe", "tad")
    }
    for key, values in {**columns, "mean": [line["total"] for line in lines]}.items():
        name = key.replace("/", "_")
        row[name] = f"{statistics.fmean(values):.3f}" if values else ""
        row[f"{name}_sd"] = f"{statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return row | {"cpu_s": f"{statistics.fmean(line['cpu'] for line in lines):.0f}"}


def write_table() -> None:
    """Write all rows to ``results/ablations.csv``; ``scripts/science_figures.py`` draws them."""
    rows = table()
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], help="groups to run (inputs, selector, interaction, …)")
    parser.add_argument("--table", action="store_true", help="only write results/ablations.csv anew")
    args = parser.parse_args()
    if not args.table:
        for _ in halving(plan(), args.only):
            pass
    write_table()


if __name__ == "__main__":
    main()
