"""Opening, checking and closing the SQLite file of a project; every database error becomes a ProjectError."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from napari_hicstruct.annotations import schema
from napari_hicstruct.annotations.lockfile import Busy, WriteLock
from napari_hicstruct.errors import ProjectError

_MEND = {
    "database or disk is full": ("the disk is full; nothing of this step was saved.", "Free some space and repeat it."),
    "disk I/O error": ("the disk reports an error; nothing of this step was saved.", "Check the disk and repeat it."),
    "attempt to write a readonly database": ("the file cannot be written.", "Save a copy elsewhere and edit that."),
    "database is locked": ("another program holds the file.", "Close it there and repeat."),
    "file is not a database": ("is not a project file.", "Choose a .hicproj file."),
    "database disk image is malformed": ("the file is damaged.", "Restore it from a copy."),
    "unable to open database file": ("the file cannot be opened.", "Check that it exists and may be read."),
}


def project_error(path: Path, error: Exception) -> ProjectError:
    """A :class:`ProjectError` in plain words for an error of SQLite."""
    text = str(error.orig if isinstance(error, DBAPIError) else error)
    for sign, (message, mend) in _MEND.items():
        if sign in text:
            return ProjectError(message, where=path, mend=mend)
    return ProjectError(f"the project file cannot be used: {text}.", where=path, mend="Restore it from a copy.")


def _address(path: Path, query: str) -> str:
    return f"file:{quote(str(path.resolve()))}?{query}"


def _has_wal(path: Path) -> bool:
    wal = path.with_name(path.name + "-wal")
    return wal.exists() and wal.stat().st_size > 0


def _read_only_query(path: Path) -> str:
    # In a folder that cannot be written SQLite cannot make its shared-memory file; immutable needs none, but would
    # overlook what still stands in a write-ahead log.
    if os.access(path.parent, os.W_OK) or _has_wal(path):
        return "mode=ro"
    return "immutable=1"


@contextlib.contextmanager
def peek(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads, and leaves nothing beside the file."""
    # Without a log the file alone says it all, and immutable leaves no shared-memory file behind.
    query = "mode=ro" if _has_wal(path) else "immutable=1"
    with contextlib.closing(sqlite3.connect(_address(path, query), uri=True)) as raw:
        yield raw


def check_file(path: Path) -> None:
    """Refuse, without touching it, a file that is missing, no project, or of a newer schema."""
    if not path.is_file():
        raise ProjectError("there is no such project.", where=path, mend="Check the name, or create a new project.")
    if not os.access(path, os.R_OK):
        raise ProjectError("the file may not be read.", where=path, mend="Ask its owner for the right to read it.")
    foreign = ProjectError("is not a project file.", where=path, mend="Choose a .hicproj file.")
    with path.open("rb") as file:
        if not file.read(16).startswith(b"SQLite format 3"):
            raise foreign
    try:
        with peek(path) as raw:
            if raw.execute("PRAGMA application_id").fetchone()[0] != schema.APPLICATION_ID:
                raise foreign
            version = raw.execute("SELECT max(version) FROM schema_version").fetchone()[0]
    except sqlite3.Error as error:
        raise project_error(path, error) from error
    if version is not None and version > schema.SCHEMA_VERSION:
        raise ProjectError(
            f"was written by a newer version (schema {version}, this one knows {schema.SCHEMA_VERSION}).",
            where=path,
            mend="Update napari-hicstruct.",
        )


def _engine(address: str, *, writable: bool) -> Engine:
    def connect() -> sqlite3.Connection:
        # isolation_level None: SQLAlchemy's BEGIN below is then the only one, and pragmas run outside transactions.
        return sqlite3.connect(address, uri=True, check_same_thread=False, isolation_level=None)

    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)

    @event.listens_for(engine, "connect")
    def _pragmas(raw: sqlite3.Connection, _record: object) -> None:
        raw.execute("PRAGMA foreign_keys = ON")
        if writable:
            raw.execute("PRAGMA journal_mode = WAL")
            raw.execute("PRAGMA synchronous = FULL")
        else:
            raw.execute("PRAGMA temp_store = MEMORY")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


