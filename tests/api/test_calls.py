"""Calls: a sequence, its parts, its data frames (as bioframe takes them), its files."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import napari_hicstruct as hs
from napari_hicstruct.annotations import Status

PAIR = ["chrom1", "start1", "end1", "chrom2", "start2", "end2"]


def loop(start: int, end: int, chrom: str = "chr1", **fields: object) -> hs.Annotation:
    first, second = (hs.Interval(chrom, at, at + 5_000) for at in (start, end))
    return hs.Annotation(kind="loop", anchor1=first, anchor2=second, **fields)


def tad(start: int, end: int, chrom: str = "chr1", **fields: object) -> hs.Annotation:
    return hs.Annotation(
        kind="tad", anchor1=hs.Interval(chrom, start, end), anchor2=hs.Interval(chrom, start, end), **fields
    )


MIXED = hs.Calls(
    [
        loop(100_000, 300_000, score=0.5, probability=0.9, supporters=("a", "b,c"), n_calls=2, extra={"Mean": "7"}),
        tad(100_000, 300_000, level=2, parent="x", status="accepted", name="T1"),
        hs.Annotation(
            kind="stripe",
            anchor1=hs.Interval("chr2", 0, 10_000),
            anchor2=hs.Interval("chr2", 0, 500_000),
            direction="down",
        ),
        hs.Annotation(kind="boundary", anchor1=hs.Interval("chr2", 0, 10_000), anchor2=hs.Interval("chr2", 0, 10_000)),
    ],
    run={"model": {"name": "m", "version": "1"}},
    notes=["a note"],
)


def test_it_is_a_sequence() -> None:
    assert len(MIXED) == 4
    assert MIXED[0].kind == "loop"
    assert MIXED[-1].kind == "boundary"
    assert isinstance(MIXED[1:3], hs.Calls)
    assert [record.kind for record in MIXED[1:3]] == ["tad", "stripe"]
    assert [r.kind for r in MIXED[np.array([True, False, False, True])]] == ["loop", "boundary"]
    assert [r.kind for r in MIXED[[3, 0]]] == ["boundary", "loop"]
    assert [r.kind for r in MIXED[pd.Series([False, True, False, False])]] == ["tad"]
    with pytest.raises(IndexError, match="3 entries, the calls 4"):
        MIXED[[True, False, True]]
    assert len(MIXED + MIXED.loops) == 5
    assert MIXED[0] in MIXED
    assert repr(MIXED) == "<Calls: 1 loop, 1 stripe, 1 TAD, 1 boundary>"
    assert pickle.loads(pickle.dumps(MIXED)).notes == ("a note",)


def test_it_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        MIXED.notes = ()  # type: ignore[misc]
    with pytest.raises(TypeError):
        MIXED.run["model"] = {}  # type: ignore[index]
    with pytest.raises(TypeError):
        MIXED[0] = MIXED[1]  # type: ignore[index]


def test_parts_keep_what_is_known() -> None:
    for part, kind in (
        (MIXED.loops, "loop"),
        (MIXED.stripes, "stripe"),
        (MIXED.tads, "tad"),
        (MIXED.boundaries, "boundary"),
    ):
        assert [record.kind for record in part] == [kind]
        assert part.kinds == (kind,)
        assert part.run["model"]["name"] == "m"
        assert part.notes == ("a note",)


@pytest.mark.parametrize(
    ("conditions", "kinds"),
    [
        ({"kind": "loops"}, ["loop"]),
        ({"kind": ["tad", "boundaries"]}, ["tad", "boundary"]),
        ({"status": "accepted"}, ["tad"]),
        ({"region": "chr1"}, ["loop", "tad"]),
        ({"region": "2"}, ["stripe", "boundary"]),
        ({"region": "2:400k-600k"}, ["stripe"]),
        ({"region": hs.Interval("chr1", 305_000, 400_000)}, []),
        ({"region": ("chr1", None, 101_000)}, ["loop", "tad"]),
        ({"min_probability": 0.9}, ["loop"]),
        ({"kind": "loop", "status": "accepted"}, []),
    ],
)
def test_filter(conditions: dict[str, object], kinds: list[str]) -> None:
    assert [record.kind for record in MIXED.filter(**conditions)] == kinds


def test_filter_refuses_what_is_no_kind_or_status() -> None:
    with pytest.raises(hs.errors.LabelError, match=r"no kind 'lop'. Choose from loop, stripe, tad, boundary"):
        MIXED.filter(kind="lop")
    with pytest.raises(hs.errors.LabelError, match="no status 'good'"):
        MIXED.filter(status="good")
    with pytest.raises(hs.errors.RegionError):
        MIXED.filter(region="chr1:5M")


# ---- data frames


def test_columns_are_those_of_the_field() -> None:
    assert list(MIXED.loops.to_dataframe().columns[:6]) == PAIR
    assert list(MIXED.tads.to_dataframe().columns[:3]) == ["chrom", "start", "end"]
    assert list(MIXED.to_dataframe().columns[:9]) == ["chrom", "start", "end", *PAIR]
    frame = MIXED.to_dataframe()
    row = frame.iloc[0]
    assert (row.chrom, row.start, row.end, row.start2, row.end2) == ("chr1", 100_000, 305_000, 300_000, 305_000)
    assert (row.probability, row.supporters[:3], row.Mean) == (0.9, "a,b", "7")
    assert frame.dtypes[["start", "end", "start1", "resolution", "level"]].eq("int64").all()
    assert np.isnan(frame.score[1])
    assert "direction" not in MIXED.loops.to_dataframe().columns


@pytest.mark.parametrize("part", ["loops", "stripes", "tads", "boundaries"])
def test_an_empty_kind_has_the_same_columns_and_types(part: str) -> None:
    full, none = getattr(MIXED, part).to_dataframe(), getattr(MIXED, part)[:0].to_dataframe()
    known = [column for column in full.columns if column != "Mean"]
    assert list(none.columns) == known
    pd.testing.assert_series_equal(none.dtypes, full[known].dtypes)


@pytest.mark.parametrize("part", [MIXED, MIXED.loops, MIXED.stripes, MIXED.tads, MIXED.boundaries], ids=repr)
def test_frames_come_back_the_same(part: hs.Calls) -> None:
    frame = part.to_dataframe()
    back = hs.Calls.from_dataframe(frame)
    pd.testing.assert_frame_equal(back.to_dataframe(), frame)
    assert [(r.kind, r.anchor1, r.anchor2, r.supporters, dict(r.extra)) for r in back] == [
        (r.kind, r.anchor1, r.anchor2, r.supporters, dict(r.extra)) for r in part
    ]


def test_predictions_come_back_the_same(calls: hs.Calls) -> None:
    frame = calls.to_dataframe()
    pd.testing.assert_frame_equal(hs.Calls.from_dataframe(frame).to_dataframe(), frame)


def test_a_column_that_a_file_names_like_ours_is_kept() -> None:
    record = tad(0, 10, score=0.5, extra={"score": "812", "FDR": "1e-3"})
    frame = hs.Calls([record]).to_dataframe()
    assert frame.score[0] == 0.5
    assert frame.score_in_file[0] == "812"
    assert hs.Calls.from_dataframe(frame)[0].extra == {"score": "812", "FDR": "1e-3"}


def is_bedframe(frame: pd.DataFrame) -> bool:
    """What bioframe.is_bedframe asks for: text, two whole numbers, nothing missing, no end before its start."""
    kinds = [frame[column].dtype for column in ("start", "end")]
    return (
        pd.api.types.is_string_dtype(frame["chrom"])
        and all(pd.api.types.is_integer_dtype(kind) for kind in kinds)
        and not frame[["chrom", "start", "end"]].isna().any(axis=None)
        and bool((frame["end"] >= frame["start"]).all())
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # bioframe's own, of pandas
def test_bioframe_takes_them(calls: hs.Calls, sample: hs.ContactMap) -> None:
    frames = [part.to_dataframe() for part in (calls, calls.tads, calls.boundaries, MIXED.tads, MIXED.boundaries)]
    assert all(is_bedframe(frame) for frame in frames)
    bioframe = pytest.importorskip("bioframe")
    for frame in frames:
        assert bioframe.is_bedframe(frame, raise_errors=True)
    for number in "12":
        assert bioframe.is_bedframe(
            calls.loops.to_dataframe(), cols=[f"{c}{number}" for c in ("chrom", "start", "end")]
        )
    assert len(bioframe.make_viewframe(sample.chromsizes)) == 1
    near = bioframe.closest(calls.boundaries.to_dataframe(), calls.tads.to_dataframe())
    assert len(near) == len(calls.boundaries)


def test_frames_of_other_libraries() -> None:
    dots = pd.DataFrame(
        {"chrom1": ["chr1"] * 3, "start1": [0, 10, 20], "end1": [10, 20, 30], "chrom2": ["chr1"] * 3}
        | {
            "start2": [100, 110, 120],
            "end2": [110, 120, 130],
            "count": [9, 30, 12],
            "la_exp.donut.qval": [0.1, 1e-5, 0.01],
        }
    )
    found = hs.Calls.from_dataframe(dots, "loop", score_column="la_exp.donut.qval")
    assert [round(r.score, 3) for r in found] == [0.333, 1.0, 0.667]
    assert found[1].extra["count"] == "30"
    assert [round(r.score, 3) for r in hs.Calls.from_dataframe(dots, "loop", score_column="count")] == [0.333, 1, 0.667]
    assert np.isnan(hs.Calls.from_dataframe(dots, "loop")[0].score)
    pairs = dots[["chrom1", "start1", "end1", "chrom2", "start2", "end2"]]
    assert hs.Calls.from_dataframe(pairs, "tad")[0].anchor1 == hs.Interval("chr1", 0, 10)
    nullable = pd.DataFrame({"chrom": ["chr1"], "start": [0], "end": [9]}).convert_dtypes().assign(score=pd.NA)
    assert hs.Calls.from_dataframe(nullable, "boundaries")[0].kind == "boundary"


BAD = {
    "kind": ({}, None, "does not say what it holds. Give kind='loop' or kind='stripe'"),
    "wrong kind": ({}, "lop", "row 'r': there is no kind 'lop'"),
    "column": ({"end2": None}, "loop", "row 'r': has no 'end2'. Give the columns chrom2, start2, end2"),
    "fraction": ({"start1": 1.5}, "loop", "row 'r': 'start1' is 1.5, not a whole number"),
    "text": ({"start1": "x"}, "loop", "row 'r': 'start1' is 'x', not a whole number"),
    "negative": ({"start1": -1}, "loop", "row 'r'.*not an interval"),
    "two chromosomes": ({"chrom2": "chr2"}, "loop", "row 'r': both anchors must lie on one chromosome"),
    "score": (
        {"score": 37.0},
        "loop",
        "row 'r': 'score' is 37, not between 0 and 1. Name it with score_column='score'",
    ),
    "probability": ({"probability": -0.1}, "loop", "row 'r': 'probability' is -0.1, not between 0 and 1"),
    "status": ({"status": "good"}, "loop", "row 'r': 'status' is 'good'. Choose from proposed"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_frames_name_row_and_remedy(name: str) -> None:
    changes, kind, said = BAD[name]
    row = {"chrom1": "chr1", "start1": 0, "end1": 5, "chrom2": "chr1", "start2": 9, "end2": 14} | changes
    frame = pd.DataFrame([row], index=["r"]).dropna(axis=1, how="all")
    with pytest.raises(hs.errors.LabelError, match=said):
        hs.Calls.from_dataframe(frame, kind)


def test_a_score_column_must_be_there_and_hold_numbers() -> None:
    frame = MIXED.tads.to_dataframe().assign(text="x")
    with pytest.raises(hs.errors.LabelError, match=r"no column 'rank'. It has chrom, start"):
        hs.Calls.from_dataframe(frame, score_column="rank")
    with pytest.raises(hs.errors.LabelError, match="column 'text' holds no numbers"):
        hs.Calls.from_dataframe(frame, score_column="text")


# ---- in a notebook and on the disk


def test_html(calls: hs.Calls) -> None:
    html = calls._repr_html_()
    assert f"{len(calls.loops)} loops" in html
    assert f"{len(calls) - 10} more" in html
    assert html.count("<tr") == 11
    assert hs.Calls()._repr_html_() == "<p><b>none</b></p>"


def test_write_says_how_they_were_made(tmp_path: Path) -> None:
    files = MIXED.write(tmp_path / "out")
    assert [file.name for file in files] == [
        "loops.bedpe",
        "stripes.bedpe",
        "tads.bed",
        "boundaries.bed",
        "stripes.tsv",
        "run.json",
    ]
    run = json.loads(files[-1].read_text())
    assert run["model"] == {"name": "m", "version": "1"}
    assert run["counts"] == {"loop": 1, "stripe": 1, "tad": 1, "boundary": 1}
    assert [file.name for file in MIXED.tads.write(tmp_path / "tads", formats="parquet")] == [
        "annotations.parquet",
        "run.json",
    ]
    with pytest.raises(hs.errors.OutputError, match="there is no export format 'bedpee'"):
        MIXED.write(tmp_path / "none", formats="bedpee")
    assert not (tmp_path / "none").exists()


def test_write_replaces_nobody_elses_files(tmp_path: Path) -> None:
    MIXED.write(tmp_path)
    other = hs.Calls(MIXED.loops, run={"map": {"uri": "other.mcool", "fingerprint": "ff"}})
    with pytest.raises(hs.errors.OutputError, match="Nothing was written"):
        other.write(tmp_path)
    assert other.write(tmp_path, overwrite=True)


def test_one_file(tmp_path: Path) -> None:
    path = hs.write_labels(MIXED.loops, tmp_path / "mine.bedpe")
    assert hs.read_labels(path).loops[0].anchor2 == MIXED[0].anchor2
    assert hs.read_labels(hs.write_labels(MIXED, tmp_path / "all.parquet")).kinds == MIXED.kinds
    assert hs.read_labels(hs.write_labels(MIXED.tads.to_dataframe(), tmp_path / "t.bed"))[0].name == "T1"
    with pytest.raises(hs.errors.LabelError, match="holds loop, stripe, tad, boundary: a file holds one kind"):
        hs.write_labels(MIXED, tmp_path / "x.bedpe")
    with pytest.raises(hs.errors.LabelError, match="holds nothing"):
        hs.write_labels([], tmp_path / "x.bedpe")
    with pytest.raises(
        hs.errors.OutputError,
        match=r"'bed' is no format of a loop. Choose from bedpe, juicebox, higlass, interact, gff3, parquet",
    ):
        hs.write_labels(MIXED.loops, tmp_path / "x.bed", format="bed")
    assert not list(tmp_path.glob("x.*"))


def test_read_labels(truth_folder: Path, sample: hs.ContactMap, tmp_path: Path) -> None:
    found = hs.read_labels(truth_folder / "loops.bedpe", map=sample)
    assert found.kinds == ("loop",)
    assert found.run["labels"]["format"]
    file = tmp_path / "tads.bed"
    file.write_text("1\t0\t500000\nchr1\t500000\tx\n1\t500000\t900000\nchrZ\t0\t5000\n")
    read = hs.read_labels(file, "tad", sample)
    assert [str(r.anchor1) for r in read] == ["chr1:0-500,000", "chr1:500,000-900,000"]
    assert [problem.line for problem in read.problems] == [2]
    assert any("chromosomes that the map lacks: chrZ (1)" in note for note in read.notes)
    with pytest.raises(hs.errors.LabelError, match="is a folder"):
        hs.read_labels(truth_folder)
    with pytest.raises(hs.errors.LabelError, match=r"none\.bed"):
        hs.read_labels(tmp_path / "none.bed")


def test_what_is_no_annotation() -> None:
    with pytest.raises(hs.errors.LabelError, match=r"'x' is not an annotation. Read a file with hs.read_labels"):
        hs.Calls(["x"])
    with pytest.raises(hs.errors.LabelError, match=r"'a.bed' is a path, not annotations. Read it: hs.read_labels"):
        hs.write_labels("a.bed", "b.bed")


def test_names_become_choices() -> None:
    assert tad(0, 5, status="rejected").status is Status.REJECTED
    with pytest.raises(hs.errors.LabelError, match="there is no status 'good'"):
        tad(0, 5, status="good")
