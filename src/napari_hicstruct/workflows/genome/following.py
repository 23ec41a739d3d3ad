"""The tasks of a run on a scheduler, and how they are followed to their end."""

from __future__ import annotations

import queue
import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.errors import HicStructError, JobError, MapError
from napari_hicstruct.genome import display_name
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.jobs.cluster import Cluster, error_of, gone, result_of
from napari_hicstruct.workflows.genome.genome_run import GenomeRun
from napari_hicstruct.workflows.genome.kept_runs import note_scheduler
from napari_hicstruct.workflows.genome.plan import (
    SECONDS_PER_BIN,
    SECONDS_PER_TASK,
    Bins,
    RegionPlan,
    name_of_region,
    seconds_per_task,
)
from napari_hicstruct.workflows.genome.run_store import RunStore
from napari_hicstruct.workflows.genome.time_left import TimeLeft, seconds_of

if TYPE_CHECKING:
    from distributed import Future

Found = dict[int, tuple[list[Annotation], dict[str, Any]]]
"""Calls of each decoded region, and what else is known of it."""

POLL_SECONDS, STEP_SECONDS = 0.25, 1.0
"""How often it is asked whether the run is to end, and how often something is said while no task ends."""

MAX_RETRIES = 5
"""Times that a task is given back to a scheduler which has given it up with its workers."""

_TASKS = "tasks"
"""What the store keeps of the tasks of a run that belongs to a scheduler."""


