"""What a report measures and how it is put together: tests of the calls, pile-ups, charts, markup, cancelling."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import napari_hicstruct as hs
from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.band import Band, make_band
from napari_hicstruct.contacts.band_loading import iter_load_band
from napari_hicstruct.decode.insulation import nearest_valleys
from napari_hicstruct.errors import Cancelled
from napari_hicstruct.evaluation.pileup import (
    PileUp,
    Windows,
    across_over_within,
    line_over_sides,
    pile_up,
    pile_up_boundaries,
    pile_up_stripes,
)
from napari_hicstruct.evaluation.standing_out import DRAWS, MIN_SHIFT_BINS, PassRate, StandingOut, stripe_reach
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Progress, drain
from napari_hicstruct.workflows.evaluate.pile_up import pile_up_chromosome
from napari_hicstruct.workflows.projects import identity_of
from napari_hicstruct.workflows.report import ReportRequest, iter_report, report
from napari_hicstruct.workflows.report.charts import decay_curve, histogram
from napari_hicstruct.workflows.report.gather import Entry, Result, read_result
from napari_hicstruct.workflows.report.markup import Markup, element, joined, single, table
from napari_hicstruct.workflows.report.measure import _band_fetch
from napari_hicstruct.workflows.report.pictures import SHOWN, choose
from napari_hicstruct.workflows.report.provenance import command

SIZE, N, DIAGONALS = 10_000, 240, 100
DOT, LINE, BORDER = (40, 70), (120, 60), 180
"""Bins of a loop; a stripe's anchor and how far it goes; a boundary."""


@pytest.fixture(scope="module")
def band() -> Band:
    """A map with a dot, a line and a border, each as plain as can be."""
    i = np.arange(N)
    d = np.arange(DIAGONALS)[:, None]
    mean = np.broadcast_to(600 / (1 + d), (DIAGONALS, N)).copy()
    j = i + d
    mean[(abs(i - DOT[0]) <= 1) & (abs(j - DOT[1]) <= 1)] *= 4
    mean[(abs(i - LINE[0]) <= 1) & (d <= LINE[1])] *= 3
    mean[(i < BORDER) & (j >= BORDER)] /= 3
    mean[j >= N] = 0
    counts = np.random.default_rng(0).poisson(mean).astype(np.float32)
    return make_band("chr1", SIZE, counts, weights=np.ones(N))


def at(first: int, last: int | None = None) -> Interval:
    return Interval("chr1", first * SIZE, ((first if last is None else last) + 1) * SIZE)


def loop(i: int, j: int) -> Annotation:
    return Annotation(kind=Kind.LOOP, anchor1=at(i), anchor2=at(j))


def stripe(x: int, far: int) -> Annotation:
    """From bin x down, or up for a negative reach."""
    way = Direction.DOWN if far > 0 else Direction.UP
    extent = at(x, x + far) if far > 0 else at(x + far, x)
    return Annotation(kind=Kind.STRIPE, anchor1=at(x), anchor2=extent, direction=way)


def boundary(x: int) -> Annotation:
    return Annotation(kind=Kind.BOUNDARY, anchor1=at(x), anchor2=at(x))


# ---------------------------------------------------------------------- do calls stand out?
@pytest.mark.parametrize("call", [loop(*DOT), stripe(*LINE), boundary(BORDER)], ids=lambda call: str(call.kind))
def test_what_is_there_stands_out_and_the_same_elsewhere_does_not(band: Band, call: Annotation) -> None:
    tests = StandingOut(band)
    assert tests.passes(call) is True
    moved = [tests.passes(call, shift) for shift in (-25, -20, 15)]
    assert set(moved) == {False}


def test_where_the_map_cannot_say_it_does_not(band: Band) -> None:
    weights = band.weights.copy()
    weights[24:37] = np.nan
    holed = make_band("chr1", SIZE, band.counts, weights=weights)
    tests = StandingOut(holed)
    assert tests.passes(loop(33, 70)) is None
    assert tests.passes(loop(40, 41)) is None  # on the diagonal
    assert tests.passes(loop(10, 10 + DIAGONALS)) is None  # beyond what was read
    assert tests.passes(stripe(33, 40)) is None
    assert tests.passes(stripe(100, 2)) is None  # nearer to the diagonal than is tested
    assert tests.passes(boundary(33)) is None
    assert tests.passes(loop(*DOT), N) is None  # off the chromosome
    assert tests.passes(boundary(2)) is None


def test_rates_count_and_chance_is_the_same_each_time(band: Band) -> None:
    tests, calls = StandingOut(band), [loop(*DOT), loop(10, 30), loop(100, 140), loop(40, 41)]
    first, second = (tests.rate(calls, np.random.default_rng(0)) for _ in range(2))
    assert first == second
    assert (first.calls, first.judged, first.passed) == (4, 3, 1)
    assert first.share == pytest.approx(1 / 3)
    assert 0 < first.chance_judged <= DRAWS * len(calls)
    assert first.chance < 0.3
    assert (first + PassRate(1, 1, 2)).share == pytest.approx(2 / 4)
    assert math.isnan(PassRate().share)


