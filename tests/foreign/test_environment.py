"""Where people work: no locks, full disks, read-only places, odd encodings, closed streams, no home."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from napari_hicstruct.annotations import Origin, Project
from napari_hicstruct.annotations.lockfile import NO_LOCKS, WriteLock
from napari_hicstruct.cli.main import main
from napari_hicstruct.cli.streams import transliterate
from napari_hicstruct.config import paths
from napari_hicstruct.config.files import output_error, try_folder
from napari_hicstruct.errors import OutputError, ProjectError
from napari_hicstruct.jobs import Progress, drain
from tests.annotation_kit import MAP, loop, new_project
from tests.contacts_kit import upper_counts, write_cool

fcntl = pytest.importorskip("fcntl", reason="locks of Unix")
ROOT = Path(__file__).resolve().parents[2]
CODE = "import sys; from napari_hicstruct.cli.main import run; run()"
LABELS = "chr1\t100000\t110000\tchr1\t300000\t310000\nchr1\t200000\t210000\tchr1\t400000\t410000\n"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A map, labels and a project; the map's name and its chromosome are not ASCII."""
    folder = tmp_path_factory.mktemp("work")
    write_cool(folder / "Zoë–µ.cool", {"chr1": 1_000_000}, 10_000, upper_counts(100, 1))
    (folder / "lö.bedpe").write_text(LABELS)
    words = ["import", str(folder / "lö.bedpe"), "--map", str(folder / "Zoë–µ.cool")]
    assert main([*words, "--project", str(folder / "p.hicproj"), "-q"]) == 0
    return folder


def hicstruct(
    words: list[str], env: dict[str, str | None] | None = None, shell: str = "", **options: object
) -> subprocess.CompletedProcess[bytes]:
    """Run the command line in a process of its own; None takes a variable away."""
    given = {**os.environ, **(env or {})}
    clean = {key: value for key, value in given.items() if value is not None}
    command: list[str] = [sys.executable, "-c", CODE, *words]
    if shell:
        command = ["sh", "-c", f'exec "$@" {shell}', "sh", *command]
    return subprocess.run(command, env=clean, cwd=ROOT, capture_output=True, timeout=120, check=False, **options)  # type: ignore[call-overload,no-any-return]


NEXT = "--and-then--"
ONE_AFTER_ANOTHER = f"""
import os, sys
import cooler, h5py, matplotlib.figure, pandas, sqlalchemy  # once for all: what the commands load is not their own
from napari_hicstruct.cli.main import run
folder, words = sys.argv[1], sys.argv[2:]
number = 0
while words:
    own, words = words[: words.index({NEXT!r})], words[words.index({NEXT!r}) + 1 :]
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        for stream in (1, 2):
            os.dup2(os.open(f"{{folder}}/{{number}}.{{stream}}", os.O_CREAT | os.O_WRONLY), stream)
        sys.argv[1:] = own
        run()
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    number += 1
"""


def hicstruct_in_turn(
    commands: list[list[str]], env: dict[str, str | None], folder: Path
) -> list[subprocess.CompletedProcess[bytes]]:
    """As :func:`hicstruct` for several commands, each in a fork of one process that has the libraries loaded."""
    clean = {key: value for key, value in {**os.environ, **env}.items() if value is not None}
    words = [word for command in commands for word in (*command, NEXT)]
    started = [sys.executable, "-c", ONE_AFTER_ANOTHER, str(folder), *words]
    done = subprocess.run(started, env=clean, cwd=ROOT, capture_output=True, timeout=240, check=True)
    statuses = [int(line) for line in done.stdout.split()]
    assert len(statuses) == len(commands)
    out, err = ([(folder / f"{k}.{stream}").read_bytes() for k in range(len(commands))] for stream in (1, 2))
    return [subprocess.CompletedProcess(*one) for one in zip(commands, statuses, out, err, strict=True)]


# ---------------------------------------------------------------------- file systems without locks
NO_LOCK_ERRORS = [errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL]


def refuse(number: int) -> Callable[..., None]:
    def lock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return lock


