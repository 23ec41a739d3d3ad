"""A map, a model and a project so small that a whole fine-tune takes seconds; nothing here simulates the real pool."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.annotations import Annotation, Direction, Kind, Origin, Project, Status
from napari_hicstruct.config.finetune import FinetuneConfig
from napari_hicstruct.config.paths import cache_dir
from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.config.training import PoolConfig
from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.genome import Interval
from napari_hicstruct.workflows import finetune
from napari_hicstruct.workflows.finetune import acceptance, replay
from napari_hicstruct.workflows.finetune.job import FinetuneJob
from napari_hicstruct.workflows.finetune.learners import gradients
from napari_hicstruct.workflows.models import find_model
from napari_hicstruct.workflows.projects import open_or_create

LENGTH, CHROM = 4_000_000, "chr1"
FAST = {"n_steps": 800, "n_snapshots": 8, "max_distance": 1_000_000}
POOL = PoolConfig(extrusion=4, first_seed=700_000, settings=SimulationConfig(length=2_000_000, **FAST))
GRADIENTS = FinetuneConfig(trainable="decoders", steps=4, fine_size=64, coarse_size=96)
HELD_OUT = (Interval(CHROM, 500_000, 1_000_000), Interval(CHROM, 2_500_000, 3_000_000))
"""Validation regions that a test may give a job, whatever the map's own are."""


@contextmanager
def small_world() -> Iterator[None]:
    """A replay pool of four maps of 2 Mb, and ``tiny`` as the default model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay, "POOL", POOL)
        patch.setattr(replay, "FIRST_HELD_OUT_MAP", 2)
        patch.setattr(gradients, "N_REPLAY_MAPS", 1)
        patch.setattr("napari_hicstruct.workflows.models.default_name", lambda: "tiny")
        yield


@cache
def map_path() -> Path:
    """The map: 4 Mb, 5 and 10 kb; made once per session, in the tests' own cache."""
    from napari_hicstruct.synth import simulate_map
    from napari_hicstruct.synth.write import write_simulation

    path = cache_dir() / "finetune-test" / "map.mcool"
    sim = simulate_map(SimulationConfig(length=LENGTH, **FAST), 3)
    return write_simulation(sim, path, depth=200, resolutions=(5_000, 10_000))


def source() -> ContactSource:
    """The map, open."""
    return open_map(map_path())


def loop(start: int, distance: int = 200_000, status: Status = Status.PROPOSED, **more: object) -> Annotation:
    """A loop of 10 kb anchors."""
    first, second = (Interval(CHROM, at, at + 10_000) for at in (start, start + distance))
    return Annotation(kind=Kind.LOOP, anchor1=first, anchor2=second, status=status, **more)  # type: ignore[arg-type]


def stripe(start: int, length: int = 300_000, status: Status = Status.PROPOSED) -> Annotation:
    """A stripe that goes down from a 20 kb anchor."""
    x, y = Interval(CHROM, start, start + 20_000), Interval(CHROM, start, start + length)
    return Annotation(kind=Kind.STRIPE, anchor1=x, anchor2=y, direction=Direction.DOWN, status=status)


def tad(start: int, end: int, status: Status = Status.PROPOSED) -> Annotation:
    at = Interval(CHROM, start, end)
    return Annotation(kind=Kind.TAD, anchor1=at, anchor2=at, status=status)


def boundary(start: int, status: Status = Status.PROPOSED) -> Annotation:
    at = Interval(CHROM, start, start + 10_000)
    return Annotation(kind=Kind.BOUNDARY, anchor1=at, anchor2=at, status=status)


def judged(n: int = 40, seed: int = 0) -> list[Annotation]:
    """Loops and some of everything else, one half accepted and the other rejected, all over the map."""
    rng = np.random.default_rng(seed)
    words = [Status.ACCEPTED, Status.REJECTED]
    starts = rng.integers(5, 360, n) * 10_000
    found = [loop(int(at), int(rng.integers(5, 30)) * 10_000, words[k % 2]) for k, at in enumerate(starts)]
    found += [tad(200_000 + 400_000 * k, 550_000 + 400_000 * k, words[k % 2]) for k in range(6)]
    return [*found, *(stripe(150_000 + 450_000 * k, status=words[k % 2]) for k in range(6))]


def new_project(folder: Path, records: list[Annotation] | None = None, name: str = "case.hicproj") -> Project:
    """A project of the map with these records, judged as they say."""
    folder.mkdir(parents=True, exist_ok=True)
    project = open_or_create(folder / name, source(), reviewer="ada")
    mine = project.add_set("predicted", Origin.PREDICTED)
    records = judged() if records is None else records
    project.add([record.with_(status=Status.PROPOSED) for record in records], set_id=mine.id, action="predict")
    for status in Status:
        if status is not Status.PROPOSED and (uids := [r.uid for r in records if r.status is status]):
            project.set_status(uids, status)
    return project


def tiny_folder(folder: Path) -> Path:
    """A copy of the shipped tiny model, to be damaged."""
    return Path(shutil.copytree(find_model("tiny").path, folder))


def prepared(project: Project, config: FinetuneConfig | None = None, **changes: object) -> FinetuneJob:
    """A job whose validation regions are :data:`HELD_OUT`."""
    from dataclasses import replace

    job = finetune.prepare_finetune(project, source(), config, device="cpu")
    corrections = replace(job.corrections, validation_regions=HELD_OUT)
    return replace(job, **{"corrections": corrections, **changes})  # type: ignore[arg-type]


def verdict(patch: pytest.MonkeyPatch, taken: bool) -> None:
    """Have the rule decide so; it is tested by itself."""
    from napari_hicstruct.evaluation.acceptance import Decision, Verdict

    word = Verdict.BETTER if taken else Verdict.TOO_FEW
    patch.setattr(acceptance, "decide", lambda *_: Decision(word, "the test says so"))


def left_behind(folder: Path) -> list[str]:
    """Files and folders beside a project that are none of its own."""
    return sorted(str(p.relative_to(folder)) for p in folder.iterdir() if not p.name.startswith("case.hicproj"))
