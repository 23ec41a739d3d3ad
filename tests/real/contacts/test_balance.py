"""Weights of real maps: cooler's, and the same ones in window and network."""

from __future__ import annotations

import shutil
from pathlib import Path

import cooler
import h5py
import numpy as np
import pytest

from napari_hicstruct.contacts import COMPUTED, open_map
from napari_hicstruct.contacts.balance import mean_one
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.band_loading import iter_load_band


def uncompressed(path: Path, group: str) -> None:
    """Write the pixels of a copy anew, as they are: cooler reads them all with each of its 70 iterations."""
    with h5py.File(path, "r+") as file:
        pixels = file[group.removeprefix("::") or "/"]["pixels"]
        for column in ("bin1_id", "bin2_id", "count"):
            values = pixels[column][:]
            del pixels[column]
            pixels.create_dataset(column, data=values)


@pytest.mark.parametrize(
    ("name", "group", "chrom"),
    [
        ("GM12878_MboI_chr21_10kb_hg19.cool", "::/10000", "21"),
        ("GM12878_Rao_chr21_30-35Mb.10kb.hg19.cool", "", "chr21"),
        ("HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool", "::/resolutions/10000", "chr17"),
        ("GM12878_rep_chr20_25kb.cool", "", "chr20"),
    ],
)
def test_weights_are_coolers_to_a_thousandth(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, group: str, chrom: str
) -> None:
    monkeypatch.setenv("HICSTRUCT_CACHE", str(tmp_path / "cache"))
    path = Path(shutil.copy(data_dir / "maps" / name, tmp_path))
    uncompressed(path, group)
    map_ = cooler.Cooler(f"{path}{group}")
    want, _ = cooler.balance_cooler(map_, cis_only=True, max_iters=200)
    got = open_map(f"{path}{group}").weights(chrom, resolution=map_.binsize, norm=COMPUTED)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    np.testing.assert_allclose(got, want, rtol=1e-3)


def test_the_network_reads_the_windows_weights(data_dir: Path) -> None:
    source = open_map(data_dir / "maps" / "GM12878_Rao_chr21_30-35Mb.10kb.hg19.cool")
    *_, band = iter_load_band(source, "chr21", resolution=10_000, max_distance=3_200_000)
    assert isinstance(band, Band)
    shown = source.weights("chr21", resolution=10_000, norm=source.default_norm(10_000, "chr21"))
    np.testing.assert_array_equal(band.weights, mean_one(shown))
