"""Files and folders written whole or not at all: beside their place first, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from napari_hicstruct.config.leftovers import unique_mark
from napari_hicstruct.errors import OutputError

CHOOSE_FOLDER = "Choose a folder that you may write."
"""What helps where a folder is read-only, or somebody else's."""

_FREE_DISK = "Free some disk and repeat."
_REASONS = {
    errno.ENOSPC: ("the disk is full", _FREE_DISK),
    errno.EDQUOT: ("the disk quota is used up", _FREE_DISK),
    errno.EACCES: ("the folder may not be written", CHOOSE_FOLDER),
    errno.EPERM: ("the folder may not be written", CHOOSE_FOLDER),
    errno.EROFS: ("the folder is read-only", CHOOSE_FOLDER),
    errno.ENOENT: ("there is no such folder", CHOOSE_FOLDER),
    errno.ENOTDIR: ("a file stands where the folder should be", CHOOSE_FOLDER),
    errno.EEXIST: ("a file stands where the folder should be", CHOOSE_FOLDER),
    errno.EISDIR: ("a folder of this name exists", "Choose another name."),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter name."),
}


def why_and_hint(error: Exception) -> tuple[str, str]:
    """Why a file could not be written, in a few words, and what helps: the one table of all that write.

    HDF5 and torch give no errno, but half a page about their buffers.
    """
    number = getattr(error, "errno", None) or _errno_in(str(error))
    text = getattr(error, "strerror", None) or (str(error) or type(error).__name__).partition("\n")[0]
    return _REASONS.get(number, (text, CHOOSE_FOLDER))


def _errno_in(text: str) -> int:
    """The number whose message stands in ``text``; 0 if none does."""
    return next((number for number in _REASONS if os.strerror(number) in text), 0)


def why(error: Exception) -> str:
    """Why a file could not be written, in a few words."""
    return why_and_hint(error)[0]


def output_error(path: Path, error: Exception, *, what: str = "") -> OutputError:
    """An :class:`OutputError` in plain words; says that a file that stood there is untouched.

    ``what`` is what cannot be done (default: write).
    """
    reason, hint = why_and_hint(error)
    kept = " The old file is untouched." if path.is_file() else ""
    text = f"{what} ({reason})." if what else f"cannot be written: {reason}."
    return OutputError(text + kept, where=path, hint=hint)


@contextlib.contextmanager
def writing(path: Path, *, what: str = "") -> Iterator[None]:
    """Around all that writes ``path``: an OSError within is raised as :func:`output_error`.

    Raises
    ------
    OutputError
    """
    try:
        yield
    except OSError as error:
        raise output_error(path, error, what=what) from error


