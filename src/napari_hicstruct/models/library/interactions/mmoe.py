"""``mmoe``: at the coarse scales a bank of experts, of which every task takes its own mixture; then cross-stitch.

Source: Ma et al. 2018 (*Modeling task relationships in multi-task learning with multi-gate mixture-of-experts*).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import SCALES, WindowContext
from napari_hicstruct.models.library.interactions.cross_stitch import CrossStitch

BANKS = ("f3", "f4")


class Mmoe(CrossStitch):
    """``f_t = Σ_k g_tk ⊙ E_k(f)``, ``g_t = softmax(G_t ∗ f)`` per pixel, at f3 and f4; decoders as ``cross_stitch``.

    ``E_k(f) = ReLU(3×3 ∗ f)``: K experts for all tasks; ``G_t`` 1×1.  Only the stitches learn faster than the network.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        width = dict(zip(SCALES, config.channels, strict=True))
        self.experts = config.interaction_options.experts
        self.bank = nn.ModuleDict({s: nn.Conv2d(width[s], self.experts * width[s], 3, padding=1) for s in BANKS})
        self.gate = nn.ModuleDict(
            {f"{task.name}-{s}": nn.Conv2d(width[s], self.experts, 1) for task in config.tasks for s in BANKS}
        )

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        """Experts and gates like the network, stitches faster."""
        shared = [*self.bank.parameters(), *self.gate.parameters()]
        return [(1.0, shared), (self.learning_rate_scale, list(self.weight.parameters()))]

    def share(self, features: dict[str, Tensor], task: str, context: WindowContext) -> dict[str, Tensor]:
        """The task's mixture of experts at f3 and f4, other scales untouched."""
        out = dict(features)
        for scale in BANKS:
            gate = self.gate[f"{task}-{scale}"](features[scale]).float().softmax(1)
            if context.trace is not None:
                context.trace.show(f"gate/{task}/{scale}", gate)
                context.trace.show(f"expert_use/{task}/{scale}", gate.mean((2, 3)))
            said = self._said(scale, features[scale], context).unflatten(1, (self.experts, -1))
            out[scale] = (gate.to(said.dtype)[:, :, None] * said).sum(1)
        return out

    def _said(self, scale: str, x: Tensor, context: WindowContext) -> Tensor:
        """What the experts say of ``x``; worked out once where tasks read the same features."""
        memory = context.memory
        if memory.get(f"bank/{scale}/of") is not x:
            memory[f"bank/{scale}/of"], memory[f"bank/{scale}"] = x, torch.relu(self.bank[scale](x))
        return memory[f"bank/{scale}"]
