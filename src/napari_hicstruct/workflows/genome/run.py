"""One run over a map by the workers of a cluster, followed from here to its result."""

from __future__ import annotations

import queue
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.lockfile import Busy, CannotLock, WriteLock
from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import HicStructError, JobError, MapError, OutputError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.jobs.cluster import Cluster, gone
from napari_hicstruct.workflows.genome.plan import (
    SECONDS_PER_BIN,
    Bins,
    RegionPlan,
    RunSpec,
    name_of_region,
    plan_regions,
    regions_of,
    seconds_per_task,
)
from napari_hicstruct.workflows.genome.run_store import RunStore, run_key
from napari_hicstruct.workflows.models import find_model
from napari_hicstruct.workflows.predict import PredictResult, run_record
from napari_hicstruct.workflows.predict.request import PredictRequest, check_request, notes

if TYPE_CHECKING:
    from distributed import Future

POLL_SECONDS = 0.25
ANSWER_SECONDS = 5.0
MAX_RETRIES = 5
"""Times that a task is given back to a scheduler which has given it up with its workers."""


@dataclass
class _Task:
    """One task of a run: what it costs (seconds, estimated), of which region, and whether it decodes that."""

    cost: float
    region: int
    decodes: bool = False
    resources: dict[str, float] = field(default_factory=dict)
    retries: int = 0
    future: Future = field(init=False)


@dataclass
class GenomeRun:
    """A run that has been planned.

    Parameters
    ----------
    source : ContactSource
    request : PredictRequest
    folder : Path
        Where the store lies, in a folder named by its content.
    """

    source: ContactSource
    request: PredictRequest
    folder: Path
    spec: RunSpec = field(init=False)
    plans: list[RegionPlan | MapError] = field(init=False)

    def __post_init__(self) -> None:
        info = find_model(self.request.model)
        uri, fingerprint = _uri(self.source), self.source.fingerprint()
        regions = regions_of(self.source, self.request)
        model = str(info.path) if not info.shipped else self.request.model
        blank = RunSpec(Path(), uri, fingerprint, self.request, model, info.sha256, regions)
        store = Path(self.folder).absolute() / f"{run_key(blank.content)}.store"
        self.spec = RunSpec(store, uri, fingerprint, self.request, model, info.sha256, regions)
        self.plans = plan_regions(self.source, self.spec, info)

    @property
    def store(self) -> RunStore:
        """Where its pieces are kept."""
        return RunStore(self.spec.store)


def _uri(source: ContactSource) -> str:
    from napari_hicstruct.config.map_uri import absolute_uri

    return absolute_uri(source.uri)


def iter_predict_on(
    cluster: Cluster,
    source: ContactSource,
    request: PredictRequest,
    folder: Path,
    *,
    resume: bool = False,
    token: CancelToken | None = None,
) -> Generator[Progress, None, PredictResult]:
    """As :func:`~napari_hicstruct.workflows.predict.iter_predict`, by a cluster's workers; regions come as they end.

    Parameters
    ----------
    cluster : Cluster
    source : ContactSource
        Must be a file that every worker sees by the same path.
    request : PredictRequest
    folder : Path
        Where the run's store is made, which every worker must see too.  It stays: whoever has kept the result calls
        :func:`discard_store`.
    resume : bool
        Go on where an interrupted run of the same map, model and settings has ended.
    token : CancelToken, optional

    Raises
    ------
    MapError, ConfigError, ModelError
        Before the first piece, if the request cannot be done.
    JobError
        If workers cannot take part, or the scheduler does not answer any more.
    OutputError
        If the store cannot be written, or another run writes to it.
    Cancelled
    """
    token, clock = token or CancelToken(), Clock()
    check_request(source, request)
    said = notes(source, request)
    yield clock.step("start", 0, 0, " ".join(said))
    run = GenomeRun(source, request, folder)
    run.spec.store.parent.mkdir(parents=True, exist_ok=True)
    with _sole_run(run.spec.store):
        store = RunStore.opened(run.spec.store, run.spec.content, resume=resume)
        _check_workers(cluster, run)
        following = _Following(cluster, run, store, clock, token)
        found = yield from following.iter_follow()
        return _result(run, found, said, clock, cluster)


def discard_store(source: ContactSource, request: PredictRequest, folder: Path) -> None:
    """Remove the store of a run whose result has been kept, and ``folder`` if nothing else is in it."""
    GenomeRun(source, request, folder).store.remove()
    with suppress(OSError):
        Path(folder).rmdir()


