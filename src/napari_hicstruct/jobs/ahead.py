"""Work on several pieces at a time whose results are taken in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

K = TypeVar("K")
A = TypeVar("A")
R = TypeVar("R")

Done = Iterator[tuple[A, R]]


def work_ahead(
    groups: Iterable[tuple[K, list[A]]], work: Callable[[A], R], workers: int = 1
) -> Iterator[tuple[K, Done[A, R]]]:
    """Each group's key with its pieces and what ``work`` made of them, in order; ``workers`` threads run beside.

    Parameters
    ----------
    groups : iterable of (key, pieces)
        Taken as they are needed: pieces of about two rounds of the threads wait at any time.
    work : callable
        Safe to be called by several threads; with one worker it runs in the caller's.
    workers : int

    Raises
    ------
    Exception
        What ``work`` raised, where its result is taken.  Pieces not begun then, or when the generator is closed, are
        dropped.
    """
    if workers <= 1:
        for key, pieces in groups:
            yield key, ((piece, work(piece)) for piece in pieces)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="ahead")
    try:
        waiting: deque[tuple[K, list[tuple[A, Callable[[], R]]]]] = deque()
        for key, pieces in groups:
            waiting.append((key, [(piece, pool.submit(work, piece).result) for piece in pieces]))
            while sum(len(pending) for _, pending in waiting) > 2 * workers:
                yield _taken(*waiting.popleft())
        while waiting:
            yield _taken(*waiting.popleft())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _taken(key: K, pending: list[tuple[A, Callable[[], R]]]) -> tuple[K, Done[A, R]]:
    return key, ((piece, result()) for piece, result in pending)
