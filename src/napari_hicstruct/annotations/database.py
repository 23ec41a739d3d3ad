"""Opening, checking and closing the SQLite file of a project; every database error becomes a ProjectError."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from napari_hicstruct.annotations import schema
from napari_hicstruct.annotations.lockfile import Busy, CannotLock, WriteLock
from napari_hicstruct.annotations.sqlite_files import (
    address,
    connect_to_read,
    leaving_nothing,
    peek,
    place_of_fault,
    project_error,
)
from napari_hicstruct.config.files import CHOOSE_FOLDER, folders_for, why, why_and_hint
from napari_hicstruct.errors import ProjectError


def check_file(path: Path) -> None:
    """Refuse, without touching it, a file that is missing, no project, or of a newer schema."""
    if path.is_dir():
        raise ProjectError("is a folder, not a project file.", where=path, hint="Choose a .hicproj file.")
    if not path.is_file():
        raise ProjectError("there is no such project.", where=path, hint="Check the name, or create a new project.")
    if not os.access(path, os.R_OK):
        raise ProjectError("the file may not be read.", where=path, hint="Ask its owner for the right to read it.")
    foreign = ProjectError("is not a project file.", where=path, hint="Choose a .hicproj file.")
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
            hint="Update napari-hicstruct.",
        )


def _connect_to_write(path: Path, query: str) -> Callable[[], sqlite3.Connection]:
    def connect() -> sqlite3.Connection:
        # isolation_level None: SQLAlchemy's BEGIN below is then the only one, and pragmas run outside transactions.
        return sqlite3.connect(address(path, query), uri=True, check_same_thread=False, isolation_level=None)

    return connect


def _engine(connect: Callable[[], sqlite3.Connection], *, writable: bool, log: bool = True) -> Engine:
    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)

    @event.listens_for(engine, "connect")
    def _pragmas(raw: sqlite3.Connection, _record: object) -> None:
        raw.execute("PRAGMA foreign_keys = ON")
        if writable:
            # A log is folded into the file when it closes, which fails without a word on a full disk: a new file has
            # none, so that its one transaction is on the disk or an error.
            raw.execute(f"PRAGMA journal_mode = {'WAL' if log else 'DELETE'}")
            raw.execute("PRAGMA synchronous = FULL")
            # Uids are random: a step of 100,000 records touches every page, and of 2 MB (the default) most many times.
            raw.execute("PRAGMA cache_size = -131072")
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
    hold: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __post_init__(self) -> None:
        self.guard = threading.RLock()
        self._open: Connection | None = None

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Database:
        """Open for writing, or read-only with a reason when that is wanted or writing is not possible."""
        check_file(path)
        lock, reason = (None, "opened for reading only") if read_only else _acquire(path)
        if lock is None:
            return cls._to_read(path, reason)
        try:
            with leaving_nothing(path):
                return cls._to_write(path, lock)
        except BaseException as error:
            if isinstance(error, ProjectError) and (reason := place_of_fault(path, error.__cause__)):
                return cls._to_read(path, reason)
            raise

    @classmethod
    def _to_write(cls, path: Path, lock: WriteLock) -> Database:
        database = cls(path, _engine(_connect_to_write(path, "mode=rw"), writable=True), lock, "")
        try:
            with database.transaction() as connection:
                schema.migrate(connection)
        except BaseException:
            database.close()
            raise
        return database

    @classmethod
    def _to_read(cls, path: Path, reason: str) -> Database:
        hold = contextlib.ExitStack()
        database = cls(path, _engine(lambda: connect_to_read(path, hold), writable=False), None, reason, hold)
        try:
            with database.transaction() as connection:
                schema.add_missing_tables(connection)
            with database.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA query_only = ON")
        except BaseException:
            database.close()
            raise
        return database

    @classmethod
    def check_new(cls, path: Path) -> None:
        """Refuse a place where :meth:`create` could not make a project; nothing is left there.

        Raises
        ------
        ProjectError
        """
        with _place_of(path), contextlib.suppress(_RollBackTrial), folders_for(path):
            WriteLock(path).release()
            raise _RollBackTrial

    @classmethod
    def create(cls, path: Path, fill: Callable[[Connection], None]) -> None:
        """Write a project of the present schema, filled by ``fill``, at ``path``: whole or not at all."""
        temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
        with _place_of(path), folders_for(path):
            lock = WriteLock(path)
            try:
                engine = _engine(_connect_to_write(temporary, "mode=rwc"), writable=True, log=False)
                try:
                    with engine.begin() as connection:
                        schema.migrate(connection)
                        fill(connection)
                finally:
                    engine.dispose()
                _drop_stale_log(path)
                os.replace(temporary, path)
            finally:
                for rest in ("", "-wal", "-shm"):
                    with contextlib.suppress(OSError):
                        temporary.with_name(temporary.name + rest).unlink(missing_ok=True)
                lock.release()

    @classmethod
    def discard(cls, path: Path) -> bool:
        """Remove a project that was made just now and is closed; False, and nothing is done, if somebody edits it."""
        lock = None
        try:
            lock = WriteLock(path)
        except Busy:
            return False
        except OSError:  # no room even for the lock: then nobody else has one
            pass
        for rest in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                path.with_name(path.name + rest).unlink(missing_ok=True)
        if lock is not None:
            lock.release()
        return True

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
            except UnicodeEncodeError as error:
                text = f"cannot keep {error.object[error.start : error.end]!r}: it is no letter. Nothing was saved."
                raise ProjectError(text, where=self.path, hint="Write it in UTF-8.") from error

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
            raise ProjectError(f"is being edited by {busy}.", where=target, hint="Choose another name.") from busy
        except OSError as error:
            reason, hint = why_and_hint(error)
            hint = CHOOSE_FOLDER if isinstance(error, CannotLock) else hint
            raise ProjectError(f"cannot be written: {reason}.", where=target, hint=hint) from error
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
            self.hold.close()
            if self.lock is not None:
                self.lock.release()
                self.lock = None


def _drop_stale_log(path: Path) -> None:
    """Remove a log left by a killed process: it belongs to a former file; SQLite would replay it into the new one."""
    for rest in ("-wal", "-shm"):
        path.with_name(path.name + rest).unlink(missing_ok=True)


class _RollBackTrial(Exception):
    """Takes back what was made to try a place."""


@contextlib.contextmanager
def _place_of(path: Path) -> Iterator[None]:
    """Say in plain words why no project can be made at ``path``."""
    try:
        yield
    except Busy as busy:
        raise ProjectError(f"is being edited by {busy}.", where=path, hint="Choose another name.") from busy
    except CannotLock as error:
        raise ProjectError(f"cannot be created: {why(error)}.", where=path) from error
    except (DBAPIError, sqlite3.Error) as error:
        raise project_error(path, error) from error
    except OSError as error:
        reason, hint = why_and_hint(error)
        raise ProjectError(f"cannot be created: {reason}.", where=path, hint=hint) from error


def _acquire(path: Path) -> tuple[WriteLock | None, str]:
    """The write lock, or None with the reason why there is none."""
    if not os.access(path, os.W_OK):
        return None, "the file is write-protected"
    try:
        return WriteLock(path), ""
    except Busy as busy:
        return None, f"{busy} is editing it"
    except CannotLock as error:
        return None, why(error)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return None, "its folder cannot be written"
        return None, why(error)
