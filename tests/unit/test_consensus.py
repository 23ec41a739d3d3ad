"""Lists of several callers become one list of soft labels."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.errors import ConfigError, LabelError
from napari_hicstruct.genome import Interval
from napari_hicstruct.labels.consensus.voting import CallerCalls, ConsensusOptions, Method, consensus


def loop(a: int, b: int, chrom: str = "chr1", size: int = 10_000, score: float = float("nan")) -> Annotation:
    first, second = (Interval(chrom, x, x + size) for x in (a, b))
    return Annotation(kind=Kind.LOOP, anchor1=first, anchor2=second, resolution=size, score=score)


def span(kind: Kind, start: int, end: int, chrom: str = "chr1") -> Annotation:
    both = Interval(chrom, start, end)
    return Annotation(kind=kind, anchor1=both, anchor2=both)


def stripe(x: tuple[int, int], y: tuple[int, int]) -> Annotation:
    return Annotation(kind=Kind.STRIPE, anchor1=Interval("chr1", *x), anchor2=Interval("chr1", *y))


COUNT = ConsensusOptions(method=Method.COUNT)


def test_bin_sizes_and_replicates_of_one_program_are_one_vote() -> None:
    lists = [
        CallerCalls("mustache", (loop(100_000, 500_000),)),
        CallerCalls("mustache", (loop(105_000, 500_000, size=5_000), loop(900_000, 1_500_000))),
        CallerCalls("chromosight", (loop(110_000, 510_000),)),
    ]
    found = consensus(lists, Kind.LOOP, COUNT)
    assert found.callers == ("chromosight", "mustache")
    first, second = found.records
    assert (first.n_calls, first.n_tools, first.supporters) == (3, 2, ("chromosight", "mustache"))
    assert (first.soft_score, second.soft_score) == (1.0, 0.5)
    assert len(first.anchor1) == len(first.anchor2) == 5_000  # the finest bins, however many calls there are
    assert second.supporters == ("mustache",)
    assert found.supported.tolist() == [[True, True], [False, True]]


def test_a_program_that_ran_elsewhere_is_not_silent_here() -> None:
    lists = [
        CallerCalls("a", (loop(100_000, 500_000), loop(100_000, 500_000, "chr2"))),
        CallerCalls("b", (loop(100_000, 500_000),)),
    ]
    assert [r.soft_score for r in consensus(lists, Kind.LOOP, COUNT).records] == [1.0, 1.0]


def test_weights_are_checked_and_counted() -> None:
    lists = [CallerCalls("a", (loop(100_000, 500_000),)), CallerCalls("b", (loop(2_000_000, 2_500_000),))]
    weighted = ConsensusOptions(method=Method.WEIGHTED, weights={"a": 3.0})
    assert [r.soft_score for r in consensus(lists, Kind.LOOP, weighted).records] == [0.75, 0.25]
    with pytest.raises(ConfigError, match="no caller 'c'"):
        consensus(lists, Kind.LOOP, ConsensusOptions(method=Method.WEIGHTED, weights={"c": 1.0}))
    with pytest.raises(LabelError, match="there is no tad"):
        consensus(lists, Kind.TAD)


def test_two_callers_are_said_to_prove_little() -> None:
    lists = [CallerCalls("a", (loop(100_000, 500_000),)), CallerCalls("b", (loop(100_000, 500_000),))]
    found = consensus(lists, Kind.LOOP, ConsensusOptions(method=Method.EM))
    assert found.reliability is None
    assert any("Two callers (a and b); reliability needs three" in note for note in found.notes)


def test_domains_boundaries_and_stripes() -> None:
    tads = [
        CallerCalls("Arrowhead", (span(Kind.TAD, 1_000_000, 1_500_000), span(Kind.TAD, 1_000_000, 3_000_000))),
        CallerCalls("HiTAD", (span(Kind.TAD, 1_020_000, 1_480_000),)),
    ]
    assert [r.n_tools for r in consensus(tads, Kind.TAD, COUNT).records] == [1, 2]
    borders = [CallerCalls(n, (span(Kind.BOUNDARY, p, p + 10_000),)) for n, p in (("a", 100_000), ("b", 110_000))]
    (one,) = consensus(borders, Kind.BOUNDARY, COUNT).records
    assert one.n_tools == 2
    assert len(one.span) == 5_000
    x = (500_000, 520_000)
    stripes = [
        CallerCalls("a", (stripe(x, (500_000, 1_500_000)), stripe(x, (100_000, 520_000)))),
        CallerCalls("b", (stripe(x, (505_000, 1_300_000)), stripe(x, (500_000, 600_000)))),
    ]
    found = consensus(stripes, Kind.STRIPE, COUNT).records
    assert sorted((r.direction, r.n_tools) for r in found) == [
        (Direction.DOWN, 1),
        (Direction.DOWN, 2),
        (Direction.UP, 1),
    ]


def test_reliabilities_rank_true_loops_before_what_one_careless_caller_says() -> None:
    rng = np.random.default_rng(3)
    places = np.sort(rng.choice(40_000, 700, replace=False)) * 10_000
    sizes = rng.integers(5, 200, 700) * 10_000
    lists = []
    for name, share, wrong in (("a", 0.8, 100), ("b", 0.6, 80), ("c", 0.6, 150), ("d", 0.7, 2_000)):
        hit = rng.random(700) < share
        jitter = rng.integers(-1, 2, (700, 2)) * 10_000
        own = [
            loop(int(p + j), int(p + s + k)) for p, s, (j, k) in zip(places[hit], sizes[hit], jitter[hit], strict=True)
        ]
        stray = rng.choice(40_000, wrong) * 10_000
        own += [loop(int(p), int(p + s)) for p, s in zip(stray, rng.integers(5, 200, wrong) * 10_000, strict=True)]
        lists.append(CallerCalls(name, tuple(own)))
    found = consensus(lists, Kind.LOOP, ConsensusOptions(method=Method.EM))
    assert found.reliability is not None
    assert found.reliability.converged
    precision = dict(zip(found.callers, found.reliability.precision, strict=True))
    assert precision["d"] < 0.4 < 0.6 < precision["a"]
    best = sorted(found.records, key=lambda r: -r.soft_score)[:500]
    true = [(p, p + s) for p, s in zip(places, sizes, strict=True)]
    near = [min(max(abs(r.anchor1.start - a), abs(r.anchor2.start - b)) for a, b in true) <= 20_000 for r in best]
    assert np.mean(near) > 0.97
