"""Maps through the public API: the numbers of cooler, lazily, and refusals in words."""

from __future__ import annotations

import pickle
from pathlib import Path

import cooler
import numpy as np
import pandas as pd
import pytest

import napari_hicstruct as hs
from tests.contacts_kit import symmetric, upper_counts, write_cool, write_mcool

SIZES = {"chr1": 1_000_000, "chr2": 405_000}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two chromosomes at 10 kb, balanced by known weights; the last bin of chr2 is partial."""
    n = 100 + 41
    weights = np.linspace(0.5, 1.5, n)
    weights[7] = np.nan
    file = tmp_path_factory.mktemp("maps") / "two.cool"
    return write_cool(file, SIZES, 10_000, upper_counts(n, 1), weights={"weight": weights})


@pytest.fixture
def m(path: str) -> hs.ContactMap:
    return hs.open_map(path)


def test_what_it_says_of_itself(m: hs.ContactMap, path: str) -> None:
    sizes = cooler.Cooler(path).chromsizes
    pd.testing.assert_series_equal(m.chromsizes, sizes, check_dtype=False, check_index_type=False)
    assert m.chromsizes.dtype == "int64"
    assert m.resolutions == m.resolutions_of("1") == (10_000,)
    assert m.normalisations(10_000) == m.normalisations(10_000, chrom="chr2") == ("weight",)
    assert (m.name, m.uri, m.value_kind, m.assembly) == ("two", path, "counts", "")
    assert repr(m) == "<ContactMap two: 2 chromosomes, bins of 10 kb>"
    assert hs.open_map(m) is m
    assert hs.open_map(Path(path)).fingerprint == m.fingerprint == pickle.loads(pickle.dumps(m)).fingerprint
    summary = m.info()
    assert [c.name for c in summary.chromosomes] == ["chr1", "chr2"]


@pytest.mark.parametrize(
    "region", ["chr1:200k-405k", "1:200,000-405,000", hs.Interval("chr1", 200_000, 405_000), ("chr1", 200_000, 405_000)]
)
def test_fetch_gives_coolers_numbers(m: hs.ContactMap, path: str, region: object) -> None:
    clr = cooler.Cooler(path)
    for norm, balance in ((None, True), ("weight", True), ("raw", False), ("RAW", False)):
        expected = clr.matrix(balance=balance).fetch("chr1:200000-410000")
        np.testing.assert_allclose(m.fetch(region, 10_000, norm=norm), expected, rtol=1e-6)
    columns = clr.matrix(balance=True).fetch("chr1:200000-410000", "chr1:0-100000")
    np.testing.assert_allclose(m.fetch(region, 10_000, cols="chr1:0-100k"), columns, rtol=1e-6)


def test_fetch_over_expected(m: hs.ContactMap) -> None:
    balanced, ratio = m.fetch("chr1", 10_000), m.fetch("chr1", 10_000, transform="oe")
    for distance in (0, 1, 10):
        diagonal = np.diagonal(balanced, distance)
        np.testing.assert_allclose(np.diagonal(ratio, distance), diagonal / np.nanmean(diagonal), rtol=1e-4)
    part = m.fetch("chr1:200k-400k", 10_000, cols="chr1:500k-600k", transform="oe")
    np.testing.assert_allclose(part, ratio[20:40, 50:60], rtol=1e-6)


def test_a_chromosome_end_is_a_partial_bin(m: hs.ContactMap) -> None:
    assert m.fetch("chr2", 10_000).shape == (41, 41)
    assert m.fetch(("2", 400_000, None), 10_000).shape == (1, 1)
    assert m.weights("2", 10_000).shape == (41,)
    assert m.pixels("chr2:390k-405k", 10_000).end2.max() == 405_000


def test_weights(m: hs.ContactMap) -> None:
    weights = m.weights("chr1", 10_000)
    assert np.isnan(weights[7])
    assert weights[0] == 0.5
    weights[0] = 9
    assert m.weights("chr1", 10_000)[0] == 0.5
    assert set(m.weights("chr1", 10_000, norm="raw")) == {1.0}


def test_pixels_are_coolers(m: hs.ContactMap, path: str) -> None:
    clr = cooler.Cooler(path)
    expected = clr.matrix(as_pixels=True, join=True, balance=True).fetch("chr1:200000-500000").reset_index(drop=True)
    found = m.pixels("chr1:200k-500k", 10_000, norm="weight")
    for column in ("start1", "end1", "start2", "end2", "count"):
        assert found[column].tolist() == expected[column].tolist(), column
    np.testing.assert_allclose(found.balanced, expected.balanced)
    assert set(found.chrom1) == {"chr1"}
    near = m.pixels("chr1", 10_000, max_distance=20_000)
    assert (near.start2 - near.start1).max() == 20_000
    assert "balanced" not in near
    assert m.pixels("chr1:70k-80k", 10_000).shape[0] <= 1


def test_to_dask_is_the_same_and_lazy(m: hs.ContactMap, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[int, int]] = []
    source = type(m.source)
    fetch = source.fetch

    def counted(self: object, rows: hs.Interval, cols: hs.Interval, **kwargs: object) -> object:
        read.append((len(rows), len(cols)))
        return fetch(self, rows, cols, **kwargs)

    monkeypatch.setattr(source, "fetch", counted)
    lazy = m.to_dask("1", 10_000)
    assert (lazy.shape, lazy.dtype, read) == ((100, 100), np.float32, [])
    part = lazy[20:40, 50:60].compute()
    assert read == [(200_000, 100_000)], "a slice is read as the rectangle that it is"
    np.testing.assert_array_equal(part, m.fetch("chr1:200k-400k", 10_000, cols="chr1:500k-600k"))
    np.testing.assert_array_equal(m.to_dask("chr2", 10_000, norm="raw").compute(), m.fetch("chr2", 10_000, norm="raw"))
    ratio = m.to_dask("chr1", 10_000, transform="oe", chunks=33).compute()
    np.testing.assert_allclose(ratio, m.fetch("chr1", 10_000, transform="oe"), rtol=1e-6)


def test_a_reduction_reads_chunk_by_chunk(m: hs.ContactMap, monkeypatch: pytest.MonkeyPatch) -> None:
    import dask.array as da

    sizes: list[int] = []
    source = type(m.source)
    fetch = source.fetch

    def counted(self: object, rows: hs.Interval, cols: hs.Interval, **kwargs: object) -> object:
        sizes.append(len(rows) * len(cols) // 10_000**2)
        return fetch(self, rows, cols, **kwargs)

    monkeypatch.setattr(source, "fetch", counted)
    total = float(da.nansum(m.to_dask("chr1", 10_000, norm="raw", chunks=25)).compute())
    assert max(sizes) == 625
    assert total == float(np.nansum(m.fetch("chr1", 10_000, norm="raw")))


def test_a_ladder(tmp_path: Path) -> None:
    upper = upper_counts(128, 3)
    m = hs.open_map(write_mcool(tmp_path / "ladder.mcool", {"chr1": 128 * 5_000}, 5_000, (1, 2), upper))
    assert m.resolutions == (5_000, 10_000)
    np.testing.assert_array_equal(m.fetch("chr1", 5_000, norm="raw"), symmetric(upper))
    assert m.to_dask("chr1", 10_000).shape == (64, 64)
    assert m.normalisations(5_000) == ()


REFUSED = {
    "bin size": (lambda m: m.fetch("chr1", 7_000), "MapError", "has no 7 kb bins. It has 10 kb"),
    "lazy bin size": (lambda m: m.to_dask("chr1", 7_000), "MapError", "has no 7 kb bins"),
    "chromosome": (lambda m: m.fetch("chr9", 10_000), "RegionError", "no chromosome 'chr9'"),
    "end": (lambda m: m.fetch("chr1:0-2M", 10_000), "RegionError", "outside chr1, which is 1,000,000 bp long"),
    "interval": (lambda m: m.fetch(hs.Interval("chr1", 0, 2_000_000), 10_000), "RegionError", "outside chr1"),
    "two chromosomes": (lambda m: m.fetch("chr1", 10_000, cols="chr2"), "RegionError", "on two chromosomes"),
    "bin size in words": (
        lambda m: m.fetch("chr1", "10kb"),
        "ConfigError",
        "no whole number of bp.*Give resolution=10000",
    ),
    "no bin size": (lambda m: m.pixels("chr1", 0), "MapError", "has no 0 bp bins"),
    "lazy region": (lambda m: m.to_dask("chr1:0-1M", 10_000), "RegionError", "no chromosome 'chr1:0-1M'"),
    "chunks": (lambda m: m.to_dask("chr1", 10_000, chunks=0), "ConfigError", "chunks of 0 bins"),
    "no map": (lambda m: hs.open_map(None), "MapError", "None is not a contact map. Give a path"),
    "no region": (lambda m: m.fetch(17, 10_000), "RegionError", "17 is not a region. Write 'chr17:62.5M-63.5M'"),
    "weights": (
        lambda m: m.fetch("chr1", 10_000, norm="KR"),
        "MapError",
        "no normalisation 'KR'.*weight or raw",
    ),
    "transform": (
        lambda m: m.fetch("chr1", 10_000, transform="log"),
        "ConfigError",
        "no transform 'log'. Choose from none",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(m: hs.ContactMap, name: str) -> None:
    ask, kind, said = REFUSED[name]
    with pytest.raises(hs.HicStructError, match=said) as caught:
        ask(m)
    assert type(caught.value) is getattr(hs.errors, kind)


def test_what_would_not_fit_is_refused_before_it_is_read(m: hs.ContactMap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_hicstruct.api.maps.MAX_FETCH_BYTES", 100 * 100 * 4 - 1)
    monkeypatch.setattr("napari_hicstruct.api.pixels.MAX_PIXELS", 10)
    with pytest.raises(hs.errors.MapError, match=r"a block of 0\.0 GiB was asked for at 10 kb. Use to_dask"):
        m.fetch("chr1", 10_000)
    with pytest.raises(hs.errors.MapError, match=r"more than 10 pixels at 10 kb.*Give max_distance"):
        m.pixels("chr1", 10_000)


def test_no_map(tmp_path: Path) -> None:
    with pytest.raises(hs.errors.MapError, match=r"none.mcool"):
        hs.open_map(tmp_path / "none.mcool")
