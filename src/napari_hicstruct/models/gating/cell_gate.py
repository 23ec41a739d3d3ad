"""Selector ``cell_gate``: a map's unlabelled windows say which of the encoder's features each decoder reads."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_hicstruct.config.gating import GateConfig
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import SCALES, WindowContext
from napari_hicstruct.models.gating.code import SupportPooling
from napari_hicstruct.models.gating.gate import FeatureGate
from napari_hicstruct.models.selector import Selector


class CellGateSelector(Selector):
    """One factor for each channel of each scale, task by task, from what a map looks like.

    Windows through the encoder → mean and spread of each channel → attention pooling → code → gate of mean 1.  How much
    of the gate is used is learnt, for each task and scale, from 0 on: a new one changes nothing at all, to the bit.
    Until :meth:`open` is called, features pass untouched.

    Attributes
    ----------
    factors : dict of str to dict of str to Tensor, shape (1, C, 1, 1)
        By task and scale; empty: the gate is not in use.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        own = config.cell_gate
        gate = GateConfig(code=own.code, gate_hidden=own.hidden, form=own.form, start_open=0.5, support=own.windows)
        self.constant = own.control == "none"
        self.tasks = [task.name for task in config.tasks]
        self.pooling = SupportPooling(2 * sum(config.channels[1:]), own.code)
        self.norm = nn.LayerNorm(own.code)
        self.gate = FeatureGate(gate, len(self.tasks) * sum(config.channels))
        self.amount = nn.Parameter(torch.zeros(len(self.tasks), len(SCALES)))
        self.factors: dict[str, dict[str, Tensor]] = {}

    def describe(self, features: dict[str, Tensor], windows: Tensor) -> Tensor:
        """Mean and standard deviation of every channel (f2 … f5) over valid pixels, ``(k, 2 · channels)``."""
        valid = windows[:, self.config.inputs.index("valid")][:, None]
        found = []
        for k, scale in enumerate(SCALES[1:]):
            known = functional.max_pool2d(valid, 2**k) if k else valid
            values, count = features[scale].float(), known.sum((2, 3)).clamp(min=1)
            mean = (values * known).sum((2, 3)) / count
            spread = ((values - mean[..., None, None]).square() * known).sum((2, 3)) / count
            found += [mean, (spread + 1e-6).sqrt()]
        return torch.cat(found, 1)

    def open(self, samples: Tensor) -> None:
        """Set the factors by the descriptions ``(k, ·)`` of a map's windows."""
        with torch.autocast(samples.device.type, enabled=False):
            if self.constant:
                samples = torch.zeros_like(samples[:1])
            gate = self.gate(self.norm(self.pooling(samples[None]))).gate[0]
            used = torch.tanh(self.amount)
            self.factors = {}
            for k, (task, part) in enumerate(zip(self.tasks, gate.chunk(len(self.tasks)), strict=True)):
                scales = zip(SCALES, part.split(list(self.config.channels)), used[k], strict=True)
                self.factors[task] = {name: (1 + share * (own - 1))[None, :, None, None] for name, own, share in scales}

    def forward(self, features: dict[str, Tensor], task: str, context: WindowContext) -> dict[str, Tensor]:
        """Features times the map's factors; untouched where none are set."""
        own = self.factors.get(task)
        if own is None:
            return features
        return {scale: value * own[scale].to(value.dtype) for scale, value in features.items()}
