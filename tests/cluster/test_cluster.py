"""Runs by workers: the calls of one process, whoever dies, and one clear line where they cannot run."""

from __future__ import annotations

import importlib.metadata
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import distributed
import pytest

import napari_hicstruct as hs
from napari_hicstruct.annotations.lockfile import WriteLock
from napari_hicstruct.cli.main import main
from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import Cancelled, ConfigError, JobError, MapError, OutputError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, drain
from napari_hicstruct.jobs.cluster import Cluster, connect, of_client, start_local
from napari_hicstruct.workflows.genome.following import Tokens
from napari_hicstruct.workflows.genome.genome_run import GenomeRun, discard_store
from napari_hicstruct.workflows.genome.pieces import check_map
from napari_hicstruct.workflows.genome.run import iter_predict_on
from napari_hicstruct.workflows.predict import PredictResult, predict
from napari_hicstruct.workflows.predict.request import PredictRequest
from napari_hicstruct.workflows.predict.store import write_predictions
from tests.cluster_kit import PROGRAM, TaskRecorder, scheduler_with_workers, whole, write_genome

LABELS = ("loops.bedpe", "stripes.bedpe", "stripes.tsv", "tads.bed", "boundaries.bed", "boundaries.bedgraph")


@pytest.fixture
def request_(source: ContactSource, model: str) -> PredictRequest:
    return PredictRequest(regions=whole(source), model=model, device="cpu")


def same_files(one: Path, other: Path) -> bool:
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in LABELS)


@pytest.fixture(scope="session")
def expected(source: ContactSource, model: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("expected")
    write_predictions(predict(source, PredictRequest(regions=whole(source), model=model, device="cpu")), out)
    return out


def on(cluster: Cluster, source: ContactSource, request: PredictRequest, folder: Path, **more: Any) -> PredictResult:
    return drain(iter_predict_on(cluster, source, request, folder, **more))


# ---------------------------------------------------------------------- the same calls
def test_workers_write_the_files_of_one_process_byte_by_byte(
    cluster: Cluster, source: ContactSource, request_: PredictRequest, expected: Path, tmp_path: Path
) -> None:
    result = on(cluster, source, request_, tmp_path / "runs")
    write_predictions(result, tmp_path / "out")
    assert same_files(tmp_path / "out", expected)
    assert [note for note in result.notes if "chrEmpty is skipped" in note]
    ours, theirs = (json.loads((f / "run.json").read_text()) for f in (tmp_path / "out", expected))
    assert ours["parameters"] == theirs["parameters"]
    assert ours["notes"] == theirs["notes"]
    assert ours["workers"] == 2
    discard_store(source, request_, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
    plugins = cluster.client.run(lambda dask_worker: [name for name in dask_worker.plugins if "hicstruct" in name])
    assert list(plugins.values()) == [[], []], "what other people's work finds on the workers"


def test_chromosomes_come_as_they_end_and_progress_goes_up(
    cluster: Cluster, source: ContactSource, request_: PredictRequest, tmp_path: Path
) -> None:
    steps = list(iter_predict_on(cluster, source, request_, tmp_path))
    parts = [step.fraction for step in steps if step.total]
    assert parts == sorted(parts)
    assert parts[-1] == pytest.approx(1)
    payloads = [step.payload for step in steps if step.payload]
    assert {frozenset(a.chrom for a in found) for found in payloads} == {frozenset(["chrA"]), frozenset(["chrB"])}


def test_all_regions_without_contacts_are_an_error(
    cluster: Cluster, source: ContactSource, model: str, tmp_path: Path
) -> None:
    request = PredictRequest(regions=(Interval("chrEmpty", 0, 3_000_000),), model=model, device="cpu")
    with pytest.raises(MapError, match="holds no contacts on chrEmpty"):
        on(cluster, source, request, tmp_path)


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool", "chr17:62M-64M"),
        ("mouse_limbE11.5_Epha4_WT_chr1_73-79Mb_10kb.cool", "chr1:73M-79M"),
        ("shallow_chr22_5kb-2.5Mb_hg19.hic", "22:20M-24M"),
    ],
)
def test_real_maps_and_the_shipped_model(
    cluster: Cluster, data_dir: Path, tmp_path: Path, name: str, region: str
) -> None:
    map = data_dir / "maps" / name
    alone = hs.predict(map, region, device="cpu")
    together = hs.predict(map, region, device="cpu", client=cluster.client, store=tmp_path / "runs")
    drop = ["uid", "parent"]
    one, other = (calls.to_dataframe().drop(columns=drop, errors="ignore") for calls in (alone, together))
    assert len(one) > 0
    assert one.equals(other)
    assert not (tmp_path / "runs").exists()


