"""Many maps by one command: the same with workers and without, broken maps are named, what is done is kept."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_hicstruct.annotations.lockfile import WriteLock
from napari_hicstruct.cli.main import main
from napari_hicstruct.errors import ConfigError, JobError, OutputError
from napari_hicstruct.jobs import drain
from napari_hicstruct.jobs.cluster import Cluster, SchedulerLost, start_local
from napari_hicstruct.workflows.genome.batch import FILE, MapResult, read_batch
from napari_hicstruct.workflows.genome.map_table import read_map_table
from napari_hicstruct.workflows.genome.over_maps import Mark, check_files, iter_over_maps
from tests.cluster_kit import BROKEN, MANY, MANY_LENGTHS, PROGRAM, word_jobs, write_genome, write_many


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return write_many(tmp_path_factory.mktemp("many") / "maps")


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("few")
    return [str(write_genome(folder / f"map{k}.cool", lengths=MANY_LENGTHS, seed=k)) for k in range(2)]


def on(cluster: Cluster | None, words: dict[str, str], out: Path, **more: Any) -> list[MapResult]:
    return drain(iter_over_maps(cluster, word_jobs(words, out), out, program="test", **more))


def without_seconds(text: str) -> Any:
    """What a file of JSON says, but for what differs from run to run."""
    drop = {"seconds", "key", "written"}
    return json.loads(text, object_hook=lambda found: {k: v for k, v in found.items() if k not in drop})


UID = re.compile(rb"\b[0-9a-f]{32}\b")
"""Of a record: new for each that is found."""


def contents(folder: Path) -> dict[str, Any]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(folder)): without_seconds(path.read_text())
        if path.suffix == ".json"
        else UID.sub(b"", path.read_bytes())
        for path in files
    }


def check_batch(out: Path, said: str) -> None:
    """17 results, 3 reasons, both said."""
    found = read_batch(out)
    assert len(found) == MANY + BROKEN
    failed = {Path(one.map).stem: one.error for one in found if one.status == "failed"}
    assert set(failed) == {"map03-cut", "map05-text", "map09-missing"}
    for name, error in failed.items():
        assert error
        assert "\n" not in error
        assert name in error
        assert error.split(":")[0] in said
    assert all((out / file).exists() for one in found for file in one.files)
    assert sum(one.status == "done" and len(one.files) > 0 for one in found) == MANY
    assert "17 results, 3 maps failed" in said
    assert not list(out.glob(".*"))
    assert not list(out.glob("*.lock"))


# ---------------------------------------------------------------------- 20 maps, 3 of them broken
def test_predict_names_three_broken_maps_of_twenty(
    many: list[str], model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "calls"
    assert main(["predict", "--maps", *many, "--genome", "-m", model, "-d", "cpu", "-o", str(out), "-q"]) == 2
    check_batch(out, capsys.readouterr().out)
    assert {path.parent.name for path in out.glob("*/run.json")} == {f"map{k:02d}" for k in range(MANY)}
    at = {path: path.stat().st_mtime_ns for path in out.glob("*/*")}
    args = ["predict", *many[:4], "--genome", "-m", model, "-d", "cpu", "-o", str(out), "-q", "--resume"]
    assert main(args) == 2
    assert at == {path: path.stat().st_mtime_ns for path in out.glob("*/*")}


def test_insulation_names_three_broken_maps_of_twenty_with_workers_and_without(
    cluster: Cluster, many: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone, together = tmp_path / "alone", tmp_path / "together"
    args = ["insulation", *many, "-w", "50k", "-f", "bedgraph", "-q"]
    assert main([*args, "-o", str(alone)]) == 2
    check_batch(alone, capsys.readouterr().out)
    assert main([*args, "-o", str(together), "--scheduler", cluster.client.scheduler.address]) == 2
    check_batch(together, capsys.readouterr().out)
    assert contents(alone) == contents(together)


def test_predictions_of_many_maps_by_workers_are_those_of_one_process(
    cluster: Cluster, few: list[str], model: str, tmp_path: Path
) -> None:
    args = ["predict", *few, str(tmp_path / "gone.cool"), "-m", model, "-d", "cpu", "-q"]
    assert main([*args, "-o", str(tmp_path / "alone")]) == 2
    assert main([*args, "-o", str(tmp_path / "together"), "--scheduler", cluster.client.scheduler.address]) == 2
    alone, together = (
        {name: text for name, text in contents(tmp_path / folder).items() if not name.endswith("run.json")}
        for folder in ("alone", "together")
    )
    assert alone == together
    assert "map1/loops.bedpe" in alone


# ---------------------------------------------------------------------- the engine
WORDS = {"a": "one", "b": "refuse", "c": "break", "d": "note", "e": "two"}


@pytest.mark.parametrize("by_workers", [False, True])
def test_jobs_that_fail_are_named_in_one_line_and_the_rest_goes_on(
    cluster: Cluster, tmp_path: Path, by_workers: bool
) -> None:
    steps = list(iter_over_maps(cluster if by_workers else None, word_jobs(WORDS, tmp_path), tmp_path, program="p"))
    found = {one.map: one for one in read_batch(tmp_path)}
    assert list(found) == [f"{name}.cool" for name in WORDS]
    assert found["a.cool"].files == ("a/word.txt",)
    assert found["a.cool"].summary == {"letters": 3}
    assert found["b.cool"].error == "word.txt: is no map."
    assert found["c.cool"].error == "an internal error (ZeroDivisionError: no map at all)."
    assert {step.message for step in steps if step.notice} >= {"d: short", "b.cool failed: word.txt: is no map."}
    parts = [step.fraction for step in steps if step.total]
    assert parts == sorted(parts)
    assert parts[-1] == 1


@pytest.mark.parametrize("by_workers", [False, True])
def test_resuming_leaves_out_what_is_done_and_whose_files_are_there(
    cluster: Cluster, tmp_path: Path, by_workers: bool
) -> None:
    on(None, {"a": "one", "b": "two", "c": "three", "d": "refuse"}, tmp_path)
    (tmp_path / "b" / "word.txt").unlink()
    at = (tmp_path / "a" / "word.txt").stat().st_mtime_ns
    again = {"a": "one", "b": "two", "c": "other", "d": "refuse"}
    found = on(cluster if by_workers else None, again, tmp_path, resume=True)
    assert [one.status for one in found] == ["done", "done", "done", "failed"]
    assert (tmp_path / "a" / "word.txt").stat().st_mtime_ns == at
    assert (tmp_path / "b" / "word.txt").read_text() == "two"
    assert (tmp_path / "c" / "word.txt").read_text() == "other"


def test_a_map_under_which_workers_die_fails_and_the_rest_goes_on(tmp_path: Path) -> None:
    with start_local(2, max_deaths=1) as doomed:
        found = on(doomed, {"a": "one", "b": "die", "c": "two", "d": "three"}, tmp_path)
    assert [one.status for one in found] == ["done", "failed", "done", "done"]
    assert "the workers died under it" in str(found[1].error)


def wait_for(what: Callable[[], object], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.02)


def test_what_is_left_ends_the_workers_and_keeps_what_is_done(cluster: Cluster, tmp_path: Path) -> None:
    words = {"a": "one", "b": "wait", "c": "wait"}
    job = iter_over_maps(cluster, word_jobs(words, tmp_path), tmp_path, program="test")
    beats = [tmp_path / name / "word.txt" for name in "bc"]
    for _ in job:
        if read_batch(tmp_path) and all(path.exists() for path in beats):
            break
    job.close()
    assert [one.map for one in read_batch(tmp_path)] == ["a.cool"]
    time.sleep(1.5)
    at = [path.stat().st_mtime_ns for path in beats]
    time.sleep(0.3)
    assert at == [path.stat().st_mtime_ns for path in beats], "a worker goes on"
    assert not list(tmp_path.glob(".hicstruct*"))


def test_a_lost_scheduler_is_one_line(tmp_path: Path) -> None:
    doomed = start_local(1)
    job = iter_over_maps(doomed, word_jobs({"a": "one", "b": "wait"}, tmp_path), tmp_path, program="test")
    try:
        for _ in job:
            if (tmp_path / "b" / "word.txt").exists() and read_batch(tmp_path):
                break
        doomed.close()
        with pytest.raises(SchedulerLost, match="what is done is kept") as lost:
            list(job)
        assert "--resume" in str(lost.value)
        assert [one.status for one in read_batch(tmp_path)] == ["done"]
    finally:
        doomed.close()


def test_workers_that_do_not_see_the_files_are_named(cluster: Cluster, tmp_path: Path) -> None:
    mark = Mark(tmp_path / "mark", "word")
    assert "does not see the folder" in check_files(mark, {})
    mark.path.write_text("word")
    file = tmp_path / "map.cool"
    file.write_text("12")
    assert check_files(mark, {str(file): 2}) == ""
    assert "sees another file" in check_files(mark, {str(file): 3})
    assert "does not see" in check_files(mark, {str(tmp_path / "gone.cool"): 3})


def test_workers_of_another_version_are_refused(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cluster, "on_every_worker", lambda *_: {"node7": "0.0.1"})
    with pytest.raises(JobError, match=r"node7 has napari-hicstruct 0\.0\.1"):
        on(cluster, {"a": "one"}, tmp_path)


def test_two_runs_into_one_folder(tmp_path: Path) -> None:
    lock = WriteLock(tmp_path / FILE)
    try:
        with pytest.raises(OutputError, match="another run writes to it"):
            on(None, {"a": "one"}, tmp_path)
    finally:
        lock.release()


def test_ctrl_c_is_one_line_and_the_same_command_goes_on(many: list[str], tmp_path: Path) -> None:
    out = tmp_path / "tracks"
    args = ["insulation", *many, "-f", "bigwig", "-o", str(out), "-q", "--workers", "1"]
    client = subprocess.Popen([sys.executable, "-c", PROGRAM, *args], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    wait_for(lambda: len(read_batch(out)) >= 2, 60)
    os.kill(client.pid, signal.SIGINT)
    _, said = client.communicate(timeout=30)
    assert client.returncode == 130
    assert b"--resume goes on" in said
    done = [one for one in read_batch(out) if one.status == "done"]
    assert done
    assert not list(out.glob(".*"))
    at = {file: (out / file).stat().st_mtime_ns for one in done for file in one.files}
    assert main([*args[:-2], "--resume"]) == 2
    assert at == {file: (out / file).stat().st_mtime_ns for file in at}
    assert sum(one.status == "done" for one in read_batch(out)) == MANY


# ---------------------------------------------------------------------- the other commands
def test_simulated_maps_are_those_of_one_process_and_predictions_of_them_are_evaluated(
    cluster: Cluster, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fast.yaml").write_text("n_steps: 1500\nn_snapshots: 16\n")
    scheduler = ["--scheduler", cluster.client.scheduler.address]
    words = ["simulate", "--seed", "3", "4", "--length", "2M", "--config", str(tmp_path / "fast.yaml"), "--quiet"]
    for name, more in (("alone", []), ("together", scheduler)):
        folder = tmp_path / name
        assert main([*words, "-o", str(folder / "maps"), "--truth", str(folder / "truth"), *more]) == 0
    assert (tmp_path / "alone/maps/seed_3.mcool").exists()
    one, other = (contents(tmp_path / name / "truth") for name in ("alone", "together"))
    assert one == other
    assert main([*words[:3], *words[4:], "-o", str(tmp_path / "one.mcool")]) == 0
    assert same_pixels(tmp_path / "one.mcool", tmp_path / "together/maps/seed_3.mcool")
    maps = sorted(map(str, (tmp_path / "alone/maps").glob("*.mcool")))
    calls, scores = tmp_path / "calls", tmp_path / "scores"
    predict = ["predict", *maps, str(tmp_path / "gone.cool"), "-m", model, "-d", "cpu", "-o", str(calls), "-q"]
    assert main(predict) == 2
    capsys.readouterr()
    evaluate = ["evaluate", "--pred", str(calls), "--truth", str(tmp_path / "alone/truth"), "-o", str(scores), "-q"]
    assert main([*evaluate, "--json", *scheduler]) == 2
    said = json.loads(capsys.readouterr().out)["maps"]
    assert [one["folder"] for one in said] == ["seed_3", "seed_4", None]
    assert "there are no predictions of it" in said[2]["error"]
    alone = ["evaluate", "--pred", str(calls / "seed_4"), "--truth", str(tmp_path / "alone/truth/seed_4"), "--json"]
    assert main(alone) == 0
    metrics = json.loads(capsys.readouterr().out)
    written = json.loads((scores / "seed_4/metrics.json").read_text())
    assert {key: value for key, value in metrics.items() if key not in ("notes", "files")} == written["metrics"]


def same_pixels(one: Path, other: Path) -> bool:
    import cooler

    a, b = (cooler.Cooler(f"{path}::/resolutions/10000") for path in (one, other))
    return bool(a.pixels()[:].equals(b.pixels()[:])) and bool(a.bins()[:].equals(b.bins()[:]))


def bedpe(path: Path, at: list[int]) -> Path:
    path.write_text("".join(f"chrA\t{a}\t{a + 10_000}\tchrA\t{a + 300_000}\t{a + 310_000}\n" for a in at))
    return path


def test_consensus_of_a_table(
    cluster: Cluster, few: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bedpe(tmp_path / "x.bedpe", [100_000, 500_000])
    bedpe(tmp_path / "y.bedpe", [100_000, 700_000])
    rows = [f"{few[0]}\tA=x.bedpe\tB=y.bedpe", f"{few[1]}\tA=x.bedpe\t"]
    (tmp_path / "sets.tsv").write_text("map\tcalls\tcalls\n" + "\n".join(rows) + "\n")
    words = ["consensus", "--table", str(tmp_path / "sets.tsv"), "--kind", "loop", "-q"]
    assert main([*words, "-o", str(tmp_path / "alone")]) == 2
    said = capsys.readouterr().out
    assert "soft labels 1" in said
    assert "needs calls of two programs" in said
    assert main([*words, "-o", str(tmp_path / "together"), "--scheduler", cluster.client.scheduler.address]) == 2
    assert contents(tmp_path / "alone") == contents(tmp_path / "together")
    one = tmp_path / "one.bedpe"
    calls = [f"A={tmp_path / 'x.bedpe'}", f"B={tmp_path / 'y.bedpe'}"]
    assert main(["consensus", *calls, "--map", few[0], "--kind", "loop", "-o", str(one), "-q"]) == 0
    assert one.read_bytes() == (tmp_path / "alone/map0/loops.bedpe").read_bytes()


def test_data_sets_of_many_maps(
    cluster: Cluster, few: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scheduler = ["--scheduler", cluster.client.scheduler.address]
    words = ["dataset", *few, str(tmp_path / "gone.cool"), "--weak", "boundary", "--train", "chrA", "-q"]
    assert main([*words, "-o", str(tmp_path / "alone")]) == 2
    assert main([*words, "-o", str(tmp_path / "together"), *scheduler]) == 2
    assert contents(tmp_path / "alone") == contents(tmp_path / "together")
    assert main([*words[:2], *words[4:], "-o", str(tmp_path / "one")]) == 0
    assert contents(tmp_path / "one") == contents(tmp_path / "alone/map0")
    bedpe(tmp_path / "x.bedpe", [100_000, 500_000])
    (tmp_path / "labels.tsv").write_text(f"map\tname\tloops\n{few[0]}\tfirst\tx.bedpe\n{few[1]}\tsecond\t\n")
    table = ["dataset", "--table", str(tmp_path / "labels.tsv"), "--train", "chrA", "-o", str(tmp_path / "own"), "-q"]
    capsys.readouterr()
    assert main(table) == 2
    assert "there are no labels" in capsys.readouterr().out
    assert json.loads((tmp_path / "own/first/manifest.json").read_text())["labelled"]["train"]["loops"] == 2


def test_the_pool_of_a_recipe(cluster: Cluster, tmp_path: Path) -> None:
    from napari_hicstruct.config import parse_config
    from napari_hicstruct.config.training import TrainConfig
    from napari_hicstruct.jobs import CancelToken
    from napari_hicstruct.training.pool import iter_make_pool
    from napari_hicstruct.workflows.train import iter_make_pools

    settings = {"length": 8_000_000, "n_steps": 1500, "n_snapshots": 16}
    pool = {"extrusion": 1, "painted": 1, "settings": settings}
    given = {"train": pool, "validation": {**pool, "first_seed": 90}}
    config = parse_config(TrainConfig, given)
    drain(iter_make_pools(cluster, [config], tmp_path / "run"))
    made = sorted((tmp_path / "run/maps").glob("*.npz"))
    assert len(made) == 4
    at = [path.stat().st_mtime_ns for path in made]
    drain(iter_make_pools(cluster, [config], tmp_path / "run"))
    assert at == [path.stat().st_mtime_ns for path in made]
    paths = drain(iter_make_pool(config.train, tmp_path / "alone", token=CancelToken()))
    assert all(path.read_bytes() == (tmp_path / "run/maps" / path.name).read_bytes() for path in paths)


# ---------------------------------------------------------------------- how maps are named
@pytest.mark.parametrize(
    "words",
    [["--maps", "a.cool", "b.cool"], ["a.cool", "--maps", "b.cool"], ["--maps=a.cool", "-q", "b.cool"]],
)
def test_maps_stand_behind_their_option_too(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["insulation", *words, "-o", "out"]) == 2
    assert [one.map for one in read_batch(tmp_path / "out")] == ["a.cool", "b.cool"]
    assert main(["insulation", "--maps", "-o", "out"]) == 2
    assert "Missing argument" in capsys.readouterr().err


def test_workers_for_one_map_are_said_to_be_idle(
    few: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["insulation", few[0], "-o", str(tmp_path / "out"), "-q", "--workers", "2"]) == 0
    assert "one map, which is worked on here" in capsys.readouterr().err
    assert (tmp_path / "out/insulation.tsv").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("map\tcolour\na\tb\n", "no column 'colour'"),
        ("calls\na\n", "neither a column 'map' nor 'name'"),
        ("map\tcalls\n", "names no map"),
        ("", "no column ''"),
        ("map\tcalls\na.cool\tb\tc\n", "line 2 has 3 cells"),
        ("map\tname\na.cool\tx\nb.cool\tx\n", "line 2 names its result 'x'"),
        ("name\tcalls\n../x\tb\n", "names its result '../x'"),
        ("map\tcalls\n\tx\n", "line 2 has no map and no name"),
    ],
)
def test_tables_that_cannot_be_read(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "table.tsv").write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_map_table(tmp_path / "table.tsv", ("calls",))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_map_table(tmp_path / "gone.tsv", ("calls",))


def test_paths_of_a_table_lie_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "table.tsv").write_text(
        "#Map\tcalls\tcalls\nm.mcool::/resolutions/10000\tA=x.bedpe\t/y.bedpe\nn.cool\n"
    )
    first, second = read_map_table(tmp_path / "table.tsv", ("calls",))
    assert first.map == f"{tmp_path}/m.mcool::/resolutions/10000"
    assert first.cells == {"calls": (f"A={tmp_path}/x.bedpe", "/y.bedpe")}
    assert (first.name, second.name) == ("m_resolutions_10000", "n")
