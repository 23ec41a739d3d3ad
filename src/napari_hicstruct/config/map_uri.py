"""``FILE`` or ``FILE::/group``, as maps are addressed; ``::`` may also stand in the name of a folder or file."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit


def as_path(text: str) -> str:
    """``file://`` addresses, as file managers drop them, and ``~`` as the path that they mean."""
    if os.path.lexists(text):
        return text
    if text.startswith("file://"):
        text = unquote(urlsplit(text).path)
    return os.path.expanduser(text) if text.startswith("~") else text


def split_uri(uri: str) -> tuple[str, str]:
    """File and group of a map's address; the group is empty where the whole file is meant.

    A file of the whole name wins; else the last ``::`` before which there is a file divides the two, or, where there
    is none at all, the last one.
    """
    if "::" not in uri or os.path.exists(uri):
        return uri, ""
    head = uri
    while "::" in head:
        head, _, _ = head.rpartition("::")
        if os.path.isfile(head):
            return head, uri[len(head) + 2 :]
    file, _, group = uri.rpartition("::")
    return file, group


def is_file_of(uri: str, path: str | Path) -> bool:
    """Whether a map's address names this file, whole or a group of it."""
    return os.path.realpath(split_uri(uri)[0]) == os.path.realpath(path)


def absolute_uri(uri: str, folder: str | Path | None = None) -> str:
    """``uri`` with the full path of its file; a relative one lies in ``folder`` (default: the working folder)."""
    file, group = split_uri(uri)
    path = os.path.join(os.path.abspath(folder or "."), file)
    tidy = os.path.normpath(path)
    if os.path.realpath(tidy) == os.path.realpath(path):  # ".." behind a symbolic link means another folder
        path = tidy
    return f"{path}::{group}" if group else path
