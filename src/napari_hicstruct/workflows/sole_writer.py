"""One run at a time writes to a place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_hicstruct.annotations.lockfile import Busy, CannotLock, WriteLock
from napari_hicstruct.config.files import output_error
from napari_hicstruct.errors import OutputError


@contextmanager
def sole_writer(place: Path, hint: str) -> Iterator[None]:
    """Nobody else writes to ``place`` meanwhile; ``hint`` says what to do where somebody does.

    Raises
    ------
    OutputError
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = WriteLock(place)
    except Busy as error:
        raise OutputError(f"another run writes to it ({error}).", where=place, hint=hint) from error
    except CannotLock:
        yield  # a shared file system without locks: two runs write the same pieces, each whole
        return
    except OSError as error:
        raise output_error(place, error) from error
    try:
        yield
    finally:
        lock.release()
