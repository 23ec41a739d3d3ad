"""Base of all configuration: frozen, no unknown keys, errors that name the key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from napari_hicstruct.config.resources import resource
from napari_hicstruct.errors import ConfigError


class FrozenConfig(BaseModel):
    """Immutable settings; an unknown key is refused, so a typo cannot pass for a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


C = TypeVar("C", bound=FrozenConfig)


def parse_config(
    kind: type[C], data: Mapping[str, Any], *, where: object | None = None, options: Mapping[str, str] | None = None
) -> C:
    """Build ``kind`` from plain data; the first fault becomes a :class:`ConfigError` that names its key.

    ``options``: names under which a person gave some keys.
    """
    try:
        return kind.model_validate(dict(data))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or kind.__name__
        if first["type"] == "extra_forbidden":
            raise ConfigError(f"unknown key '{key}'.", where=where, hint=_known_keys(kind, first["loc"])) from error
        named = (options or {}).get(key) or f"key '{key}'"
        raise ConfigError(f"{named}: {_fault(dict(first))}.", where=where) from error


def with_changes(config: C, **changes: Any) -> C:
    """The settings with some keys changed, checked again; ``train={"steps": 10}`` changes keys inside a part."""
    data = config.model_dump(mode="json")
    for key, value in changes.items():
        data[key] = data[key] | value if isinstance(value, dict) else value
    return type(config).model_validate(data)


_ALLOWED = {
    "greater_than_equal": "{ge} or more",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "too_short": "at least {min_length} values",
    "too_long": "at most {max_length} values",
    "multiple_of": "a multiple of {multiple_of}",
}
"""What is allowed, by pydantic's type of error; else by its beginning in :data:`_TYPES`."""

_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "finite": "a number",
    "bool": "true or false",
    "string": "text",
    "path": "a path",
    "tuple": "a list",
    "list": "a list",
    "dict": "settings of its own, one 'key: value' per line",
    "model": "settings of its own, one 'key: value' per line",
}
_MAX_SHOWN = 60


def _fault(error: Mapping[str, Any]) -> str:
    """What is wrong with a value, and what is allowed there."""
    kind, about = error["type"], error.get("ctx", {})
    if kind == "value_error":
        return str(about["error"]).rstrip(".")
    if kind == "missing":
        return "is missing"
    allowed = _ALLOWED.get(kind, "").format(**about) or _TYPES.get(kind.partition("_")[0])
    if allowed is None:
        return str(error["msg"]).rstrip(".")
    shown = repr(error["input"])
    return f"must be {allowed}, not {shown if len(shown) <= _MAX_SHOWN else shown[:_MAX_SHOWN] + '…'}"


def _known_keys(kind: type[BaseModel], loc: tuple[int | str, ...]) -> str | None:
    """What may stand where ``loc`` points to; None where that is not one kind of settings."""
    for part in loc[:-1]:
        field = kind.model_fields.get(str(part))
        if field is None or not isinstance(field.annotation, type) or not issubclass(field.annotation, BaseModel):
            return None
        kind = field.annotation
    return f"Known keys: {', '.join(sorted(kind.model_fields))}."


class _Loader(yaml.SafeLoader):
    """YAML of plain data, in which a key stands once: of two, one would be lost without a word."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[str] = set()
    for key, _ in node.value:
        if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
            line = key.start_mark.line + 1
            raise _TwiceError(f"line {line}: key '{key.value}' stands there for the second time.")
        seen.add(str(key.value))
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


class _TwiceError(yaml.YAMLError):
    """A key that a mapping has twice."""


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load_config(kind: type[C], path: str | Path) -> C:
    """Read a YAML file into ``kind``.

    Raises
    ------
    ConfigError
        If the file cannot be read, is not YAML, or has an unknown or impossible key, or one twice.
    """
    try:
        data = yaml.load(Path(path).read_text(encoding="utf-8"), _Loader)
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror}).", where=path) from error
    except UnicodeDecodeError as error:
        raise ConfigError("is not a text file.", where=path, hint="Give a YAML file.") from error
    except _TwiceError as error:
        raise ConfigError(str(error), where=path, hint="Keep one of them.") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"is not valid YAML: {error}", where=path) from error
    if not isinstance(data, Mapping):
        raise ConfigError("holds no settings.", where=path, hint="Write one 'key: value' per line.")
    return parse_config(kind, data, where=path)


def load_preset(kind: type[C], preset_or_file: str | Path, presets: Iterable[str], folder: str) -> C:
    """Read a preset that ships with the package, in a folder of its configurations, or a YAML file.

    Raises
    ------
    ConfigError
        If there is no such preset or file, or it has an unknown or impossible key.
    """
    known, path = tuple(presets), Path(preset_or_file)
    if str(preset_or_file) in known:
        path = resource("configs", folder, f"{preset_or_file}.yaml")
    elif not path.is_file() and path.suffix not in (".yaml", ".yml"):
        hint = f"Presets: {', '.join(known)}; or give a YAML file."
        raise ConfigError("is neither a preset nor a file.", where=preset_or_file, hint=hint)
    return load_config(kind, path)
