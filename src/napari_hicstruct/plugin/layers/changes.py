"""What a new model changed, as layers of the window: a temporary picture, nothing of it is in the project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct.plugin.layers.coarse_steps import Points, Vectors
from napari_hicstruct.plugin.layers.temporary import PX, TemporaryLayers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_hicstruct.annotations.records import Annotation
    from napari_hicstruct.evaluation.changes import Changes

PREFIX = "Changed: "
APPEARED, VANISHED, MOVED = "#009E73", "#595959", "#CC79A7"
"""Okabe–Ito bluish green and reddish purple; a grey that is seen on white and on red."""

_MARK_PX, _ARROW_PX = 13.0, 5.0
_MAX_MARKS = 5_000


class ChangeLayers(TemporaryLayers):
    """Discs for what appeared, crosses for what vanished, arrows to diamonds from old to new places."""

    def show(self, changes: Changes, chrom: str) -> None:
        """Draw the changes of a chromosome, above the diagonal, in place of those before."""
        self.clear()
        here = [[record for record in part if record.chrom == chrom] for part in (changes.appeared, changes.vanished)]
        moved = [pair for pair in changes.moved if pair[1].chrom == chrom]
        made: list[Any] = []
        if moved:
            made.append(self._arrows(moved[:_MAX_MARKS]))
            made.append(self._marks([new for _, new in moved[:_MAX_MARKS]], "moved to", MOVED, "diamond"))
        for records, name, colour, symbol in (
            (here[1], "vanished", VANISHED, "x"),
            (here[0], "appeared", APPEARED, "disc"),
        ):
            if records:
                made.append(self._marks(records[:_MAX_MARKS], name, colour, symbol))
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
            **self._canvas.world_kwargs(),
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
            **self._canvas.world_kwargs(),
        )


def _places(records: list[Annotation]) -> NDArray[np.float64]:
    """Row and column (bp) of each, shape ``(n, 2)``."""
    from napari_hicstruct.evaluation.changes import place_of

    return np.array([place_of(record) for record in records], np.float64)
