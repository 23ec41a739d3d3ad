"""Label files that people really have."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from napari_hicstruct.annotations import (
    Direction,
    Kind,
    export_records,
    read_labels,
    write_stripenn,
)
from napari_hicstruct.errors import LabelError

HG19_21 = {"21": 48_129_895}
FILES = {
    "GM12878_chr21.Arrowhead.hg19.bed": (Kind.TAD, 96),
    "GM12878_chr21.HiCCUPS.hg19.bedpe": (Kind.LOOP, 101),
    "GM12878_chr21.HiTAD.20kb.hg19.txt": (Kind.TAD, 137),
    "GM12878_chr21.RAD21_ChIA-PET.hg19.bedpe": (Kind.LOOP, 239),
    "GM12878_chr21.peakachu.10kb.hg19.bedpe": (Kind.LOOP, 101),
}


@pytest.mark.parametrize("name", FILES)
def test_lists_of_chr21_fit_the_map(data_dir: Path, name: str, tmp_path: Path) -> None:
    kind, number = FILES[name]
    found = read_labels(data_dir / "labels" / name, chromsizes=HG19_21)
    assert (len(found.records), found.problems, found.unmatched) == (number, [], {})
    assert {record.kind for record in found.records} == {kind}
    assert {record.chrom for record in found.records} == {"21"}
    files = export_records(found.records, tmp_path, formats=["bedpe", "bed"])
    assert read_labels(files[0]).records == found.records


def test_hitad_levels_agree_with_its_nesting(data_dir: Path) -> None:
    records = read_labels(data_dir / "labels" / "GM12878_chr21.HiTAD.20kb.hg19.txt").records
    assert Counter(record.level for record in records) == {1: 54, 2: 50, 3: 24, 4: 9}
    by_uid = {record.uid: record for record in records}
    children = [record for record in records if record.parent]
    assert len(children) == 83
    assert all(by_uid[record.parent].level < record.level for record in children)


def test_formats_that_users_bring(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "labels" / "format_examples"
    loops = read_labels(folder / "loops_soft.bedpe").records
    assert len(loops) == 11
    assert loops[0].supporters == ("chromosight", "mustache", "peakachu")
    assert {record.resolution for record in loops} == {5_000}
    tads = read_labels(folder / "tads_nested.bed").records
    assert (len(tads), max(record.level for record in tads)) == (20, 3)
    stripes = read_labels(folder / "stripenn_result.tsv").records
    assert [record.direction for record in stripes][:2] == [Direction.DOWN, Direction.UP]
    assert stripes[0].anchor1.start == 125_390_000
    again = write_stripenn(stripes, tmp_path / "s.tsv")
    assert again.read_text().split() == (folder / "stripenn_result.tsv").read_text().split()


def test_labels_of_another_assembly_are_refused(data_dir: Path) -> None:
    labels = data_dir / "labels"
    with pytest.raises(LabelError, match="no chromosome of the map"):
        read_labels(labels / "GM12878_chr21.HiCCUPS.hg19.bedpe", chromsizes={"chr17": 83_257_441})
    with pytest.raises(LabelError, match="another assembly"):
        read_labels(labels / "GM12878_chr21.HiCCUPS.hg19.bedpe", chromsizes={"21": 20_000_000})
