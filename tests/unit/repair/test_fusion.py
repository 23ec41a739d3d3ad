"""Stage 2: priority, each rule, what it reports."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_hicstruct.config.repair import FillHoles, KeepLargest, Near, RepairConfig, Touches
from napari_hicstruct.label_repair.fusion import Fused, apply_rules, by_priority, close_seams, with_rules
from tests.unit.repair.repair_kit import sample

NAMES = ["A", "B", "C"]


def fused(text: str, spacing: tuple[float, ...] = (1.0, 1.0)) -> Fused:
    """Labels drawn as text: ``.`` is background; every class claims what it has, and nothing else."""
    rows = [line.strip() for line in text.strip().splitlines()]
    image = np.array([[".ABC".index(one) for one in row] for row in rows], np.uint8)
    return Fused(image, image[..., None] == np.arange(1, 4), spacing)


def text(image: NDArray[np.uint8]) -> list[str]:
    return ["".join(".ABC"[k] for k in row) for row in image]


def changed(one: Fused, *rules: object) -> dict[tuple[str, str], int]:
    changes = with_rules(one, sample(one.image), RepairConfig().model_copy(update={"rules": rules}), NAMES)
    return {(change.rule, change.class_name): change.voxels for change in changes}


def test_the_first_class_that_claims_a_voxel_has_it() -> None:
    claims = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [0, 0, 1]], bool)
    assert by_priority(claims).tolist() == [0, 2, 1, 3]


def test_parts_that_touch_stay_also_across_a_corner() -> None:
    one = fused("""
        AA...A
        AA....
        ..B...
        ..B..A
    """)
    assert changed(one, Touches(of="A", other="B")) == {("A touches B", "A"): 2}
    assert text(one.image) == ["AA....", "AA....", "..B...", "..B..."]


def test_what_touches_nothing_that_is_there_stays_where_the_other_class_is_missing() -> None:
    one = fused("A..\n...\n..C")
    assert changed(one, Touches(of="A", other="B")) == {}
    assert changed(one, Near(of="A", others=("B",), distance=1)) == {}
    assert text(one.image) == ["A..", "...", "..C"]


def test_parts_near_any_of_the_others_stay_and_distance_is_in_units_of_the_spacing() -> None:
    drawn = "A.....A\n......B\nC......\n.A....A"
    one = fused(drawn)
    assert changed(one, Near(of="A", others=("B", "C"), distance=1.5)) == {("A within 1.5 of B or C", "A"): 2}
    assert text(one.image) == ["......A", "......B", "C......", ".A....."]
    wide = fused(drawn, spacing=(1.0, 3.0))
    assert changed(wide, Near(of="A", others=("C",), distance=2.5)) == {("A within 2.5 of C", "A"): 3}
    assert text(wide.image)[0] == "A......", "two rows of 1 are near, one column of 3 is not"


def test_holes_up_to_the_size_are_filled_and_open_ones_never() -> None:
    one = fused("""
        AAAAAAAA
        A.AA..A.
        AAAA..AA
        AAAAAAAA
    """)
    assert changed(one, FillHoles(of="A", size=3)) == {("A: holes up to 3 voxels filled", "A"): 1}
    assert text(one.image) == ["AAAAAAAA", "AAAA..A.", "AAAA..AA", "AAAAAAAA"]


def test_a_hole_that_another_class_lies_in_keeps_that_class() -> None:
    one = fused("AAAA\nA.CA\nAAAA")
    assert changed(one, FillHoles(of="A", size=5)) == {("A: holes up to 5 voxels filled", "A"): 1}
    assert text(one.image) == ["AAAA", "AACA", "AAAA"]


def test_the_largest_parts_stay() -> None:
    one = fused("AA.B\nA..B\n...B\nA.B.\n..BB")
    assert changed(one, KeepLargest(of="A")) == {("A: the largest part kept", "A"): 1}
    two = fused("AA.A.A\nA..A..")
    assert changed(two, KeepLargest(of="A", n=2)) == {("A: the 2 largest parts kept", "A"): 1}
    assert text(two.image) == ["AA.A..", "A..A.."]


def test_a_rule_for_every_class_reports_each_of_them() -> None:
    one = fused("AA.BB\nAA.BB\n.....\nA..B.")
    said = changed(one, KeepLargest(of="*"))
    assert said == {("*: the largest part kept", "A"): 1, ("*: the largest part kept", "B"): 1}


def test_what_a_rule_takes_falls_to_the_next_class_that_claims_it() -> None:
    one = fused("AABBBA\nAABBBB")
    one.claims[0, 5, 2] = True  # C claims what A has by priority
    assert changed(one, KeepLargest(of="A")) == {("A: the largest part kept", "A"): 1}
    assert text(one.image) == ["AABBBC", "AABBBB"]


def test_rules_are_applied_until_all_of_them_hold() -> None:
    """What a later rule removes can make a fragment of what an earlier one had left."""
    one = fused("AAABC\n....C\n....C")
    rules = [Touches(of="A", other="B"), Touches(of="B", other="C"), KeepLargest(of="C")]
    one.claims[0, 3] = [False, True, False]
    list(apply_rules(one, rules, NAMES))
    assert text(one.image)[0] == "AAABC"
    alone = fused("AAAB.\n.....\n..C..")
    list(apply_rules(alone, [Touches(of="A", other="B"), Touches(of="B", other="C")], NAMES))
    assert text(alone.image) == ["AAA..", ".....", "..C.."], "B went; A touches nothing that is there"


def test_rules_hold_in_three_dimensions() -> None:
    image = np.zeros((5, 5, 5), np.uint8)
    image[1:4, 1:4, 1:4] = 1
    image[2, 2, 2] = 0
    image[0, 4, 4] = 2
    one = Fused(image, image[..., None] == np.arange(1, 4), (1.0, 1.0, 1.0))
    said = changed(one, FillHoles(of="A", size=1), Touches(of="B", other="A"))
    assert said == {("A: holes up to 1 voxels filled", "A"): 1}
    one.image[0, 4, 4], one.image[0, 0, 4] = 0, 2
    assert changed(one, Near(of="B", others=("A",), distance=1.0)) == {("B within 1 of A", "B"): 1}


def test_a_gap_that_two_classes_enclose_goes_to_the_nearest_of_them() -> None:
    picture = """
        .......
        .AAABB.
        .A..BB.
        .AAABB.
        ......."""
    each = fused(picture)
    changed(each, FillHoles(of="A", size=9), FillHoles(of="B", size=9))
    assert text(each.image)[2] == ".A..BB."  # a hole of neither
    one = fused(picture)
    assert changed(one, FillHoles(of="*", size=9)) == {(FillHoles(of="*", size=9).text, "A"): 2}
    assert text(one.image)[2] == ".AAABB."
    small = fused(picture)
    assert changed(small, FillHoles(of="*", size=1)) == {}


@pytest.mark.parametrize("rule", [KeepLargest(of="A"), FillHoles(of="A", size=9)])
def test_an_empty_class_changes_nothing(rule: object) -> None:
    one = fused("...\n.B.\n...")
    assert changed(one, rule) == {}


def test_seams_between_classes_are_closed_and_outer_surfaces_stay() -> None:
    occupancies = np.rint(255 * np.array([[0.9, 0.1, 0.0], [0.4, 0.45, 0.0], [0.3, 0.1, 0.1], [0.45, 0.05, 0.0]]))
    occupancies = occupancies.astype(np.uint8)
    claims = occupancies >= 127.5
    gained = close_seams(claims, occupancies, 0.6)
    assert by_priority(claims).tolist() == [1, 2, 0, 0]
    assert gained.tolist() == [0, 1, 0]
