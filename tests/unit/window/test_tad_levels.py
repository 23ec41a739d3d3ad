"""Nested TADs: levels, which are drawn, which step back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.annotations.records import Kind, Origin, Status
from napari_hicstruct.plugin.state.labels.geometry import Triangle, outline_of
from napari_hicstruct.plugin.state.labels.tad_levels import TadLevels, nesting, opacity
from tests.window_kit import LENGTH, TinyWindow, iv, make_project, tad

SPANS = [(0, 600), (50, 300), (60, 120), (150, 300), (300, 600), (550, 700), (560, 590)]
"""kb; the last but one overlaps two others and is in neither, the last is in two that overlap."""


def levels() -> tuple[list[int], list[int]]:
    starts, ends = (1_000 * np.array(edge) for edge in zip(*SPANS, strict=True))
    outside, inside = nesting(starts, ends)
    return outside.tolist(), inside.tolist()


def test_levels_are_chains_of_tads_that_hold_each_other() -> None:
    outside, inside = levels()
    assert outside == [0, 1, 2, 2, 1, 0, 2]
    assert inside == [2, 1, 0, 0, 1, 1, 0]
    equal = np.array([5, 5]), np.array([9, 9])
    assert [found.tolist() for found in nesting(*equal)] == [[0, 1], [1, 0]]


@pytest.mark.parametrize("seed", range(20))
def test_levels_are_the_longest_chains(seed: int) -> None:
    draw = np.random.default_rng(seed)
    starts = draw.integers(0, 30, 40)
    ends = starts + draw.integers(1, 20, 40)
    order = np.lexsort((-ends, starts)).tolist()
    outside, inside = np.zeros(40, int), np.zeros(40, int)
    for place, one in enumerate(order):
        outside[one] = max((outside[k] + 1 for k in order[:place] if ends[k] >= ends[one]), default=0)
    for place, one in reversed(list(enumerate(order))):
        inside[one] = max((inside[k] + 1 for k in order[place + 1 :] if ends[k] <= ends[one]), default=0)
    found = nesting(starts, ends)
    assert found[0].tolist() == outside.tolist()
    assert found[1].tolist() == inside.tolist()


def test_outer_levels_are_fainter() -> None:
    faint = opacity(np.arange(6))
    assert faint[0] == 1
    assert np.all(np.diff(faint) <= 0)
    assert faint[-1] >= 0.3


@pytest.mark.parametrize(
    ("choice", "drawn"),
    [
        (TadLevels.ALL, [0, 1, 2, 3, 4, 5, 6]),
        (TadLevels.INNERMOST, [2, 3, 6]),
        (TadLevels.OUTERMOST, [0, 5]),
        (TadLevels.TWO, [0, 1, 4, 5]),
        (TadLevels.THREE, [0, 1, 2, 3, 4, 5, 6]),
    ],
)
def test_a_switch_says_which_are_drawn_and_is_remembered(tmp_path: Path, choice: TadLevels, drawn: list[int]) -> None:
    project = make_project(tmp_path)
    records = [tad(1_000 * start, 1_000 * end) for start, end in SPANS]
    other = tad(10_000, 590_000)  # of another set: it is in nobody's way
    project.add(records, set_id=project.add_set("HiTAD", Origin.IMPORTED).id, action="import")
    project.add([other], set_id=project.add_set("mine", Origin.HUMAN).id, action="draw")
    window = TinyWindow(project)
    window.labels.set_tad_levels(choice)
    place = iv(0, LENGTH)
    for again in (window, TinyWindow(project)):
        catalogue = again.labels.catalogue
        assert catalogue is not None
        found, _ = catalogue.in_view(Kind.TAD, place, place, triangles=again.labels.shown(), limit=100)
        assert {one.uid for one in found} == {records[k].uid for k in drawn} | {other.uid}
    hidden = next(iter(set(range(7)) - set(drawn)), None)
    if hidden is not None:  # what one looks at is drawn all the same
        keep = [records[hidden].uid]
        found, _ = catalogue.in_view(Kind.TAD, place, place, triangles=again.labels.shown(), limit=100, keep=keep)
        assert records[hidden].uid in {one.uid for one in found}
    # an outer one is faint for the sake of what is drawn in it
    faint = {TadLevels.ALL: 0.49, TadLevels.TWO: 0.7, TadLevels.THREE: 0.49}.get(choice, 1.0)
    assert catalogue.opacities([records[0], records[2]]) == pytest.approx([faint, 1.0])
    project.close()


def test_levels_are_those_among_what_is_likely_enough_and_judged_ones_stay(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    outer, middle, inner = (
        tad(10_000 * k, 900_000 - 10_000 * k, probability=p) for k, p in enumerate((0.2, 0.95, 0.3), start=1)
    )
    project.add([outer, middle, inner], set_id=project.add_set("model", Origin.PREDICTED).id)
    window = TinyWindow(project)
    catalogue, place = window.labels.catalogue, iv(0, LENGTH)
    assert catalogue is not None

    def drawn(choice: TadLevels) -> list[str]:
        window.labels.set_tad_levels(choice)
        found, _ = catalogue.in_view(Kind.TAD, place, place, triangles=window.labels.shown(), limit=9)
        return sorted(one.uid for one in found)

    assert drawn(TadLevels.OUTERMOST) == [outer.uid]
    catalogue.min_probability = 0.85
    for choice in TadLevels:
        assert drawn(choice) == [middle.uid]  # it lies in nothing that is shown, and holds nothing that is
    assert catalogue.opacities([middle]) == [1.0]
    project.set_status([inner.uid], Status.ACCEPTED)
    assert drawn(TadLevels.OUTERMOST) == sorted((middle.uid, inner.uid))
    project.close()


def test_tads_are_triangles_above_the_diagonal_by_default() -> None:
    vertices, shape = outline_of(tad(100_000, 200_000), Triangle.STORED)
    assert shape == "polygon"
    assert vertices.tolist() == [[100_000, 100_000], [100_000, 200_000], [200_000, 200_000]]
