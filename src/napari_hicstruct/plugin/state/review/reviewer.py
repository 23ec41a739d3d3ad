"""Who reviews: the name that stands in the journal beside each edit, kept for the next time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_hicstruct.config.paths import user_data_dir
from napari_hicstruct.errors import OutputError

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project

_MAX_LETTERS = 80


def kept_name() -> str:
    """The name that was given last; empty if none was."""
    try:
        return clean(_file().read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return ""


def keep_name(name: str) -> None:
    """Keep a name for the next time.

    Raises
    ------
    OutputError
        If it cannot be written; it holds for this session all the same.
    """
    path = _file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(clean(name) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"the reviewer's name cannot be kept ({error.strerror}).",
            where=path,
            hint="Set HICSTRUCT_HOME to a folder that can be written.",
        ) from error


def give_name(project: Project | None) -> None:
    """Let a project's further edits be by the name that was given last; else it keeps its own (the login name)."""
    name = kept_name()
    if project is not None and name:
        project.reviewer = name


def clean(name: str) -> str:
    """One line of at most 80 characters."""
    return " ".join(name.split())[:_MAX_LETTERS]


def _file() -> Path:
    return user_data_dir(create=False) / "reviewer.txt"