@dataclass(slots=True)
class Task:
    """One task of a run: what it costs (seconds, estimated), its region and kind, and what it leaves in the store."""

    cost: float
    region: int
    kind: str
    pieces: list[str]
    resources: dict[str, float] = field(default_factory=dict)
    retries: int = 0
    future: Future = field(init=False)

    @property
    def decodes(self) -> bool:
        """Whether calls come of it."""
        return self.kind == "decode"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Who may end what: ``token`` ends the following, and the run too unless ``stop`` is there for that."""

    token: CancelToken
    stop: CancelToken | None = None

    def check(self) -> None:
        """Raise :class:`Cancelled` if one of them says so."""
        self.token.check()
        if self.stop is not None:
            self.stop.check()

    @property
    def run_ends(self) -> bool:
        """Whether the run ends with its follower."""
        return self.stop is None or self.stop.cancelled


class Following:
    """The tasks of a run, from their submission to their end.

    Parameters
    ----------
    cluster : Cluster
    run : GenomeRun
    store : RunStore
        Of the run, opened.
    tokens : Tokens
    """

    def __init__(self, cluster: Cluster, run: GenomeRun, store: RunStore, tokens: Tokens) -> None:
        self._cluster, self._run, self._store, self._tokens = cluster, run, store, tokens
        self._ended: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._tasks: dict[str, Task] = {}
        self._seconds: dict[Bins, float] = {}
        self._task_seconds = 0.0
        self._before = store.names()

    def iter_follow(self, clock: Clock) -> Generator[Progress, None, Found]:
        """Calls by region, as regions are decoded."""
        try:
            if not self._attach():
                self._submit()
            found = yield from self._iter_ends(clock)
        except BaseException:
            if self._tokens.run_ends:
                self._store.ask_to_stop()
                self._release()
            raise
        self._release()
        return found

    def _release(self) -> None:
        client = self._cluster.client
        with suppress(Exception):  # a scheduler that is gone has nothing to be cancelled
            client.cancel([task.future for task in self._tasks.values()], force=True)
            if self._tokens.stop is not None:
                client.unpublish_dataset(self._name)
        self._forget_model()

    def _forget_model(self) -> None:
        """Workers that go on to other people's work do not keep ours in their memory, nor load it when they start."""
        from napari_hicstruct.workflows.genome.worker_plugin import name_of_plugin

        if not self._cluster.lost:
            with suppress(Exception):  # gone meanwhile, and the model with it
                self._cluster.client.unregister_worker_plugin(name_of_plugin(self._run.spec))

    @property
    def _name(self) -> str:
        """Under which the scheduler keeps a run that nobody need follow."""
        return f"hicstruct-{self._run.spec.store.stem}"

    def _attach(self) -> bool:
        """Follow the tasks of a run that goes on already; False where there is none."""
        if self._tokens.stop is None or self._name not in self._cluster.client.list_datasets():
            return False
        kept = self._store.done(_TASKS) or {}
        futures = self._cluster.client.get_dataset(self._name)
        strange = set(kept) != set(futures) or any("kind" not in about for about in kept.values())
        if strange or any(future.status in ("cancelled", "lost") for future in futures.values()):
            self._cluster.client.unpublish_dataset(self._name)
            return False
        for key, about in kept.items():
            task = self._tasks[key] = Task(**about)
            self._watch(key, task, futures[key])
        return True

    def _publish(self) -> None:
        """Have the scheduler keep the run, and the store what its tasks are."""
        about = {
            key: {"cost": task.cost, "region": task.region, "kind": task.kind, "pieces": task.pieces}
            for key, task in self._tasks.items()
        }
        self._store.finish(_TASKS, about)
        note_scheduler(self._store, self._cluster.client.scheduler.address, self._run.request)
        with suppress(KeyError):
            self._cluster.client.unpublish_dataset(self._name)
        self._cluster.client.publish_dataset({key: task.future for key, task in self._tasks.items()}, name=self._name)

    # ------------------------------------------------------------------ submitting
    def _submit(self) -> None:
        self._seconds = self._seconds_per_window()
        plans = [plan for plan in self._run.plans if not isinstance(plan, MapError)]
        every = sum(self._seconds[bins] * sum(plan.windows(bins)) for plan in plans for bins in plan.tilings)
        self._task_seconds = seconds_per_task(every, self._cluster.threads)
        for plan in plans:
            self._submit_region(plan)
        if self._tokens.stop is not None:
            self._publish()

    def _seconds_per_window(self) -> dict[Bins, float]:
        from napari_hicstruct.workflows.genome.pieces import seconds_per_window

        future = self._cluster.client.submit(
            seconds_per_window, self._run.spec, pure=False, resources=self._cluster.gpu_resources() or None
        )
        return dict(result_of(future, self._cluster.where))

    def _submit_region(self, plan: RegionPlan) -> None:
        from napari_hicstruct.workflows.genome.pieces import decode, prepare, run_windows, unit_name

        spec, index, n_bins = self._run.spec, plan.index, (plan.fine or plan.coarse).n_bins
        name = f"{spec.store.stem}-{name_of_region(index)}"
        cost = {what: seconds * n_bins for what, seconds in SECONDS_PER_BIN.items()}
        first = Task(cost["read"], index, "read", [f"{name_of_region(index)}-prepare"])
        prepared = self._add(f"{name}-prepare", first, prepare, spec, index)
        ran, gpu = [], self._cluster.gpu_resources()
        for bins in plan.tilings:
            counts = plan.windows(bins)
            for units in plan.grouped(bins, self._seconds[bins], self._task_seconds):
                seconds = self._seconds[bins] * sum(counts[unit] for unit in units)
                task = Task(seconds, index, bins, [unit_name(index, bins, unit) for unit in units], resources=gpu)
                key = f"{name}-{bins}-{units.start}-{units.stop}"
                ran.append(self._add(key, task, run_windows, spec, index, bins, units, prepared))
        last = Task(cost["decode"], index, "decode", [f"{name_of_region(index)}-decode"])
        self._add(f"{name}-decode", last, decode, spec, index, *ran)

    def _add(self, key: str, task: Task, call: Any, *args: Any) -> Future:
        """Submit a task; regions that come first go first."""
        future = self._cluster.client.submit(
            call, *args, key=key, priority=-task.region, pure=False, resources=task.resources or None
        )
        self._tasks[key] = task
        self._watch(key, task, future)
        return future

    def _watch(self, key: str, task: Task, future: Future) -> None:
        task.future = future
        future.add_done_callback(lambda _: self._ended.put(key))

    # ------------------------------------------------------------------ following
    def _iter_ends(self, clock: Clock) -> Generator[Progress, None, Found]:
        from napari_hicstruct.workflows.genome.pieces import calls_of

        total = sum(task.cost for task in self._tasks.values()) or 1.0
        done, waiting = 0.0, set(self._tasks)
        found: Found = {}
        left = self._time_left()
        yield clock.step("predict", done, total)
        said = time.monotonic()
        while waiting:
            key = self._next_end()
            if key is None or key not in waiting or not self._has_ended_well(key):
                if time.monotonic() - said >= STEP_SECONDS:
                    said = time.monotonic()
                    yield replace(clock.step("predict", done, total), left=left.seconds())
                continue
            waiting.remove(key)
            task = self._tasks[key]
            done += task.cost
            if task.pieces[0] not in self._before:
                left.end(task.kind, task.cost, self._spent(task))
            payload = None
            if task.decodes and (ended := calls_of(self._store, task.region)) is not None:
                found[task.region] = ended
                payload = tuple(ended[0])
            chrom, said = self._run.spec.regions[task.region].chrom, time.monotonic()
            yield replace(
                clock.step(f"predict {display_name(chrom)}", done, total, payload=payload), left=left.seconds()
            )
        return found

    def _time_left(self) -> TimeLeft:
        """What the plan says, and the pieces that had been done before."""
        left = TimeLeft(max(1, self._cluster.threads), self._task_seconds or SECONDS_PER_TASK[0])
        last = max((task.region for task in self._tasks.values()), default=0)
        for task in self._tasks.values():
            if task.pieces[0] in self._before:
                left.learn(task.kind, task.cost, self._spent(task))
            else:
                left.add(task.kind, task.cost, alone=task.decodes and task.region == last)
        return left

    def _spent(self, task: Task) -> float | None:
        """Seconds that a worker took for a task."""
        return seconds_of(self._store.done(piece) for piece in task.pieces)

    def _next_end(self) -> str | None:
        """Key of a task that has ended; None after a while without one."""
        self._tokens.check()
        if self._cluster.lost:
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
        from distributed import KilledWorker

        task = self._tasks[key]
        error = error_of(task.future, self._cluster.where)
        if error is None:
            return True
        if isinstance(error, KilledWorker) and task.retries < MAX_RETRIES:
            task.retries += 1
            task.future.retry()
            task.future.add_done_callback(lambda _: self._ended.put(key))
            return False
        if isinstance(error, KilledWorker):
            what = f"the workers died under it {MAX_RETRIES + 1} times ({key}): most often memory was used up."
            raise JobError(what, hint="Give each worker more memory, or run fewer of them on a machine.") from error
        if isinstance(error, HicStructError):
            raise error
        raise JobError(
            f"a worker failed ({type(error).__name__}: {error}).", hint="Run again with --resume."
        ) from error
