"""Arguments as they are given: numbers, names, paths, refused with the argument's name before anything is read."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable, Mapping
from numbers import Real
from pathlib import PureWindowsPath
from typing import Any, TypeGuard

from napari_hicstruct.errors import ConfigError, RegionError
from napari_hicstruct.genome import parse_length

_EXAMPLES = {"bp": 20_000, "": 2}

_NAMES = {
    "formats": "bedpe",
    "kind": "loop",
    "kinds": "loop",
    "notes": "of chr1 alone",
    "set": "calls",
    "sets": "calls",
    "status": "accepted",
    "tasks": "loop",
}
"""Examples of names, by argument."""

_IN_BP = frozenset({"bin_size", "length", "max_distance", "resolution", "resolutions", "tolerance", "windows"})
"""Arguments that are lengths."""

MAX_NUMBER = 10**12
"""Beyond every chromosome and count; larger ones leave the 64 bits of what counts with them."""

MAX_SEED = 2**63 - 1
"""What files keep of a seed; clocks in nanoseconds are below it."""

MAX_THREADS = 4096
"""Beyond every machine; much larger ones leave the 32 bits that torch counts them with."""


def whole_number(name: str, given: Any, *, least: int = 0, unit: str = "") -> int:
    """``given`` as an int of at least ``least``; numpy's numbers and whole floats are taken, too.

    Raises
    ------
    ConfigError
        If it is none; a text such as ``"20k"`` is answered with the number that it stands for.
    """
    value = _as_int(given)
    most = {"threads": MAX_THREADS, "seed": MAX_SEED}.get(name, MAX_NUMBER)
    if value is not None and least <= value <= most:
        return value
    if value is not None and value > most:
        raise ConfigError(f"{name}={given!r} is too large.", hint=f"Give {most} at most.")
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
    return tuple(whole_number(name, one, least=least, unit=unit) for one in (given if is_several(given) else [given]))


def whole_number_of(name: str, given: Any) -> int:
    """The whole number of an argument that is known by its name: of bp where it is a length.

    Raises
    ------
    ConfigError
        If it is none, or negative.
    """
    return whole_number(name, given, unit="bp" if name in _IN_BP else "")


def whole_numbers_of(name: str, given: Any) -> tuple[int, ...]:
    """Several of :func:`whole_number_of`, or one.

    Raises
    ------
    ConfigError
        If one is none, or less than 1.
    """
    return whole_numbers(name, given, least=1, unit="bp" if name in _IN_BP else "")


def number(name: str, given: Any) -> float:
    """``given`` as a finite number.

    Raises
    ------
    ConfigError
        If it is none.
    """
    if isinstance(given, Real) and not isinstance(given, bool) and abs(float(given)) <= MAX_NUMBER:  # false for NaN
        return given if isinstance(given, int) else float(given)  # numpy's numbers are no numbers of JSON
    raise ConfigError(f"{name}={given!r} is no number that can be used.", hint=f"Give {name} as one finite number.")


def numbers(name: str, given: Any) -> tuple[float, ...]:
    """Several numbers.

    Raises
    ------
    ConfigError
        If it is no list, or one is none.
    """
    if not is_several(given):
        raise ConfigError(f"{name}={given!r} is no list of numbers.", hint=f"Give for example {name}=[8, 40].")
    return tuple(number(name, one) for one in given)


def q_value(name: str, given: Any) -> float:
    """``given`` as the largest q-value of what counts.

    Raises
    ------
    ConfigError
        If it is no number above 0, or above 1.
    """
    if isinstance(given, Real) and not isinstance(given, bool) and 0 < float(given) <= 1:
        return float(given)
    raise ConfigError(f"{name}={given!r} is no q-value above 0, up to 1.", hint=f"Give for example {name}=0.01.")


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
    found = tuple(given) if is_several(given) else (given,)
    for one in found:
        if not isinstance(one, str):
            hint = f"Give one or a list, for example {name}=['{_NAMES.get(name, 'chr1')}']."
            raise ConfigError(f"{name}={given!r} is neither a name nor a list of names.", hint=hint)
    return tuple(map(plain, found))


def files(name: str, given: Any) -> tuple[str, ...]:
    """One file or several, as paths or names.

    Raises
    ------
    ConfigError
        If one is neither.
    """
    found = tuple(given) if is_several(given) and not is_path_like(given) else (given,)
    return names(name, [os.fspath(one) if is_path_like(one) else one for one in found])


def is_several(given: object) -> TypeGuard[Iterable[Any]]:
    """True for what holds several things: no text, and no array of numpy's without an axis."""
    return isinstance(given, Iterable) and not isinstance(given, str | bytes) and getattr(given, "ndim", 1) > 0


