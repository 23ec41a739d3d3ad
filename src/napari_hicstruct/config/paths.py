"""Where we keep what is not the user's own: cache, logs, automatic projects.

Each folder can be moved by an environment variable (clusters, tests); none is created before it is asked for.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_APP = "napari-hicstruct"


def cache_dir() -> Path:
    """Folder for what can be computed again (``$HICSTRUCT_CACHE``)."""
    return _folder("HICSTRUCT_CACHE", platformdirs.user_cache_dir(_APP, appauthor=False))


def user_data_dir(*, create: bool = True) -> Path:
    """Folder for automatic projects and installed models (``$HICSTRUCT_HOME``)."""
    return _folder("HICSTRUCT_HOME", platformdirs.user_data_dir(_APP, appauthor=False), create=create)


def log_dir() -> Path:
    """Folder for logs of unexpected failures (``$HICSTRUCT_LOGS``)."""
    return _folder("HICSTRUCT_LOGS", platformdirs.user_log_dir(_APP, appauthor=False))


def _folder(variable: str, default: str, *, create: bool = True) -> Path:
    folder = Path(os.environ.get(variable) or default).expanduser()
    if create:
        folder.mkdir(parents=True, exist_ok=True)
    return folder
