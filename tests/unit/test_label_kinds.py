"""A label file of one kind is never read as another that happens to have the same columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_hicstruct.annotations import Kind, layout, read_labels
from napari_hicstruct.errors import LabelError

_PAIR = "chr1\t100000\t110000\tchr1\t300000\t310000"
_DOMAIN = "chr1\t100000\t300000"
_SIDES = "chrom1\tstart1\tend1\tchrom2\tstart2\tend2"
_SOFT = f"{_SIDES}\tsoft_score\tn_calls\tn_tools\tsupporters\n"
_INSULATION = (
    "chrom\tstart\tend\tis_bad_bin\tboundary_strength_100000\tis_boundary_100000\nchr1\t100\t200\tFalse\t1\tTrue\n"
)
_OURS = {name: "\t".join(getattr(layout, name)) for name in ("LOOPS", "TADS")}


@pytest.mark.parametrize(
    ("name", "text", "kind", "says"),
    [
        ("mine.bedpe", f"{_SOFT}{_PAIR}\t0.9\t3\t2\ta,b\n", Kind.TAD, r"holds loops \(soft loops\), not tads"),
        ("mine.bedpe", f"{_SOFT}{_PAIR}\t0.9\t3\t2\ta,b\n", Kind.STRIPE, r"holds loops \(soft loops\), not stripes"),
        ("m.tsv", f"{_SIDES}\tfdr\tdetection_scale\n{_PAIR}\t0.1\t1.6\n", Kind.TAD, r"holds loops \(mustache\)"),
        ("d.tsv", f"{_SIDES}\tla_exp.donut.qval\n{_PAIR}\t0.1\n", Kind.TAD, r"holds loops \(cooltools dots\)"),
        ("i.tsv", _INSULATION, Kind.TAD, r"holds boundaries \(cooltools insulation\), not tads"),
        ("twice.bedpe", f"{_DOMAIN}\t{_DOMAIN}\n", Kind.LOOP, r"holds tads \(repeated BED\), not loops"),
        ("l.bedpe", f"#{_OURS['LOOPS']}\n{_PAIR}\ta\t0.5\n", Kind.TAD, r"holds loops \(loops\.bedpe\), not tads"),
        ("c.bedpe", f"{_PAIR}\t1\n", Kind.BOUNDARY, r"holds pairs of anchors, as of loops, not boundaries"),
        ("c.bedpe", f"{_PAIR}\t1\n", Kind.TAD, r"holds pairs of anchors, as of loops, not tads"),
    ],
)
def test_columns_and_values_that_speak_for_another_kind(
    tmp_path: Path, name: str, text: str, kind: Kind, says: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(LabelError, match=says) as caught:
        read_labels(tmp_path / name, kind=kind)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "kind", "format_"),
    [
        ("mustache_tads.bedpe", f"{_DOMAIN}\t{_DOMAIN}\n", Kind.TAD, "repeated BED"),
        ("peakachu_stripes.bedpe", "chr1\t100\t700\tchr1\t100\t120\n", Kind.STRIPE, "stripe BEDPE"),
        ("numbered.bed", f"{_DOMAIN}\t1\n{_DOMAIN}\t2\n", Kind.BOUNDARY, "HiTAD"),
        ("t.bed", f"#{_OURS['TADS']}\n{_DOMAIN}\ta\t0.5\n", Kind.BOUNDARY, "tads.bed"),
        ("soft_tads.tsv", f"{_SOFT}{_DOMAIN}\t{_DOMAIN}\t0.9\t3\t2\ta\n", Kind.TAD, "repeated BED"),
    ],
)
def test_a_wish_outweighs_a_program_s_name_and_small_numbers(
    tmp_path: Path, name: str, text: str, kind: Kind, format_: str
) -> None:
    (tmp_path / name).write_text(text)
    found = read_labels(tmp_path / name, kind=kind)
    assert (found.format, {record.kind for record in found.records}) == (format_, {kind})
