"""What the network's parts may know of a window besides its features, and what they leave to be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from napari_hicstruct.config.model import INPUTS

SCALES = ("f1", "f2", "f3", "f4", "f5")


@dataclass(slots=True)
class Trace:
    """What the parts of the network said during one forward pass.

    Attributes
    ----------
    maps : dict of str to Tensor
        Detached, to be logged or drawn: ``gate/<task>/<scale>``, ``expert_use/<task>/<scale>``,
        ``exchange/<a>-<b>/<scale>`` …
    live : dict of str to Tensor
        The same kind of names with their gradients, for losses that compare them (gate consistency).
    penalties : dict of str to Tensor
        Scalars to be added to the loss, already multiplied by their λ.
    auxiliary : dict of (str, str) to Tensor
        Further predictions to be supervised, by task and scale, shaped as that task's head output at that scale.
    """

    maps: dict[str, Tensor] = field(default_factory=dict)
    live: dict[str, Tensor] = field(default_factory=dict)
    penalties: dict[str, Tensor] = field(default_factory=dict)
    auxiliary: dict[tuple[str, str], Tensor] = field(default_factory=dict)

    def show(self, name: str, value: Tensor) -> None:
        """Keep ``value`` for looking at, and live for losses."""
        self.maps[name] = value.detach()
        self.live[name] = value

    def penalty(self, name: str, value: Tensor) -> None:
        """Add to the scalar penalty ``name``."""
        self.penalties[name] = self.penalties[name] + value if name in self.penalties else value


@dataclass(frozen=True, slots=True)
class BoundaryPrior:
    """Boundary probability of a window's rows and columns at coarse bins, detached: ``(B, H)`` and ``(B, W)``."""

    rows: Tensor
    cols: Tensor


@dataclass(frozen=True, slots=True)
class WindowContext:
    """One batch of windows as the network's parts see it.

    Attributes
    ----------
    x : Tensor, shape (B, C, H, W)
        Input channels.
    finest : str
        Scale of ``x``: ``f1`` for fine windows, ``f2`` for coarse ones.
    prior : BoundaryPrior or None
        Where boundaries are expected.
    trace : Trace or None
        Where to leave what is worth looking at; None in plain inference.
    inputs : tuple of str
        Names of the channels of ``x``.
    memory : dict of str to Tensor
        What a part remembers from one call to the next within this forward pass.
    """

    x: Tensor
    finest: str
    prior: BoundaryPrior | None = None
    trace: Trace | None = None
    inputs: tuple[str, ...] = INPUTS
    memory: dict[str, Tensor] = field(default_factory=dict)

    def factor(self, scale: str) -> int:
        """Bins of ``x`` per bin of ``scale``."""
        return int(2 ** (SCALES.index(scale) - SCALES.index(self.finest)))

    def pooled(self, name: str, scale: str) -> Tensor:
        """One input channel averaged to ``scale``: ``(B, 1, h, w)``."""
        k = self.inputs.index(name)
        return functional.avg_pool2d(self.x[:, k : k + 1], self.factor(scale))

    def distance(self, scale: str) -> Tensor:
        """Distance of the anchors in bp at ``scale``, ``(B, 1, h, w)``; undoes the distance channel."""
        return (torch.exp2(self.pooled("distance", scale) * 8.0) - 1.0) * 10_000.0

    def boundaries(self, scale: str) -> tuple[Tensor, Tensor]:
        """Boundary probability of rows and columns at ``scale``, ``(B, h)`` and ``(B, w)``: repeated or the largest.

        Raises
        ------
        ValueError
            If the window has no boundary prior.
        """
        if self.prior is None:
            raise ValueError("boundaries are needed, but the window has no boundary prior")
        return _to_scale(self.prior.rows, scale), _to_scale(self.prior.cols, scale)


def _to_scale(p: Tensor, scale: str) -> Tensor:
    if scale == "f1":
        return p.repeat_interleave(2, -1)
    factor = 2 ** (SCALES.index(scale) - 1)
    return functional.max_pool1d(p[:, None], factor)[:, 0]


Features = Mapping[str, Tensor]
"""Features by scale (f1 … f5)."""
