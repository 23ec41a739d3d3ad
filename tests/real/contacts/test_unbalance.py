"""Real maps, balanced by cooler and stored without their counts, give these back."""

from __future__ import annotations

from pathlib import Path

import cooler
import numpy as np
import pytest

from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.band_loading import iter_load_band


def band(uri: str, chrom: str) -> Band:
    loaded = [*iter_load_band(open_map(uri), chrom, resolution=10_000, max_distance=3_200_000)][-1]
    assert isinstance(loaded, Band)
    return loaded


@pytest.mark.parametrize("scale", [1.0, 4e4])
def test_chr21_without_its_counts_is_chr21(data_dir: Path, tmp_path: Path, scale: float) -> None:
    uri = f"{data_dir}/maps/GM12878_MboI_chr21_10kb_hg19.cool::/10000"
    real = cooler.Cooler(uri)
    pixels = real.matrix(balance=True, sparse=True, as_pixels=True)[:]
    pixels = pixels.assign(count=pixels["balanced"] * scale).dropna(subset="count")[["bin1_id", "bin2_id", "count"]]
    bins = real.bins()[["chrom", "start", "end"]][:]
    cooler.create_cooler(str(tmp_path / "f.cool"), bins, pixels, ordered=True, dtypes={"count": np.float64})
    counts, fractions = band(uri, "21"), band(str(tmp_path / "f.cool"), "21")
    assert fractions.valid.sum() > 0.99 * counts.valid.sum()
    n = counts.n_bins
    for d in (0, 1, 30, 200):
        good = (fractions.valid & counts.valid)[: n - d] & (fractions.valid & counts.valid)[d:]
        np.testing.assert_array_equal(fractions.counts[d, : n - d][good], counts.counts[d, : n - d][good])
    ratio = fractions.weights[fractions.valid] / counts.weights[fractions.valid]
    np.testing.assert_allclose(ratio, np.median(ratio), rtol=1e-4)
