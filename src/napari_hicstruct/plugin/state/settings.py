"""What a window remembers for the next one: one small file of the user's, read once, written whole."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from napari_hicstruct.config.files import write_text
from napari_hicstruct.config.paths import user_data_dir
from napari_hicstruct.errors import OutputError

_MAX_ENTRIES = 300
"""Of a table such as the last regions: the oldest go first."""


class Settings:
    """Names and plain values (what JSON holds); several windows and threads may write, each keeps what others wrote.

    Parameters
    ----------
    on_problem : callable, optional
        ``(OutputError)``; called once, where nothing can be kept.
    """

    def __init__(self, on_problem: Callable[[OutputError], object] | None = None) -> None:
        self._on_problem = on_problem
        self._lock = threading.RLock()
        self._failed = False

    @property
    def path(self) -> Path:
        """The file (in ``$HICSTRUCT_HOME``); it may be deleted at any time."""
        return user_data_dir(create=False) / "window.json"

    def get(self, name: str, default: Any) -> Any:
        """What was set last, if it is of the kind of ``default`` (any kind for None); else ``default``."""
        value = self._read().get(name, default)
        return value if default is None or isinstance(value, type(default)) else default

    def set(self, name: str, value: Any) -> None:
        """Remember a value; None forgets it."""
        with self._lock:
            known = self._read()
            if known.get(name) != value:
                kept = {key: one for key, one in known.items() if key != name}
                self._write({**kept, **_unless_none(name, value)})

    def entry(self, table: str, key: str, default: Any) -> Any:
        """One value of a table, as :meth:`get`."""
        value = self.get(table, {}).get(key, default)
        return value if default is None or isinstance(value, type(default)) else default

    def set_entry(self, table: str, key: str, value: Any) -> None:
        """Remember one value of a table (of a map, a project, a section); None forgets it."""
        with self._lock:
            entries = dict(self.get(table, {}))
            if entries.get(key) == value:
                return
            entries.pop(key, None)
            entries.update(_unless_none(key, value))
            self.set(table, dict(list(entries.items())[-_MAX_ENTRIES:]))

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}  # none yet, or one that somebody spoilt: the next write replaces it
        return found if isinstance(found, dict) else {}

    def _write(self, values: Mapping[str, Any]) -> None:
        try:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                text = f"the window's settings cannot be kept ({error.strerror})."
                hint = "Set HICSTRUCT_HOME to a folder that can be written."
                raise OutputError(text, where=self.path, hint=hint) from error
            write_text(self.path, json.dumps(values, indent=1, ensure_ascii=False) + "\n")
        except OutputError as error:
            if not self._failed and self._on_problem is not None:
                self._on_problem(error)
            self._failed = True


def _unless_none(name: str, value: Any) -> dict[str, Any]:
    return {} if value is None else {name: value}
