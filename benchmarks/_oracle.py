"""Maps with known truth, and an oracle that judges candidates of one half of them as a curator would."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _maps as maps
from benchmarks._curves import real_truth
from benchmarks._harness import say, scratch
from benchmarks.depth_curve import one_map
from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Annotation, Kind, Origin, Status
from napari_hicstruct.annotations.validation import midpoint
from napari_hicstruct.contacts import open_map
from napari_hicstruct.evaluation.loops import match_loops, prepare, rank
from napari_hicstruct.evaluation.records import loop_table
from napari_hicstruct.genome import Interval
from napari_hicstruct.workflows.predict import predict
from napari_hicstruct.workflows.predict.request import PredictRequest
from napari_hicstruct.workflows.rescore import MIN_PROPOSAL_PROBABILITY

TOLERANCE = 20_000
LENGTH = 32_000_000
SEEDS = (1, 2, 3)
MAPS = ("other style", "thinned chr21", "HFFc6-like depth")
DEPTHS = {"other style": 1_000.0, "HFFc6-like depth": 1_780.0}
"""Counts at a distance of one 5 kb bin.  The HFFc6 map has 1,780; painted maps show some forty loops only when deep."""

FIRST_SEED = 820_000
"""Of the simulated maps; no training, calibration, replay or other benchmark uses these."""

THINNED = 4


@dataclass(frozen=True)
class Case:
    """One map: ``name`` of :data:`MAPS`, and a seed that draws map (or thinning) and candidates."""

    name: str
    seed: int

    @cached_property
    def path(self) -> Path:
        """The map, made once."""
        if self.name == "thinned chr21":
            return one_map(THINNED, self.seed)
        return _simulated("painted" if self.name == "other style" else "extrusion", DEPTHS[self.name], self.seed)

    @cached_property
    def source(self) -> Any:
        """The map, open."""
        return open_map(str(self.path))

    @property
    def chrom(self) -> str:
        """Its chromosome."""
        return "21" if self.name == "thinned chr21" else next(iter(self.source.chromsizes))

    @cached_property
    def loops(self) -> tuple[Any, Any]:
        """Centres (bp) of the loops that are there, and of those that nobody should ask for."""
        if self.name == "thinned chr21":
            return real_truth(), np.zeros((0, 2))
        folder = self.path.with_suffix(".truth")
        true, faint = (
            loop_table([r for r in read_labels(where / "loops.bedpe").records if r.kind is Kind.LOOP])
            for where in (folder, folder / "faint")
        )
        return prepare(true[:, :2]), rank(faint)

    @cached_property
    def cut(self) -> float:
        """Where the map is halved: corrections before, test after; by midpoint, bp."""
        return float(np.median(self.loops[0].mean(axis=1)))

    def candidates(self) -> list[Annotation]:
        """What the default model calls in the first half, low probabilities too, loops of the judged distances."""
        every = called(self, "default", faint=True)
        return [r for r in every if midpoint(r) < self.cut and 40_000 <= r.distance <= 3_000_000]

    def precision(self, model: str, *, faint: bool = False) -> float:
        """Average precision of a model's loops in the second half: as listed, or also fainter ones (``faint``)."""
        calls = loop_table(called(self, model, faint=faint))
        true, ignored = self.loops
        calls = prepare(calls[calls[:, :2].mean(axis=1) >= self.cut]) if len(calls) else np.zeros((0, 2))
        mine = true[true.mean(axis=1) >= self.cut]
        return float(match_loops(calls, mine, TOLERANCE, ignore=ignored).average_precision())


def _simulated(style: str, depth: float, seed: int) -> Path:
    from napari_hicstruct.config.simulation import SimulationConfig
    from napari_hicstruct.synth import paint_map, simulate_map
    from napari_hicstruct.synth.truth import VERSION
    from napari_hicstruct.synth.write import write_simulation

    path = scratch("finetune") / f"{style}_{seed}_{depth:g}_v{VERSION}.mcool"
    if not path.exists():
        corner = maps.CORNERS[(seed - 1) % len(maps.CORNERS)]
        config = SimulationConfig(length=LENGTH, resolution=5_000, **corner)
        say(f"simulating {path.stem} …")
        sim = {"extrusion": simulate_map, "painted": paint_map}[style](config, FIRST_SEED + seed)
        write_simulation(sim, path, depth=depth, resolutions=(5_000, 10_000), truth_dir=path.with_suffix(".truth"))
    return path


def called(case: Case, model: str, *, faint: bool) -> list[Annotation]:
    """Loops that a model calls on the whole chromosome."""
    return _called(case.name, case.seed, model, faint)


@cache
def _called(name: str, seed: int, model: str, faint: bool) -> list[Annotation]:
    case = Case(name, seed)
    region = Interval(case.chrom, 0, case.source.chromsizes[case.chrom])
    min_probability = {"loop": MIN_PROPOSAL_PROBABILITY} if faint else {}
    request = PredictRequest(regions=(region,), tasks=("loop",), model=model, min_probability=min_probability)
    return [r for r in predict(case.source, request).annotations if r.kind is Kind.LOOP]


class Oracle:
    """Judges loops by the truth, each truth once; what is too faint to be known is passed over, unjudged."""

    def __init__(self, case: Case) -> None:
        self.true, self.faint = case.loops
        self._used = np.zeros(len(self.true), bool)

    def judge(self, record: Annotation) -> Annotation | None:
        """The record accepted or rejected; None if nobody can say, or a second call of a loop already found."""
        place = np.array([record.anchor1.center, record.anchor2.center])
        near = np.abs(self.true - place).max(axis=1) if len(self.true) else np.zeros(0)
        free = np.flatnonzero((near <= TOLERANCE) & ~self._used)
        if len(free):
            self._used[free[np.argmin(near[free])]] = True
            return record.with_(status=Status.ACCEPTED)
        if (near <= TOLERANCE).any():
            return None
        if len(self.faint) and np.abs(self.faint[:, :2] - place).max(axis=1).min() <= TOLERANCE:
            return None
        return record.with_(status=Status.REJECTED)

    def work(self, order: Iterable[Annotation], n: int) -> list[Annotation]:
        """The first ``n`` of an order that it can judge."""
        done: list[Annotation] = []
        for record in order:
            if len(done) == n:
                break
            if (judged := self.judge(record)) is not None:
                done.append(judged)
        return done


def project_with(case: Case, judged: Sequence[Annotation], open_: Sequence[Annotation], folder: Path) -> Any:
    """A real project of these records, as a curator would have left it; an older one there is replaced."""
    from napari_hicstruct.workflows.projects import open_or_create

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    project = open_or_create(folder / "case.hicproj", case.source, reviewer="oracle")
    mine = project.add_set("predicted", Origin.PREDICTED)
    fresh = [dataclasses.replace(record, status=Status.PROPOSED) for record in (*judged, *open_)]
    project.add(fresh, set_id=mine.id, action="predict")
    for status in (Status.ACCEPTED, Status.REJECTED):
        if uids := [record.uid for record in judged if record.status is status]:
            project.set_status(uids, status)
    return project
