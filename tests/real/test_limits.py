"""Limits of what is called hold on a real map, and without any nothing changes."""

from __future__ import annotations

from pathlib import Path

import pytest

import napari_hicstruct as hs
from napari_hicstruct.cli.main import main
from napari_hicstruct.decode.limits import DecodingLimits
from napari_hicstruct.decode.loops import LoopSettings
from napari_hicstruct.decode.stripe_settings import StripeSettings
from napari_hicstruct.decode.tads import TadSettings
from napari_hicstruct.errors import ConfigError

REGION = "21:28M-36M"


@pytest.fixture(scope="module")
def chr21(data_dir: Path) -> hs.ContactMap:
    return hs.open_map(data_dir / "maps" / "GM12878_MboI_chr21_10kb_hg19.cool")


def middles(call: hs.Annotation) -> tuple[float, float]:
    return tuple((part.start + part.end) / 2 for part in (call.anchor1, call.anchor2))


def test_calls_keep_their_limits(chr21: hs.ContactMap) -> None:
    limits = {
        "tad_size": (300_000, 1_500_000),
        "loop_distance": (100_000, 600_000),
        "loop_separation": 60_000,
        "stripe_length": (250_000, 900_000),
        "stripe_width": 10_000,
    }
    calls, usual = hs.predict(chr21, REGION, limits=limits), hs.predict(chr21, REGION)
    for kind in ("loop", "stripe", "tad"):
        assert 0 < len(calls.filter(kind=kind)) <= len(usual.filter(kind=kind))
    places = [middles(call) for call in calls.loops]
    assert all(90_000 <= b - a <= 610_000 for a, b in places)
    assert all(max(abs(a - c), abs(b - d)) >= 50_000 for k, (a, b) in enumerate(places) for c, d in places[k + 1 :])
    assert all(300_000 <= len(call.anchor1) <= 1_500_000 for call in calls.tads)
    assert any(not 300_000 <= len(call.anchor1) <= 1_500_000 for call in usual.tads)
    assert all(len(call.anchor2) <= 930_000 and len(call.anchor1) <= 10_000 for call in calls.stripes)
    assert any(len(call.anchor1) > 10_000 for call in usual.stripes)
    assert calls.run["parameters"]["limits"]["tad_size"] == [300_000, 1_500_000]


def test_without_limits_the_decoders_are_as_they_were() -> None:
    none = DecodingLimits()
    assert none.loops(0.1, 5_000) == LoopSettings(min_score=0.1)
    assert none.stripes(0.6) == StripeSettings(threshold=0.6)
    assert none.tads() == none.tads(5_000) == none.tads(25_000) == TadSettings()
    assert none.tads(2_000).size == (20_000, 4_000_000)  # small genomes have small domains
    assert none.to_dict() == {}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"tad_length": (1, 2)}, "tad_size"),
        ({"tad-length": (1, 2)}, "tad-size"),
        ({"tad_size": (1, 10**30)}, r"Give 'tad_size': \(100_000, 2_000_000\)"),
        ({"tad_size": 5}, "least and a most"),
        ({"tad_size": (5, 5)}, "least and a most"),
        ({"stripe_width": (1, 2)}, "one number"),
        ({"loop-separation": 0}, "one number"),
    ],
)
def test_wrong_limits_are_named(given: dict, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        DecodingLimits.of(given)


@pytest.mark.parametrize("text", ["tad-size", "tad-size=x", "tad-size=1M-2", "what=5k", "tad-size=100k"])
def test_the_shell_refuses_them_in_one_line(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["predict", hs.sample_map().uri, "-o", str(tmp_path / "out"), "--limit", text]
    assert main(words) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
