"""Exponential moving average of the weights: steadier than the last step's, and what is validated and shipped."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class WeightAverage:
    """Running mean of a module's state.

    Parameters
    ----------
    module : nn.Module
    decay : float
        Share kept per step; ramps up from 0 so that the first steps are soon forgotten.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.state = {key: value.detach().clone() for key, value in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Move towards the module's present weights after ``step`` steps."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for key, value in module.state_dict().items():
            self.state[key].lerp_(value, 1 - decay) if value.is_floating_point() else self.state[key].copy_(value)

    def load(self, state: dict[str, Tensor]) -> None:
        """Take over a saved average."""
        for key, value in state.items():
            self.state[key].copy_(value)