def test_windows_go_to_workers_with_a_graphics_card_and_the_rest_to_any(
    source: ContactSource, request_: PredictRequest, expected: Path, tmp_path: Path
) -> None:
    """A resource is a number that a worker is started with: no card is needed to see who gets what."""
    with scheduler_with_workers(card=("--resources", "GPU=1"), plain=()) as client:
        client.register_plugin(TaskRecorder())
        result = on(Cluster(client, "here", owns_client=False), source, request_, tmp_path / "runs")
        found = client.run(lambda dask_worker: (dask_worker.name, dask_worker.plugins["task-recorder"].done))
    done = dict(found.values())
    assert not [key for key in done["plain"] if "-fine-" in key or "-coarse-" in key]
    assert [key for key in done["card"] if "-coarse-" in key]
    assert [key for key in done["plain"] if key.endswith(("-prepare", "-decode"))], "a card is not waited for"
    write_predictions(result, tmp_path / "out")
    assert same_files(tmp_path / "out", expected)


# ---------------------------------------------------------------------- whoever dies
def test_dead_workers_change_nothing(
    source: ContactSource, request_: PredictRequest, expected: Path, tmp_path: Path
) -> None:
    with start_local(2) as cluster:
        killed: list[int] = []

        def kill_one() -> None:
            pids = list(cluster.client.run(os.getpid).values())
            killed.append(pids[len(killed) % len(pids)])
            os.kill(killed[-1], signal.SIGKILL)

        result = None
        job = iter_predict_on(cluster, source, request_, tmp_path / "runs")
        try:
            step_no = 0
            while True:
                step = next(job)
                step_no += bool(step.total)
                if step_no in (2, 6) and len(killed) < step_no // 2:
                    kill_one()
        except StopIteration as stop:
            result = stop.value
    assert killed
    assert result.run["peak_memory_mb"] > 100  # of the largest worker
    write_predictions(result, tmp_path / "out")
    assert same_files(tmp_path / "out", expected)