@pytest.mark.parametrize("kind", ["flock", "lockf"])
@pytest.mark.parametrize("number", NO_LOCK_ERRORS, ids=errno.errorcode.get)
def test_a_project_where_files_cannot_be_locked(
    number: int, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_project(tmp_path) as made:
        made.add([loop()], set_id=made.human_set().id)
    monkeypatch.setattr(fcntl, kind, refuse(number))
    with Project.open(tmp_path / "p.hicproj", map=MAP) as project:
        assert project.read_only_reason == NO_LOCKS
        assert NO_LOCKS == "this file system cannot lock files; keep the project on a local disk"
        assert project.count() == 1
        with pytest.raises(ProjectError, match=r"p\.hicproj: cannot be edited: this file system cannot lock files"):
            project.add_set("mine", Origin.HUMAN)
    with pytest.raises(ProjectError, match=rf"new\.hicproj: cannot be created: {NO_LOCKS}\."):
        new_project(tmp_path / "sub", "new.hicproj")
    with pytest.raises(ProjectError, match=NO_LOCKS):
        Project.check_new(tmp_path / "sub" / "new.hicproj")
    with Project.open(tmp_path / "p.hicproj", read_only=True) as project, pytest.raises(ProjectError, match=NO_LOCKS):
        project.save_as(tmp_path / "copy.hicproj")
    assert not {name for name in names(tmp_path) if not re.fullmatch(r"p\.hicproj(-shm|-wal)?", name)}


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EACCES])
def test_a_lock_that_somebody_holds_is_another_matter(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_project(tmp_path):
        (tmp_path / "p.hicproj.lock").write_text("bob on node3 (process 7)")
        monkeypatch.setattr(fcntl, "flock", refuse(number))
        with Project.open(tmp_path / "p.hicproj", map=MAP) as project:
            assert project.read_only_reason == "bob on node3 (process 7) is editing it"
    assert (tmp_path / "p.hicproj.lock").exists() is False


@pytest.mark.parametrize("sign", ["IOERR_LOCK", "IOERR_SHMLOCK", "IOERR_SHMMAP", "PROTOCOL"])
def test_locks_that_only_sqlite_is_refused(sign: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_hicstruct.annotations import schema

    with new_project(tmp_path) as made:
        made.add([loop()], set_id=made.human_set().id)

    def refused(_: object) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorname = f"SQLITE_{sign}"
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(schema, "migrate", refused)
        with Project.open(tmp_path / "p.hicproj", map=MAP) as project:
            assert project.read_only_reason == NO_LOCKS
            assert project.count() == 1
        with pytest.raises(ProjectError, match=NO_LOCKS):
            new_project(tmp_path, "new.hicproj")
    assert "p.hicproj.lock" not in names(tmp_path)


def test_no_lock_file_stays_where_it_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    new_project(tmp_path).close()
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            WriteLock(tmp_path / "p.hicproj")
        with Project.open(tmp_path / "p.hicproj", map=MAP) as project:
            assert project.read_only_reason == "the disk is full"
    assert "p.hicproj.lock" not in names(tmp_path)
    WriteLock(tmp_path / "p.hicproj").release()


# ---------------------------------------------------------------------- full disks, read-only places
_FULL = """
import os, shutil, sys
from pathlib import Path
from napari_hicstruct.annotations import Project
from napari_hicstruct.cli.main import main
from napari_hicstruct.errors import ProjectError
from tests.annotation_kit import MAP, loop, new_project

place, elsewhere = Path(sys.argv[1]), Path(sys.argv[2])
with new_project(place) as project:
    project.add([loop()], set_id=project.human_set().id)
logged = place / "logged.hicproj"  # as a killed window leaves it: a step in the log that is not in the file
with new_project(elsewhere, "l.hicproj") as project:
    project.add([loop(5)], set_id=project.human_set().id)
    assert (elsewhere / "l.hicproj-wal").stat().st_size > 0
    for rest in ("", "-wal"):
        shutil.copy(str(elsewhere / "l.hicproj") + rest, str(logged) + rest)
with (place / "ballast").open("wb", buffering=0) as file:
    try:
        while True:
            file.write(bytes(4096))
    except OSError:
        pass
before = sorted(os.listdir(place))
def look(path):
    with Project.open(path, map=MAP) as project:
        assert project.read_only_reason == "the disk is full", project.read_only_reason
        assert project.count() == 1
    with Project.open(path, read_only=True) as project:
        assert project.count() == 1
look(place / "p.hicproj")
look(logged)
for name in ("p", "logged"):
    assert main(["export", str(place / f"{name}.hicproj"), "-o", str(elsewhere / f"out-{name}"), "-q"]) == 0
assert main(["export", str(place / "p.hicproj"), "-o", str(place / "out"), "-q"]) == 2
try:
    new_project(place, "new.hicproj")
except ProjectError as error:
    assert "the disk is full" in str(error), error
else:
    raise AssertionError
assert sorted(os.listdir(place)) == before, os.listdir(place)
(place / "ballast").unlink()
os.system(f"mount -o remount,ro {place}")
before = sorted(os.listdir(place))
for name, rows in (("p", 1), ("logged", 1)):
    with Project.open(place / f"{name}.hicproj", map=MAP) as project:
        assert project.read_only_reason == "the file is write-protected", project.read_only_reason
        assert project.count() == rows
assert sorted(os.listdir(place)) == before
for words in (
    ["export", str(place / "p.hicproj"), "-o", str(place / "out")],
    ["simulate", "-o", str(place / "m.mcool"), "--length", "2M", "--depth", "20"],
    ["simulate", "-o", str(elsewhere / "m.mcool"), "--truth", str(place), "--length", "2M", "--depth", "20"],
    ["predict", str(elsewhere / "m.cool"), "-o", str(place / "calls")],
    ["dataset", str(elsewhere / "m.cool"), "--loops", str(elsewhere / "l.bedpe"), "-o", str(place / "d"),
     "--train", "chr1"],
    ["evaluate", "--pred", str(elsewhere / "l.bedpe"), "--truth", str(elsewhere / "l.bedpe"), "-o", str(place / "e")],
    ["train", str(elsewhere / "r.yaml"), "-o", str(place / "t")],
    ["import", str(elsewhere / "l.bedpe"), "--map", str(elsewhere / "m.cool"), "--project", str(place / "n.hicproj")],
):
    sys.stderr.write(f"== {words[0]} {main(words)}\\n")
print("all well")
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs Linux")
def test_full_and_read_only_disks(tmp_path: Path) -> None:
    place, elsewhere = tmp_path / "disk", tmp_path / "elsewhere"
    place.mkdir()
    elsewhere.mkdir()
    write_cool(elsewhere / "m.cool", {"chr1": 1_000_000}, 10_000, upper_counts(100, 1))
    (elsewhere / "l.bedpe").write_text(LABELS)
    shutil.copy(ROOT / "resources" / "configs" / "tiny.yaml", elsewhere / "r.yaml")
    private = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o size=2m none "$0" && exec "$@"', str(place)]
    if subprocess.run([*private, "true"], capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    command = [*private, sys.executable, "-c", _FULL, str(place), str(elsewhere)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert told.stdout.endswith("all well\n"), told.stderr
    refused = [line for line in told.stderr.splitlines() if line.startswith("hicstruct: ")]
    assert (
        refused[0]
        == f"hicstruct: {place}/out/loops.bedpe: cannot be written: the disk is full. Free some disk and repeat."
    )
    for line in refused[1:]:
        assert line.endswith("Choose a folder that you may write."), told.stderr
    verdicts = dict(re.findall(r"^== (\w+) (\d)$", told.stderr, flags=re.M))
    assert set(verdicts.values()) == {"2"}, told.stderr
    assert len(refused) == 9


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENOENT])
def test_one_sentence_for_every_folder_that_cannot_be_written(number: int) -> None:
    said = str(output_error(Path("/there/x"), OSError(number, os.strerror(number))))
    assert said.startswith("/there/x: cannot be written: ")
    assert said.endswith(". Choose a folder that you may write.")
    buried = OSError(f"Unable to create file (errno = {number}, error message = '{os.strerror(number)}', flags = 13)")
    assert str(output_error(Path("/there/x"), buried)) == said, "HDF5 gives no number"


def test_trying_a_folder_leaves_nothing(tmp_path: Path) -> None:
    try_folder(tmp_path / "a" / "b")
    assert names(tmp_path) == set()
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Choose a folder that you may write"):
        try_folder(tmp_path / "file" / "b")
    assert names(tmp_path) == {"file"}


# ---------------------------------------------------------------------- encodings and streams
ENCODINGS: dict[str, dict[str, str | None]] = {
    "ascii": {"PYTHONIOENCODING": "ascii:strict"},
    "latin-1": {"PYTHONIOENCODING": "latin-1:strict"},
    "cp1252": {"PYTHONIOENCODING": "cp1252:strict"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": None},
    "utf-8": {"PYTHONIOENCODING": "utf-8:strict"},
}


def commands_with_odd_names(work: Path, folder: Path, *, json_too: bool) -> tuple[list[list[str]], list[list[str]]]:
    """Commands that succeed, and commands that are refused; names in them, and what they print, are not ASCII."""
    own, bad = str(work / "Zoë–µ.cool"), folder / "bäd.bedpe"
    bad.write_text(LABELS + LABELS.replace("chr1", "chrµ"))
    flag = ["--json"] if json_too else []
    report = flag or ["-o", str(folder / "ev–")]  # pictures take the longest, and know nothing of JSON
    good = [
        ["info", own, *flag],
        ["import", str(bad), "--map", own, "--project", str(folder / "é.hicproj"), *flag],
        ["export", str(folder / "é.hicproj"), "-o", str(folder / "öut"), *flag],
        ["evaluate", "--pred", str(work / "lö.bedpe"), "--truth", str(bad), *report],
        ["models", *flag],
    ]
    return good, [["info", str(folder / "nö–.cool")], ["nö"], ["predict", own, "-o", str(folder), "--model", "nö"]]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_letter_ends_a_command(
    encoding: str, work: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    env, codec = ENCODINGS[encoding], "ascii" if encoding == "C" else encoding
    folders = {json_too: tmp_path / f"json{json_too}" for json_too in (False, True)}
    asked = []
    for json_too, folder in folders.items():
        folder.mkdir()
        asked.append(commands_with_odd_names(work, folder, json_too=json_too))
    every = [command for good, refused in asked for command in good + refused]
    done = iter(hicstruct_in_turn(every, env, tmp_path_factory.mktemp("streams")))
    for (json_too, folder), (good, refused) in zip(folders.items(), asked, strict=True):
        for one in (next(done) for _ in good):
            assert one.returncode == 0, (one.args, one.stderr.decode(codec))
            shown = one.stdout.decode(codec)
            assert shown
            if json_too:
                assert json.loads(shown)
        assert names(folder) == {"bäd.bedpe", "é.hicproj", "öut", *([] if json_too else ["ev–"])}
        for one in (next(done) for _ in refused):
            assert one.returncode == 2
            assert one.stderr.decode(codec).count("\n") == 1
            assert "Traceback" not in one.stderr.decode(codec)


@pytest.mark.parametrize("command", ["", "view", "predict", "finetune", "evaluate"])
def test_help_in_ascii(command: str) -> None:
    done = hicstruct([*filter(None, [command]), "--help"], {"PYTHONIOENCODING": "ascii:strict", "COLUMNS": "90"})
    assert done.returncode == 0, done.stderr
    done.stdout.decode("ascii")
    assert done.stderr == b""


def test_letters_have_a_usual_spelling() -> None:
    import codecs

    codecs.register_error("test.transliterate", transliterate)
    text = "2 × loop – 3·4 … → ≥ 5 µm “ä” κ ☃ \udce9"
    assert text.encode("ascii", "test.transliterate") == b'2 x loop - 3*4 ... -> >= 5 um "a" kappa ? \\xe9'
    assert "Zoë×–".encode("latin-1", "test.transliterate") == b"Zo\xeb\xd7-"


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
@pytest.mark.parametrize("encoding", ["ascii:strict", "utf-8:strict"])
def test_names_that_are_no_text_are_printed(encoding: str, tmp_path: Path) -> None:
    done = hicstruct(["info", os.fsdecode(os.fsencode(tmp_path) + b"/map\xe9.cool")], {"PYTHONIOENCODING": encoding})
    assert done.returncode == 2
    assert done.stderr.decode("ascii") == f"hicstruct: {tmp_path}/map\\xe9.cool: does not exist. Check the path.\n"


def test_every_message_can_be_printed() -> None:
    error = ProjectError("belongs to another map (m\udce9.cool)", where="Zo\udcc3\udcab.hicproj")
    assert str(error) == "Zoë.hicproj: belongs to another map (m\\xe9.cool)"
    str(ProjectError("half a letter \ud800")).encode()


@pytest.mark.skipif(os.name == "nt", reason="a Unix shell")
@pytest.mark.parametrize(
    ("shell", "status"),
    [(">&-", 0), ("2>&-", 0), (">&- 2>&-", 0), ("<&- >&- 2>&-", 0), (">/dev/full", 2), ("2>/dev/full", 0)],
)
def test_streams_that_are_closed_or_full(shell: str, status: int, work: Path) -> None:
    done = hicstruct(["info", str(work / "Zoë–µ.cool")], shell=shell)
    assert done.returncode == status
    assert done.stderr.decode() in (
        "",
        "hicstruct: the result cannot be written: the disk is full. Free some disk and repeat.\n",
    )
    done = hicstruct(["info", str(work / "none.cool")], shell=shell)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a Unix shell")
def test_a_reader_that_leaves(work: Path) -> None:
    command = [sys.executable, "-c", CODE, "info", str(work / "Zoë–µ.cool")]
    job = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert job.stdout is not None
    job.stdout.close()
    assert job.stderr is not None
    said = job.stderr.read()
    job.stderr.close()
    assert job.wait(60) in (0, 1)
    assert said == b""


# ---------------------------------------------------------------------- no home
HOMELESS: dict[str, str | None] = dict.fromkeys(
    ("HICSTRUCT_CACHE", "HICSTRUCT_HOME", "HICSTRUCT_LOGS", "NUMBA_CACHE_DIR", "NAPARI_CONFIG", "MPLCONFIGDIR")
    + ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
)


def homeless(tmp_path: Path) -> dict[str, str | None]:
    """Variables of somebody whose home cannot be made, whoever runs the test: it lies below a file."""
    (tmp_path / "file").write_text("")
    (tmp_path / "temporary").mkdir()
    return {**HOMELESS, "HOME": str(tmp_path / "file" / "home"), "TMPDIR": str(tmp_path / "temporary")}


def test_commands_work_without_a_home(work: Path, tmp_path: Path) -> None:
    env, own = homeless(tmp_path), str(work / "Zoë–µ.cool")
    for words in (
        ["info", own],
        ["import", str(work / "lö.bedpe"), "--map", own, "--project", str(tmp_path / "p.hicproj")],
        ["export", str(tmp_path / "p.hicproj"), "-o", str(tmp_path / "out")],
        ["evaluate", "--pred", str(tmp_path / "out"), "--truth", str(tmp_path / "out"), "-o", str(tmp_path / "ev")],
        ["predict", own, "-o", str(tmp_path / "calls"), "--model", "tiny", "--device", "cpu", "-q"],
    ):
        done = hicstruct(words, env)
        assert done.returncode == 0, (words, done.stderr.decode())
        assert b"Matplotlib" not in done.stderr
    assert (tmp_path / "ev" / "precision_recall.png").stat().st_size > 1_000
    assert "~" not in names(ROOT)


def test_the_map_is_shown_without_a_home(work: Path, tmp_path: Path) -> None:
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        pytest.skip("needs a display")
    picture = tmp_path / "p.png"
    done = hicstruct(["view", str(work / "Zoë–µ.cool"), "--screenshot", str(picture)], homeless(tmp_path))
    assert done.returncode == 0, done.stderr.decode()
    assert picture.stat().st_size > 10_000
    assert names(tmp_path) == {"file", "temporary", "p.png"}


def test_where_no_project_can_be_kept_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_hicstruct.plugin.state.project import check_automatic_folder

    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "file" / "data"))
    with pytest.raises(ProjectError) as caught:
        check_automatic_folder()
    place = tmp_path / "file" / "data" / "projects"
    hint = "Set HICSTRUCT_HOME to a folder that you may write, or name a project: --project FILE."
    assert str(caught.value) == f"{place}: no project can be kept there. {hint}"
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "data"))
    check_automatic_folder()
    assert names(tmp_path) == {"file"}, "looking makes nothing"


def test_only_what_can_be_made_again_goes_to_a_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in homeless(tmp_path).items():
        monkeypatch.setenv(name, value) if value is not None else monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    paths.temporary_dir.cache_clear()
    try:
        for folder in (paths.cache_dir(), paths.log_dir()):
            assert folder.is_relative_to(tmp_path / "temporary")
        with pytest.raises(OSError, match="Not a directory"):
            paths.user_data_dir()
        paths.prepare_folders()
        assert Path(os.environ["NUMBA_CACHE_DIR"]).is_relative_to(tmp_path / "temporary")
        assert "XDG_DATA_HOME" not in os.environ
    finally:
        paths.temporary_dir.cache_clear()


@pytest.mark.skipif(os.name == "nt", reason="a Unix home")
def test_on_a_full_disk_napari_keeps_nothing_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """napari's icons do not fit, and the driver's cache of shaders ends the program (Bus error)."""
    for name in ("XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "MESA_SHADER_CACHE_DISABLE"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    room = os.statvfs(tmp_path)
    paths.temporary_dir.cache_clear()
    try:
        paths.prepare_folders()
        assert "XDG_CACHE_HOME" not in os.environ, "there is room"
        full = SimpleNamespace(f_bavail=10, f_frsize=room.f_frsize)
        monkeypatch.setattr(os, "statvfs", lambda _path: full)
        monkeypatch.delitem(sys.modules, "napari", raising=False)
        paths.prepare_folders()
        assert Path(os.environ["XDG_CACHE_HOME"]).is_relative_to(tmp_path / "temporary")
        assert os.environ["MESA_SHADER_CACHE_DISABLE"] == "true"
    finally:
        paths.temporary_dir.cache_clear()


# ---------------------------------------------------------------------- errors keep their own message
_MASKED = """
import sys
import napari
from napari_hicstruct import errors
from napari_hicstruct.cli.main import main
from napari_hicstruct.plugin.layers.map import layer as map_layer

def show(self):
    self._canvas.viewer.layers.insert(0, self.layer)
    raise {error}

real = napari.Viewer.close
def close(self):
    real(self)
    raise RuntimeError("wrapped C/C++ object of type QtViewer has been deleted")

map_layer.MapLayer.show = show
napari.Viewer.close = close
sys.exit(main(["view", sys.argv[1], "--screenshot", sys.argv[2]]))
"""


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (
            "errors.MapError('has no levels.', where='m.cool', hint='Zoomify it.')",
            2,
            "m.cool: has no levels. Zoomify it.",
        ),
        ("ValueError('contrast limits')", 1, "unexpected ValueError: contrast limits"),
    ],
)
def test_an_error_while_a_layer_is_made_keeps_its_message(
    error: str, status: int, said: str, work: Path, tmp_path: Path
) -> None:
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        pytest.skip("needs a display")
    command = [sys.executable, "-c", _MASKED.format(error=error), str(work / "Zoë–µ.cool"), str(tmp_path / "p.png")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == status, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("hicstruct: ")]
    assert len(lines) == 1
    assert lines[0].startswith(f"hicstruct: {said}")
    assert "C/C++" not in done.stderr
    assert names(tmp_path) == set()


def test_the_clean_up_of_a_job_does_not_mask_why_it_ended() -> None:
    def job() -> object:
        try:
            yield Progress(stage="one", done=0, total=1)
        finally:
            raise RuntimeError("clean-up")

    def interrupted(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), contextlib.suppress(RuntimeError):
        drain(job(), interrupted)  # type: ignore[arg-type]
