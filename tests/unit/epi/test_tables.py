"""Tables of pairs and of lines: forms that are read, faults that are named."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.epi.lines import read_lines, read_peaks
from napari_hicstruct.epi.tables import read_pairs
from napari_hicstruct.errors import LabelError

HEAD = "chrom\tenhancer\tpromoter\tline\tlabel\n"
ROW = "chr1\t100-200\t500-700\tK562\t1\n"


def written(folder: Path, text: str, name: str = "pairs.tsv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_are_found_by_name_in_any_order_and_spelling(tmp_path: Path) -> None:
    first = read_pairs(written(tmp_path, "# made by hand\n" + HEAD + ROW), labelled=True)
    other = read_pairs(
        written(
            tmp_path,
            'Label,Cell line,promoter_start,promoter_end,enhancer\nTrue,K562,500,700,""\n'.replace(
                '""', "chr1:100-200"
            ),
            "b.csv",
        )
    )
    for table in (first, other):
        assert table.chroms.tolist() == ["chr1"]
        assert table.enhancers.tolist() == [[100, 200]]
        assert table.promoters.tolist() == [[500, 700]]
        assert table.lines.tolist() == ["K562"]
        assert table.labels.tolist() == [1]


def test_compressed_tables_and_missing_labels_are_read(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv.gz"
    path.write_bytes(gzip.compress((HEAD + ROW + ROW.replace("\t1\n", "\tNA\n")).encode()))
    assert np.isnan(read_pairs(path).labels).tolist() == [False, True]


def test_keys_are_equal_where_places_are(tmp_path: Path) -> None:
    rows = ROW + ROW.replace("K562", "GM12878") + ROW.replace("100-", "101-")
    keys = read_pairs(written(tmp_path, HEAD + rows)).keys
    assert keys[0] == keys[1]
    assert keys[0] != keys[2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD, "holds a header at most"),
        (HEAD.replace("line", "x") + ROW, "has no column 'line'"),
        (HEAD.replace("label", "x") + ROW, "has no column 'label'"),
        (HEAD.replace("enhancer", "x") + ROW, "has no column 'enhancer'"),
        (HEAD.replace("chrom", "x") + ROW, "has no column 'chrom'"),
        (HEAD + ROW.replace("100-200", "left"), "row 2: 'left' is no enhancer"),
        (HEAD + ROW.replace("500-700", "700-500"), "ends before it starts"),
        (HEAD + ROW.replace("\t1\n", "\tmaybe\n"), "'maybe' is no label"),
        (HEAD + ROW.replace("\t1\n", "\tNA\n"), "'NA' is no label"),
        (HEAD + "chr1\t1-2\n", "row 2 has 2 columns, the header 5"),
        (HEAD.replace("\n", "\tsplit\n") + ROW.replace("\n", "\tpractice\n"), "'practice' is no split"),
    ],
)
def test_faults_are_named_with_their_row(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(LabelError, match=said.replace("(", r"\(")):
        read_pairs(written(tmp_path, text), labelled=True)


def test_lines_have_numbers_tracks_and_peaks(tmp_path: Path) -> None:
    written(tmp_path, "chr1\t10\t20\n", "a.bed")
    table = read_lines(written(tmp_path, "line\ttrack:ATAC\tTF1\tpeaks\nA\tNA\t1.5\ta.bed\nB\t.\tNA\t\n", "lines.tsv"))
    assert table.numbers == ("TF1",)
    assert table.tracks == ("ATAC",)
    assert table.lines["A"].numbers == (1.5,)
    assert table.lines["A"].peaks == tmp_path / "a.bed"
    assert np.isnan(table.lines["B"].numbers[0])
    assert table.lines["B"].peaks is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name\tTF1\nA\t1\n", "has no column 'line'"),
        ("line\tTF1\nA\t1\nA\t2\n", "has the line 'A' twice"),
        ("line\tTF1\nA\thigh\n", "'high' in column 'TF1' is no number"),
        ("line\tpeaks\nA\tnone.bed\n", "names a file that is not there: none.bed"),
    ],
)
def test_faults_of_the_table_of_lines(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(LabelError, match=said):
        read_lines(written(tmp_path, text))


def test_peaks_are_read_by_their_summits_where_they_have_them(tmp_path: Path) -> None:
    narrow = "\t".join(["chr2", "100", "200", "p", "0", ".", "1", "1", "1", "70"])
    chroms, middles = read_peaks(written(tmp_path, f"track name=x\nchr1\t10\t20\n{narrow}\n", "a.bed"))
    assert chroms == ["chr1", "chr2"]
    assert middles.tolist() == [15, 170]
    with pytest.raises(LabelError, match="line 1 is no interval"):
        read_peaks(written(tmp_path, "chr1\tten\t20\n", "b.bed"))
    with pytest.raises(LabelError, match="holds no peaks"):
        read_peaks(written(tmp_path, "# nothing\n", "c.bed"))
