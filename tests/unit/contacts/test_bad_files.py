"""A file that is no readable map gives one sentence that names it and what to do."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from napari_hicstruct.contacts import open_map
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import Interval
from tests.contacts_kit import upper_counts, write_cool, write_mcool


def refusal(path: object) -> str:
    with pytest.raises(MapError) as caught:
        open_map(str(path))
    text = str(caught.value)
    assert str(path).partition("::")[0] in text
    assert caught.value.hint
    assert "\n" not in text
    return text


def test_no_file_folder_and_empty(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "none.mcool")
    assert "is a folder" in refusal(tmp_path)
    (tmp_path / "empty.mcool").touch()
    assert "is empty" in refusal(tmp_path / "empty.mcool")
    (tmp_path / "text.cool").write_text("chr1\t0\t10\n" * 10)
    assert "is a table of intervals, not a contact map" in refusal(tmp_path / "text.cool")


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.cool"
    path.write_bytes(b"x")
    path.chmod(0)
    if os.access(path, os.R_OK):  # root reads everything: let the system say what it says to others

        def deny(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("builtins.open", deny)
    assert "Permission denied" in refusal(path)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_truncated_cooler(tmp_path: Path, share: float) -> None:
    path = tmp_path / "cut.cool"
    write_cool(path, {"chr1": 4_000}, 10, upper_counts(400, 0))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert "Is the file complete?" in refusal(path)


def test_damaged_pixels_are_found_on_reading(tmp_path: Path) -> None:
    path = tmp_path / "bad.cool"
    write_cool(path, {"chr1": 4_000}, 10, upper_counts(400, 0))
    with h5py.File(path) as file:
        chunk = file["pixels/count"].id.get_chunk_info(0)
    with path.open("r+b") as raw:
        raw.seek(chunk.byte_offset)
        raw.write(os.urandom(chunk.size))
    source = open_map(path)
    span = Interval("chr1", 0, 4_000)
    with pytest.raises(MapError, match=r"bad\.cool: cannot be read.*Is the file complete"):
        source.fetch(span, span, resolution=10)
    with pytest.raises(MapError, match="cannot be read"):
        list(source.pixels("chr1", resolution=10))


@pytest.mark.parametrize("version", [8, 9])
def test_truncated_hic(tmp_path: Path, version: int) -> None:
    path = tmp_path / "cut.hic"
    path.write_bytes(b"HIC\x00" + version.to_bytes(4, "little") + b"\x00" * 20)
    assert "is damaged" in refusal(path) or "no levels" in refusal(path)


def test_hic_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "old.hic"
    path.write_bytes(b"HIC\x00" + (6).to_bytes(4, "little") + b"\x00" * 100)
    assert "version 6" in refusal(path)


def test_groups(tmp_path: Path) -> None:
    path = tmp_path / "m.mcool"
    write_mcool(path, {"chr1": 400}, 10, (1, 2), upper_counts(40, 0))
    assert "It holds /resolutions/10, /resolutions/20." in refusal(f"{path}::/resolutions/30")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = np.arange(3)
    assert "without a contact map" in refusal(tmp_path / "other.h5")
    two = tmp_path / "two.cool"
    write_cool(f"{two}::/a", {"chr1": 400}, 10, upper_counts(40, 0))
    write_cool(f"{two}::/b", {"chr1": 400}, 10, upper_counts(40, 1), mode="a")
    assert f"several maps of 10 bp bins. Open one of them: {two}::/b" in refusal(two)
    assert open_map(f"{two}::/a").resolutions == (10,)


def test_pixels_of_bins_that_are_not_there_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "beyond.cool"
    write_cool(path, {"chr1": 4_000}, 10, upper_counts(400, 0))
    with h5py.File(path, "r+") as file:
        file["pixels/bin2_id"][-3:] = 5_000
    span = Interval("chr1", 0, 4_000)
    with pytest.raises(MapError, match=r"beyond\.cool.* holds pixels of bins that it does not have"):
        open_map(path).fetch(span, span, resolution=10)


def test_values_that_are_no_numbers_are_left_out_and_said(tmp_path: Path) -> None:
    counts = upper_counts(400, 0).astype(np.float64)
    counts[10, 12:15] = np.nan, np.inf, -4
    path = tmp_path / "holes.cool"
    write_cool(path, {"chr1": 4_000}, 10, counts, dtype=np.float64)
    source, span = open_map(path), Interval("chr1", 0, 4_000)
    assert source.level_notes("chr1") == ()
    assert np.isnan(source.fetch(span, span, resolution=10)[10, 12:15]).all()
    said = "Some values of chr1 are negative, infinite or no numbers (10 bp): they are left out."
    assert source.level_notes("chr1") == (said,)
    streamed = open_map(path)
    assert sum(len(part.bin1) for part in streamed.pixels("chr1", resolution=10)) == np.count_nonzero(counts) - 3
    assert streamed.level_notes("chr1") == (said,)
