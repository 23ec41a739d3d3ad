"""Sequences by place: an index of a FASTA, its ends, its faults."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_hicstruct.errors import SequenceError
from napari_hicstruct.genome.fasta import Fasta

TEXT = ">chr1 of a test\nACGTN\nacgtn\nAC\n\n>2\nTTTT\n>chrEmpty\n"


def written(folder: Path, text: str | bytes = TEXT) -> Path:
    path = folder / "a.fa"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_places_are_read_with_n_beyond_the_ends(tmp_path: Path) -> None:
    fasta = Fasta(written(tmp_path, TEXT.replace("\n\n", "\n")))
    assert fasta.lengths == {"chr1": 12, "2": 4, "chrEmpty": 0}
    assert fasta.fetch("chr1", 0, 12).tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    assert fasta.fetch("1", 4, 7).tolist() == [4, 0, 1]
    assert fasta.fetch("chr2", -2, 6).tolist() == [4, 4, 3, 3, 3, 3, 4, 4]
    assert fasta.fetch("chr2", 9, 12).tolist() == [4, 4, 4]
    assert fasta.match("chr9") is None
    assert pickle.loads(pickle.dumps(fasta)).fetch("2", 0, 1).tolist() == [3]


def test_an_index_beside_the_file_is_used_unless_it_is_older(tmp_path: Path) -> None:
    path = written(tmp_path, ">a\nACGT\n")
    index = Path(f"{path}.fai")
    index.write_text("b\t4\t3\t4\t5\n", encoding="utf-8")
    assert list(Fasta(path).lengths) == ["b"]
    os.utime(index, (1, 1))
    assert list(Fasta(path).lengths) == ["a"]


@settings(max_examples=25, deadline=None)
@given(st.text("ACGTN", min_size=1, max_size=90), st.integers(1, 20), st.booleans(), st.data())
def test_any_line_length_and_ending_gives_the_same(
    tmp_path_factory: pytest.TempPathFactory, text: str, width: int, windows: bool, data: st.DataObject
) -> None:
    end = "\r\n" if windows else "\n"
    lines = end.join(text[k : k + width] for k in range(0, len(text), width))
    path = written(tmp_path_factory.mktemp("fasta"), f">x{end}GG{end}>y{end}{lines}" + (end if len(text) % 2 else ""))
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, len(text)))
    fasta = Fasta(path)
    assert fasta.lengths == {"x": 2, "y": len(text)}
    assert "".join("ACGTN"[k] for k in fasta.fetch("y", start, stop)) == text[start:stop]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"\x1f\x8b\x08 packed", "is compressed"),
        (b"chrom\tstart\n", "is no FASTA file"),
        (b"", "cannot be read|no FASTA"),
        (b">a\nACGT\nAC\nACGT\n", "lines of different lengths"),
        (b">a\nAC\nACGT\n", "lines of different lengths"),
    ],
)
def test_files_that_no_index_can_describe_are_refused_in_one_sentence(tmp_path: Path, text: bytes, said: str) -> None:
    with pytest.raises(SequenceError, match=said):
        Fasta(written(tmp_path, text))


def test_a_file_or_a_chromosome_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SequenceError, match="cannot be read"):
        Fasta(tmp_path / "none.fa")
    with pytest.raises(SequenceError, match=r"has no chromosome 'chr7'. It has a"):
        Fasta(written(tmp_path, ">a\nACGT\n")).fetch("chr7", 0, 3)


def test_fetched_codes_are_a_copy(tmp_path: Path) -> None:
    fasta = Fasta(written(tmp_path, ">a\nACGT\n"))
    fasta.fetch("a", 0, 4)[:] = 4
    assert np.array_equal(fasta.fetch("a", 0, 4), [0, 1, 2, 3])
