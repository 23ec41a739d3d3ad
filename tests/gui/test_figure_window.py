"""*Figure …* in a real window: what is seen is what is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    dialog.save(str(tmp_path / "piles"))
    assert (tmp_path / "piles" / "pileup.tsv").exists()
    dialog.close()
