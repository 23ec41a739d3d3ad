"""Gates: how much of each expert a task takes, and the entropy that keeps all of them alive.

Source: softmax gates per task over shared experts, Ma et al. 2018 (MMoE); per pixel and with task embeddings as in
Ye & Xu 2023 (TaskExpert).  Balance of use by the entropy of its mean: Eigen et al. 2014 and Shazeer et al. 2017 saw
that gates left alone feed the few experts that were first.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

HIDDEN = 16
EMBEDDING = 8


class ConvGate(nn.Module):
    """Per pixel: one 1×1 convolution per task, ``C·K + K`` parameters each."""

    def __init__(self, channels: int, tasks: list[str], experts: int) -> None:
        super().__init__()
        self.read = nn.ModuleDict({task: nn.Conv2d(channels, experts, 1) for task in tasks})

    def forward(self, x: Tensor, task: str, valid: Tensor) -> Tensor:
        """``(B, C, h, w) → (B, K, h, w)`` logits."""
        return self.read[task](x)


class PooledGate(nn.Module):
    """Per window: features averaged over valid bins → one small MLP per task."""

    def __init__(self, channels: int, tasks: list[str], experts: int) -> None:
        super().__init__()
        self.read = nn.ModuleDict({task: _mlp(channels, experts) for task in tasks})

    def forward(self, x: Tensor, task: str, valid: Tensor) -> Tensor:
        """``(B, C, h, w) → (B, K, 1, 1)`` logits."""
        return self.read[task](pool(x, valid))[:, :, None, None]


class TaskGate(nn.Module):
    """Per window: the averaged features joined with a learnt embedding of the task → one MLP for all tasks."""

    def __init__(self, channels: int, tasks: list[str], experts: int) -> None:
        super().__init__()
        self.embedding = nn.ParameterDict({task: nn.Parameter(torch.randn(EMBEDDING)) for task in tasks})
        self.read = _mlp(channels + EMBEDDING, experts)

    def forward(self, x: Tensor, task: str, valid: Tensor) -> Tensor:
        """``(B, C, h, w) → (B, K, 1, 1)`` logits."""
        pooled = pool(x, valid)
        embedding = self.embedding[task].to(pooled.dtype).expand(len(pooled), -1)
        return self.read(torch.cat([pooled, embedding], 1))[:, :, None, None]


GATES: dict[str, type[nn.Module]] = {"conv": ConvGate, "pooled": PooledGate, "task": TaskGate}


def _mlp(channels: int, experts: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(channels, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, experts))


def pool(x: Tensor, valid: Tensor) -> Tensor:
    """Mean of ``(B, C, h, w)`` over valid bins (``(B, 1, h, w)``, 0 … 1) → ``(B, C)``; padding does not count."""
    return (x * valid.to(x.dtype)).sum((2, 3)) / valid.sum((2, 3)).clamp_min(1.0).to(x.dtype)


def entropy(use: Tensor) -> Tensor:
    """``-Σ_k u_k log u_k / log K`` along axis 1: 0 for one alone, 1 for all alike."""
    return -torch.special.xlogy(use, use.clamp_min(1e-12)).sum(1) / math.log(use.shape[1])


def imbalance(weights: Tensor) -> Tensor:
    """``1 - H(ū) / log K`` of ``(B, K, …)`` gate weights, ``ū`` their mean over windows and pixels: 0 if none starves.

    Subtracting the entropy is the sign that keeps experts alive.  It is the entropy of the *mean* use: every pixel
    may still be sure of its expert, as long as all experts have pixels.
    """
    use = weights.float().mean([axis for axis in range(weights.ndim) if axis != 1])
    return 1 - entropy(use[None])[0]
