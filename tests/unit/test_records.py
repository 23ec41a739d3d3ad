"""The record: order of anchors, direction of stripes, and that it crosses process borders whole."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from napari_hicstruct.annotations.records import Annotation, Direction, Kind, stripe_direction
from napari_hicstruct.errors import LabelError
from napari_hicstruct.genome import Interval


def place(start: int, end: int, chrom: str = "chr1") -> Interval:
    return Interval(chrom, start, end)


def test_a_loop_s_anchors_are_ordered_and_a_stripe_s_are_not() -> None:
    loop = Annotation(kind=Kind.LOOP, anchor1=place(500, 600), anchor2=place(100, 200))
    assert (loop.anchor1.start, loop.anchor2.start) == (100, 500)
    assert loop.distance == 400
    stripe = Annotation(kind=Kind.STRIPE, anchor1=place(500, 600), anchor2=place(100, 600))
    assert stripe.anchor1.start == 500
    assert stripe.span == place(100, 600)


def test_anchors_on_two_chromosomes_are_refused() -> None:
    with pytest.raises(LabelError, match=r"one chromosome"):
        Annotation(kind=Kind.LOOP, anchor1=place(0, 10), anchor2=place(0, 10, "chr2"))


def test_anchors_may_be_triples_and_nothing_else() -> None:
    record = Annotation(kind="loop", anchor1=("chr1", 500, np.int64(600)), anchor2=place(100, 200))  # type: ignore[arg-type]
    assert (record.anchor1, record.anchor2) == (place(100, 200), place(500, 600))
    for wrong in (("chr1", 1.5, 2), ("chr1", 1), "chr1:1-2", 7):
        with pytest.raises(LabelError, match=r"^anchor1=.* is not an interval. Write hs.Interval"):
            Annotation(kind=Kind.TAD, anchor1=wrong, anchor2=place(0, 10))  # type: ignore[arg-type]


def test_a_record_crosses_process_borders_whole() -> None:
    record = Annotation(kind=Kind.TAD, anchor1=place(0, 10), anchor2=place(0, 10), extra={"Mean": "3"})
    again = pickle.loads(pickle.dumps(record))
    assert again.uid == record.uid
    assert again.extra == {"Mean": "3"}


@pytest.mark.parametrize(
    ("y", "direction"),
    [((100, 900), Direction.DOWN), ((0, 200), Direction.UP), ((100, 200), Direction.NONE), ((50, 800), Direction.DOWN)],
)
def test_a_stripe_points_to_where_it_extends(y: tuple[int, int], direction: Direction) -> None:
    assert stripe_direction(place(100, 200), place(*y)) is direction
