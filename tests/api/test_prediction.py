"""Predicting and comparing from Python: the same results as from the shell, nothing written, progress shown."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import napari_hicstruct as hs
from napari_hicstruct.cli.main import main
from napari_hicstruct.errors import RegionError
from tests.api.conftest import REGION


def comparable(calls: hs.Calls) -> pd.DataFrame:
    """All but what is drawn anew in each run; parents by where they lie."""
    where = {record.uid: str(record.anchor1) for record in calls}
    frame = calls.to_dataframe()
    if "parent" in frame:
        frame["parent"] = [where.get(uid, "outside" if uid else "") for uid in frame["parent"]]
    return frame.drop(columns="uid")


def test_predictions_are_those_of_the_command(
    calls: hs.Calls, sample: hs.ContactMap, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shell, mine = tmp_path / "shell", tmp_path / "mine"
    assert main(["predict", sample.uri, "-o", str(shell), "-r", REGION, "-q"]) == 0
    written = calls.write(mine)
    assert sorted(path.name for path in written) == sorted(path.name for path in shell.iterdir())
    for name in ("loops.bedpe", "stripes.bedpe", "tads.bed", "boundaries.bed"):
        pd.testing.assert_frame_equal(
            comparable(hs.read_labels(mine / name)), comparable(hs.read_labels(shell / name)), check_like=True
        )
    assert (mine / "boundaries.bedgraph").read_text() == (shell / "boundaries.bedgraph").read_text()
    ours, theirs = (json.loads((folder / "run.json").read_text()) for folder in (mine, shell))
    assert ours.keys() == theirs.keys()
    assert ours["parameters"] == theirs["parameters"]
    assert ours["model"] == theirs["model"]


def test_other_bins_are_read_on_request(sample: hs.ContactMap) -> None:
    calls = hs.predict(sample, "chr1:5M-8M", tasks=["stripe", "tad"], resolution=20_000)
    assert {record.resolution for record in calls} == {20_000}
    assert calls.run["parameters"]["resolution"] == 20_000
    assert {record.resolution for record in hs.predict(sample, "chr1:5M-8M", tasks="tad")} == {10_000}
    with pytest.raises(hs.HicStructError, match=r"resolution='20k' is no whole number of bp.* Give resolution=20000"):
        hs.predict(sample, "chr1:5M-8M", resolution="20k")  # type: ignore[arg-type]


def test_boundaries_may_have_a_smallest_probability_of_their_own(sample: hs.ContactMap) -> None:
    def least(**asked: float) -> tuple[int, int, float, float]:
        calls = hs.predict(sample, "chr1:5M-9M", tasks="tad", min_probability=asked)
        p = [[record.probability for record in part] for part in (calls.tads, calls.boundaries)]
        return len(p[0]), len(p[1]), min(p[0]), min(p[1])

    tads, few, p, q = least(tad=0.8)
    assert min(p, q) >= 0.8
    same, more, p, q = least(tad=0.8, boundary=0.4)
    assert (same, more > few, p >= 0.8, 0.4 <= q < 0.8) == (tads, True, True, True)
    with pytest.raises(hs.HicStructError, match=r"'boundary', which is no task that runs. Choose from loop"):
        hs.predict(sample, "chr1:5M-9M", tasks="loop", min_probability={"boundary": 0.5})


def test_a_filtered_list_names_no_parent_that_it_lacks(sample: hs.ContactMap, tmp_path: Path) -> None:
    calls = hs.predict(sample, "chr1:3M-9M", tasks="tad")
    some = calls.filter(kind="tad", min_probability=0.8)
    assert {one.parent for one in some} - {one.uid for one in some} - {""}
    some.write(tmp_path)
    written = {one.uid: one for one in hs.read_labels(tmp_path / "tads.bed")}
    assert len(written) == len(some)
    for one in written.values():
        if one.parent:
            outer = written[one.parent]
            assert outer.level == one.level - 1
            assert outer.anchor1.start <= one.anchor1.start <= one.anchor1.end <= outer.anchor1.end
        else:
            assert one.level == 1


def test_bins_that_no_model_reads_are_refused(sample: hs.ContactMap) -> None:
    for size, said in ((200_000, "bins of 200 kb"), (500, "bins of 500 bp"), (10**11, "bins of")):
        with pytest.raises(hs.HicStructError, match=f"{said}.* are not what a model reads.* Choose 1 kb to 50 kb"):
            hs.predict(sample, "chr1:3M-9M", resolution=size)


def test_a_percentage_is_no_probability(calls: hs.Calls) -> None:
    with pytest.raises(hs.HicStructError, match=r"min_probability=85 is no probability.* Give min_probability=0.85"):
        calls.filter(min_probability=85)
    with pytest.raises(hs.HicStructError, match="min_probability='high' is no probability"):
        calls.filter(min_probability="high")  # type: ignore[arg-type]
    assert len(calls.filter(min_probability=np.float32(0.5))) == len(calls.filter(min_probability=0.5))


def test_boundary_probability_is_the_bedgraph(calls: hs.Calls, tmp_path: Path) -> None:
    calls.write(tmp_path)
    track = calls.boundary_probability.dropna()
    lines = (tmp_path / "boundaries.bedgraph").read_text().splitlines()[1:]
    rows = [f"{row.chrom}	{row.start}	{row.end}	{row.value:.6g}" for row in track.itertuples()]
    assert rows == lines
    assert track.value.between(0, 1).all()
    assert calls.tads.boundary_probability.empty
    assert len(calls.boundaries.boundary_probability) == len(calls.boundary_probability)


def test_nothing_is_written(calls: hs.Calls, sample: hs.ContactMap, in_an_empty_folder: Path) -> None:
    hs.predict(sample, ["chr1:5M-6M"], tasks="loop")
    hs.evaluate(calls, calls).plot("precision_recall")
    assert list(in_an_empty_folder.iterdir()) == []
    assert sorted(path.name for path in Path(sample.uri).parent.iterdir()) == ["hicstruct-sample.mcool", "truth"]


def test_progress_is_told(sample: hs.ContactMap, capsys: pytest.CaptureFixture[str]) -> None:
    steps: list[hs.Progress] = []
    calls = hs.predict(sample, (hs.Interval("chr1", 5_000_000, 6_000_000),), tasks=["loop"], progress=steps.append)
    assert {step.stage for step in steps} == {"load model", "read chr1", "predict chr1"}
    assert steps[-1].fraction == 1.0
    assert [record for step in steps for record in step.payload or ()] == list(calls)
    assert capsys.readouterr().err == ""
    hs.predict(sample, "chr1:5M-6M", tasks="loop", progress=True)
    assert "100%" in capsys.readouterr().err
    with pytest.raises(hs.errors.ConfigError, match=r"progress='bar' is no way to show progress. Give True, None"):
        hs.predict(sample, "chr1:5M-6M", tasks="loop", progress="bar")


def test_a_callback_may_end_the_work(sample: hs.ContactMap) -> None:
    def stop(step: hs.Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hs.predict(sample, "chr1:5M-6M", progress=stop)
    assert len(hs.predict(sample, "chr1:5M-6M", tasks="loop").loops) > 0


def test_min_probability(sample: hs.ContactMap) -> None:
    some = hs.predict(sample, "chr1:5M-6M", tasks=("loop", "tad"), min_probability=0.5)
    more = hs.predict(sample, "chr1:5M-6M", tasks=("loop", "tad"), min_probability={"loop": 0.01, "tad": 0.5})
    assert all(record.probability >= 0.5 for record in some.loops)
    assert len(more.loops) > len(some.loops)
    assert more.run["parameters"]["min_probability"] == {"loop": 0.01, "tad": 0.5}


REFUSED = {
    "region": ({"regions": "chr9:0-1M"}, "RegionError", "no chromosome 'chr9'"),
    "no regions": ({"regions": 5}, "RegionError", "5 is not a region. Write 'chr17:62.5M-63.5M'"),
    "no region": ({"regions": []}, "RegionError", "list of regions is empty"),
    "task": ({"tasks": "lop"}, "ConfigError", "has no task 'lop'"),
    "mode": ({"mode": "slow"}, "ConfigError", "no mode 'slow'"),
    "model": ({"model": "none"}, "ModelError", "no model 'none'"),
    "norm": ({"norm": "KR"}, "MapError", "KR"),
    "probability": (
        {"min_probability": 3},
        "ConfigError",
        "min_probability is 3 for loop. Give a number above 0 and below 1",
    ),
    "no number": ({"min_probability": {"tad": "x"}}, "ConfigError", "min_probability is 'x' for tad"),
    "task of it": (
        {"min_probability": {"lop": 0.5}},
        "ConfigError",
        "'lop', which is no task that runs. Choose from loop",
    ),
    "project": ({"project": __file__}, "ProjectError", "test_prediction"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_are_those_of_the_command(
    sample: hs.ContactMap, name: str, monkeypatch: pytest.MonkeyPatch, in_an_empty_folder: Path
) -> None:
    monkeypatch.setattr("napari_hicstruct.workflows.predict._load", lambda *_: pytest.fail("the model was loaded"))
    changes, kind, said = REFUSED[name]
    with pytest.raises(hs.HicStructError, match=said) as caught:
        hs.predict(sample, **{"regions": REGION, **changes})
    assert type(caught.value) is getattr(hs.errors, kind)
    assert list(in_an_empty_folder.iterdir()) == []


def test_into_a_project(sample: hs.ContactMap, tmp_path: Path) -> None:
    path = tmp_path / "p.hicproj"
    calls = hs.predict(sample.uri, "chr1:5M-6M", tasks="loop", project=path)
    with hs.open_project(path) as p:
        (made,) = p.sets
        assert (made.origin, made.name) == ("predicted", f"default {calls.run['model']['version']}")
        assert {r.uid for r in p.annotations()} == {r.uid for r in calls}
        again = hs.predict(sample, "chr1:8M-9M", tasks="loop", project=p)
        assert [one.name for one in p.sets] == [made.name, f"{made.name} (2)"]
        assert len(p.annotations(set=f"{made.name} (2)")) == len(again)


# ---- evaluation


def test_a_report_is_that_of_the_command(
    calls: hs.Calls, truth_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls.write(tmp_path / "calls")
    args = ["evaluate", "--pred", str(tmp_path / "calls"), "--truth", str(truth_folder), "--json"]
    assert main(args) == 0
    shell = json.loads(capsys.readouterr().out)
    report = hs.evaluate(tmp_path / "calls", truth_folder)
    assert json.loads(json.dumps(report.metrics)) == {k: v for k, v in shell.items() if k not in ("notes", "files")}
    assert list(report.notes) == shell["notes"]


def test_calls_frames_and_paths_are_the_same_truth(calls: hs.Calls, truth_folder: Path) -> None:
    truth = hs.read_labels(truth_folder / "loops.bedpe")
    first = hs.evaluate(calls.loops, truth, region=REGION).metrics
    assert 0 < first["loops"]["precision"] <= 1
    assert hs.evaluate(calls.loops, truth).metrics == first  # they know where they were sought
    for predictions, true in (
        (calls.loops.to_dataframe(), truth.to_dataframe()),
        (list(calls.loops), str(truth_folder / "loops.bedpe")),
        ([calls.loops[:5], calls.loops[5:].to_dataframe()], [truth]),
    ):
        assert hs.evaluate(predictions, true, region=REGION).metrics == first
    bare = calls.loops.to_dataframe().drop(columns="kind")
    for place in (hs.Interval("chr1", 5_000_000, 7_000_000), ("chr1", 5_000_000, 7_000_000), [REGION]):
        assert hs.evaluate(bare, truth, kind="loop", region=place).metrics == first
    with pytest.raises(hs.errors.LabelError, match="does not say what it holds"):
        hs.evaluate(bare, truth)


def test_the_table_and_the_figures(calls: hs.Calls, tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    report = hs.evaluate(calls, calls)
    table = report.table.set_index(["section", "metric"]).value
    assert table["loops", "f1"] == table["loops", "precision"] == 1.0
    assert table["loops", "by_tolerance · ±1 bin · recall"] == 1.0
    assert table["tads", "mean_best_jaccard"] == 1.0
    assert {"precision_recall", "calibration", "by_distance"} <= set(report.plots)
    figure = report.plot()
    assert figure.axes[0].get_xlabel() == "recall"
    assert figure._repr_png_().startswith(b"\x89PNG")
    mine = Figure().add_subplot()
    assert report.plot("by_distance", ax=mine) is mine.figure
    assert len(mine.patches) > 0
    with pytest.raises(hs.errors.ConfigError, match=r"no figure 'pile_up' of this report. It has precision_recall"):
        report.plot("pile_up")
    assert "<table" in report._repr_html_()
    written = report.write(tmp_path / "report")
    assert {path.stem for path in written} == {"metrics", *report.plots}
    assert json.loads(written[0].read_text())["metrics"]["loops"]["f1"] == 1.0


def test_the_pile_up_needs_a_map(calls: hs.Calls, sample: hs.ContactMap) -> None:
    report = hs.evaluate(calls.loops, calls.loops, map=sample)
    assert report.metrics["pile_up"]["centre_to_corner"] > 1
    assert "pile_up" in report.plots


def test_what_cannot_be_compared(calls: hs.Calls) -> None:
    with pytest.raises(hs.errors.LabelError, match="the truth: the predictions hold loops, the truth TADs"):
        hs.evaluate(calls.loops, calls.tads)
    with pytest.raises(hs.errors.LabelError, match="the predictions: holds no call"):
        hs.evaluate(calls.loops[:0], calls.loops)
    with pytest.raises(hs.errors.LabelError, match=r"^truth: None is neither labels nor a path of some. Give calls"):
        hs.evaluate(calls, None)
    with pytest.raises(hs.errors.LabelError, match=r"^predictions: 1 is neither labels"):
        hs.evaluate([1, 2], [3])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"tolerance": "20k"}, r"tolerance='20k' is no whole number of bp, 0 or more. Give tolerance=20000.$"),
        (
            {"tolerance": None},
            r"tolerance=None is no whole number of bp, 0 or more. Give for example tolerance=20000.$",
        ),
        ({"tolerance": -1}, "tolerance=-1 is no whole number of bp"),
        ({"tolerance": float("nan")}, "tolerance=nan is no whole number of bp"),
        ({"resolution": "5 kb"}, r"resolution='5 kb' is .*Give resolution=5000.$"),
        ({"resolution": True}, "resolution=True is no whole number of bp"),
        ({"top": "ten"}, r"top='ten' is no whole number, 1 or more. Give for example top=2"),
        ({"top": [25, 0]}, "top=0 is no whole number, 1 or more"),
        ({"top": [2.5]}, "top=2.5 is no whole number"),
        ({"chroms": 1}, r"chroms=1 is neither a name nor a list of names. Give one or a list, for example chroms="),
        ({"chroms": ["chr1", 2]}, r"chroms=\['chr1', 2\] is neither a name"),
    ],
)
def test_wrong_arguments_are_named_with_the_remedy(calls: hs.Calls, given: dict[str, object], says: str) -> None:
    with pytest.raises(hs.errors.ConfigError, match=says):
        hs.evaluate(calls.loops, calls.loops, **given)


def test_one_number_is_a_list_of_one_and_numbers_of_numpy_are_numbers(calls: hs.Calls) -> None:
    one = hs.evaluate(calls.loops, calls.loops, top=5, tolerance=np.int64(20_000), resolution=10_000.0)
    assert one.metrics == hs.evaluate(calls.loops, calls.loops, top=np.array([5]), resolution=10_000).metrics
    with pytest.raises(hs.errors.LabelError, match="no kind 'lop'"):
        hs.evaluate(calls.loops, calls.loops, kind="lop")


def test_other_functions_refuse_the_same(calls: hs.Calls, sample: hs.ContactMap) -> None:
    two = {"a": calls.loops, "b": calls.loops}
    for ask, says in (
        (lambda: hs.consensus(two, tolerance="20k"), r"tolerance='20k'.* Give tolerance=20000"),
        (lambda: hs.consensus(two, bin_size=-1), "bin_size=-1 is no whole number of bp"),
        (lambda: hs.consensus([hs.Calls([])]), "calls holds a Calls, which names no program. Give paths, or programs"),
        (lambda: hs.consensus(None), "calls holds a NoneType"),  # type: ignore[arg-type]
        (lambda: hs.consensus({"a": 5, "b": 6}), r"calls\['a'\] is a int. Give a path"),
        (lambda: hs.insulation(sample, resolution="10k"), r"resolution='10k'.* Give resolution=10000"),
        (lambda: hs.insulation(sample, windows=["100k"]), r"windows='100k'.* Give windows=100000"),
        (lambda: hs.insulation(sample, chroms=1), "chroms=1 is neither a name"),
        (lambda: hs.predict(sample, REGION, threads=-1), "threads=-1 is no whole number"),
    ):
        with pytest.raises(hs.errors.ConfigError, match=says):
            ask()


def test_calls_that_are_joined_were_sought_where_either_was(calls: hs.Calls) -> None:
    """A truth beyond what both searched must not count as missed."""
    parts = [calls.loops.filter(region=region) for region in ("chr1:5M-5.5M", "chr1:6M-7M")]
    assert [part.run["parameters"]["regions"] for part in parts] == [
        ["chr1:5,000,000-5,500,000"],
        ["chr1:6,000,000-7,000,000"],
    ]
    both = parts[0] + parts[1]
    assert both.run["parameters"]["regions"] == ["chr1:5,000,000-5,500,000", "chr1:6,000,000-7,000,000"]
    assert both.run["model"] == calls.run["model"]
    assert both.run["parameters"]["tasks"] == calls.run["parameters"]["tasks"]
    found = hs.evaluate(both, calls.loops).metrics["loops"]
    assert found["recall"] == 1.0
    assert found == hs.evaluate(list(parts), calls.loops).metrics["loops"]
    assert sum(parts, hs.Calls()).run == both.run
    other = hs.Calls(parts[1], run={**parts[1].run, "model": {"name": "other", "version": "1"}})
    assert "model" not in (parts[0] + other).run
    assert hs.evaluate(parts[0] + other, calls.loops).metrics["loops"] == found
    assert (parts[0] + hs.Calls(list(parts[1]))).run == {}  # one does not say where


def test_calls_filtered_by_place_are_judged_there(calls: hs.Calls, tmp_path: Path) -> None:
    run = {**calls.run, "parameters": {**calls.run["parameters"], "regions": ["chr1:5M-7M", "2"]}}
    far = [
        hs.Annotation(kind="loop", anchor1=hs.Interval("chr2", k, k + 1), anchor2=hs.Interval("chr2", k + 9, k + 10))
        for k in (0, 10**6)
    ]
    genome = hs.Calls([*calls.loops, *far], run=run)
    one = genome.filter(region="1")
    assert one.run["parameters"]["regions"] == ["chr1:5,000,000-7,000,000"]
    assert genome.filter(region="chr2").run["parameters"]["regions"] == ["2"]
    assert genome.filter(region="chr3").run["parameters"]["regions"] == []
    assert hs.evaluate(one, genome).metrics["loops"]["recall"] == 1.0
    assert hs.evaluate([one, genome.filter(region="chr3")], genome).metrics["loops"]["recall"] == 1.0
    sure = genome.filter(min_probability=0.9)  # what is unlikely was sought all the same
    assert sure.run == genome.run
    assert 0 < hs.evaluate(sure, genome).metrics["loops"]["recall"] < 1.0
    one.write(tmp_path / "one")
    assert hs.evaluate(tmp_path / "one", genome).metrics["loops"]["recall"] == 1.0
    bare = hs.Calls(calls.loops).filter(region="chr1:5M-6M")  # nobody says where they were sought
    assert hs.evaluate(bare, calls.loops).metrics["loops"]["recall"] == 1.0


def test_annotations_of_a_region_of_a_project_are_judged_there(
    calls: hs.Calls, sample: hs.ContactMap, tmp_path: Path
) -> None:
    with hs.open_project(tmp_path / "p.hicproj", map=sample) as p:
        p.add(calls.loops)
        part = p.annotations(region="chr1:5M-6M")
    assert 0 < len(part) < len(calls.loops)
    assert hs.evaluate(part, calls.loops).metrics["loops"]["recall"] == 1.0


def test_prediction_leaves_the_number_of_threads_as_it_was(sample: hs.ContactMap) -> None:
    import torch

    before, used = torch.get_num_threads(), []
    try:
        torch.set_num_threads(3)
        hs.predict(
            sample,
            "chr1:2M-3M",
            tasks="loop",
            model="tiny",
            threads=2,
            progress=lambda _: used.append(torch.get_num_threads()),
        )
        assert used[-1] == 1, "windows run beside each other, each in one thread"
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_the_parent_of_a_tad_is_one_of_the_calls(sample: hs.ContactMap, calls: hs.Calls) -> None:
    whole = {tad.uid: tad for tad in calls.tads}
    nested = [tad for tad in whole.values() if tad.parent]
    assert nested
    for tad in whole.values():
        assert tad.level == 1 + (whole[tad.parent].level if tad.parent else 0)
    for tad in nested[:3]:
        around = tad.anchor1.expand(30_000, 10**9)  # its parent reaches beyond
        inside = hs.predict(sample, f"{around.chrom}:{around.start}-{around.end}", tasks="tad").tads
        assert {one.parent for one in inside} - {""} <= {one.uid for one in inside}


def test_chromosomes_that_were_searched_and_of_which_nobody_knows_anything_are_no_error(calls: hs.Calls) -> None:
    run = dict(calls.run) | {"parameters": {"regions": ["chr1:5,000,000-7,000,000", "chrM:0-16,569"]}}
    genome = hs.Calls(calls.loops, run=run)
    assert hs.evaluate(genome, calls.loops).metrics["settings"]["chromosomes"] == ["chr1"]
    assert hs.evaluate(genome, calls.loops, chroms="chr1").metrics["loops"]["recall"] == 1.0
    with pytest.raises(hs.errors.RegionError, match="neither predictions nor truth have a chromosome 'chrM'"):
        hs.evaluate(genome, calls.loops, region="chrM")


def test_tasks_may_be_named_in_the_plural_and_in_any_case() -> None:
    calls = hs.predict(hs.sample_map(), "chr1:5M-6M", tasks=["Loops", "loop"], progress=False)
    assert calls.kinds == ("loop",)


def test_calls_in_a_tuple_were_sought_where_they_say_as_in_a_list(calls: hs.Calls, truth_folder: Path) -> None:
    truth = truth_folder / "loops.bedpe"
    first = hs.evaluate(calls, truth).metrics["loops"]
    assert hs.evaluate([calls], truth).metrics["loops"] == first
    assert hs.evaluate((calls,), truth).metrics["loops"] == first


def test_numbers_of_numpy_and_clocks_are_numbers(calls: hs.Calls, tmp_path: Path) -> None:
    seed = 1_790_000_000_000_000_000  # a clock in nanoseconds
    hs.simulate(tmp_path / "m.mcool", chromosomes={"chr1": 4_000_000}, depth=np.float32(5), seed=seed, progress=False)
    limits = {"loop_separation": np.int64(20_000), "tad_size": np.array([100_000, 2_000_000])}
    assert hs.predict(hs.sample_map(), "chr1:5M-6M", tasks="loop", limits=limits, progress=False).kinds == ("loop",)
    with pytest.raises(RegionError, match="nan is no position"):
        calls.filter(region=("chr1", float("nan"), 3))
