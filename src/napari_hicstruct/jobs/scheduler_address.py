"""Whether a scheduler of dask answers at an address: asked before a client waits for one that never will."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

from napari_hicstruct.errors import JobError

HINT = "Check its address, or use --workers N to work on this computer."
_PLAIN = ("tcp",)
"""Protocols whose scheduler writes first; others are left to dask."""

_OTHERS = ("tls", "ucx", "ucxx", "ws", "wss", "inproc")
_MAX_FRAMES = 1_000_000
"""More than any message has: a first number larger than this is somebody else's greeting."""


def address_of(given: str | Path) -> str:
    """The address that was given, or the one in a scheduler file.

    Raises
    ------
    JobError
        If there is no such file, or it is none of a scheduler.
    """
    text = os.fspath(given).strip()
    if "://" in text:
        return text
    if os.sep not in text and not text.endswith(".json") and not Path(text).exists():
        if text.rpartition(":")[2].isdigit():
            return f"tcp://{text}"
        raise JobError("that is neither an address (tcp://host:8786) nor a scheduler file.", where=text, hint=HINT)
    try:
        found = json.loads(Path(text).read_text(encoding="utf-8"))["address"]
    except OSError as error:
        raise JobError("there is no such scheduler file.", where=text, hint=HINT) from error
    except (ValueError, KeyError, TypeError) as error:
        raise JobError("that is no scheduler file.", where=text, hint=HINT) from error
    if not isinstance(found, str) or "://" not in found:
        raise JobError("that is no scheduler file.", where=text, hint=HINT)
    return found


def check_answers(address: str, seconds: float) -> None:
    """Refuse an address at which nobody answers as a scheduler does, within ``seconds``.

    Raises
    ------
    JobError
    """
    protocol, _, place = address.partition("://")
    if protocol in _OTHERS:
        return
    host, _, port = place.rpartition(":")
    if protocol not in _PLAIN or not host or not port.isdigit():
        raise JobError("that is no address of a scheduler, such as tcp://host:8786.", where=address, hint=HINT)
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=seconds) as connection:
            connection.settimeout(seconds)
            greeting = connection.recv(8)
    except (OSError, OverflowError) as error:
        raise JobError("no scheduler of dask answers there.", where=address, hint=HINT) from error
    if len(greeting) < 8 or int.from_bytes(greeting, "little") > _MAX_FRAMES:
        raise JobError("no scheduler of dask answers there, but another program.", where=address, hint=HINT)
