"""Files and folders are written whole or not at all, and others may read them."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from napari_hicstruct.config.files import check_output_file, in_place_of, move_file, write_text
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