@contextmanager
def _sole_run(store: Path) -> Iterator[None]:
    """Nobody else runs into the store meanwhile.

    Raises
    ------
    OutputError
    """
    try:
        lock = WriteLock(store)
    except Busy as error:
        hint = "Wait until it has ended, or name another folder with --store."
        raise OutputError(f"another run writes to it ({error}).", where=store, hint=hint) from error
    except CannotLock:
        yield  # a shared file system without locks: two runs write the same pieces, each whole
        return
    except OSError as error:
        from napari_hicstruct.config.files import output_error

        raise output_error(store, error) from error
    try:
        yield
    finally:
        lock.release()


def _check_workers(cluster: Cluster, run: GenomeRun) -> None:
    """Refuse workers of other versions, and those that do not see what they must read and write."""
    from napari_hicstruct.workflows.genome.pieces import check_map

    cluster.check_versions()
    said = []
    for worker, why in cluster.on_every_worker(check_map, run.spec).items():
        if isinstance(why, BaseException):
            said.append(f"{worker}: {why}")
        elif why:
            said.append(why)
    if said:
        hint = "Every worker must see the map and the store by the same path."
        raise JobError(" ".join(dict.fromkeys(said)), hint=hint)
    _load_model(cluster, run.spec)


def _load_model(cluster: Cluster, spec: RunSpec) -> None:
    from napari_hicstruct.workflows.genome.worker_plugin import LoadModel

    try:
        cluster.client.register_plugin(LoadModel(spec))
    except HicStructError:
        raise
    except Exception as error:
        hint = "Look at the workers' own log."
        raise JobError(f"a worker cannot load the model ({type(error).__name__}: {error}).", hint=hint) from error


class _Following:
    """The tasks of a run, from their submission to their end."""

    def __init__(self, cluster: Cluster, run: GenomeRun, store: RunStore, clock: Clock, token: CancelToken) -> None:
        self._cluster, self._run, self._store = cluster, run, store
        self._clock, self._token = clock, token
        self._ended: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._tasks: dict[str, _Task] = {}
        self._seconds: dict[Bins, float] = {}
        self._task_seconds = 0.0

    def iter_follow(self) -> Generator[Progress, None, dict[int, tuple[list[Annotation], dict[str, Any]]]]:
        """Calls by region, as regions are decoded."""
        try:
            self._submit()
            return (yield from self._iter_ends())
        except BaseException:
            self._store.ask_to_stop()
            self._release()
            raise

    def _release(self) -> None:
        try:
            self._cluster.client.cancel([task.future for task in self._tasks.values()], force=True)
        except Exception:  # the scheduler is gone: there is nothing to be cancelled
            return

    # ------------------------------------------------------------------ submitting
    def _submit(self) -> None:
        self._seconds = self._seconds_per_window()
        plans = [plan for plan in self._run.plans if not isinstance(plan, MapError)]
        every = sum(self._seconds[bins] * sum(plan.windows(bins)) for plan in plans for bins in plan.tilings)
        self._task_seconds = seconds_per_task(every, self._cluster.threads)
        for plan in plans:
            self._submit_region(plan)

    def _seconds_per_window(self) -> dict[Bins, float]:
        from napari_hicstruct.workflows.genome.pieces import seconds_per_window

        future = self._cluster.client.submit(
            seconds_per_window, self._run.spec, pure=False, resources=self._cluster.gpu_resources() or None
        )
        return dict(future.result())

    def _submit_region(self, plan: RegionPlan) -> None:
        from napari_hicstruct.workflows.genome.pieces import decode, prepare, run_windows

        spec, index, n_bins = self._run.spec, plan.index, (plan.fine or plan.coarse).n_bins
        name = f"{spec.store.stem}-{name_of_region(index)}"
        cost = {what: seconds * n_bins for what, seconds in SECONDS_PER_BIN.items()}
        prepared = self._add(f"{name}-prepare", _Task(cost["read"], index), prepare, spec, index)
        ran, gpu = [], self._cluster.gpu_resources()
        for bins in plan.tilings:
            counts = plan.windows(bins)
            for units in plan.grouped(bins, self._seconds[bins], self._task_seconds):
                task = _Task(self._seconds[bins] * sum(counts[unit] for unit in units), index, resources=gpu)
                key = f"{name}-{bins}-{units.start}-{units.stop}"
                ran.append(self._add(key, task, run_windows, spec, index, bins, units, prepared))
        self._add(f"{name}-decode", _Task(cost["decode"], index, decodes=True), decode, spec, index, *ran)

    def _add(self, key: str, task: _Task, call: Any, *args: Any) -> Future:
        """Submit a task; regions that come first go first."""
        task.future = self._cluster.client.submit(
            call, *args, key=key, priority=-task.region, pure=False, resources=task.resources or None
        )
        self._tasks[key] = task
        task.future.add_done_callback(lambda _: self._ended.put(key))
        return task.future

    # ------------------------------------------------------------------ following
    def _iter_ends(self) -> Generator[Progress, None, dict[int, tuple[list[Annotation], dict[str, Any]]]]:
        from napari_hicstruct.workflows.genome.pieces import calls_of

        total = sum(task.cost for task in self._tasks.values()) or 1.0
        done, waiting = 0.0, set(self._tasks)
        found: dict[int, tuple[list[Annotation], dict[str, Any]]] = {}
        while waiting:
            key = self._next_end()
            if key is None or key not in waiting or not self._has_ended_well(key):
                yield self._clock.step("predict", done, total)
                continue
            waiting.remove(key)
            task = self._tasks[key]
            done += task.cost
            payload = None
            if task.decodes and (ended := calls_of(self._store, task.region)) is not None:
                found[task.region] = ended
                payload = tuple(ended[0])
            chrom = self._run.spec.regions[task.region].chrom
            yield self._clock.step(f"predict {chrom}", done, total, payload=payload)
        return found

    def _next_end(self) -> str | None:
        """Key of a task that has ended; None after a while without one."""
        self._token.check()
        if self._cluster.client.status in ("closed", "closing") or not self._cluster.client.scheduler:
            raise gone(self._cluster.where)
        try:
            return self._ended.get(timeout=POLL_SECONDS)
        except queue.Empty:
            return None

    def _has_ended_well(self, key: str) -> bool:
        """False for a task that goes on elsewhere.

        Raises
        ------
        HicStructError
            What the task raised.
        JobError
            If it raised anything else, or its workers died time and again.
        """
        from distributed import CancelledError, KilledWorker

        task = self._tasks[key]
        if task.future.status == "finished":
            return True
        try:
            error = task.future.exception(timeout=ANSWER_SECONDS)
        except (CancelledError, TimeoutError, OSError) as lost:
            raise gone(self._cluster.where) from lost
        if isinstance(error, KilledWorker) and task.retries < MAX_RETRIES:
            task.retries += 1
            task.future.retry()
            task.future.add_done_callback(lambda _: self._ended.put(key))
            return False
        if isinstance(error, KilledWorker):
            what = f"the workers died under it {MAX_RETRIES + 1} times ({key}): most often memory was used up."
            raise JobError(what, hint="Give each worker more memory, or run fewer of them on a machine.") from error
        if error is None:
            raise gone(self._cluster.where)
        if isinstance(error, HicStructError):
            raise error
        raise JobError(
            f"a worker failed ({type(error).__name__}: {error}).", hint="Run again with --resume."
        ) from error


