"""Work on many maps, by a cluster's workers or here: a map that fails is named, the rest goes on."""

from __future__ import annotations

import queue
import time
import uuid
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hicstruct.config.files import make_folder, writing
from napari_hicstruct.config.leftovers import remove_leftovers
from napari_hicstruct.errors import Cancelled, HicStructError, JobError
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain
from napari_hicstruct.jobs.cluster import Cluster, SchedulerLost, error_of, gone, scheduler_errors
from napari_hicstruct.wording import how_many
from napari_hicstruct.workflows.genome.batch import FILE, BatchRecord, MapJob, MapOutcome, MapResult
from napari_hicstruct.workflows.sole_writer import sole_writer

if TYPE_CHECKING:
    from distributed import Future

PER_THREAD = 2
"""Maps that a worker's thread is given at a time: one that it works on, and the next."""

MAX_WORKER_DEATHS = 1
"""Of local workers, under a map before it is suspected: see ``start_local``."""

POLL_SECONDS = 0.25

Ended = tuple[MapOutcome | str, float]
"""What a job has left, or why it failed; seconds."""


def iter_over_maps(
    cluster: Cluster | None, jobs: Sequence[MapJob], out: Path, *, program: str, resume: bool = False
) -> Generator[Progress, None, list[MapResult]]:
    """Do every job; ``batch.json`` in ``out`` is written as each ends.

    Parameters
    ----------
    cluster : Cluster or None
        Each job is one task of its workers; None: one after another in this process.
    jobs : sequence of MapJob
    out : Path
        Folder of all results, which every worker must see by the same path.
    program : str
        Name and version, which ``batch.json`` says.
    resume : bool
        Leave out what an earlier run has done of the same, where its files are still there.

    Raises
    ------
    JobError
        If workers cannot take part, or the scheduler does not answer any more.
    OutputError
        If ``out`` cannot be written, or another run writes to it.
    Cancelled
    """
    clock = Clock()
    make_folder(out)
    with sole_writer(out / FILE, "Wait until it has ended, or choose another folder."):
        remove_leftovers(out)
        record = BatchRecord(out, jobs, program, resume=resume)
        if record.results:
            yield clock.step("start", len(record.results), len(jobs), _kept(record, jobs), notice=True)
        steps = _iter_here(jobs, record, clock) if cluster is None else _iter_on(cluster, jobs, record, clock, out)
        yield from steps
        record.write()
        return record.results


def _kept(record: BatchRecord, jobs: Sequence[MapJob]) -> str:
    return f"done before: {len(record.results)} of {how_many(len(jobs), 'map')}."


def _iter_ended(
    record: BatchRecord, number: int, job: MapJob, ended: Ended, place: tuple[Clock, int]
) -> Iterator[Progress]:
    """Keep what became of a job, and say what a person should know."""
    record.end(number, *ended)
    (what, _), (clock, total), done = ended, place, len(record.results)
    said = [f"{job.map} failed: {what}"] if isinstance(what, str) else [f"{job.name}: {note}" for note in what.notes]
    for text in said:
        yield clock.step(job.name, done, total, text, notice=True)
    yield clock.step(job.name, done, total)


def reason(error: Exception) -> str:
    """Why a job failed, for people."""
    if isinstance(error, HicStructError):
        return str(error)
    return f"an internal error ({type(error).__name__}: {error})."


# ---------------------------------------------------------------------- here
def _iter_here(jobs: Sequence[MapJob], record: BatchRecord, clock: Clock) -> Generator[Progress, None, None]:
    for number in record.left:
        job, began, done = jobs[number], time.monotonic(), len(record.results)
        ended: MapOutcome | str
        try:
            ended = yield from _iter_named(job, clock, (done, len(jobs)))
        except (Cancelled, SchedulerLost):
            raise
        except Exception as error:
            ended = reason(error)
        yield from _iter_ended(record, number, job, (ended, time.monotonic() - began), (clock, len(jobs)))


def _iter_named(job: MapJob, clock: Clock, place: tuple[int, int]) -> Generator[Progress, None, MapOutcome]:
    """Steps of the work on one of many maps, as those of the whole."""
    steps = job.run(CancelToken())
    try:
        while True:
            step = next(steps)
            text = f"{job.name} · {step.stage}"
            yield clock.step(text, place[0] + step.fraction, place[1], step.message, notice=step.notice)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # PEP 380: typeshed types it as Any
    finally:
        steps.close()


# ---------------------------------------------------------------------- by workers
@dataclass(frozen=True, slots=True)
class Mark:
    """A file that is there while a run goes on: workers whose run has lost it end.

    Nobody can reach into a worker's thread, and a later run in the same folder writes another word into it.
    """

    path: Path
    word: str

    @property
    def stands(self) -> bool:
        """Whether the run goes on."""
        try:
            return self.path.read_text(encoding="utf-8") == self.word
        except OSError:
            return False


@contextmanager
def _marked(out: Path) -> Iterator[Mark]:
    mark = Mark(out.absolute() / ".hicstruct-batch", uuid.uuid4().hex)
    with writing(mark.path):
        mark.path.write_text(mark.word, encoding="utf-8")
    try:
        yield mark
    finally:
        with suppress(OSError):
            mark.path.unlink()


class MarkToken(CancelToken):
    """Cancelled when a run's mark is gone; asks a few times a second."""

    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self._mark, self._asked = mark, 0.0

    def check(self) -> None:
        """Raise :class:`Cancelled` if the run has ended."""
        if time.monotonic() - self._asked > POLL_SECONDS:
            self._asked = time.monotonic()
            if not self._mark.stands:
                self.cancel()
        super().check()


