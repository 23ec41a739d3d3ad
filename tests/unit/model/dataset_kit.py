"""Files as people bring them, made from a simulated map, and a recipe to train on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.config import parse_config
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.workflows.dataset import DatasetRequest
from napari_hicstruct.workflows.simulate import SimulateRequest, simulate
from tests.unit.model.model_kit import SMALL

LENGTH = 3_000_000


def _soft_loops(records: list[Annotation], path: Path) -> None:
    head = ["chrom1", "start1", "end1", "chrom2", "start2", "end2", "soft_score", "n_calls", "n_tools", "supporters"]
    rows = [
        (a.chrom, a.anchor1.start, a.anchor1.end, a.chrom, a.anchor2.start, a.anchor2.end, 0.75, 3, 3, "a,b,c")
        for a in records
    ]
    path.write_text("\n".join("\t".join(map(str, row)) for row in [head, *rows]) + "\n")


def _repeated_tads(records: list[Annotation], path: Path) -> None:
    rows = [(a.chrom, a.anchor1.start, a.anchor1.end) * 2 for a in records]
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))


def _stripenn(records: list[Annotation], path: Path) -> None:
    head = "chr pos1 pos2 chr2 pos3 pos4 length width Mean maxpixel pvalue Stripiness".split()  # noqa: SIM905
    rows = []
    for a in records:
        x, y = a.anchor1, a.anchor2
        sides = (a.chrom, x.start + 1, x.end, a.chrom, y.start + 1, y.end)
        rows.append((*sides, len(y), len(x), 10.5, "95.0%", 0.01, 3.2))
    path.write_text("\n".join("\t".join(map(str, row)) for row in [head, *rows]) + "\n")


def write_files(folder: Path) -> dict[str, Path]:
    """A simulated map of two chromosomes and its truth in the users' three formats."""
    out = {"map": folder / "map.mcool", "truth": folder / "truth"}
    simulated = SimulateRequest(
        out=out["map"],
        lengths={"chr1": LENGTH, "chr17": LENGTH},
        resolutions=(5_000, 10_000),
        depth=600.0,
        seed=5,
        truth_dir=out["truth"],
        settings={"max_distance": 500_000, "n_steps": 2000, "n_snapshots": 16, "barrier_strength": (0.9, 0.95)},
    )
    simulate(simulated)
    sources = {"loops": "loops.bedpe", "tads": "tads.bed", "stripes": "stripes.tsv"}
    writers = {"loops": _soft_loops, "tads": _repeated_tads, "stripes": _stripenn}
    for name, source in sources.items():
        out[name] = folder / f"{name}.txt"
        writers[name](list(read_labels(out["truth"] / source).records), out[name])
    return out


def request(files: dict[str, Path], out: Path, **changes: Any) -> DatasetRequest:
    labels = {name: (files[name],) for name in ("loops", "tads", "stripes")}
    return DatasetRequest(map=str(files["map"]), out=out, **(labels | changes))


def recipe(dataset: Path, **changes: Any) -> TrainConfig:
    base = {
        "model": SMALL.model_dump() | {"max_distance": 400_000},
        "train": {"extrusion": 0},
        "validation": {"extrusion": 0},
        "datasets": [str(dataset)],
        "steps": 4,
        "coarse_size": 72,
        "strip_tiles": 2,
        "steps_per_draw": 2,
        "maps_per_draw": 1,
        "warmup": 1,
        "validate_every": 4,
        "checkpoint_every": 1,
        "bf16": False,
    }
    return parse_config(TrainConfig, base | changes)
