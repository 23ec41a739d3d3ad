"""What changed between two sets of calls: one to one, nearest first, kind by kind."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.evaluation.changes import compare_calls, place_of
from napari_hicstruct.genome import Interval

RES = 5_000


def iv(start: int, end: int, chrom: str = "chr1") -> Interval:
    return Interval(chrom, start, end)


def loop(a: int, b: int, chrom: str = "chr1") -> Annotation:
    anchors = iv(a, a + RES, chrom), iv(b, b + RES, chrom)
    return Annotation(kind=Kind.LOOP, anchor1=anchors[0], anchor2=anchors[1], resolution=RES)


def span(kind: Kind, start: int, end: int) -> Annotation:
    return Annotation(kind=kind, anchor1=iv(start, end), anchor2=iv(start, end), resolution=RES)


def stripe(x: int, y: tuple[int, int], direction: Direction = Direction.DOWN) -> Annotation:
    return Annotation(kind=Kind.STRIPE, anchor1=iv(x, x + RES), anchor2=iv(*y), resolution=RES, direction=direction)


def test_each_call_is_one_of_four() -> None:
    same, near, gone, new = loop(0, 300_000), loop(500_000, 900_000), loop(100_000, 700_000), loop(200_000, 800_000)
    shifted = loop(510_000, 890_000)
    found = compare_calls([same, near, gone], [new, shifted, loop(0, 300_000)])
    assert found.appeared == (new,)
    assert found.vanished == (gone,)
    assert found.moved == ((near, shifted),)
    assert [old for old, _ in found.kept] == [same]


def test_the_tolerance_ends_at_20_kb() -> None:
    old = loop(100_000, 500_000)
    assert len(compare_calls([old], [loop(120_000, 500_000)]).moved) == 1
    assert not compare_calls([old], [loop(125_000, 500_000)]).moved


def test_the_closest_pair_counts_first() -> None:
    left, right = loop(100_000, 500_000), loop(115_000, 500_000)
    found = compare_calls([left, right], [loop(115_000, 500_000), loop(135_000, 500_000)])
    assert [old for old, _ in found.kept] == [right]
    assert found.vanished == (left,)
    assert len(found.appeared) == 1


def test_kinds_and_chromosomes_stay_apart() -> None:
    tad, boundary = span(Kind.TAD, 100_000, 500_000), span(Kind.BOUNDARY, 100_000, 105_000)
    found = compare_calls([loop(100_000, 500_000), tad], [loop(100_000, 500_000, "chr2"), boundary])
    assert len(found.appeared) == 2
    assert len(found.vanished) == 2


def test_a_tad_moves_with_either_end_and_less_than_a_bin_is_no_move() -> None:
    old = span(Kind.TAD, 100_000, 500_000)
    assert len(compare_calls([old], [span(Kind.TAD, 100_000, 510_000)]).moved) == 1
    assert len(compare_calls([old], [span(Kind.TAD, 100_000, 504_000)]).kept) == 1
    assert place_of(old) == (100_000, 500_000)


def test_a_stripe_that_grew_is_the_same_stripe() -> None:
    old = stripe(100_000, (105_000, 400_000))
    assert len(compare_calls([old], [stripe(100_000, (105_000, 700_000))]).moved) == 1
    assert compare_calls([old], [stripe(100_000, (105_000, 400_000), Direction.UP)]).appeared
    assert compare_calls([old], [stripe(100_000, (600_000, 900_000))]).vanished


def test_nothing_against_nothing() -> None:
    found = compare_calls([], [])
    assert not any((found.appeared, found.vanished, found.moved, found.kept))


_LOOPS = st.lists(st.tuples(st.integers(0, 60), st.integers(61, 120)).map(lambda p: loop(p[0] * RES, p[1] * RES)))


@given(_LOOPS, _LOOPS)
def test_every_call_is_counted_once(before: list[Annotation], after: list[Annotation]) -> None:
    found = compare_calls(before, after)
    pairs = (*found.moved, *found.kept)
    assert sorted(r.uid for r in before) == sorted([*(r.uid for r in found.vanished), *(a.uid for a, _ in pairs)])
    assert sorted(r.uid for r in after) == sorted([*(r.uid for r in found.appeared), *(b.uid for _, b in pairs)])
    # no free pair is left that could have been matched
    for old in found.vanished:
        for new in found.appeared:
            assert max(abs(p - q) for p, q in zip(place_of(old), place_of(new), strict=True)) > 20_000
