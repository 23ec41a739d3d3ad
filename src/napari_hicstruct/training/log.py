"""The log of a training run, ``log.jsonl``: one line per validation, each step once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from napari_hicstruct.config.files import in_place_of, writing

LOG = "log.jsonl"


def append_entry(folder: Path, entry: dict[str, Any]) -> None:
    """Add one line.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    path = folder / LOG
    with writing(path), path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def cut_log(folder: Path, step: int) -> None:
    """Leave out what the run will do, and log, once more: lines beyond ``step``, and one that a kill cut short."""
    path = folder / LOG
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    kept = [line for line in lines if _step(line) <= step]
    if kept == lines:
        return
    with writing(path), in_place_of(path) as part:
        part.write_text("".join(kept), encoding="utf-8")


def _step(line: str) -> float:
    """Step of a line; infinite where it is not whole."""
    try:
        return float(json.loads(line)["step"]) if line.endswith("\n") else float("inf")
    except (ValueError, KeyError, TypeError):
        return float("inf")
