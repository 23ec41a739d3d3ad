"""Files and folders are written whole or not at all, and others may read them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from napari_hicstruct.config.files import in_place_of


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
