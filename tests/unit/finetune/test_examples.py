"""What follows from judgments: examples to learn from, and rectangles where heads know something."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from napari_hicstruct.annotations.changes import ReviewedRegion
from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.genome import Interval
from napari_hicstruct.inference.candidate_scores import HeadScore
from napari_hicstruct.jobs import CancelToken, drain
from napari_hicstruct.labels.corrections import Corrections, marks, read_corrections
from napari_hicstruct.labels.scope import Scope, edge, paint
from napari_hicstruct.workflows.finetune.examples import (
    IMPLICIT_NEGATIVE_WEIGHT,
    MAX_REGULARIZATION_SAMPLES,
    Example,
    examples_of,
    implicit_negatives,
    regularization_samples,
)
from napari_hicstruct.workflows.finetune.learners.correction_regions import corrected_region, iter_regions, stretches
from napari_hicstruct.workflows.finetune.score import UNSCORED_PROBABILITY, ScoredExamples
from tests.unit.finetune.kit import CHROM, HELD_OUT, LENGTH, boundary, loop, source, stripe, tad

A, R, E, P = Status.ACCEPTED, Status.REJECTED, Status.EDITED, Status.PROPOSED
ALL = Interval(CHROM, 0, LENGTH)


def held_out(corrections: Corrections) -> Corrections:
    return replace(corrections, validation_regions=HELD_OUT)


def block(start: int, end: int, *kinds: Kind) -> ReviewedRegion:
    side = Interval(CHROM, start, end)
    return ReviewedRegion(1, side, side, kinds, "ada", "now")


def test_judgments_as_examples() -> None:
    records = [loop(10**6, status=A), loop(2 * 10**6, status=E), loop(3 * 10**6, status=R), loop(15 * 10**5)]
    rows = examples_of(read_corrections(records))
    assert [(row.target, row.weight, row.corrected) for row in rows] == [(1, 1, True), (1, 1, True), (0, 1, True)]
    assert [row.weight for row in examples_of(read_corrections(records), rejected_weight=0.5)] == [1, 1, 0.5]


def test_one_place_said_twice_counts_once_and_an_acceptance_outweighs_a_rejection() -> None:
    said = read_corrections(
        [loop(10**6, status=R), loop(10**6, status=A), loop(10**6, status=A), loop(2 * 10**6, status=R)]
    )
    assert (len(said.positives), len(said.negatives)) == (1, 1)
    assert said.negatives[0].anchor1.start == 2 * 10**6


def test_a_tad_counts_as_its_borders_each_in_its_own_tile() -> None:
    wrong, right = tad(300_000, 700_000, R), tad(700_000, 1_300_000, A)
    rows = examples_of(held_out(read_corrections([wrong, right])))
    found = {(row.record.uid, row.record.anchor1.start): (row.target, row.weight, row.in_validation) for row in rows}
    assert found == {
        (right.uid, 700_000): (1, 1, True),
        (right.uid, 1_300_000): (1, 1, False),
        (wrong.uid, 300_000): (0, 0.5, False),
        (wrong.uid, 700_000): (0, 0.5, True),
    }
    assert all(row.record.kind is Kind.BOUNDARY for row in rows)
    tiles = {row.record.anchor1.start: row.tile for row in rows}
    assert len(set(tiles.values())) == 3  # neighbours that share a border are in one fold with it


def test_pseudo_labels_are_sure_calls_that_nobody_judged_outside_the_validation_regions() -> None:
    sure, unsure, faint = (loop(at, probability=p) for at, p in ((10**6, 0.99), (15 * 10**5, 0.6), (2 * 10**6, 0.01)))
    hidden, unknown = loop(HELD_OUT[0].start + 10_000, probability=0.99), loop(3_300_000)
    said = held_out(read_corrections([sure, unsure, faint, hidden, unknown]))
    assert examples_of(said) == []
    rows = examples_of(said, pseudo=0.2)
    assert [(row.record.uid, row.target) for row in rows] == [(sure.uid, 1), (faint.uid, 0)]
    assert all(row.weight == 0.2 and not row.corrected for row in rows)


def test_in_a_reviewed_block_calls_that_nobody_labelled_are_absent() -> None:
    known, waiting = loop(1_200_000, status=A), loop(1_500_000)
    said = read_corrections([known, waiting, tad(1_100_000, 1_600_000, A)], [block(1_000_000, 2_000_000)])
    calls = [loop(1_205_000), loop(1_505_000), loop(1_350_000), loop(2_400_000), loop(1_900_000), stripe(1_300_000)]
    calls += [boundary(1_100_000), boundary(1_605_000), boundary(1_350_000)]
    rows = implicit_negatives(calls, held_out(said))
    assert [row.record.uid for row in rows] == [calls[2].uid, calls[5].uid, calls[8].uid]
    assert all((row.target, row.weight, row.corrected) == (0, IMPLICIT_NEGATIVE_WEIGHT, False) for row in rows)
    reviewed = read_corrections([], [block(0, 2_000_000)])
    assert implicit_negatives([loop(600_000, 100_000)], reviewed) != []
    assert implicit_negatives([loop(600_000, 100_000)], held_out(reviewed)) == []


def test_a_block_is_of_its_kinds_and_its_chromosome_alone() -> None:
    said = read_corrections([], [block(1_000_000, 2_000_000, Kind.TAD)])
    calls = [loop(1_350_000), boundary(1_350_000)]
    assert [row.record.kind for row in implicit_negatives(calls, said)] == [Kind.BOUNDARY]
    there = Interval("chr2", 1_350_000, 1_360_000)
    other = loop(1_350_000).with_(anchor1=there, anchor2=Interval("chr2", 1_550_000, 1_560_000), status=A)
    elsewhere = read_corrections([other], [block(1_000_000, 2_000_000)])
    assert implicit_negatives([calls[0]], elsewhere)  # that loop is on chr2
    assert not implicit_negatives([other], said)


def test_samples_need_both_classes() -> None:
    rows = tuple(Example(loop(k * 100_000), float(k % 2), 1.0 + k, True, False) for k in range(4))
    sights = tuple(HeadScore(k, "heads.loop", float(k), np.full(3, k, np.float32)) for k in range(4))
    scored = ScoredExamples(rows, sights)
    both = scored.samples("heads.loop", lambda row: True)
    assert both is not None
    assert both.target.tolist() == [0, 1, 0, 1]
    assert both.weight.tolist() == [1, 2, 3, 4]
    assert both.features.shape == (4, 3)
    assert scored.samples("heads.loop", lambda row: row.target > 0) is None
    assert scored.samples("heads.tad", lambda row: True) is None


# ---------------------------------------------------------------------- rectangles for gradient steps
@dataclass(frozen=True)
class Painted:
    """Weights of a whole map's pixels by head."""

    said: Corrections

    def pixel(self, head: str, kinds: tuple[Kind, ...], row: int, col: int, resolution: int = 10_000) -> float:
        weight = np.zeros((LENGTH // resolution,) * 2, np.float32)
        paint(weight, marks(self.said, kinds, resolution, rejected_weight=0.7), (0, 0))
        assert np.array_equal(weight, weight.T)
        return float(weight[row // resolution, col // resolution])


def test_rectangles_know_what_people_know() -> None:
    records = [loop(1_200_000, status=A), loop(1_500_000, status=R), loop(1_700_000), tad(1_100_000, 1_900_000, R)]
    said = Painted(read_corrections(records, [block(1_000_000, 2_000_000)]))
    loops = ("point", (Kind.LOOP,))
    assert said.pixel(*loops, 1_200_000, 1_400_000) == 1
    assert said.pixel(*loops, 1_500_000, 1_700_000) == pytest.approx(0.7)
    assert said.pixel(*loops, 1_700_000, 1_900_000) == 0  # waits for its judgment
    assert said.pixel(*loops, 1_050_000, 1_800_000) == 1  # reviewed: absent
    assert said.pixel(*loops, 2_100_000, 2_300_000) == 0  # nobody knows
    tads = ("boundary", (Kind.TAD, Kind.BOUNDARY))
    assert said.pixel(*tads, 1_100_000, 1_100_000) == pytest.approx(0.35)
    assert said.pixel(*tads, 1_500_000, 1_500_000) == 1


def test_validation_regions_are_unknown_whatever_a_block_says() -> None:
    pixels = Painted(held_out(read_corrections([loop(1_200_000, status=A)], [block(0, 2_000_000)])))
    for row, col, known in (
        (600_000, 800_000, 0),
        (200_000, 800_000, 0),
        (200_000, 400_000, 1),
        (1_200_000, 1_400_000, 1),
    ):
        assert pixels.pixel("point", (Kind.LOOP,), row, col) == known


@pytest.mark.parametrize("center", [10.0, 10.5, 11.0, 11.5, 12.25])
def test_a_rectangle_is_as_wide_everywhere(center: float) -> None:
    assert edge(center + 2.5) - edge(center - 2.5) == 5
    line = Scope(np.zeros(40, bool), np.zeros(40, bool), frozenset({"boundary"}), {}, {
        "boundary": np.array([[center - 2.5, center + 2.5] * 2 + [1.0]], np.float32)
    }).strip(np.zeros(40, bool), 0)  # fmt: skip
    assert line.sum() == 5


def bands() -> tuple[Band, Band]:
    def band(resolution: int) -> Band:
        n = LENGTH // resolution
        counts = np.ones((40, n), np.float32)
        return Band(CHROM, resolution, 0, counts, np.ones(n, np.float32), np.ones(40, np.float32))

    return band(5_000), band(10_000)


def test_regions_hold_truth_and_marks_of_what_lies_in_them() -> None:
    said = read_corrections([loop(1_200_000, status=A), loop(1_300_000, status=R), stripe(2_000_000, status=A)])
    (region,) = drain(iter_regions(source(), said, {CHROM: bands()}, token=CancelToken()))
    assert region.heads == {"point", "mask"}
    assert len(region.fine_truth.loops) == 1
    assert len(region.coarse_truth.stripes) == 1
    assert not region.fine_known.any()
    assert sorted(region.marks["point"][0][:, 4].tolist()) == [1, 1]
    shifted = corrected_region(bands(), said, Interval(CHROM, 1_000_000, 2_500_000))
    assert shifted.coarse_truth.loops[0, :2].tolist() == [20.5, 40.5]
    assert shifted.marks["point"][1][-1, 0] == pytest.approx(20.5 - 2.5)
    assert not len(corrected_region(bands(), said, Interval(CHROM, 3_000_000, LENGTH)).marks["point"][0])


def test_far_corrections_make_stretches_of_their_own() -> None:
    said = read_corrections([loop(10_000_000, status=A), loop(50_000_000, status=A), loop(51_000_000, status=R)])
    found = stretches(said, CHROM, 100_000_000, 10_000)
    assert [(part.start, part.end) for part in found] == [(8_400_000, 11_810_000), (48_400_000, 52_810_000)]


def test_open_candidates_near_judgments_regularize() -> None:
    said, near, far, held = (
        loop(at, status=st) for at, st in ((10**6, A), (11 * 10**5, P), (3 * 10**6, P), (4 * 10**5, P))
    )
    every = held_out(read_corrections([said, far, near, held, boundary(11 * 10**5, P)]))
    rows = regularization_samples(every, 0.3)
    assert [row.record.uid for row in rows] == [near.uid, far.uid]  # the nearest first, loops alone, none of them held
    assert all(np.isnan(row.target) and row.weight == 0.3 and not row.corrected for row in rows)
    assert regularization_samples(read_corrections([said, near]), 0) == []
    many = [loop(10**6 + 5_000 * k) for k in range(1, MAX_REGULARIZATION_SAMPLES + 50)]
    assert len(regularization_samples(read_corrections([said, *many]), 0.3)) == MAX_REGULARIZATION_SAMPLES


def test_regularization_samples_keep_the_networks_probability_and_are_no_class() -> None:
    rows = tuple(
        Example(loop(10**6 + 10_000 * k), there, 1.0, True, False) for k, there in enumerate((1.0, 0.0, np.nan))
    )
    sights = tuple(HeadScore(k, "heads.loop", -2.0, np.ones(2, np.float32)) for k in range(3))
    learnt = ScoredExamples(rows, sights).samples("heads.loop", lambda _: True)
    assert learnt is not None
    assert learnt.target.tolist() == pytest.approx([1, 0, 1 / (1 + np.exp(2))])
    assert learnt.weight.tolist() == [1, 1, 1]
    assert ScoredExamples(rows, sights).n_corrected("heads.loop", lambda _: True) == 3
    assert ScoredExamples(rows, sights).samples("heads.loop", lambda row: row.target != 0) is None


def test_regularization_samples_count_less_the_more_was_judged() -> None:
    rows = [Example(loop(10**6 + 10_000 * k), float(k % 2), 1.0, True, False) for k in range(50)]
    rows.append(Example(loop(9 * 10**6), np.nan, 0.4, False, False))
    sights = tuple(HeadScore(k, "heads.loop", -2.0, np.ones(2, np.float32)) for k in range(51))
    learnt = ScoredExamples(tuple(rows), sights).samples("heads.loop", lambda _: True)
    assert learnt is not None
    assert learnt.weight[:50].tolist() == [1] * 50
    assert learnt.weight[50] == pytest.approx(0.4 / 4)


def rejected_tad(odds: tuple[float | None, float | None], *others: Annotation) -> ScoredExamples:
    """A rejected TAD from 1 to 1.4 Mb, whose borders have these log-odds (None: not seen), beside others."""
    rows = tuple(examples_of(read_corrections([tad(10**6, 14 * 10**5, R), *others])))
    first = next(k for k, row in enumerate(rows) if not row.target)
    told = [(first + k, one) for k, one in enumerate(odds) if one is not None]
    told += [(k, 2.0) for k, row in enumerate(rows) if row.target]
    return ScoredExamples(rows, tuple(HeadScore(k, "heads.tad", one, np.ones(2, np.float32)) for k, one in told))


def test_of_a_rejected_tad_the_less_likely_border_is_the_wrong_one() -> None:
    scored = rejected_tad((3.0, -3.0))
    sure, doubtful = 1 / (1 + np.exp(-3)), 1 / (1 + np.exp(3))
    one = sure * (1 - doubtful) / (1 - sure * doubtful)  # Bayes: it is there, given that not both are
    assert scored.targets.tolist() == pytest.approx([one, doubtful * (1 - sure) / (1 - sure * doubtful)])
    assert one > 0.9
    assert scored.ambiguous == {0}
    assert rejected_tad((-3.0, 3.0)).ambiguous == {1}


def test_that_holds_whichever_border_may_be_learnt_from() -> None:
    accepted = boundary(3 * 10**6, A)
    whole, held = rejected_tad((3.0, -3.0), accepted), lambda row: row.record.anchor1.start != 14 * 10**5
    some, every = whole.samples("heads.tad", held), whole.samples("heads.tad", lambda _: True)
    assert some is not None
    assert every is not None
    assert (len(some), len(every)) == (2, 3)
    assert set(some.target) < set(every.target)


def test_a_border_that_an_accepted_tad_shares_is_there() -> None:
    scored = rejected_tad((-1.0, 2.0), tad(6 * 10**5, 10**6 + 5_000, A))
    assert scored.targets[:2].tolist() == [1, 0]  # although the network believes in the other one
    assert scored.ambiguous == {0}
    both = rejected_tad((0.0, 0.0), tad(6 * 10**5, 10**6, A), tad(14 * 10**5, 18 * 10**5, A))
    assert both.targets[:2].tolist() == [1, 1]  # only the pair is wrong
    assert both.ambiguous == {0, 1}


def test_a_border_that_is_not_seen_may_be_the_wrong_one() -> None:
    p = 1 / (1 + np.exp(-1))
    scored = rejected_tad((1.0, None))
    assert scored.targets.tolist() == pytest.approx([p * (1 - UNSCORED_PROBABILITY) / (1 - p * UNSCORED_PROBABILITY)])
    assert scored.ambiguous == {0}
    assert rejected_tad((-1.0, None)).ambiguous == set()


def test_what_another_run_calls_where_somebody_judged_is_no_regularization_sample() -> None:
    said = [loop(10**6, status=A), tad(2 * 10**6, 24 * 10**5, R)]
    twins = [loop(10**6 + 10_000), tad(2 * 10**6 + 5_000, 24 * 10**5 - 5_000)]
    others = [loop(10**6 + 40_000), tad(2 * 10**6, 21 * 10**5)]
    found = regularization_samples(read_corrections([*said, *twins, *others]), 1.0)
    assert {row.record.uid for row in found} == {one.uid for one in others}
