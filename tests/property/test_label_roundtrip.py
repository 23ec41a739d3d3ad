"""What is written reads back the same."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_hicstruct.annotations import (
    Annotation,
    Kind,
    export_records,
    read_labels,
    stripe_direction,
    write_boundaries,
    write_higlass,
    write_juicebox,
    write_loops,
    write_parquet,
    write_stripenn,
    write_stripes_bedpe,
    write_tads,
)
from napari_hicstruct.annotations.codec import from_json_lines, json_of, to_row
from napari_hicstruct.annotations.text import from_cell, from_list_cell, to_cell, to_list_cell
from tests.annotation_kit import annotations

any_kind = st.sampled_from(Kind).flatmap(annotations)


@given(st.text())
def test_every_text_survives_a_cell(text: str) -> None:
    cell = to_cell(text)
    assert cell
    assert not set(cell) & set("\t\n\r")
    assert from_cell(cell) == text


@given(st.lists(st.text(min_size=1).filter(lambda name: name == name.strip()), max_size=4))
def test_every_list_survives_a_cell(names: list[str]) -> None:
    assert from_list_cell(to_list_cell(names)) == tuple(names)


@given(any_kind)
def test_journal_keeps_every_field(record: Annotation) -> None:
    assert from_json_lines([json_of(to_row(record)), None]) == [record, None]


@pytest.mark.parametrize(
    ("kind", "write", "name"),
    [
        (Kind.LOOP, write_loops, "loops.bedpe"),
        (Kind.STRIPE, write_stripes_bedpe, "stripes.bedpe"),
        (Kind.TAD, write_tads, "tads.bed"),
        (Kind.BOUNDARY, write_boundaries, "boundaries.bed"),
        (Kind.LOOP, write_parquet, "loops.parquet"),
    ],
)
@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_own_files_keep_every_field(
    tmp_path_factory: pytest.TempPathFactory, kind: Kind, write: Callable[..., Path], name: str, data: st.DataObject
) -> None:
    records = data.draw(st.lists(annotations(kind), max_size=4))
    path = tmp_path_factory.mktemp("own") / name
    write(records, path)
    back = read_labels(path)
    assert back.problems == []
    if kind is Kind.TAD:  # a hierarchy that the file does not say is not invented
        assert [r.parent for r in back.records] == [r.parent for r in records]
    assert back.records == records
    if path.suffix != ".parquet":
        packed = path.with_name(path.name + ".gz")
        packed.write_bytes(gzip.compress(path.read_bytes()))
        assert read_labels(packed).records == records


def _place(record: Annotation) -> tuple[object, ...]:
    return (record.kind, record.anchor1, record.anchor2)


@given(st.lists(annotations(Kind.STRIPE), min_size=1, max_size=5))
@settings(deadline=None, max_examples=25)
def test_stripenn_keeps_place_and_its_own_values(
    tmp_path_factory: pytest.TempPathFactory, stripes: list[Annotation]
) -> None:
    values = {"Mean": "99.46683009234076", "maxpixel": "99.0%", "pvalue": "0.02857142857142857"}
    records = [stripe.with_(extra=values) for stripe in stripes]
    path = write_stripenn(records, tmp_path_factory.mktemp("stripenn") / "s.tsv")
    back = read_labels(path).records
    assert [_place(r) for r in back] == [_place(r) for r in records]
    assert all(dict(r.extra) == values for r in back)
    assert all(r.direction is stripe_direction(r.anchor1, r.anchor2) for r in back)
    assert write_stripenn(back, path.with_name("again.tsv")).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("write", [write_juicebox, write_higlass])
@given(loops=st.lists(annotations(Kind.LOOP), min_size=1, max_size=5))
@settings(deadline=None, max_examples=15)
def test_foreign_pairs_keep_place_and_score(
    tmp_path_factory: pytest.TempPathFactory, write: Callable[..., Path], loops: list[Annotation]
) -> None:
    records = [one.with_(score=0.25, name="") for one in loops if one.anchor1 != one.anchor2]
    path = write(records, tmp_path_factory.mktemp("pairs") / "l.bedpe")
    if records:
        back = read_labels(path).records
        assert {(_place(r), r.score) for r in back} == {(_place(r), r.score) for r in records}


@given(st.lists(any_kind, max_size=8))
@settings(deadline=None, max_examples=15)
def test_exported_folder_reads_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, records: list[Annotation]
) -> None:
    folder = tmp_path_factory.mktemp("export")
    files = export_records(records, folder, formats=["bedpe", "bed"], kinds=tuple(Kind))
    back = [record for path in files[:-1] for record in read_labels(path).records]
    assert {r.uid: r for r in back} == {r.uid: r for r in records}
