"""``hicstruct report``: one page per folder of results, whatever has become of the maps, and errors of one line."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import napari_hicstruct as hs
from napari_hicstruct.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
REGION = "chr1:5M-7M"


@pytest.fixture(scope="module")
def predicted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``hicstruct predict`` leaves of 2 Mb of the sample map."""
    folder = tmp_path_factory.mktemp("predicted") / "one"
    hs.predict(hs.sample_map(), REGION).write(folder)
    return folder


@pytest.fixture
def one(predicted: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(predicted, tmp_path / "one"))


@pytest.fixture
def batch(predicted: Path, tmp_path: Path) -> Path:
    """Two results, and a map that failed, with a reason that is no markup."""
    folder = tmp_path / "batch"
    for name in ("a", "b"):
        shutil.copytree(predicted, folder / name)
    maps = [{"map": f"{n}.cool", "folder": n, "status": "done", "error": None, "seconds": 1.5} for n in ("a", "b")]
    maps.append({"map": "c<b>.cool", "folder": None, "status": "failed", "error": "<i>no</i> & bins", "seconds": 0})
    write_batch(folder, maps)
    return folder


def write_batch(folder: Path, maps: object, version: object = 1) -> None:
    content = {"format": version, "program": "napari-hicstruct 9.9", "maps": maps}
    (folder / "batch.json").write_text(json.dumps(content))


def change_run(folder: Path, **parts: Any) -> None:
    """Replace parts of a ``run.json``; mappings are updated."""
    path = folder / "run.json"
    run = json.loads(path.read_text())
    for name, value in parts.items():
        run[name] = run[name] | value if isinstance(value, dict) else value
    path.write_text(json.dumps(run))


