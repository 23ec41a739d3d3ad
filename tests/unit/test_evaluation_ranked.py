"""Ranked stripes, boundaries and domains against naïve references, and the sections and pictures made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_hicstruct.evaluation.boundaries import rank_boundaries
from napari_hicstruct.evaluation.calibration import calibration
from napari_hicstruct.evaluation.domains import ends_found_by_size, partitions, rank_domains
from napari_hicstruct.evaluation.loops import STRATA, match_loops
from napari_hicstruct.evaluation.ranking import Ranked
from napari_hicstruct.evaluation.report import (
    Section,
    Yardstick,
    boundary_section,
    domain_section,
    loop_section,
    stripe_section,
)
from napari_hicstruct.evaluation.stripes import rank_stripes
from napari_hicstruct.workflows.evaluate.report import PICTURES, draw_picture, save_picture

KB = 1_000
RULE = Yardstick(tolerance=20 * KB, resolution=10 * KB, top=(1, 3))

scored = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 1000)), max_size=15, unique_by=lambda x: x[1])


def naive_ap(hits: list[bool], n_truth: int) -> float:
    """Precision at every hit, summed, over the truth's size."""
    at = [sum(hits[: k + 1]) / (k + 1) for k, hit in enumerate(hits) if hit]
    return sum(at) / n_truth if n_truth else 0.0


@settings(deadline=None, max_examples=60)
@given(scored, st.lists(st.integers(0, 60), max_size=10), st.lists(st.integers(0, 60), max_size=6))
def test_boundaries_take_the_first_free_truth_best_first(
    calls: list[tuple[int, int]], truth: list[int], faint: list[int]
) -> None:
    """A call is a hit if a truth lies there that no better call took."""
    table = np.array([(10 * KB * p, s) for p, s in calls], float).reshape(-1, 2)
    found = rank_boundaries(table, 10.0 * KB * np.array(truth), 0, ignore=10.0 * KB * np.array(faint))
    free, hits, kept = list(truth), [], []
    for position, score in sorted(calls, key=lambda call: -call[1]):
        hit = position in free
        if hit:
            free.remove(position)
        if hit or position in truth or position not in faint:
            hits.append(hit)
            kept.append(calls.index((position, score)))
    assert found.hits.tolist() == hits
    assert found.kept.tolist() == kept
    assert found.average_precision() == pytest.approx(naive_ap(hits, len(truth)))


def test_domains_take_the_free_truth_that_they_cover_best() -> None:
    truth = np.array([[0, 400], [50, 400], [800, 1_000]], float) * KB
    calls = np.array([[0, 400, 0.2], [40, 400, 0.9], [0, 390, 0.8], [500, 700, 0.7]], float) * [KB, KB, 1]
    found = rank_domains(calls, truth)  # the best call fits both nested truths and takes the closer one
    assert found.kept.tolist() == [1, 2, 3, 0]
    assert found.hits.tolist() == [True, True, False, False]
    assert found.average_precision() == pytest.approx(2 / 3)
    assert rank_domains(calls[:0], truth).average_precision() == 0.0
    assert not rank_domains(calls, truth[:0]).hits.any()


def test_stripes_that_only_fit_faint_ones_are_left_out() -> None:
    stripes = np.array([[100, 110, 110, 500, 0.2, 1], [700, 710, 710, 900, 0.5, 1], [300, 310, 310, 600, 0.9, 1]])
    stripes[:, :4] *= KB
    found = rank_stripes(stripes, stripes[:1], 10 * KB, ignore=stripes[1:2])
    assert found.kept.tolist() == [2, 0]
    assert found.hits.tolist() == [False, True]
    assert found.curve().precision.tolist() == [0.0, 0.5]


def test_ends_are_sought_per_size_of_the_true_domain() -> None:
    truth = np.array([[0, 300], [300, 1_000], [1_000, 2_500]], float) * KB
    small, middle, large = ends_found_by_size([10 * KB, 300 * KB, 2_470 * KB], truth, 20 * KB).values()
    assert (small, middle, large) == (1.0, 0.5, 0.0)
    assert np.isnan(ends_found_by_size([0.0], truth[:1], 20 * KB)[1_000 * KB, float("inf")])


def test_partitions_of_two_chromosomes_share_no_segment() -> None:
    one = np.array([[0, 30], [30, 60]], float) * KB
    ours, theirs = partitions([one, one], [one[:1], one], 10 * KB)
    assert ours.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert theirs.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert partitions([], [], 10 * KB)[0].tolist() == []


def test_loops_are_ranked_within_each_distance() -> None:
    near, far = [100 * KB, 200 * KB], [100 * KB, 1_200 * KB]
    match = match_loops(np.array([far, [5_000 * KB, 5_100 * KB], near], float), np.array([near, far], float), 10 * KB)
    by_distance = dict(zip(STRATA, match.average_precision_by_distance(), strict=False))
    assert by_distance[100 * KB] == 0.5  # a miss of the same distance comes first
    assert by_distance[1_000 * KB] == 1.0
    assert np.isnan(by_distance[250 * KB])


