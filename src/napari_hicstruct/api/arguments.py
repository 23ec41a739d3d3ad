"""Arguments as they are given: whole numbers and names, refused with the argument's name before anything is read."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from numbers import Real
from typing import Any

from napari_hicstruct.errors import ConfigError, RegionError
from napari_hicstruct.genome import parse_length

_EXAMPLES = {"bp": 20_000, "": 2}


def whole_number(name: str, given: Any, *, least: int = 0, unit: str = "") -> int:
    """``given`` as an int of at least ``least``; numpy's numbers and whole floats are taken, too.

    Raises
    ------
    ConfigError
        If it is none; a text such as ``"20k"`` is answered with the number that it stands for.
    """
    value = _as_int(given)
    if value is not None and value >= least:
        return value
    what = f"{name}={given!r} is no whole number{f' of {unit}' if unit else ''}, {least} or more."
    meant = _meant(given)
    example = meant if meant >= least else _EXAMPLES[unit]
    raise ConfigError(what, hint=f"Give {'' if meant >= least else 'for example '}{name}={example}.")


def whole_numbers(name: str, given: Any, *, least: int = 0, unit: str = "") -> tuple[int, ...]:
    """Several of them, or one.

    Raises
    ------
    ConfigError
        If one is no whole number of at least ``least``.
    """
    several = isinstance(given, Iterable) and not isinstance(given, str | bytes)
    return tuple(whole_number(name, one, least=least, unit=unit) for one in (given if several else [given]))


def probability(name: str, given: Any) -> float:
    """``given`` as a probability.

    Raises
    ------
    ConfigError
        If it is no number from 0 to 1.
    """
    if isinstance(given, Real) and not isinstance(given, bool) and 0 <= float(given) <= 1:
        return float(given)
    percent = isinstance(given, Real) and 1 < float(given) <= 100
    raise ConfigError(
        f"{name}={given!r} is no probability from 0 to 1.",
        hint=f"Give {name}={float(given) / 100 if percent else 0.5:g}.",
    )


def names(name: str, given: Any) -> tuple[str, ...]:
    """One name or several.

    Raises
    ------
    ConfigError
        If one is no text.
    """
    several = isinstance(given, Iterable) and not isinstance(given, str | bytes)
    found = tuple(given) if several else (given,)
    for one in found:
        if not isinstance(one, str):
            hint = f"Give one or a list, for example {name}=['chr1']."
            raise ConfigError(f"{name}={given!r} is neither a name nor a list of names.", hint=hint)
    return found


def _as_int(given: Any) -> int | None:
    if isinstance(given, bool):
        return None
    if isinstance(given, float):
        return int(given) if given.is_integer() else None
    try:
        return operator.index(given)
    except TypeError:
        return None


def _meant(given: Any) -> int:
    """What a text stands for; -1 for what stands for nothing."""
    try:
        return parse_length(given) if isinstance(given, str) else -1
    except RegionError:
        return -1