def started(*args: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", PROGRAM, "predict", *args]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)


def wait_for(what: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.02)


def finished_pieces(out: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in out.glob(".hicstruct-run/*/done/[!.]*.json")}


def test_a_killed_client_goes_on_where_it_ended(genome: Path, model: str, expected: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    args = (str(genome), "--genome", "-m", model, "-d", "cpu", "-o", str(out), "--workers", "1")
    client = started(*args)
    wait_for(lambda: len(finished_pieces(out)) >= 2)
    os.kill(client.pid, signal.SIGKILL)
    client.communicate()
    wait_for(lambda: _still(out))
    before = finished_pieces(out)
    assert before
    refused = started(*args)
    assert b"interrupted run" in refused.communicate()[1]
    assert refused.returncode == 2
    seen: dict[str, int] = {}
    again = started(*args, "--resume")
    while again.poll() is None:
        seen |= finished_pieces(out)
        time.sleep(0.01)
    assert again.returncode == 0, again.communicate()
    again.communicate()
    assert same_files(out, expected)
    assert {name: seen[name] for name in before} == before, "a finished piece was done twice"
    assert not (out / ".hicstruct-run").exists()


def _still(out: Path) -> bool:
    """Whether the orphaned worker has ended: nothing is written any more."""
    before = finished_pieces(out)
    time.sleep(1.0)
    return finished_pieces(out) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_workers_and_keeps_what_is_done(
    genome: Path, model: str, tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "out"
    client = started(str(genome), "--genome", "-m", model, "-d", "cpu", "-o", str(out), "--workers", "1")
    wait_for(lambda: finished_pieces(out))
    began = time.monotonic()
    os.kill(client.pid, number)
    _, said = client.communicate(timeout=60)
    assert client.returncode == 130
    assert b"--resume goes on" in said
    assert b"Traceback" not in said
    assert finished_pieces(out)
    mark = f"-{client.pid:x}-"
    assert not [path for path in Path(tempfile.gettempdir()).glob("hicstruct-workers*") if mark in path.name]
    assert time.monotonic() - began < 30  # 5 s on a machine that does nothing else: benchmarks/many_workers


def test_cancelling_leaves_a_store_that_goes_on(
    cluster: Cluster, source: ContactSource, request_: PredictRequest, expected: Path, tmp_path: Path
) -> None:
    token = CancelToken()
    job = iter_predict_on(cluster, source, request_, tmp_path / "runs", tokens=Tokens(token))
    for step in job:
        if step.total and step.done:
            break
    token.cancel()
    with pytest.raises(Cancelled):
        list(job)
    write_predictions(on(cluster, source, request_, tmp_path / "runs", resume=True), tmp_path / "out")
    assert same_files(tmp_path / "out", expected)


def test_a_run_that_belongs_to_the_scheduler_goes_on_unfollowed_and_is_found_again(
    cluster: Cluster, source: ContactSource, request_: PredictRequest, expected: Path, tmp_path: Path
) -> None:
    token, stop = CancelToken(), CancelToken()
    job = iter_predict_on(cluster, source, request_, tmp_path / "runs", tokens=Tokens(token, stop))
    for step in job:
        if step.total:
            break
    token.cancel()  # the window closes
    with pytest.raises(Cancelled):
        list(job)
    run = GenomeRun(source, request_, tmp_path / "runs")
    wait_for(lambda: run.store.done("r00000-decode") and run.store.done("r00001-decode"))
    assert not run.store.stopping
    at = {path.name: path.stat().st_mtime_ns for path in (run.spec.store / "done").glob("r*.json")}
    tokens = Tokens(CancelToken(), CancelToken())
    result = on(cluster, source, request_, tmp_path / "runs", resume=True, tokens=tokens)
    assert at == {path.name: path.stat().st_mtime_ns for path in (run.spec.store / "done").glob("r*.json")}
    write_predictions(result, tmp_path / "out")
    assert same_files(tmp_path / "out", expected)
    assert not [name for name in cluster.client.list_datasets() if run.spec.store.stem in name]


def test_stopping_such_a_run_ends_it(
    cluster: Cluster, source: ContactSource, request_: PredictRequest, tmp_path: Path
) -> None:
    stop = CancelToken()
    job = iter_predict_on(cluster, source, request_, tmp_path, tokens=Tokens(CancelToken(), stop))
    next(step for step in job if step.total)
    stop.cancel()
    with pytest.raises(Cancelled):
        list(job)
    assert GenomeRun(source, request_, tmp_path).store.stopping


# ---------------------------------------------------------------------- refusals
def test_no_scheduler_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_hicstruct.jobs.cluster.CONNECT_SECONDS", 1.0)
    with pytest.raises(JobError, match="no scheduler of dask answers there") as refused:
        connect("tcp://127.0.0.1:9")
    assert "--workers" in str(refused.value)
    with pytest.raises(JobError, match="no such scheduler file"):
        connect("nowhere/scheduler.json")


def test_an_empty_name_of_a_scheduler_is_not_this_computer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data_dir: Path
) -> None:
    map = str(data_dir / "maps" / "mouse_limbE11.5_Epha4_WT_chr1_73-79Mb_10kb.cool")
    assert main(["predict", map, "--genome", "-o", str(tmp_path / "out"), "--scheduler", ""]) == 2
    assert "--scheduler is empty" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "given", ["nonsense", "http://127.0.0.1:80", "tcp://", "tcp://host", "tcp://127.0.0.1:99999999"]
)
def test_what_is_no_address_is_refused_at_once(given: str) -> None:
    with pytest.raises(JobError, match=r"neither an address|no address of a scheduler|no scheduler of dask"):
        connect(given)


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}', '{"address": 5}', "hello"])
def test_a_file_of_something_else_is_no_scheduler_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "scheduler.json"
    file.write_text(text)
    with pytest.raises(JobError, match="that is no scheduler file"):
        connect(file)


@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0-OpenSSH_9.6\r\n"])
def test_another_program_at_the_port_is_no_scheduler(monkeypatch: pytest.MonkeyPatch, greeting: bytes) -> None:
    """A web server waits for the one who calls, as does dask's client: neither would ever say a word."""
    monkeypatch.setattr("napari_hicstruct.jobs.cluster.CONNECT_SECONDS", 1.0)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def greet() -> None:
            connection, _ = server.accept()
            connection.sendall(greeting)
            time.sleep(2)
            connection.close()

        thread = threading.Thread(target=greet)
        thread.start()
        began = time.monotonic()
        with pytest.raises(JobError, match="no scheduler of dask answers there"):
            connect(f"127.0.0.1:{server.getsockname()[1]}")
        assert time.monotonic() - began < 20
        thread.join()


@pytest.fixture
def bare_scheduler() -> Iterator[distributed.LocalCluster]:
    with distributed.LocalCluster(
        n_workers=0, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=":0", silence_logs=50
    ) as found:
        yield found


