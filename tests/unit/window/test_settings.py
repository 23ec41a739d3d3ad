"""What a window remembers: one small file, several windows, and nowhere to write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from napari_hicstruct.plugin.state.settings import Settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_values_are_there_for_the_next_window(home: Path) -> None:
    Settings().set("dock_width", 320)
    Settings().set_entry("sections", "why", True)
    assert (Settings().get("dock_width", 0), Settings().entry("sections", "why", False)) == (320, True)
    Settings().set("dock_width", None)
    assert Settings().get("dock_width", 7) == 7
    assert Settings().entry("sections", "why", False) is True


def test_two_windows_keep_what_the_other_wrote(home: Path) -> None:
    one, other = Settings(), Settings()
    one.set("a", 1)
    other.set("b", 2)
    one.set_entry("regions", "map", "chr1:0-10")
    assert (other.get("a", 0), one.get("b", 0), other.entry("regions", "map", "")) == (1, 2, "chr1:0-10")


def test_tables_keep_the_last_300(home: Path) -> None:
    settings = Settings()
    for number in range(301):
        settings.set_entry("regions", f"map {number}", str(number))
    settings.set_entry("regions", "map 1", "again")  # the one that was used last is the last to go
    settings.set_entry("regions", "new", "new")
    assert settings.entry("regions", "map 0", "") == settings.entry("regions", "map 2", "") == ""
    assert settings.entry("regions", "map 1", "") == "again"


@pytest.mark.parametrize("spoilt", ["", "{", "[1]", '{"dock_width": "wide", "regions": 3}', "\xff"])
def test_a_spoilt_file_is_no_trouble(home: Path, spoilt: str) -> None:
    home.mkdir()
    settings = Settings()
    settings.path.write_bytes(spoilt.encode("latin-1"))
    assert settings.get("dock_width", 300) == 300
    assert settings.entry("regions", "map", "none") == "none"
    settings.set("dock_width", 310)
    assert Settings().get("dock_width", 300) == 310


def test_where_nothing_can_be_kept_that_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "file" / "home"))
    problems: list[Any] = []
    settings = Settings(problems.append)
    settings.set("dock_width", 1)
    settings.set("dock_width", 2)
    assert settings.get("dock_width", 5) == 5
    (problem,) = problems
    assert "cannot be kept" in str(problem)
    assert problem.hint
