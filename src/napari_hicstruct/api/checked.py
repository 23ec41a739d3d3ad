"""The border of the public functions: arguments are checked against their annotations, errors name arguments.

A public function is ``@checked``.  What its annotation does not allow is refused by a :class:`ConfigError` that names
the argument, before anything is read; and where a workflow's error names an option of the command line, the person
who wrote Python reads the argument.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from napari_hicstruct.api import arguments
from napari_hicstruct.errors import HicStructError

P = ParamSpec("P")
T = TypeVar("T")
Check = Callable[[str, Any], Any]

_CHECKS: Mapping[str, Check] = {
    "bool": arguments.flag,
    "float": arguments.number_of,
    "int": arguments.whole_number_of,
    "str": arguments.text,
    "str | Path": arguments.path,
    "str | int": arguments.column,
    "str | Iterable[str]": arguments.names,
    "str | Path | Iterable[str | Path]": arguments.files,
    "str | Collection[str]": arguments.names,
    "Iterable[int]": arguments.whole_numbers_of,
    "int | Iterable[int]": arguments.whole_numbers_of,
    "Iterable[float]": arguments.numbers,
    "Iterable[str]": arguments.names,
    "Mapping[str, Any]": arguments.mapping,
    "Mapping[str, float]": arguments.mapping,
    "Mapping[str, int]": arguments.whole_numbers_by_name,
    "Mapping[str, int | tuple[int, int]]": arguments.mapping,
    "Mapping[str, str | Path]": arguments.paths_by_name,
    "Mapping[str, Any] | str | Path": arguments.settings,
    "Settings": arguments.settings,
    "ModelLike": arguments.model,
    "str | Path | Project": arguments.project,
    "Iterable[BinTrack]": arguments.listed,
    "Iterable[LineProblem]": arguments.listed,
}
"""What an argument of each annotation is; ``| None`` behind it allows None, too."""

CHECK_THEMSELVES = {
    "Any",
    "Axes",
    "Client",
    "Fusible",
    "Iterable[Annotation]",
    "Iterable[Annotation] | pd.DataFrame",
    "LabelImages",
    "LabelsLike",
    "MapLike",
    "Mapping[str, Any] | Iterable[str | Path]",
    "Picture",
    "Pictures",
    "ProgressOption",
    "Region",
    "Region | Iterable[Region]",
    "Region | list[Region]",
    "ShownLabels",
    "Settings | TrainConfig | Iterable[Settings | TrainConfig]",
    "float | Mapping[str, float]",
    "pd.DataFrame",
    "str | Annotation | Iterable[Any] | pd.DataFrame",
}
"""Annotations of what one function takes up for all (``source_of``, ``to_interval``, ``as_calls``, …): it refuses."""

_OPTION = re.compile(
    r"(?P<command>hicstruct [a-z]+:? )?--(?P<name>[a-z][a-z-]*)(?P<value> (?:[a-z]+\b|(?=[\dA-Z])))?|hicstruct [^.;]*"
)


def checked(function: Callable[P, T]) -> Callable[P, T]:
    """``function``, called only with what its annotations allow; its errors name arguments, no options.

    Raises
    ------
    ConfigError
        By the function that comes out, if an argument is not what its annotation says.
    """
    signature = inspect.signature(function)
    kinds = {name: str(one.annotation) for name, one in signature.parameters.items()}

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> T:
        bound = signature.bind(*args, **kwargs)
        for name, given in bound.arguments.items():
            bound.arguments[name] = _taken(name, kinds[name], given)
        try:
            return function(*bound.args, **bound.kwargs)
        except HicStructError as error:
            _name_arguments(error, function)
            raise

    return called


def check_of(annotation: str) -> Check | None:
    """What checks an argument of this annotation; None for those of :data:`CHECK_THEMSELVES` and for ``self``."""
    return _CHECKS.get(annotation.removesuffix(" | None"))


def in_arguments(text: str, function: Callable[..., Any]) -> str:
    """``text`` with the argument of ``function`` wherever it names that option of the command line."""
    kinds = {name: str(one.annotation) for name, one in inspect.signature(function).parameters.items()}

    def argument(found: re.Match[str]) -> str:
        option = (found["name"] or "").replace("-", "_")
        name = next((one for one in (option, f"{option}s") if one in kinds), None)
        if name is None:
            return found[0]
        value = found["value"] or ""
        if kinds[name].startswith("bool"):
            return f"{name}=True{value}"
        if not value.strip():
            return f"{name}=" if value else name
        return f"{name}='{value.strip()}'" if found["command"] else f"{name}{value}"

    return _OPTION.sub(argument, text)


def _taken(name: str, annotation: str, given: Any) -> Any:
    check = check_of(annotation)
    if check is None or (given is None and annotation.endswith("| None")):
        return given
    return check(name, given)


def _name_arguments(error: HicStructError, function: Callable[..., Any]) -> None:
    """The same error, for it has its traceback, in other words."""
    error.message = in_arguments(error.message, function)
    error.where = None if error.where is None else in_arguments(error.where, function)
    error.hint = None if error.hint is None else in_arguments(error.hint, function)
