"""Calls on real maps judged by the map itself: joining of chromosomes, anchors and ends, bars."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import _real_judge as judge
from benchmarks import real_maps
from benchmarks._callers import read_stripecaller
from benchmarks._harness import BenchmarkError
from benchmarks._real_maps import MAPS, Calls, RealMap, calls_of, joined, stripe_places
from napari_hicstruct.annotations.records import Kind

FINE, COARSE = MAPS[0], MAPS[-1]


def test_calls_of_two_chromosomes_become_one_list_best_first() -> None:
    one = calls_of(Kind.LOOP, "chr7", [[1, 2], [3, 4]], [0.2, 0.9])
    other = calls_of(Kind.LOOP, "chr14", [[5, 6], [7, 8]], [0.5, 0.1])
    both = joined([one, other])
    assert both.chroms == ("chr7", "chr14", "chr7", "chr14")
    assert both.places[:, 0].tolist() == [3, 5, 1, 7]
    assert both.scores.tolist() == [0.9, 0.5, 0.2, 0.1]
    assert len(joined([calls_of(Kind.LOOP, "chr7", np.zeros((0, 2)), np.zeros(0)), other])) == 2


def test_a_stripe_reaches_to_the_end_that_is_further_from_its_anchor() -> None:
    table = np.array([[100, 120, 100, 300, 0.5, 1], [500, 520, 200, 520, 0.5, -1]], float)
    assert stripe_places(table).tolist() == [[110, 300], [510, 200]]


def test_stripecallers_anchor_is_the_interval_of_one_bin() -> None:
    table = read_stripecaller(np.array([[100, 110, 120, 400], [200, 450, 500, 510]]))
    assert table.tolist() == [[100, 110, 120, 400, 280, 1], [500, 510, 200, 450, 250, -1]]
    assert read_stripecaller(np.zeros((0,))).shape == (0, 6)


def test_shares_are_of_what_can_be_judged() -> None:
    assert judge.shares([True, None, False, True] * 6) == {"20": pytest.approx(2 / 3), "all": pytest.approx(2 / 3)}
    assert judge.shares([None]) == {"all": None}


def test_a_stripe_in_pieces_counts_once() -> None:
    places = np.array([[100, 150], [115, 190], [105, 160], [105, 40], [155, 190], [105, 300]], float)
    calls = Calls(Kind.STRIPE, ("chr1",) * 6, places * 1e4, np.ones(6))
    found = judge.lengths(calls, [True, True, True, True, True, False], 100_000)
    # in bins of 100 kb: 10→15, 11→19, 10→16 are one; 10→4 runs the other way, 15→19 elsewhere, the last does not pass
    assert found == pytest.approx({"mb": 0.8 + 0.6 + 0.4, "mb_summed": 0.5 + 0.8 + 0.6 + 0.6 + 0.4, "longest_mb": 2.0})


def test_without_the_neutral_scorer_nothing_is_judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HICSTRUCT_DATA", str(tmp_path))
    judge.scorer.cache_clear()
    with pytest.raises(BenchmarkError, match=r"score_real\.py"):
        judge.scorer()


def _loops(top: float, every: float, passes: int = 200) -> dict[str, Any]:
    return {"share": {"20": top, "50": top, "all": every}, "passes": passes}


@pytest.mark.parametrize(("ours", "met"), [(0.75, True), (0.74, False), (0.95, True)])
def test_loops_must_be_above_both_peers(ours: float, met: bool) -> None:
    callers = {"hicstruct": _loops(ours, 0.7), "chromosight": _loops(0.6, 0.3), "mustache": _loops(0.7, 0.3)}
    assert real_maps.loops_met(callers, ("chromosight", "mustache"), ("20", "100"), 0.05) is met
    assert real_maps.loops_met({"hicstruct": _loops(ours, 0.7)}, ("chromosight",), ("20",), 0.05) is None


def test_where_nearly_all_pass_the_distance_to_a_peer_does_not_count() -> None:
    callers = {"hicstruct": _loops(0.95, 0.7), "chromosight": _loops(0.99, 0.3)}
    assert real_maps.loops_met(callers, ("chromosight",), ("20",), 0.05)


def _stripes(mb: float, passing: float, **more: Any) -> dict[str, Any]:
    return {"mb": mb, "share": {"all": passing}, **more}


@pytest.mark.parametrize(
    ("ours", "met"),
    [
        (_stripes(5.2, 0.75), True),
        (_stripes(5.1, 0.9), False),
        (_stripes(9.0, 0.74), False),
        (_stripes(9.0, 0.9, evident={"a": 100_000, "b": 0}), True),
        (_stripes(9.0, 0.9, evident={"a": 110_000, "b": 0}), False),
        (_stripes(9.0, 0.9, evident={"a": 0, "b": None}), False),
    ],
)
def test_stripes_are_compared_with_the_best_setting(ours: dict[str, Any], met: bool) -> None:
    peers = {"StripePy, authors": _stripes(1.0, 0.9), "StripeCaller, longer": _stripes(4.0, 0.2)}
    assert real_maps.best_setting({"hicstruct": ours, **peers}) == "StripeCaller, longer"
    assert real_maps.stripes_met({"hicstruct": ours, **peers}) is met


def test_boundaries_meet_insulation_at_its_better_edge() -> None:
    peer = {"share": {"20": 0.5, "all": 0.4}, "share_at": {"start": {"20": 0.7, "all": 0.3}, "end": {"20": 0.4}}}
    callers = {"hicstruct": {"share": {"20": 0.7, "50": 0.1, "all": 0.1}}, "cooltools insulation": peer}
    assert judge.best_share(peer, "20") == 0.7
    assert real_maps.boundaries_met(callers) is True  # at 50 the peer has none
    callers["hicstruct"]["share"]["20"] = 0.69
    assert real_maps.boundaries_met(callers) is False


def test_a_map_that_predict_refuses_misses_its_bars() -> None:
    found: real_maps.Found = {"loop": {"chromosight": _loops(0.6, 0.3)}, "stripe": {}, "boundary": {}}
    assert real_maps.bars(COARSE, found) == {"loops": False, "boundaries": False}
    assert set(real_maps.bars(FINE, found).values()) == {False}


def test_evident_stripes_are_found_by_anchor_way_and_end() -> None:
    places = np.array([[75_650_000, 78_330_000], [75_650_000, 74_000_000], [77_600_000, 75_300_000]], float)
    stripes = Calls(Kind.STRIPE, ("chr1",) * 3, places, np.ones(3))
    assert real_maps.evident(stripes) == {"75.6 down": 70_000, "77.5 up": None}


def test_figures_are_the_scorers_own(data_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same file of loops through the scorer's command line gives the same line."""
    script = data_dir.parent / "bench" / "score_real.py"
    if not script.exists():
        pytest.skip("the neutral scorer is not beside the data")
    monkeypatch.setenv("HICSTRUCT_DATA", str(data_dir))
    one = RealMap("HFFc6", "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool", ("chr17",), 10_000, "/resolutions/10000")
    places = np.array([[62_600_000 + 10_000 * k, 62_800_000 + 23_000 * k] for k in range(25)], float)
    calls = calls_of(Kind.LOOP, "chr17", places, np.linspace(1, 0, 25))
    file = tmp_path / "loops.bedpe"
    rows = [
        f"chr17\t{a:.0f}\t{a:.0f}\tchr17\t{b:.0f}\t{b:.0f}\t.\t{s}"
        for (a, b), s in zip(places, calls.scores, strict=True)
    ]
    file.write_text("\n".join(rows) + "\n")
    judge.scorer.cache_clear()
    found = judge.figures(calls, judge.observed_over_expected(one), one.resolution)
    # a process of its own: its main() lets a broken pipe end whoever runs it, and that would be the tests
    command = [sys.executable, str(script), one.uri, "--chrom", "chr17", "--loops", str(file)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines[0] == f"loops: 25 calls  top 20: {found['share']['20']:.2f}  top 25: {found['share']['all']:.2f}"
    assert [line.rsplit(" ", 1)[1] for line in lines[1:]] == [f"{value:.2f}" for value in found["shifted"].values()]
