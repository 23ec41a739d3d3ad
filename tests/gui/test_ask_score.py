"""A dropped label file that does not say which column is its score: the window asks once, and reads it again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_hicstruct.annotations import read_labels
from napari_hicstruct.errors import Cancelled
from napari_hicstruct.plugin import _reader
from napari_hicstruct.plugin.state.labels.importing import ScoreChoice
from napari_hicstruct.plugin.widgets.score_dialog import ScoreDialog, ask_score
from tests.gui.edit_kit import CHROM, TinySession, add_map, make_project
from tests.gui.view_kit import imported, pump


@pytest.fixture
def session(tmp_path: Path, qapp: Any) -> Iterator[Any]:
    viewer = ViewerModel()
    add_map(viewer)
    with make_project(tmp_path) as project:
        made = TinySession(viewer, project)
        yield made
        made.editing.close()


def _loops(path: Path, *values: str, trans: int = 0) -> Path:
    rows = []
    for x, value in enumerate(values, start=20):
        cells = (CHROM, 5_000 * x, 5_000 * x + 5_000, CHROM, 5_000 * x + 50_000, 5_000 * x + 55_000, value)
        rows.append("\t".join(map(str, cells)))
    rows += [f"{CHROM}\t1000\t2000\tchr2\t1000\t2000\t1"] * trans
    path.write_text("\n".join(rows) + "\n")
    return path


def test_the_answer_ranks_and_is_asked_for_once_per_file(session: Any, tmp_path: Path) -> None:
    asked: list[tuple[str, list[int]]] = []

    def ask(path: Path, label_file: Any) -> ScoreChoice | None:
        asked.append((path.name, [one.number for one in label_file.undecided]))
        return ScoreChoice(7, lower_is_better=True) if path.name == "p.bedpe" else None

    p_values = _loops(tmp_path / "p.bedpe", "1e-8", "1e-12", "0.03", trans=2)
    nothing = _loops(tmp_path / "n.bedpe", "1", "2", "3")
    plain = tmp_path / "plain.bed"
    plain.write_text(f"{CHROM}\t100000\t300000\n")
    report = imported(session, [p_values, nothing, plain], ask=ask)
    made = [one.set.id for one in report.imported]
    assert asked == [("p.bedpe", [7]), ("n.bedpe", [7])]
    scores = [[r.score for r in session.project.query(set_ids=[one])] for one in made]
    assert scores[0] == pytest.approx([2 / 3, 1, 1 / 3])
    assert all(score != score for score in scores[1])
    text = "\n".join(line.text for line in report.lines())
    assert "2 lines join two chromosomes, left out" in text
    assert text.count("meaning unknown") == 1


def test_nobody_is_asked_where_nobody_sits(session: Any, tmp_path: Path) -> None:
    report = imported(session, [_loops(tmp_path / "p.bedpe", "1e-8", "1e-12")])
    assert "column 7 kept, meaning unknown" in report.lines()[1].text


def test_dropped_files_are_asked_about(session: Any, tmp_path: Path, monkeypatch: Any) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(
        "napari_hicstruct.plugin.widgets.score_dialog.ask_score", lambda path, _: asked.append(path) or None
    )
    path = _loops(tmp_path / "p.bedpe", "1e-8", "1e-12")
    _reader._import_labels(session, [str(path)])
    assert pump(lambda: session.importing.report is not None)
    assert asked == [path]


def test_dialog_names_columns_and_knows_p_values(tmp_path: Path, qtbot: Any) -> None:
    path = tmp_path / "h.tsv"
    path.write_text(
        "chrom1\tstart1\tend1\tchrom2\tstart2\tend2\tcount\tpvalue\n"
        "chr1\t1\t2\tchr1\t5\t6\t30\t0.01\nchr1\t3\t4\tchr1\t7\t8\t10\t0.02\n"
    )
    dialog = ScoreDialog(path, read_labels(path).undecided)
    qtbot.addWidget(dialog)
    assert dialog.choice() is None
    assert [dialog.columns.itemText(k) for k in (1, 2)] == [
        "column 7 (count): 30, 10 …",
        "column 8 (pvalue): 0.01, 0.02 …",
    ]
    dialog.columns.setCurrentIndex(1)
    assert dialog.choice() == ScoreChoice(7, lower_is_better=False)
    dialog.columns.setCurrentIndex(2)
    assert dialog.choice() == ScoreChoice(8, lower_is_better=True)


@pytest.mark.parametrize("accepted", [True, False])
def test_the_question_is_answered_or_left(tmp_path: Path, qtbot: Any, accepted: bool) -> None:
    path = _loops(tmp_path / "p.bedpe", "1e-8", "1e-12")

    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, ScoreDialog)
        dialog.columns.setCurrentIndex(1)
        dialog.accept() if accepted else dialog.reject()

    QTimer.singleShot(200, answer)
    if accepted:
        assert ask_score(path, read_labels(path)) == ScoreChoice(7, lower_is_better=False)
    else:
        with pytest.raises(Cancelled, match=r"p\.bedpe was not imported"):
            ask_score(path, read_labels(path))


def test_a_file_that_is_not_wanted_is_not_imported(session: Any, tmp_path: Path) -> None:
    def leave(path: Path, _: Any) -> ScoreChoice | None:
        raise Cancelled(f"{path.name} was not imported.")

    before = len(session.project.sets())
    report = imported(session, [_loops(tmp_path / "p.bedpe", "1e-8", "1e-12")], ask=leave)
    assert report.imported == ()
    assert len(session.project.sets()) == before
    assert report.headline() == "Not imported: cancelled. (p.bedpe)"
    assert not report.is_failure
