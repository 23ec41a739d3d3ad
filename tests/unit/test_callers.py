"""Names of sets: the program, and what the file's name adds; the same source everywhere, also of older projects."""

from __future__ import annotations

import pytest

from napari_hicstruct.annotations import Annotation, Kind
from napari_hicstruct.annotations.callers import caller_of, set_name, source_of, with_caller
from napari_hicstruct.genome import Interval

MAP = "GM12878_MboI_chr21_10kb_hg19"


def tad(**fields: str) -> Annotation:
    return Annotation(kind=Kind.TAD, anchor1=Interval("21", 0, 9), anchor2=Interval("21", 0, 9), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("file_name", "source", "name"),
    [
        ("GM12878_chr21.HiCCUPS.hg19.bedpe", "HiCCUPS", "HiCCUPS"),
        ("GM12878_chr21.HiTAD.20kb.hg19.txt", "HiTAD", "HiTAD · 20kb"),
        ("GM12878_chr21.Arrowhead.hg19.bed", "GM12878_chr21.Arrowhead.hg19.bed", "Arrowhead"),
        ("GM12878_chr21.peakachu.10kb.hg19.bedpe", "Peakachu", "Peakachu · 10kb"),
        ("GM12878_chr21.RAD21_ChIA-PET.hg19.bedpe", "GM12878_chr21.RAD21_ChIA-PET.hg19.bedpe", "RAD21_ChIA-PET"),
        ("merged_loops.bedpe.gz", "merged_loops.bedpe.gz", "HiCCUPS · merged_loops"),
        ("my calls.bed", "my calls.bed", "my calls"),
        ("chr21.bed", "chr21.bed", "chr21"),
        ("loops.hg38.bedpe", "loops.hg38.bedpe", "loops.hg38"),
    ],
)
def test_a_set_is_called_by_its_program_and_what_the_file_adds(file_name: str, source: str, name: str) -> None:
    assert set_name(file_name, caller_of(file_name, [tad(source=source)]), MAP, "hg19") == name


def test_records_that_name_only_their_file_name_the_program() -> None:
    old = tad(source="GM12878_chr21.Arrowhead.hg19.bed")
    assert source_of(old) == "Arrowhead"  # as an older project holds it
    (new,) = with_caller([old], old.source)
    assert (new.source, new.uid) == ("Arrowhead", old.uid)
    assert source_of(tad(source="by_hand.bed")) == "by_hand"
    assert source_of(tad(source="ada", model="default 0.4")) == "default 0.4"
    unknown = tad(source="by_hand.bed")
    assert with_caller([unknown], "by_hand.bed") == [unknown]
