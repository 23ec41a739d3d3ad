"""How much a label counts in training, by who says it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.errors import LabelError
from napari_hicstruct.genome import Interval
from napari_hicstruct.labels.records import label_weight, truth_of


def tad(start: int, end: int, **fields: object) -> Annotation:
    both = Interval("chr1", start, end)
    return Annotation(kind=Kind.TAD, anchor1=both, anchor2=both, **fields)  # type: ignore[arg-type]


def stripe(p: str, score: float) -> Annotation:
    x, y = Interval("chr1", 100_000, 120_000), Interval("chr1", 100_000, 900_000)
    return Annotation(kind=Kind.STRIPE, anchor1=x, anchor2=y, score=score, extra={"pvalue": p})


def test_stripenn_stripes_count_by_p_value_and_stripiness() -> None:
    weights = [label_weight(stripe(*one)) for one in (("0.0", 1.0), ("0.0", 0.0), ("0.05", 1.0), ("0.5", 0.5))]
    assert weights == pytest.approx([1.0, 0.5, 0.95, 0.375])
    assert label_weight(stripe("nan", 1.0)) == 1.0
    assert label_weight(replace(stripe("0.5", 0.5), status=Status.ACCEPTED)) == 1.0


def test_borders_that_several_domains_share_count_more() -> None:
    domains = [tad(100_000, 500_000), tad(100_000, 900_000), tad(100_000, 1_500_000), tad(500_000, 900_000)]
    borders = dict(truth_of(domains, "chr1", 10_000).boundaries.tolist())
    assert borders == pytest.approx({10: 3 / 3.5, 50: 2 / 2.5, 90: 2 / 2.5, 150: 1 / 1.5})


def test_what_a_person_or_several_callers_say_stands_as_said() -> None:
    domains = [tad(100_000, 500_000, status=Status.ACCEPTED), tad(700_000, 900_000, soft_score=0.4)]
    borders = dict(truth_of(domains, "chr1", 10_000).boundaries.tolist())
    assert borders == pytest.approx({10: 1.0, 50: 1.0, 70: 0.4, 90: 0.4})


def test_one_based_positions_by_word_of_mouth(tmp_path: Path) -> None:
    file = tmp_path / "l.bedpe"
    file.write_text("chr1\t100001\t110000\tchr1\t300001\t310000\n")
    (loop,) = read_labels(file, one_based=True).records
    assert (loop.anchor1, loop.anchor2) == (Interval("chr1", 100_000, 110_000), Interval("chr1", 300_000, 310_000))
    bed = tmp_path / "t.bed"
    bed.write_text("chr1\t100001\t500000\nchr1\t500001\t900000\n")
    assert [r.anchor1.start for r in read_labels(bed, one_based=True).records] == [100_000, 500_000]
    bed.write_text("chr1\t0\t500000\nchr1\t500001\t900000\n")
    with pytest.raises(LabelError, match="line 1 starts at 0"):
        read_labels(bed, one_based=True)
