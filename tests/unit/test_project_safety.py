"""Nothing is lost: killed processes, full disks, read-only folders, second windows, files that are no projects."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection

from napari_hicstruct.annotations import Origin, Project, Status, schema
from napari_hicstruct.annotations.schema import SCHEMA_VERSION
from napari_hicstruct.errors import ProjectError
from tests.annotation_kit import MAP, loop, new_project

ROOT = Path(__file__).resolve().parents[2]

_EDITOR = """
    import sys
    from pathlib import Path
    from napari_hicstruct.annotations import Project, Status
    from tests.annotation_kit import loop
    with Project.open(sys.argv[1]) as project:
        for i in range(10_000):
            record = loop(i * 100)
            project.add([record], set_id=1)
            project.set_status([record.uid], Status.ACCEPTED)
            print(i + 1, flush=True)
"""


def _python(code: str, *args: object, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, args)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload,no-any-return]


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a Unix word")
def test_kill_9_between_edits_loses_nothing(tmp_path: Path) -> None:
    with new_project(tmp_path) as project:
        path = project.path
        assert project.add_set("p", Origin.PREDICTED).id == 1
    with _python(_EDITOR, path) as editor:
        assert editor.stdout is not None
        done = 0
        while done < 25:
            done = int(editor.stdout.readline())
        os.kill(editor.pid, signal.SIGKILL)
        rest = editor.stdout.read().split()
        done = int(rest[-1]) if rest else done
    with Project.open(path, map=MAP) as project:  # the lock died with its holder
        assert not project.read_only
        assert done <= project.count(statuses=["accepted"]) <= done + 1
        before = project.count()
        project.undo()
        project.undo()
        assert before - project.count() in (1, 2)
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    raw.close()


def test_full_disk_fails_the_step_and_keeps_the_project(tmp_path: Path) -> None:
    with new_project(tmp_path) as project:
        target = project.human_set().id
        project.add([loop()], set_id=target)
        with project._db.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("PRAGMA max_page_count = 40")
        told: list[object] = []
        project.changed.connect(told.append)
        with pytest.raises(ProjectError, match=r"p\.hicproj: the disk is full; nothing of this step was saved"):
            project.add([loop(i) for i in range(3_000)], set_id=target)
        assert told == []
        assert project.count() == 1
        assert len(project.journal()) == 1
        project.undo()  # there is room for a small step, and the stacks did not run ahead
        assert project.count() == 0
    with Project.open(project.path) as again:
        assert again.can_redo


def test_second_window_reads_only_and_says_why(tmp_path: Path) -> None:
    with new_project(tmp_path) as first:
        first.add([loop()], set_id=first.human_set().id)
        with Project.open(first.path, map=MAP) as second:
            assert second.read_only
            assert second.read_only_reason == "another window of this program is editing it"
            assert second.count() == 1
            first.add([loop(5)], set_id=first.human_set().id)
            assert second.count() == 2  # what the first window does is seen
            assert not second.can_undo
            with pytest.raises(ProjectError, match=r"cannot be edited: .* is editing it\. Close it there"):
                second.add([loop()], set_id=1)
            second.save_as(tmp_path / "copy.hicproj")
    with Project.open(tmp_path / "copy.hicproj") as copy:
        assert not copy.read_only
        assert (copy.count(), len(copy.journal())) == (2, 2)
    with Project.open(first.path) as again:
        assert not again.read_only


_READER = """
    import os, sys
    import sqlalchemy
    from napari_hicstruct.annotations.project import Project
    sqlalchemy.create_engine("sqlite://").connect().close()  # load all code while it may be read
    if os.geteuid() == 0:  # nothing is read-only for root
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    project = Project.open(sys.argv[1])
    print(project.read_only_reason, project.count(), sep="|")
    project.close()
