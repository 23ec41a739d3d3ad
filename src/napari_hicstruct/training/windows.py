"""One batch of windows on its way through the network: sample, boundary prior, trace and what came out."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import BoundaryPrior, Trace, WindowContext


@dataclass(slots=True)
class Pass:
    """Fine (``f1``) or coarse (``f2``) windows and their outputs.

    Attributes
    ----------
    sample : dict of str to Tensor
        Channels and targets.
    outputs : dict of str to Tensor
        Coarse windows: by task.
    pairs : dict of str to dict of str to Tensor
        Fine windows: ``fine`` and ``coarse`` head by task.
    """

    sample: dict[str, Tensor]
    finest: str
    prior: BoundaryPrior | None
    config: ModelConfig
    trace: Trace = field(default_factory=Trace)
    outputs: dict[str, Tensor] = field(default_factory=dict)
    pairs: dict[str, dict[str, Tensor]] = field(default_factory=dict)

    @property
    def context(self) -> WindowContext:
        """The windows as the network's parts see them."""
        return WindowContext(self.sample["x"], self.finest, self.prior, self.trace, self.config.inputs)

    def distance(self, scale: str) -> Tensor:
        """Distance of the anchors in bp, ``(B, 1, h, w)``."""
        return self.context.distance(scale)