def test_random_places_are_apart_and_on_the_map(band: Band) -> None:
    tests, call = StandingOut(band), loop(*DOT)
    rng = np.random.default_rng(1)
    shifts = [shift for _ in range(400) for shift in tests._shifts(call, rng)]
    assert min(map(abs, shifts)) == MIN_SHIFT_BINS
    assert min(shifts) == -DOT[0]
    assert max(shifts) == N - 1 - DOT[1]
    assert tests._shifts(loop(5, N - 5), rng) == []


def test_a_stripe_reaches_to_its_far_end() -> None:
    assert stripe_reach(stripe(50, 20), SIZE) == (1, 20)
    assert stripe_reach(stripe(50, -20), SIZE) == (-1, 20)
    assert stripe_reach(stripe(50, -20).with_(direction=Direction.NONE), SIZE) == (-1, 20)


def test_valleys_are_spread_to_their_neighbours_alone(band: Band) -> None:
    depth, deviations = nearest_valleys(band, 1)
    alone, _ = nearest_valleys(band, 0)
    x = BORDER - 2 + int(alone[BORDER - 2 : BORDER + 3].argmax())
    assert abs(x - BORDER) <= 1
    assert depth[x - 1] == depth[x] == depth[x + 1] == alone[x] > 1
    assert deviations[x] > 5


# ---------------------------------------------------------------------- pile-ups
def test_a_border_is_piled_up_as_two_squares(band: Band) -> None:
    windows, expected = Windows(SIZE, N, 20), band.expected.astype(float)
    pile = pile_up_boundaries(_band_fetch(band), [BORDER, 5, N - 5], windows, expected=expected)
    assert pile.n == 1  # the others have no room
    assert np.isnan(np.diagonal(pile.window)).all()
    assert across_over_within(pile) == pytest.approx(1 / 3, rel=0.15)
    flat = pile_up_boundaries(_band_fetch(band), [95], windows, expected=expected)
    assert across_over_within(flat) == pytest.approx(1, rel=0.1)
    assert math.isnan(across_over_within(PileUp(np.full((40, 40), np.nan), 0)))


@pytest.mark.parametrize("side", [1, -1])
def test_stripes_of_both_sides_are_laid_in_one_direction(side: int) -> None:
    n, x, along = 120, 60, range(5, 40)
    full = np.full((n, n), 1.0)
    cols = slice(x, x + 31) if side > 0 else slice(x - 30, x + 1)
    full[x, cols] = full[cols, x] = 4.0
    full[x + 3 * side, :] = full[:, x + 3 * side] = 2.0  # a line beside it, on the far side of the anchor

    def fetch(r0: int, r1: int, c0: int, c1: int) -> np.ndarray:
        return full[r0:r1, c0:c1]

    pile = pile_up_stripes(fetch, [(x, side, 30)], Windows(SIZE, n, 10), expected=np.ones(n), along=along)
    assert pile.n == 1
    assert (pile.window[10, :26] == 4).all()
    assert (pile.window[13, :26] == 2).all()
    assert np.isnan(pile.window[:, 26:]).all()  # beyond its own end
    assert line_over_sides(pile, line=1) == 4


def test_a_band_gives_the_pile_up_that_evaluate_gives() -> None:
    source = open_map(hs.sample_map().uri)
    truth = hs.read_labels(Path(source.uri).parent / "truth" / "loops.bedpe")
    table = np.array([(r.anchor1.center, r.anchor2.center) for r in truth])
    *_, held = iter_load_band(source, "chr1", resolution=SIZE, max_distance=3_000_000)
    assert isinstance(held, Band)
    windows = Windows(SIZE, held.n_bins, 10)
    own = pile_up(_band_fetch(held), table, windows, expected=held.expected.astype(float))
    other, _ = pile_up_chromosome(source, "chr1", table, resolution=SIZE)
    assert own.n == other.n > 5
    np.testing.assert_allclose(own.window, other.window, rtol=1e-3)


# ---------------------------------------------------------------------- page
def test_markup_escapes_all_but_markup() -> None:
    assert element("p", "a < b & c", Markup("<br/>"), None, [1, "x"], class_='it\'s "new"') == (
        '<p class="it&#x27;s &quot;new&quot;">a &lt; b &amp; c<br/>1x</p>'
    )
    assert single("img", alt="<", src=None) == '<img alt="&lt;"/>'
    assert joined("\x00\ud800") == "\N{REPLACEMENT CHARACTER}\\ud800"
    shown = table("<c>", ["<h>"], [["<r>", "<d>", element("td", "own", class_="text")]])
    assert "<c>" not in shown
    assert '<th scope="row">&lt;r&gt;</th><td>&lt;d&gt;</td><td class="text">own</td>' in shown


