"""Calibration maps: fitted, strictly rising, stored."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.errors import ModelError
from napari_hicstruct.evaluation.calibrate import (
    CalibrationMap,
    calibrated,
    fit,
    fit_isotonic,
    fit_temperature,
    maps_of,
)
from napari_hicstruct.evaluation.calibration import calibration
from napari_hicstruct.genome import Interval

GRID = np.linspace(0, 1, 401)


def drawn(true: np.ndarray, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(len(true)) < true


def scores(n: int = 6000) -> np.ndarray:
    return np.random.default_rng(1).uniform(0.02, 0.98, n)


def test_temperature_and_bias_are_found_again() -> None:
    s = scores()
    truth = CalibrationMap(temperature=2.5, bias=-1.0)
    logit = np.log(s / (1 - s))
    assert np.allclose(truth.apply(s), 1 / (1 + np.exp(-(logit / 2.5 - 1.0))))
    y = drawn(truth.apply(s))
    found = fit_temperature(s, y.astype(float))
    assert found.temperature == pytest.approx(2.5, rel=0.1)
    assert found.bias == pytest.approx(-1.0, abs=0.1)
    result = fit(s, y, np.arange(len(s)) % 4)
    assert result.map == found
    assert result.before.ece > 0.1 > 0.03 > result.after.ece
    assert result.after.brier < result.before.brier


def test_what_noise_takes_off_is_found_again() -> None:
    s = scores()
    noise = np.random.default_rng(2).uniform(0, 0.3, len(s))
    truth = CalibrationMap(2.0, 1.0, noise=8.0)
    assert np.allclose(truth.apply(0.5, [0.0, 0.25]), 1 / (1 + np.exp([-1.0, 0.0])))
    y = drawn(truth.apply(s, noise))
    found = fit_temperature(s, y.astype(float), noise)
    assert (found.temperature, found.bias, found.noise) == (
        pytest.approx(2.0, rel=0.1),
        pytest.approx(1.0, abs=0.15),
        pytest.approx(8.0, rel=0.1),
    )
    result = fit(s, y, np.arange(len(s)) % 4, noise)
    assert result.map == found
    assert result.after.brier < fit(s, y, np.arange(len(s)) % 4).after.brier - 0.005
    knots = fit_isotonic(s, y.astype(float), noise)
    assert knots.noise == found.noise
    assert np.abs(knots.apply(s, noise) - truth.apply(s, noise)).mean() < 0.03
    less = drawn(CalibrationMap(2.0, 1.0).apply(s) * (0.5 + 0.3 * noise))  # the noisier the better is no rule to keep
    assert fit_temperature(s, less.astype(float), noise).noise == 0
    assert fit_temperature(s, y.astype(float)).noise == 0


def test_steps_replace_the_formula_where_it_does_not_fit() -> None:
    s = scores()
    y = drawn(np.where(s < 0.2, 0.02, np.where(s < 0.8, 0.5, 0.55)))
    logistic = fit_temperature(s, y.astype(float))
    assert calibration(logistic.apply(s), y).ece > 0.05
    result = fit(s, y, np.arange(len(s)) % 3)
    assert result.map.knots
    assert result.after.ece < 0.05


@pytest.mark.parametrize("case", ["all", "none", "reversed", "constant", "chance", "few"])
@pytest.mark.parametrize("method", [fit_temperature, fit_isotonic])
def test_every_map_rises_strictly_within_0_and_1(case: str, method: object) -> None:
    s = scores(40) if case == "few" else scores(300)
    y = {"all": s > -1, "none": s > 2, "reversed": s < 0.5, "few": s > 0.7}.get(case, drawn(s * 0 + 0.4))
    if case == "constant":
        s = np.full(300, 1.0)
    p = method(s, y.astype(float)).apply(GRID)  # type: ignore[operator]
    assert (np.diff(p[1:-1]) > 0).all()
    assert p.min() >= 0
    assert p.max() <= 1
    assert np.isnan(method(s, y.astype(float)).apply(np.nan))  # type: ignore[operator]


def test_maps_that_contradict_each_other_leave_the_scores_as_they_are() -> None:
    """Fitted together they look calibrated; apart neither predicts the other, and that is what counts."""
    s = np.full(400, 0.5)
    y = np.repeat([True, False], 200)
    assert calibration(fit_temperature(s + 0.2, y).apply(s + 0.2), y).ece < 0.05
    result = fit(s + 0.2, y, np.repeat([0, 1], 200))
    assert result.map == CalibrationMap()
    assert result.after.ece == result.before.ece == pytest.approx(0.2)


def test_what_is_reported_comes_from_maps_that_were_not_fitted() -> None:
    s = scores(900)
    y, groups = drawn(s**2), np.arange(900) % 3
    p = np.zeros(900)
    for group in range(3):
        out = groups == group
        p[out] = fit_temperature(s[~out], y[~out]).apply(s[out])
    assert fit(s, y, groups).after.ece == pytest.approx(calibration(p, y).ece)


def test_maps_are_stored_as_json_and_damaged_ones_refused() -> None:
    s = scores(500)
    bent = fit_isotonic(s, drawn(s).astype(float))
    for made in (CalibrationMap(1.7, 0.3), CalibrationMap(1.7, 0.3, noise=4.0), bent):
        card = {"calibration": {"tad": json.loads(json.dumps({**made.to_dict(), "ece": 0.01}))}}
        assert maps_of(card) == {"tad": made}
    assert maps_of({}) == {}
    before_noise = {"temperature": 2, "bias": 0}
    assert maps_of({"calibration": {"tad": before_noise}}) == {"tad": CalibrationMap(2.0)}
    bad = (
        {"temperature": -1, "bias": 0},
        {"temperature": 1, "bias": 0, "noise": -2},
        {"temperature": "x"},
        {"temperature": 1, "bias": 0, "knots": [[0, 1], [1, 0]]},
    )
    for text in bad:
        with pytest.raises(ModelError, match="calibrat"):
            maps_of({"calibration": {"tad": text}})
    for whole in (None, [], "text", {"loop@abc": made.to_dict()}):
        with pytest.raises(ModelError, match=r"damaged calibration.* calibrate makes it anew"):
            maps_of({"calibration": whole})


def test_loops_have_a_map_for_each_bin_size() -> None:
    at = Interval("chr1", 0, 5_000), Interval("chr1", 100_000, 105_000)
    loop = Annotation(kind=Kind.LOOP, anchor1=at[0], anchor2=at[1], score=0.5, resolution=5_000)
    maps = {"loop@5000": CalibrationMap(1.0, -1.0), "stripe": CalibrationMap(1.0, 2.0)}
    assert calibrated(loop, maps).probability == pytest.approx(1 / (1 + np.e), abs=1e-6)
    assert calibrated(loop, maps).score == 0.5
    assert calibrated(loop.with_(resolution=10_000), maps) == loop.with_(resolution=10_000)
    stripe = loop.with_(kind=Kind.STRIPE)
    assert calibrated(stripe, maps).probability == pytest.approx(1 / (1 + np.exp(-2)), abs=1e-6)


def test_loops_in_other_bins_are_calibrated_as_those_in_the_nearest() -> None:
    maps = {"loop@5000": CalibrationMap(1.0, 1.0), "loop@10000": CalibrationMap(1.0, -2.0)}
    at = Interval("chr1", 0, 25_000), Interval("chr1", 500_000, 525_000)
    loop = Annotation(kind=Kind.LOOP, anchor1=at[0], anchor2=at[1], score=0.5)
    found = {size: calibrated(loop.with_(resolution=size), maps).probability for size in (1_000, 25_000, 0)}
    assert found[1_000] == pytest.approx(float(maps["loop@5000"].apply(0.5)), abs=1e-6)
    assert found[25_000] == pytest.approx(float(maps["loop@10000"].apply(0.5)), abs=1e-6)
    assert found[0] != found[0], "no bins are said: nobody knows"
