"""A simulated genome of human size (3.1 Gb at 10 kb) by worker processes: how much faster, how large, whoever dies.

python -m benchmarks.many_workers [--chroms chr21,chr22] [--parts scale,kills,client,stop,maps,costs]

``scale``: one process (one thread) and one worker beside each other, each on a processor of its own, then two
workers of a scheduler in a process of its own.  ``kills``: the same two workers, one of which is killed every 20 s.
``client``: a chromosome of 249 Mb whose client is killed at ten random moments, each time resumed.  ``stop``: Ctrl+C.
``maps``: every shared map with and without workers.  ``costs``: what docs/scale.md reckons with (no bar).  Bars:
benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks._genome import human_genome
from benchmarks._harness import commit, data_dir, hicstruct, newest, record, say, scratch

PARTS = ("scale", "kills", "client", "stop", "maps", "costs")
LABELS = ("loops.bedpe", "stripes.bedpe", "stripes.tsv", "tads.bed", "boundaries.bed", "boundaries.bedgraph")
KILL_EVERY_S = 20.0
SPEEDUP_BAR, OVERHEAD_BAR, WORKER_MB_BAR, SCHEDULER_MB_BAR, LEFT_BAR, STOP_BAR_S = 1.7, 1.1, 1_536, 300, 0.3, 5.0


def fresh(name: str) -> Path:
    path = scratch("many_workers") / name
    shutil.rmtree(path, ignore_errors=True)
    return path


def same(one: Path, other: Path) -> bool:
    """Whether two results hold the same label files, byte by byte."""
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in LABELS)


def command(map: Path, out: Path, *more: str, chroms: Sequence[str] = ()) -> list[str]:
    """``hicstruct predict`` over the genome, or some chromosomes."""
    places = [word for chrom in chroms for word in ("--chrom", chrom)] or ["--genome"]
    return [str(hicstruct()), "predict", str(map), *places, "-o", str(out), "--device", "cpu", "-q", *more]


class Memory:
    """Largest resident sizes (MB) of a process and of each kind of process below it, sampled every 0.2 s."""

    def __init__(self, pid: int) -> None:
        self._root, self._ended = psutil.Process(pid), threading.Event()
        self.root, self.worker = 0.0, 0.0
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self._ended.wait(0.2):
            try:
                self.root = max(self.root, self._root.memory_info().rss / 2**20)
                for child in self._root.children(recursive=True):
                    if "spawn_main" in " ".join(child.cmdline()):
                        self.worker = max(self.worker, child.memory_info().rss / 2**20)
            except psutil.Error:
                continue

    def stop(self) -> None:
        self._ended.set()


def timed(words: Sequence[str], cpu: int | None = None) -> dict[str, Any]:
    """Run a command, on one processor if that is asked for."""
    began = time.monotonic()
    prefix = [] if cpu is None else ["taskset", "-c", str(cpu)]
    process = subprocess.Popen([*prefix, *words], stdout=subprocess.DEVNULL)
    memory = Memory(process.pid)
    status = process.wait()
    memory.stop()
    if status:
        raise SystemExit(f"{' '.join(words)} ended with {status}")
    return {"wall_s": time.monotonic() - began, "client_mb": memory.root, "worker_mb": memory.worker}


def beside_each_other(jobs: dict[str, list[str]]) -> dict[str, Any]:
    """Each command on a processor of its own, at the same time: a noisy machine is noisy for all."""
    found: dict[str, Any] = {}
    threads = [
        threading.Thread(target=lambda name=name, words=words, cpu=cpu: found.update({name: timed(words, cpu)}))
        for cpu, (name, words) in enumerate(jobs.items())
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@contextmanager
def scheduler_with(n: int) -> Iterator[tuple[Path, int, list[subprocess.Popen[bytes]]]]:
    """A scheduler and ``n`` workers as on any cluster; the scheduler file, its process, and those of the workers."""
    from distributed import Client

    file = scratch("many_workers") / "scheduler.json"
    file.unlink(missing_ok=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = dict(os.environ) | {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "100", "OMP_NUM_THREADS": "1"}
    module = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    scheduler = subprocess.Popen([*module, "--no-dashboard", "--scheduler-file", str(file)], env=environment, **quiet)
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(file), "--nthreads", "1"]
    while not file.exists():
        time.sleep(0.1)
    folder = str(scratch("many_workers") / "local")
    workers = [
        subprocess.Popen([*worker, "--no-dashboard", "--local-directory", folder], env=environment, **quiet)
        for _ in range(n)
    ]
    try:
        with Client(scheduler_file=str(file), set_as_default=False) as client:
            client.wait_for_workers(n, timeout=60)
        yield file, scheduler.pid, workers
    finally:
        below = [child for process in workers for child in psutil.Process(process.pid).children(recursive=True)]
        for one in (*workers, scheduler, *below):
            with suppress(psutil.NoSuchProcess):
                one.kill()
        for process in (*workers, scheduler):
            process.wait()


def followed(map: Path, out: Path, scheduler: Path, chroms: Sequence[str]) -> dict[str, Any]:
    """A run by a scheduler's workers, and how right its time left was after the first tenth."""
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.genome import Interval
    from napari_hicstruct.jobs import drain
    from napari_hicstruct.jobs.cluster import connect
    from napari_hicstruct.workflows.genome.run import iter_predict_on
    from napari_hicstruct.workflows.predict.request import PredictRequest
    from napari_hicstruct.workflows.predict.store import write_predictions

    points: list[tuple[float, float, float]] = []

    def keep(step: Any) -> None:
        if step.total and step.seconds_left is not None:
            points.append((step.fraction, step.elapsed, step.seconds_left))

    source = open_map(map)
    regions = tuple(Interval(name, 0, source.chromsizes[name]) for name in chroms or source.chromsizes)
    shutil.rmtree(out.with_suffix(".runs"), ignore_errors=True)
    began = time.monotonic()
    with connect(scheduler) as cluster:
        request = PredictRequest(regions=regions, device="cpu")
        result = drain(iter_predict_on(cluster, source, request, out.with_suffix(".runs")), keep)
    write_predictions(result, out)
    wall = time.monotonic() - began
    end = points[-1][1]
    wrong = [abs(elapsed + left - end) / (end - elapsed) for part, elapsed, left in points if 0.1 <= part <= 0.9]
    return {
        "wall_s": wall,
        "left_wrong_most": max(wrong, default=0.0),
        "left_wrong_mean": sum(wrong) / max(1, len(wrong)),
    }


