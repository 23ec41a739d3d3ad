"""``hs.show`` opens the window that the command opens, and says in words where there can be none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import napari_hicstruct as hs

Show = Callable[..., Any]


def test_map_calls_and_region(shown: Show, sample: hs.ContactMap, calls: hs.Calls, tmp_path: Path) -> None:
    path = tmp_path / "shown.hicproj"
    viewer, session, waited = shown(sample, calls, "chr1:5.5M-6M", project=path, norm="raw")
    assert waited == 1, "a script waits until the window is closed"
    assert session.project.path == path
    assert {record.uid for record in session.project.query()} == {record.uid for record in calls}
    assert [one.name for one in session.project.sets()] == [f"default {calls.run['model']['version']}"]
    rows, cols = session.visible()
    assert rows.start <= 5_500_000 < 6_000_000 <= rows.end
    assert cols.start <= 5_500_000 < 6_000_000 <= cols.end
    assert session.norm == "raw"
    assert {"Loops", "TADs"} <= {layer.name for layer in viewer.layers} or len(viewer.layers) > 1


def test_calls_are_kept_once_however_often_they_are_shown(
    shown: Show, sample: hs.ContactMap, calls: hs.Calls, tmp_path: Path
) -> None:
    path = tmp_path / "again.hicproj"
    with hs.open_project(path, sample) as p:
        p.add(calls[:3])
    _, session, waited = shown(sample, calls.to_dataframe(), project=path, block=False)
    assert waited == 0
    assert len(session.project.query()) == len(calls)
    assert session.visible()[0].overlaps(calls[0].span)


def test_looking_leaves_nothing(
    shown: Show, sample: hs.ContactMap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a small screen (1366 × 768 at 150 %) either: napari's panels alone are higher than that."""
    from qtpy.QtCore import QSize
    from qtpy.QtGui import QScreen

    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))  # other tests may have kept something of the sample
    monkeypatch.setattr(QScreen, "availableSize", lambda _screen: QSize(911, 512))
    viewer, session, _ = shown(sample, block=False)
    frame = viewer.window._qt_window.frameGeometry()
    assert (frame.width(), frame.height()) <= (911, 512)
    assert frame.height() <= 512
    assert session.project is None
    assert not (tmp_path / "home").exists()


def test_what_cannot_be_shown_opens_no_window(sample: hs.ContactMap, monkeypatch: pytest.MonkeyPatch) -> None:
    import napari

    monkeypatch.setattr(napari, "Viewer", lambda **_: pytest.fail("a window was opened"))
    with pytest.raises(hs.errors.RegionError, match="chr9"):
        hs.show(sample, region="chr9:0-1M")
    loop = hs.Annotation(kind="loop", anchor1=hs.Interval("chrX", 0, 5), anchor2=hs.Interval("chrX", 10, 15))
    with pytest.raises(hs.errors.ProjectError, match=r"the map has no loop at chrX:0-15"):
        hs.show(sample, [loop])
    with pytest.raises(hs.errors.MapError, match="none"):
        hs.show("none.mcool")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there always is a display")
def test_no_display(sample: hs.ContactMap) -> None:
    code = f"import napari_hicstruct as hs\ntry: hs.show({sample.uri!r})\nexcept hs.HicStructError as e: print(e)"
    env = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=120, check=True
    )
    assert done.stdout.strip() == "there is no display here. Start a virtual one: xvfb-run -a python …"


def test_no_qt(sample: hs.ContactMap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(hs.HicStructError, match=r'no Qt is installed.*pip install "napari-hicstruct\[pyqt6\]"'):
        hs.show(sample)


def test_a_script_may_end_with_its_window_open(sample: hs.ContactMap) -> None:
    code = f"import napari_hicstruct as hs\nviewer = hs.show({sample.uri!r}, block=False)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
