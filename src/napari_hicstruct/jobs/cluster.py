"""Workers in processes of their own, through dask.distributed: on this computer, or those of a scheduler that runs.

Why local workers are not ``LocalCluster``'s: it spawns them by multiprocessing, whose children import the main module
again (``jobs/process.py``).  Its scheduler is used; workers are ``dask worker`` processes, as on any cluster, each with
a nanny that starts it again when it dies.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.config.leftovers import remove_leftovers, unique_mark
from napari_hicstruct.errors import ConfigError, JobError
from napari_hicstruct.jobs.scheduler_address import HINT, address_of, check_answers

if TYPE_CHECKING:
    from distributed import Client, Future

PACKAGE = "napari-hicstruct"
START_SECONDS = 60.0
"""Workers that are not there by then will not come."""

STOP_SECONDS = 4.0
"""From asking local workers to end to killing them."""

MAX_WORKER_DEATHS = 100
"""Workers that may die under one task before it is given up: dead workers are not the task's fault until proven."""

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 5.0
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_FOLDER = "hicstruct-workers"
GPU = "GPU"
"""Name of the resource by which workers say that they have a graphics card (``dask worker --resources GPU=1``)."""


class Cluster:
    """A scheduler's client, and what it takes to end it well.

    Parameters
    ----------
    client : distributed.Client
    where : str
        For people: ``2 processes of this computer``, or the scheduler's address.

    Attributes
    ----------
    local : bool
        Whether its workers end with it.
    """

    def __init__(
        self, client: Client, where: str, *, own: _LocalWorkers | None = None, owns_client: bool = True
    ) -> None:
        self.client, self.where = client, where
        self._own, self._owns_client = own, owns_client

    @property
    def local(self) -> bool:
        """Whether its workers were started here and end with it."""
        return self._own is not None

    def workers(self) -> dict[str, dict[str, Any]]:
        """The scheduler's workers by address."""
        return dict(self.client.scheduler_info(n_workers=-1)["workers"])

    @property
    def lost(self) -> bool:
        """Whether the scheduler is gone."""
        return self.client.status in ("closed", "closing") or not self.client.scheduler

    @property
    def threads(self) -> int:
        """Tasks that run at a time."""
        return sum(int(worker["nthreads"]) for worker in self.workers().values())

    def gpu_resources(self) -> dict[str, float]:
        """What a task of windows asks for: a graphics card, where some worker has one."""
        has = any(GPU in worker.get("resources", {}) for worker in self.workers().values())
        return {GPU: 1} if has else {}

    def on_every_worker(self, call: Any, *args: Any) -> dict[str, Any]:
        """What ``call`` gives on each worker, by ``name of the machine (address)``; an exception as such.

        Raises
        ------
        JobError
            If the scheduler is gone.
        """
        with scheduler_errors(self.where):
            found = self.client.run(call, *args, on_error="return")
        hosts = {address: worker.get("host", "") for address, worker in self.workers().items()}
        return {f"{hosts.get(address, '')} ({address})": value for address, value in found.items()}

    def check_versions(self) -> None:
        """Refuse workers that run another version of this package, or have none.

        Raises
        ------
        JobError
        """
        own = importlib.metadata.version(PACKAGE)
        said = []
        for worker, version in self.on_every_worker(importlib.metadata.version, PACKAGE).items():
            if isinstance(version, BaseException):
                said.append(f"{worker} has no {PACKAGE}")
            elif version != own:
                said.append(f"{worker} has {PACKAGE} {version}")
        if said:
            hint = f"Install {PACKAGE} {own} there, as here."
            raise JobError(f"not all workers of {self.where} can take part: {'; '.join(said)}.", hint=hint)

    def close(self) -> None:
        """Leave the scheduler; local workers end, within seconds."""
        if self._own is not None:
            self._own.stop()
        if self._owns_client:
            with contextlib.suppress(Exception):  # a scheduler that is gone cannot be left
                self.client.close(timeout=2)
        if self._own is not None:
            self._own.close()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect(address: str | Path) -> Cluster:
    """The cluster of a scheduler: its address (``tcp://host:8786``) or scheduler file.

    Raises
    ------
    JobError
        If nothing answers there, or it has no workers.
    """
    import distributed

    _quiet()
    found = address_of(address)
    check_answers(found, CONNECT_SECONDS)
    given = {"scheduler_file": os.fspath(address)} if Path(address).is_file() else {"address": found}
    try:
        client = distributed.Client(**given, timeout=CONNECT_SECONDS, set_as_default=False)
    except Exception as error:
        raise JobError("no scheduler of dask answers there.", where=found, hint=HINT) from error
    return _with_workers(Cluster(client, _named(client)))


def _with_workers(cluster: Cluster) -> Cluster:
    """The cluster, if anybody is there to do the work.

    Raises
    ------
    JobError
    """
    with scheduler_errors(cluster.where):
        workers = cluster.workers()
    if not workers:
        cluster.close()
        hint = "Start some (dask worker ADDRESS), or wait until the queue has."
        raise JobError(f"{cluster.where} has no workers.", hint=hint)
    return cluster


def _named(client: Client) -> str:
    return f"the scheduler at {client.scheduler.address}" if client.scheduler else "the scheduler"


