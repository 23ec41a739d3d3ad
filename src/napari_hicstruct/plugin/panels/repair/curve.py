"""The loss of the training that runs, class by class, in the colours of the labels."""

from __future__ import annotations

from collections.abc import Mapping

from napari_hicstruct.plugin.state.images.repair import ALL_CLASSES
from napari_hicstruct.plugin.widgets.live_curve import LiveCurve

_MAX_NAMED = 6
"""Curves that the legend names; of more, the last ones: those that are trained now."""

_TIP = "Loss, less is better; the axis begins anew with each stage."
_AXES = {"shape": "epoch", "joint": "step"}


class RepairCurve(LiveCurve):
    """Curves of one stage; a stage that begins takes the place of the one before.

    Attributes
    ----------
    colours : dict of str to str
        By class; others have the palette's.
    """

    smoothing = 0.5  # points are means over many steps already

    def __init__(self) -> None:
        super().__init__(_TIP)
        self.colours: dict[str, str] = {}
        self._stage = ""

    def follow_losses(self, stage: str, losses: Mapping[str, list[tuple[int, float]]]) -> None:
        """Draw these, soon."""
        if stage != self._stage or len(losses) < len(self.losses):
            self._stage = stage
            self.forget()
        self.losses = dict(losses)
        self.set_axes(bottom=_AXES.get(stage, "epoch"))
        self.draw_soon()

    def colour_of(self, name: str, place: int) -> str:
        """That of the labels."""
        return self.colours.get(name) or super().colour_of(name, place)

    def title_of(self, name: str) -> str:
        """A class, or all of them."""
        return "all classes, one function" if name == ALL_CLASSES else name

    def legend_names(self) -> list[str]:
        """Not more than fit: those that are trained now."""
        return super().legend_names()[-_MAX_NAMED:]
