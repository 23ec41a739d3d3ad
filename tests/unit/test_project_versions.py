"""Projects of older versions open with all they hold; those of newer ones are refused and left alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from napari_hicstruct.annotations import ModelEntry, Project, Status, schema
from napari_hicstruct.annotations.schema import APPLICATION_ID
from napari_hicstruct.annotations.validation import draw
from napari_hicstruct.errors import ProjectError
from napari_hicstruct.genome import Interval
from tests.annotation_kit import MAP, new_project

VERSION_1 = Path(__file__).with_name("project_version_1.sql")
"""Dump of a file that the first version wrote: a prediction of two loops, one accepted; a rejection undone."""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.hicproj"
    raw = sqlite3.connect(path)
    raw.executescript(VERSION_1.read_text(encoding="utf-8"))
    raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    raw.execute("PRAGMA journal_mode = WAL")
    raw.close()
    return path


def shape(raw: sqlite3.Connection) -> dict[str, Any]:
    """Columns, keys and indices of all tables, without how they were written down."""
    found: dict[str, Any] = {}
    for name, sql in raw.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    ):
        keys = raw.execute(f"PRAGMA foreign_key_list({name})").fetchall()
        indices = raw.execute(f"PRAGMA index_list({name})").fetchall()
        found[name] = (
            raw.execute(f"PRAGMA table_info({name})").fetchall(),
            sorted(row[2:5] for row in keys),
            sorted((row[1], tuple(raw.execute(f"PRAGMA index_info({row[1]})"))) for row in indices if row[3] == "c"),
            "WITHOUT ROWID" in sql,
            "AUTOINCREMENT" in sql,
        )
    return found


def holds(project: Project) -> dict[str, Any]:
    return {
        "records": project.query(),
        "sets": project.sets(),
        "journal": project.journal(),
        "reviewed": project.reviewed(),
        "judgments": project.judgments(),
        "corrections": project.corrections_since(0),
        "tiles": project.validation_regions(),
        "models": project.lineage.models(),
        "uses": project.lineage.uses(),
        "current": project.lineage.current(),
        "runs": project.lineage.runs(),
        "set runs": project.runs(),
    }


def test_migrations_lead_to_the_tables_of_the_code(tmp_path: Path, old: Path) -> None:
    new_project(tmp_path).close()
    Project.open(old).close()
    engine = create_engine(f"sqlite:///{tmp_path / 'code.db'}")
    schema.metadata.create_all(engine)
    engine.dispose()
    shapes = []
    for name in ("code.db", "p.hicproj", "old.hicproj"):
        raw = sqlite3.connect(tmp_path / name)
        shapes.append(shape(raw))
        raw.close()
    assert len(shapes[0]) == len(schema.metadata.tables)
    assert shapes[1] == shapes[0]
    assert shapes[2] == shapes[0]


def test_a_file_of_version_1_keeps_all_it_holds_and_goes_on(old: Path) -> None:
    with Project.open(old, map=MAP, reviewer="bob", read_only=True) as reader:
        before = holds(reader)
    with Project.open(old, map=MAP, reviewer="bob") as project:
        assert holds(project) == before
        assert [record.status for record in project.query()] == [Status.ACCEPTED, Status.PROPOSED]
        assert [entry.action for entry in project.journal()] == ["undo", "reject", "accept", "predict"]
        assert project.judgments() == [("a" * 32, "ada", True)]
        project.redo()
        assert project.get("b" * 32).status is Status.REJECTED
        project.unmark_reviewed([region.id for region in project.reviewed()])
        assert project.reviewed() == []
        project.undo()
        assert project.reviewed() == before["reviewed"]
        entry = project.lineage.add(ModelEntry("a" * 64, "m", "1", old.parent / "m"))
        project.lineage.use(entry.sha256, "")
    with Project.open(old, map=MAP) as project:
        assert project.lineage.current() == entry
    raw = sqlite3.connect(old)
    versions = [number for (number,) in raw.execute("SELECT version FROM schema_version ORDER BY version")]
    assert versions == list(range(1, schema.SCHEMA_VERSION + 1))
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    raw.close()


def test_a_file_of_version_1_that_is_only_read_stays_untouched(old: Path) -> None:
    before = old.read_bytes()
    with Project.open(old, map=MAP, read_only=True) as reader:
        assert reader.reviewed()[0].rows == Interval("chr1", 0, 1_000_000)
        assert reader.next_undo() is not None
        assert (reader.lineage.models(), reader.lineage.current()) == ([], None)
        assert reader.validation_regions() == draw(MAP)
        with pytest.raises(ProjectError, match="opened for reading only"):
            reader.lineage.use("a" * 64, "")
        reader.save_as(old.with_name("copy.hicproj"))
    assert old.read_bytes() == before
    with Project.open(old.with_name("copy.hicproj"), map=MAP) as copy:
        assert copy.count() == 2
        assert copy.lineage.uses() == []


def test_a_file_of_the_next_version_is_refused_untouched(old: Path) -> None:
    Project.open(old).close()
    raw = sqlite3.connect(old)
    next_version = schema.SCHEMA_VERSION + 1
    raw.execute("INSERT INTO schema_version VALUES (?, 'tomorrow')", (next_version,))
    raw.execute("CREATE TABLE news (x)")
    raw.commit()
    raw.close()
    before = old.read_bytes()
    for read_only in (False, True):
        with pytest.raises(ProjectError, match=rf"newer version \(schema {next_version}, this one knows"):
            Project.open(old, read_only=read_only)
    assert old.read_bytes() == before
    assert [path.name for path in old.parent.iterdir()] == [old.name]
