"""Blocks of maps that were drawn and freed: their memory goes back to the system.

glibc keeps freed blocks of up to 32 MB once one of that size was freed (its mmap threshold grows), so a few minutes
of panning leave about 130 MB that nobody uses in the process.  Elsewhere the allocators see to it themselves.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    """``malloc_trim`` of glibc, or None where there is none."""
    if not sys.platform.startswith("linux"):
        return None
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found


def trim_memory() -> None:
    """Give freed memory back, where the C library can."""
    malloc_trim = _malloc_trim()
    if malloc_trim is not None:
        malloc_trim(0)