def scale(map: Path, chroms: Sequence[str]) -> dict[str, Any]:
    """One process beside one worker; then two workers."""
    plain, one, two = (fresh(name) for name in ("plain", "one", "two"))
    found = beside_each_other(
        {
            "plain": command(map, plain, "--threads", "1", chroms=chroms),
            "one": command(map, one, "--workers", "1", chroms=chroms),
        }
    )
    say(f"one process {found['plain']['wall_s']:.0f} s, one worker {found['one']['wall_s']:.0f} s")
    with scheduler_with(2) as (file, pid, workers):
        memory = [Memory(pid), *(Memory(worker.pid) for worker in workers)]
        found["two"] = followed(map, two, file, chroms)
        found["two"] |= {"scheduler_mb": memory[0].root, "worker_mb": max(m.worker for m in memory[1:])}
        for one_memory in memory:
            one_memory.stop()
    say(f"two workers {found['two']['wall_s']:.0f} s, scheduler {found['two']['scheduler_mb']:.0f} MB")
    found["speedup"] = found["one"]["wall_s"] / found["two"]["wall_s"]
    found["overhead"] = found["one"]["wall_s"] / found["plain"]["wall_s"]
    found["same"] = same(plain, one) and same(plain, two)
    found["met"] = bool(
        found["same"]
        and found["speedup"] >= SPEEDUP_BAR
        and found["overhead"] <= OVERHEAD_BAR
        and max(found["one"]["worker_mb"], found["two"]["worker_mb"]) <= WORKER_MB_BAR
        and found["two"]["scheduler_mb"] <= SCHEDULER_MB_BAR
        and found["two"]["left_wrong_most"] <= LEFT_BAR
    )
    return found


