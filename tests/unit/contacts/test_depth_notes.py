"""What is said of a map's depth is of its contacts, not of its weights or of diagonals that were left out."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import cooler
import numpy as np
import pandas as pd
import pytest

import napari_hicstruct as hs
from napari_hicstruct.contacts.band import Band, make_band
from napari_hicstruct.workflows.open_map import summarise
from napari_hicstruct.workflows.predict.checks import depth_notes

RES, N, REACH = 10_000, 400, 100


def _band(depth: float, without: int = 0) -> Band:
    d, i = np.ogrid[:REACH, :N]
    mean = depth / np.maximum(d, 1) * (i + d < N) * (d >= without)
    return make_band("chr1", RES, np.random.default_rng(1).poisson(mean).astype(np.float32))


def _shallow(band: Band) -> list[str]:
    return [note for note in depth_notes(band) if "very shallow" in note]


def test_a_shallow_map_is_named_with_its_counts() -> None:
    (note,) = _shallow(_band(0.4))
    found = re.search(r"neighbouring 10 kb bins share ([\d.]+) contacts", note)
    assert found is not None
    assert float(found[1]) == pytest.approx(0.4, abs=0.1)
    assert not _shallow(_band(5.0))


@pytest.mark.parametrize("without", [1, 2, 3])
def test_diagonals_that_were_left_out_make_no_map_shallow(without: int) -> None:
    assert not _shallow(_band(50.0, without))
    (note,) = _shallow(_band(0.3, without + 1))
    assert f"10 kb bins {without + 1} bins apart" in note


def test_weights_that_mean_nothing_do_not_reach_the_words() -> None:
    band = _band(0.2)
    (note,) = _shallow(replace(band, weights=band.weights * 1e-7, expected=band.expected * 1e-14))
    assert "e-" not in note


@pytest.mark.parametrize(
    ("near", "depth", "shallow"), [(1, 40, False), (2, 40, False), (1, 0.2, True), (2, 0.02, True)]
)
def test_a_file_without_its_first_diagonals_is_not_shallow(
    tmp_path: Path, near: int, depth: float, shallow: bool
) -> None:
    i, j = np.triu_indices(N, near)
    counts = np.random.default_rng(1).poisson(depth / (j - i))
    pixels = pd.DataFrame({"bin1_id": i, "bin2_id": j, "count": counts})[counts > 0]
    path = tmp_path / "map.cool"
    cooler.create_cooler(str(path), cooler.binnify(pd.Series({"chr1": N * RES}), RES), pixels, ordered=True)
    notes = summarise(hs.open_map(path).source).notes
    assert any("Very shallow" in note for note in notes) is shallow


def test_a_map_of_captured_places_names_how_few_bins_are_good() -> None:
    band = _band(5.0)
    weights = np.where(np.arange(N) % 20 == 0, 1, np.nan).astype(np.float32)
    said = depth_notes(replace(band, weights=weights))
    assert any("Of 400 bins with contacts of chr1 only 20 hold enough" in note for note in said)
    assert not any("hold enough" in note for note in depth_notes(band))
