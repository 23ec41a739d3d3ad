"""The project file of a window: free again when the other window has gone, copied, the map's last ones, moved maps."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from napari_hicstruct.annotations import Project
from napari_hicstruct.contacts import open_map
from napari_hicstruct.errors import MapError, TrackError
from napari_hicstruct.plugin.state.sentences import breakable, short_text
from napari_hicstruct.workflows import projects
from napari_hicstruct.workflows.other_files import refusal
from tests.contacts_kit import upper_counts, write_cool
from tests.window_kit import TinyWindow, loop, make_project


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


_HOLD = "import sys; from napari_hicstruct.annotations import Project; p = Project.open(sys.argv[1]); print('held', flush=True); sys.stdin.read()"  # noqa: E501


@pytest.fixture
def held(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A project that another process edits, and that process."""
    with make_project(tmp_path) as made:
        path = made.path
    pipe = subprocess.PIPE
    other = subprocess.Popen([sys.executable, "-c", _HOLD, str(path)], stdin=pipe, stdout=pipe, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    yield path, other
    other.kill()
    other.wait()
    for stream in (other.stdin, other.stdout):
        assert stream is not None
        stream.close()


def window_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from napari_hicstruct.plugin.state import project as module

    monkeypatch.setattr(module, "open_for", lambda _source, place: Project.open(place, reviewer="me"))
    window = TinyWindow(Project.open(path))
    window.told = []  # type: ignore[attr-defined]
    window.done.connect(window.told.append)  # type: ignore[attr-defined]
    return window


def test_a_project_is_free_again_when_the_other_process_is_killed(
    held: tuple[Path, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = held
    window = window_on(path, monkeypatch)
    assert window.project.read_only
    window.try_to_edit()
    assert window.project.read_only, "the other one still edits"
    assert window.labels.attempt(lambda p: p.add([loop(0, 50_000)], set_id=1)) is None
    assert "Save a copy" in window.hints[-1]
    assert not window.hints[-1].startswith("/"), "the reason first, not the path"
    other.kill()
    other.wait()
    window.try_to_edit()
    assert not window.project.read_only
    assert window.told == ["The project can be edited now."]
    assert window.labels.refusal == ""
    window.project.close()


def test_a_copy_of_what_can_be_edited_is_only_a_copy_else_work_goes_on_there(
    held: tuple[Path, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = held
    window = window_on(path, monkeypatch)
    window.save_copy(tmp_path / "copy.hicproj")
    assert window.project.path == tmp_path / "copy.hicproj"
    assert not window.project.read_only
    window.save_copy(tmp_path / "second.hicproj")
    assert window.project.path == tmp_path / "copy.hicproj"
    assert (tmp_path / "second.hicproj").is_file()
    window.project.close()
    assert other.poll() is None


def test_a_map_that_was_renamed_and_moved_finds_its_project_and_makes_no_second(tmp_path: Path, home: Path) -> None:
    first = write_cool(tmp_path / "a.cool", {"chr1": 1_000_000}, 10_000, upper_counts(100, 1)) or tmp_path / "a.cool"
    source = open_map(tmp_path / "a.cool")
    made = projects.open_or_create(projects.automatic_path(source, home / "projects"), source)
    with made:
        made.add_as_set(
            "mine", "human", [loop(0, 50_000).with_(anchor1=("chr1", 0, 5), anchor2=("chr1", 90, 95))], action="add"
        )
    assert first
    (tmp_path / "moved").mkdir()
    (tmp_path / "a.cool").rename(tmp_path / "moved" / "b.cool")
    moved = open_map(tmp_path / "moved" / "b.cool")
    assert projects.project_of(moved, home / "projects") == made.path
    with projects.open_or_create(made.path, moved) as again:
        assert again.map.uri == str(tmp_path / "moved" / "b.cool")
        assert again.count() == 1


def test_the_last_maps_are_remembered_the_newest_first_each_once(tmp_path: Path) -> None:
    window = TinyWindow(None)
    for name in ("a", "b", "a"):
        window.source = type(window.source)(name=name, uri=str(tmp_path / f"{name}.cool"))  # type: ignore[misc]
        window.map_changed.emit()
    assert window.recent_maps() == [str(tmp_path / "a.cool"), str(tmp_path / "b.cool")]
    assert TinyWindow(None).recent_maps() == window.recent_maps()


def test_files_that_are_of_no_use_here_get_a_sentence(tmp_path: Path) -> None:
    track = tmp_path / "ctcf.bw"
    track.write_bytes(b"\x26\xfc\x8f\x88" + b"\0" * 60)
    error = refusal(str(track))
    assert isinstance(error, TrackError)
    assert short_text(error) == "Is a track. Open a contact map, then drop it onto the window. (ctcf.bw)"
    bam = tmp_path / "x.bam"
    bam.write_bytes(b"BAM\1" + b"\0" * 60)
    assert isinstance(refusal(str(bam)), MapError)
    assert "aligned reads" in str(refusal(str(bam)))
    genes = tmp_path / "g.gtf"
    genes.write_text('chr1\tx\tgene\t1\t900\t.\t+\t.\tgene_id "A";\nchr1\tx\texon\t1\t90\t.\t+\t.\tgene_id "A";\n')
    assert "is a track" in str(refusal(str(genes)))
    assert "does not exist" in str(refusal(str(tmp_path / "none.bw")))


def test_long_names_may_be_broken_at_the_end_of_a_line_short_words_not() -> None:
    text = breakable("see HFFc6_chr17_62.5-63.5Mb.chromosight.5kb.bedpe. Done.")
    assert text.replace("\u200b", "") == "see HFFc6_chr17_62.5-63.5Mb.chromosight.5kb.bedpe. Done."
    assert "HFFc6_\u200bchr17" in text
    assert text.endswith(" Done.")
