"""Paired runs of whole programs: wall time, CPU time and peak memory of the process tree; results as JSON lines."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(os.environ.get("HICSTRUCT_BENCH_RESULTS", ROOT / "benchmarks" / "results"))
PEERS = ROOT / ".venv-peers" / "bin"
THREADS = 2
_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_VERSIONS = ("napari-hicstruct", "numpy", "scipy", "torch", "cooler", "hictkpy")


class BenchmarkError(Exception):
    """A benchmark cannot run here; says what is missing."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a program: seconds on the clock, seconds of CPU (with children), MB at the peak (whole tree)."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def run_program(command: Sequence[str | Path], *, threads: int = THREADS, log: Path | None = None) -> Run:
    """Run ``command`` to its end with at most ``threads`` threads per library.

    Memory is what the tree holds in RAM, sampled every 50 ms (shared pages once per process: an upper bound).

    Raises
    ------
    BenchmarkError
        If it fails; with the last lines of its output.
    """
    words = [str(word) for word in command]
    environment = dict(os.environ) | dict.fromkeys(_LIMITS, str(threads))
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT, env=environment)
        peak = _PeakMemory(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        peak_mb = peak.stop()
        output.seek(0)
        text = output.read().decode(errors="replace")
    if log is not None:
        log.write_text(text)
    if process.returncode:
        raise BenchmarkError(f"{' '.join(words)} failed ({process.returncode}):\n{text[-2000:]}")
    # not ru_maxrss: it starts from what this process held when it forked
    return Run(wall, usage.ru_utime + usage.ru_stime, peak_mb)


class _PeakMemory:
    """Watches a process and its descendants from a thread."""

    def __init__(self, pid: int, every: float = 0.05) -> None:
        self._every, self._peak, self._done = every, 0, threading.Event()
        self._root = psutil.Process(pid)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._done.is_set():
            self._peak = max(self._peak, self._now())
            self._done.wait(self._every)

    def _now(self) -> int:
        total = 0
        try:
            for process in (self._root, *self._root.children(recursive=True)):
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue  # gone between listing and asking
        except psutil.Error:
            pass
        return total

    def stop(self) -> float:
        """End watching; the peak in MB (2**20 bytes)."""
        self._done.set()
        self._thread.join()
        return self._peak / 2**20


def paired(programs: Mapping[str, Sequence[str | Path]], repeats: int, *, threads: int = THREADS) -> dict[str, Any]:
    """Run all programs in turn, ``repeats`` times, so that a noisy machine is noisy for each of them."""
    runs: dict[str, list[Run]] = {name: [] for name in programs}
    for k in range(repeats):
        for name, command in programs.items():
            run = run_program(command, threads=threads)
            say(f"{name} ({k + 1}/{repeats}): {run.wall_s:.1f} s, CPU {run.cpu_s:.1f} s, {run.peak_mb:,.0f} MB")
            runs[name].append(run)
    return {name: summary(done) for name, done in runs.items()}


def summary(runs: Sequence[Run]) -> dict[str, Any]:
    """Median, p95 and all runs."""
    walls = [run.wall_s for run in runs]
    return {
        "wall_s": statistics.median(walls),
        "wall_p95_s": percentile(walls, 95),
        "cpu_s": statistics.median(run.cpu_s for run in runs),
        "peak_mb": max(run.peak_mb for run in runs),
        "runs": [asdict(run) for run in runs],
    }


def percentile(values: Sequence[float], q: float) -> float:
    """The ``q``-th percentile, linear between the neighbours."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * q / 100
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def hicstruct() -> Path:
    """Our own command, of the environment this runs in."""
    return Path(sys.executable).with_name("hicstruct")


def peer(name: str) -> Path:
    """A peer's command."""
    path = PEERS / name
    if not path.exists():
        raise BenchmarkError(f"{name} is not installed: run benchmarks/peers.sh")
    return path


def data_dir() -> Path:
    """Real maps and labels: ``$HICSTRUCT_DATA``, else ``../shared/data`` beside the repository."""
    path = Path(os.environ.get("HICSTRUCT_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        raise BenchmarkError(f"there is no data at {path}; set HICSTRUCT_DATA")
    return path


def scratch(name: str) -> Path:
    """A folder for large intermediate files that are kept between runs (git-ignored)."""
    path = Path(os.environ.get("HICSTRUCT_BENCH_SCRATCH", ROOT / "scratch" / "bench")) / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def record(name: str, result: Mapping[str, Any]) -> Path:
    """Append ``result`` with date, commit, machine and versions to ``results/<name>.jsonl``."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.jsonl"
    entry = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "versions": {package: _version(package) for package in _VERSIONS},
        "result": rounded(result),
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry, ensure_ascii=False) + "\n")
    return path


def newest(name: str) -> dict[str, Any] | None:
    """The last entry of ``results/<name>.jsonl``."""
    path = RESULTS / f"{name}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return json.loads(lines[-1]) if lines else None


def rounded(value: Any) -> Any:
    """Floats to four significant digits, all through; what is not JSON's becomes text."""
    if isinstance(value, Mapping):
        return {str(key): rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.4g}") if value == value and abs(value) != float("inf") else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def commit() -> str:
    """Short hash, with a plus if tracked files differ from it."""

    def git(*args: str) -> str:
        done = subprocess.run(["git", *args], cwd=ROOT, capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else ""

    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if git("status", "--porcelain", "-uno") else "")


def machine() -> dict[str, Any]:
    """Processor, cores, memory and load, so that numbers are not compared across machines unawares."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        cpu = models[0] if models else cpu
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def say(text: str) -> None:
    """One line for the person who watches."""
    print(text, file=sys.stderr, flush=True)