"""


@pytest.mark.skipif(os.name == "nt", reason="Unix rights")
@pytest.mark.parametrize(
    ("mode", "folder_mode", "reason"),
    [
        (0o444, 0o555, "the file is write-protected"),
        (0o666, 0o555, "its folder cannot be written"),
        (0o444, 0o777, "the file is write-protected"),
    ],
)
def test_what_cannot_be_written_opens_for_reading_and_leaves_nothing(mode: int, folder_mode: int, reason: str) -> None:
    with tempfile.TemporaryDirectory() as open_folder:  # pytest's own folders are closed to other users
        Path(open_folder).chmod(0o755)
        folder = Path(open_folder, "archive")
        folder.mkdir()
        with new_project(folder) as project:
            project.add([loop()], set_id=project.human_set().id)
        project.path.chmod(mode)
        folder.chmod(folder_mode)
        with _python(_READER, project.path) as reader:
            assert reader.stdout is not None
            said = reader.stdout.read().strip()
        left = [path.name for path in folder.iterdir()]
        folder.chmod(0o755)
    assert said == f"{reason}|1"
    assert left == ["p.hicproj"]


def test_newer_schema_is_refused_untouched(tmp_path: Path) -> None:
    new_project(tmp_path).close()
    path = tmp_path / "p.hicproj"
    raw = sqlite3.connect(path)
    raw.execute("INSERT INTO schema_version VALUES (?, 'tomorrow')", (SCHEMA_VERSION + 1,))
    raw.commit()
    raw.close()
    before = path.read_bytes()
    with pytest.raises(ProjectError, match=rf"newer version \(schema {SCHEMA_VERSION + 1}, this one knows"):
        Project.open(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_older_schema_is_migrated_once_and_only_by_a_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with new_project(tmp_path) as project:
        project.add([loop()], set_id=project.human_set().id)

    def to_next(connection: Connection) -> None:
        connection.exec_driver_sql("ALTER TABLE reviewed_region ADD COLUMN note TEXT NOT NULL DEFAULT ''")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, to_next))
    monkeypatch.setattr(schema, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    for _ in range(2):
        with Project.open(project.path, map=MAP) as again:
            assert again.count() == 1
            assert again.can_undo
    raw = sqlite3.connect(project.path)
    assert [row[0] for row in raw.execute("SELECT version FROM schema_version")] == [*range(1, SCHEMA_VERSION + 2)]
    assert "note" in [row[1] for row in raw.execute("PRAGMA table_info(reviewed_region)")]
    raw.close()


def test_failed_migration_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with new_project(tmp_path) as project:
        path = project.path

    def broken(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE half (x)")
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
        patch.setattr(schema, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
        with pytest.raises(ProjectError, match="nowhere"):
            Project.open(path)
    with Project.open(path, map=MAP) as again:
        assert not again.read_only
    raw = sqlite3.connect(path)
    assert raw.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall() == []
    raw.close()


def test_threads_share_one_project(tmp_path: Path) -> None:
    with new_project(tmp_path) as project:
        target = project.human_set().id

        def work(offset: int) -> None:
            for i in range(20):
                record = loop(offset + i)
                project.add([record], set_id=target)
                project.query(chrom="chr1", start=0, end=10**6)
                project.set_status([record.uid], Status.ACCEPTED)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(0, 400, 100)))
        assert project.count(statuses=[Status.ACCEPTED]) == 80
        steps = 0
        while project.undo() is not None:
            steps += 1
        assert (steps, project.count()) == (160, 0)


def test_log_of_a_deleted_project_does_not_haunt_a_new_one(tmp_path: Path) -> None:
    with new_project(tmp_path) as old:
        old.add([loop()], set_id=old.human_set().id)
        log = old.path.with_name("p.hicproj-wal").read_bytes()
    assert log
    old.path.unlink()
    old.path.with_name("p.hicproj-wal").write_bytes(log)
    with new_project(tmp_path) as new:
        assert (new.count(), new.sets()) == (0, [])


def test_what_is_no_project_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.hicproj"
    text.write_text("not a database")
    foreign = tmp_path / "foreign.hicproj"
    raw = sqlite3.connect(foreign)
    raw.execute("CREATE TABLE t (x)")
    raw.commit()
    raw.close()
    damaged = new_project(tmp_path, "damaged.hicproj").path
    damaged_data = damaged.read_bytes()
    damaged.with_name("cut.hicproj").write_bytes(damaged_data[:4096] + b"\xff" * 5000)
    for name, words in (
        ("text.hicproj", "is not a project file"),
        ("foreign.hicproj", "is not a project file"),
        ("none.hicproj", "there is no such project"),
        ("cut.hicproj", "damaged|cannot be used|not a project"),
    ):
        with pytest.raises(ProjectError, match=words):
            Project.open(tmp_path / name)
    with pytest.raises(ProjectError, match="exists already"):
        Project.create(text, map=MAP)


def test_save_as_replaces_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with new_project(tmp_path) as project, new_project(tmp_path, "old.hicproj") as old:
        project.add([loop()], set_id=project.human_set().id)
        with pytest.raises(ProjectError, match=r"old\.hicproj: is being edited by"):
            project.save_as(old.path)
        old.close()

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        before = old.path.read_bytes()
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", full)
            with pytest.raises(ProjectError, match="No space left"):
                project.save_as(old.path)
        assert old.path.read_bytes() == before
        project.save_as(old.path)
        with Project.open(old.path, map=MAP) as copy:
            assert copy.query() == project.query()
            assert copy.can_undo
        with pytest.raises(ProjectError, match="cannot be written"):
            project.save_as(tmp_path / "missing" / "x.hicproj")
    names = {p.name for p in tmp_path.iterdir()}
    assert names == {"p.hicproj", "old.hicproj"}
