"""The shipped model on a simulated map with known truth and on real maps, through the one code path all use."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.cli.main import main
from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.band_pair import MAX_BINS
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import Cancelled, ConfigError, MapError
from napari_hicstruct.evaluation.boundaries import boundary_score
from napari_hicstruct.evaluation.loops import match_loops, rank
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, drain
from napari_hicstruct.workflows.predict import PredictResult, iter_predict, predict
from napari_hicstruct.workflows.predict.request import PredictRequest, capabilities
from napari_hicstruct.workflows.simulate import SimulateRequest, simulate

LENGTH = 8_000_000


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A map of 8 Mb at 5 and 10 kb and its truth; its seed is none the model has seen."""
    folder = tmp_path_factory.mktemp("simulated")
    simulate(
        SimulateRequest(
            out=folder / "map.mcool",
            truth_dir=folder / "truth",
            lengths={"chr1": LENGTH},
            depth=300.0,
            seed=777_005,
            resolutions=(5_000, 10_000),
        )
    )
    return folder


def whole(source: ContactSource) -> tuple[Interval, ...]:
    return tuple(Interval(name, 0, length) for name, length in source.chromsizes.items())


@pytest.fixture(scope="module")
def result(simulated: Path) -> PredictResult:
    source = open_map(simulated / "map.mcool")
    return predict(source, PredictRequest(regions=whole(source), device="cpu"))


def points(records: list[Annotation]) -> np.ndarray:
    return np.array([(a.anchor1.center, a.anchor2.center, a.score) for a in records if a.kind is Kind.LOOP])


def of(result: PredictResult, kind: Kind) -> list[Annotation]:
    return [a for a in result.annotations if a.kind is kind]


def test_all_three_tasks_find_what_was_simulated(simulated: Path, result: PredictResult) -> None:
    truth = read_labels(simulated / "truth" / "loops.bedpe").records
    loops = points(list(result.annotations))
    faint = points(read_labels(simulated / "truth" / "faint" / "loops.bedpe").records)[:, :2]
    apart = np.abs(loops[:, None, :2] - faint[None]).max(-1).min(1)
    judged = loops[apart > 10_000]  # faint truth is neither asked for nor forbidden
    stated_loops = points(truth)[:, :2]
    assert match_loops(rank(judged), stated_loops, 10_000).precision_at([25])[25] >= 0.8
    moved = rank(judged + [500_000, 500_000, 0])
    assert match_loops(moved, stated_loops, 10_000).precision_at([25])[25] <= 0.2
    stated = read_labels(simulated / "truth" / "boundaries.bed", kind=Kind.BOUNDARY).records
    places = [a.anchor1.center for a in stated]
    called = [a.anchor1.center for a in of(result, Kind.BOUNDARY)]
    shifted = boundary_score([(x + LENGTH / 3) % LENGTH for x in called], places, 20_000).f1
    assert boundary_score(called, places, 20_000).f1 > max(0.5, 2 * shifted)
    assert of(result, Kind.TAD)
    assert of(result, Kind.STRIPE)