def reference(map: Path, chroms: Sequence[str]) -> Path:
    """The result of one process; that of ``scale`` where it is there."""
    out = scratch("many_workers") / ("plain" if not chroms else f"plain_{'_'.join(chroms)}")
    if not (out / "run.json").exists():
        timed(command(map, out, chroms=chroms))
    return out


def kills(map: Path, chroms: Sequence[str]) -> dict[str, Any]:
    """Two workers, one of which is killed every 20 s."""
    out, ended, killed = fresh("kills"), threading.Event(), []
    expected = reference(map, chroms)
    process = subprocess.Popen(command(map, out, "--workers", "2", chroms=chroms), stdout=subprocess.DEVNULL)

    def kill() -> None:
        while not ended.wait(KILL_EVERY_S):
            try:
                children = psutil.Process(process.pid).children(recursive=True)
                workers = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
                if workers:
                    workers[len(killed) % len(workers)].kill()
                    killed.append(time.monotonic())
            except psutil.Error:
                continue

    began = time.monotonic()
    threading.Thread(target=kill, daemon=True).start()
    status = process.wait()
    ended.set()
    wall = time.monotonic() - began
    say(f"{len(killed)} workers killed in {wall:.0f} s, status {status}")
    found = {"wall_s": wall, "killed": len(killed), "status": status, "same": status == 0 and same(expected, out)}
    return found | {"met": found["same"]}


def client(map: Path, chroms: Sequence[str]) -> dict[str, Any]:
    """One large chromosome, whose client is killed at ten random moments."""
    chrom = chroms[0] if chroms else "chr1"
    out, rng, moments, twice = fresh("client"), random.Random(1), [], 0
    expected, words = reference(map, [chrom]), command(map, out, "--workers", "2", "--resume", chroms=[chrom])
    seen: dict[str, int] = {}
    while len(moments) < 10:
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(8, 16))
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        moments.append(time.monotonic())
        time.sleep(3)  # its workers end
        for piece in out.glob(".hicstruct-run/*/done/[!.]*.json"):
            at = piece.stat().st_mtime_ns
            twice += seen.get(piece.name, at) != at
            seen[piece.name] = at
    if not (out / "run.json").exists():
        timed(words)
    say(f"{len(moments)} clients killed, {len(seen)} pieces seen done, {twice} done twice")
    found = {"killed": len(moments), "pieces": len(seen), "twice": twice, "same": same(expected, out)}
    return found | {"met": found["same"] and not twice}


def stop(map: Path, chroms: Sequence[str]) -> dict[str, Any]:
    """Ctrl+C at three moments: seconds until nothing runs any more, and what is kept."""
    times, kept = [], []
    for k, seconds in enumerate((12, 16, 20)):
        out = fresh(f"stop_{k}")
        words = command(map, out, "--workers", "2", chroms=chroms)
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        below = psutil.Process(process.pid).children(recursive=True)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait()
        psutil.wait_procs(below, timeout=30)
        times.append(time.monotonic() - began)
        kept.append(len(list(out.glob(".hicstruct-run/*/done/[!.]*.json"))))
    say(f"Ctrl+C: {', '.join(f'{t:.1f}' for t in times)} s")
    return {"seconds": times, "pieces_kept": kept, "met": max(times) <= STOP_BAR_S and min(kept) > 0}


def maps(_: Path, __: Sequence[str]) -> dict[str, Any]:
    """Every shared map, with and without workers."""
    found: dict[str, Any] = {}
    for path in sorted((data_dir() / "maps").iterdir()):
        if path.suffix not in (".cool", ".mcool", ".hic"):
            continue
        alone, together = fresh("alone"), fresh("together")
        words = command(path, alone)
        said = subprocess.run(words, capture_output=True, text=True)
        also = subprocess.run(command(path, together, "--workers", "2"), capture_output=True, text=True)
        if said.returncode or also.returncode:
            found[path.name] = said.returncode == also.returncode and said.stderr[-200:] == also.stderr[-200:]
        else:
            names = [name for name in LABELS if (alone / name).exists()]
            found[path.name] = all((alone / name).read_bytes() == (together / name).read_bytes() for name in names)
        say(f"{path.name}: {'the same' if found[path.name] else 'DIFFERENT'}")
    return {"maps": found, "met": all(found.values())}


