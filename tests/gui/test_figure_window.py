"""*Figure …* in a real window: what is seen is what is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

from napari_hicstruct.annotations import Origin, read_labels
from napari_hicstruct.genome import Interval
from tests.gui.view_kit import open_in, pump


def test_the_view_becomes_a_figure(make_napari_viewer: Callable[..., Any], data_dir: Path, tmp_path: Path) -> None:
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, data_dir / "maps" / "GM12878_MboI_chr21_10kb_hg19.cool")
    session.open_project(tmp_path / "p.hicproj")
    found = read_labels(data_dir / "labels" / "GM12878_chr21.HiCCUPS.hg19.bedpe", chromsizes=session.source.chromsizes)
    with session.project_to_write() as project:
        project.add(found.records, set_id=project.add_set("HiCCUPS", Origin.IMPORTED).id)
    session.labels.sets_changed()
    region = Interval("21", 34_000_000, 36_000_000)
    session.go_to(region, region, rest=True)
    dialog = dock.open_dialog("figure")
    drawn: list[Path] = []
    session.figure.drawn.connect(drawn.append)
    assert pump(lambda: drawn)
    assert dialog.preview_label.pixmap().width() > 200
    dialog.form.form["tilted"].value = True
    drawn.clear()
    assert pump(lambda: drawn)
    request = session.figure.request(tmp_path / "x.svg")
    assert request.tilted
    assert request.limits == tuple(session.map.layer.contrast_limits)
    dialog.form.form["tilted"].value = False
    rows, _ = session.visible()
    (loops,) = session.figure.request(tmp_path / "x.svg").labels
    seen = [one for one in found.records if one.anchor1.start < rows.end and one.anchor2.end > rows.start]
    assert 0 < len(loops.records) <= len(seen)
    dialog.save(str(tmp_path / "view"))
    assert pump(lambda: (tmp_path / "view.svg").exists() and not session.figure.writing)
    text = (tmp_path / "view.svg").read_text()
    assert f"HiCCUPS ({len(loops.records)})" in text
    dialog.close()


@pytest.mark.parametrize("tilted", [False, True])
def test_what_was_drawn_by_hand_is_in_the_figure(
    make_napari_viewer: Callable[..., Any],
    data_dir: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    tilted: bool,
) -> None:
    """Points and shapes that a person added with napari, where they are seen and in their colours."""
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, data_dir / "maps" / "GM12878_MboI_chr21_10kb_hg19.cool")
    region = Interval("21", 34_000_000, 36_000_000)
    session.go_to(region, region, rest=True)
    session.show_tilted(tilted)
    place = np.array([34_500_000.0, 35_500_000.0])
    seen = np.array(session.projection.to_world(place))
    viewer.add_points([seen], size=50_000, face_color="#00ff00", symbol="square", name="mine")
    viewer.add_points([seen], visible=False, name="hidden")
    box = [[-100_000, -100_000], [-100_000, 200_000], [100_000, 200_000], [100_000, -100_000]]
    viewer.add_shapes(
        [seen + box, seen + box, seen + box[:2]],
        shape_type=["rectangle", "ellipse", "line"],
        edge_color="#12ab34",
        face_color="transparent",
    )
    assert "units" not in capsys.readouterr().out, "napari said with each of them that units differ"
    dialog = dock.open_dialog("figure")
    marks, lines = session.figure.request(tmp_path / "x.svg").overlays
    (points,) = marks.marks
    assert points.places[0] == pytest.approx(place)
    assert (points.marker, points.sizes.tolist()) == ("s", [50_000.0])
    assert [(len(one.places), one.closed) for one in lines.lines] == [(4, True), (60, True), (2, False)]
    dialog.save(str(tmp_path / "view.svg"))
    assert pump(lambda: (tmp_path / "view.svg").exists() and not session.figure.writing)
    text = (tmp_path / "view.svg").read_text()
    assert text.count("stroke: #12ab34") == 3
    assert "#00ff00" in text
    dialog.form.form["layers"].value = False
    assert session.figure.request(tmp_path / "x.svg").overlays == ()
    dialog.close()


@pytest.mark.parametrize("tilted", [False, True])
def test_pictures_of_other_tools_are_in_the_figure(
    make_napari_viewer: Callable[..., Any], data_dir: Path, tmp_path: Path, tilted: bool
) -> None:
    """An image, one of true colours, and labels of pixels, each where it is seen."""
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, data_dir / "maps" / "GM12878_MboI_chr21_10kb_hg19.cool")
    region = Interval("21", 34_000_000, 36_000_000)
    session.go_to(region, region, rest=True)
    session.show_tilted(tilted)
    lies = {"scale": (10_000, 10_000), "translate": session.projection.to_world(np.array([34.5e6, 35.0e6]))}
    viewer.add_image(np.full((30, 20), 7.0), contrast_limits=(0, 7), colormap="green", name="grey", **lies)
    viewer.add_image(np.full((30, 20, 3), (0, 0, 255), np.uint8), rgb=True, name="colours", visible=False, **lies)
    viewer.add_labels(np.pad(np.full((10, 10), 3), ((0, 20), (0, 10))), name="pixels", opacity=1.0, **lies)
    dialog = dock.open_dialog("figure")
    green, labels = (one.pictures[0] for one in session.figure.request(tmp_path / "x.svg").overlays)
    assert green.colours.shape == (30, 20, 4)
    assert green.colours[0, 0].tolist() == [0, 255, 0, 255]
    first = session.projection.to_genome(viewer.layers["grey"].data_to_world((-0.5, -0.5)))
    assert green.corners[0] == pytest.approx(first)
    assert labels.colours[..., 3].tolist() == (255 * (viewer.layers["pixels"].data > 0)).tolist()
    dialog.save(str(tmp_path / "view.png"))
    assert pump(lambda: (tmp_path / "view.png").exists() and not session.figure.writing)
    shades = plt.imread(tmp_path / "view.png")[..., :3].reshape(-1, 3)
    assert (np.abs(shades - (0, 1, 0)).max(axis=1) < 0.02).sum() > 500
    dialog.close()


def test_pile_ups_of_what_is_shown(make_napari_viewer: Callable[..., Any], data_dir: Path, tmp_path: Path) -> None:
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, data_dir / "maps" / "GM12878_MboI_chr21_10kb_hg19.cool")
    dialog = dock.open_dialog("pileup")
    failed: list[Any] = []
    session.pileup.failed.connect(failed.append)
    dialog.start()
    assert "no objects to pile up" in str(failed[0])
    session.open_project(tmp_path / "p.hicproj")
    found = read_labels(data_dir / "labels" / "GM12878_chr21.HiCCUPS.hg19.bedpe", chromsizes=session.source.chromsizes)
    with session.project_to_write() as project:
        project.add(found.records, set_id=project.add_set("HiCCUPS", Origin.IMPORTED).id)
    session.labels.sets_changed()
    drawn: list[Path] = []
    session.pileup.drawn.connect(drawn.append)
    dialog.distances.setText("300k")
    dialog.start()
    assert pump(lambda: drawn)
    assert [one.name for one in session.pileup.result.piles] == ["HiCCUPS, below 300 kb", "HiCCUPS, 300 kb and more"]
    assert not dialog.running.isVisible()
    assert any(one.pile.n < one.given for one in session.pileup.result.piles)
    assert "left out" in dialog.notes.text(), "fewer windows than loops, and nobody says why"
    dialog.start()
    assert dialog.running.isVisible()
    dialog.running.cancel_button.click()
    assert pump(lambda: not session.pileup.running)
    assert pump(lambda: dialog.preview.text() == "Cancelled.")
    assert not dialog.running.isVisible()
    dialog.save(str(tmp_path / "piles"))
    assert (tmp_path / "piles" / "pileup.tsv").exists()
    dialog.close()
