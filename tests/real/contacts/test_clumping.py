"""Real maps of many cells have no clumps, however shallow; with duplicates they do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.band_loading import iter_load_band
from napari_hicstruct.contacts.clumping import clumping
from napari_hicstruct.contacts.sources.opening import open_map


def _band(path: Path, chrom: str) -> Band:
    *_, band = iter_load_band(open_map(path), chrom, resolution=10_000, max_distance=6_000_000)
    assert isinstance(band, Band)
    return band


@pytest.mark.parametrize(
    ("name", "chrom"),
    [
        ("GM12878_MboI_chr21_10kb_hg19.cool", "21"),
        ("LNCaP_chr7_chr14_10kb_hg38.cool", "chr14"),
        ("stripeDiff_mutant_chr19_20Mb_10kb.cool", "chr19"),
        ("shallow_chr22_5kb-2.5Mb_hg19.hic", "22"),
    ],
)
def test_maps_of_many_cells(data_dir: Path, name: str, chrom: str) -> None:
    rng, band = np.random.default_rng(1), _band(data_dir / "maps" / name, chrom)
    counts = np.rint(band.counts).astype(int)
    for kept in (1, 1 / 16, 1 / 64):
        assert clumping(rng.binomial(counts, kept).astype(np.float32)) == 1


def test_duplicates_in_a_real_map(data_dir: Path) -> None:
    band = _band(data_dir / "maps" / "GM12878_MboI_chr21_10kb_hg19.cool", "21")
    thinned = np.random.default_rng(1).binomial(np.rint(band.counts).astype(int), 1 / 64)
    assert clumping((3 * thinned).astype(np.float32)) == pytest.approx(3, rel=0.25)
