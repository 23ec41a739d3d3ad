"""A small genome and a small model for the tests of runs by many workers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import cooler
import numpy as np
import pandas as pd
import torch
from distributed import WorkerPlugin

from napari_hicstruct.config.model import HIC_TASKS, ModelConfig, WindowConfig
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.models.store import save_model
from napari_hicstruct.workflows.genome.batch import MapJob, MapOutcome

ROOT = Path(__file__).resolve().parents[1]

PROGRAM = """
import signal, sys
from napari_hicstruct.cli.main import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests that run in the background are started without
sys.exit(main(sys.argv[1:]))
"""
"""The command line, in a process of its own."""

LENGTHS = {"chrA": 6_000_000, "chrB": 4_000_000, "chrEmpty": 3_000_000, "chrShort": 150_000}
CONFIG = ModelConfig(
    channels=(8,) * 5,
    tasks=tuple(task.model_copy(update={"widths": (8, 8, 8)}) for task in HIC_TASKS),
    strip_channels=8,
    boundary_prior={"kind": "band", "width": 8},
    windows=WindowConfig(
        fine_size=96,
        fine_margin=8,
        coarse_size=96,
        coarse_margin=16,
        strip_length=128,
        strip_margin=16,
        strip_diagonals=16,
    ),
)


def write_genome(path: Path, resolution: int = 5_000, lengths: Mapping[str, int] = LENGTHS, seed: int = 0) -> Path:
    """Counts that fall with distance, twice as many within domains of 500 kb; none on ``chrEmpty``."""
    bins = cooler.binnify(pd.Series(dict(lengths)), resolution)
    rng, parts = np.random.default_rng(seed), []
    for chrom in lengths:
        own = np.flatnonzero(bins["chrom"] == chrom)
        if chrom == "chrEmpty":
            continue
        i, j = np.triu_indices(len(own))
        i, j = i[j - i < 640], j[j - i < 640]
        domain = 500_000 // resolution
        counts = rng.poisson(200 / (1 + j - i) * np.where(i // domain == j // domain, 2, 1))
        parts.append(pd.DataFrame({"bin1_id": i + own[0], "bin2_id": j + own[0], "count": counts})[counts > 0])
    cooler.create_cooler(str(path), bins, pd.concat(parts), ordered=True)
    return path


def write_model(folder: Path) -> str:
    """A network with random weights, which calls something."""
    torch.manual_seed(3)
    net = MultiTaskNet(CONFIG)
    with torch.no_grad():
        for name, value in net.named_parameters():
            if "heads" in name and name.endswith("bias"):
                value.zero_()
            if name == "heads.stripe.out.bias":
                value[0] = 6.0  # a stripe must be sure over its whole length, and where no row stands out
    save_model(folder, CONFIG, net.state_dict(), {"name": "small", "version": "1"})
    return str(folder)


def whole(source: ContactSource) -> tuple[Interval, ...]:
    """All chromosomes."""
    return tuple(Interval(name, 0, length) for name, length in source.chromsizes.items())


# ---------------------------------------------------------------------- jobs of many maps
def write_word(path: Path, what: str, token: CancelToken) -> Generator[Progress, None, MapOutcome]:
    """A job that writes ``what`` to ``path``; some words have it end otherwise."""
    yield Clock().step("write", 0, 1)
    if what == "die":
        os._exit(1)
    if what == "break":
        raise ZeroDivisionError("no map\nat all")
    if what == "refuse":
        raise MapError("is no map.", where=path.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    for number in range(10_000 if what == "wait" else 1):
        path.write_text(f"{what} {number}" if what == "wait" else what)
        if what == "wait":
            time.sleep(0.02)
        yield Clock().step("write", 1, 1)
    return MapOutcome((path,), ("short",) if what == "note" else (), {"letters": len(what)})


def word_jobs(words: Mapping[str, str], out: Path) -> list[MapJob]:
    """A job for each name, which writes a word to a file in a folder of that name."""
    return [
        MapJob(map=f"{name}.cool", name=name, run=partial(write_word, out / name / "word.txt", word), settings=word)
        for name, word in words.items()
    ]


MANY, BROKEN = 17, 3
MANY_LENGTHS = {"chrA": 1_000_000}


def write_many(folder: Path) -> list[str]:
    """Maps of which some are broken, named so that these lie among the others."""
    folder.mkdir()
    whole = [write_genome(folder / f"whole{seed}.cool", lengths=MANY_LENGTHS, seed=seed) for seed in range(2)]
    maps = []
    for number in range(MANY):
        maps.append(folder / f"map{number:02d}.cool")
        shutil.copy(whole[number % 2], maps[-1])
    cut = folder / "map03-cut.cool"
    cut.write_bytes(maps[0].read_bytes()[:3_000])
    text = folder / "map05-text.cool"
    text.write_text("chr1\t1\t2\n")
    return sorted(map(str, [*maps, cut, text, folder / "map09-missing.cool"]))


class TaskRecorder(WorkerPlugin):
    """Keys of the tasks that a worker has done."""

    name = "task-recorder"

    def setup(self, worker: Any) -> None:
        self.done: list[str] = []

    def transition(self, key: Any, start: str, finish: str, **_: Any) -> None:
        if start == "executing" and finish == "memory":
            self.done.append(str(key))


@contextmanager
def scheduler_with_workers(**options: tuple[str, ...]) -> Iterator[Any]:
    """A scheduler and a worker process for each name, started with these options; gives the client."""
    import distributed

    command = [sys.executable, "-m", "distributed.cli.dask_worker", "--nthreads", "1", "--no-dashboard", "--no-nanny"]
    environment = dict(os.environ) | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    started = []
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=None) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        try:
            for name, more in options.items():
                words = [*command, "--name", name, *more, cluster.scheduler_address]
                quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
                started.append(subprocess.Popen(words, env=environment, cwd=ROOT, **quiet))
            client.wait_for_workers(len(options), timeout=60)
            yield client
        finally:
            for process in started:
                process.kill()
                process.wait()