def test_records_are_whole_and_lie_on_the_map(result: PredictResult) -> None:
    assert len({a.uid for a in result.annotations}) == len(result.annotations)
    for a in result.annotations:
        assert a.span.end <= LENGTH
        assert 0 <= a.score <= 1
        assert a.resolution == (5_000 if a.kind is Kind.LOOP else 10_000)
        assert a.model == result.run["model"]["name"] + " " + result.run["model"]["version"]
    assert all(t.values.shape == (LENGTH // 10_000,) for t in result.boundary_tracks)


def test_people_say_how_sure_a_listed_call_must_be(simulated: Path, result: PredictResult) -> None:
    source = open_map(simulated / "map.mcool")
    asked = PredictRequest(regions=whole(source), device="cpu", min_probability={"stripe": 0.05, "loop": 0.5})
    other = predict(source, asked)

    def places(calls: list[Annotation]) -> set[tuple[Interval, Interval]]:
        return {(a.anchor1, a.anchor2) for a in calls}

    assert places(of(other, Kind.STRIPE)) > places(of(result, Kind.STRIPE))
    assert min(a.probability or 0 for a in of(other, Kind.STRIPE)) >= 0.05
    sure = [a for a in of(result, Kind.LOOP) if (a.probability or 0) >= 0.5]
    assert 0 < len(sure) < len(of(result, Kind.LOOP))
    assert places(of(other, Kind.LOOP)) == places(sure)
    assert places(of(other, Kind.TAD)) == places(of(result, Kind.TAD))
    assert other.run["parameters"]["min_probability"] == {"stripe": 0.05, "loop": 0.5}


def test_a_region_gives_what_the_whole_gives_there(simulated: Path, result: PredictResult) -> None:
    source = open_map(simulated / "map.mcool")
    chrom = next(iter(source.chromsizes))
    region = Interval(chrom, 2_000_000, 6_000_000)
    part = predict(source, PredictRequest(regions=(region,), tasks=("loop",), device="cpu"))
    inside = [a for a in of(result, Kind.LOOP) if 2_300_000 < a.span.start and a.span.end < 5_700_000]
    found = {(a.anchor1.start // 5_000, a.anchor2.start // 5_000) for a in part.annotations}
    assert all(region.start <= a.span.start and a.span.end <= region.end for a in part.annotations)
    same = [a for a in inside if (a.anchor1.start // 5_000, a.anchor2.start // 5_000) in found]
    assert len(inside) > 3
    assert len(same) >= 0.9 * len(inside)


def test_what_comes_step_by_step_is_the_whole_result(simulated: Path) -> None:
    source, seen = open_map(simulated / "map.mcool"), []
    steps = []

    def collect(step: object) -> None:
        steps.append(step.fraction)  # type: ignore[attr-defined]
        seen.extend(step.payload or ())  # type: ignore[attr-defined]

    request = PredictRequest(regions=whole(source), tasks=("loop",), device="cpu")
    done = drain(iter_predict(source, request, token=CancelToken()), collect)
    assert tuple(seen) == done.annotations
    assert len(seen) > 5
    assert steps == sorted(steps)
    assert steps[-1] == pytest.approx(1.0)


def test_cancelling_stops_before_the_next_batch(simulated: Path) -> None:
    source, token = open_map(simulated / "map.mcool"), CancelToken()
    job = iter_predict(source, PredictRequest(regions=whole(source), device="cpu"), token=token)
    for step in job:
        if step.payload is not None:
            break
    token.cancel()
    with pytest.raises(Cancelled):
        next(job)


def test_maps_with_one_bin_size_and_hic_files_predict(simulated: Path, data_dir: Path) -> None:
    only_fine = open_map(f"{simulated / 'map.mcool'}::/resolutions/5000")
    fine = predict(only_fine, PredictRequest(regions=whole(only_fine), device="cpu"))
    assert {a.resolution for a in fine.annotations if a.kind is Kind.LOOP} == {5_000}
    assert any("summed" in note for note in fine.notes)
    only_coarse = open_map(f"{simulated / 'map.mcool'}::/resolutions/10000")
    coarse = predict(only_coarse, PredictRequest(regions=whole(only_coarse), tasks=("loop",), device="cpu"))
    assert {a.resolution for a in coarse.annotations} == {10_000}
    assert any("Loops are called at 10 kb" in note for note in coarse.notes)
    first = next(iter_predict(only_coarse, PredictRequest(regions=whole(only_coarse), device="cpu")))
    assert "Loops are called at 10 kb" in first.message  # said before anything is computed
    hic = open_map(data_dir / "maps" / "shallow_chr22_5kb-2.5Mb_hg19.hic")
    region = Interval("22", 17_000_000, 22_000_000) if "22" in hic.chromsizes else whole(hic)[0]
    shallow = predict(hic, PredictRequest(regions=(region,), device="cpu"))
    assert all(region.start <= a.span.start for a in shallow.annotations)


def test_loops_on_a_real_map_stand_on_its_dots(data_dir: Path) -> None:
    source = open_map(data_dir / "maps" / "GM12878_MboI_chr21_10kb_hg19.cool")
    region = Interval("21", 14_000_000, 48_129_895)
    found = points(list(predict(source, PredictRequest(regions=(region,), tasks=("loop",), device="cpu")).annotations))
    folder = data_dir / "labels"
    truth = [
        points(read_labels(folder / name, kind=Kind.LOOP).records)[:, :2]
        for name in ("GM12878_chr21.HiCCUPS.hg19.bedpe", "GM12878_chr21.RAD21_ChIA-PET.hg19.bedpe")
    ]
    reached = match_loops(rank(found), rank(np.vstack(truth)), 20_000).precision_at([50, 100])
    assert reached[50] >= 0.74
    assert reached[100] >= 0.60
    moved = found + [1_000_000, 1_000_000, 0]
    assert match_loops(rank(moved), rank(np.vstack(truth)), 20_000).precision_at([50])[50] <= 0.1


def test_what_cannot_be_done_is_said_before_it_starts(data_dir: Path, simulated: Path) -> None:
    coarse = open_map(data_dir / "awkward" / "cooler_test_file.mcool")
    good = open_map(simulated / "map.mcool")
    if min(coarse.resolutions) > MAX_BINS:
        assert all("needs bins of 50 kb or less" in why for why in capabilities(coarse).values())
        with pytest.raises(MapError, match="nothing can be predicted"):
            next(iter_predict(coarse, PredictRequest(regions=whole(coarse))))
    assert set(capabilities(good).values()) == {""}
    with pytest.raises(ConfigError, match="no task 'knots'"):
        next(iter_predict(good, PredictRequest(regions=whole(good), tasks=("knots",))))
    with pytest.raises(ConfigError, match="no mode 'slow'"):
        next(iter_predict(good, PredictRequest(regions=whole(good), mode="slow")))


def test_weights_that_no_chromosome_has_are_an_error_also_of_several_chromosomes(tmp_path: Path) -> None:
    lengths = {"chr1": 2_000_000, "chr2": 2_000_000}
    simulate(SimulateRequest(out=tmp_path / "two.mcool", lengths=lengths, depth=50.0, seed=3, resolutions=(5_000,)))
    command = ["predict", str(tmp_path / "two.mcool"), "-o", str(tmp_path / "calls"), "--genome", "--model", "tiny"]
    assert main([*command, "--norm", "nope", "--quiet"]) == 2
    assert not list((tmp_path / "calls").glob("*.bed*"))


def test_tasks_may_have_any_name_and_number(simulated: Path, tmp_path: Path) -> None:
    from napari_hicstruct.models.network import MultiTaskNet
    from napari_hicstruct.models.store import load_model, save_model
    from napari_hicstruct.workflows.models import find_model

    config = load_model(find_model("tiny").path)[0].config
    names = {"loop": "dots", "tad": "domains"}
    tasks = [task.model_copy(update={"name": names[task.name]}) for task in config.tasks if task.name in names]
    own = config.model_copy(update={"tasks": tuple(tasks)})
    save_model(tmp_path / "own", own, MultiTaskNet(own).state_dict(), {"name": "own", "version": "1"})
    command = ["predict", str(simulated / "map.mcool"), "-o", str(tmp_path / "calls"), "--model", str(tmp_path / "own")]
    assert main([*command, "--region", "chr1:0-2000000", "--quiet"]) == 0
    written = {path.name for path in (tmp_path / "calls").iterdir()}
    assert {"loops.bedpe", "tads.bed", "boundaries.bed", "boundaries.bedgraph", "run.json"} <= written
    assert not {"stripes.bedpe", "stripes.tsv"} & written


def test_the_command_writes_files_that_read_back_and_fills_a_project(
    simulated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, project = tmp_path / "out", tmp_path / "p.hicproj"
    command = ["predict", str(simulated / "map.mcool"), "-o", str(out), "-p", str(project), "--device", "cpu", "--json"]
    assert main(command) == 0
    summary = json.loads(capsys.readouterr().out)
    names = {"loops.bedpe", "stripes.bedpe", "stripes.tsv", "tads.bed", "boundaries.bed", "boundaries.bedgraph"}
    assert names | {"run.json"} == {path.name for path in out.iterdir()}
    for name, kind in (("loops.bedpe", Kind.LOOP), ("tads.bed", Kind.TAD), ("stripes.bedpe", Kind.STRIPE)):
        assert len(read_labels(out / name, kind=kind).records) == summary[f"{kind}s"]
    run = json.loads((out / "run.json").read_text())
    assert run["model"]["sha256"]
    assert run["map"]["fingerprint"]
    from napari_hicstruct.annotations import Project

    with_predictions = Project.open(project)
    kinds = Counter(a.kind for a in with_predictions.query())
    with_predictions.close()
    assert kinds[Kind.LOOP] == summary["loops"]
    assert 0 <= summary["likely"]["loops"] <= summary["loops"]
    again = ["predict", str(simulated / "map.mcool"), "-o", str(tmp_path / "again"), "-d", "cpu", "-q", "-t", "loop"]
    assert main(again) == 0
    assert f"{summary['loops']:,} ({summary['likely']['loops']:,} with p ≥ 0.5)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "nonesuch"], "there is no model 'nonesuch'"),
        (["--region", "chr99:1-2M"], "no chromosome"),
        (["--device", "cuda:99"], "no device 'cuda:99'"),
        (["--tasks", ","], "no task is named"),
        (["--least", "loop=much"], "no probability"),
        (["--min-probability", "loop=1.2"], "no probability"),
        (["--tasks", "loop", "--min-probability", "stripe=0.2"], "no task that runs"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    simulated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    command = ["predict", str(simulated / "map.mcool"), "-o", str(tmp_path / "out"), "-q", *arguments]
    assert main(command) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert "\n" not in error
    assert not (tmp_path / "out").exists()
