"""Arguments as nobody documents them: None for a list, paths that are none, texts of enumerations, odd fields."""

from __future__ import annotations

import enum
import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
import pandas as pd
import pytest

import napari_hicstruct as hs


class K(str, enum.Enum):  # noqa: UP042 - a StrEnum is its text already
    """As people wrote them before 3.11."""

    LOOP = "loop"
    COUNT = "count"
    PROPOSED = "proposed"
    BEDPE = "bedpe"
    FILE = "a.bedpe"


class Given:
    """An ``os.PathLike`` that gives whatever it was made of."""

    def __init__(self, what: Any) -> None:
        self.what = what

    def __fspath__(self) -> Any:
        if isinstance(self.what, Exception):
            raise self.what
        return self.what


def loop(k: int, **more: Any) -> hs.Annotation:
    at = 5_000_000 + 400_000 * k
    return hs.Annotation(
        kind="loop", anchor1=("chr1", at, at + 5_000), anchor2=("chr1", at + 300_000, at + 305_000), **more
    )


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> hs.Calls:
    monkeypatch.chdir(tmp_path)
    calls = hs.Calls([loop(k) for k in range(4)])
    hs.write_labels(calls, "a.bedpe")
    hs.write_labels(calls[1:], "b.bedpe")
    return calls


# ---- None for a list


def test_none_is_all_where_a_list_chooses(files: hs.Calls, sample: hs.ContactMap) -> None:
    two = {"a": "a.bedpe", "b": "b.bedpe"}
    assert len(hs.consensus(two, chroms=None)) == len(hs.consensus(two)) == 3
    assert hs.evaluate("a.bedpe", "b.bedpe", chroms=None).metrics == hs.evaluate("a.bedpe", "b.bedpe").metrics
    assert hs.insulation(sample, None, windows=None).equals(hs.insulation(sample))
    assert hs.Calls(files, notes=None, problems=None, kinds=None, tracks=None).kinds == ("loop",)


def test_none_chooses_all_of_a_project(sample: hs.ContactMap, tmp_path: Path) -> None:
    with hs.open_project(tmp_path / "p.hicproj", sample) as p:
        p.add([loop(0)])
        assert p.mark_reviewed("chr1:5M-6M", kinds=None).kinds == p.mark_reviewed("chr1:6M-7M").kinds
        assert p.export(tmp_path / "lists", sets=None, status=None)


def test_no_list_holds_none(files: hs.Calls) -> None:
    with pytest.raises(hs.errors.ConfigError, match=r"top=None is no whole number.* Give for example top="):
        hs.evaluate(files, files, top=None)  # type: ignore[arg-type]
    with pytest.raises(hs.errors.ConfigError, match=r"chroms=\[None\] is neither"):
        hs.evaluate(files, files, chroms=[None])  # type: ignore[list-item]


# ---- paths

NO_PATHS = {
    "bytes": Given(b"a.bedpe"),
    "a number": Given(5),
    "an error": Given(RuntimeError("no")),
    "NUL": Given("a\0"),
    "empty": Given(""),
    "of Windows": PureWindowsPath("C:/data/a.bedpe"),
    "a folder of Windows": PureWindowsPath("data/a.bedpe"),
}

TAKES_PATH: dict[str, Callable[[Any], object]] = {
    "read_labels": hs.read_labels,
    "write_labels": lambda path: hs.write_labels([loop(0)], path),
    "evaluate": lambda path: hs.evaluate(path, "b.bedpe"),
    "evaluate, one of several": lambda path: hs.evaluate(["a.bedpe", path], "b.bedpe"),
    "evaluate, truth": lambda path: hs.evaluate("a.bedpe", path),
    "evaluate, map": lambda path: hs.evaluate("a.bedpe", "b.bedpe", map=path),
    "consensus": lambda path: hs.consensus({"x": path, "y": "b.bedpe"}),
    "consensus, one of several": lambda path: hs.consensus({"x": ["a.bedpe", path], "y": "b.bedpe"}),
    "consensus, no names": lambda path: hs.consensus([path, "b.bedpe"]),
    "open_map": hs.open_map,
    "open_project": hs.open_project,
    "load_model": hs.load_model,
}


