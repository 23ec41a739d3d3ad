"""Selector E6 ``patch_gate``: no U-Net decoder; every task chooses, pixel by pixel, which scale to read.

Source: softmax over scales as in Chen et al. 2016 (*Attention to scale*), on features of one encoder.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import SCALES, WindowContext
from napari_hicstruct.models.library.selectors.gates import imbalance
from napari_hicstruct.models.selector import Selector


class ScaleGate(nn.Module):
    """``SiLU(O_t ∗ Σ_s α_ts ⊙ u_s)``, ``α_t = softmax_s(D_ts ∗ u_s)``, ``u_s = up(P_s f_s)``.

    P: 1×1 to C channels; D: depthwise 3×3 per task; O: 3×3 to the width that the task's head reads.

    Parameters
    ----------
    channels : dict of str to int
        Encoder channels from the target scale to f5.
    widths : dict of str to int
        What each task's head reads at the target scale.
    """

    def __init__(self, channels: dict[str, int], widths: dict[str, int]) -> None:
        super().__init__()
        target, width = next(iter(channels.items()))
        self.target = target
        self.project = nn.ModuleDict({scale: nn.Conv2d(c, width, 1) for scale, c in channels.items()})
        n = len(channels) * width
        self.gate = nn.ModuleDict({task: nn.Conv2d(n, n, 3, padding=1, groups=n) for task in widths})
        self.out = nn.ModuleDict({task: nn.Conv2d(width, w, 3, padding=1) for task, w in widths.items()})

    def forward(self, features: dict[str, Tensor], task: str) -> tuple[Tensor, Tensor]:
        """Features from the target scale to f5 → ``(B, width, h, w)`` and the gates ``(B, S, C, h, w)``."""
        size = features[self.target].shape[2:]
        # A 1×1 and a repetition commute: project first, the scales below are small.
        scales = [functional.interpolate(p(features[s]), size=size, mode="nearest") for s, p in self.project.items()]
        stacked = torch.cat(scales, 1)
        # Channels last, as they lie in memory: the softmax over scales is ten times faster there.
        alpha = _by_scale(self.gate[task](stacked), len(scales)).float().softmax(3)
        read = (alpha.to(stacked.dtype) * _by_scale(stacked, len(scales))).sum(3).permute(0, 3, 1, 2)
        return functional.silu(self.out[task](read)), alpha.permute(0, 3, 4, 1, 2)


def _by_scale(x: Tensor, scales: int) -> Tensor:
    """``(B, S·C, h, w) → (B, h, w, S, C)``."""
    return x.permute(0, 2, 3, 1).unflatten(3, (scales, -1))


class PatchGate(Selector):
    """E6: decodes by itself, on a detached encoder.

    Attributes
    ----------
    detaches_encoder : bool
        No gradient passes: encoder, attention and injected boundary priors must have been trained before
        (band-MAE, another selector).  Off by ``selector_options.detach_encoder``.
    """

    decodes = True
    detaches_encoder = True

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.detaches_encoder = config.selector_options.detach_encoder
        channels = dict(zip(SCALES, config.channels, strict=True))
        coarser = {scale: c for scale, c in channels.items() if scale != "f1"}
        self.fine = {task.name for task in config.tasks if task.fine}
        self.at = nn.ModuleDict({"f2": ScaleGate(coarser, {t.name: config.width(t, "f2") for t in config.tasks})})
        if self.fine:
            self.at["f1"] = ScaleGate(channels, {t.name: config.width(t, "f1") for t in config.tasks if t.fine})

    def forward(self, features: dict[str, Tensor], task: str, context: WindowContext) -> dict[str, Tensor]:
        """``f2``, and ``f1`` of fine tasks in fine windows, as the task's heads read them."""
        features = {scale: x.detach() if self.detaches_encoder else x for scale, x in features.items()}
        decoded: dict[str, Tensor] = {}
        for scale in self.at:
            if scale in features and (scale == "f2" or task in self.fine):
                decoded[scale], alpha = self.at[scale](features, task)
                self._note(alpha, task, scale, context)
        return decoded

    def _note(self, alpha: Tensor, task: str, scale: str, context: WindowContext) -> None:
        if context.trace is None:
            return
        options = self.config.selector_options
        jumps = (alpha[:, 1:] - alpha[:, :-1]).abs().mean()
        context.trace.show(f"scale_gate/{task}/{scale}", alpha.mean(2))
        context.trace.penalty("scale_entropy", options.entropy * imbalance(alpha))
        context.trace.penalty("scale_smoothness", options.smoothness * jumps)
