"""What each source of labels on real maps brings: short runs from one start that differ in their labels alone.

Sources: simulated maps alone; besides them Epha4 WT and DelB, stripeDiff mutant and LNCaP at 10 kb, labelled by the
map itself (``--weak``), by the consensus of callers (chromosight, mustache, cooltools dots; StripePy, StripeCaller;
as their authors set them, ``hicstruct consensus --keep-all``, so what one of them calls alone counts little), or by a
teacher, the start itself (what it holds likelier than not, one round of self-training; in the second round the
student of the first is the teacher). Boundaries are the map's own in all of them. *Masked bands first*: before it
learns from the maps' own labels the network gives back what is hidden of those maps (band-MAE), as many steps. In the
last four the maps' own labels stay and the losses change: windows in pairs (fine and coarse ones over one place
agree, corner and symmetry on the fine head too), windows over one place that nothing compares, no labels of
boundaries, and the same with boundaries taught by anchors of loops and stripes. The recipe is ``configs/real.yaml``
with one bin size; judged is the mean of the weights before and after, as what ships: on GM12878 chr21, which no run
sees, and by the validation on simulated maps.

    python -m benchmarks.label_sources [--start MODEL] [--steps 100] [--only SOURCE ...]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks._callers import predict
from benchmarks._harness import hicstruct, record, run_program, say, scratch
from benchmarks._real_judge import figures, observed_over_expected
from benchmarks._real_maps import MAPS, RealMap, copied, our_calls, peer_calls
from benchmarks.loops_chr21 import neutral

LEARNT = {
    "Epha4 WT": "chr1:73M-79M",
    "Epha4 DelB": "chr1:73M-79M",
    "stripeDiff mutant": "chr19",
    "LNCaP": "chr7,chr14:16M-39M",
}
"""Map and the regions that hold contacts."""
LOOPS = {"chromosight": "chromosight.tsv", "mustache": "mustache.tsv", "cooltools": "dots.bedpe"}
STRIPES = {"stripepy": "stripepy_authors.tsv", "stripecaller": "stripecaller_authors.bedpe"}
BOUNDARIES = ("--weak", "boundary")


def by_itself(one: RealMap, work: Path, start: str) -> list[str]:
    """Options of ``hicstruct dataset``: labels that the map shows."""
    return ["--weak", "loop,stripe,boundary"]


def by_callers(one: RealMap, work: Path, start: str) -> list[str]:
    """The same: soft labels that callers agree on."""
    peer_calls(one)  # their files are made where they are missing
    options = list(BOUNDARIES)
    for kind, files in (("loop", LOOPS), ("stripe", STRIPES)):
        for chrom in one.chroms:
            folder, soft = copied(one, chrom)[1], work / f"{kind}-{chrom}.bedpe"
            calls = [f"{name}={folder / file}" for name, file in files.items()]
            run_program(
                [hicstruct(), "consensus", *calls, "-o", soft, "--kind", kind, "--map", one.uri, "--keep-all",
                 "--bin-size", str(one.resolution), "--overwrite", "--quiet"]
            )  # fmt: skip
            options += [f"--{kind}s", str(soft)]
    return options


def by_teacher(one: RealMap, work: Path, start: str) -> list[str]:
    """The same: what the start itself calls and holds likelier than not."""
    sure = [word for task in ("loop", "stripe") for word in ("--min-probability", f"{task}=0.5")]
    folder = predict(one.uri, work / "teacher", *sure, model=start, tasks="loop,stripe")
    options = list(BOUNDARIES)
    for kind in ("loop", "stripe"):
        file = folder / f"{kind}s.bedpe"
        if (
            len(file.read_text(encoding="utf-8").splitlines()) > 1
        ):  # of a map on which it is sure of nothing there is none
            options += [f"--{kind}s", str(file)]
    return options


def without_boundaries(one: RealMap, work: Path, start: str) -> list[str]:
    """The same as :func:`by_itself`, boundaries left unlabelled."""
    return ["--weak", "loop,stripe"]


SOURCES: dict[str, Callable[[RealMap, Path, str], list[str]] | None] = {
    "simulated maps alone": None,
    "the map itself": by_itself,
    "callers": by_callers,
    "teacher": by_teacher,
    "teacher, second round": by_teacher,
    "the map itself, masked bands first": by_itself,
    "the map itself, windows in pairs": by_itself,
    "the map itself, windows over one place": by_itself,
    "the map itself, no boundaries": without_boundaries,
    "the map itself, boundaries by anchors": without_boundaries,
}
STUDENT_OF = {"teacher, second round": "teacher"}
"""Source whose result is the teacher, and what the run starts from."""

LOSSES: dict[str, dict[str, Any]] = {
    "the map itself, windows in pairs": {
        "paired": 0.5,
        "losses": {
            "consistency": {"corner": 0.05, "edge": 0.05, "symmetry": 0.02, "block": 0.1, "fine": True, "pair": 0.1}
        },
    },
    "the map itself, windows over one place": {"paired": 0.5},
    "the map itself, boundaries by anchors": {"losses": {"consistency": {"anchors": 0.1}}},
}
"""What the recipe of a source changes besides its labels."""

MASKED_FIRST = "the map itself, masked bands first"


def datasets(name: str, out: Path, start: str) -> list[str]:
    """Data sets of a source; what an earlier run made is taken, as are its models."""
    source, made = SOURCES[name], []
    for one in MAPS if source else ():
        if one.name in LEARNT:
            assert source is not None
            folder = out / one.name.replace(" ", "-").lower()
            work = out / f"{folder.name}-labels"
            made.append(str(folder))
            if (folder / "manifest.json").exists():
                continue
            work.mkdir(parents=True, exist_ok=True)
            options = source(one, work, start)
            run_program(
                [hicstruct(), "dataset", one.uri, "-o", folder, "--train", LEARNT[one.name], "--resolution", "10k",
                 "--quiet", *options]
            )  # fmt: skip
    return made


def recipe(name: str, folders: list[str], start: str, steps: int, *, masked: bool = False) -> str:
    """``configs/real.yaml`` with the data sets of a source and its own number of steps; ``masked``: of band-MAE."""
    import yaml

    from napari_hicstruct.config.resources import resource

    words = yaml.safe_load(resource("configs", "real.yaml").read_text(encoding="utf-8"))
    words |= {"name": name.replace(" ", "-"), "version": "0", "start_from": start, "steps": steps}
    words |= {"blend": [0, steps], "validate_every": steps, "bin_sizes": [10_000], "datasets": folders}
    words |= LOSSES.get(name, {})
    if masked:
        words |= {"name": "masked", "objective": "reconstruction", "blend": [], "blend_keeps": []}
        words["model"] = words["model"] | {"reconstruction": True}
    return str(yaml.safe_dump(words))


def trained(out: Path, text: str) -> Path:
    """Train by a recipe into ``out``; the model's folder."""
    path = out.with_suffix(".yaml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    run_program([hicstruct(), "train", path, "-o", out, "--quiet"])
    return out / "model"


def model_of(name: str) -> Path:
    """Where the model of a source lies."""
    return scratch("label_sources") / name.replace(" ", "-") / "run" / "model"


def judged(model: Path, work: Path) -> dict[str, Any]:
    """Figures of a model: on chr21 by the map and by truth lists, and of its validation."""
    (one,) = (one for one in MAPS if one.name == "GM12878 chr21")
    folder = predict(one.uri, work / "chr21", model=str(model), tasks="loop,stripe,tad")
    maps = observed_over_expected(one)
    found = {kind.value: figures(calls, maps, one.resolution) for kind, calls in our_calls(folder, one).items()}
    card = json.loads((model / "model.json").read_text(encoding="utf-8"))["card"]
    return {"chr21": found, "truth": neutral(folder), "validation": next(iter(card["metrics"].values()))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--start", default="default")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--only", nargs="+", choices=SOURCES, default=list(SOURCES))
    args = parser.parse_args()
    results: dict[str, Any] = {}
    for name in args.only:
        work = scratch("label_sources") / name.replace(" ", "-")
        start = str(model_of(STUDENT_OF[name])) if name in STUDENT_OF else args.start
        folders = datasets(name, work / "sets", start)
        if name == MASKED_FIRST:
            start = str(trained(work / "masked", recipe(name, folders, start, args.steps, masked=True)))
        trained(work / "run", recipe(name, folders, start, args.steps))
        one = results[name] = judged(model_of(name), work)
        loops, stripes = one["chr21"]["loop"], one["chr21"]["stripe"]
        passing = f"loops {loops['passes']} of {loops['listed']} {loops['share']}"
        passing += f"  stripes {stripes['mb']:.1f} Mb {stripes['share']['all']}"
        say(f"{name:21s} {passing}  truth {one['truth']}  {one['validation']['average_precision']}")
    record("label_sources", {"start": Path(args.start).name, "steps": args.steps, "sources": results})


if __name__ == "__main__":
    main()
