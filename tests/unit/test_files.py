"""Files and folders are written whole or not at all, and others may read them."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from napari_hicstruct.config.files import check_output_file, in_place_of, move_file, write_text
from napari_hicstruct.config.leftovers import process_mark, remove_leftovers
from napari_hicstruct.errors import OutputError


def half(target: Path, write: Callable[[Path], object]) -> None:
    """Write, and fail before the end."""
    with in_place_of(target) as place:
        write(place)
        raise OSError("full")


def test_a_file_takes_its_place_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.json"
    with in_place_of(target) as file:
        assert file.suffix == ".json"
        file.write_text("first")
        assert not target.exists()
    with pytest.raises(OSError, match="full"):
        half(target, lambda file: file.write_text("sec"))
    assert target.read_text() == "first"
    assert [path.name for path in target.parent.iterdir()] == ["a.json"]


def test_a_folder_replaces_a_folder(tmp_path: Path) -> None:
    target = tmp_path / "data"
    for content in ("old", "new"):
        with in_place_of(target) as folder:
            folder.mkdir()
            (folder / content).write_text(content)
    with pytest.raises(OSError, match="full"):
        half(target, Path.mkdir)
    assert [path.name for path in target.iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        with in_place_of(tmp_path / "a") as file:
            file.write_text("")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_a_link_stays_a_link_and_what_it_names_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for name in ("old.bed", "missing.bed"):
        target, link = tmp_path / "there" / name, tmp_path / name
        link.symlink_to(target)
        write_text(link, "new")
        assert link.is_symlink()
        assert target.read_text() == "new"
        (tmp_path / "made").write_text("moved")
        move_file(tmp_path / "made", link)
        assert link.is_symlink()
        assert target.read_text() == "moved"
    assert sorted(path.name for path in (tmp_path / "there").iterdir()) == ["missing.bed", "old.bed"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_gets_the_bytes_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe, got = tmp_path / "pipe.bed", list[str]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()), daemon=True)
    reader.start()
    check_output_file(pipe)
    write_text(pipe, "a line")
    reader.join(20)
    assert got == ["a line"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_an_input_is_never_replaced_and_another_file_only_if_that_is_wanted(tmp_path: Path) -> None:
    kept, link = tmp_path / "a.bed", tmp_path / "b.bed"
    kept.write_text("")
    link.symlink_to(kept)
    check_output_file(tmp_path / "new.bed", [kept])
    check_output_file(kept, ["no such file"], overwrite=True)
    with pytest.raises(OutputError, match=r"exists.*--overwrite"):
        check_output_file(kept)
    with pytest.raises(OutputError, match="is read for this"):
        check_output_file(link, [kept], overwrite=True)


# Begins to write a model as a fine-tune does, says where, and goes on for ever.
_WRITER = """
import sys, tempfile, time
from pathlib import Path
from napari_hicstruct.config.files import in_place_of
from napari_hicstruct.config.leftovers import process_mark
with in_place_of(Path(sys.argv[1]) / "default-0.5+ft1") as folder:
    folder.mkdir()
    (folder / "weights.safetensors").write_bytes(bytes(1000))
    work = tempfile.mkdtemp(prefix=f"hicstruct-finetune.{process_mark()}-", dir=sys.argv[1])
    print(folder.name, Path(work).name, flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="only age counts there")
def test_what_a_killed_process_left_goes_and_what_a_live_one_writes_stays(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout is not None
        begun = writer.stdout.readline().split()
        (tmp_path / ".mine").mkdir()
        (tmp_path / "default-0.4").mkdir()

        def tidied() -> set[str]:
            remove_leftovers(tmp_path)
            remove_leftovers(tmp_path, "hicstruct-finetune.")
            return {path.name for path in tmp_path.iterdir()}

        assert tidied() == {*begun, ".mine", "default-0.4"}
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()
    assert {path.name for path in tmp_path.iterdir()} > set(begun), "the process could not tidy up"
    assert tidied() == {".mine", "default-0.4"}


def test_of_processes_that_nobody_can_ask_only_what_is_old_goes(tmp_path: Path) -> None:
    other_host = f"{int(process_mark()[:4], 16) ^ 1:04x}"
    elsewhere, former = tmp_path / f".m-0.{other_host}-1-abcdef.5", tmp_path / ".m-0.0123456789ab.5+ft1"
    for path in (elsewhere, former):
        path.mkdir()
        (path / "weights").touch()
    remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {elsewhere.name, former.name}
    day_before = time.time() - 90_000
    for path in (elsewhere, former / "weights"):
        os.utime(path, (day_before, day_before))
    remove_leftovers(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2, "a file of the one, and the folder of the other, are new"
    for path in (elsewhere, elsewhere / "weights", former, former / "weights"):
        os.utime(path, (day_before, day_before))
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []
