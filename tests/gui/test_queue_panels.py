"""The Review section's parts: what they show, what they write, what they say when something cannot be done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QListWidget,
    QPushButton,
    QSlider,
    QWidget,
)

from napari_hicstruct.active.candidate_table import ReviewMode
from napari_hicstruct.annotations.project import Project
from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.plugin.panels.review.header import LABELS, ORDERS, pace
from napari_hicstruct.plugin.panels.review.panel import ReviewPanel
from napari_hicstruct.plugin.panels.table.panel import ObjectTable
from napari_hicstruct.plugin.state.review import reviewer
from tests.gui.edit_kit import CHROM, Kind, Status, TinySession, actions, add_map, iv, loop, make_project, tad

WIDEST = 330
"""px at 100 %: a Review section that needs more would make the dock wider."""


@pytest.fixture
def session(tmp_path: Path, qapp: Any) -> Iterator[Any]:
    viewer = ViewerModel()
    add_map(viewer)
    with make_project(tmp_path) as project:
        made = TinySession(viewer, project)
        yield made
        made.editing.close()


def put(session: Any, *records: Any, name: str = "calls", origin: Origin = Origin.PREDICTED) -> int:
    made = session.project.add_set(name, origin)
    session.project.add(records, set_id=made.id)
    return int(made.id)


def opened(session: Any, qtbot: Any, *folds: str) -> ReviewPanel:
    panel = ReviewPanel(session)
    qtbot.addWidget(panel)
    for name in folds:
        panel.folds[name].unfold()
    panel.show()
    return panel


def scored(*scores: float) -> list[Any]:
    return [loop(50_000 * k, 300_000 + 60_000 * k, score=score, source="caller") for k, score in enumerate(scores)]


def statuses(session: Any, records: list[Any]) -> list[Status]:
    return [session.project.get(r.uid).status for r in records]


def test_header_counts_and_section_line(session: Any, qtbot: Any) -> None:
    panel = opened(session, qtbot)
    said: list[str] = []
    panel.summary.connect(said.append)
    put(session, *scored(0.1, 0.5, 0.9))
    qtbot.waitUntil(lambda: "<b>3</b> left · 0 done" in panel.header.counts.text())
    panel.buttons["next"].click()
    qtbot.waitUntil(panel.buttons["accept"].isEnabled)
    panel.buttons["accept"].click()
    qtbot.waitUntil(lambda: "<b>2</b> left · 1 done" in panel.header.counts.text())
    assert said[-1] == "2 left · <1 min"


@pytest.mark.parametrize(("minutes", "text"), [(0.2, "<1 min"), (9.4, "~9 min"), (200.0, "~3 h")])
def test_pace(minutes: float, text: str) -> None:
    assert pace(minutes) == text


def test_the_order_is_chosen_typed_and_refused(session: Any, qtbot: Any) -> None:
    put(session, *scored(0.1, 0.9))
    panel = opened(session, qtbot)
    queue, box = session.editing.review.queue, panel.header.order
    assert [box.itemText(k) for k in range(box.count())] == list(LABELS.values())
    assert list(LABELS) == list(ORDERS)
    assert all(box.itemData(k, Qt.ItemDataRole.ToolTipRole) for k in range(box.count()))
    box.setCurrentText("score")
    box.activated.emit(box.currentIndex())
    assert queue.order == "score"
    box.setCurrentText("2*score + nonsense")
    box.lineEdit().editingFinished.emit()
    qtbot.waitUntil(lambda: "nonsense" in panel.header.note.text())
    assert queue.order == "score"
    box.setCurrentText("2*score+random")
    box.lineEdit().editingFinished.emit()
    qtbot.waitUntil(panel.header.note.isHidden)
    assert queue.order == "2*score+random"


def test_the_card_says_what_where_how_sure_and_why(session: Any, qtbot: Any) -> None:
    put(session, loop(100_000, 400_000, probability=0.5, source="mustache"), tad(0, 50_000), name="<calls>")
    panel = opened(session, qtbot)
    panel.buttons["next"].click()
    qtbot.waitUntil(lambda: "loop #1" in panel.card.title.text())
    assert "&lt;calls&gt;" in panel.card.title.text()
    assert "300 kb · probability 0.500 · ○ proposed · mustache" in panel.card.facts.text()
    assert panel.card.why.text() == "as uncertain as can be (p = 0.50) · no TAD corner there"
    assert "within 50 kb" in panel.card.why.toolTip()


def test_an_empty_project_says_what_to_do(session: Any, qtbot: Any) -> None:
    panel = opened(session, qtbot)
    assert "run a model" in panel.card.facts.text()
    assert not panel.buttons["next"].isEnabled()
    assert "run a model" in panel.buttons["next"].toolTip()


def test_filters_ask_show_and_clear(session: Any, qtbot: Any) -> None:
    near, far, domain = loop(0, 50_000, score=0.9), loop(0, 800_000, score=0.2), tad(0, 400_000, score=0.5)
    set_id = put(session, near, far, domain)
    panel = opened(session, qtbot, "filter")
    filters, queue = panel.filters, session.editing.review.queue
    qtbot.waitUntil(lambda: filters.set.findData(set_id) > 0)
    filters.kind.setCurrentIndex(filters.kind.findData(Kind.LOOP))
    filters.kind.activated.emit(0)
    filters.farthest.setText("100k")
    filters.farthest.editingFinished.emit()
    assert queue.uids == [near.uid]
    filters.score.setValue((0.95, 1.0))
    assert queue.uids == []
    qtbot.waitUntil(lambda: filters.summary() == "loops · 0 bp–100 kb · 0.95–1.00")
    qtbot.waitUntil(filters.clear.isEnabled)
    filters.clear.click()
    assert queue.left == 3
    filters.nearest.setText("twelve")
    filters.nearest.editingFinished.emit()
    assert "'twelve' is not a length" in session.viewer.canvas.overlays.text.text
    assert queue.left == 3
    filters.mode.setCurrentIndex(filters.mode.findData(ReviewMode.REJECTS))
    filters.mode.activated.emit(0)
    assert (queue.wanted.mode, queue.left) == (ReviewMode.REJECTS, 0)


def test_bulk_by_score_counts_live_and_is_one_step(session: Any, qtbot: Any) -> None:
    records = [*scored(0.2, 0.5, 0.8), loop(0, 900_000)]  # the last has no score
    put(session, *records)
    panel = opened(session, qtbot, "bulk")
    bulk = panel.bulk
    qtbot.waitUntil(lambda: bulk.accept.text() == "✓ all ≥ 0.50:  2")
    assert bulk.reject.text() == "✗ all < 0.50:  1"
    assert "left as they are: 1." in bulk.note.text()
    bulk.threshold.setValue(0.81)
    assert (bulk._level(), bulk.accept.isEnabled(), bulk.accept.toolTip()) == (0.81, False, "None left")
    bulk.threshold.setValue(0.6)
    bulk.reject.click()
    assert statuses(session, records) == [Status.REJECTED, Status.REJECTED, Status.PROPOSED, Status.PROPOSED]
    assert actions(session.project) == ["add", "reject"]
    qtbot.waitUntil(lambda: bulk.reject.text().endswith("0"))
    bulk.accept.click()
    assert statuses(session, records)[2] is Status.ACCEPTED
    session.editing.keys.run("undo")
    session.editing.keys.run("undo")
    assert set(statuses(session, records)) == {Status.PROPOSED}


def test_a_space_bar_after_a_common_judgment_does_not_press_the_next_button(session: Any, qtbot: Any) -> None:
    records = scored(0.2, 0.5, 0.8)
    put(session, *records)
    panel = opened(session, qtbot, "bulk")  # kept: Qt takes what is in it along
    bulk = panel.bulk
    bulk.window().activateWindow()
    bulk.threshold.setValue(0.7)
    qtbot.waitUntil(lambda: bulk.accept.isEnabled() and bulk.reject.isEnabled())
    bulk.accept.setFocus()
    qtbot.waitUntil(bulk.accept.hasFocus)
    qtbot.keyClick(bulk.accept, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not bulk.accept.isEnabled())
    assert not bulk.reject.hasFocus()
    assert statuses(session, records) == [Status.PROPOSED, Status.PROPOSED, Status.ACCEPTED]


def test_bulk_touches_only_what_passes_the_filter(session: Any, qtbot: Any) -> None:
    first, second = scored(0.9, 0.8), [tad(0, 300_000, score=0.9)]
    put(session, *first, *second)
    panel = opened(session, qtbot, "bulk")
    session.editing.review.queue.where(kinds=frozenset({Kind.TAD}))
    qtbot.waitUntil(lambda: panel.bulk.accept.text().endswith("1"))
    panel.bulk.accept.click()
    assert statuses(session, [*first, *second]) == [Status.PROPOSED, Status.PROPOSED, Status.ACCEPTED]


def test_reviewed_regions_are_listed_drawn_and_taken_back(session: Any, qtbot: Any) -> None:
    panel = opened(session, qtbot, "regions")
    layers = session.viewer.layers
    session.go_to(iv(100_000, 300_000), iv(400_000, 600_000))
    panel.reviewed.click()
    session.go_to(iv(0, 1_000_000))
    session.editing.editor.flush()
    qtbot.waitUntil(lambda: panel.regions.list.count() == 1)
    assert "0.1–0.3 × 0.4–0.6 Mb" in panel.regions.list.item(0).text()
    layer = layers["Reviewed"]
    assert [str(unit) for unit in layer.units] == [str(unit) for unit in layers["map"].units]
    ends = layer.data[:, 0]
    low, high = ends.min(axis=0), (layer.data[:, 0] + layer.data[:, 1]).max(axis=0)
    assert low.tolist() == [100_000, 100_000]  # with its mirror image
    assert high.tolist() == [600_000, 600_000]
    panel.regions.shown.setChecked(False)
    assert "Reviewed" not in layers
    panel.regions.shown.setChecked(True)
    assert "Reviewed" in layers
    assert not panel.regions.remove.isEnabled()
    panel.regions.list.setCurrentRow(0)
    panel.regions.remove.click()
    assert session.project.reviewed(CHROM) == []
    assert "Reviewed" not in layers
    session.editing.keys.run("undo")
    assert len(session.project.reviewed(CHROM)) == 1
    assert "Reviewed" in layers


def test_both_statements_stand_in_the_tooltip(session: Any, qtbot: Any) -> None:
    panel = opened(session, qtbot)
    assert "Proposals inside that nobody judged stay in the queue" in panel.reviewed.toolTip()


def test_statistics_count_by_source_with_intervals_and_agreement(session: Any, qtbot: Any) -> None:
    records = scored(0.1, 0.2, 0.3, 0.4)
    put(session, *records)
    put(session, loop(0, 700_000, status=Status.ACCEPTED, source="me"), name="human", origin=Origin.HUMAN)
    project = session.project
    project.set_status([r.uid for r in records[:2]], Status.ACCEPTED)
    project.set_status([records[2].uid], Status.REJECTED)
    panel = opened(session, qtbot, "statistics")
    model = panel.statistics.model
    qtbot.waitUntil(lambda: model.rowCount() == 1)
    shown = [model.data(model.index(0, column)) for column in range(model.columnCount())]
    assert shown == ["loop · caller", "2", "0", "1", "1", ".67"]
    assert "between 0.208 and 0.939" in model.data(model.index(0, 5), Qt.ItemDataRole.ToolTipRole)
    assert "appears once two reviewers" in panel.statistics.agreement.text()
    project.reviewer = "ben"
    for record, word in zip(records[:3], (Status.ACCEPTED, Status.REJECTED, Status.REJECTED), strict=True):
        project.set_status([record.uid], word)
    qtbot.waitUntil(lambda: "ben and tester: κ 0.40 (n = 3)" in panel.statistics.agreement.text())
    assert panel.statistics.grab().width() > 0  # the bars are painted without an error


def test_statistics_are_not_counted_while_nobody_looks(session: Any, qtbot: Any, monkeypatch: Any) -> None:
    panel = opened(session, qtbot)
    asked: list[int] = []
    monkeypatch.setattr(Project, "judgments", lambda _: asked.append(1) or [])
    put(session, *scored(0.1, 0.2))
    qtbot.wait(400)
    assert asked == []
    panel.folds["statistics"].unfold()
    qtbot.waitUntil(lambda: asked != [])


def test_the_reviewer_is_named_in_the_window_and_kept(session: Any, qtbot: Any) -> None:
    records = scored(0.1, 0.2)
    put(session, *records)
    panel = opened(session, qtbot, "statistics")
    field = panel.statistics.reviewer
    qtbot.waitUntil(lambda: field.text() == "tester")
    field.setText("  Anna \n Lind ")
    field.editingFinished.emit()
    session.project.set_status([records[0].uid], Status.ACCEPTED)
    assert session.project.journal(limit=1)[0].reviewer == "Anna Lind"
    assert reviewer.kept_name() == "Anna Lind"
    session.project.reviewer = "login"
    session.project_changed.emit(session.project)
    assert session.project.reviewer == "Anna Lind"
    reviewer._file().unlink()
    assert reviewer.kept_name() == ""


def test_a_read_only_project_says_so_on_every_button(session: Any, qtbot: Any) -> None:
    put(session, *scored(0.1, 0.9))
    with Project.open(session.project.path, read_only=True) as locked:
        session.project = locked
        session.project_changed.emit(locked)
        panel = opened(session, qtbot, *ReviewPanel(session).folds)
        panel.buttons["next"].click()
        qtbot.waitUntil(lambda: "loop" in panel.card.title.text())
        for button in (*(panel.buttons[name] for name in ("accept", "reject", "edit")), panel.reviewed):
            assert not button.isEnabled()
            assert button.toolTip() == locked.read_only_reason
        for button in (panel.bulk.accept, panel.bulk.reject, panel.bulk.lasso, panel.regions.remove):
            assert not button.isEnabled()
            assert button.toolTip() == locked.read_only_reason
        session.project_changed.emit(None)


def test_table_lists_the_queue_in_its_order(session: Any, qtbot: Any) -> None:
    records = [loop(50_000 * k, 300_000 + 60_000 * k, probability=p) for k, p in enumerate((0.9, 0.5, 0.7))]
    put(session, *records)
    table = ObjectTable(session)
    qtbot.addWidget(table)
    table.show()
    review = session.editing.review
    review.advance = False
    review.next()
    review.accept()
    table.what.setCurrentIndex(1)
    table.what.activated.emit(1)
    model = table.model
    qtbot.waitUntil(lambda: model.rowCount() == 2)
    assert [model.uid(row) for row in range(2)] == [records[2].uid, records[0].uid]
    assert [model.data(model.index(row, len(model.columns) - 1)) for row in range(2)] == ["1", "2"]
    review.queue.set_order("score")
    qtbot.waitUntil(lambda: [model.uid(row) for row in range(2)] == [records[0].uid, records[2].uid])
    review.next()
    review.accept()  # its row stays where it is and tells the new status
    status = model.columns.index("status")
    qtbot.waitUntil(lambda: model.data(model.index(0, status)) == "✓ accepted")
    assert model.rowCount() == 2


def parents(widget: Any) -> Iterator[Any]:
    while (widget := widget.parent()) is not None:
        yield widget


def test_every_control_explains_itself_and_nothing_widens_the_dock(session: Any, qtbot: Any) -> None:
    put(session, *scored(0.1, 0.9), name="a very long name of a file that somebody dropped onto the window.bedpe")
    panel = opened(session, qtbot, "filter", "bulk", "regions", "goto", "statistics")
    panel.buttons["next"].click()
    panel.reviewed.click()
    qtbot.wait(400)
    kinds = (QPushButton, QComboBox, QLineEdit, QAbstractSpinBox, QSlider, QListWidget)
    controls = [w for kind in kinds for w in panel.findChildren(kind)]
    composed = (QAbstractSpinBox, QComboBox, QAbstractSlider)  # Qt shows their tooltip for their parts
    silent = [
        w for w in controls if not (w.toolTip() or any(p.toolTip() for p in parents(w) if isinstance(p, composed)))
    ]
    assert len(controls) > 25
    assert silent == []
    assert panel.minimumSizeHint().width() <= WIDEST, {
        w.__class__.__name__: w.minimumSizeHint().width() for w in panel.findChildren(QWidget)
    }


def test_after_an_order_is_chosen_keys_are_judgments_again(session: Any, qtbot: Any) -> None:
    put(session, *scored(0.2, 0.5, 0.9))
    panel = opened(session, qtbot)
    panel.header.order.lineEdit().setFocus()
    panel.header.order.setCurrentText("random")
    panel.header.order.activated.emit(panel.header.order.currentIndex())
    assert session is panel._labels.window
    assert panel._review.queue.order == "random"
    qtbot.waitUntil(lambda: panel.header.order.currentText() == "random order")  # in words; typed either way
    assert not panel.header.order.hasFocus()
    assert not panel.header.order.lineEdit().hasFocus()


def test_what_another_set_calls_at_a_judged_place_is_not_asked_again(session: Any, qtbot: Any) -> None:
    old, alone = loop(100_000, 400_000, probability=0.5), loop(300_000, 800_000, probability=0.4)
    put(session, old, alone)
    panel = opened(session, qtbot)
    queue = panel._review.queue
    panel._review.next()
    panel._review.accept()
    assert queue.left == 1
    twin, fresh = loop(105_000, 400_000, probability=0.6), loop(500_000, 900_000, probability=0.5)
    made = put(session, twin, fresh, name="fine-tuned")
    assert (queue.left, queue.done) == (2, 1)
    assert twin.uid not in queue.uids
    queue.where(set_ids=frozenset({made}))  # these very calls
    assert set(queue.uids) == {twin.uid, fresh.uid}
    queue.where(set_ids=frozenset())
    judged = next(r.uid for r in session.project.query(statuses=[Status.ACCEPTED]))
    assert judged == old.uid
    session.project.set_status([old.uid], Status.PROPOSED)
    assert (queue.left, queue.done) == (3, 0)
    assert (twin.uid in queue.uids) != (old.uid in queue.uids)  # one of the two
    panel._review.judge_many([twin.uid], Status.REJECTED)
    assert old.uid not in queue.uids
    session.project.undo()
    assert queue.left == 3
