"""bioframe reads what we write as the formats page says: the header is no row, positions are numbers."""

from __future__ import annotations

from pathlib import Path

import bioframe
import pytest

import napari_hicstruct as hs
from napari_hicstruct.annotations.writers.own import write_loops, write_tads
from tests.window_kit import loop, tad


@pytest.mark.filterwarnings("ignore:Length of header or names")  # the schema has the first ten columns only
def test_schemas_need_the_header_skipped(tmp_path: Path) -> None:
    loops = write_loops([loop(0, 500_000, name="a#b", probability=0.4), loop(0, 700_000)], tmp_path / "loops.bedpe")
    tads = write_tads([tad(0, 300_000)], tmp_path / "tads.bed")
    first = bioframe.read_table(str(loops), schema="bedpe", skiprows=1)
    assert first["start2"].tolist() == [500_000, 700_000]
    assert first["name"].tolist()[0] == "a#b"
    assert bioframe.read_table(str(tads), schema="bed", skiprows=1)[["start", "end"]].to_numpy().tolist() == [
        [0, 300_000]
    ]
    with_header = bioframe.read_table(str(loops), header=0)
    assert with_header.columns[0] == "#chrom1"
    assert with_header["probability"].tolist()[0] == "0.4"  # "." where there is none
    frame = hs.read_labels(loops).to_dataframe()
    assert frame["start2"].tolist() == [500_000, 700_000]
