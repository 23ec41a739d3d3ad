"""What all tests share: real data, private folders, no leaked threads."""

from __future__ import annotations

import gc
import itertools
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]

# One thread in each process of tests and in what it starts, as ``make test`` says before any library is loaded; here
# for the workers of ``pytest -n``.  napari draws shapes with numba, whose OpenMP is torch's: numba's threads, one a
# core unless told, become torch's from then on, and threads that wait for each other on busy cores make small networks
# a hundred times slower.
for _threads in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")


def find_data() -> Path | None:
    """Folder of real maps: ``$HICSTRUCT_DATA``, else ``../shared/data`` beside the checkout."""
    given = os.environ.get("HICSTRUCT_DATA")
    folder = Path(given) if given else ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None


WINDOW = {"make_napari_viewer", "qtbot"}
"""Fixtures that open windows: one screen has one window with the focus, so such tests share no screen."""
OPENS_WINDOWS = re.compile(r"\b(?:make_napari_viewer|qtbot|shown)\s*[:,)]")
"""As parameters in the text of a file of tests; ``shown`` is a fixture of tests/api."""
SLOW_FIRST = ("tests/foreign", "tests/cli", "tests/unit/finetune", "tests/unit/model", "tests/property", "tests/real")
"""Folders whose files take longest: begun early, no process waits for another at the end."""


@cache
def opens_windows(path: str) -> bool:
    return bool(OPENS_WINDOWS.search((ROOT / path).read_text(encoding="utf-8")))


def group_of(path: str) -> str:
    """What one process runs as a whole: a file, so that its fixtures serve it; on one screen, all that open windows."""
    return "window" if opens_windows(path) and not has_screens() else path


def has_screens() -> bool:
    """Whether every process can have a virtual screen of its own; ``make test`` runs on one."""
    return bool(os.environ.get("DISPLAY")) and shutil.which("Xvfb") is not None


def rank_of(path: str) -> int:
    """Place in the order of all tests, the smallest first."""
    if opens_windows(path):
        return -1
    return next((rank for rank, folder in enumerate(SLOW_FIRST) if path.startswith(folder)), len(SLOW_FIRST))


@pytest.hookimpl(tryfirst=True)  # before pytest picks by -m
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs real data; put what takes long first."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if "data_dir" in fixtures:
            item.add_marker("real")
        if fixtures & WINDOW and not opens_windows(path_of(item.nodeid)):
            raise pytest.UsageError(f"{item.nodeid} opens a window, which OPENS_WINDOWS does not find in its file")
    items.sort(key=lambda item: rank_of(path_of(item.nodeid)))


def path_of(nodeid: str) -> str:
    """File of a test, relative to the repository."""
    return nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist: make test runs three processes
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share out whole groups, in the order above (``--dist loadgroup`` of xdist 3.8 does nothing with pytest 9.2)."""
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(path_of(nodeid))

    config.option.loadscopereorder = False
    return Groups(config, log)


_screens: list[subprocess.Popen[bytes]] = []


def pytest_configure(config: pytest.Config) -> None:
    """A screen for each process but the first: on one screen their windows would take the focus from each other."""
    if getattr(config, "workerinput", {}).get("workerid", "gw0") == "gw0" or not has_screens():
        return
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]
    _screens.append(subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL))
    os.close(write)
    with os.fdopen(read) as number:
        os.environ["DISPLAY"] = f":{number.readline().strip()}"


def pytest_unconfigure() -> None:
    """Take the screen away again."""
    for screen in _screens:
        screen.terminate()
        screen.wait()


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Real data; without it a test is skipped, but under ``CI=true`` its absence is a failure."""
    folder = find_data()
    if folder is None:
        text = "no real data: set HICSTRUCT_DATA or lay it at ../shared/data"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(text)
        pytest.skip(text)
    return folder


@pytest.fixture(scope="session", autouse=True)
def private_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep napari's settings, caches, projects and logs away from the person's own, sub-processes included."""
    home = tmp_path_factory.mktemp("home")
    variables = {
        "NAPARI_CONFIG": str(home / "napari.yaml"),
        "HICSTRUCT_CACHE": str(home / "cache"),
        "HICSTRUCT_HOME": str(home / "data"),
        "HICSTRUCT_LOGS": str(home / "logs"),
        "XDG_CACHE_HOME": str(home / "xdg-cache"),
        "XDG_DATA_HOME": str(home / "xdg-data"),
        "XDG_STATE_HOME": str(home / "xdg-state"),
        # compiled code is no secret: keep it between runs (XDG_CACHE_HOME would move it)
        "NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR", str(ROOT / ".pytest_cache" / "numba")),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield home


@pytest.fixture(autouse=True)
def fresh_settings(private_folders: Path) -> None:
    """What the windows of the test before remembered is forgotten, their projects too: equal maps share one."""
    (private_folders / "data" / "window.json").unlink(missing_ok=True)
    shutil.rmtree(private_folders / "data" / "projects", ignore_errors=True)


_windows = itertools.count(1)


@pytest.fixture
def make_napari_viewer(make_napari_viewer: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """napari's own; before it looks for windows that were not let go of, what works for them may end.

    A worker whose end is not delivered yet holds its window: on a busy machine that takes longer than a test.
    napari collects garbage with every layer that goes; what is there before the window is not looked at again and
    again, but with every 25th window: that took a third of the time of such tests.
    """
    _compile_kernels()
    if next(_windows) % 25 == 0:
        gc.unfreeze()
        gc.collect()
    else:
        gc.collect(1)
    gc.freeze()
    yield make_napari_viewer
    _let_workers_end()


@cache
def _compile_kernels() -> None:
    """Once for the process: else each window on a fresh machine starts to compile, and ends it as it closes."""
    from napari_hicstruct.plugin.layers.shape_kernels import compile_all

    list(compile_all())


def _let_workers_end(seconds: float = 10) -> None:
    from qtpy.QtWidgets import QApplication
    from superqt.utils import WorkerBase

    deadline = time.monotonic() + seconds
    while WorkerBase._worker_set and time.monotonic() < deadline:
        QApplication.processEvents()
        time.sleep(0.005)
    QApplication.processEvents()


# Pools that live as long as the process on purpose; anything else left over is a leak.
_LASTING_THREADS = ("QThread", "asyncio_", "pydevd", "fsspec", "ThreadPoolExecutor", "IPython", "Profile", "tqdm")


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """Fail a test that leaves a non-daemon Python thread behind."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 5
    while leaked := [t for t in threading.enumerate() if t not in before and t.is_alive() and not _may_stay(t)]:
        if time.monotonic() > deadline:
            pytest.fail(f"leaked threads: {[t.name for t in leaked]}")
        time.sleep(0.02)


def _may_stay(thread: threading.Thread) -> bool:
    return thread.daemon or thread.name.startswith(_LASTING_THREADS)