@pytest.mark.skipif(os.name == "nt", reason="a path of Windows is one there")
@pytest.mark.parametrize("what", NO_PATHS)
@pytest.mark.parametrize("name", TAKES_PATH)
def test_what_is_no_path_is_refused(files: hs.Calls, name: str, what: str) -> None:
    says = "is no path|is a path of Windows|is no model"
    with pytest.raises((hs.errors.ConfigError, hs.errors.MapError), match=says) as caught:
        TAKES_PATH[name](NO_PATHS[what])
    assert caught.value.hint


@pytest.mark.parametrize("path", [Given("a.bedpe"), PurePosixPath("a.bedpe"), PureWindowsPath("a.bedpe"), K.FILE])
def test_whatever_gives_the_path_of_a_file_is_one(files: hs.Calls, path: Any) -> None:
    assert len(hs.read_labels(path)) == 4
    assert hs.evaluate(path, "b.bedpe").metrics["loops"]
    for calls in ({"x": path, "y": "b.bedpe"}, {"x": [path], "y": "b.bedpe"}, [path, "b.bedpe"]):
        assert len(hs.consensus(calls)) == 3


@pytest.mark.parametrize("several", [np.array, pd.Series, pd.Index, iter, lambda paths: np.array(paths, object)])
def test_paths_in_whatever_holds_several(files: hs.Calls, several: Callable[[list[str]], Any]) -> None:
    assert hs.evaluate(several(["a.bedpe", "b.bedpe"]), "b.bedpe").metrics["loops"]
    assert len(hs.consensus(several(["a.bedpe", "b.bedpe"]))) == 3
    found = hs.consensus({"x": several(["a.bedpe", "b.bedpe"]), "y": files})
    assert {one.supporters for one in found} == {("x", "y")}


def test_several_paths_are_not_one(files: hs.Calls) -> None:
    with pytest.raises(hs.errors.ConfigError, match=r"^path=array.* is no path\. Give one at a time\.$"):
        hs.read_labels(np.array(["a.bedpe", "b.bedpe"]))  # type: ignore[arg-type]


@pytest.mark.parametrize("ask", [hs.Calls, lambda given: hs.evaluate(given, "b.bedpe"), hs.consensus])
def test_an_array_without_an_axis_holds_nothing(files: hs.Calls, ask: Callable[[Any], object]) -> None:
    with pytest.raises(hs.HicStructError) as caught:
        ask(np.array(5))
    assert caught.value.hint


@pytest.mark.parametrize("name", [1, None, b"x", ("x", 1), "", " "])
def test_programs_have_names_of_text(files: hs.Calls, name: Any) -> None:
    for given in (files, "a.bedpe"):
        with pytest.raises(hs.errors.ConfigError, match=r"^calls names a program .*Give each its name as text: \{'"):
            hs.consensus({name: given, "y": "b.bedpe"})


# ---- texts of enumerations


def test_a_member_of_str_and_enum_is_its_text(files: hs.Calls) -> None:
    assert hs.read_labels("a.bedpe", K.LOOP).kinds == ("loop",)
    assert len(hs.consensus({K.LOOP: files, "y": "b.bedpe"}, K.LOOP, method=K.COUNT)) == 3
    assert hs.consensus({K.LOOP: files, "y": "b.bedpe"})[0].supporters == ("loop", "y")
    assert hs.evaluate("a.bedpe", "b.bedpe", kind=K.LOOP).metrics["loops"]
    assert len(files.filter(kind=K.LOOP, status=K.PROPOSED)) == len(files.filter(kind=[K.LOOP])) == 4
    assert hs.write_labels(files, "c.bedpe", format=K.BEDPE).name == "c.bedpe"
    frame = files.to_dataframe().astype({"kind": object})
    frame["kind"] = pd.Series([K.LOOP] * 4, dtype=object)
    assert hs.Calls.from_dataframe(frame).kinds == ("loop",)
    assert hs.Calls.from_dataframe(frame.drop(columns="kind"), K.LOOP).kinds == ("loop",)
    assert type(loop(0, source=K.LOOP).source) is str