def test_a_histogram_counts_everything_and_says_it_in_words() -> None:
    lengths = [100_000.0] * 3 + [1_000_000.0]
    chart = histogram(lengths, "loops", "distance", "#000000")
    assert chart.count("<rect") == 2
    assert "4 loops; distance: median 100 kb" in chart
    assert histogram([50_000.0], "loop", "distance", "#000000").count("<rect") == 1
    assert chart.count("aria-label") == 1


def test_a_decay_curve_names_its_power() -> None:
    distance = np.arange(300)
    decay = np.append(np.nan, 100 / distance[1:])
    curve = decay_curve(decay, SIZE)
    assert curve is not None
    assert "the power −1.00" in curve
    assert decay_curve(decay[:2], SIZE) is None
    assert decay_curve(np.full(10, np.nan), SIZE) is None


def test_nobody_is_strongest_and_uncertain() -> None:
    calls = [
        loop(k, k + 30).with_(score=k / 30, probability=abs(k - 14) / 30, name=f"loop {k}") for k in range(30)
    ]  # fmt: skip
    calls.append(loop(50, 80))  # without score and probability
    chosen = choose(calls)
    assert [one.name for one in chosen.strongest] == [f"loop {k}" for k in range(29, 29 - SHOWN, -1)]
    assert len(chosen.uncertain) == SHOWN
    assert not {one.uid for one in chosen.strongest} & {one.uid for one in chosen.uncertain}
    assert all(one.probability == one.probability for one in chosen.uncertain)
    gap = [abs(one.probability - 0.5) for one in chosen.uncertain]
    assert gap == sorted(gap)
    assert choose([]).strongest == ()


def test_the_command_has_all_that_was_asked_for() -> None:
    parameters = {
        "regions": ["chr1:0-5,000"],
        "tasks": ["loop", "tad"],
        "mode": "accurate",
        "norm": "KR",
        "tracks": {"ctcf": "a b.bw"},
        "min_probability": {"loop": 0.3},
        "limits": {"tad_size": [100_000, 2_000_000], "stripe_width": 50_000},
        "resolution": 20_000,
    }
    run = {"map": {"uri": "/m y.cool"}, "model": {"name": "mine"}, "parameters": parameters}
    assert command(Entry("", Path("/out")), Result(run), genome=False) == (
        "hicstruct predict '/m y.cool' --out /out --region chr1:0-5,000 --tasks loop,tad --model mine --mode accurate "
        "--norm KR --resolution 20000 --min-probability loop=0.3 --limit tad_size=100000-2000000 "
        "--limit stripe_width=50000 --track 'ctcf=a b.bw'"
    )
    assert "--genome" in command(Entry("", Path("/out")), Result(run), genome=True)


# ---------------------------------------------------------------------- the work as a whole
@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A result made of what is true on the sample map, as a prediction writes it."""
    sample = hs.sample_map()
    folder = Path(sample.uri).parent / "truth"
    calls = [*hs.read_labels(folder / "loops.bedpe"), *hs.read_labels(folder / "tads.bed")]
    run = {
        "model": {"name": "truth", "version": "1", "sha256": "0" * 64},
        "map": identity_of(open_map(sample.uri)).to_run(),
        "parameters": {"regions": [], "tasks": ["loop", "tad"]},
    }
    return Path(hs.Calls(calls, run=run).write(tmp_path / "truth")[-1].parent)


def test_progress_counts_maps_and_a_cancelled_report_leaves_nothing(written: Path) -> None:
    token, seen = CancelToken(), []
    job = iter_report(ReportRequest(folder=written), token=token)

    def stop_at_measuring(step: Progress) -> None:
        seen.append(step.fraction)
        if "measure" in step.stage:
            token.cancel()

    with pytest.raises(Cancelled):
        drain(job, stop_at_measuring)
    assert token.cancelled
    assert seen == sorted(seen)
    assert not (written / "report.html").exists()
    assert not [path for path in written.iterdir() if path.name.startswith(".")]


def test_true_loops_stand_out_of_the_sample_map(written: Path) -> None:
    result = report(ReportRequest(folder=written))
    assert (result.shown, result.failed, result.notes) == (1, 0, ())
    text = result.page.read_text(encoding="utf-8")
    assert "Pile-up of" in text
    assert "Strongest TADs" in text
    assert "loops pass" in text
    assert "bins of 10 kb" in text


def test_a_result_knows_what_was_searched(written: Path) -> None:
    result = read_result(Entry("", written))
    assert result.searched() == ["chr1"]
    path = written / "run.json"
    run = json.loads(path.read_text())
    run["parameters"]["norms"] = {"chr1": "weight", "chr2": "weight"}
    path.write_text(json.dumps(run))
    assert read_result(Entry("", written)).searched() == ["chr1", "chr2"]


def test_the_public_function_gives_the_page(written: Path, tmp_path: Path) -> None:
    stages: list[str] = []
    page = hs.report(written, out=tmp_path / "page.html", progress=lambda step: stages.append(step.stage))
    assert page == tmp_path / "page.html"
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert stages[-1] == "done"
    (empty := tmp_path / "empty").mkdir()
    with pytest.raises(hs.errors.LabelError, match="no result"):
        hs.report(empty)
