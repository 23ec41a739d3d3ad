"""One way to compile: cached on disk, without the GIL, and typed (numba ships no types)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def jit(function: F) -> F:
    """``numba.njit`` with a disk cache that keeps the function's signature for the type checker."""
    return cast(F, njit(cache=True, nogil=True)(function))
