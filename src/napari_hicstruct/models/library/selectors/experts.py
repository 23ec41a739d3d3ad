"""Depthwise experts shared by all tasks, and their mixture at one scale.

Per-task filters built from K shared ones are a rank-K factorisation of the tasks' own (E1), hence *low rank*; compare
the low-rank experts of Yang et al. 2024 (MLoRE).  Strips: the 7×1 and 1×7 branches of Guo et al. 2022 (SegNeXt).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_hicstruct.config.plugs import SelectorConfig
from napari_hicstruct.models.context import WindowContext
from napari_hicstruct.models.library.selectors.gates import GATES, imbalance

REACH_BINS = 9
"""Bins that the widest expert sees (3×3, then 7×1 and 1×7)."""


def depthwise(channels: int, size: int, dilation: int = 1) -> nn.Conv2d:
    """One filter per channel that starts as identity plus noise, so that a mixture starts near E0."""
    conv = nn.Conv2d(
        channels, channels, size, padding=size // 2 * dilation, dilation=dilation, groups=channels, bias=False
    )
    with torch.no_grad():
        conv.weight[:, :, size // 2, size // 2] += 1.0
    return conv


class StripExpert(nn.Module):
    """``GELU(V ∗ U ∗ x + W ∗ U ∗ x)``: depthwise U 3×3, V 7×1, W 1×7 — corners, edges, lines and blocks; 23·C."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.near = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.down = nn.Conv2d(channels, channels, (7, 1), padding=(3, 0), groups=channels, bias=False)
        self.across = nn.Conv2d(channels, channels, (1, 7), padding=(0, 3), groups=channels, bias=False)

    def linear(self, x: Tensor) -> Tensor:
        """All before the GELU."""
        near = self.near(x)
        return self.down(near) + self.across(near)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, C, h, w)`` → the same shape."""
        return functional.gelu(self.linear(x))


def free_experts(channels: int, count: int) -> list[nn.Module]:
    """``count`` depthwise 3×3: 9·C parameters each."""
    return [depthwise(channels, 3) for _ in range(count)]


def prior_experts(channels: int, count: int) -> list[nn.Module]:
    """3×3, 3×3 of dilation 2, 5×5, identity (43·C in all), then the first three again; identity only once."""
    shapes = [(3, 1), (3, 2), (5, 1)]
    learnt: list[nn.Module] = [depthwise(channels, *shapes[k % 3]) for k in range(count - (count > 3))]
    return [*learnt[:3], nn.Identity(), *learnt[3:]] if count > 3 else learnt


def strip_experts(channels: int, count: int) -> list[nn.Module]:
    """``count`` strips: 23·C parameters each."""
    return [StripExpert(channels) for _ in range(count)]


def responses(experts: nn.ModuleList, like: Tensor, size: int) -> Tensor:
    """What each expert makes of a single bright pixel, ``(K, C, size, size)``; strips without their GELU."""
    impulse = like.new_zeros(1, like.shape[1], size, size)
    impulse[..., size // 2, size // 2] = 1.0
    return torch.cat([(e.linear if isinstance(e, StripExpert) else e)(impulse) for e in experts])


def correlation(experts: nn.ModuleList, like: Tensor) -> Tensor:
    """Mean |cosine| over pairs of experts (and channels) of their impulse responses.

    Filters are compared, not outputs: neighbouring contacts are so alike that any two smoothing filters give nearly
    the same picture.  Absolute, because two experts that cancel each other are as redundant as two equal ones.
    """
    unit = functional.normalize(
        responses(experts, like, REACH_BINS).float().flatten(2), dim=-1, eps=1e-6
    )  # (K, C, taps)
    first, second = torch.triu_indices(len(experts), len(experts), offset=1)
    return (unit[first] * unit[second]).sum(-1).abs().mean()


def mixed_by_filter(experts: nn.ModuleList, alpha: Tensor, x: Tensor) -> Tensor:
    """``Σ_k α_k e_k(x)`` of linear experts with ``(B, K, 1, 1)`` weights as one filter per window instead of K.

    The mixture of convolutions is the convolution with the mixture; it costs no more than one expert.
    """
    size = max((e.kernel_size[0] - 1) * e.dilation[0] + 1 for e in experts if isinstance(e, nn.Conv2d))
    taps = responses(experts, x, size).flip(2, 3)  # a response is its filter turned around
    filters = torch.einsum("bk,kcij->bcij", alpha[:, :, 0, 0].to(taps.dtype), taps)[:, :, None]
    padding, groups = size // 2, x.shape[1]
    windows = zip(x.split(1), filters, strict=True)
    return torch.cat([functional.conv2d(one, taps, padding=padding, groups=groups) for one, taps in windows])


def mixed_by_output(experts: nn.ModuleList, alpha: Tensor, x: Tensor) -> Tensor:
    """``Σ_k α_k e_k(x)`` as it is written, for any experts and gates."""
    return sum(weight * expert(x) for weight, expert in zip(alpha.to(x.dtype).split(1, 1), experts, strict=True))


class ExpertMixture(nn.Module):
    """``Σ_k α_k e_k(x)``, with ``residual`` also ``+ x``; ``α = softmax(gate(x))`` per task.

    Parameters
    ----------
    experts : list of Module
        Shared by ``tasks``.
    channels : int
    tasks : list of str
    options : SelectorConfig
    """

    def __init__(self, experts: list[nn.Module], channels: int, tasks: list[str], options: SelectorConfig) -> None:
        super().__init__()
        self.experts = nn.ModuleList(experts)
        self.gate = GATES[options.gate](channels, tasks, len(experts))
        self.options = options
        self.tasks = len(tasks)
        self.one_filter = options.gate != "conv" and not any(isinstance(expert, StripExpert) for expert in experts)

    def forward(self, x: Tensor, task: str, scale: str, context: WindowContext) -> Tensor:
        """``(B, C, h, w)`` → the same shape."""
        # Detached, the gate says which expert fits the features; it cannot bend the features to please itself.
        seen = x.detach() if self.options.detach_gate else x
        alpha = self.gate(seen, task, context.pooled("valid", scale)).float().softmax(1)
        mixed = (mixed_by_filter if self.one_filter else mixed_by_output)(self.experts, alpha, x)
        if context.trace is not None:
            context.trace.show(f"gate/{task}/{scale}", alpha.expand(-1, -1, *x.shape[2:]))
            context.trace.show(f"expert_use/{task}/{scale}", alpha.mean((2, 3)))
            # Every gate meets its task's loss with its full λ; a mean over gates would leave each too little to live.
            context.trace.penalty("expert_entropy", self.options.entropy * imbalance(alpha))
            # Experts are shared: once per pass, not once per task.
            decorrelation = self.options.decorrelation * correlation(self.experts, x) / self.tasks
            context.trace.penalty("expert_decorrelation", decorrelation)
        return x + mixed if self.options.residual else mixed