def make_folder(folder: Path) -> None:
    """Make a folder and those above it.

    Raises
    ------
    OutputError
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)


def try_folder(folder: Path, *, make: bool = True) -> None:
    """Refuse a folder that cannot be written, or is missing and may not be made; nothing is left of the attempt.

    Raises
    ------
    OutputError
    """
    probe = folder / f".hicstruct-{uuid.uuid4().hex[:12]}"
    try:
        with folders_for(probe) if make else contextlib.nullcontext():
            try:
                probe.write_bytes(b"\0" * 4096)
            finally:
                probe.unlink(missing_ok=True)
            raise _RollBackTrial
    except _RollBackTrial:
        pass
    except OSError as error:
        raise output_error(folder, error) from error


class _RollBackTrial(Exception):
    """Ends an attempt that must leave nothing."""


@contextlib.contextmanager
def folders_for(path: Path) -> Iterator[None]:
    """Make the folder of ``path``; folders that this made go again if the block fails.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    missing = [folder for folder in path.parents if not folder.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for folder in missing:  # the innermost first; one that somebody uses meanwhile is not empty and stays
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def check_room(path: Path, n_bytes: int) -> None:
    """Refuse what may not fit on the disk: HDF5 cannot close a file there, and ends the whole program.

    Parameters
    ----------
    path : Path
        File to be written.
    n_bytes : int
        The most that it may come to.

    Raises
    ------
    OutputError
        If less is free.
    """
    folder = next((parent for parent in path.absolute().parents if parent.is_dir()), None)
    free = shutil.disk_usage(folder).free if folder is not None else 0
    if free < n_bytes:
        text = f"may need {n_bytes / 1e6:,.0f} MB, but {free / 1e6:,.0f} MB are free."
        raise OutputError(text, where=path, hint="Free some disk or choose another folder.")


@contextlib.contextmanager
def in_place_of(path: Path, *, make: bool = True) -> Iterator[Path]:
    """A new name beside ``path`` to write a file or folder to; it takes the place when the block ends well.

    What stood there stays whole until then, and nothing is left of a block that fails.  A symbolic link stays one: what
    it names is replaced.  A device or pipe gets the finished file's bytes.  Unlike :mod:`tempfile`'s, what
    is written may be read by whoever may read any other new file: people of one lab share models and data sets.

    Parameters
    ----------
    path : Path
        Where it belongs.  The new name ends as ``path`` does.
    make : bool
        Make its folder if that is missing.

    Raises
    ------
    OSError
        If the folder cannot be made or written.
    """
    if make:
        path.parent.mkdir(parents=True, exist_ok=True)
    if is_stream(path):
        with tempfile.TemporaryDirectory() as folder:
            part = Path(folder) / path.name
            yield part
            with part.open("rb") as made, path.open("wb") as stream:
                shutil.copyfileobj(made, stream)
        return
    place = Path(os.path.realpath(path)) if path.is_symlink() else path
    temporary = place.with_name(f".{place.stem}.{unique_mark()}{path.suffix}")
    try:
        yield temporary
        if temporary.is_dir() and place.is_dir():
            shutil.rmtree(place)
        os.replace(temporary, place)
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def is_stream(path: Path) -> bool:
    """True for a device, a pipe or a socket: a file that took its place would be in everybody's way."""
    return path.exists() and not path.is_file() and not path.is_dir()


def move_file(made: Path, path: Path) -> None:
    """Move a finished file to ``path`` in one step; through a link or into a device, as :func:`in_place_of` does.

    Raises
    ------
    OSError
    """
    if not path.is_symlink() and not is_stream(path):
        os.replace(made, path)
        return
    with in_place_of(path, make=False) as temporary:
        shutil.copyfile(made, temporary)


def check_output_file(path: Path, inputs: Iterable[str | Path] = (), *, overwrite: bool = False) -> None:
    """Refuse to replace a file that is read for the same result, and, without ``overwrite``, any other.

    Devices and pipes are written into, they lose nothing.

    Parameters
    ----------
    path : Path
        File to be written.
    inputs : iterable of path
        Files that are read.
    overwrite : bool
        Replace a file that is none of them.

    Raises
    ------
    OutputError
    """
    if not path.is_file():
        return
    if any(os.path.exists(one) and os.path.samefile(one, path) for one in inputs):
        raise OutputError("is read for this, and is not replaced by it.", where=path, hint="Choose another name.")
    if not overwrite:
        hint = "Choose another name, or replace it with --overwrite."
        raise OutputError("exists. Nothing was written.", where=path, hint=hint)


def write_bytes(path: str | Path, data: bytes) -> Path:
    """Replace the file ``path`` by ``data``, on the disk before it takes its place.

    Raises
    ------
    OutputError
        On a full disk, a missing or read-only folder …; a file that stood there is untouched.
    """
    target = Path(path)
    try:
        with in_place_of(target, make=False) as temporary, temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise output_error(target, error) from error
    return target


def write_text(path: str | Path, text: str) -> Path:
    """As :func:`write_bytes`, for text (UTF-8; bytes of file names that are none come out as they were)."""
    return write_bytes(path, text.encode(errors="surrogateescape"))
