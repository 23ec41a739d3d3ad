"""What all tests share: real data, private folders, no leaked threads."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from weakref import WeakSet

import pytest

ROOT = Path(__file__).resolve().parents[1]


def find_data() -> Path | None:
    """Folder of real maps: ``$HICSTRUCT_DATA``, else ``../shared/data`` beside the checkout."""
    given = os.environ.get("HICSTRUCT_DATA")
    folder = Path(given) if given else ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None


WINDOW = {"make_napari_viewer", "qtbot"}
"""Fixtures that open windows: one screen has one window with the focus, so such tests run one after another."""
SLOW_FIRST = ("tests/foreign", "tests/cli", "tests/unit/finetune", "tests/unit/model", "tests/property", "tests/real")
"""Folders whose files take longest: begun early, no process waits for another at the end."""


@pytest.hookimpl(tryfirst=True)  # before pytest picks by -m, and before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs real data, and say what several processes (``make test``) may run beside each other."""
    ranks: dict[str, int] = {}
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if "data_dir" in fixtures:
            item.add_marker("real")
        path = item.path.relative_to(ROOT).as_posix()
        group = "window" if fixtures & WINDOW else path
        item.add_marker(pytest.mark.xdist_group(group))
        slow = [rank for rank, folder in enumerate(SLOW_FIRST) if path.startswith(folder)]
        ranks[item.nodeid] = -1 if group == "window" else slow[0] if slow else len(SLOW_FIRST)
    items.sort(key=lambda item: ranks[item.nodeid])


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


@pytest.fixture
def make_napari_viewer(make_napari_viewer: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """napari's own; before it looks for windows that were not let go of, what still works for them may end.

    A worker whose end is not delivered yet holds its window: on a busy machine that takes longer than a test.
    """
    made: WeakSet[Any] = WeakSet()

    def make(*args: Any, **kwargs: Any) -> Any:
        viewer = make_napari_viewer(*args, **kwargs)
        made.add(viewer)
        return viewer

    yield make
    for viewer in list(made):
        window = getattr(viewer.window, "_qt_window", None)
        if window is not None:
            window._save_current_window_settings = lambda: None
            viewer.close()
    _let_workers_end()


def _let_workers_end(seconds: float = 20) -> None:
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
