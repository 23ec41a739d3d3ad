"""Who contradicts a candidate: counted where a check applies, and nowhere else."""

import numpy as np

from napari_hicstruct.active.disagreement import CHECKS, find_contradictions
from napari_hicstruct.annotations import Annotation, Kind
from napari_hicstruct.genome import Interval


def make(kind: Kind, start: int, end: int, **values: object) -> Annotation:
    if kind in (Kind.TAD, Kind.BOUNDARY):
        anchors = (Interval("chr1", start, end),) * 2
    elif kind is Kind.STRIPE:
        anchors = Interval("chr1", start, start + 20_000), Interval("chr1", start, end)
    else:
        anchors = Interval("chr1", start, start + 5_000), Interval("chr1", end, end + 5_000)
    return Annotation(kind=kind, anchor1=anchors[0], anchor2=anchors[1], **values)  # type: ignore[arg-type]


def reasons(*records: Annotation) -> list[set[str]]:
    found = find_contradictions(records)
    return [set(found.reasons(k)) for k in range(len(records))]


def test_a_loop_that_another_caller_has_nearby_is_not_contradicted() -> None:
    model = make(Kind.LOOP, 1_000_000, 1_400_000, model="default 0.4", resolution=5_000)
    same = make(Kind.LOOP, 1_010_000, 1_390_000, source="chromosight", resolution=5_000)
    alone = make(Kind.LOOP, 3_000_000, 3_400_000, source="chromosight", resolution=5_000)
    assert reasons(model, same, alone) == [set(), set(), {"caller"}]


def test_one_caller_alone_is_no_disagreement() -> None:
    found = find_contradictions(
        [make(Kind.LOOP, 1_000_000, 1_400_000, source="a"), make(Kind.LOOP, 2_000_000, 2_400_000, source="a")]
    )
    assert not found.possible.any()
    np.testing.assert_array_equal(found.share, [0, 0])


def test_loops_want_corners_and_stripes_boundaries_where_there_are_any() -> None:
    tad = make(Kind.TAD, 1_000_000, 1_400_000)
    at_corner, off = make(Kind.LOOP, 1_000_000, 1_400_000), make(Kind.LOOP, 1_100_000, 1_300_000)
    on, beside = make(Kind.STRIPE, 1_390_000, 2_000_000), make(Kind.STRIPE, 1_600_000, 2_000_000)
    assert reasons(tad, at_corner, off, on, beside) == [set(), set(), {"corner"}, set(), {"boundary"}]
    assert reasons(at_corner, beside) == [set(), set()]


def test_bin_sizes_are_compared_where_two_are_known() -> None:
    fine, coarse = (make(Kind.LOOP, 1_000_000, 1_400_000, resolution=r) for r in (5_000, 10_000))
    lone = make(Kind.LOOP, 5_000_000, 5_400_000, resolution=10_000)
    unknown = make(Kind.LOOP, 8_000_000, 8_400_000)
    assert reasons(fine, coarse, lone, unknown) == [set(), set(), {"resolution"}, set()]


def test_the_share_is_of_the_checks_that_apply() -> None:
    records = [
        make(Kind.LOOP, 1_000_000, 1_400_000, source="a"),
        make(Kind.LOOP, 1_100_000, 1_300_000, source="b"),
        make(Kind.TAD, 1_000_000, 1_400_000, source="a"),
    ]
    found = find_contradictions(records)
    assert found.failed.shape == found.possible.shape == (3, len(CHECKS))
    np.testing.assert_array_equal(found.share, [0.5, 1.0, 0.0])
