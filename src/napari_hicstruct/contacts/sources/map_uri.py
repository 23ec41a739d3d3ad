"""``FILE`` or ``FILE::/group``: ``::`` may also stand in the name of a folder or file."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit


def split_uri(text: str) -> tuple[str, str | None]:
    """Path and group of a map's address; the group is None where the whole text is the file.

    An existing file of the whole name wins; else the last ``::`` before which a file exists divides the two.
    ``file://`` addresses and ``~`` are taken as paths.
    """
    if text.startswith("file://") and not os.path.lexists(text):
        text = unquote(urlsplit(text).path)
    if text.startswith("~") and not os.path.lexists(text):
        text = os.path.expanduser(text)
    if os.path.exists(text) or "::" not in text:
        return text, None
    head, found = text, -1
    while "::" in head:
        head, _, _ = head.rpartition("::")
        if os.path.exists(head) and not os.path.isdir(head):
            found = len(head)
            break
    if found < 0:
        found = text.index("::")
    return text[:found], text[found + 2 :] or None


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
