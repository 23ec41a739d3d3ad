"""Panels of editing on a real project: what they show, what they write, what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt

from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.errors import OutputError
from napari_hicstruct.plugin import _writer as writer
from napari_hicstruct.plugin.panels.export.panel import ExportPanel
from napari_hicstruct.plugin.panels.labels.panel import LabelsPanel
from napari_hicstruct.plugin.panels.review.panel import ReviewPanel
from napari_hicstruct.plugin.panels.table.panel import ObjectTable
from napari_hicstruct.plugin.state.labels.geometry import Triangle
from tests.gui.edit_kit import (
    CHROM,
    RES,
    Kind,
    Status,
    TinySession,
    add_map,
    boundary,
    loop,
    make_project,
    only,
    stripe,
    tad,
)
from tests.gui.view_kit import imported


@pytest.fixture
def session(tmp_path: Path, qapp: Any) -> Iterator[Any]:
    viewer = ViewerModel()
    add_map(viewer)
    with make_project(tmp_path) as project:
        made = TinySession(viewer, project)
        yield made
        made.editing.close()


def put(session: Any, *records: Any, name: str = "calls") -> int:
    made = session.project.add_set(name, Origin.PREDICTED)
    session.project.add(records, set_id=made.id)
    return int(made.id)


def test_labels_panel_shows_renames_hides_locks_and_flips_sets(session: Any, qtbot: Any) -> None:
    panel = LabelsPanel(session)
    qtbot.addWidget(panel)
    set_id = put(session, loop(100_000, 400_000), tad(200_000, 300_000))
    qtbot.waitUntil(lambda: set_id in panel._rows)
    row = panel._rows[set_id]
    assert (row.name.text(), row.number.text()) == ("calls", "2")
    row.shown.setChecked(False)
    row.lock.setChecked(True)
    row.name.setText("good calls")
    row.name.editingFinished.emit()
    (kept,) = session.project.sets()
    assert (kept.name, kept.visible, kept.locked) == ("good calls", False, True)
    row.drawn.activated.emit(list(Triangle).index(Triangle.LOWER))
    assert session.labels.triangle(set_id) is Triangle.LOWER


def test_import_makes_a_set_per_file_and_tells_of_bad_lines_once(session: Any, tmp_path: Path, qtbot: Any) -> None:
    panel = LabelsPanel(session)
    qtbot.addWidget(panel)
    good = tmp_path / "good.bedpe"
    good.write_text(f"{CHROM}\t100000\t105000\t{CHROM}\t400000\t405000\n17\t200000\t205000\t17\t500000\t505000\n")
    bad = tmp_path / "bad.bed"
    bad.write_text(f"{CHROM}\t100000\t300000\n{CHROM}\t500000\tx\n{CHROM}\t300000\t500000\n")
    missing = tmp_path / "missing.bedpe"
    report = imported(session, [good, bad, missing])
    assert [s.name for s in session.project.sets()] == ["good", "bad"]
    assert session.project.count(kind=Kind.LOOP) == 2
    assert session.project.count(kind=Kind.TAD) == 2
    shown = [line.text() for line in panel.report.lines]
    assert not panel.report.isHidden()
    assert shown[0].startswith("Not imported: ")
    assert shown[0].endswith("— missing.bedpe")
    assert panel.report.lines[0].toolTip() == str(missing)
    assert shown[1:3] == ["2 loops — good.bedpe", "2 TADs — bad.bed"]
    assert shown[3].startswith("· line 2 left out: ")
    assert report.headline().startswith("1 not imported: ")
    assert report.headline().endswith("(missing.bedpe) Imported 2 loops, 2 TADs from 2 files. 1 line left out.")


def test_labels_of_another_assembly_are_refused_the_reason_first(session: Any, tmp_path: Path) -> None:
    foreign = tmp_path / "mouse.bedpe"
    foreign.write_text("".join(f"chrM{i}\t1000\t2000\tchrM{i}\t9000\t10000\n" for i in range(4)))
    report = imported(session, [foreign])
    assert report.imported == ()
    assert session.project.sets() == []
    assert report.is_failure
    assert report.headline().startswith("Not imported: Has no chromosome of the map: it has chrM0, ")
    assert report.headline().endswith("(mouse.bedpe)")


def test_table_lists_filters_sorts_and_flies(session: Any, qtbot: Any) -> None:
    put(session, loop(300_000, 400_000, score=0.9), loop(100_000, 600_000, score=0.1), tad(200_000, 300_000))
    table = ObjectTable(session)
    qtbot.addWidget(table)
    table.show()
    model = table.model
    heads = list(model.columns)

    def line(row: int) -> dict[str, str]:
        return {head: model.data(model.index(row, column)) for column, head in enumerate(heads)}

    shown = [line(row) for row in range(model.rowCount())]
    assert [(one["#"], one["kind"]) for one in shown] == [("1", "loop"), ("2", "loop"), ("1", "TAD")]
    assert [shown[0][head] for head in ("start", "end", "distance, length")] == ["300,000", "405,000", "100 kb"]
    assert [shown[2][head] for head in ("start", "end", "distance, length")] == ["200,000", "300,000", "100 kb"]
    table.table.sortByColumn(heads.index("distance, length"), Qt.SortOrder.DescendingOrder)
    qtbot.waitUntil(lambda: line(0)["distance, length"] == "500 kb")
    table.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    qtbot.waitUntil(lambda: line(0)["start"] == "300,000")
    assert [shown[0][head] for head in ("probability", "ranking score", "status")] == ["", "0.900", "○ proposed"]
    table.table.sortByColumn(heads.index("ranking score"), Qt.SortOrder.DescendingOrder)
    qtbot.waitUntil(lambda: [line(row)["ranking score"] for row in range(3)] == ["0.900", "0.100", ""])
    table.kind.setCurrentIndex(table.kind.findData(Kind.TAD))
    table.kind.activated.emit(table.kind.currentIndex())
    qtbot.waitUntil(lambda: model.rowCount() == 1)
    table.table.clicked.emit(model.index(0, 0))
    rows, cols = session.visits[-1]
    assert rows == cols
    assert rows.start <= 200_000 < 300_000 <= rows.end
    assert session.labels.current.kind is Kind.TAD


def test_ten_thousand_objects_cost_the_table_nothing_but_what_is_seen(session: Any, qtbot: Any) -> None:
    put(session, *(loop(RES * (i % 90), RES * (100 + i % 80), score=i / 20_000) for i in range(12_000)))
    table = ObjectTable(session)
    qtbot.addWidget(table)
    table.show()
    assert table.model.rowCount() == 12_000
    assert table.model.data(table.model.index(11_999, 0)) == "12,000"
    table.text.setText("no such thing")
    qtbot.waitUntil(lambda: table.model.rowCount() == 0)


def test_review_panel_follows_the_current_object_and_says_what_undo_does(session: Any, qtbot: Any) -> None:
    put(session, loop(100_000, 400_000, score=0.75), stripe((200_000, 210_000), (200_000, 500_000)))
    panel = ReviewPanel(session)
    qtbot.addWidget(panel)
    assert not panel.buttons["accept"].isEnabled()
    panel.buttons["next"].click()
    qtbot.waitUntil(lambda: "loop #1" in panel.card.title.text())
    assert "ranking score 0.750" in panel.card.facts.text()
    panel.buttons["accept"].click()
    assert only(session.project, Kind.LOOP).status is Status.ACCEPTED
    qtbot.waitUntil(lambda: "stripe #1" in panel.card.title.text())  # goes on
    assert panel.buttons["undo"].toolTip().startswith("Take back: accept loop")
    panel.buttons["undo"].click()
    assert only(session.project, Kind.LOOP).status is Status.PROPOSED
    qtbot.waitUntil(lambda: panel.buttons["redo"].isEnabled())
    panel.reviewed.click()
    assert len(session.project.reviewed(CHROM)) == 1


def test_export_panel_writes_what_it_says_and_it_reads_back(session: Any, qtbot: Any, tmp_path: Path) -> None:
    kept, refused = loop(100_000, 400_000, score=0.5), loop(200_000, 500_000)
    put(session, kept, refused, tad(100_000, 300_000), boundary(100_000), name="calls")
    session.project.set_status([refused.uid], Status.REJECTED)
    other = put(session, loop(300_000, 600_000), name="other")
    panel = ExportPanel(session)
    qtbot.addWidget(panel)
    panel.sets.item(1).setCheckState(Qt.CheckState.Unchecked)
    assert panel._on(1) is False
    assert other
    panel.folder.setText(str(tmp_path / "out"))
    assert not panel.save.isEnabled()
    assert "nobody judged these objects" in panel.summary.text()
    panel.form.proposed.value = True
    told: list[str] = []
    session.done.connect(told.append)
    panel.save.click()
    assert panel.result.text() == f"Wrote 1 loop, 1 TAD, 1 boundary to {tmp_path / 'out'}"
    assert told == [panel.result.text()]
    assert panel.folder.open_button.isEnabled()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "loops.bedpe",
        "tads.bed",
        "boundaries.bed",
        "run.json",
    }
    (record,) = read_labels(tmp_path / "out" / "loops.bedpe").records
    assert (record.anchor1, record.anchor2, record.score) == (kept.anchor1, kept.anchor2, 0.5)
    assert "loop_0001" in (tmp_path / "out" / "loops.bedpe").read_text()
    for status in Status:
        panel.form[status.value].value = False
    assert not panel.save.isEnabled()
    assert panel.save.toolTip().startswith("Nothing to write")


def test_each_place_is_written_once_and_what_was_rejected_not_at_all(session: Any, qtbot: Any) -> None:
    first, refused = loop(100_000, 400_000), loop(200_000, 500_000)
    put(session, first, refused, name="calls")
    session.project.set_status([refused.uid], Status.REJECTED)
    newer, back = loop(105_000, 400_000), loop(200_000, 505_000)
    put(session, newer, back, name="fine-tuned")
    panel = ExportPanel(session)
    qtbot.addWidget(panel)
    panel.form.proposed.value = True
    assert [record.uid for record in panel.chosen()] == [newer.uid]
    panel.form.once.value = False
    assert [record.uid for record in panel.chosen()] == [first.uid, newer.uid, back.uid]
    assert panel.summary.text() == "3 objects"


def test_writer_takes_all_of_the_project_not_only_what_is_in_view(
    session: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    put(session, loop(100_000, 400_000), loop(800_000, 900_000), tad(100_000, 300_000))
    monkeypatch.setattr(writer, "_project", lambda: session.project)
    session.go_to(session.visible()[0].snap(RES).clamp(500_000))
    editor = session.editing.editor
    editor.redraw()
    layers = [editor.overlay(kind).layer.as_layer_data_tuple() for kind in (Kind.LOOP, Kind.TAD)]
    (path,) = writer.write_annotations(str(tmp_path / "mine.bedpe"), layers[:1])
    assert len(read_labels(path).records) == 2
    with pytest.raises(OutputError, match=r"Choose \.bed"):
        writer.write_annotations(str(tmp_path / "mine.bedpe"), layers)
    with pytest.raises(OutputError, match="not a layer of HiC Structures"):
        writer.write_annotations(str(tmp_path / "x.bed"), [(None, {"name": "points", "metadata": {}}, "points")])
