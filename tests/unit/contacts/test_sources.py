"""Cooler files of every layout give the same blocks, weights and pixels as their dense matrix."""

from __future__ import annotations

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest

from napari_hicstruct.contacts import COMPUTED, RAW, ContactSource, open_map
from napari_hicstruct.contacts.sources.handles import MAX_OPEN_FILES, file_lock
from napari_hicstruct.errors import MapError, RegionError
from napari_hicstruct.genome import Interval
from tests.contacts_kit import Matrix, coarsen, symmetric, upper_counts, write_cool, write_mcool

SIZES = {"chr1": 395, "chr2": 230, "chrM": 7}
N = 40 + 23 + 1


@pytest.fixture
def upper() -> Matrix:
    counts = upper_counts(N, 3)
    counts[-1, -1] = 5  # the only bin of chrM, which hictkpy 1.4 does not see
    return counts


def whole(source: ContactSource, chrom: str) -> Interval:
    return Interval(chrom, 0, source.chromsizes[chrom])


def test_every_chromosome_reads_as_its_dense_block(tmp_path: Path, upper: Matrix) -> None:
    source = open_map(write_cool(tmp_path / "a.cool", SIZES, 10, upper))
    full, start = symmetric(upper), 0
    for chrom, size in SIZES.items():
        n = -(-size // 10)
        block = source.fetch(whole(source, chrom), whole(source, chrom), resolution=10)
        assert block.dtype == np.float32
        np.testing.assert_array_equal(block, full[start : start + n, start : start + n])
        pixels = np.zeros((n, n))
        for part in source.pixels(chrom, resolution=10):
            pixels[part.bin1, part.bin2] += part.count
        np.testing.assert_array_equal(pixels, upper[start : start + n, start : start + n])
        start += n


def test_pixels_keep_to_rows_and_distance(tmp_path: Path, upper: Matrix) -> None:
    source = open_map(write_cool(tmp_path / "a.cool", SIZES, 10, upper))
    (part,) = source.pixels("chr1", resolution=10, max_distance=50, rows=Interval("chr1", 95, 201))
    want = np.triu(upper[:40, :40]) - np.triu(upper[:40, :40], 6)
    want[:9], want[21:] = 0, 0
    got = np.zeros((40, 40))
    got[part.bin1, part.bin2] = part.count
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("layout", ["group", "mcool", "old", "uri"])
def test_layouts(tmp_path: Path, layout: str) -> None:
    upper = upper_counts(40, 1)
    sizes = {"chr1": 395}
    path = tmp_path / "map.cool"
    if layout == "group":
        write_cool(f"{path}::/10", sizes, 10, upper)
        source, resolutions = open_map(path), (10,)
    elif layout == "old":
        for zoom, factor in enumerate((4, 2, 1)):
            write_cool(f"{path}::/{zoom}", sizes, 10 * factor, coarsen(upper, factor), mode="a" if zoom else "w")
        source, resolutions = open_map(path), (10, 20, 40)
    else:
        write_mcool(path, sizes, 10, (1, 2), upper)
        chosen = f"{path}::/resolutions/20" if layout == "uri" else str(path)
        source, resolutions = open_map(chosen), (20,) if layout == "uri" else (10, 20)
        assert source.uri == chosen
    assert source.resolutions == resolutions
    for resolution in resolutions:
        block = source.fetch(whole(source, "chr1"), whole(source, "chr1"), resolution=resolution)
        np.testing.assert_array_equal(block, symmetric(coarsen(upper, resolution // 10)))


def test_weights_of_both_kinds(tmp_path: Path, upper: Matrix) -> None:
    rng = np.random.default_rng(0)
    vectors = {name: rng.uniform(0.5, 2, N) for name in ("weight", "KR", "GC", "mine")}
    vectors["weight"][4], vectors["KR"][5] = np.nan, np.nan
    path = tmp_path / "w.cool"
    write_cool(path, SIZES, 10, upper, weights=vectors)
    with h5py.File(path, "r+") as file:
        file["bins/mine"].attrs["divisive_weights"] = True
    source = open_map(path)
    assert [(norm.name, norm.divisive) for norm in source.normalisations(10)] == [
        ("weight", False),
        ("KR", True),
        ("mine", True),
    ]
    assert source.default_norm(10) == "weight"
    span = whole(source, "chr1")
    for norm, vector in (("weight", vectors["weight"]), ("KR", 1 / vectors["KR"]), ("mine", 1 / vectors["mine"])):
        want = symmetric(upper)[:40, :40] * np.outer(vector[:40], vector[:40])
        np.testing.assert_allclose(source.fetch(span, span, resolution=10, norm=norm), want, rtol=1e-5)
    with pytest.raises(MapError, match=r"no normalisation 'SCALE'.*weight, KR, mine or raw"):
        source.weights("chr1", resolution=10, norm="SCALE")


def test_float_counts_are_not_truncated(tmp_path: Path, upper: Matrix) -> None:
    source = open_map(write_cool(tmp_path / "f.cool", SIZES, 10, upper / 3, dtype=np.float64))
    assert not source.integer_counts
    span = whole(source, "chr2")
    np.testing.assert_allclose(source.fetch(span, span, resolution=10), symmetric(upper)[40:63, 40:63] / 3, rtol=1e-6)
    assert open_map(write_cool(tmp_path / "i.cool", SIZES, 10, upper, dtype=np.float64)).integer_counts


def test_computed_weights_never_touch_the_file(tmp_path: Path, upper: Matrix) -> None:
    path = tmp_path / "a.cool"
    write_cool(path, SIZES, 10, upper)
    before = path.read_bytes()
    source = open_map(path)
    assert source.default_norm(10) == COMPUTED
    span = whole(source, "chr1")
    balanced = source.fetch(span, span, resolution=10, norm=COMPUTED)
    weights = source.weights("chr1", resolution=10, norm=COMPUTED)
    np.testing.assert_allclose(balanced, symmetric(upper)[:40, :40] * np.outer(weights, weights), rtol=1e-5)
    source.close()  # type: ignore[attr-defined]
    assert path.read_bytes() == before


def test_fingerprint_knows_the_map_not_the_file(tmp_path: Path, upper: Matrix) -> None:
    first = open_map(write_cool(tmp_path / "a.cool", SIZES, 10, upper)).fingerprint()
    balanced = open_map(write_cool(tmp_path / "b.cool", SIZES, 10, upper, weights={"weight": np.ones(N)}))
    assert balanced.fingerprint() == first
    other = upper.copy()
    other[0, 1] += 1
    assert open_map(write_cool(tmp_path / "c.cool", SIZES, 10, other)).fingerprint() != first


def test_names_and_regions(tmp_path: Path, upper: Matrix) -> None:
    source = open_map(write_cool(tmp_path / "a.cool", SIZES, 10, upper))
    assert source.fetch(Interval("2", 5, 26), Interval("chr2", 100, 9_999), resolution=10).shape == (3, 13)
    with pytest.raises(RegionError, match="no chromosome 'chr3'"):
        source.weights("chr3", resolution=10, norm=RAW)
    with pytest.raises(RegionError, match=r"outside chr1, which is 395 bp long.*0-395"):
        source.fetch(Interval("chr1", 400, 500), Interval("chr1", 0, 10), resolution=10)
    with pytest.raises(RegionError, match="two chromosomes"):
        source.fetch(whole(source, "chr1"), whole(source, "chr2"), resolution=10)
    with pytest.raises(MapError, match=r"has no 20 bp bins.*It has 10 bp"):
        source.fetch(whole(source, "chr1"), whole(source, "chr1"), resolution=20)


def test_pickles_by_path_and_reads_on_after_the_file_was_replaced(tmp_path: Path, upper: Matrix) -> None:
    path = tmp_path / "a.cool"
    source = open_map(write_cool(path, SIZES, 10, upper))
    span = whole(source, "chr1")
    block = source.fetch(span, span, resolution=10)
    data = pickle.dumps(source)
    assert len(data) < 1_000
    np.testing.assert_array_equal(pickle.loads(data).fetch(span, span, resolution=10), block)
    write_cool(tmp_path / "new.cool", SIZES, 10, upper * 2)
    (tmp_path / "new.cool").replace(path)
    np.testing.assert_array_equal(source.fetch(span, span, resolution=10), block * 2)
    path.unlink()
    with pytest.raises(MapError, match=r"a\.cool: cannot be read"):
        source.fetch(span, span, resolution=10)


def test_threads_share_one_lock(tmp_path: Path, upper: Matrix) -> None:
    path = write_cool(tmp_path / "a.cool", SIZES, 10, upper)
    sources = [open_map(path), open_map(path)]
    assert file_lock(path) is file_lock(str(tmp_path / "." / "a.cool"))
    full = symmetric(upper)[:40, :40].astype(np.float32)
    start = threading.Barrier(4)

    def read(number: int) -> bool:
        start.wait(10)
        source = sources[number % 2]
        return all(
            np.array_equal(source.fetch(span, span, resolution=10), full) for span in [whole(source, "chr1")] * 50
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(read, range(4)))


def test_of_many_files_only_the_last_ones_stay_open(tmp_path: Path) -> None:
    upper = upper_counts(N, 3)
    sources = [open_map(write_cool(tmp_path / f"{k}.cool", SIZES, 10, upper)) for k in range(12)]
    blocks = [source.fetch(whole(source, "chr1"), whole(source, "chr1"), resolution=10) for source in sources]
    still = [k for k in range(12) if file_lock(str(tmp_path / f"{k}.cool"))._handles]
    assert still == list(range(4, 12))
    again = sources[0].fetch(whole(sources[0], "chr1"), whole(sources[0], "chr1"), resolution=10)
    np.testing.assert_array_equal(again, blocks[0])
    assert sum(bool(file_lock(str(tmp_path / f"{k}.cool"))._handles) for k in range(12)) == MAX_OPEN_FILES
