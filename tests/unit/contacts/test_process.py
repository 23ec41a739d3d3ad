"""What a process pays for us: little to import, nothing at rest, and maps that travel to other processes."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from napari_hicstruct.contacts import ContactSource, open_map
from napari_hicstruct.genome import Interval
from tests.contacts_kit import symmetric, upper_counts, write_cool

_IDLE = """
import sys, time
from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.sources._hictk import hictkpy
from napari_hicstruct.genome import Interval
source = open_map(sys.argv[1])
span = Interval("chr1", 0, 400)
first = source.fetch(span, span, resolution=10)
bare = hictkpy().File(sys.argv[1])  # as for .hic: its thread must not spin, and it must go on reading
assert (bare.fetch("chr1").to_numpy() == first).all()
started, used = time.monotonic(), time.process_time()
time.sleep(1.5)
print((time.process_time() - used) / (time.monotonic() - started))
assert (bare.fetch("chr1").to_numpy() == first).all() and first.any()
"""

_IMPORTS = """
import sys
import napari_hicstruct.contacts as contacts
heavy = {"cooler", "hictkpy", "h5py", "pandas", "dask", "scipy", "torch", "numba"} & set(sys.modules)
assert not heavy, heavy
source = contacts.open_map(sys.argv[1])
list(source.chromsizes), source.resolutions
levels = contacts.build_levels(source, "chr1", norm="raw")
heavy = {"cooler", "hictkpy", "pandas", "dask", "scipy", "torch", "numba"} & set(sys.modules)
assert not heavy, heavy
"""


def run(code: str, path: Path) -> str:
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_process_with_an_open_map_rests(tmp_path: Path) -> None:
    write_cool(tmp_path / "a.cool", {"chr1": 400}, 10, upper_counts(40, 1))
    assert float(run(_IDLE, tmp_path / "a.cool")) < 0.05


def test_opening_imports_nothing_heavy(tmp_path: Path) -> None:
    write_cool(tmp_path / "a.cool", {"chr1": 400}, 10, upper_counts(40, 1))
    assert run(_IMPORTS, tmp_path / "a.cool") == "", "the process fails, naming what was loaded"


def _total(source: ContactSource) -> float:
    span = Interval("chr1", 0, 400)
    return float(source.fetch(span, span, resolution=10).sum())


def test_a_spawned_process_reads_the_same_map(tmp_path: Path) -> None:
    upper = upper_counts(40, 1)
    source = open_map(write_cool(tmp_path / "a.cool", {"chr1": 400}, 10, upper))
    want = float(np.sum(symmetric(upper)))
    assert _total(source) == want
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(_total, source).result(60) == want