class Parts(HTMLParser):
    """Tags, text and addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def __contains__(self, text: object) -> bool:
        return str(text) in " ".join(self.texts)


def page_of(path: Path) -> Parts:
    return Parts(path.read_text(encoding="utf-8"))


def test_one_result_becomes_one_page(one: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(one), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == {"report": str(one / "report.html"), "maps": 1, "failed": 0, "notes": []}
    page = page_of(one / "report.html")
    assert page.tags.count("h1") == 1
    assert page.tags.count("img") > 12
    assert "script" not in page.tags
    assert all(source.startswith(("data:image/png;base64,", "#")) for source in page.sources)
    for text in ("Strongest loops", "Most uncertain", "stand out", "At random places", "Pile-up of", "Provenance"):
        assert text in page, text
    run = json.loads((one / "run.json").read_text())
    for text in (run["map"]["fingerprint"], run["model"]["sha256"], "hicstruct predict", "--region chr1:5,000,000"):
        assert text in page, text


def test_a_report_is_replaced_by_the_next_and_other_files_are_not(
    one: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change_run(one, map={"uri": "/not/there.cool"})  # as fast as it gets
    assert main(["report", str(one), "-q"]) == 0
    assert main(["report", str(one), "-q"]) == 0
    other = one / "thesis.html"
    other.write_text("mine")
    assert main(["report", str(one), "-q", "-o", str(other)]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert other.read_text() == "mine"
    assert main(["report", str(one), "-q", "-o", str(other), "--overwrite"]) == 0
    assert "<h1>" in other.read_text()


def test_a_batch_shows_all_maps_and_why_some_failed(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(batch), "-q"]) == 0
    err = capsys.readouterr().err
    assert "<i>no</i> & bins" in err
    text = (batch / "report.html").read_text()
    assert "&lt;i&gt;no&lt;/i&gt; &amp; bins" in text
    assert "<i>" not in text
    page = Parts(text)
    assert "3 maps: 2 done, 1 failed" in page
    assert "predicted by napari-hicstruct 9.9" in page
    assert [source for source in page.sources if source.startswith("#map-")] == ["#map-1", "#map-2"]


def test_sub_folders_count_where_nothing_lists_them(batch: Path) -> None:
    (batch / "batch.json").unlink()
    change_run(batch / "a", map={"uri": "/not/there.cool"})
    change_run(batch / "b", map={"uri": "/not/there.cool"})
    assert main(["report", str(batch), "-q"]) == 0
    assert "2 maps: 2 done, 0 failed" in page_of(batch / "report.html")


@pytest.mark.parametrize("change", [{"uri": "/not/there.cool"}, {"fingerprint": "0" * 64}], ids=["gone", "changed"])
def test_without_its_map_all_else_is_shown(
    one: Path, change: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    change_run(one, map=change)
    assert main(["report", str(one)]) == 0
    notes = [line for line in capsys.readouterr().err.splitlines() if line]
    assert len(notes) == 1
    assert notes[0].startswith("note: ")
    why = "is not there any more" if "uri" in change else "has changed since the prediction"
    assert why in notes[0]
    page = page_of(one / "report.html")
    assert why in page
    assert "Histogram" in (one / "report.html").read_text()
    assert "Provenance" in page
    assert "img" not in page.tags


def test_one_broken_result_does_not_lose_the_others(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (batch / "a" / "run.json").write_text("{")
    change_run(batch / "b", map={"uri": "/not/there.cool"})
    assert main(["report", str(batch), "-q"]) == 0
    assert "run.json: is damaged" in capsys.readouterr().err
    page = page_of(batch / "report.html")
    assert "3 maps: 1 done, 2 failed" in page
    assert "is damaged" in page


def test_a_fault_of_a_section_is_said_in_it(batch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_hicstruct.workflows.report import section

    change_run(batch / "b", map={"uri": "/not/there.cool"})
    calls = []

    def fail_once(*args: object) -> None:
        calls.append(args)
        if len(calls) == 1:
            raise ZeroDivisionError("<oops>")

    monkeypatch.setattr(section, "_depth", fail_once)
    assert main(["report", str(batch), "-q"]) == 0
    text = (batch / "report.html").read_text()
    assert "Internal error (ZeroDivisionError: &lt;oops&gt;)" in text
    assert text.count("<h3>Provenance</h3>") == 1  # of the other


def test_label_files_that_are_missing_or_empty_are_said(one: Path) -> None:
    change_run(one, map={"uri": "/not/there.cool"})
    (one / "stripes.bedpe").unlink()
    (one / "stripes.tsv").unlink()
    (one / "tads.bed").write_text("")
    (one / "boundaries.bed").write_text("chr1\tx\ty\n")
    loops = (one / "loops.bedpe").read_text().splitlines(keepends=True)
    (one / "loops.bedpe").write_text("".join(loops[:-1]))
    assert main(["report", str(one), "-q"]) == 0
    page = page_of(one / "report.html")
    for text in (
        "stripes.bedpe is missing: no stripes are shown.",
        "tads.bed is empty, without even a header: no TADs are shown.",
        "boundaries.bed cannot be read",
        f"loops.bedpe holds {len(loops) - 2:,}, predicted were {len(loops) - 1:,}: it was changed since.",
    ):
        assert text in page, text


def test_nothing_of_a_file_is_markup(one: Path) -> None:
    evil = "<script>alert(1)</script>"
    change_run(one, map={"uri": f"/{evil}.cool", "assembly": f'"{evil}'}, notes=[evil, f"{evil}\ud800"], made_with=evil)
    change_run(one, model={"name": evil}, parameters={"norms": {evil: evil}, "regions": [evil], "limits": {evil: evil}})
    lines = (one / "loops.bedpe").read_text().replace("chr1\t", "<script>\t")
    (one / "loops.bedpe").write_text(lines)
    assert main(["report", str(one), "-q"]) == 0
    page = page_of(one / "report.html")
    assert "script" not in page.tags
    assert evil in page


NO_RESULT = "Give the folder that 'hicstruct predict' wrote to"


BAD_ARGUMENTS = {
    "nothing there": (["none"], "there is no such folder"),
    "a file": (["batch/batch.json"], NO_RESULT),
    "no result": (["empty"], NO_RESULT),
    "an output that is a folder": (["batch", "-o", "empty"], "is a folder"),
    "an output in no folder": (["batch", "-o", "no/report.html"], "there is no such folder"),
    "a label file": (["batch", "-o", "batch/a/loops.bedpe"], "is read for this"),
    "the list": (["batch", "-o", "batch/batch.json"], "is read for this"),
    "the map": (["batch", "-o", "MAP"], "is read for this"),
}
"""What is wrong → arguments in the folder of the test, and what the one line says."""


@pytest.mark.parametrize("what", BAD_ARGUMENTS)
def test_bad_arguments_are_one_line(
    what: str, batch: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(batch.parent)
    Path("empty").mkdir()
    args, said = BAD_ARGUMENTS[what]
    before = {path: path.read_bytes() for path in batch.rglob("*") if path.is_file()}
    assert main(["report", *(hs.sample_map().uri if word == "MAP" else word for word in args), "--overwrite"]) == 2
    err = capsys.readouterr().err.strip()
    assert said in err
    assert err.count("\n") == 0
    assert {path: path.read_bytes() for path in batch.rglob("*") if path.is_file()} == before


DONE = {"map": "a.cool", "folder": "a", "status": "done", "error": None, "seconds": 1}


@pytest.mark.parametrize(
    ("maps", "version", "said"),
    [
        ([DONE], 2, "newer program (format 2"),
        ([DONE], "1", "is no list of predicted maps"),
        ([], 1, "is no list of predicted maps"),
        ("a", 1, "is no list of predicted maps"),
        ([DONE | {"status": "running"}], 1, "map 1 is neither done nor failed"),
        ([DONE, 3], 1, "map 2 is neither done nor failed"),
        ([DONE | {"map": None}], 1, "map 1 has no name"),
        ([DONE | {"folder": 1}], 1, "map 1 has no name"),
        ([DONE | {"folder": "../other"}], 1, "outside this one (../other)"),
    ],
)
def test_a_damaged_or_newer_list_is_one_line(
    batch: Path, maps: object, version: object, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_batch(batch, maps, version)
    assert main(["report", str(batch)]) == 2
    err = capsys.readouterr().err.strip()
    assert "batch.json: " in err
    assert said in err
    assert err.count("\n") == 0
    assert not (batch / "report.html").exists()


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"map": 3}', "\xff"])
def test_a_damaged_run_of_the_only_map_is_one_line(one: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    (one / "run.json").write_bytes(text.encode("latin-1"))
    assert main(["report", str(one)]) == 2
    err = capsys.readouterr().err.strip()
    assert "run.json: " in err
    assert "Predict this map again." in err
    assert not (one / "report.html").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such folders")
def test_an_output_that_fails_leaves_the_old_page(
    one: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    change_run(one, map={"uri": "/not/there.cool"})
    assert main(["report", str(one), "-q"]) == 0
    before = (one / "report.html").read_bytes()

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    assert main(["report", str(one), "-q"]) == 2
    assert "the disk is full" in capsys.readouterr().err
    assert (one / "report.html").read_bytes() == before
    assert not [path for path in one.iterdir() if path.name.startswith(".")]


def test_a_browser_shows_the_page(batch: Path, tmp_path: Path) -> None:
    """In a real engine: everything is there without network or script, nothing is wider than the window."""
    if importlib.util.find_spec("PyQt6") is None or importlib.util.find_spec("PyQt6.QtWebEngineCore") is None:
        if os.environ.get("CI", "").lower() == "true" and sys.platform == "linux":
            pytest.fail("no browser engine: pip install PyQt6-WebEngine")
        pytest.skip("no browser engine: pip install PyQt6-WebEngine")
    assert main(["report", str(batch), "-q"]) == 0
    shot = tmp_path / "page.png"
    script = str(ROOT / "tests" / "open_page.py")
    done = subprocess.run(
        [sys.executable, script, str(batch / "report.html"), str(shot)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["loaded"] is True
    assert found["console"] == []
    assert found["images"] > 24
    assert found["broken"] == found["unnamed"] == found["scripts"] == found["dead"] == 0
    assert found["charts"] == 8  # three sizes and a decay curve, of two maps
    assert found["rows"] == 2
    assert found["asked"] == ["file"]
    assert not found["wider"]
    wanted = ["Maps", "Maps without results", "Calls", "Quality", "Provenance", "What the figures mean"]
    assert set(wanted) <= set(found["headings"])
    assert shot.stat().st_size > 20_000