def costs(map: Path, _: Sequence[str]) -> dict[str, Any]:
    """Seconds and bytes of the pieces of a large chromosome, at 10 kb and at 5 kb; tasks that a scheduler does."""
    from distributed import Client

    from benchmarks.first_picture import chr1_map

    found: dict[str, Any] = {"10 kb": _costs_of(map, "chr18"), "5 kb": _costs_of(chr1_map(), "chr1")}
    with scheduler_with(2) as (file, _pid, _workers), Client(scheduler_file=str(file)) as client:
        client.wait_for_workers(2)
        client.gather(client.map(_nothing, range(100), pure=False))
        began = time.monotonic()
        client.gather(client.map(_nothing, range(5_000), pure=False))
        found["tasks_per_s"] = 5_000 / (time.monotonic() - began)
    say(json.dumps(found))
    return found | {"met": True}


def _nothing(x: int) -> int:
    return x


def _costs_of(map: Path, chrom: str) -> dict[str, float]:
    """One chromosome's pieces, one after another in this process."""
    import torch

    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.genome import Interval
    from napari_hicstruct.workflows.genome import pieces
    from napari_hicstruct.workflows.genome.genome_run import GenomeRun
    from napari_hicstruct.workflows.genome.run_store import RunStore
    from napari_hicstruct.workflows.predict.request import PredictRequest

    torch.set_num_threads(1)
    source = open_map(map)
    length = source.chromsizes[chrom]
    request = PredictRequest(regions=(Interval(chrom, 0, length),), device="cpu")
    run = GenomeRun(source, request, fresh(f"costs_{chrom}"))
    RunStore.opened(run.spec.store, run.spec.content, resume=False)
    pieces.seconds_per_window(run.spec)
    plan, mb, times = run.plans[0], length / 1e6, {"mb": length / 1e6}
    assert not isinstance(plan, Exception)
    bins = (plan.fine or plan.coarse).n_bins

    def timed_piece(name: str, call: Any, *args: Any, per: float) -> Any:
        began = time.monotonic()
        result = call(*args)
        times[name] = (time.monotonic() - began) / per
        return result

    prepared = timed_piece("read_s_per_1000_bins", pieces.prepare, run.spec, 0, per=bins / 1000)
    for size in plan.tilings:
        windows = sum(plan.windows(size))
        units = range(len(plan.units(size)))
        timed_piece(f"{size}_s_per_window", pieces.run_windows, run.spec, 0, size, units, prepared, per=windows)
        times[f"{size}_windows_per_mb"] = windows / mb
    timed_piece("decode_s_per_mb", pieces.decode, run.spec, 0, per=mb)
    times["store_mb_per_mb"] = run.store.n_bytes / 1e6 / mb
    times["cpu_s_per_mb"] = sum(
        times[f"{size}_s_per_window"] * times[f"{size}_windows_per_mb"] for size in plan.tilings
    )
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chroms", default="", help="some of the genome's, for a try")
    parser.add_argument("--parts", default=",".join(PARTS))
    args = parser.parse_args()
    chroms = [name for name in args.chroms.split(",") if name]
    map, run = human_genome(), {"scale": scale, "kills": kills, "client": client, "stop": stop, "maps": maps}
    run["costs"] = costs
    found: dict[str, Any] = {"genome": chroms or "whole"}
    before = (newest("many_workers") or {"result": {}})["result"]
    if before.get("genome") == found["genome"]:  # parts that are not run are those of the last time, with their commit
        found |= {part: before[part] for part in PARTS if part in before}
    for part in args.parts.split(","):
        found[part] = run[part](map, chroms) | {"commit": commit()}
        say(json.dumps(found[part], default=str))
    found["met"] = all(part in found and found[part]["met"] for part in PARTS)
    record("many_workers", found)


if __name__ == "__main__":
    main()
