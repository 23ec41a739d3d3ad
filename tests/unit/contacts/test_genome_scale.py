"""Small genomes are known by length and decay, and read as what networks know, several times smaller."""

from __future__ import annotations

from pathlib import Path

import cooler
import numpy as np
import pandas as pd
import pytest

import napari_hicstruct as hs
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.contacts.band import Band, coarsen_band
from napari_hicstruct.contacts.band_pair import bins_for, iter_band_pair
from napari_hicstruct.contacts.genome_scale import SMALL_GENOME, genome_scale, has_small_structures
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.decode.limits import DecodingLimits
from napari_hicstruct.genome import Interval
from napari_hicstruct.inference.pieces import cut_band
from napari_hicstruct.jobs import drain
from napari_hicstruct.workflows.genome.run_store import RunStore
from napari_hicstruct.workflows.predict.request import PredictRequest, capabilities, notes

YEAST, MAMMAL = -1.6, -0.9
"""Slope of log contacts by log distance."""


def _write(path: Path, slope: float, bins_bp: int = 1_000, length: int = 600_000, assembly: str = "") -> ContactSource:
    """A chromosome of featureless contacts; what lies beyond 600 kb holds none."""
    n = 600_000 // bins_bp
    i, j = np.triu_indices(n, 1)
    counts = np.random.default_rng(1).poisson(200 * (j - i) ** slope)
    pixels = pd.DataFrame({"bin1_id": i, "bin2_id": j, "count": counts})[counts > 0]
    bins = cooler.binnify(pd.Series({"I": length}), bins_bp)
    cooler.create_cooler(str(path), bins, pixels, ordered=True, assembly=assembly or None)
    return hs.open_map(path).source


def test_a_genome_is_small_by_its_length_and_its_decay(tmp_path: Path) -> None:
    yeast = _write(tmp_path / "yeast.cool", YEAST)
    assert has_small_structures(yeast)
    config = bins_for(yeast, ModelConfig())
    assert (config.coarse_resolution, config.fine_resolution) == (2_000, 1_000)
    assert [genome_scale(yeast, size) for size in (1_000, 2_000, 5_000, 10_000, 20_000)] == [10, 5, 2, 1, 1]


def test_what_was_cut_from_a_large_genome_is_not_small(tmp_path: Path) -> None:
    cut = _write(tmp_path / "cut.cool", MAMMAL)
    assert not has_small_structures(cut)
    assert bins_for(cut, ModelConfig()) == ModelConfig()
    assert genome_scale(cut, 2_000) == 1
    assert not has_small_structures(_write(tmp_path / "human.cool", YEAST, assembly="hg38"))
    assert not has_small_structures(_write(tmp_path / "long.cool", YEAST, length=SMALL_GENOME))
    assert not has_small_structures(_write(tmp_path / "coarse.cool", YEAST, bins_bp=10_000))


def test_without_contacts_enough_nothing_is_small(tmp_path: Path) -> None:
    path = tmp_path / "few.cool"
    bins = cooler.binnify(pd.Series({"I": 600_000}), 1_000)
    cooler.create_cooler(str(path), bins, pd.DataFrame({"bin1_id": [3], "bin2_id": [23], "count": [1]}), ordered=True)
    assert not has_small_structures(hs.open_map(path).source)


def test_bins_of_two_kb_look_to_a_network_as_bins_of_ten(tmp_path: Path) -> None:
    source = _write(tmp_path / "yeast.cool", YEAST)
    fine, coarse = drain(iter_band_pair(source, "I", bins_for(source, ModelConfig())))
    assert isinstance(fine, Band)
    assert (fine.resolution, fine.network_resolution) == (1_000, 5_000)
    assert (coarse.resolution, coarse.network_resolution) == (2_000, 10_000)
    assert coarse.n_diagonals <= ModelConfig().max_distance // 10_000


def test_workers_read_the_scale_with_the_band(tmp_path: Path) -> None:
    source = _write(tmp_path / "yeast.cool", YEAST)
    _, coarse = drain(iter_band_pair(source, "I", bins_for(source, ModelConfig())))
    store = RunStore.opened(tmp_path / "run", {}, resume=False)
    store.write_band("r00000/coarse", coarse)
    part = store.read_band("r00000/coarse", "I", coarse.resolution, (20, 80))
    assert (part.scale, part.network_resolution, part.first_bin) == (coarse.scale, 10_000, 20)
    assert cut_band(coarse, 20, 80).scale == coarsen_band(coarse, 2).scale == coarse.scale == 5


