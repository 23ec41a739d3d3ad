"""Multi-modal distillation: other features pass to a task as far as a mask made of its own features lets them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Distill(nn.Module):
    """``σ(G ∗ x) ⊙ (W ∗ y)``, 1×1 both; ``W`` starts at 0, so nothing passes at first.

    Source: equation 3 of Xu et al. 2018 (PAD-Net), with 1×1 for its 3×3.
    """

    def __init__(self, c_from: int, c_to: int) -> None:
        super().__init__()
        self.gate = nn.Conv2d(c_to, c_to, 1)
        self.tell = nn.Conv2d(c_from, c_to, 1, bias=False)
        nn.init.zeros_(self.tell.weight)

    def forward(self, own: Tensor, other: Tensor) -> Tensor:
        """``(B, c_to, h, w), (B, c_from, h, w) → (B, c_to, h, w)``."""
        return torch.sigmoid(self.gate(own)) * self.tell(other)
