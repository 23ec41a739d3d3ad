"""Memory: what costs time in getting and giving it back (search for garbage, the system's pages); its peak."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collecting_paused() -> Iterator[None]:
    """No search for garbage meanwhile: records refer to nothing that refers back, and it takes a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


_TRIM, _MMAP, _BYTES = -1, -3, 1 << 30
"""glibc's names of its thresholds (malloc.h: M_TRIM_THRESHOLD, M_MMAP_THRESHOLD)."""


def keep_memory() -> None:
    """Have this process keep what it has freed for the next array of that size; only on Linux is anything done.

    Dask starts its workers with ``MALLOC_TRIM_THRESHOLD_`` set, upon which each array of more than 128 kB is asked of
    the system anew and given back at once: a window of the network takes twice the time, half of it for zeroed pages.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # not every libc has it
    if mallopt is not None:
        mallopt(_MMAP, _BYTES)
        mallopt(_TRIM, _BYTES)


def peak_memory_mb() -> float | None:
    """Largest resident set of this process so far, MB; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)
