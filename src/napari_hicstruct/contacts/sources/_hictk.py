"""hictkpy, imported so that it rests when we rest.

hictkpy 1.4's logger thread spins a whole core from import on (measured).  Its module registers, with ``atexit``,
a function that stops the thread; calling it straight after the import stops the spinning and reading still works.
"""

from __future__ import annotations

import atexit
import importlib
import sys
import threading
from collections.abc import Callable
from functools import cache
from typing import Any

_LOCK = threading.Lock()


@cache
def hictkpy() -> Any:
    """The module ``hictkpy`` with its logger thread stopped; imported on first use.

    If somebody else imported it before us the thread is theirs and is left alone.
    """
    with _LOCK:
        if "hictkpy" in sys.modules:
            return sys.modules["hictkpy"]
        captured: list[Callable[[], object]] = []
        register = atexit.register
        atexit.register = _capturing(captured, register)
        try:
            module = importlib.import_module("hictkpy")
        finally:
            atexit.register = register
        for handler in captured:
            handler()
        return module


def _capturing(captured: list[Callable[[], object]], register: Callable[..., Any]) -> Callable[..., Any]:
    """``atexit.register`` that holds back the extension's own handler; plain Python handlers pass through."""

    def hold(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if hasattr(function, "__code__") or args or kwargs:
            return register(function, *args, **kwargs)
        captured.append(function)
        return function

    return hold
