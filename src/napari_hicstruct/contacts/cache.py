"""Small arrays kept between sessions in the user's cache folder (``HICSTRUCT_CACHE`` moves it)."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config import paths
from napari_hicstruct.config.files import in_place_of

LIMIT = 500_000_000
"""Bytes the folder may hold; the files unused for longest go first."""


def cache_dir() -> Path:
    """Folder of cached arrays; not created by asking."""
    return paths.cache_dir(create=False)


def _path(key: tuple[object, ...]) -> Path:
    return cache_dir() / "arrays" / f"{hashlib.sha256(repr(key).encode()).hexdigest()[:40]}.npy"


def load_array(key: tuple[object, ...]) -> NDArray[np.float64] | None:
    """The array stored under ``key``, or None; a damaged file counts as absent."""
    path = _path(key)
    try:
        array: NDArray[np.float64] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    with suppress(OSError):
        os.utime(path)
    return array


def store_array(key: tuple[object, ...], array: NDArray[np.floating]) -> None:
    """Keep ``array`` under ``key``; a cache that cannot be written is no error, the value is just not kept."""
    path = _path(key)
    with suppress(OSError):
        with in_place_of(path) as file:
            np.save(file, array)
        _prune(path.parent)


def _prune(folder: Path) -> None:
    files = [(entry.stat().st_mtime, entry.stat().st_size, entry) for entry in folder.iterdir()]
    excess = sum(size for _, size, _ in files) - LIMIT
    for _, size, entry in sorted(files, key=lambda item: item[0]):
        if excess <= 0:
            return
        entry.unlink(missing_ok=True)
        excess -= size
