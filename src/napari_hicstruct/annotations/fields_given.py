"""Fields of an annotation as a person gives them: taken as Python's own types, or refused by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Real
from operator import index
from typing import Any

from napari_hicstruct.errors import LabelError

MAX_COUNT = 10**15
"""Larger ones leave the 64 bits of files and tables."""


def share(name: str, given: Any) -> float:
    """A number from 0 to 1, or NaN.

    Raises
    ------
    LabelError
        If it is none.
    """
    if type(given) is float and (0.0 <= given <= 1.0 or given != given):
        return given
    value = float(given) if isinstance(given, Real) else -1.0
    if 0.0 <= value <= 1.0 or value != value:
        return value
    hint = f"Give for example {name}=0.8; leave it out where there is none."
    raise LabelError(f"{name}={given!r} is no number from 0 to 1.", hint=hint)


def count(name: str, given: Any) -> int:
    """A whole number, 0 or more.

    Raises
    ------
    LabelError
        If it is none.
    """
    if type(given) is int and 0 <= given <= MAX_COUNT:
        return given
    try:
        value = index(given)
    except TypeError:
        value = int(float(given)) if isinstance(given, Real) and float(given).is_integer() else -1
    if 0 <= value <= MAX_COUNT:
        return value
    example = 10_000 if name == "resolution" else 1
    hint = f"Give for example {name}={example}; leave it out where there is none."
    raise LabelError(f"{name}={given!r} is no whole number, 0 or more.", hint=hint)


def text(name: str, given: Any) -> str:
    """A text; a member of ``(str, Enum)`` is its value.

    Raises
    ------
    LabelError
        If it is none.
    """
    if type(given) is str:
        return given
    if isinstance(given, str):
        return str.__str__(given)
    raise LabelError(f"{name}={given!r} is no text.", hint="Give it in quotes; leave it out where there is none.")


def names(name: str, given: Any) -> tuple[str, ...]:
    """Several texts.

    Raises
    ------
    LabelError
        If they are none, or one text alone.
    """
    if type(given) is tuple and not given:
        return given
    if isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping):
        return tuple(text(name, one) for one in given)
    raise LabelError(f"{name}={given!r} is no list of names.", hint=f"Give for example {name}=('HiCCUPS', 'mustache').")


def cells(name: str, given: Any) -> Mapping[str, str]:
    """Texts by name.

    Raises
    ------
    LabelError
        If they are none.
    """
    if isinstance(given, Mapping) and all(isinstance(one, str) for pair in given.items() for one in pair):
        return given
    hint = f"Give texts by column: {name}={{'Mean': '3.5'}}."
    raise LabelError(f"{name}={given!r} are no texts by name.", hint=hint)
