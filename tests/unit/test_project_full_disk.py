"""A full disk: every write says so in one sentence, and nothing of what was saved is lost."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from napari_hicstruct.annotations import ModelEntry, Project, schema
from napari_hicstruct.annotations.database import Database
from napari_hicstruct.annotations.lineage import Lineage
from napari_hicstruct.annotations.lockfile import WriteLock
from napari_hicstruct.errors import ProjectError
from napari_hicstruct.genome import Interval
from tests.annotation_kit import MAP, loop, new_project

ROOT = Path(__file__).resolve().parents[2]
SHA = "a" * 64

# Runs in a file system of 2 MB of its own, which goes when its process does.
_ON_A_FULL_DISK = """
import sys
from pathlib import Path
from napari_hicstruct.annotations import ModelEntry, Project, Status
from napari_hicstruct.errors import ProjectError
from napari_hicstruct.genome import Interval
from tests.annotation_kit import MAP, loop, new_project

folder = Path(sys.argv[1])
ballast = folder / "ballast"
project = new_project(folder)
target = project.human_set().id
own = project.models_folder / "m"
own.mkdir(parents=True)
(own / "weights").write_bytes(bytes(100_000))
project.lineage.add(ModelEntry("a" * 64, "m", "1", own))

def fill():
    with ballast.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass

def refused(call):
    try:
        call()
    except ProjectError as error:
        assert "the disk is full" in str(error), error
        assert error.hint, error
        return True
    return False

fill()
done = 0
while not refused(lambda: project.add([loop(done)], set_id=target)):
    done += 1
    assert done < 10_000
many = [loop(i) for i in range(2_000)]
assert refused(lambda: project.add(many, set_id=target))
assert refused(lambda: [project.lineage.use("a" * 64, "r" * 5_000) for _ in range(50)])
assert refused(lambda: [project.mark_reviewed(Interval("chr1", 0, i + 1)) for i in range(500)])
uses, regions = len(project.lineage.uses()), len(project.reviewed())
assert refused(lambda: project.save_as(folder / "copy.hicproj"))
assert refused(lambda: new_project(folder, "other.hicproj"))
assert (project.count(), len(project.lineage.uses()), len(project.reviewed())) == (done, uses, regions)
state = project._stacks
project.close()
assert sorted(p.name for p in folder.iterdir() if not p.name.startswith("p.")) == ["ballast"]
ballast.unlink()
with Project.open(folder / "p.hicproj", map=MAP) as again:
    assert (again.count(), len(again.lineage.uses()), len(again.reviewed())) == (done, uses, regions)
    assert again._stacks == state
    again.add(many[:100], set_id=target)
    again.save_as(folder / "copy.hicproj")
with Project.open(folder / "copy.hicproj", map=MAP) as copy:
    assert copy.count() == done + 100
    assert (copy.lineage.get("a" * 64).folder / "weights").stat().st_size == 100_000
print("all well", done, uses, regions)
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs Linux")
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    private = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o size=2m none "$0" && exec "$@"', str(place)]
    if subprocess.run([*private, "true"], capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    command = [*private, sys.executable, "-c", _ON_A_FULL_DISK, str(place)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert told.stdout.startswith("all well"), told.stderr
    assert os.listdir(place) == []


# Too little room for what SQLite keeps beside a file that it writes, though enough for the file: a window of some kB.
_HARDLY_ROOM = """
import shutil, sys
from pathlib import Path
from napari_hicstruct.annotations import Project
from napari_hicstruct.errors import ProjectError
from napari_hicstruct.workflows import projects
from tests.annotation_kit import MAP, loop

projects.identity_of = lambda source: MAP
folder = Path(sys.argv[1])
ballast = folder / "ballast"
said = set()

def make(path, **_):
    with Project.create(path, map=MAP) as project:
        assert not project.read_only

def write(path):
    with projects.writing(path, None) as project:
        project.add_as_set("calls", "imported", [loop(k) for k in range(50)], action="import")

for free in range(0, 320 * 1024, 8192):
    for act in (make, write):
        with ballast.open("wb", buffering=0) as file:
            try:
                file.write(bytes(shutil.disk_usage(folder).free - free))
            except OSError:
                pass
        try:
            act(folder / "sub" / "p.hicproj")
            said.add("made")
            shutil.rmtree(folder / "sub")
        except ProjectError as error:
            assert "the disk is full" in str(error), error
            said.add(error.message.split(":")[0])
        assert [p.name for p in folder.iterdir()] == ["ballast"], (act, free, list(folder.rglob("*")))
        ballast.unlink()
print(len(said), sorted(said))
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs Linux")
def test_a_project_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    private = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o size=2m none "$0" && exec "$@"', str(place)]
    if subprocess.run([*private, "true"], capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    command = [*private, sys.executable, "-c", _HARDLY_ROOM, str(place)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert told.stdout.startswith("3 ['cannot be created', 'made', 'the disk is full;"), told


@pytest.mark.parametrize("where", ["open", "migrate"])
def test_nothing_stays_of_a_project_for_which_there_is_no_room(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(schema if where == "migrate" else Database, where, no_room)
    with pytest.raises(ProjectError, match=r"p\.hicproj: cannot be .*: the disk is full"):
        Project.create(tmp_path / "new" / "p.hicproj", map=MAP)
    assert list(tmp_path.iterdir()) == []


def test_a_new_project_that_another_window_edits_already_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Database.create
    other: list[WriteLock] = []

    def create(path: Path, fill: object) -> None:
        made(path, fill)  # type: ignore[arg-type]
        other.append(WriteLock(path))

    monkeypatch.setattr(Database, "create", create)
    with Project.create(tmp_path / "p.hicproj", map=MAP) as project:
        assert "is editing it" in project.read_only_reason
    other[0].release()
    assert [path.name for path in tmp_path.iterdir()] == ["p.hicproj"]


def full(project: Project) -> None:
    """The file may not grow by one page more."""
    with project._db.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        pages = raw.execute("PRAGMA page_count").fetchone()[0]
        assert raw.execute(f"PRAGMA max_page_count = {pages}").fetchone() == (pages,)


def test_models_regions_and_tiles_on_a_full_disk(tmp_path: Path) -> None:
    with new_project(tmp_path) as project:
        project.add([loop()], set_id=project.human_set().id)
        project.lineage.add(ModelEntry(SHA, "m", "1", tmp_path))
        full(project)
        told: list[object] = []
        project.changed.connect(told.append)
        project.lineage.changed.connect(lambda: told.append("lineage"))
        lineage: Lineage = project.lineage
        huge = {"text": "x" * 50_000}
        for call in (
            lambda: lineage.add(ModelEntry("b" * 64, "m", "2", tmp_path, card=huge)),
            lambda: lineage.use(SHA, huge["text"]),
            lambda: lineage.start_run(SHA, huge, 0),
            lambda: [project.mark_reviewed(Interval("chr1", 0, 9), kinds=()) for _ in range(200)],
        ):
            with pytest.raises(ProjectError, match=r"p\.hicproj: the disk is full; nothing of this step was saved"):
                call()
        regions = project.reviewed()
        assert len(told) == len(regions)  # one each for those that there was room for
        assert (len(lineage.models()), lineage.uses(), lineage.runs()) == (1, [], [])
        assert project.newest_entry() == len(project._stacks.undo) == 1 + len(regions)
    with Project.open(project.path, map=MAP) as again:
        assert again.reviewed() == regions
        assert again.lineage.current() is None
        again.lineage.use(SHA, "now there is room")
        assert again.can_undo
