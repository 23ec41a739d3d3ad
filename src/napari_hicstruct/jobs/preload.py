"""The largest library of torch, loaded while other threads go on.

``import torch`` holds Python's lock while the system loads and links a few hundred megabytes; a window stands still.
A call through ctypes does not hold it, and the import then finds the library loaded.
"""

from __future__ import annotations

import ctypes
import os
import sys
from importlib.util import find_spec
from pathlib import Path

_GLOBAL, _OWN = "libtorch_global_deps.so", ("libc10.so", "libtorch_cpu.so")


def preload_torch() -> None:
    """Load torch's library; in a worker thread, before it imports torch.  Elsewhere than on Linux nothing is done."""
    if "torch" in sys.modules or not sys.platform.startswith("linux"):
        return
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return
    folder = Path(spec.origin).parent / "lib"
    load = ctypes.CDLL(None).dlopen  # a function of the system's: called without Python's lock
    load.restype, load.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_int]
    # as torch does: what it shares with others first and for all.  One that does not load is torch's to report.
    load(os.fsencode(folder / _GLOBAL), os.RTLD_NOW | os.RTLD_GLOBAL)
    for name in _OWN:
        load(os.fsencode(folder / name), os.RTLD_NOW)
