"""Blocks from pixels however they are stored, and how little of them is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.sources.chunked_column import ChunkedColumn, unshuffled
from napari_hicstruct.contacts.sources.pixel_table import PixelTable
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import Interval
from tests.contacts_kit import Matrix, symmetric, upper_counts, write_cool

N, TRANS = 150, 60  # bins of chr1, and of chr2: rows of up to 210 pixels


def full_counts() -> Matrix:
    """Nearly every pixel is there, empty rows between; some counts take more than one byte."""
    counts = upper_counts(N + TRANS, 4, mean=900.0)
    counts[40:44] = 0
    counts[:, 40:44] = 0
    return counts


TRUTH = full_counts()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("maps") / "full.cool"
    write_cool(path, {"chr1": N * 10, "chr2": TRANS * 10}, 10, TRUTH)
    return path


def stored_again(original: Path, folder: Path, chunks: int | None, dtypes: tuple[str, str], **options: Any) -> Path:
    """The same map with its columns stored in another way."""
    path = folder / f"again-{chunks}-{'-'.join(dtypes)}-{len(list(folder.iterdir()))}.cool"
    path.write_bytes(original.read_bytes())
    with h5py.File(path, "r+") as file:
        for name, dtype in zip(("bin2_id", "count"), dtypes, strict=True):
            values = file[f"pixels/{name}"][:].astype(dtype)
            del file[f"pixels/{name}"]
            size = None if chunks is None else (chunks,)
            file.create_dataset(f"pixels/{name}", data=values, chunks=size, **options)
    return path


LAYOUTS = [
    (7, ("i4", "i4"), {"compression": "gzip", "shuffle": True}),
    (64, ("i8", "i8"), {"compression": "gzip", "shuffle": True}),
    (100_000, ("i4", "f8"), {"compression": "gzip", "shuffle": True, "maxshape": (None,)}),
    (50, ("u4", "u2"), {"compression": "gzip"}),
    (33, ("u8", "f4"), {"shuffle": True}),
    (33, ("i8", "f8"), {"compression": "gzip", "shuffle": True, "fletcher32": True}),
    (20, ("f8", "i8"), {"compression": "lzf"}),
    (1, ("i4", "i4"), {}),
    (19, (">i4", ">i8"), {"compression": "gzip", "shuffle": True}),
    (None, ("i4", "i4"), {}),
]


@pytest.mark.parametrize(("chunks", "dtypes", "options"), LAYOUTS)
@pytest.mark.parametrize("kept", [200, 4_000_000])
def test_every_layout_gives_the_same_blocks(
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    chunks: int | None,
    dtypes: tuple[str, str],
    options: dict[str, Any],
    kept: int,
) -> None:
    monkeypatch.setattr("napari_hicstruct.contacts.sources.chunked_column.MAX_KEPT_VALUES", kept)
    source = open_map(stored_again(path, tmp_path, chunks, dtypes, **options))
    want = symmetric(TRUTH)
    rng = np.random.default_rng(0)
    places = [(0, N, 0, N), (0, 1, N - 1, N), (0, 60, 90, 150), (38, 46, 38, 46), (10, 140, 130, 140)]
    places += [tuple(np.sort(rng.integers(0, N + 1, (2, 2)), axis=1).ravel()) for _ in range(12)]
    for r0, r1, c0, c1 in places:
        if r0 < r1 and c0 < c1:
            rows, cols = Interval("chr1", 10 * r0, 10 * r1), Interval("chr1", 10 * c0, 10 * c1)
            np.testing.assert_array_equal(source.fetch(rows, cols, resolution=10), want[r0:r1, c0:c1])
    pixels = np.zeros((N, N))
    for part in source.pixels("chr1", resolution=10):
        pixels[part.bin1, part.bin2] += part.count
    np.testing.assert_array_equal(pixels, TRUTH[:N, :N])


@settings(deadline=None, max_examples=60)
@given(
    chunk=st.sampled_from([1, 3, 16, 150, 5_000]),
    rows=st.tuples(st.integers(0, N), st.integers(0, N)).map(sorted),
    cols=st.tuples(st.integers(0, N), st.integers(0, N)).map(sorted),
)
def test_the_search_finds_every_column(
    path: Path, tmp_path_factory: pytest.TempPathFactory, chunk: int, rows: list[int], cols: list[int]
) -> None:
    again = path.with_name(f"chunks-{chunk}.cool")
    if not again.exists():
        folder = tmp_path_factory.mktemp("chunks")
        stored_again(path, folder, chunk, ("i4", "i4"), compression="gzip", shuffle=True).rename(again)
    (first, stop), (low, high) = sorted((rows, cols))
    stop, high = min(stop, high), max(stop, high)
    with h5py.File(again) as file:
        index = file["indexes/bin1_offset"][first : stop + 1].astype(np.int64)
        block = PixelTable(file).block(index, first, (low, high))
    want = symmetric(TRUTH)[first:stop, low:high]
    np.testing.assert_array_equal(block, want)


def test_few_chunks_of_long_rows_are_read(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    again = stored_again(path, tmp_path, 10, ("i4", "i4"), compression="gzip", shuffle=True)
    read: dict[str, list[int]] = {"bin2_id": [], "count": []}
    original = ChunkedColumn._read

    def counting(self: ChunkedColumn, numbers: Any) -> Any:
        read[self._dataset.name.rpartition("/")[2]] += numbers.tolist()
        return original(self, numbers)

    monkeypatch.setattr(ChunkedColumn, "_read", counting)
    source = open_map(again)
    rows, cols = Interval("chr1", 0, 350), Interval("chr1", 1_000, 1_080)
    block = source.fetch(rows, cols, resolution=10)
    np.testing.assert_array_equal(block, symmetric(TRUTH)[:35, 100:108])
    # rows of about 170 pixels lie in 18 chunks; the 7 pixels wanted lie in one or two
    assert len(read["bin2_id"]) == len(set(read["bin2_id"])) <= 35 * 4
    assert len(read["count"]) == len(set(read["count"])) <= 35 * 2
    for values in read.values():
        values.clear()
    source.fetch(Interval("chr1", 20, 360), cols, resolution=10)  # panned by two rows, of which one is new
    assert len(read["bin2_id"]) <= 4
    assert len(read["count"]) <= 2


@pytest.mark.parametrize("change", ["unsorted", "twice"])
def test_rows_that_are_not_as_cooler_sorts_them(path: Path, tmp_path: Path, change: str) -> None:
    again = tmp_path / "again.cool"
    again.write_bytes(path.read_bytes())
    with h5py.File(again, "r+") as file:
        bin1, bin2, count = (file[f"pixels/{name}"][:] for name in ("bin1_id", "bin2_id", "count"))
        if change == "twice":
            bin1, bin2, count = (np.repeat(column, 2) for column in (bin1, bin2, count))
        else:
            order = np.lexsort((np.random.default_rng(1).random(len(bin1)), bin1))
            bin1, bin2, count = bin1[order], bin2[order], count[order]
        for name, column in (("bin1_id", bin1), ("bin2_id", bin2), ("count", count)):
            del file[f"pixels/{name}"]
            file.create_dataset(f"pixels/{name}", data=column, chunks=(16,), compression="gzip", shuffle=True)
        file["indexes/bin1_offset"][:] = np.searchsorted(bin1, np.arange(N + TRANS + 1))
    source = open_map(again)
    for rows, cols in ((Interval("chr1", 0, 500), Interval("chr1", 700, 900)), (Interval("chr1", 300, 900),) * 2):
        want = symmetric(TRUTH)[tuple(slice(i.start // 10, i.end // 10) for i in (rows, cols))]
        block = source.fetch(rows, cols, resolution=10)
        np.testing.assert_array_equal(block, want * (2 if change == "twice" else 1))


def test_a_damaged_chunk_is_an_error_of_the_file(path: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.cool"
    again.write_bytes(path.read_bytes())
    with h5py.File(again) as file:
        info = file["pixels/bin2_id"].id.get_chunk_info(0)
    with again.open("r+b") as raw:
        raw.seek(info.byte_offset + 2)
        raw.write(b"\xff" * (info.size - 2))
    span = Interval("chr1", 0, 500)
    with pytest.raises(MapError, match="cannot be read"):
        open_map(again).fetch(span, span, resolution=10)


@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "i8", "f4", "f8"])
@pytest.mark.parametrize("top", [1, 200, 2**31 - 1, 2**31, 2**40, -1])
def test_shuffled_bytes_are_put_back(dtype: str, top: int) -> None:
    limits = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else None
    if limits is not None and not limits.min <= top <= limits.max:
        top = int(limits.max)
    values = np.random.default_rng(0).integers(0, 2, 60).astype(dtype)
    values[17] = top
    raw = np.ascontiguousarray(values.reshape(3, 20, 1).view(np.uint8).reshape(3, 20, -1).swapaxes(1, 2)).ravel()
    np.testing.assert_array_equal(unshuffled(raw, 20, np.dtype(dtype)), values.reshape(3, 20))
