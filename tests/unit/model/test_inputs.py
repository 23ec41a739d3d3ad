"""Channels that a model may read besides the default ones, and tracks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_hicstruct.config import parse_config
from napari_hicstruct.config.model import INPUTS, MORE_INPUTS, ModelConfig
from napari_hicstruct.contacts.band import Band, coarsen_band, make_band
from napari_hicstruct.contacts.channels import (
    CHANNELS,
    MORE_CHANNELS,
    chromosome_channels,
    strip_channels,
    window_channels,
)
from napari_hicstruct.errors import ConfigError, MapError
from napari_hicstruct.models.position import PositionEncoding
from napari_hicstruct.tracks.binned import check_tracks, coarsen_tracks, read_tracks, scale
from napari_hicstruct.workflows.models import describe_model
from tests.unit.model.model_kit import features, net, small

EVERY = CHANNELS + MORE_CHANNELS


@pytest.fixture(scope="module")
def band() -> Band:
    rng = np.random.default_rng(3)
    counts = rng.poisson(40 / (1 + np.arange(30))[:, None], (30, 80)).astype(np.float32)
    for d in range(30):
        counts[d, 80 - d :] = 0
    weights = rng.uniform(0.5, 2, 80).astype(np.float32)
    weights[[7, 33]] = np.nan
    return make_band("chr1", 10_000, counts, weights=weights)


def test_names_in_config_and_contacts_are_the_same() -> None:
    assert (CHANNELS, MORE_CHANNELS) == (INPUTS, MORE_INPUTS)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (("oe", "valid", "distance", "colour"), "no input 'colour'"),
        (("oe", "oe", "valid", "distance"), "once"),
        (("oe",), "'distance'"),
    ],
)
def test_impossible_inputs_are_refused(inputs: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_config(ModelConfig, {"inputs": inputs})


def test_an_unknown_channel_is_named(band: Band) -> None:
    with pytest.raises(ConfigError, match=r"no input channel 'colour'.*raw"):
        window_channels(band, 0, 0, 8, ("oe", "colour"))


@pytest.mark.parametrize("corner", [(0, 0), (-5, 20), (40, 10), (60, 70), (200, 210)])
def test_more_channels_equal_the_formula_pixel_by_pixel(band: Band, corner: tuple[int, int]) -> None:
    size = 24
    x = dict(zip(EVERY, window_channels(band, *corner, size, EVERY), strict=True))
    np.testing.assert_array_equal(np.stack([x[name] for name in CHANNELS]), window_channels(band, *corner, size))
    places = [(a, b) for a in range(size) for b in range(size) if x["valid"][a, b]]

    def count(a: int, b: int) -> tuple[float, float]:
        i, j = corner[0] + a, corner[1] + b
        return float(band.counts[abs(i - j), min(i, j)]), float(band.weights[i] * band.weights[j])

    positive = [c for c, _ in (count(*place) for place in places) if c > 0]
    top = max(1.0, np.percentile(positive, 97)) if positive else 1.0
    wanted = {name: np.zeros((size, size)) for name in MORE_CHANNELS}
    for place in places:
        c, w = count(*place)
        wanted["raw"][place] = np.log(1 + min(c, top)) / np.log(1 + top)
        wanted["balanced"][place] = np.log2(1 + c * w) / 8
        wanted["coverage"][place] = min(2, max(-2, -np.log2(w) / 4))
    for name, values in wanted.items():
        np.testing.assert_allclose(x[name], values, atol=1e-5, err_msg=name)


def test_channels_come_in_the_order_asked_for(band: Band) -> None:
    every = window_channels(band, 3, 9, 16, EVERY)
    some = window_channels(band, 3, 9, 16, ("valid", "raw", "distance"))
    np.testing.assert_array_equal(some, every[[4, 5, 2]])


def test_a_strip_reads_the_same_pixels_as_a_window(band: Band) -> None:
    inputs, tracks = ("oe", "balanced", "coverage", "valid", "distance"), np.random.rand(2, 80).astype(np.float32)
    window = window_channels(band, 0, 0, 80, inputs, tracks)
    strip = strip_channels(band, 0, 80, 16, inputs, tracks)
    assert strip.shape == (9, 16, 80)
    for d in range(16):
        for x in range(20, 60):
            np.testing.assert_array_equal(strip[:, d, x], window[:, x - d // 2, x - d // 2 + d])


def test_tracks_lie_along_rows_and_columns(band: Band) -> None:
    track = np.arange(80, dtype=np.float32)
    x = window_channels(band, -2, 70, 16, CHANNELS, track[None])
    rows = [max(0, k - 2) for k in range(16)]
    cols = [70 + k if k < 10 else 0 for k in range(16)]  # 0 beyond the chromosome
    np.testing.assert_array_equal(x[5], np.repeat(np.array(rows)[:, None], 16, 1))
    np.testing.assert_array_equal(x[6], np.repeat(np.array(cols)[None], 16, 0))
    np.testing.assert_array_equal(x[:5], window_channels(band, -2, 70, 16))


def test_a_whole_chromosome_is_the_strip_of_its_sums(band: Band) -> None:
    tracks = np.random.rand(1, 80).astype(np.float32)
    large = coarsen_band(band, 8)
    expected = strip_channels(large, 0, 10, 4, CHANNELS, tracks.reshape(1, 10, 8).mean(-1))
    np.testing.assert_allclose(chromosome_channels(band, 8, 4, CHANNELS, tracks), expected, atol=1e-6)


def test_the_last_bin_of_coarser_tracks_is_the_mean_of_what_there_is() -> None:
    np.testing.assert_allclose(coarsen_tracks(np.array([[1, 3, 5, 7, 9]], np.float32), 2), [[2, 6, 9]])
    assert coarsen_tracks(None, 2) is None


def test_scaled_tracks_do_not_depend_on_the_unit() -> None:
    values = np.random.default_rng(0).gamma(1.0, 3.0, 5000).astype(np.float32)
    np.testing.assert_allclose(scale(values * 50 + 7), scale(values), atol=1e-4)
    assert np.median(scale(values)) == pytest.approx(0, abs=1e-3)
    assert np.abs(scale(values)).max() <= 4


@pytest.mark.parametrize(("peaks", "largest"), [(0, 0.0), (3, 4.0)])
def test_constant_and_rare_tracks_are_scaled_too(peaks: int, largest: float) -> None:
    values = np.zeros(1000, np.float32)
    values[:peaks] = 9
    assert scale(values).max() == largest


@pytest.mark.parametrize(
    ("wanted", "files", "said"),
    [
        (("ctcf",), {}, r"reads a track 'ctcf'.*ctcf=FILE.bw"),
        ((), {"ctcf": "x.bw"}, r"no track 'ctcf'.*reads none"),
        (("ctcf",), {"ctcf": "x.bw", "rad21": "y.bw"}, r"no track 'rad21'.*reads ctcf"),
    ],
)
def test_tracks_and_files_must_match(wanted: tuple[str, ...], files: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_tracks(wanted, files)


@pytest.mark.parametrize("content", [b"", b"not a bigWig" * 20])
def test_what_is_no_track_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.bw").write_bytes(content)
    with pytest.raises(MapError, match=r"x\.bw.*bigWig"):
        check_tracks(("a",), {"a": tmp_path / "x.bw"})
    with pytest.raises(MapError, match=r"cannot be read"):
        check_tracks(("a",), {"a": tmp_path / "none.bw"})


def test_without_tracks_nothing_is_read() -> None:
    assert read_tracks((), {}, "chr1", length=1000, resolution=10) is None


def test_a_missing_pybbi_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "bbi", None)
    with pytest.raises(ConfigError, match=r"pybbi.*\[tracks\]"):
        check_tracks(("a",), {"a": "x.bw"})


def test_a_models_card_names_its_tracks(tmp_path: Path) -> None:
    config = small(tracks=("ctcf",)).model_dump(mode="json")
    (tmp_path / "model.json").write_text(json.dumps({"config": config, "card": {}, "sha256": ""}))
    assert describe_model(tmp_path).tracks == ("ctcf",)
    assert small(tracks=("ctcf",)).in_channels == len(INPUTS) + 2


def test_positions_are_counted_from_the_centre_and_start_at_zero() -> None:
    module = PositionEncoding(small())  # windows of 64 coarse and 16 coarse bins
    maps = features()
    torch.testing.assert_close(module(maps)["f2"], maps["f2"])
    with torch.no_grad():
        module.rows.copy_(torch.arange(8.0).expand(8, -1))
    out = module({"f2": torch.zeros(1, 8, 16, 16)})["f2"]
    assert out[0, 0, :, 0].tolist() == [3.0] * 8 + [4.0] * 8
    assert sum(p.numel() for p in net(small(position=True)).position.parameters()) == 2 * 8 * 8
