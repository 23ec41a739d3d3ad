"""Precision with an interval, and Cohen's κ, against their definitions."""

import math

import pytest

from napari_hicstruct.active.statistics import Agreement, Tally, agreements, tallies
from napari_hicstruct.annotations import Annotation, Kind, Status
from napari_hicstruct.annotations.judging import ReviewerJudgment
from napari_hicstruct.genome import Interval


def record(status: Status, kind: Kind = Kind.LOOP, model: str = "", source: str = "chromosight") -> Annotation:
    place = Interval("chr1", 0, 5_000)
    return Annotation(kind=kind, anchor1=place, anchor2=place, status=status, model=model, source=source)


def test_tallies_count_by_kind_and_by_model_before_source() -> None:
    records = [record(Status.ACCEPTED), record(Status.REJECTED), record(Status.PROPOSED)]
    records += [record(Status.EDITED, model="default 0.4", source="model"), record(Status.ACCEPTED, Kind.TAD)]
    assert tallies(records) == [
        Tally(Kind.LOOP, "chromosight", accepted=1, rejected=1, open=1),
        Tally(Kind.LOOP, "default 0.4", edited=1),
        Tally(Kind.TAD, "chromosight", accepted=1),
    ]


def test_the_interval_is_wilsons() -> None:
    tally = Tally(Kind.LOOP, "x", accepted=7, edited=1, rejected=2)
    p, n, z = 0.8, 10, 1.959964
    centre, half = p + z**2 / (2 * n), z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert tally.precision == 0.8
    assert tally.interval() == pytest.approx(((centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)))


def test_nothing_judged_says_nothing() -> None:
    assert math.isnan(Tally(Kind.LOOP, "x", open=5).precision)
    assert Tally(Kind.LOOP, "x").interval() == (0.0, 1.0)


def test_kappa_of_two_reviewers_is_its_definition() -> None:
    said = {"ana": "1111100000", "ben": "1110100001"}
    judgments = [
        ReviewerJudgment(f"c{k}", who, word == "1") for who, words in said.items() for k, word in enumerate(words)
    ]
    judgments.append(ReviewerJudgment("only ana's", "ana", True))
    observed, chance = 0.8, 0.5 * 0.5 + 0.5 * 0.5
    (found,) = agreements(judgments)
    assert (found.first, found.second, found.n) == ("ana", "ben", 10)
    assert found.kappa == pytest.approx((observed - chance) / (1 - chance))


def test_kappa_is_not_defined_where_all_is_alike_and_nobody_is_compared_with_himself() -> None:
    (found,) = agreements([ReviewerJudgment("a", "ana", True), ReviewerJudgment("a", "ben", True)])
    assert found == Agreement("ana", "ben", 1, pytest.approx(math.nan, nan_ok=True))
    assert agreements([ReviewerJudgment("a", "ana", True), ReviewerJudgment("b", "ben", True)]) == []
