"""A second map in a real window: on its own half, as a difference, by a key; what changed as a queue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hicstruct.annotations.outlines import Triangle
from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.contacts.pair_levels import Joined
from napari_hicstruct.errors import MapError, OutputError
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.controllers.session import ensure_session
from napari_hicstruct.plugin.panels.compare.panel import SecondMapPanel
from napari_hicstruct.plugin.panels.map.panel import MapPanel

NAMES = {name: f"mouse_limbE11.5_Epha4_{name}_chr1_73-79Mb_10kb.cool" for name in ("WT", "DelB")}


@pytest.fixture
def session(make_napari_viewer: Any, data_dir: Path) -> Any:
    session = ensure_session(make_napari_viewer())
    session.open_map(str(data_dir / "maps" / NAMES["WT"]))
    session.go_to(Interval("chr1", 75_000_000, 79_000_000))
    assert session.second_layer.layer is None
    yield session
    session.close()


def _opened(session: Any, data_dir: Path, qtbot: Any) -> Any:
    session.second_map.open_map(data_dir / "maps" / NAMES["DelB"])
    qtbot.waitUntil(lambda: session.second_layer.layer is not None, timeout=10_000)
    return session.second_layer


def test_each_map_lies_on_its_own_half_and_the_key_changes_to_and_fro(session: Any, data_dir: Path, qtbot: Any) -> None:
    second = _opened(session, data_dir, qtbot)
    level = second.levels[0]
    deleted = slice(7_650, 7_790), slice(7_650, 7_790)
    inside = level[deleted]
    upper = np.triu(np.ones(inside.shape, bool), 3)
    assert np.nanmean(inside[upper]) > 10
    assert np.nansum(inside[upper.T]) == 0  # the second lacks these bins
    assert list(second.layer.contrast_limits) == list(session.layer.contrast_limits)
    below = session.viewer.window._qt_viewer.canvas.layer_to_visual[session.layer].node
    assert not below.visible  # it is covered: drawing it would cost as much again
    session.layer.refresh()
    assert not below.visible
    second.layer.opacity = 0.5
    assert below.visible
    second.layer.opacity = 1
    session.layer.contrast_limits = (0, 50)
    session.view_changed.emit(*session.visible())
    assert list(second.layer.contrast_limits) == [0, 50]
    assert session.second_map.flicker().endswith("DelB_chr1_73-79Mb_10kb")
    assert second.layer.name.endswith("DelB_chr1_73-79Mb_10kb")
    session.second_map.flicker()
    made, levels = second.layer, second.levels
    assert not made.visible  # the first map alone
    assert below.visible
    assert second.read_out(75e6, 74e6) == ""
    session.second_map.flicker()
    assert second.layer is made  # it was hidden, not gone: the key builds nothing anew
    assert second.levels is levels
    assert made.visible
    assert not below.visible
    session.second_map.close()
    assert len([one for one in session.viewer.layers if "DelB" in one.name]) == 0


def test_a_difference_is_coloured_about_0_and_read_out(session: Any, data_dir: Path, qtbot: Any) -> None:
    second = _opened(session, data_dir, qtbot)
    panel = SecondMapPanel(session.second_map)
    qtbot.addWidget(panel)
    panel.joined.chosen.emit(Joined.RATIO.value)
    panel.smooth.setValue(1.0)
    colours = MapPanel(session)
    qtbot.addWidget(colours)
    low, high = second.layer.contrast_limits
    assert low == -high < 0
    shown = colours.colours.scale
    assert shown.numbers == (f"≤ −{high:.2g}", "0", f"≥ +{high:.2g}")
    assert shown.colours[0][2] > shown.colours[0][0]  # blue: less
    assert shown.colours[-1][0] > shown.colours[-1][2]
    assert colours.meaning.text().startswith("log₂ of …DelB… over …WT…, depth-matched, smoothed by 10 kb, per bin pair")
    second.layer.contrast_limits = (-1, 1)
    assert colours.colours.scale.numbers == ("≤ −1", "0", "≥ +1")
    panel.joined.chosen.emit(Joined.DIFFERENCE.value)
    assert colours.meaning.text().startswith("…DelB… minus …WT…")
    panel.joined.chosen.emit(Joined.HALVES.value)
    assert colours.colours.scale.numbers[0] == "0"  # the colours of the map again
    assert colours.meaning.text().startswith("normalised contacts as stored, per bin")
    panel.joined.chosen.emit(Joined.RATIO.value)
    session.second_map.show(Joined.FIRST)
    assert colours.colours.scale.numbers[0] == "0"
    panel.joined.chosen.emit(Joined.RATIO.value)
    value = second.levels[0][7_700:7_701, 7_600:7_601]
    assert value[0, 0] < -1  # the deletion
    assert "blue: less" in panel.meaning.text()
    assert panel.meaning.text().startswith("red: more in …DelB…,")  # a whole name would be wider than the section
    assert panel.name.text() == "…DelB…"
    assert panel.name.toolTip().endswith(NAMES["DelB"])
    drawn = second.levels[min(second.layer.data_level, len(second.levels) - 1)]
    at = slice(75_600_000 // drawn.resolution, 75_800_000 // drawn.resolution)
    beyond = slice(78_200_000 // drawn.resolution, 78_400_000 // drawn.resolution)
    assert drawn[at, beyond].mean() > 1  # what the deletion has brought together
    assert "times as many" in second.read_out(75_700_000, 78_300_000)


def test_beside_the_map_both_cameras_move_together(session: Any, data_dir: Path, qtbot: Any) -> None:
    view = session.second_view
    _opened(session, data_dir, qtbot)
    first = session.viewer.scene.camera
    center, zoom = first.center, first.zoom
    session.second_map.show_beside(True)
    second = view.model.scene.camera

    def same_place() -> None:
        lower = view._lower() / first.zoom  # the title above it: each row is as high on the screen in both
        assert first.zoom == second.zoom
        assert second.center == pytest.approx((0, first.center[1] + lower, first.center[2]))

    assert (first.center, first.zoom) == (center, zoom)  # what was seen stays
    same_place()
    first.zoom = 2 * zoom
    assert second.zoom == 2 * zoom
    same_place()
    second.center = (0.0, 76e6, 77e6)
    assert first.center[2] == 77e6
    same_place()
    layer = view.model.layers[0]
    assert list(layer.contrast_limits) == list(session.layer.contrast_limits)
    session.second_map.close()
    assert view.model is None


def test_casings_of_labels_lie_above_both_maps(session: Any, data_dir: Path, qtbot: Any) -> None:
    span = Interval("chr1", 75_640_000, 77_510_000)
    project = session.ensure_project()
    project.add([Annotation(kind="tad", anchor1=span, anchor2=span)], set_id=project.add_set("own", "imported").id)
    session.labels.sets_changed()
    session.editing.editor.redraw()
    meshes = session.editing.editor._casings.meshes()
    assert meshes
    visuals = session.viewer.window._qt_viewer.canvas.layer_to_visual

    def between(picture: Any) -> None:
        lowest = min(visuals[one.layer].node.order for one in session.editing.editor.overlays.values())
        assert all(visuals[picture].node.order < mesh.order < lowest for mesh in meshes)

    between(session.layer)
    second = _opened(session, data_dir, qtbot)
    between(second.layer)
    assert second.layer.as_layer_data_tuple()[2] == "image"  # as what napari saves it
    session.second_map.close()
    between(session.layer)


def test_labels_of_the_second_map_lie_on_its_half_and_are_locked(
    session: Any, data_dir: Path, tmp_path: Path, qtbot: Any
) -> None:
    _opened(session, data_dir, qtbot)
    path = tmp_path / "tads.bed"
    path.write_text("chr1\t75640000\t78480000\n", encoding="utf-8")
    session.second_map.import_labels([path])
    qtbot.waitUntil(lambda: bool(session.labels.sets()) and session.labels.sets()[0].locked, timeout=20_000)
    (own,) = session.labels.sets()
    assert session.labels.triangle(own.id) is Triangle.LOWER


def test_what_cannot_lie_on_the_map_is_refused_and_what_was_open_stays(
    session: Any, data_dir: Path, qtbot: Any
) -> None:
    second = _opened(session, data_dir, qtbot)
    for name, says in (
        (NAMES["WT"], "open already"),
        ("mouse_ES_chr18_50-70Mb_25kb.cool", "no chromosome of the first map"),
        ("shallow_chr22_5kb-2.5Mb_hg19.hic", "first map"),
    ):
        with pytest.raises(MapError, match=says):
            session.second_map.open_map(data_dir / "maps" / name)
    assert session.second_map.source.name.endswith("DelB_chr1_73-79Mb_10kb")
    assert second.layer is not None


def test_changes_become_the_queue_of_a_project_of_their_own(
    session: Any, data_dir: Path, tmp_path: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _opened(session, data_dir, qtbot)
    span = Interval("chr1", 75_640_000, 77_510_000)
    lost = Annotation(kind="tad", anchor1=span, anchor2=span)
    kept = Interval("chr1", 74_450_000, 75_320_000)
    same = Annotation(kind="tad", anchor1=kept, anchor2=kept)

    def calls(_request: Any, _maps: Any, _token: Any, _notes: Any) -> Any:
        yield from ()
        return [lost, same], [same]

    monkeypatch.setattr("napari_hicstruct.workflows.compare.calls.iter_calls", calls)
    session.second_map.own_process = False
    ended: list[Any] = []
    session.second_map.compared.connect(lambda *_: ended.append(True))
    session.problem.connect(ended.append)
    session.second_map.compare(tmp_path / "changes")
    qtbot.waitUntil(lambda: bool(ended), timeout=60_000)
    assert ended == [True]
    assert session.project.path == tmp_path / "changes" / "changes.hicproj"
    assert [one.name for one in session.project.sets()] == [f"lost in {session.second_map.source.name}"]
    queue = session.review.queue
    qtbot.waitUntil(lambda: queue.left == 1, timeout=10_000)
    (uid,) = queue.uids
    (said,) = queue.notes_of(uid)
    assert said.startswith("lost · its bins hold no contacts in B · FDR ")
    queue.set_order("")
    queue.set_notes("change", {})
    session.open_map(str(data_dir / "maps" / NAMES["WT"]))
    session.open_project(tmp_path / "changes" / "changes.hicproj")  # another day
    assert queue.notes_of(uid) == [said]
    assert queue.order == "score"
    _opened(session, data_dir, qtbot)
    (tmp_path / "taken").write_text("", encoding="utf-8")
    with pytest.raises(OutputError):
        session.second_map.compare(tmp_path / "taken")


def _map_of(path: Path, *chroms: str, count: int = 3) -> Path:
    """200 kb of each chromosome in bins of 5 kb, with contacts beside the diagonal."""
    import cooler
    import pandas as pd

    starts = np.tile(np.arange(40) * 5_000, len(chroms))
    names = pd.Categorical(np.repeat(chroms, 40), categories=chroms)
    bins = pd.DataFrame({"chrom": names, "start": starts, "end": starts + 5_000})
    pairs = [(i, i + k) for i in range(len(starts)) for k in range(3) if (i + k) // 40 == i // 40]
    pixels = pd.DataFrame(pairs, columns=["bin1_id", "bin2_id"]).assign(count=count)
    cooler.create_cooler(str(path), bins, pixels, ordered=True)
    return path


def test_a_chromosome_that_the_second_map_lacks_is_said(make_napari_viewer: Any, tmp_path: Path, qtbot: Any) -> None:
    session = ensure_session(make_napari_viewer())
    session.open_map(str(_map_of(tmp_path / "first.cool", "chr1", "chr2")))
    panel = SecondMapPanel(session.second_map)
    qtbot.addWidget(panel)
    summaries: list[str] = []
    panel.summary.connect(summaries.append)
    assert session.second_layer.layer is None
    session.second_map.open_map(_map_of(tmp_path / "second.cool", "chr1", count=5))
    assert panel.meaning.text().startswith("above: first")
    assert panel.compare.isEnabled()
    session.set_chrom("chr2")
    assert panel.meaning.text() == "second has no chr2: first alone"
    assert not panel.compare.isEnabled()
    assert summaries[-1] == ""
    session.set_chrom("chr1")
    assert panel.meaning.text().startswith("above: first")
    assert panel.compare.isEnabled()
    session.close()