@dataclass
class Database:
    """One open project file: an engine, the write lock, and why it is read-only (empty if it is not)."""

    path: Path
    engine: Engine
    lock: WriteLock | None
    read_only_reason: str

    def __post_init__(self) -> None:
        self.guard = threading.RLock()
        self._open: Connection | None = None

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Database:
        """Open for writing, or read-only with a reason when that is wanted or writing is not possible."""
        check_file(path)
        lock, reason = (None, "opened for reading only") if read_only else _acquire(path)
        query = _read_only_query(path) if lock is None else "mode=rw"
        database = cls(path, _engine(_address(path, query), writable=lock is not None), lock, reason)
        try:
            with database.transaction() as connection:
                if lock is not None:
                    schema.migrate(connection)
                else:
                    schema.stand_in(connection)
        except BaseException:
            database.close()
            raise
        return database

    @classmethod
    def create(cls, path: Path, fill: Callable[[Connection], None]) -> None:
        """Write a project of the present schema, filled by ``fill``, at ``path``: whole or not at all."""
        temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            engine = _engine(_address(temporary, "mode=rwc"), writable=True)
            try:
                with engine.begin() as connection:
                    schema.migrate(connection)
                    fill(connection)
            finally:
                engine.dispose()
            _drop_stale_log(path)
            os.replace(temporary, path)
        except (DBAPIError, sqlite3.Error) as error:
            raise project_error(path, error) from error
        except OSError as error:
            raise ProjectError(
                f"cannot be created ({error.strerror}).", where=path, mend="Choose a folder that you may write."
            ) from error
        finally:
            for rest in ("", "-wal", "-shm"):
                with contextlib.suppress(OSError):
                    temporary.with_name(temporary.name + rest).unlink(missing_ok=True)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: all of it is on the disk afterwards, or nothing.  Safe across threads.

        Within another one of the same thread it is part of that, and an error must end both.
        """
        with self.guard:
            try:
                if self._open is not None:
                    yield self._open
                    return
                try:
                    with self.engine.begin() as connection:
                        self._open = connection
                        yield connection
                finally:
                    self._open = None
            except (DBAPIError, sqlite3.Error) as error:
                raise project_error(self.path, error) from error

    @property
    def within(self) -> bool:
        """True inside a :meth:`transaction` of this thread."""
        with self.guard:
            return self._open is not None

    def backup(self, target: Path, finish: Callable[[sqlite3.Connection], None]) -> None:
        """Copy the whole file to ``target``: whole or not at all; an old file there stays until the end.

        ``finish`` may still change the copy before it takes its place.
        """
        temporary = target.with_name(f".{target.name}.{os.getpid()}.new")
        try:
            lock = WriteLock(target)
        except Busy as busy:
            raise ProjectError(f"is being edited by {busy}.", where=target, mend="Choose another name.") from busy
        except OSError as error:
            raise ProjectError(
                f"cannot be written ({error.strerror}).", where=target, mend="Choose another folder."
            ) from error
        try:
            with self.guard, contextlib.closing(sqlite3.connect(temporary)) as copy:
                source = self.engine.raw_connection()
                source.driver_connection.backup(copy)  # type: ignore[union-attr]  # StaticPool: always connected
                finish(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
            _drop_stale_log(target)
            os.replace(temporary, target)
        except (sqlite3.Error, OSError) as error:
            raise project_error(target, error) from error
        finally:
            temporary.unlink(missing_ok=True)
            lock.release()

    def close(self) -> None:
        """Fold the write-ahead log into the file and give the write lock back."""
        with self.guard:
            if self.lock is not None:
                with contextlib.suppress(DBAPIError, sqlite3.Error), self.engine.connect() as connection:
                    raw = connection.connection.driver_connection
                    assert raw is not None
                    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.engine.dispose()
            if self.lock is not None:
                self.lock.release()
                self.lock = None


def _drop_stale_log(path: Path) -> None:
    """Remove a log left by a killed process: it belongs to a former file; SQLite would replay it into the new one."""
    for rest in ("-wal", "-shm"):
        path.with_name(path.name + rest).unlink(missing_ok=True)


def _acquire(path: Path) -> tuple[WriteLock | None, str]:
    """The write lock, or None with the reason why there is none."""
    if not os.access(path, os.W_OK):
        return None, "the file is write-protected"
    try:
        return WriteLock(path), ""
    except Busy as busy:
        return None, f"{busy} is editing it"
    except OSError:
        return None, "its folder cannot be written"
