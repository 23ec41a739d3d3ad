"""What a new model changed, as layers of the window: a temporary picture, nothing of it is in the project."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.plugin.layers.coarse_steps import Points, Vectors
from napari_hicstruct.plugin.layers.temporary import PX, TemporaryLayers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_hicstruct.annotations.records import Annotation
    from napari_hicstruct.evaluation.changes import Changes
    from napari_hicstruct.genome import Interval

PREFIX = "Changed: "
APPEARED, VANISHED, MOVED = "#009E73", "#595959", "#CC79A7"
"""Okabe–Ito bluish green and reddish purple; a grey that is seen on white and on red."""

_MARK_PX, _ARROW_PX = 13.0, 5.0
_MOST = 5_000

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


class ChangeLayers(TemporaryLayers):
    """Discs for what appeared, crosses for what vanished, arrows to diamonds from old to new places."""

    def show(self, changes: Changes, chrom: str) -> None:
        """Draw the changes of a chromosome, above the diagonal, in place of those before."""
        self.clear()
        here = [[record for record in part if record.chrom == chrom] for part in (changes.appeared, changes.vanished)]
        moved = [pair for pair in changes.moved if pair[1].chrom == chrom]
        made: list[Any] = []
        if moved:
            made.append(self._arrows(moved[:_MOST]))
            made.append(self._marks([new for _, new in moved[:_MOST]], "moved to", MOVED, "diamond"))
        for records, name, colour, symbol in (
            (here[1], "vanished", VANISHED, "x"),
            (here[0], "appeared", APPEARED, "disc"),
        ):
            if records:
                made.append(self._marks(records[:_MOST], name, colour, symbol))
        for layer in made:
            layer.editable = False
        self.put(made)

    def _marks(self, records: list[Annotation], name: str, colour: str, symbol: str) -> Points:
        return Points(
            _places(records),
            name=PREFIX + name,
            symbol=symbol,
            face_color=colour,
            border_color="white",
            border_width=0 if symbol == "x" else 0.1,
            metadata={"hicstruct_changed": name, PX: _MARK_PX},
            **self._session.world_kwargs(),
        )

    def _arrows(self, moved: list[tuple[Annotation, Annotation]]) -> Vectors:
        old, new = _places([one for one, _ in moved]), _places([one for _, one in moved])
        return Vectors(
            np.stack([old, new - old], axis=1),
            name=f"{PREFIX}moved",
            edge_color=MOVED,
            vector_style="arrow",
            opacity=1.0,
            metadata={"hicstruct_changed": "moved", PX: _ARROW_PX},
            **self._session.world_kwargs(),
        )


def _places(records: list[Annotation]) -> NDArray[np.float64]:
    """Row and column (bp) of each, shape ``(n, 2)``."""
    from napari_hicstruct.evaluation.changes import place_of

    return np.array([place_of(record) for record in records], np.float64)


def where_to_look(record: Annotation) -> tuple[Interval, Interval]:
    """Rows and columns (bp) around a call."""
    pad = max(150_000, len(record.span) // 4)
    return record.anchor1.expand(pad), record.anchor2.expand(pad)