def test_kinds_of_calls_are_names(files: hs.Calls) -> None:
    assert hs.Calls([], kinds="loop").kinds == ("loop",)
    assert hs.Calls(files, kinds=["tads"]).kinds == ("loop", "tad")
    with pytest.raises(hs.errors.LabelError, match="there is no kind 'lop'"):
        hs.Calls(files, kinds=["lop"])
    with pytest.raises(hs.errors.ConfigError, match=r"kinds=\[5\] is neither .* kinds=\['loop'\]"):
        hs.Calls(files, kinds=[5])  # type: ignore[list-item]


def test_calls_hold_annotations_throughout(files: hs.Calls) -> None:
    with pytest.raises(hs.errors.LabelError, match=r"^5 is not an annotation"):
        hs.Calls([loop(0), 5])  # type: ignore[list-item]
    with pytest.raises(hs.errors.ConfigError, match=r"^tracks holds 5"):
        hs.Calls(files, tracks=[5])  # type: ignore[list-item]
    with pytest.raises(hs.errors.ConfigError, match=r"^problems holds 5"):
        hs.Calls(files, problems=[5])  # type: ignore[list-item]


# ---- fields of a record

NO_FIELDS: dict[str, list[Any]] = {
    "score": [2, -1, "x", None, float("inf"), np.float32(1.5)],
    "probability": [85, -0.1, "0.5", None],
    "soft_score": [7],
    "resolution": [-5, 1.5, "10k", None, 10**30],
    "n_calls": [-1, "a"],
    "n_tools": [-1],
    "level": [-1, "a"],
    "uid": ["", None, 5],
    "name": [None, 5],
    "source": [None, 5],
    "model": [5],
    "parent": [5],
    "supporters": ["abc", [1], None],
    "extra": [None, 5, {1: "a"}, {"a": 5}],
    "kind": ["lop", None],
    "status": ["good", 5],
    "direction": ["left", None],
    "anchor1": [
        ("chr1", -1, 5),
        ("chr1", 9, 5),
        ("chr1", float("nan"), 5),
        ("chr1", 0.5, 5),
        ("chr1", 0, 10**30),
        (None, 0, 5),
        None,
        "chr1:0-5",
    ],
}


@pytest.mark.parametrize(("field", "value"), [(name, value) for name, values in NO_FIELDS.items() for value in values])
def test_a_field_is_refused_by_name(field: str, value: Any) -> None:
    given = {"kind": "tad", "anchor1": ("chr1", 0, 5), "anchor2": ("chr1", 0, 5)}
    with pytest.raises((hs.errors.LabelError, hs.errors.RegionError)) as caught:
        hs.Annotation(**(given | {field: value}))
    assert caught.value.hint
    assert field in str(caught.value) or "is not an interval" in str(caught.value)
    if field != "anchor1" and value != "":
        with pytest.raises(hs.errors.LabelError):
            hs.Annotation(**given).with_(**{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("chrom", ["", "chr\t1"])
def test_a_chromosome_has_a_name(chrom: str) -> None:
    with pytest.raises(hs.errors.LabelError, match="is no name of a chromosome"):
        hs.Annotation(kind="tad", anchor1=(chrom, 0, 5), anchor2=(chrom, 0, 5))


def test_numbers_of_numpy_become_pythons_own() -> None:
    place = hs.Interval(np.str_("chr1"), np.int64(5), 9.0)  # type: ignore[arg-type]
    assert (type(place.chrom), type(place.start), type(place.end)) == (str, int, int)
    one = hs.Annotation(
        kind="boundary", anchor1=place, anchor2=place, score=np.float32(0.5), resolution=np.int32(5_000), n_calls=2.0
    )  # type: ignore[arg-type]
    assert (type(one.score), type(one.resolution), type(one.n_calls)) == (float, int, int)
    assert hs.Annotation(kind="tad", anchor1=place, anchor2=place, probability=float("nan")).probability != 0


@pytest.mark.parametrize("place", [("chr1", 0.5, 7), (None, 0, 5), (5, 0, 5), ("chr1", 0, float("inf"))])
def test_an_interval_is_whole_base_pairs_of_a_name(place: tuple[Any, Any, Any]) -> None:
    with pytest.raises(hs.errors.RegionError, match="is not an interval") as caught:
        hs.Interval(*place)
    assert caught.value.hint
