"""Where the models of a project lie: beside it, so that project and models travel as one folder."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from napari_hicstruct.annotations.database import Database
from napari_hicstruct.annotations.sqlite_files import peek
from napari_hicstruct.config.files import CHOOSE_FOLDER, in_place_of, why_and_hint
from napari_hicstruct.errors import ProjectError


def models_folder(project: Path) -> Path:
    """Folder for the models that a project makes: ``<stem>.models`` beside it."""
    return project.with_name(f"{project.stem}.models")


def to_stored(folder: Path, project: Path) -> str:
    """How the project file names a folder: relative to its own folder if it lies in there, else absolute."""
    home, place = project.parent.resolve(), folder.resolve()
    return place.relative_to(home).as_posix() if home in place.parents else str(place)


def from_stored(text: str, project: Path) -> Path:
    """Inverse of :func:`to_stored`, for the project's present place."""
    return project.parent.absolute() / text


def save_copy(database: Database, target: Path) -> None:
    """Copy a project and the models beside it to ``target``: whole or not at all.

    What stood at ``target`` stays whole until the new project takes its place: model folders get names that are free,
    and those of the project that was replaced go last.
    """
    if not target.parent.is_dir():
        raise ProjectError("cannot be written: there is no such folder.", where=target, hint=CHOOSE_FOLDER)
    with database.transaction() as connection:
        own = [path for (path,) in connection.exec_driver_sql("SELECT path FROM model ORDER BY rowid")]
    beside = [path for path in dict.fromkeys(own) if not Path(path).is_absolute()]
    former = _replaced(target) - {from_stored(path, database.path).resolve() for path in own}
    with _copied(database.path, beside, target) as renamed:

        def rename(copy: sqlite3.Connection) -> None:
            rows = copy.execute("SELECT path, sha256 FROM model").fetchall()
            with copy:
                new = [(renamed.get(path, path), sha256) for path, sha256 in rows]
                copy.executemany("UPDATE model SET path = ? WHERE sha256 = ?", new)

        database.backup(target, rename)
    for folder in former:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _copied(project: Path, stored: Iterable[str], target: Path) -> Iterator[dict[str, str]]:
    """Copies of the model folders beside ``target``; they go again if the block fails.

    Gives the path in the new file by the path in the old one.  A folder that somebody deleted cannot be copied; the
    new project names its old place.
    """
    parent = models_folder(target)
    is_new = not parent.exists()
    renamed: dict[str, str] = {}
    made: list[Path] = []
    try:
        for path in stored:
            source = from_stored(path, project)
            renamed[path] = str(source.resolve())
            if source.is_dir():
                made.append(_copy(source, parent, target))
                renamed[path] = to_stored(made[-1], target)
        yield renamed
    except BaseException:
        for place in made:
            shutil.rmtree(place, ignore_errors=True)
        if is_new:
            with contextlib.suppress(OSError):
                parent.rmdir()
        raise


def _copy(source: Path, parent: Path, target: Path) -> Path:
    """A copy of one folder in ``parent``, under a name that is free."""
    if parent.resolve().is_relative_to(source.resolve()):
        text = f"lies inside the model {source.name}, which would be copied into itself."
        raise ProjectError(text, where=target, hint="Choose another folder.")
    place, number = parent / source.name, 1
    while place.exists():
        number += 1
        place = parent / f"{source.name}-{number}"
    try:
        with in_place_of(place) as temporary:
            shutil.copytree(source, temporary)
    except OSError as error:
        if isinstance(error, shutil.Error):  # it lists every file that failed: one will do
            error = OSError(error.args[0][0][-1])
        reason, hint = why_and_hint(error)
        text = f"the model {source.name} cannot be copied ({reason}); nothing was saved there."
        raise ProjectError(text, where=target, hint=hint) from error
    return place


def _replaced(target: Path) -> set[Path]:
    """Folders of the models of the project that ``target`` replaces; none if it is no project that can be read."""
    if not target.is_file():
        return set()
    try:
        with peek(target) as raw:
            stored = [path for (path,) in raw.execute("SELECT path FROM model") if not Path(path).is_absolute()]
    except sqlite3.Error:
        return set()
    home = models_folder(target).resolve()
    return {folder for path in stored if (folder := from_stored(path, target).resolve()).parent == home}
