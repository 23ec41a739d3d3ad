"""Every error that the page of a public function promises is raised, with exactly that type."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import napari_hicstruct as hs
from napari_hicstruct.api.checked import CHECK_THEMSELVES, check_of, in_arguments
from tests.meta.test_api import parameters_in, public, sections_of
from tests.meta.tracked import ROOT
from tests.unit.finetune.kit import tiny_folder

TADS = pd.DataFrame({"chrom": ["chr1"], "start": [0], "end": [500_000], "kind": ["tad"]})
LOOP = hs.Annotation(
    kind="loop", anchor1=hs.Interval("chr1", 5_000_000, 5_010_000), anchor2=hs.Interval("chr1", 5_300_000, 5_310_000)
)
SHADES = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
FAR = LOOP.with_(anchor1=hs.Interval("chr9", 0, 5_000), anchor2=hs.Interval("chr9", 50_000, 55_000))


def _shades(name: str, *, turned: bool = False) -> str:
    np.save(name, SHADES.T if turned else SHADES)
    return name


def _model_of_pictures() -> Path:
    small = {"crop": 32, "batch": 1, "model": {"channels": [8, 8, 8, 8, 8]}}
    return hs.train_segmentation(SHADES, SHADES > 0.5, "of pictures", settings=small, steps=1, threads=1).model


@dataclass
class Case:
    """What the calls below are made with."""

    m: hs.ContactMap
    calls: hs.Calls
    report: Any
    p: Any
    locked: Any
    """A project that another one edits."""
    patch: pytest.MonkeyPatch

    def two(self) -> dict[str, hs.Calls]:
        return {"a": self.calls, "b": self.calls}

    def without_cache(self) -> None:
        Path("a file").write_text("", encoding="utf-8")
        self.patch.setenv("HICSTRUCT_CACHE", "a file")

    def without_qt(self) -> None:
        self.patch.setattr("importlib.util.find_spec", lambda name: None)


@pytest.fixture
def case(sample: hs.ContactMap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    calls = hs.Calls([LOOP])
    report = hs.evaluate(TADS, TADS)
    Path("damaged.mcool").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(64))
    Path("a.txt").write_text("no labels\n", encoding="utf-8")
    Path("taken").write_text("a file", encoding="utf-8")
    hs.write_labels(calls, "loops.bedpe")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")  # no display is needed before anything is refused
    with (
        hs.open_project(tmp_path / "p.hicproj", sample) as p,
        hs.open_project(tmp_path / "q.hicproj", sample) as q,
    ):
        p.add([LOOP], set="mine")
        q.add([LOOP])
        q.add([LOOP])
        q.undo()
        with hs.open_project(tmp_path / "q.hicproj", sample, read_only=True) as locked:
            yield Case(sample, calls, report, p, locked, monkeypatch)


def _calibrate_a_seen_one(c: Case) -> object:
    return hs.calibrate(tiny_folder(Path("mine").absolute()), maps=1)


def _without_workers(c: Case) -> object:
    import distributed

    with (
        distributed.LocalCluster(
            n_workers=0, processes=False, dashboard_address=":0", scheduler_kwargs={"dashboard": False}
        ) as idle,
        distributed.Client(idle, set_as_default=False) as client,
    ):
        return hs.predict(c.m, client=client)


def _gone(c: Case) -> object:
    from shutil import copy

    copy(c.m.uri, "gone.mcool")
    m = hs.open_map("gone.mcool")
    os.truncate("gone.mcool", os.path.getsize("gone.mcool") // 2)
    return m.info()


def _compared(c: Case, **more: Any) -> object:
    """The sample map with itself in bins of 10 kb, which is another file."""
    options = {"calls_a": c.calls, "calls_b": c.calls} | more
    return hs.compare(c.m, _coarse(c), **options)


def _folder_of_another(c: Case) -> str:
    Path("compared").mkdir()
    with hs.open_project("compared/changes.hicproj", _coarse(c)) as other:
        other.add([LOOP])
    return "compared"


def _coarse(c: Case) -> str:
    if not Path("coarse.cool").exists():
        import cooler

        cooler.coarsen_cooler(f"{c.m.uri}::/resolutions/10000", "coarse.cool", 2, 10**7)
    return "coarse.cool"


def _pairs() -> str:
    from tests.epi_kit import grammar_folder

    if not Path("example").exists():
        grammar_folder(Path("example"))
    return "example/pairs.tsv"


def _model_of_pairs() -> Path:
    """A model of lines that numbers describe, which training hardly touched."""
    from tests.epi_kit import TINY

    _pairs()
    few = TINY | {"train": {"epochs": 1, "steps_per_epoch": 1, "lines_per_batch": 3, "pairs_per_line": 8}}
    few = few | {"curriculum": {"closed_until": 0, "opening": 0}}
    rows = [line.split("\t") for line in Path("example/lines.tsv").read_text(encoding="utf-8").splitlines()]
    text = "".join("\t".join([row[0], *row[2:]]) + "\n" for row in rows)
    Path("example/numbers.tsv").write_text(text, encoding="utf-8")
    made = hs.train_epi(
        "example/pairs.tsv", "example/genome.fa", "run", lines="example/numbers.tsv", settings=few, threads=1
    )
    return made.model


PROVOKED: dict[str, dict[str, Callable[[Case], object]]] = {
    "compare": {
        "MapError": lambda c: hs.compare(c.m, "damaged.mcool"),
        "RegionError": lambda c: _compared(c, chroms="chr9"),
        "LabelError": lambda c: _compared(c, calls_a="a.txt"),
        "ConfigError": lambda c: _compared(c, calls_b=None),
        "ModelError": lambda c: _compared(c, calls_a=None, calls_b=None, model="taken"),
        "OutputError": lambda c: _compared(c, out="taken"),
        "ProjectError": lambda c: _compared(c, out=_folder_of_another(c)),
    },
    "consensus": {
        "LabelError": lambda c: hs.consensus({"a": c.calls}),
        "ConfigError": lambda c: hs.consensus(c.two(), max_q=7),
        "RegionError": lambda c: hs.consensus(c.two(), chroms="chr9"),
        "MapError": lambda c: hs.consensus(c.two(), map="damaged.mcool"),
    },
    "evaluate": {
        "ConfigError": lambda c: hs.evaluate(c.calls, c.calls, ascending="no"),  # type: ignore[arg-type]
        "LabelError": lambda c: hs.evaluate(c.calls, TADS),
        "RegionError": lambda c: hs.evaluate(c.calls, c.calls, chroms="chr9"),
        "MapError": lambda c: hs.evaluate(c.calls, c.calls, map="damaged.mcool"),
    },
    "report": {
        "LabelError": lambda c: hs.report("."),
        "OutputError": lambda c: hs.report(c.calls.write("written")[0].parent, out="."),
        "ConfigError": lambda c: hs.report(1),  # type: ignore[arg-type]
    },
    "repair": {
        "LabelError": lambda c: hs.repair(np.full((4, 4), 0.5)),
        "ConfigError": lambda c: hs.repair(np.ones((4, 4), int), until="later"),
        "OutputError": lambda c: hs.repair(np.ones((4, 4), int), out="taken"),
        "ModelError": lambda c: hs.repair(np.ones((4, 4), int), function="a.txt"),
    },
    "fuse": {
        "ImageError": lambda c: hs.fuse(np.ones((16, 16)), np.ones((16, 17))),
        "MapError": lambda c: hs.fuse(c.m, c.m, out="fused.mcool"),
        "ConfigError": lambda c: hs.fuse(SHADES, SHADES.T, "sharp"),
        "ModelError": lambda c: hs.fuse(SHADES, SHADES.T, model="taken"),
        "OutputError": lambda c: hs.fuse(_shades("a.npy"), _shades("b.npy", turned=True), out="a.npy"),
    },
    "train_segmentation": {
        "LabelError": lambda c: hs.train_segmentation(SHADES, np.zeros((64, 64), int), "model"),
        "ConfigError": lambda c: hs.train_segmentation(SHADES, SHADES > 0.5, "model", preset="none"),
        "OutputError": lambda c: hs.train_segmentation(SHADES, SHADES > 0.5, "taken", steps=1),
        "ModelError": lambda c: hs.train_segmentation(SHADES, SHADES > 0.5, "model", parent="taken", steps=1),
    },
    "segment": {
        "LabelError": lambda c: hs.segment("none.tif", _model_of_pictures()),
        "ConfigError": lambda c: hs.segment(SHADES, "model", min_size=-1),
        "ModelError": lambda c: hs.segment(SHADES, "taken"),
    },
    "train_epi": {
        "LabelError": lambda c: hs.train_epi("a.txt", "genome.fa", "run"),
        "SequenceError": lambda c: hs.train_epi(_pairs(), "a.txt", "run"),
        "ConfigError": lambda c: hs.train_epi(_pairs(), "genome.fa", "run", settings={"epochs": 3}),
        "OutputError": lambda c: hs.train_epi(_pairs(), "example/genome.fa", "taken", small=True),
    },
    "predict_epi": {
        "LabelError": lambda c: hs.predict_epi("a.txt", "genome.fa", _model_of_pairs()),
        "SequenceError": lambda c: hs.predict_epi("example/pairs.tsv", "a.txt", _model_of_pairs()),
        "ConfigError": lambda c: hs.predict_epi(_pairs(), "example/genome.fa", _model_of_pairs()),
        "ModelError": lambda c: hs.predict_epi(_pairs(), "genome.fa", "taken"),
        "OutputError": lambda c: hs.predict_epi(_pairs(), "genome.fa", "taken", out="taken"),
    },
    "figure": {
        "MapError": lambda c: hs.figure("damaged.mcool", "chr1:5M-6M", "a.svg"),
        "RegionError": lambda c: hs.figure(c.m, "chr1:5M-6M", "a.svg", cols="chr1:7M-8M", tilted=True),
        "LabelError": lambda c: hs.figure(c.m, "chr1:5M-6M", "a.svg", labels="a.txt"),
        "TrackError": lambda c: hs.figure(c.m, "chr1:5M-6M", "a.svg", tracks="none.bedgraph"),
        "OutputError": lambda c: hs.figure(c.m, "chr1:5M-6M", "taken/a.svg"),
        "ConfigError": lambda c: hs.figure(c.m, "chr1:5M-6M", "a.gif"),
    },
    "pileup": {
        "LabelError": lambda c: hs.pileup(c.m, [FAR]),
        "MapError": lambda c: hs.pileup(c.m, c.calls, resolution=7_000),
        "ConfigError": lambda c: hs.pileup(c.m, c.calls, margin=-1.0),
    },
    "insulation": {
        "ConfigError": lambda c: hs.insulation(c.m, windows=7),
        "RegionError": lambda c: hs.insulation(c.m, "chr9"),
        "MapError": lambda c: hs.insulation(c.m, resolution=7_000),
    },
    "read_labels": {
        "LabelError": lambda c: hs.read_labels("a.txt"),
        "MapError": lambda c: hs.read_labels("loops.bedpe", map="damaged.mcool"),
        "ConfigError": lambda c: hs.read_labels(None),  # type: ignore[arg-type]
    },
    "write_labels": {
        "OutputError": lambda c: hs.write_labels(c.calls, "x.bed", format="bed"),
        "LabelError": lambda c: hs.write_labels([], "x.bed"),
        "ConfigError": lambda c: hs.write_labels(c.calls, ""),
    },
    "calibrate": {
        "ConfigError": _calibrate_a_seen_one,
        "ModelError": lambda c: hs.calibrate("tiny"),
    },
    "finetune": {
        "ProjectError": lambda c: hs.finetune(c.locked),
        "MapError": lambda c: hs.finetune(c.p, "damaged.mcool"),
        "ConfigError": lambda c: hs.finetune(c.p, settings={"ridges": 1}),
        "ModelError": lambda c: _with_damaged_model(c),
    },
    "train": {
        "ConfigError": lambda c: hs.train({"stepps": 1}, "run"),
        "ModelError": lambda c: hs.train({}, "run", start_from="no such"),
        "OutputError": lambda c: hs.train({}, "taken"),
    },
    "load_model": {
        "ModelError": lambda c: hs.load_model("no such"),
        "ConfigError": lambda c: hs.load_model(4),  # type: ignore[arg-type]
    },
    "open_map": {"MapError": lambda c: hs.open_map("damaged.mcool")},
    "sample_map": {
        "OutputError": lambda c: (c.without_cache(), hs.sample_map()),
        "ConfigError": lambda c: hs.sample_map(progress=5),  # type: ignore[arg-type]
    },
    "predict": {
        "RegionError": lambda c: hs.predict(c.m, "chr9"),
        "MapError": lambda c: hs.predict(c.m, norm="KR"),
        "ConfigError": lambda c: hs.predict(c.m, limits=5),  # type: ignore[arg-type]
        "ModelError": lambda c: hs.predict(c.m, model="no such"),
        "ProjectError": lambda c: hs.predict(c.m, project=c.locked),
        "JobError": _without_workers,
        "OutputError": lambda c: hs.predict(c.m, workers=1, store="taken/runs"),
    },
    "open_project": {
        "ProjectError": lambda c: hs.open_project("none.hicproj"),
        "MapError": lambda c: hs.open_project("new.hicproj", "damaged.mcool"),
        "ConfigError": lambda c: hs.open_project(5),  # type: ignore[arg-type]
    },
    "simulate": {
        "ConfigError": lambda c: hs.simulate("s.mcool", chromosomes={"chr1": "long"}),  # type: ignore[dict-item]
        "OutputError": lambda c: hs.simulate("s.txt"),
    },
    "show": {
        "HicStructError": lambda c: (c.without_qt(), hs.show(c.m)),
        "MapError": lambda c: hs.show("damaged.mcool"),
        "RegionError": lambda c: hs.show(c.m, region="chr9"),
        "LabelError": lambda c: hs.show(c.m, 5),  # type: ignore[arg-type]
        "ProjectError": lambda c: hs.show(c.m, [FAR]),
        "ConfigError": lambda c: hs.show(c.m, block="no"),  # type: ignore[arg-type]
    },
    "ContactMap.resolutions_of": {
        "RegionError": lambda c: c.m.resolutions_of("chr9"),
        "ConfigError": lambda c: c.m.resolutions_of(1),  # type: ignore[arg-type]
    },
    "ContactMap.normalisations": {
        "MapError": lambda c: c.m.normalisations(7_000),
        "RegionError": lambda c: c.m.normalisations(10_000, "chr9"),
        "ConfigError": lambda c: c.m.normalisations("10k"),  # type: ignore[arg-type]
    },
    "ContactMap.info": {
        "MapError": _gone,
        "ConfigError": lambda c: c.m.info(progress=5),  # type: ignore[arg-type]
    },
    "ContactMap.fetch": {
        "RegionError": lambda c: c.m.fetch(1, 10_000),  # type: ignore[arg-type]
        "MapError": lambda c: c.m.fetch("chr1", 7_000),
        "ConfigError": lambda c: c.m.fetch("chr1", 10_000, transform="log"),
    },
    "ContactMap.to_dask": {
        "RegionError": lambda c: c.m.to_dask("chr9", 10_000),
        "MapError": lambda c: c.m.to_dask("chr1", 10_000, norm="KR"),
        "ConfigError": lambda c: c.m.to_dask(1, 10_000),  # type: ignore[arg-type]
    },
    "ContactMap.weights": {
        "RegionError": lambda c: c.m.weights("chr9", 10_000),
        "MapError": lambda c: c.m.weights("chr1", 10_000, norm="KR"),
        "ConfigError": lambda c: c.m.weights("chr1", 10_000, norm=5),  # type: ignore[arg-type]
    },
    "ContactMap.pixels": {
        "RegionError": lambda c: c.m.pixels("chr9", 10_000),
        "MapError": lambda c: c.m.pixels("chr1", 7_000),
        "ConfigError": lambda c: c.m.pixels("chr1", 10_000, max_distance="1M"),  # type: ignore[arg-type]
    },
    "Calls.filter": {
        "LabelError": lambda c: c.calls.filter(kind="lop"),
        "ConfigError": lambda c: c.calls.filter(min_probability=7),
        "RegionError": lambda c: c.calls.filter(region=5),  # type: ignore[arg-type]
    },
    "Calls.from_dataframe": {
        "LabelError": lambda c: hs.Calls.from_dataframe(5),
        "ConfigError": lambda c: hs.Calls.from_dataframe(TADS, ascending="no"),  # type: ignore[arg-type]
    },
    "Calls.write": {
        "OutputError": lambda c: c.calls.write("taken"),
        "ConfigError": lambda c: c.calls.write(None),  # type: ignore[arg-type]
    },
    "Report.plot": {"ConfigError": lambda c: c.report.plot("no such")},
    "Report.write": {
        "OutputError": lambda c: c.report.write("taken"),
        "ConfigError": lambda c: c.report.write(5),
    },
    "Project.annotations": {
        "LabelError": lambda c: c.p.annotations(kind="lop"),
        "ProjectError": lambda c: c.p.annotations(set="no such"),
        "RegionError": lambda c: c.p.annotations(region="chr9"),
        "ConfigError": lambda c: c.p.annotations(status=5),
    },
    "Project.add": {
        "LabelError": lambda c: c.p.add([]),
        "ProjectError": lambda c: c.p.add([FAR]),
        "ConfigError": lambda c: c.p.add([LOOP], set=5),
    },
    "Project.judge": {
        "LabelError": lambda c: c.p.judge(5, "accepted"),
        "ProjectError": lambda c: c.p.judge("0" * 32, "accepted"),
        "ConfigError": lambda c: c.p.judge(LOOP, 5),
    },
    "Project.mark_reviewed": {
        "LabelError": lambda c: c.p.mark_reviewed("chr1:5M-6M", kinds="lop"),
        "RegionError": lambda c: c.p.mark_reviewed("chr9"),
        "ProjectError": lambda c: c.locked.mark_reviewed("chr1:5M-6M"),
        "ConfigError": lambda c: c.p.mark_reviewed("chr1:5M-6M", kinds=5),
    },
    "Project.undo": {"ProjectError": lambda c: c.locked.undo()},
    "Project.redo": {"ProjectError": lambda c: c.locked.redo()},
    "Project.export": {
        "LabelError": lambda c: c.p.export("lists", status="good"),
        "ProjectError": lambda c: c.p.export("lists", sets="no such"),
        "OutputError": lambda c: c.p.export("taken"),
        "ConfigError": lambda c: c.p.export("lists", overwrite="no"),
    },
}

LATE = {
    ("calibrate", "OutputError"): ("tests/unit/model/test_training.py", "OutputError"),
    ("finetune", "OutputError"): ("tests/unit/finetune/test_faults.py", "OutputError, match="),
    ("finetune", "JobError"): ("tests/unit/finetune/test_faults.py", "JobError"),
    ("train", "JobError"): ("tests/unit/model/test_training.py", "JobError, match="),
}
"""What only comes after minutes of work, and the file that provokes it in the workflow."""


def _with_damaged_model(c: Case) -> object:
    folder = tiny_folder(Path("mine").absolute())
    (folder / "model.json").write_text("{", encoding="utf-8")
    c.p.judge(c.p.annotations(), "rejected")
    elsewhere = (hs.Interval("chr1", at, at + 10_000) for at in (8_000_000, 8_400_000))
    c.p.add([hs.Annotation(kind="loop", anchor1=next(elsewhere), anchor2=next(elsewhere))], status="accepted")
    c.patch.setattr("napari_hicstruct.workflows.models.DEFAULT", str(folder))
    return hs.finetune(c.p)


def documented() -> Iterator[tuple[str, str]]:
    for name, thing in public():
        raised = sections_of(inspect.getdoc(thing) or "").get("Raises", "")
        yield from ((name, error) for error in (parameters_in(raised) if raised else ()))


def test_every_documented_error_is_provoked() -> None:
    provoked = {(name, error) for name, cases in PROVOKED.items() for error in cases}
    assert provoked | set(LATE) == set(documented())
    for file, text in LATE.values():
        assert text in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "error"), [pair for pair in documented() if pair not in LATE])
def test_a_documented_error_is_of_that_type(case: Case, name: str, error: str) -> None:
    with pytest.raises(hs.HicStructError) as caught:
        PROVOKED[name][error](case)
    kind = getattr(hs.errors, error)
    assert type(caught.value) is kind or type(caught.value).__bases__ == (kind,)
    assert "--" not in str(caught.value).partition("hicstruct ")[0], "Python has arguments, no options"


# ---- what no argument can be

BAD = [object(), 10**30, -(10**30), float("nan"), 1e300, b"x", "a\0b", [None], {1: 2}, (), int]


def refusal(check: Callable[[str, Any], Any], argument: str, given: object) -> hs.errors.ConfigError | None:
    try:
        check(argument, given)
    except hs.errors.ConfigError as error:
        return error
    return None


def arguments_of(function: Any) -> list[tuple[str, str]]:
    return [(name, str(one.annotation)) for name, one in inspect.signature(function).parameters.items()]


CHECKED = [(name, thing) for name, thing in public() if inspect.isfunction(thing) and hasattr(thing, "__wrapped__")]


def test_every_public_argument_is_checked() -> None:
    for name, thing in public():
        if inspect.isclass(thing) or arguments_of(thing) in ([], [("self", str(inspect.Parameter.empty))]):
            continue
        assert hasattr(thing, "__wrapped__"), f"{name} is not @checked"
        for argument, annotation in arguments_of(thing):
            own = argument in ("self", "cls") or annotation.removesuffix(" | None") in CHECK_THEMSELVES
            assert own or check_of(annotation), f"{name}: nothing checks {argument}: {annotation}"


@pytest.mark.parametrize(("name", "thing"), CHECKED, ids=[name for name, _ in CHECKED])
def test_wrong_arguments_are_refused_by_name(name: str, thing: Any) -> None:
    for argument, annotation in arguments_of(thing):
        check = check_of(annotation)
        if check is None:
            continue
        refused = [error for error in (refusal(check, argument, bad) for bad in BAD) if error is not None]
        assert all(argument in str(error) and error.hint for error in refused)
        assert len(refused) >= 5, f"{argument}: {annotation} takes nearly everything"


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda c: hs.consensus(c.two(), method="weighted", weights={"a": "x"}), r"^weights\['a'\]='x' is no number"),
        (lambda c: hs.consensus(c.two(), method="weighted", weights={"a": -1}), r"^weights\['a'\]=-1 is less than 0"),
        (
            lambda c: hs.consensus(c.two(), weights={"a": 2}),
            r"^weights: weights are of the method weighted. Add method=",
        ),
        (lambda c: hs.consensus(c.two(), max_q="a"), r"^max_q='a' is no q-value"),
        (
            lambda c: hs.consensus(c.two(), max_q=7),
            r"^max_q=7 is no q-value above 0, up to 1. Give for example max_q=",
        ),
        (lambda c: hs.consensus(c.two(), max_q=0), r"^max_q=0 is no q-value"),
        (lambda c: hs.consensus(c.two(), method=["em"]), r"^method=\['em'\] is no text"),
        (lambda c: hs.consensus(c.two(), bin_size=10**30), r"^bin_size=10*0 is too large"),
        (lambda c: c.m.to_dask(1, 10_000), r"^chrom=1 is no text"),
        (lambda c: c.m.fetch("chr1", "10kb"), r"^resolution='10kb' is no whole number of bp, .*Give resolution=10000"),
        (lambda c: hs.load_model(4), r"^name=4 is no model. Give the name of a model, its folder"),
        (lambda c: hs.read_labels(None), r"^path=None is no path. Give the path of a file or folder"),
        (lambda c: hs.write_labels(c.calls, b"x"), r"^path=b'x' is no path"),
        (lambda c: hs.predict(c.m, threads=10**9), r"^threads=1000000000 is too large. Give 4096"),
        (lambda c: hs.predict(c.m, limits={"tad_size": "x"}), "tad_size"),
        (lambda c: hs.figure(c.m, "chr1:5M-6M", "a.svg", tracks=[5]), r"^tracks=\[5\] is neither a name nor a list"),
        (lambda c: hs.predict(c.m, tracks={"ctcf": 5}), r"^tracks\['ctcf'\]=5 is no path"),
        (lambda c: hs.simulate("s.mcool", seed=-1), r"^seed=-1 is no whole number"),
        (lambda c: hs.simulate("s.mcool", depth=1e300), r"^depth=1e\+300 is no number that can be used"),
        (lambda c: hs.train(5, "run"), r"^config=5 is no list"),
        (lambda c: hs.train([5], "run"), r"^config=5 gives no values by name"),
        (lambda c: hs.finetune(5), r"^project=5 is no project"),
        (lambda c: c.report.plot("by_tad_size", ax=5), r"^ax=5 are no axes"),
        (lambda c: hs.insulation(c.m, windows=7), r"^windows: a window of 7 bp"),
        (lambda c: hs.read_labels("loops.bedpe", one_based=True), r"Leave one_based=True out\.$"),
        (lambda c: hs.read_labels("loops.bedpe", score_column=99), r"Name another column with score_column\.$"),
        (lambda c: hs.Interval("chr1", None, 5), "chr1:None-5 is not an interval"),
        (lambda c: hs.Interval("chr1", float("nan"), 5), "is not an interval"),
    ],
)
def test_errors_name_the_argument_and_the_remedy(case: Case, ask: Callable[[Case], object], says: str) -> None:
    with pytest.raises(hs.HicStructError, match=says):
        ask(case)


def test_options_become_arguments_and_commands_stay() -> None:
    def one(kind: str | None = None, overwrite: bool = False, windows: int = 0, seed: int = 0) -> None:
        """Whatever the workflow says."""

    for text, said in (
        ("Choose one with --kind.", "Choose one with kind."),
        ("If they are TADs: hicstruct import --kind tad (or loop).", "If they are TADs: kind='tad' (or loop)."),
        ("Leave it out, or --overwrite.", "Leave it out, or overwrite=True."),
        ("--window", "windows"),
        ("Give --seed 900 or more.", "Give seed=900 or more."),
        ("Name it: --project FILE", "Name it: --project FILE"),
        ("hicstruct view MAP --kind FILE", "hicstruct view MAP --kind FILE"),
    ):
        assert in_arguments(text, one) == said