def plain(given: Any) -> str:
    """``given`` as nothing but a text: a member of ``(str, Enum)`` is its value, which ``str()`` does not give."""
    return str.__str__(given) if isinstance(given, str) else str(given)


def number_of(name: str, given: Any) -> float:
    """The number of an argument that is known by its name: a probability, a q-value, or any.

    Raises
    ------
    ConfigError
        If it is none.
    """
    known = {"min_probability": probability, "max_q": q_value}
    return known.get(name, number)(name, given)


def text(name: str, given: Any) -> str:
    """``given`` if it is a text.

    Raises
    ------
    ConfigError
        If it is none.
    """
    if isinstance(given, str):
        return plain(given)
    if name == "device" and type(given).__name__ == "device":  # torch's own, without loading torch for a text
        return str(given)
    raise ConfigError(f"{name}={given!r} is no text.", hint=f"Give {name} as one text in quotes.")


def column(name: str, given: Any) -> str | int:
    """A column of a file: its name, or its number from 1.

    Raises
    ------
    ConfigError
        If it is neither.
    """
    if isinstance(given, str):
        return plain(given)
    value = _as_int(given)
    if value is not None and 1 <= value <= MAX_NUMBER:
        return value
    hint = f"Give its name, or its number from 1: {name}=8."
    raise ConfigError(f"{name}={given!r} is neither the name nor the number of a column.", hint=hint)


def flag(name: str, given: Any) -> bool:
    """``given`` if it is True or False, Python's or numpy's.

    Raises
    ------
    ConfigError
        If it is neither: a text such as ``"no"`` would count as True.
    """
    if type(given).__name__ in ("bool", "bool_") or (isinstance(given, int) and given in (0, 1)):
        return bool(given)
    raise ConfigError(f"{name}={given!r} is neither True nor False.", hint=f"Give {name}=True, or leave it out.")


def path(name: str, given: Any) -> str:
    """``given`` as text if it can be the path of a file or folder, whether there is one or not.

    Raises
    ------
    ConfigError
        If it cannot.
    """
    written = path_text(given)
    if written is not None:
        return written
    if _is_foreign(given):
        hint = f"Give it as this system writes it: Path({given.as_posix()!r})."
        raise ConfigError(f"{name}={given!r} is a path of Windows.", hint=hint)
    hint = "Give one at a time." if is_several(given) else "Give the path of a file or folder as text, or a Path."
    raise ConfigError(f"{name}={given!r} is no path.", hint=hint)


def is_path_like(given: object) -> bool:
    """True for what is meant as a path, whether it can be one or not."""
    return isinstance(given, str | os.PathLike)


def path_text(given: Any) -> str | None:
    """What the system takes as a name: not empty, without the NUL that ends its texts; None if ``given`` is none."""
    if not is_path_like(given) or _is_foreign(given):
        return None
    try:
        written = os.fspath(given)
    except Exception:  # whatever the object's own __fspath__ raises
        return None
    return plain(written) if isinstance(written, str) and written != "" and "\0" not in written else None


