"""Live curves of a fine-tune: loss per task as thin lines, validation per task as dots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_hicstruct.annotations.kinds import KINDS, plural_of_task
from napari_hicstruct.plugin.widgets.live_curve import LiveCurve, smoothed

if TYPE_CHECKING:
    from napari_hicstruct.workflows.finetune.job import Live

__all__ = ["TASK_COLOURS", "LossCurve", "colour_of_task", "smoothed"]

TASK_COLOURS = {kind.value: info.colour for kind, info in KINDS.items()}
"""They read on dark and on light."""

_OTHERS = ("#D55E00", "#0072B2", "#F0E442")
_TIP = "Loss by training step, less is better: lines on what is learnt from (smoothed), dots on what is not."


def colour_of_task(task: str, place: int = 0) -> str:
    """Hex colour of a task; ``place`` chooses for tasks of one's own."""
    return TASK_COLOURS.get(task, _OTHERS[place % len(_OTHERS)])


class LossCurve(LiveCurve):
    """The curves of the training that runs now; the next one (a fold, the model itself) begins anew."""

    def __init__(self) -> None:
        super().__init__(_TIP)
        self._step = 0

    def add(self, live: Live) -> None:
        """One step more; where steps are counted anew, another training has begun."""
        if live.step < self._step:
            self.forget()
        self._step = live.step
        for store, values in ((self.losses, live.losses), (self.validation, live.validation)):
            for task, value in values.items():
                store.setdefault(task, []).append((live.step, float(value)))
        self.draw_soon()

    def forget(self) -> None:
        """Begin anew."""
        super().forget()
        self._step = 0

    def colour_of(self, name: str, place: int) -> str:
        """Of a task."""
        return colour_of_task(name, place)

    def title_of(self, name: str) -> str:
        """What a task finds."""
        return plural_of_task(name)

    def legend_end(self) -> str:
        """What dots are."""
        return " · dots: not learnt from" if self.validation else ""