def of_client(client: Client) -> Cluster:
    """The cluster of a client that somebody else opened, and closes.

    Raises
    ------
    ConfigError
        If it is none.
    JobError
        If its scheduler has no workers.
    """
    import distributed

    if not isinstance(client, distributed.Client):
        raise ConfigError(f"client is {client!r}.", hint="Give a distributed.Client.")
    return _with_workers(Cluster(client, _named(client), owns_client=False))


def start_local(workers: int, *, memory_limit: str = "auto", max_deaths: int = MAX_WORKER_DEATHS) -> Cluster:
    """Worker processes on this computer, one thread each; a task is given up when ``max_deaths`` died under it.

    Raises
    ------
    JobError
        If they do not start.
    """
    import distributed

    _quiet()
    own = _LocalWorkers(workers, memory_limit, max_deaths)
    try:
        client = distributed.Client(own.address, timeout=CONNECT_SECONDS, set_as_default=False)
        own.wait(client)
    except BaseException:
        own.stop()
        own.close()
        raise
    return Cluster(client, f"{workers} processes of this computer", own=own)


class _LocalWorkers:
    """A scheduler in this process and ``dask worker`` beside it."""

    def __init__(self, n: int, memory_limit: str, max_deaths: int) -> None:
        import dask
        import distributed

        self._n = n
        remove_leftovers(Path(tempfile.gettempdir()), _FOLDER)  # of clients that were killed
        self._folder = str(Path(tempfile.gettempdir()) / f"{_FOLDER}.{unique_mark()}")
        Path(self._folder).mkdir(mode=0o700)
        with dask.config.set({"distributed.scheduler.allowed-failures": max_deaths}):
            self._scheduler = distributed.LocalCluster(
                n_workers=0, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=":0",
                scheduler_port=0, silence_logs=50, scheduler_kwargs={"dashboard": False},
            )  # fmt: skip
        self.address = self._scheduler.scheduler_address
        environment = dict(os.environ) | dict.fromkeys(_ONE_THREAD, "1")
        environment["PYTHONPATH"] = os.pathsep.join(place or os.getcwd() for place in sys.path)
        environment |= {
            "DASK_LOGGING__DISTRIBUTED": "critical",
            "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",  # nobody looks at it, and it stops threads to look
        }
        command = [
            sys.executable, "-P", "-m", "distributed.cli.dask_worker", self.address, "--nworkers", str(n),
            "--nthreads", "1", "--no-dashboard", "--memory-limit", memory_limit, "--death-timeout", "30",
            "--local-directory", self._folder,
        ]  # fmt: skip
        self._log = log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        # a session of their own: Ctrl+C in a terminal is this process's to answer
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
        )

    def wait(self, client: Client) -> None:
        until = time.monotonic() + START_SECONDS
        while len(client.scheduler_info(n_workers=-1)["workers"]) < self._n:
            if self._process.poll() is not None or time.monotonic() > until:
                self._log.seek(0)
                said = self._log.read().decode(errors="replace").strip().splitlines()
                raise JobError(f"the workers did not start ({said[-1] if said else 'no word from them'}).")
            time.sleep(0.05)

    def stop(self) -> None:
        """Have the workers end; those that do not are killed."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        self._process.wait()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, number)
            else:
                self._process.terminate()

    def close(self) -> None:
        with contextlib.suppress(Exception):  # what is left of a scheduler whose workers are gone
            self._scheduler.close(timeout=2)
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextlib.contextmanager
def scheduler_errors(where: str) -> Iterator[None]:
    """Turn what dask says of a scheduler that is gone into one line.

    Raises
    ------
    JobError
    """
    from distributed.comm.core import CommClosedError

    try:
        yield
    except (CommClosedError, TimeoutError, OSError) as error:
        raise gone(where) from error


class SchedulerLost(JobError):
    """The scheduler does not answer any more: no other task can be done either."""


def gone(where: str) -> SchedulerLost:
    """The error of a scheduler that does not answer any more."""
    return SchedulerLost(f"{where} does not answer any more; what is done is kept.", hint="Run again with --resume.")


def result_of(future: Future, where: str) -> Any:
    """What a task gives, waited for.

    Raises
    ------
    SchedulerLost
    """
    from distributed import CancelledError
    from distributed.comm.core import CommClosedError

    try:
        return future.result()
    except (CancelledError, CommClosedError, TimeoutError) as lost:
        raise gone(where) from lost


def error_of(future: Future, where: str) -> BaseException | None:
    """What a task that has ended raised; None if it ended well.

    Raises
    ------
    SchedulerLost
    """
    from distributed import CancelledError

    if future.status == "finished":
        return None
    try:
        error: BaseException | None = future.exception(timeout=ANSWER_SECONDS)
    except (CancelledError, TimeoutError, OSError) as lost:
        raise gone(where) from lost
    if error is None:
        raise gone(where)
    return error


def _quiet() -> None:
    """Dask's own loggers say in pages what errors say in a line."""
    import logging

    import distributed  # noqa: F401 - sets the levels of its own loggers

    for name in ("distributed", *(name for name in logging.root.manager.loggerDict if name.startswith("distributed."))):
        logging.getLogger(name).setLevel(logging.CRITICAL)
