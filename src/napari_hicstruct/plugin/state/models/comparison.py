"""Two predictions, or two sets, compared: nothing of it is kept."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from napari_hicstruct.jobs import CancelToken, Clock, Progress

if TYPE_CHECKING:
    from napari_hicstruct.annotations.records import Annotation
    from napari_hicstruct.evaluation.changes import Changes

Side = Callable[[CancelToken], Generator[Progress, None, "list[Annotation]"]]


def records_of(records: list[Annotation]) -> Side:
    """A side that is known already."""

    def side(_token: CancelToken) -> Generator[Progress, None, list[Annotation]]:
        yield Clock().step("read", 1, 1)
        return records

    return side


def prediction_of(predict: Callable[..., Any], source: Any, **request: Any) -> Side:
    """A side that a model has yet to find; nothing of it goes into the project."""

    def side(token: CancelToken) -> Generator[Progress, None, list[Annotation]]:
        found: list[Annotation] = []
        job = predict(source, token=token, **request)
        try:
            for step in job:
                found += step.payload or ()
                yield step
        finally:
            job.close()
        return found

    return side


def iter_changes(before: Side, after: Side, *, token: CancelToken) -> Generator[Progress, None, Changes]:
    """Find out both sides and compare them."""
    from napari_hicstruct.evaluation.changes import compare_calls

    clock, sides = Clock(), []
    for number, side in enumerate((before, after)):
        job = side(token)
        while True:
            try:
                step = next(job)
            except StopIteration as stop:
                sides.append(stop.value)
                break
            yield clock.step(step.stage, number + step.fraction, 2)
    return compare_calls(*sides)
