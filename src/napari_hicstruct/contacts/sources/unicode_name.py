"""A name that hictkpy can open for files whose own name is no Unicode."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path


def readable_name(path: str) -> str:
    """``path``, or, where it is no Unicode (hictkpy takes no other), a link to it that is; gone when Python ends."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return _link_to(os.path.abspath(path))
    return path


@cache
def _link_to(path: str) -> str:
    folder = tempfile.mkdtemp(prefix="hicstruct-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    link = Path(folder) / f"map{Path(path).suffix if Path(path).suffix.isascii() else ''}"
    link.symlink_to(path)
    return str(link)
