"""Opening, looking and moving about in a real window."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.utils.notifications import Notification, notification_manager
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_hicstruct.annotations import Project
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.controllers.session import session_of
from tests.gui.view_kit import drawn_places, open_in, pump, write_dots

HFFC6 = "maps/HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool"
CHR21 = "maps/GM12878_MboI_chr21_10kb_hg19.cool"
LNCAP = "maps/LNCaP_chr7_chr14_10kb_hg38.cool"
Make = Callable[..., Any]


@pytest.fixture
def said() -> Any:
    """Notifications that the person saw during the test."""
    seen: list[Notification] = []
    notification_manager.notification_ready.connect(seen.append)
    yield seen
    notification_manager.notification_ready.disconnect(seen.append)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_the_first_picture_is_the_map(make_napari_viewer: Make, data_dir: Path, asynchronous: bool) -> None:
    from napari.settings import get_settings

    get_settings().experimental.async_ = asynchronous
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, data_dir / HFFC6)
    rows, cols = session.visible()
    assert (session.chrom, session.norm, session.resolution) == ("chr17", "weight", 5_000)
    assert Interval("chr17", rows.start, rows.end).overlaps(Interval("chr17", 62_540_000, 62_541_000)), "at contacts"
    assert rows.end >= 63_500_000
    block = session.source.fetch(rows, cols, resolution=5_000, norm="weight")
    places = drawn_places(viewer, session.layer)
    for i, j in np.argwhere(np.nan_to_num(block) > 0)[::997]:
        middle = (rows.start // 5_000 + i + 0.5) * 5_000, (cols.start // 5_000 + j + 0.5) * 5_000
        assert places[middle] == pytest.approx(block[i, j], rel=1e-6)
    low, high = session.layer.contrast_limits
    assert (low, high) == (0, pytest.approx(np.nanpercentile(block, 97), rel=0.05))
    assert [str(unit) for unit in session.layer.units] == ["basepair", "basepair"]
    assert viewer.canvas.overlays["scale_bar"].visible
    assert viewer.canvas.overlays["scale_bar"].position == "bottom_left", "messages come up at the right"
    assert list(dock.sections) == ["map", "labels", "tracks", "second", "predict", "review", "learn", "why", "export"]
    assert not session.ensure_project().read_only


@pytest.mark.parametrize("ladder", [(5, 10, 25, 50, 100), (5, 10, 20, 40)])
def test_a_contact_is_drawn_within_half_a_bin_of_its_place(
    make_napari_viewer: Make, tmp_path: Path, ladder: Sequence[int]
) -> None:
    ladder = [1_000 * kb for kb in ladder]
    dots = [(1_234_567, 7_654_321, 5), (119_998_000, 131_071_999, 7), (241_000_001, 248_956_421, 11)]
    viewer = make_napari_viewer(show=True)
    session, _ = open_in(viewer, write_dots(tmp_path / "dots.mcool", ladder, 248_956_422, dots))
    canvas, seen = min(viewer.canvas.size), set()
    for resolution in (level.resolution for level in session.map.levels):
        size = int(canvas * resolution * 0.9)
        for first, second, count in dots:
            session.go_to(*(_around(place, size) for place in (first, second)))
            pump(lambda: False, 0.2)
            found = [place for place, value in drawn_places(viewer, session.layer).items() if value == count]
            half = session.resolution / 2
            assert any(abs(i - first) <= half and abs(j - second) <= half for i, j in found), (resolution, found)
        seen.add(session.resolution)
    assert seen >= set(ladder), "each stored level was drawn"


def _around(place: int, size: int, length: int = 248_956_422) -> Interval:
    start = min(max(0, place - size // 2), max(0, length - size))
    return Interval("chr1", start, min(length, start + size))


def test_the_cursor_says_place_contacts_ratio_and_distance(make_napari_viewer: Make, data_dir: Path) -> None:
    viewer = make_napari_viewer(show=True)
    session, _ = open_in(viewer, data_dir / HFFC6)
    assert pump(lambda: session.map.shown().reference is not None), "the expected arrives in the background"
    place = (62_706_000.0, 63_411_000.0)
    rows, cols = Interval("chr17", 62_705_000, 62_710_000), Interval("chr17", 63_410_000, 63_415_000)
    count = int(session.source.fetch(rows, cols, resolution=5_000)[0, 0])
    text = session.layer.get_status(place, world=True)["coordinates"]
    noun = "contact" if count == 1 else "contacts"
    assert text.startswith(f"chr17:62,705,000 × chr17:63,410,000 · {count} {noun} · O/E ")
    assert text.endswith(" · 705 kb")
    balanced = float(session.source.fetch(rows, cols, resolution=5_000, norm="weight")[0, 0])
    expected = session.map.shown().reference.expected[141]
    assert float(text.split("O/E ")[1].split(" ")[0]) == pytest.approx(balanced / expected, rel=0.06)
    session.set_norm("raw")
    session.map.set_ratio(True)
    assert pump(lambda: session.map.drawn.ratio)
    pump(lambda: False, 0.3)
    assert session.layer.get_status(place, world=True)["coordinates"] == text, "the same under O/E of the raw map"


def test_the_title_says_which_map_and_where_one_is(make_napari_viewer: Make, data_dir: Path) -> None:
    viewer = make_napari_viewer(show=True)
    own = viewer.title
    viewer.window.resize(1_500, 950)
    session, dock = open_in(viewer, data_dir / CHR21)
    session.go_to(Interval("21", 29_700_000, 33_300_000))
    assert pump(lambda: ":29.7–33.3 Mb, 10 kb — napari" in viewer.title), viewer.title
    assert viewer.title.startswith("GM12878_MboI_chr21_10kb_hg19 · chr21:")
    assert dock.map.chrom.currentText() == "chr21", "as title, axes and region box say it"
    assert session.layer.axis_labels == ("chr21 (anchor 1)", "chr21 (anchor 2)")
    assert viewer.window._qt_window.windowTitle() == viewer.title
    viewer.scene.camera.center = (0, 24_450_000, 24_850_000)
    viewer.scene.camera.zoom *= 15
    assert pump(lambda: " × " in dock.map.region.text())
    text = dock.map.region.text()
    before = session.visible()
    dock.map.region.setText(text)
    QTest.keyClick(dock.map.region, Qt.Key.Key_Return)  # what it shows it reads
    assert not dock.map.problem.isVisible()
    slack = len(before[0]) / 20
    assert all(abs(a.center - b.center) < slack for a, b in zip(before, session.visible(), strict=True))
    dock.map.region.setText("33200000")
    QTest.keyClick(dock.map.region, Qt.Key.Key_Return)
    assert [part.center for part in session.visible()] == [33_200_000, 33_200_000]
    session.close_map()
    assert pump(lambda: viewer.title == own)


def test_region_box_history_and_clear_errors(make_napari_viewer: Make, data_dir: Path, said: list[Any]) -> None:
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, data_dir / HFFC6)
    panel = dock.map

    def type_in(text: str) -> tuple[Interval, Interval]:
        panel.region.selectAll()
        QTest.keyClicks(panel.region, text)
        QTest.keyClick(panel.region, Qt.Key.Key_Return)
        pump(lambda: False, 0.2)
        return session.visible()

    home = session.visible()
    for text in ("chr17:62.6M-62.9M", "17:62,600,000-62,900,000", "62.6M-62.9M"):
        rows, cols = type_in(text)
        inside = Interval("chr17", max(rows.start, cols.start), min(rows.end, cols.end))
        assert (inside.start, inside.end) == (pytest.approx(62_600_000, abs=2), pytest.approx(62_900_000, abs=2))
    near = session.visible()
    type_in("chr17:90M-91M")
    assert "83,257,441" in panel.problem.text()
    assert panel.problem.isVisible()
    type_in("chrQ:1-2")
    assert "no chromosome 'chrQ'" in panel.problem.text()
    assert session.visible() == near, "a mistake moves nothing"
    panel.back.click()
    pump(lambda: False, 0.2)
    assert _same(session.visible(), home)
    assert not panel.problem.isVisible()
    panel.forward.click()
    pump(lambda: False, 0.2)
    assert _same(session.visible(), near)
    assert not said, "no notification on top of the line below the box"


def _same(one: tuple[Interval, Interval], other: tuple[Interval, Interval]) -> bool:
    return all(abs(a.start - b.start) < 10 and abs(a.end - b.end) < 10 for a, b in zip(one, other, strict=True))


def test_another_chromosome_is_shown_in_full(make_napari_viewer: Make, data_dir: Path) -> None:
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, data_dir / LNCAP)
    assert session.chrom == "chr7"
    session.go_to(Interval("chr7", 5_000_000, 6_000_000))
    pump(lambda: False, 0.3)
    dock.map.chrom.setCurrentText("chr14")
    dock.map.chrom.textActivated.emit("chr14")
    pump(lambda: False, 0.4)
    rows, cols = session.visible()
    assert rows.chrom == "chr14"
    assert rows.end >= 38_000_000
    assert cols.start <= 17_000_000
    spot = Interval("chr14", 30_000_000, 30_400_000)
    session.go_to(spot)
    pump(lambda: False, 0.4)
    assert session.resolution == 10_000
    block = session.source.fetch(spot, spot, resolution=10_000, norm=session.norm)
    places = drawn_places(viewer, session.layer)
    assert places[(30_205_000.0, 30_305_000.0)] == pytest.approx(block[20, 30], rel=1e-6)
    assert session.layer.axis_labels[0].startswith("chr14")


def test_what_is_no_map_is_said_once_and_leaves_the_window_as_it_was(
    make_napari_viewer: Make, data_dir: Path, said: list[Any]
) -> None:
    viewer = make_napari_viewer(show=True)
    session, _ = open_in(viewer, data_dir / CHR21)
    viewer.open(str(data_dir / "awkward/not_a_hic_file.hic"), plugin="napari-hicstruct")
    assert len(said) == 1
    assert "not_a_hic_file.hic" in said[0].message
    assert session.source is not None
    assert session.source.name.startswith("GM12878")
    assert session.layer in viewer.layers


def test_closing_the_window_lets_go_of_the_project(make_napari_viewer: Make, data_dir: Path) -> None:
    viewer = make_napari_viewer(show=True)
    session, _ = open_in(viewer, data_dir / HFFC6)
    path = session.ensure_project().path
    viewer.close()
    pump(lambda: session_of(viewer) is None, 3)
    with Project.open(path) as project:
        assert not project.read_only, project.read_only_reason


def test_an_open_map_leaves_the_processor_alone(make_napari_viewer: Make, data_dir: Path) -> None:
    viewer = make_napari_viewer(show=True)
    session, _ = open_in(viewer, data_dir / HFFC6)
    pump(lambda: session.map.shown().reference is not None)

    def share() -> float:
        """Of the processor, over two seconds in which nothing happens."""
        before, start = time.process_time(), time.monotonic()
        while time.monotonic() < start + 2:  # as Qt's loop sleeps between events
            QTest.qWait(100)
        return (time.process_time() - before) / (time.monotonic() - start)

    assert any(share() < 0.05 for _ in range(10))  # libraries are loaded beside the window at first


def test_view_draws_into_a_file(data_dir: Path, tmp_path: Path) -> None:
    target = tmp_path / "map.png"
    code = "import sys; from napari_hicstruct.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "view"]
    labels = data_dir / "labels/HFFc6_chr17_62.5-63.5Mb.chromosight.5kb.hg38.bedpe"
    words = [data_dir / HFFC6, "--labels", labels, "--region", "chr17:62.6M-63.2M", "--screenshot", target]
    began = time.time()
    done = subprocess.run([*command, *map(str, words)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    from matplotlib.image import imread

    picture = imread(target)
    assert picture.shape[0] > 700
    assert picture.shape[1] > 1_200
    colours = (picture * 255).astype(int)
    red = (colours[..., 0] > colours[..., 1] + 60) & (colours[..., 1] < 60)
    assert red.mean() > 0.01, "the diagonal is dark red"
    assert not list(tmp_path.glob(".*")), "no half-written file stays"
    own = Path(os.environ["HICSTRUCT_HOME"])
    assert not [p for p in own.rglob("*.hicproj") if p.stat().st_mtime > began], "the person's project is left alone"
    bad = subprocess.run(
        [*command, str(data_dir / "awkward/not_a_hic_file.hic")], capture_output=True, text=True, timeout=60
    )
    assert bad.returncode == 2
    assert len(bad.stderr.strip().splitlines()) == 1


def test_the_sample_and_the_menus_work(make_napari_viewer: Make, said: list[Any]) -> None:
    from napari._app_model import get_app_model

    viewer = make_napari_viewer(show=True)
    commands = get_app_model().commands
    commands.execute_command("napari-hicstruct.predict_view")
    assert [one.message for one in said] == ["No contact map is open. Open a .cool, .mcool or .hic file first."]
    viewer.open_sample("napari-hicstruct", "simulated")
    session = session_of(viewer)
    assert pump(lambda: session.map is not None, 120)
    assert session.source.resolutions[0] == 5_000
    (truth,) = (one for one in session.labels.sets() if one.name == "truth (simulated)")
    assert (truth.name, truth.locked, truth.visible) == ("truth (simulated)", True, True)
    known = session.labels.project.query(set_ids=[truth.id])
    assert {record.kind for record in known} == {
        Kind.LOOP,
        Kind.STRIPE,
        Kind.TAD,
    }
    viewer.open_sample("napari-hicstruct", "simulated")
    pump(lambda: False, 2)
    assert [one.name for one in session.labels.sets()].count("truth (simulated)") == 1, "once only"
    commands.execute_command("napari-hicstruct.open_dock")
    assert len(said) == 1