def _is_foreign(given: Any) -> bool:
    """True for a path of Windows elsewhere: its separators would become part of a name."""
    foreign = isinstance(given, PureWindowsPath) and os.name != "nt"
    return foreign and (bool(given.drive) or given.as_posix() != str(given))


def mapping(name: str, given: Any) -> dict[str, Any]:
    """``given`` as values by name.

    Raises
    ------
    ConfigError
        If it is no mapping, or a name is no text.
    """
    if isinstance(given, Mapping) and all(isinstance(key, str) for key in given):
        return {plain(key): value for key, value in given.items()}
    raise ConfigError(
        f"{name}={given!r} gives no values by name.", hint=f"Give a dictionary: {name}={{'name': value}}."
    )


def numbers_by_name(name: str, given: Any, *, least: float) -> dict[str, float]:
    """``given`` as numbers by name, each of at least ``least``.

    Raises
    ------
    ConfigError
        If it is no mapping, or one is no such number.
    """
    values = mapping(name, given)
    for key, value in values.items():
        if number(f"{name}[{key!r}]", value) < least:
            hint = f"Give {least:g} or more."
            raise ConfigError(f"{name}[{key!r}]={value!r} is less than {least:g}.", hint=hint)
    return {key: float(value) for key, value in values.items()}


def whole_numbers_by_name(name: str, given: Any) -> dict[str, int]:
    """``given`` as lengths in bp by name.

    Raises
    ------
    ConfigError
        If it is no mapping, or one is no whole number.
    """
    if not isinstance(given, Mapping):
        raise ConfigError(f"{name}={given!r} gives no lengths.", hint="Give {'chr1': 64_000_000}.")
    return {key: whole_number(f"{name}[{key!r}]", value, unit="bp") for key, value in mapping(name, given).items()}


def paths_by_name(name: str, given: Any) -> dict[str, Any]:
    """``given`` as paths by name.

    Raises
    ------
    ConfigError
        If it is no mapping, or one is no path.
    """
    return {key: path(f"{name}[{key!r}]", value) for key, value in mapping(name, given).items()}


def listed(name: str, given: Any) -> Any:
    """``given`` if it holds several things.

    Raises
    ------
    ConfigError
        If it is one thing, or a text.
    """
    if is_several(given):
        return given
    raise ConfigError(f"{name}={given!r} is no list.", hint=f"Give {name} as a list, also of one.")


def model(name: str, given: Any) -> Any:
    """A model that is loaded, its name, or its folder.

    Raises
    ------
    ConfigError
        If it is none of these.
    """
    if hasattr(given, "sha256"):
        return given
    if (written := path_text(given)) is not None:
        return written
    hint = "Give the name of a model, its folder, or what hs.load_model gave; hs.list_models() lists them."
    raise ConfigError(f"{name}={given!r} is no model.", hint=hint)


def project(name: str, given: Any) -> Any:
    """A project that is open, or its path.

    Raises
    ------
    ConfigError
        If it is neither.
    """
    if hasattr(given, "check_takes"):
        return given
    if (written := path_text(given)) is not None:
        return written
    raise ConfigError(f"{name}={given!r} is no project.", hint="Give the path of one, or what hs.open_project gave.")


def settings(name: str, given: Any) -> Any:
    """Settings by name, the path of a file of them, or their object.

    Raises
    ------
    ConfigError
        If it is none of these.
    """
    if hasattr(given, "model_dump"):
        return given
    return path(name, given) if is_path_like(given) else mapping(name, given)


def _as_int(given: Any) -> int | None:
    if isinstance(given, bool):
        return None
    try:
        return operator.index(given)
    except TypeError:
        pass
    whole = isinstance(given, Real) and float(given).is_integer()
    return int(given) if whole else None


def _meant(given: Any) -> int:
    """What a text stands for; -1 for what stands for nothing."""
    try:
        return parse_length(given) if isinstance(given, str) else -1
    except RegionError:
        return -1
