"""Tables of the project file and the migrations that lead to them; documented in docs/formats/project.md."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    func,
    insert,
    select,
)
from sqlalchemy.schema import CreateTable

from napari_hicstruct.annotations import versions

APPLICATION_ID = 0x48694353
"""``HiCS``: written into the SQLite header, so that another program's SQLite file is no project."""

metadata = MetaData()

schema_version = Table(
    "schema_version", metadata, Column("version", Integer, primary_key=True), Column("applied", Text, nullable=False)
)

map_identity = Table(
    "map_identity",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uri", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("assembly", Text, nullable=False),
    Column("chromsizes", Text, nullable=False),
)

annotation_set = Table(
    "annotation_set",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("visible", Boolean, nullable=False),
    Column("locked", Boolean, nullable=False),
)

set_display = Table(
    "set_display",
    metadata,
    Column("set_id", ForeignKey("annotation_set.id"), primary_key=True),
    Column("colour", Text, nullable=False),
    Column("triangle", Text, nullable=False),
    Column("position", Integer),
    Column("removed", Boolean, nullable=False),
)

set_run = Table(
    "set_run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("set_id", ForeignKey("annotation_set.id"), nullable=False),
    Column("run", Text, nullable=False),
)

annotation = Table(
    "annotation",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("set_id", ForeignKey("annotation_set.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("chrom", Text, nullable=False),
    # The span of both anchors, kept beside them so that one index answers "what is in view".
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("start1", Integer, nullable=False),
    Column("end1", Integer, nullable=False),
    Column("start2", Integer, nullable=False),
    Column("end2", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("score", Float),
    Column("probability", Float),
    Column("resolution", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("soft_score", Float),
    Column("n_calls", Integer, nullable=False),
    Column("n_tools", Integer, nullable=False),
    Column("supporters", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("parent", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("extra", Text, nullable=False),
    Index("annotation_span", "chrom", "kind", "start", "end"),
    Index("annotation_by_set", "set_id"),
    sqlite_with_rowid=False,
)

journal = Table(
    "journal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("time", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", ForeignKey("journal.id")),
    sqlite_autoincrement=True,
)

journal_item = Table(
    "journal_item",
    metadata,
    Column("entry_id", ForeignKey("journal.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("set_id", ForeignKey("annotation_set.id"), nullable=False),
    Column("before", Text),
    Column("after", Text),
    sqlite_with_rowid=False,
)

journal_region = Table(
    "journal_region",
    metadata,
    Column("entry_id", ForeignKey("journal.id"), primary_key=True),
    Column("region_id", Integer, primary_key=True),
    Column("before", Text),
    Column("after", Text),
    sqlite_with_rowid=False,
)

journal_step = Table(
    "journal_step",
    metadata,
    Column("entry_id", ForeignKey("journal.id"), primary_key=True),
    # The entry with which its step began; an entry that is a step by itself has no row.
    Column("first", ForeignKey("journal.id"), nullable=False),
)

journal_set = Table(
    "journal_set",
    metadata,
    Column("entry_id", ForeignKey("journal.id"), primary_key=True),
    Column("set_id", ForeignKey("annotation_set.id"), primary_key=True),
    Column("before", Boolean, nullable=False),
    Column("after", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

reviewed_region = Table(
    "reviewed_region",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("chrom", Text, nullable=False),
    Column("start1", Integer, nullable=False),
    Column("end1", Integer, nullable=False),
    Column("start2", Integer, nullable=False),
    Column("end2", Integer, nullable=False),
    Column("kinds", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("time", Text, nullable=False),
)

validation_region = Table(
    "validation_region",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("chrom", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("frozen", Text, nullable=False),
)

model = Table(
    "model",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("parent", ForeignKey("model.sha256")),
    Column("card", Text, nullable=False),
    Column("added", Text, nullable=False),
)

model_use = Table(
    "model_use",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sha256", ForeignKey("model.sha256"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("time", Text, nullable=False),
)

finetune_run = Table(
    "finetune_run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("parent", ForeignKey("model.sha256"), nullable=False),
    Column("child", ForeignKey("model.sha256")),
    Column("last_entry", ForeignKey("journal.id")),
    Column("config", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text),
    Column("taken", Boolean),
    Column("reason", Text, nullable=False),
    Column("started", Text, nullable=False),
    Column("finished", Text),
)


def now() -> str:
    """UTC time stamp, ISO 8601 with microseconds."""
    return datetime.now(UTC).isoformat()


def _run(connection: Connection, statements: tuple[str, ...]) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement)


def _to_version_1(connection: Connection) -> None:
    """A new project."""
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    _run(connection, versions.VERSION_1)


def _to_version_2(connection: Connection) -> None:
    """Which model is in use, and reviewed regions that undo takes back."""
    _run(connection, versions.VERSION_2)


def _to_version_3(connection: Connection) -> None:
    """Colour, triangle and order of sets, and sets that undo takes back."""
    _run(connection, versions.VERSION_3)


def _to_version_4(connection: Connection) -> None:
    """Steps of several entries: a run of a model is one."""
    _run(connection, versions.VERSION_4)


def _to_version_5(connection: Connection) -> None:
    """The runs of models that sets are of: mode, limits, thresholds."""
    _run(connection, versions.VERSION_5)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (
    _to_version_1,
    _to_version_2,
    _to_version_3,
    _to_version_4,
    _to_version_5,
)
"""Step ``i`` leads from version ``i`` to ``i + 1``.  Append only; once released a step is never changed."""

SCHEMA_VERSION = len(MIGRATIONS)


def version_of(connection: Connection) -> int:
    """Schema version of the file; 0 before the first migration."""
    if not connection.dialect.has_table(connection, schema_version.name):
        return 0
    return int(connection.execute(select(func.max(schema_version.c.version))).scalar() or 0)


def migrate(connection: Connection) -> None:
    """Bring the file to :data:`SCHEMA_VERSION`; runs inside the caller's transaction."""
    for version in range(version_of(connection) + 1, SCHEMA_VERSION + 1):
        MIGRATIONS[version - 1](connection)
        connection.execute(insert(schema_version).values(version=version, applied=now()))


def add_missing_tables(connection: Connection) -> None:
    """Add empty temporary tables for those that an older file lacks, which is open for reading only."""
    for table in metadata.sorted_tables:
        if not connection.dialect.has_table(connection, table.name):
            statement = str(CreateTable(table).compile(dialect=connection.dialect)).strip()
            connection.exec_driver_sql(statement.replace("CREATE TABLE", "CREATE TEMPORARY TABLE", 1))
