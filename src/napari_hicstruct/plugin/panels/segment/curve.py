"""The losses of the training that runs, task by task: lines of what is learnt from, dots of what is held out."""

from __future__ import annotations

from collections.abc import Mapping

from napari_hicstruct.plugin.widgets.live_curve import LiveCurve

_TIP = "Loss by training step, less is better: lines on what is learnt from (smoothed), dots on blocks held out."
_COLOURS = {"mask": "#E69F00", "sdf": "#56B4E9", "boundary": "#CC79A7"}
_TITLES = {"sdf": "distance"}


class TaskCurve(LiveCurve):
    """Curves of one training, a colour for each task."""

    def __init__(self) -> None:
        super().__init__(_TIP)

    def follow_losses(
        self, losses: Mapping[str, list[tuple[int, float]]], validation: Mapping[str, list[tuple[int, float]]]
    ) -> None:
        """Draw these, soon."""
        if len(losses) < len(self.losses):
            self.forget()
        self.losses, self.validation = dict(losses), dict(validation)
        self.draw_soon()

    def colour_of(self, name: str, place: int) -> str:
        """Of a task."""
        return _COLOURS.get(name) or super().colour_of(name, place)

    def title_of(self, name: str) -> str:
        """What a task finds."""
        return _TITLES.get(name, name)

    def legend_end(self) -> str:
        """What dots are."""
        return " · dots: held out" if self.validation else ""
