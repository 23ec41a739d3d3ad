"""What is done with whole sets, without a window: each command once, and undone as one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from napari_hicstruct.annotations.records import Origin, Status
from napari_hicstruct.plugin.state.labels.geometry import Triangle
from napari_hicstruct.plugin.state.labels.set_commands import SetCommands
from napari_hicstruct.plugin.state.review.review import ReviewState
from tests.window_kit import TinyWindow, loop, make_project, tad


class Case:
    """Three sets of a window, and the commands on them."""

    def __init__(self, window: TinyWindow) -> None:
        self.window, self.labels = window, window.labels
        self.commands, self.review = SetCommands(window.labels), ReviewState(window.labels)
        project = window.project
        assert project is not None
        self.project = project
        self.hic = project.add_as_set(
            "HiCCUPS", Origin.IMPORTED, [loop(100_000, 300_000, source="HiCCUPS")], action="import"
        )
        self.tads = project.add_as_set(
            "HiTAD", Origin.IMPORTED, [tad(0, 200_000, source="x.HiTAD.txt"), tad(0, 100_000)], action="import"
        )
        self.own = project.add_set("human", Origin.HUMAN)
        self.labels.sets_changed()

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.labels.sets()]

    def shown(self) -> list[str]:
        return [one.name for one in self.labels.sets() if one.visible]


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with make_project(tmp_path) as project:
        yield Case(TinyWindow(project))


def test_the_source_is_the_one_of_the_statistics(case: Case) -> None:
    assert [case.labels.source_of(one.id) for one in (case.hic, case.tads, case.own)] == ["HiCCUPS", "HiTAD", "human"]
    assert {tally.source for tally in case.review.queue.pool.tallies()} >= {"HiCCUPS", "HiTAD"}
    case.commands.merge(case.hic.id, case.tads.id)
    assert case.labels.source_of(case.tads.id) == "HiCCUPS, HiTAD"


def test_merge_and_delete_move_what_is_drawn_and_come_back_with_one_undo(case: Case) -> None:
    catalogue = case.labels.catalogue
    assert catalogue is not None
    (uid,) = (record.uid for record in case.project.query(set_ids=[case.hic.id]))
    case.commands.merge(case.hic.id, case.tads.id)
    assert (case.names, case.labels.set_of(uid).name) == (["HiTAD", "human"], "HiTAD")
    assert case.review.undo_text() == "merge sets HiCCUPS"
    case.review.undo()
    assert (case.names, case.labels.set_of(uid).name) == (["HiCCUPS", "HiTAD", "human"], "HiCCUPS")
    case.commands.delete(case.tads.id)
    assert (case.names, len(catalogue.records)) == (["HiCCUPS", "human"], 1)
    assert "2 objects" in case.window.hints[-1]
    case.review.undo()
    assert (case.names, len(catalogue.records)) == (["HiCCUPS", "HiTAD", "human"], 3)


def test_an_undone_import_leaves_no_set(case: Case) -> None:
    case.project.add_as_set("wrong", Origin.IMPORTED, [loop(100_000, 500_000)], action="import")
    assert "wrong" in case.names
    case.review.undo()
    assert "wrong" not in case.names


def test_rename_recolour_reorder_duplicate(case: Case) -> None:
    case.commands.rename(case.hic.id, "  HiCCUPS 5 kb ")
    case.commands.rename(case.tads.id, "")
    case.commands.change(case.hic.id, colour="#009E73")
    assert (case.names[:2], case.labels.sets()[0].colour) == (["HiCCUPS 5 kb", "HiTAD"], "#009E73")
    case.commands.move(case.tads.id, -1)
    case.commands.move(case.tads.id, -1)  # it stands at the end already
    assert case.names == ["HiTAD", "HiCCUPS 5 kb", "human"]
    case.commands.duplicate(case.tads.id)
    assert case.names[-1] == "HiTAD copy"
    assert len({one.colour for one in case.labels.sets()}) == 4
    assert case.project.count(set_ids=[case.labels.sets()[-1].id]) == 2


def test_show_alone_and_all_again(case: Case) -> None:
    case.commands.change(case.own.id, visible=False)
    case.commands.show_alone(case.tads.id)
    assert (case.shown(), case.commands.is_alone(case.tads.id)) == (["HiTAD"], True)
    case.commands.show_alone(case.tads.id)
    assert case.shown() == ["HiCCUPS", "HiTAD"]


@pytest.mark.parametrize("act", ["delete", "merge"])
def test_when_the_set_shown_alone_goes_the_others_are_shown_again_also_after_an_undo(case: Case, act: str) -> None:
    case.commands.show_alone(case.tads.id)
    case.commands.delete(case.tads.id) if act == "delete" else case.commands.merge(case.tads.id, case.own.id)
    others = [name for name in case.names if name != "HiTAD"]
    assert case.shown() == others
    case.project.undo()
    assert sorted(case.shown()) == sorted([*others, "HiTAD"])


def test_the_triangle_is_kept_in_the_project(case: Case, tmp_path: Path) -> None:
    case.labels.set_triangle(case.tads.id, Triangle.LOWER)
    assert case.labels.triangle(case.tads.id) is Triangle.LOWER
    assert TinyWindow(case.project).labels.triangle(case.tads.id) is Triangle.LOWER


def test_a_locked_set_stays_and_the_reason_is_shown(case: Case) -> None:
    case.commands.change(case.tads.id, locked=True)
    case.commands.delete(case.tads.id)
    assert "HiTAD" in case.names
    assert "locked" in case.window.hints[-1]


def test_the_statuses_of_a_set_differ_in_line_and_shape_not_in_hue(case: Case) -> None:
    from napari_hicstruct.plugin.layers.overlays.drawing import DrawStyle, Item, symbol_of

    style = DrawStyle(1.0)
    drawn = [Item(loop(0, 50_000, status=status), "#CC79A7", Triangle.STORED) for status in Status]
    assert len({style.line(item)[:3] for item in drawn}) == 1
    seen = [(symbol_of(one.record), style.width(one.record), style.line(one)[3], style.inside(one)[3]) for one in drawn]
    assert len(set(seen)) == len(Status)


def test_a_large_set_is_deleted_beside_the_window(case: Case) -> None:
    many = [loop(5_000 * (i % 60), 400_000 + 5_000 * (i // 60)) for i in range(5_001)]
    made = case.project.add_as_set("many", Origin.IMPORTED, many, action="import")
    begun: list[str] = []
    case.labels.busy.changed.connect(lambda: begun.append(case.labels.busy.text))
    case.commands.delete(made.id)
    assert begun == ["Deleting a set", ""]
    assert "many" not in case.names
    assert "5,001 objects" in case.window.hints[-1]
