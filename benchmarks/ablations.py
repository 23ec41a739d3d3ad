"""Ablations on simulated maps: one change at a time, short proxy runs, successive halving, finalists with more seeds.

Variants stand in ``resources/configs/ablations.yaml``.  Every run is a line of ``results/ablations.jsonl``; a run that
is there is not made again, so the command can be stopped and started.  ``--table`` writes the tables of the page.

    python -m benchmarks.ablations [--only GROUP …] [--table]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks._harness import RESULTS, ROOT, say, scratch
from napari_hicstruct.config import parse_config
from napari_hicstruct.config.resources import resource
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.jobs import drain
from napari_hicstruct.workflows.train import iter_train_model

FILE = RESULTS / "ablations.jsonl"
PAGE = ROOT / "docs" / "ablations.md"
BASE = "base"
MARKS = ("<!-- tables: written by `python -m benchmarks.ablations --table` -->", "<!-- end of tables -->")

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
    folder = drain(iter_train_model(config, out, device="cpu"))
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


def tables() -> str:
    """Markdown: per group the variants with their average precision by task, mean ± spread where seeds allow."""
    lines, everything = [], results()
    if not everything:
        return "No runs yet."
    longest = max(line["steps"] for line in everything)
    base = [line for line in everything if line["variant"] == BASE]
    names = list(dict.fromkeys(line["variant"] for line in everything))
    for group, members in groups(names).items():
        lines += [
            f"### {group}",
            "",
            "| variant | steps | seeds | loop 5 kb | loop 10 kb | stripe | tad | mean | CPU s |",
        ]
        lines.append("|---|---|---|---|---|---|---|---|---|")
        for name in [BASE, *members]:
            for steps in sorted({line["steps"] for line in everything if line["variant"] == name}, reverse=True):
                if steps < longest and any(o["variant"] == name and o["steps"] == longest for o in everything):
                    continue
                chosen = base if name == BASE else [line for line in everything if line["variant"] == name]
                lines.append(_row(name, [line for line in chosen if line["steps"] == steps]))
        lines.append("")
    return "\n".join(lines)


def _row(name: str, lines: list[Result]) -> str:
    def cell(values: list[float]) -> str:
        if not values:
            return "–"
        spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
        return f"{statistics.fmean(values):.3f}{spread}"

    keys = ("loop/fine", "loop/coarse", "stripe", "tad")
    cells = [cell([line["precision"][key] for line in lines if key in line["precision"]]) for key in keys]
    whole = cell([line["total"] for line in lines])
    cpu = statistics.fmean(line["cpu"] for line in lines)
    title = name.partition("/")[2] or name
    return f"| {title} | {lines[0]['steps']} | {len(lines)} | {' | '.join(cells)} | {whole} | {cpu:.0f} |"


def write_page() -> None:
    """Redraw the tables of docs/ablations.md between its marks."""
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(MARKS[0])[0], text.split(MARKS[1])[1]
    PAGE.write_text(f"{before}{MARKS[0]}\n\n{tables()}\n{MARKS[1]}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], help="groups to run (inputs, selector, interaction, …)")
    parser.add_argument("--table", action="store_true", help="only redraw docs/ablations.md")
    args = parser.parse_args()
    if not args.table:
        os.environ.setdefault("HICSTRUCT_POOL", str(scratch("ablations") / "maps"))
        for _ in halving(plan(), args.only):
            pass
    write_page()


if __name__ == "__main__":
    main()