def test_a_scheduler_without_workers(bare_scheduler: distributed.LocalCluster) -> None:
    with pytest.raises(JobError, match="has no workers"):
        connect(bare_scheduler.scheduler_address)
    with distributed.Client(bare_scheduler, set_as_default=False) as client:
        with pytest.raises(JobError, match="has no workers"):
            of_client(client)
        assert client.status == "running", "it is somebody else's"
    with pytest.raises(ConfigError, match=r"client is 5\. Give a distributed\.Client"):
        of_client(5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (ModuleNotFoundError("no"), "node7 .* has no napari-hicstruct"),
        ("0.0.1", r"node7 .* has napari-hicstruct 0\.0\.1"),
    ],
)
def test_workers_that_cannot_take_part_are_named(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, answer: object, said: str
) -> None:
    answers = {"node6 (tcp://…)": importlib.metadata.version("napari-hicstruct"), "node7 (tcp://…)": answer}
    monkeypatch.setattr(cluster, "on_every_worker", lambda *_: answers)
    with pytest.raises(JobError, match=said) as refused:
        cluster.check_versions()
    assert "node6" not in str(refused.value)
    assert "as here" in str(refused.value)


def test_workers_answer_with_their_version(cluster: Cluster) -> None:
    answers = cluster.on_every_worker(importlib.metadata.version, "napari-hicstruct")
    assert list(answers.values()) == [importlib.metadata.version("napari-hicstruct")] * 2
    missing = cluster.on_every_worker(importlib.metadata.version, "no-such-package")
    assert all(isinstance(one, importlib.metadata.PackageNotFoundError) for one in missing.values())


def test_a_map_that_workers_do_not_see(cluster: Cluster, model: str, tmp_path: Path) -> None:
    path = write_genome(tmp_path / "map.cool")
    request = PredictRequest(regions=(Interval("chrB", 0, 4_000_000),), model=model, device="cpu")
    run = GenomeRun(open_map(path), request, tmp_path / "runs")
    path.rename(tmp_path / "moved.cool")
    found = set(cluster.on_every_worker(check_map, run.spec).values())
    assert len(found) == 1
    assert os.uname().nodename in found.pop()


def test_two_runs_into_one_store(
    cluster: Cluster, source: ContactSource, request_: PredictRequest, tmp_path: Path
) -> None:
    run = GenomeRun(source, request_, tmp_path)
    lock = WriteLock(run.spec.store)
    try:
        with pytest.raises(OutputError, match="another run writes to it"):
            on(cluster, source, request_, tmp_path)
    finally:
        lock.release()


def test_a_lost_scheduler_is_one_line_and_the_store_goes_on(
    cluster: Cluster, source: ContactSource, request_: PredictRequest, expected: Path, tmp_path: Path
) -> None:
    doomed = start_local(1)
    job = iter_predict_on(doomed, source, request_, tmp_path / "runs")
    try:
        for step in job:
            if step.total and step.done:
                break
        threading.Thread(target=doomed._own.close).start()  # type: ignore[union-attr]
        with pytest.raises(JobError, match="does not answer any more; what is done is kept"):
            list(job)
    finally:
        doomed.close()
    write_predictions(on(cluster, source, request_, tmp_path / "runs", resume=True), tmp_path / "out")
    assert same_files(tmp_path / "out", expected)


# ---------------------------------------------------------------------- many maps
def test_broken_maps_are_named_and_the_rest_goes_on(
    genome: Path, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.cool").write_bytes(b"\x89HDF\r\n\x1a\n" + b"0" * 100)
    (tmp_path / "text.cool").write_text("no map")
    other = write_genome(tmp_path / "other.cool", 10_000, {"chrB": 3_000_000})
    maps = [str(genome), str(tmp_path / "broken.cool"), str(other), str(tmp_path / "text.cool")]
    status = main(["predict", *maps, "--genome", "-m", model, "-d", "cpu", "-o", str(tmp_path / "out"), "--json"])
    assert status == 2
    said = json.loads(capsys.readouterr().out)["maps"]
    assert [one["status"] for one in said] == ["done", "failed", "done", "failed"]
    assert "text.cool" in said[3]["error"]
    assert json.loads((tmp_path / "out" / "batch.json").read_text())["maps"] == said
    for name in ("genome", "other"):
        assert (tmp_path / "out" / name / "loops.bedpe").exists()
    assert not (tmp_path / "out" / "broken").exists()


def test_maps_of_one_name_get_folders_of_their_own(tmp_path: Path) -> None:
    from napari_hicstruct.workflows.genome.batch import folders_of

    assert folders_of(["a/x.cool", "b/x.mcool", "y.mcool::/resolutions/5000"]) == ["x_1", "x_2", "y_resolutions_5000"]