def _result(
    run: GenomeRun,
    found: dict[int, tuple[list[Annotation], dict[str, Any]]],
    said: list[str],
    clock: Clock,
    cluster: Cluster,
) -> PredictResult:
    """All regions in the order of the request, as one process would have given them."""
    from napari_hicstruct.annotations.writers.tracks import BinTrack

    store, annotations, tracks, skipped = run.store, list[Annotation](), list[BinTrack](), set[int]()
    for index, region in enumerate(run.spec.regions):
        plan, prepared = run.plans[index], store.done(f"{name_of_region(index)}-prepare") or {}
        if isinstance(plan, MapError) or "skipped" in prepared:
            skipped.add(index)
            why = plan.message if isinstance(plan, MapError) else prepared["message"]
            said.append(f"{region.chrom} is skipped: {why}")
            if len(skipped) == len(run.spec.regions):  # an empty result would look like a finding
                raise plan if isinstance(plan, MapError) else MapError(why, where=run.source.uri)
            continue
        said += [note for note in prepared["notes"] if note not in said]
        calls, about = found[index]
        annotations += calls
        if about["track"]:
            values = store.array(f"{name_of_region(index)}/track")[:]
            tracks.append(BinTrack(region.chrom, 0, about["resolution"], values, plan.stretch.length))
    chroms = [region.chrom for index, region in enumerate(run.spec.regions) if index not in skipped]
    info = find_model(run.spec.model)
    record = run_record(run.source, run.request, info, chroms)
    record["model"]["device"] = run.request.device
    record |= {"notes": said, "seconds": round(clock.step("", 0, 0).elapsed, 2), "workers": cluster.threads}
    heads = frozenset(task.head for plan in run.plans if not isinstance(plan, MapError) for task in plan.config.tasks
                      if task.name in run.request.tasks)  # fmt: skip
    return PredictResult(tuple(annotations), tuple(tracks), record, tuple(said), heads)
