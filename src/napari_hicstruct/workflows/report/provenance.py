"""Where a map's calls come from, and the command that makes them again."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from napari_hicstruct.workflows.report.gather import Entry, Result
from napari_hicstruct.workflows.report.markup import Markup, element, joined

_OWN_LINES = ("regions", "norms")
MAX_NAMED = 12
"""Regions that are named."""


def provenance(entry: Entry, result: Result, *, genome: bool) -> Markup:
    """A list of terms; ``genome``: the whole map was predicted."""
    model, about, parameters = (result.about(part) for part in ("model", "map", "parameters"))
    lines: dict[str, object] = {
        "map": about.get("uri"),
        "fingerprint": about.get("fingerprint"),
        "assembly": about.get("assembly"),
        "model": " ".join(str(model[key]) for key in ("name", "version") if model.get(key)),
        "sha256 of the model": model.get("sha256"),
        "device": model.get("device"),
        "regions": "the whole map" if genome else _regions(parameters.get("regions")),
        "balancing": _norms(parameters.get("norms")),
        "parameters": _parameters(parameters),
        "notes of the prediction": _notes(result.run.get("notes")),
        "program": result.run.get("made_with"),
        "written": result.run.get("written"),
        "peak memory": _megabytes(result.run.get("peak_memory_mb")),
        "folder": _folder(entry),
        "to predict again": element("code", command(entry, result, genome=genome)),
    }
    shown = [joined(element("dt", name), element("dd", value)) for name, value in lines.items() if value]
    return joined(element("h3", "Provenance"), element("dl", shown))


def command(entry: Entry, result: Result, *, genome: bool) -> str:
    """The command line that makes these results again."""
    parameters, model = result.about("parameters"), result.about("model")
    words = ["hicstruct", "predict", str(result.about("map").get("uri")), "--out", _folder(entry)]
    if genome:
        words.append("--genome")
    else:
        words += _several("--region", (str(region) for region in _list(parameters.get("regions"))))
    if tasks := _list(parameters.get("tasks")):
        words += ["--tasks", ",".join(map(str, tasks))]
    if (name := model.get("name")) not in (None, "default"):
        words += ["--model", str(name)]
    if (mode := parameters.get("mode")) not in (None, "fast"):
        words += ["--mode", str(mode)]
    if (norm := parameters.get("norm")) not in (None, "best stored"):
        words += ["--norm", str(norm)]
    if size := parameters.get("resolution"):
        words += ["--resolution", str(size)]
    words += _several("--min-probability", (f"{task}={p}" for task, p in _items(parameters.get("min_probability"))))
    words += _several("--limit", (f"{name}={_limit(value)}" for name, value in _items(parameters.get("limits"))))
    words += _several("--track", (f"{name}={path}" for name, path in _items(parameters.get("tracks"))))
    return shlex.join(words)


def _folder(entry: Entry) -> str:
    return os.path.abspath(entry.folder or ".")


def _several(option: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _items(value: object) -> list[tuple[str, Any]]:
    return [(str(name), one) for name, one in value.items()] if isinstance(value, Mapping) else []


def _limit(value: object) -> str:
    return "-".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _regions(value: object) -> str:
    regions = [str(one) for one in _list(value)]
    more = f" and {len(regions) - MAX_NAMED:,} more" if len(regions) > MAX_NAMED else ""
    return ", ".join(regions[:MAX_NAMED]) + more


def _norms(value: object) -> str:
    """By chromosome, those of one balancing together."""
    by_norm: dict[str, list[str]] = {}
    for chrom, norm in _items(value):
        by_norm.setdefault(str(norm), []).append(chrom)
    if len(by_norm) == 1:
        return next(iter(by_norm))
    return "; ".join(f"{norm}: {', '.join(chroms)}" for norm, chroms in by_norm.items())


def _parameters(parameters: Mapping[str, Any]) -> str:
    shown = {
        name: value for name, value in parameters.items() if name not in _OWN_LINES and value not in (None, {}, "")
    }
    return "; ".join(f"{name.replace('_', ' ')}: {_value(value)}" for name, value in shown.items())


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_limit(one)}" for name, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _notes(value: object) -> Markup | None:
    lines = [element("div", str(note)) for note in _list(value)]
    return joined(lines) if lines else None


def _megabytes(value: object) -> str:
    return f"{value:,.0f} MB" if isinstance(value, int | float) else ""
