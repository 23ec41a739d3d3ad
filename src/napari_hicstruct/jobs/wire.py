"""What a job's process and the one who started it say to each other: framed messages over two pipes."""

from __future__ import annotations

import pickle
import struct
import threading
from collections import deque
from enum import Enum
from typing import Any, BinaryIO

from napari_hicstruct.errors import JobError

_HEADER = struct.Struct("!cQ")


class Kind(bytes, Enum):
    """First byte of a message."""

    JOB = b"j"
    CANCEL = b"c"
    STOP = b"s"
    READY = b"r"
    STEP = b"."
    """A step that a newer one makes worthless."""
    KEPT = b"k"
    """A step that must arrive: it carries a payload or a notice."""
    RESULT = b"="
    FAILED = b"!"


Message = tuple[Kind, bytes]


class ChildTraceback(Exception):
    """Where an error arose in the job's process, as text; the cause of the error that arrives."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def write_message(stream: BinaryIO, kind: Kind, data: bytes = b"") -> None:
    """Write one message whole; ``OSError`` or ``ValueError`` if nobody reads any more."""
    stream.write(_HEADER.pack(kind.value, len(data)))
    stream.write(data)
    stream.flush()


def read_message(stream: BinaryIO) -> Message | None:
    """The next message, None where the other side has ended (in the middle of a message, too)."""
    head = _read(stream, _HEADER.size)
    if head is None:
        return None
    kind, size = _HEADER.unpack(head)
    data = _read(stream, size)
    return None if data is None else (Kind(kind), data)


def _read(stream: BinaryIO, size: int) -> bytes | None:
    found = bytearray()
    while len(found) < size:
        part = stream.read(min(size - len(found), 1 << 20))
        if not part:
            return None
        found += part
    return bytes(found)


def packed(value: Any, what: str) -> bytes:
    """``value`` as bytes.

    Raises
    ------
    JobError
        If it cannot leave its process; names ``what``.
    """
    try:
        return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # pickle raises TypeError, AttributeError, PicklingError and what objects raise
        hint = "Only values that pickle can cross between processes."
        raise JobError(f"{what} cannot be handed over ({type(error).__name__}: {error}).", hint=hint) from error


class Inbox:
    """Messages that wait to be taken, in order; steps that a newer one makes worthless give way to it.

    So a reader that is slow sees the newest step, and misses no payload and no notice.  The one who puts waits only
    where more than ``limit`` bytes are kept.
    """

    def __init__(self, limit: int = 256 * 2**20) -> None:
        self._limit, self._size = limit, 0
        self._items: deque[Message] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, message: Message) -> None:
        """Add a message; waits while too much is kept, drops it once closed."""
        kind, data = message
        with self._changed:
            if kind is Kind.STEP and self._items and self._items[-1][0] is Kind.STEP:
                self._size -= len(self._items.pop()[1])
            while self._items and self._size + len(data) > self._limit and not self._closed:
                self._changed.wait()
            if not self._closed:
                self._items.append(message)
                self._size += len(data)
                self._changed.notify_all()

    def take(self) -> Message | None:
        """The oldest message; waits for one; None once closed and empty."""
        with self._changed:
            while not self._items and not self._closed:
                self._changed.wait()
            if not self._items:
                return None
            message = self._items.popleft()
            self._size -= len(message[1])
            self._changed.notify_all()
            return message

    def close(self) -> None:
        """Nothing more comes; what is kept can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