def sections() -> dict[str, Section]:
    """Every task with scores and probabilities; of two calls the better one is right."""
    loops = np.array([[100, 300, 0.9], [500, 900, 0.4]]) * [KB, KB, 1]
    stripes = np.array([[100, 110, 110, 500, 0.9, 1], [700, 710, 710, 900, 0.4, 1]]) * [KB, KB, KB, KB, 1, 1]
    domains = np.array([[0, 300, 0.9], [300, 500, 0.4]]) * [KB, KB, 1]
    bounds = np.array([[300 * KB, 0.9], [900 * KB, 0.4]])
    said = [0.95, 0.05]
    return {
        "loops": loop_section(loops, [loops[:1]], RULE, probability=said),
        "stripes": stripe_section(stripes, stripes[:1], RULE, probability=said),
        "tads": domain_section([domains], [domains[:1, :2]], RULE, boundaries=[bounds[:, 0]], probability=said),
        "boundaries": boundary_section(bounds, bounds[:1, 0], RULE, probability=said),
    }


@pytest.mark.parametrize("task", ["loops", "stripes", "tads", "boundaries"])
def test_every_task_has_the_same_ranked_and_calibrated_numbers(task: str) -> None:
    metrics = sections()[task].metrics
    assert metrics["average_precision"] == 1.0
    assert metrics["precision_at"][1] == 1.0
    assert np.isnan(metrics["precision_at"][3])
    assert metrics["ece"] == pytest.approx(0.05)
    assert metrics["brier"] == pytest.approx(0.05**2)


def test_probabilities_speak_of_one_bin_whatever_the_tolerance() -> None:
    calls = np.array([[100 * KB, 300 * KB, 0.9]])
    truth = calls[:, :2] + 15 * KB  # within ±20 kb, not within ±10 kb
    metrics = loop_section(calls, [truth], RULE, probability=[1.0]).metrics
    assert metrics["precision"] == 1.0
    assert metrics["ece"] == 1.0


def test_every_picture_is_drawn_where_there_is_something_to_draw(tmp_path: Path) -> None:
    drawn = {**sections(), "across_tasks": Section({"loops_at_tad_corner": {"share": 0.5, "shifted_control": 0.1}})}
    window = np.ones((5, 5))
    pile = Section({"centre_to_corner": 2.0, "shifted_control": 1.0}, {"pile_up": window, "pile_up_control": window})
    drawn["pile_up"] = pile
    for name, picture in PICTURES.items():
        assert picture.chosen(drawn), name
        assert not picture.chosen({"empty": Section({})}), name
        save_picture(tmp_path / f"{name}.svg", picture, drawn)
        assert picture.title in (tmp_path / f"{name}.svg").read_text()
    text = (tmp_path / "precision_recall.svg").read_text()
    assert "stripes · AP 1.00" in text
    assert "tads · ECE 0.050" in (tmp_path / "calibration.svg").read_text()


def test_dots_at_the_ends_of_the_reliability_diagram_are_whole() -> None:
    axes = draw_picture(PICTURES["calibration"], sections()).axes[0]
    for low, high in (axes.get_xlim(), axes.get_ylim()):
        assert low <= -0.04
        assert high >= 1.04


def test_a_perfect_model_has_no_calibration_error_but_chance() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(20_000)
    assert calibration(p, rng.random(20_000) < p).ece < 0.02
    ranked = Ranked(np.arange(2), np.array([False, True]), 0)
    assert ranked.average_precision() == 0.0


def test_average_precision_by_distance_is_none_above_one_at_the_strata_s_edges() -> None:
    """Calls just beyond an edge whose truths lie just before it count in the truths' stratum, and nowhere else."""
    edge = STRATA[2]
    truth = np.array([[1_000.0 * KB, 1_000 * KB + edge - 5 * KB], [5_000.0 * KB, 5_000 * KB + edge + 5 * KB]])
    calls = np.array([[1_000.0 * KB, 1_000 * KB + edge + 5 * KB], [5_000.0 * KB, 5_000 * KB + edge + 5 * KB]])
    values = match_loops(calls, truth, 20 * KB).average_precision_by_distance()
    assert values[1] == values[2] == 1.0
    rng = np.random.default_rng(0)
    for _ in range(50):
        start = np.sort(rng.uniform(0, 5e6, 30))
        truth = np.column_stack([start, start + rng.uniform(4e4, 2.9e6, 30)])
        match = match_loops(truth + rng.normal(0, 15 * KB, truth.shape), truth, 20 * KB)
        assert all(np.isnan(value) or 0 <= value <= 1 for value in match.average_precision_by_distance())