def test_sizes_are_looked_for_at_the_genomes_scale_but_limits_are_bp() -> None:
    none = DecodingLimits()
    assert none.tads(2_000, 5).size == (10_000, 800_000)
    assert none.loops(0.1, 2_000, 5).max_distance_bp == 600_000
    stripes = none.stripes(0.6, 5)
    assert (stripes.near_bp, stripes.min_length_bp, stripes.max_width_bp) == (8_000, 30_000, 12_000)
    own = DecodingLimits.of({"tad_size": (4_000, 9_000), "stripe_length": (5_000, 9_000)})
    assert own.tads(2_000, 5).size == (4_000, 9_000)
    assert own.stripes(0.6, 5).min_length_bp == 5_000


def test_a_request_names_the_scale_and_keeps_short_chromosomes(tmp_path: Path) -> None:
    source = _write(tmp_path / "yeast.cool", YEAST)
    whole = (Interval("I", 0, 600_000),)
    request = PredictRequest(regions=whole)
    assert request.min_length(source) == 40_000
    assert any("structures 5 times smaller than mammals'" in one for one in notes(source, request))
    as_mammals = PredictRequest(regions=whole, resolution=10_000)
    assert (as_mammals.scale(source), as_mammals.min_length(source)) == (1, 200_000)


def test_bins_that_blur_a_small_genome_are_named(tmp_path: Path) -> None:
    request = PredictRequest(regions=(Interval("I", 0, 600_000),))
    coarse = _write(tmp_path / "coarse.cool", YEAST, bins_bp=10_000)
    assert any("bins of 10 kb do not show them" in one for one in notes(coarse, request))
    slow = _write(tmp_path / "slow.cool", MAMMAL)
    assert any("Choose bins of 1 kb to 2 kb" in one for one in notes(slow, request))
    cut = _write(tmp_path / "cut.cool", MAMMAL, assembly="mm10")
    assert not any("structures" in one for one in notes(cut, request))


def _as_bins_of(path: Path, source: ContactSource, factor: int) -> ContactSource:
    """The same pixels in bins ``factor`` times as small."""
    (name, length), size = next(iter(source.chromsizes.items())), source.resolutions[0]
    parts = [
        pd.DataFrame({"bin1_id": part.bin1, "bin2_id": part.bin2, "count": part.count.astype(int)})
        for part in source.pixels(name, resolution=size)
    ]
    bins = cooler.binnify(pd.Series({name: length // factor}), size // factor)
    cooler.create_cooler(str(path), bins, pd.concat(parts).sort_values(["bin1_id", "bin2_id"]), ordered=True)
    return hs.open_map(path).source


@pytest.mark.parametrize("seed", [7])
def test_the_same_map_five_times_smaller_gives_the_same_calls(tmp_path: Path, seed: int) -> None:
    hs.simulate(tmp_path / "large.mcool", chromosomes={"chr1": 4_000_000}, resolutions=[10_000], seed=seed)
    large = _as_bins_of(tmp_path / "large.cool", hs.open_map(tmp_path / "large.mcool").source, 1)
    small = _as_bins_of(tmp_path / "small.cool", large, 5)
    assert has_small_structures(small)
    calls = [hs.predict(hs.open_map(path)) for path in (tmp_path / "large.cool", tmp_path / "small.cool")]
    assert len(calls[0]) > 10
    rows = [
        sorted((one.kind, one.anchor1.start * k, one.anchor2.end * k, one.score) for one in found)
        for found, k in zip(calls, (1, 5), strict=True)
    ]
    assert [row[0] for row in rows[0]] == [row[0] for row in rows[1]]
    np.testing.assert_allclose([row[1:] for row in rows[0]], [row[1:] for row in rows[1]], atol=10)


def test_short_chromosomes_alone_are_named_before_a_run(tmp_path: Path) -> None:
    path = tmp_path / "short.cool"
    bins = cooler.binnify(pd.Series({"gene": 30_000}), 1_000)
    cooler.create_cooler(str(path), bins, pd.DataFrame({"bin1_id": [3], "bin2_id": [23], "count": [9]}), ordered=True)
    assert set(capabilities(hs.open_map(path).source).values()) == {"needs a chromosome of 200 kb or more"}
    assert set(capabilities(_write(tmp_path / "yeast.cool", YEAST)).values()) == {""}
