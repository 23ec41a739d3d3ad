"""Run generators of Progress: to the end (shell, notebook) or guarded for a GUI worker."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Generator
from typing import TypeVar

from napari_hicstruct.errors import HicStructError, JobError
from napari_hicstruct.jobs.progress import Progress

T = TypeVar("T")
Job = Generator[Progress, None, T]


def drain(job: Job[T], on_progress: Callable[[Progress], None] | None = None) -> T:
    """Run ``job`` to its end and give its return value; exceptions pass through unchanged."""
    try:
        while True:
            step = next(job)
            if on_progress is not None:
                on_progress(step)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # PEP 380: typeshed types it as Any
    finally:
        close_quietly(job)


def close_quietly(job: Job[T]) -> None:
    """End a job that was left; what its clean-up says to that must not take the place of why it was left."""
    try:
        job.close()
    except Exception:
        logging.getLogger(__name__).debug("the clean-up of a job failed", exc_info=True)


def guarded(job: Job[T]) -> Job[T]:
    """The same job, whose every failure is a :class:`HicStructError`.

    superqt emits neither ``errored`` nor ``finished`` for a ``RuntimeError`` or ``StopIteration`` raised in a
    generator worker (measured), and torch's shape and out-of-memory errors are RuntimeErrors: so whatever is
    not already an error for people becomes a :class:`JobError` with the original as ``__cause__``.
    """
    try:
        return (yield from job)
    except HicStructError:
        raise
    except GeneratorExit:
        raise
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        raise JobError(f"{type(error).__name__}: {error}") from error


class RequestIds:
    """Increasing request numbers; an answer that does not carry the newest one is stale."""

    def __init__(self) -> None:
        self._counter = itertools.count(1)
        self._newest = 0

    def new(self) -> int:
        """The next id; all earlier ones become stale."""
        self._newest = next(self._counter)
        return self._newest

    def is_current(self, request_id: int) -> bool:
        """True if no newer request was made."""
        return request_id == self._newest
