"""What the last version before the renaming of issue 18 wrote, and what it said of it itself.

The project holds all that one can: a prediction, imports of three kinds, judgments by keys of two reviewers, undo and
redo, moved and added records, reviewed regions, validation regions, a fine-tuned model and its run.  ``held.json`` is
what that version read from it; the label files are those that ``predict`` and ``export`` wrote.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from napari_hicstruct.annotations.changes import MapIdentity
from napari_hicstruct.annotations.schema import APPLICATION_ID

FOLDER = Path(__file__).with_name("unit") / "before_18"
DUMP = FOLDER.with_name("project_before_18.sql")


def held() -> dict[str, Any]:
    """What the version that wrote the project read from it."""
    return dict(json.loads((FOLDER / "held.json").read_text(encoding="utf-8")))


def write_project(folder: Path) -> Path:
    """The project as a file, as that version left it; its map is not there."""
    path = folder / "case.hicproj"
    raw = sqlite3.connect(path)
    raw.executescript(DUMP.read_text(encoding="utf-8"))
    raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    raw.execute("PRAGMA journal_mode = WAL")
    raw.close()
    return path


def identity(path: Path) -> MapIdentity:
    """The map that the project names."""
    raw = sqlite3.connect(path)
    uri, fingerprint, assembly, sizes = raw.execute(
        "SELECT uri, fingerprint, assembly, chromsizes FROM map_identity"
    ).fetchone()
    raw.close()
    return MapIdentity(uri, fingerprint, assembly, json.loads(sizes))
