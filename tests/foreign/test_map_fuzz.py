"""Thousands of damaged or oddly written maps: read right, or refused in one line; never a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_hicstruct.contacts import RAW, open_map
from napari_hicstruct.contacts.sources.handles import file_lock
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.genome import Interval
from napari_hicstruct.workflows.open_map import summarise
from tests.contacts_kit import symmetric, upper_counts, write_cool

SIZES = {"chr1": 395, "chr2": 230}
N1 = 40
TRUTH = upper_counts(63, 5)

FUZZ = settings(max_examples=260, deadline=timedelta(seconds=20), suppress_health_check=list(HealthCheck))
MAX_GROWTH_KB = 1_500_000
"""Memory that damaged files may make the process take, all together."""

VALUES: tuple[Any, ...] = (
    "",
    "fixed",
    "nonsense",
    b"fixed",
    np.bytes_("HDF5::Cooler"),
    np.array(["10"], dtype="S4"),
    np.array([10]),
    np.array([10.0, 20.0]),
    h5py.Empty("S1"),
    -1,
    0,
    3,
    10,
    10.0,
    float("nan"),
    float("inf"),
    2**62,
    "10",
    "10.5",
    "null",
    True,
)
HARMLESS = ("nnz", "nbins", "nchroms", "sum", "creation-date", "metadata", "genome-assembly", "format-url", "format")
MEANING = ("bin-size", "bin-type", "storage-mode", "format-version", "generated-by")
COLUMNS = (
    "chroms/name",
    "chroms/length",
    "bins/chrom",
    "bins/start",
    "bins/end",
    "bins/weight",
    "pixels/bin1_id",
    "pixels/bin2_id",
    "pixels/count",
    "indexes/bin1_offset",
    "indexes/chrom_offset",
)


@pytest.fixture(scope="module", autouse=True)
def memory_stays_small() -> Iterator[None]:
    """No damaged size or offset makes memory for what is not there."""
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MAX_GROWTH_KB


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("original") / "map.cool"
    write_cool(path, SIZES, 10, TRUTH, weights={"weight": np.linspace(0.5, 1.5, 63)})
    return path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "map.cool"


def put(place: Path, data: bytes) -> None:
    """Another file at the same place; handles of the former one are let go."""
    file_lock(str(place)).close()
    place.unlink(missing_ok=True)
    place.write_bytes(data)


@contextmanager
def sentence_about(path: Path) -> Iterator[list[str]]:
    """Keep an error of ours, which must be one line that names the file and what to do."""
    said: list[str] = []
    try:
        yield said
    except HicStructError as error:
        said.append(str(error))
        problems = [str(path) not in str(error), "\n" in str(error), not error.hint]
        if any(problems):
            raise AssertionError(f"no sentence on {path}: {error}") from error


def check(path: Path) -> bool:
    """True if the map can be read; what cannot is one sentence of ours about this file."""
    with sentence_about(path) as said:
        source = open_map(path)
        summarise(source)
        for chrom, length in list(source.chromsizes.items())[:3]:
            resolution = source.resolutions_of(chrom)[0]
            span = Interval(chrom, 0, min(length, 60 * resolution))
            for norm in (RAW, source.default_norm(resolution, chrom)):
                source.fetch(span, span, resolution=resolution, norm=norm)
            sum(len(part) for part in source.pixels(chrom, resolution=resolution))
    return not said


def is_original(path: Path) -> bool:
    """True if the contacts of chr1 are those that were written."""
    source = open_map(path)
    span = Interval("chr1", 0, SIZES["chr1"])
    return np.array_equal(source.fetch(span, span, resolution=10), symmetric(TRUTH)[:N1, :N1])


@FUZZ
@given(name=st.sampled_from(HARMLESS), value=st.sampled_from((None, *VALUES)))
def test_attributes_that_say_nothing_about_contacts_change_nothing(
    original: Path, place: Path, name: str, value: Any
) -> None:
    put(place, original.read_bytes())
    with h5py.File(place, "r+") as file:
        set_attribute(file, name, value)
    assert check(place)
    assert is_original(place)


@FUZZ
@given(name=st.sampled_from(MEANING), value=st.sampled_from((None, *VALUES)))
def test_attributes_of_any_kind(original: Path, place: Path, name: str, value: Any) -> None:
    put(place, original.read_bytes())
    with h5py.File(place, "r+") as file:
        set_attribute(file, name, value)
    if check(place):
        assert is_original(place)


def set_attribute(file: h5py.File, name: str, value: Any) -> None:
    if name in file.attrs:
        del file.attrs[name]
    if value is not None:
        file.attrs[name] = value


@FUZZ
@given(
    name=st.sampled_from(COLUMNS),
    change=st.sampled_from(["delete", "shorten", "lengthen", "one", "all", "reverse", "type", "group", "matrix"]),
    at=st.integers(0, 400),
    value=st.sampled_from([-1, 0, 1, 7, 40, 10**6, 2**31 - 1, -(2**31)]),
    dtype=st.sampled_from(["i8", "u4", "f8", "i1", "S3", "u8"]),
)
def test_columns_of_any_kind(
    original: Path, place: Path, name: str, change: str, at: int, value: int, dtype: str
) -> None:
    put(place, original.read_bytes())
    with h5py.File(place, "r+") as file:
        change_column(file, name, change, at, value, dtype)
    check(place)


def change_column(file: h5py.File, name: str, change: str, at: int, value: int, dtype: str) -> None:
    data = file[name][:]
    del file[name]
    if change == "shorten":
        data = data[: len(data) // 2]
    elif change == "lengthen":
        data = np.concatenate([data, data[: at + 1]])
    elif change == "one":
        data[at % len(data)] = value
    elif change == "all":
        data[:] = value
    elif change == "reverse":
        data = data[::-1]
    elif change == "type":
        data = data.astype(dtype) if data.dtype.kind != "S" else np.arange(len(data)).astype(dtype)
    elif change == "matrix":
        data = np.stack([data, data])
    if change == "group":
        file.create_group(name)
    elif change != "delete":
        file[name] = data


@FUZZ
@given(share=st.floats(0.0, 1.0), zeros=st.booleans())
def test_files_cut_short(original: Path, place: Path, share: float, zeros: bool) -> None:
    data = original.read_bytes()
    end = int(len(data) * share)
    put(place, data[:end] + b"\0" * (len(data) - end if zeros else 0))
    if check(place) and not zeros:
        assert end == len(data)


@FUZZ
@given(start=st.binary(min_size=0, max_size=80), rest=st.binary(max_size=300))
def test_files_of_anything(place: Path, start: bytes, rest: bytes) -> None:
    put(place, start + rest)
    assert not check(place)
