"""Nothing stays of the former map when another is opened: messages, hints, results, the level that is drawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hicstruct.genome import Interval, format_bin_size
from napari_hicstruct.plugin.show import wait_until_drawn
from tests.gui.view_kit import open_in, pump, write_dots

LADDER, LENGTH = (10_000, 20_000, 40_000, 80_000), 40_000_000
DOTS = [(k * 100_000, k * 100_000 + step, 3) for k in range(350) for step in (0, 200_000, 900_000)]


def drawn_at(session: Any) -> str:
    return f"drawn at {format_bin_size(session.resolution)}"


def test_another_map_begins_without_a_word_of_the_one_before(
    make_napari_viewer: Callable[..., Any], tmp_path: Path
) -> None:
    first, second = (write_dots(tmp_path / f"{name}.mcool", LADDER, LENGTH, DOTS[n:]) for n, name in enumerate("ab"))
    labels = tmp_path / "mine.bedpe"
    labels.write_text("chr1\t100000\t110000\tchr1\t300000\t310000\nchr9\t1\t2\tchr9\t5\t6\n")
    session, dock = open_in(make_napari_viewer(show=True), first)
    session.importing.start([labels])
    assert pump(lambda: not session.importing.running)
    assert session.importing.report is not None
    report = dock.sections["labels"].body.report
    assert not report.isHidden()
    session.labels.hint("TAD #18 · 340 kb")
    session.prediction.message.emit("Found 146 in default 0.4")
    assert dock.predict.result.text()
    overlay = session.viewer.canvas.overlays.text
    assert overlay.visible
    session.open_map(second)
    wait_until_drawn(session)
    assert not overlay.visible
    assert report.isHidden()
    assert session.importing.report is None
    assert not dock.predict.result.text()
    assert dock.sections["export"].body.result.isHidden()
    assert session.labels.current is None
    session.close()


def test_the_level_that_is_named_is_the_one_that_is_drawn(
    make_napari_viewer: Callable[..., Any], tmp_path: Path
) -> None:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1200, 800)
    session, dock = open_in(viewer, write_dots(tmp_path / "a.mcool", LADDER, LENGTH, DOTS))
    summary = dock.sections["map"]._summary
    panel = dock.map
    assert pump(lambda: summary.text() == drawn_at(session))
    for key in ("ratio", "balanced", "raw", "ratio"):
        session.go_to(Interval("chr1", 0, LENGTH))
        panel._set_norm(key)
        wait_until_drawn(session)
        session.go_to(Interval("chr1", 5_000_000, 7_000_000))
        panel._set_norm("balanced" if key == "ratio" else "ratio")
        wait_until_drawn(session)
        assert session.resolution == LADDER[0]
        assert summary.text() == "drawn at 10 kb"
    session.close()


def test_everything_that_is_selected_goes_at_once(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> None:
    """Napari's bin takes out one layer after the other: ours must not vanish before it comes to them."""
    path = write_dots(tmp_path / "a.mcool", LADDER, LENGTH, DOTS)
    session, _ = open_in(make_napari_viewer(show=True), path)
    stack = session.viewer.layers
    session.editing.editor.show_layers()
    session.viewer.add_points([[1, 1]], name="somebody's")
    for layers in (["somebody's", session.layer.name], [layer.name for layer in stack]):
        if session.map is None:
            session.open_map(path)
            layers = [layer.name for layer in stack]
        stack.selection = {stack[name] for name in layers}
        stack.remove_selected()
        assert not [layer.name for layer in stack if layer.metadata.get("hicstruct_kind") or layer.name in layers]
        assert session.map is None
    session.open_map(path)
    assert session.layer in stack
    session.close()


def test_mirrored_stripes_stay_on_with_the_next_map(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> None:
    path = write_dots(tmp_path / "a.mcool", LADDER, LENGTH, DOTS)
    session, dock = open_in(make_napari_viewer(show=True), path)
    dock.sections["labels"].body.transposes.setChecked(True)
    assert "Stripe transposes" in session.viewer.layers
    session.viewer.layers.remove(session.layer)
    assert session.map is None
    assert "Stripe transposes" not in session.viewer.layers
    session.open_map(path)
    wait_until_drawn(session)
    assert "Stripe transposes" in session.viewer.layers
    session.close()


def test_mirrored_stripes_go_with_their_layer_or_the_stripes(
    make_napari_viewer: Callable[..., Any], tmp_path: Path
) -> None:
    path = write_dots(tmp_path / "a.mcool", LADDER, LENGTH, DOTS)
    session, dock = open_in(make_napari_viewer(show=True), path)
    stack, box = session.viewer.layers, dock.sections["labels"].body.transposes
    for gone in ("Stripe transposes", "Stripes"):
        box.setChecked(True)
        stack.remove(stack[gone])
        assert not box.isChecked()
        assert "Stripe transposes" not in stack
    session.editing.editor.show_layers()
    box.setChecked(True)
    stack["Stripes"].visible = False
    assert not stack["Stripe transposes"].visible
    assert box.isChecked(), "they come back with the stripes"
    stack["Stripes"].visible = True
    assert stack["Stripe transposes"].visible
    session.close()


def test_layers_of_others_are_in_base_pairs_while_a_map_is_open(
    make_napari_viewer: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else napari warns of units with each layer of ours that comes or goes, and the scale bar has none."""
    warned: list[str] = []
    monkeypatch.setattr("napari._vispy.canvas.show_warning", warned.append)
    viewer = make_napari_viewer(show=True)
    viewer.add_points([[1, 1]], name="points")
    pump(lambda: False, 0.1)
    session, _ = open_in(viewer, write_dots(tmp_path / "a.mcool", LADDER, LENGTH, DOTS))  # its canvas is resized now
    session.editing.show_transposes(True)
    pump(lambda: False, 0.1)
    assert warned == []
    assert {str(unit) for unit in viewer.layers.extent.units} == {"basepair"}
    viewer.add_labels(np.zeros((8, 8), int), name="labels")
    del warned[:]  # napari looks at units before anybody hears of the layer
    session.editing.show_transposes(False)
    pump(lambda: False, 0.1)
    assert {str(unit) for unit in viewer.layers.extent.units} == {"basepair"}
    viewer.layers.remove(session.layer)
    pump(lambda: False, 0.1)
    assert warned == []
    assert [(layer.name, *map(str, layer.units)) for layer in viewer.layers] == [
        ("points", "pixel", "pixel"),
        ("labels", "pixel", "pixel"),
    ]
    session.close()


def test_a_unit_that_somebody_chose_stays(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> None:
    viewer = make_napari_viewer()
    cells = viewer.add_points([[1, 1]], name="cells", units=("um", "um"))
    session, _ = open_in(viewer, write_dots(tmp_path / "a.mcool", LADDER, LENGTH, DOTS))
    assert [str(unit) for unit in cells.units] == ["micrometer"] * 2
    session.close()
    assert [str(unit) for unit in cells.units] == ["micrometer"] * 2