def run_job(job: MapJob, mark: Mark) -> Ended:
    """What a worker does: one job, to its end."""
    token, began = MarkToken(mark), time.monotonic()
    token.check()
    ended: MapOutcome | str
    try:
        ended = drain(job.run(token), lambda _: token.check())
    except Cancelled:
        raise
    except Exception as error:
        ended = reason(error)
    return ended, time.monotonic() - began


def check_files(mark: Mark, sizes: Mapping[str, int]) -> str:
    """Why this worker cannot take part; empty if it sees the folder of the result and all that is read."""
    from napari_hicstruct.workflows.genome.pieces import here

    if not mark.stands:
        return f"{here()} does not see the folder {mark.path.parent}."
    for name, size in sizes.items():
        path = Path(name)
        if not path.exists():
            return f"{here()} does not see {path}."
        if path.is_file() and path.stat().st_size != size:
            return f"{here()} sees another file at {path}."
    return ""


def _check_workers(cluster: Cluster, jobs: Sequence[MapJob], mark: Mark) -> None:
    cluster.check_versions()
    inputs = {Path(path) for job in jobs for path in job.inputs}
    sizes = {str(path): path.stat().st_size for path in inputs if path.exists()}
    answers = cluster.on_every_worker(check_files, mark, sizes)
    if said := [
        f"{worker}: {why}" if isinstance(why, BaseException) else why for worker, why in answers.items() if why
    ]:
        hint = "Every worker must see the maps and the folder of the result by the same path."
        raise JobError(" ".join(dict.fromkeys(said)), hint=hint)


class Outstanding:
    """Jobs that the scheduler has been given and that have not ended.

    Where workers die, dask suspects also the maps that only waited there.  So a suspect is tried once more when all
    others have ended, with nothing beside it: if workers die under it then, it is the map.
    """

    def __init__(self, cluster: Cluster, jobs: Sequence[MapJob], mark: Mark) -> None:
        self._cluster, self._jobs, self._mark = cluster, jobs, mark
        self._ended: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._futures: dict[int, Future] = {}
        self._suspects: deque[int] = deque()
        self._alone: set[int] = set()

    def __len__(self) -> int:
        return len(self._futures) + len(self._suspects)

    def fill(self, waiting: deque[int]) -> None:
        """Give the scheduler as many of the waiting jobs as its workers need at the moment.

        Raises
        ------
        SchedulerLost
        """
        if self._cluster.lost:
            raise gone(self._cluster.where)
        with scheduler_errors(self._cluster.where):
            room = PER_THREAD * max(1, self._cluster.threads) if waiting else 0
            while waiting and len(self._futures) < room:
                self._submit(waiting.popleft())
            if self._suspects and not waiting and not self._futures:
                self._alone.add(self._suspects[0])
                self._submit(self._suspects.popleft())

    def _submit(self, number: int) -> None:
        key = f"hicstruct-{self._mark.word}-{number}{'-alone' if number in self._alone else ''}"
        future = self._cluster.client.submit(run_job, self._jobs[number], self._mark, key=key, pure=False)
        self._futures[number] = future
        future.add_done_callback(lambda _: self._ended.put(number))

    def next_end(self) -> tuple[int, Ended] | None:
        """A job that has ended, and how; None after a while without one.

        Raises
        ------
        JobError
            If the scheduler is gone, or a worker failed outside the job.
        """
        from distributed import KilledWorker

        if self._cluster.lost:
            raise gone(self._cluster.where)
        try:
            number = self._ended.get(timeout=POLL_SECONDS)
        except queue.Empty:
            return None
        future = self._futures.pop(number)
        error = error_of(future, self._cluster.where)
        if isinstance(error, KilledWorker) and number not in self._alone:
            self._suspects.append(number)
            return None
        return number, (self._result(future) if error is None else (_why_ended(error), 0.0))

    def _result(self, future: Future) -> Ended:
        with scheduler_errors(self._cluster.where):
            found: Ended = future.result(timeout=POLL_SECONDS * 40)
        return found

    def cancel(self) -> None:
        """Take back what has not ended."""
        with suppress(Exception):  # a scheduler that is gone has nothing to be cancelled
            self._cluster.client.cancel(list(self._futures.values()), force=True)


def _why_ended(error: BaseException) -> str:
    """Why a task that left no answer failed."""
    from distributed import KilledWorker

    if isinstance(error, Cancelled):
        raise error
    if isinstance(error, KilledWorker):
        return "the workers died under it: most often memory was used up. Give each worker more memory."
    raise JobError(f"a worker failed ({type(error).__name__}: {error}).", hint="Run again with --resume.") from error


def _iter_on(
    cluster: Cluster, jobs: Sequence[MapJob], record: BatchRecord, clock: Clock, out: Path
) -> Generator[Progress, None, None]:
    waiting = deque(record.left)
    with _marked(out) as mark:
        _check_workers(cluster, [jobs[number] for number in waiting], mark)
        outstanding = Outstanding(cluster, jobs, mark)
        try:
            while waiting or outstanding:
                outstanding.fill(waiting)
                found = outstanding.next_end()
                if found is None:
                    yield clock.step("maps", len(record.results), len(jobs))
                    continue
                number, ended = found
                yield from _iter_ended(record, number, jobs[number], ended, (clock, len(jobs)))
        finally:
            outstanding.cancel()
