"""The gate of a line: ``code → 512 → d``, in one of three forms, scaled to mean 1."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from napari_hicstruct.config.gating import Form, GateConfig
from napari_hicstruct.models.gating.code import LineCode

OPEN_SIGMOID = 0.5
"""A dimension of a sigmoid gate is open above this, before scaling."""
MIN_OPEN_SHARE_OF_MEAN = 1e-3
"""A dimension of a sparse gate is open above this share of the mean: bisection leaves crumbs where 0 is meant."""
_MIN_ALPHA, _MAX_ALPHA = 1.05, 2.0


@dataclass(slots=True)  # not frozen: Fabric passes through what goes in and out of a module
class GateOutput:
    """Gates of some lines.

    Attributes
    ----------
    gate : Tensor, shape (lines, d)
        Mean 1 over the dimensions: a signal keeps its size.
    raw : Tensor, shape (lines, d)
        Before scaling: in [0, 1]; of the sparse forms it sums to 1.
    code : Tensor, shape (lines, code)
    is_open : Tensor of bool, shape (lines, d)
    """

    gate: Tensor
    raw: Tensor
    code: Tensor
    is_open: Tensor

    @property
    def share_open(self) -> Tensor:
        """Share of open dimensions of each line, shape (lines,)."""
        return self.is_open.float().mean(1)


def sparse_distribution(logits: Tensor, form: Form, alpha: Tensor | float) -> Tensor:
    """Sparsemax (Martins & Astudillo 2016) or α-entmax (Peters, Niculae & Martins 2019) over the last axis.

    Entmax by bisection, which also gives the gradient of α.
    """
    from entmax import entmax_bisect, sparsemax

    if form == "sparsemax":
        return sparsemax(logits, dim=-1)
    return entmax_bisect(logits, alpha, dim=-1, n_iter=30)


def start_scale(form: Form, dims: int, alpha: float, share: float) -> float:
    """Factor of standard normal logits at which a sparse gate opens ``share`` of its dimensions.

    Sums are 1, so that with the factor 1 a gate of 768 dimensions would open a handful; it is found by bisection.
    """
    from statistics import NormalDist

    places = [NormalDist().inv_cdf((k + 0.5) / dims) for k in range(dims)]
    logits = torch.tensor(places, dtype=torch.float64)
    low, high = 1e-6, 1e3
    for _ in range(60):
        middle = math.sqrt(low * high)
        found = sparse_distribution(logits * middle, form, alpha)
        if float((found > MIN_OPEN_SHARE_OF_MEAN / dims).double().mean()) > share:
            low = middle
        else:
            high = middle
    return math.sqrt(low * high)


class FeatureGate(nn.Module):
    """``code → 512 → d → form``, scaled to mean 1.

    Logits are standardised over the dimensions and multiplied by a learnt factor, which starts where
    ``config.start_open`` of them are open: what a gate learns is an order of features and how many of them count.

    Sparse forms have no gradient where they are 0: a feature that all lines shut early, because another one learnt
    first, would stay shut for good.  So a share ``config.leak`` of softmax's gradient is added; values stay exactly
    what they were.
    """

    def __init__(self, config: GateConfig, dims: int) -> None:
        super().__init__()
        self.form: Form = config.form
        self.leak = config.leak
        self.net = nn.Sequential(
            nn.Linear(config.code, config.gate_hidden), nn.GELU(), nn.Linear(config.gate_hidden, dims)
        )
        self.norm = nn.LayerNorm(dims, elementwise_affine=False)
        self.offset = nn.Parameter(torch.zeros(1))
        scale = 2.0 if config.form == "sigmoid" else start_scale(config.form, dims, config.alpha, config.start_open)
        self.log_scale = nn.Parameter(torch.tensor([math.log(scale)]))
        part = (config.alpha - _MIN_ALPHA) / (_MAX_ALPHA - _MIN_ALPHA)
        part = min(0.98, max(0.02, part))
        self.alpha_logit = nn.Parameter(
            torch.tensor([math.log(part / (1 - part))]), requires_grad=config.form == "entmax"
        )
        if config.form == "sigmoid":
            with torch.no_grad():
                self.offset.fill_(-2.0 * _normal_quantile(1 - config.start_open))

    @property
    def alpha(self) -> Tensor:
        """α of entmax, between softmax (1) and sparsemax (2); shape (1,)."""
        return _MIN_ALPHA + (_MAX_ALPHA - _MIN_ALPHA) * torch.sigmoid(self.alpha_logit)

    def logits(self, code: Tensor) -> Tensor:
        """Shape (lines, d): before the form; also what the control by an additive bias adds."""
        return self.norm(self.net(code)) * self.log_scale.exp() + self.offset

    def forward(self, code: Tensor) -> GateOutput:
        """Gates of codes ``(lines, code)``."""
        logits = self.logits(code)
        dims = logits.shape[1]
        if self.form == "sigmoid":
            raw = torch.sigmoid(logits)
            return GateOutput(raw / raw.mean(1, keepdim=True), raw, code, raw > OPEN_SIGMOID)
        raw = sparse_distribution(logits, self.form, self.alpha)
        if self.leak:
            soft = logits.softmax(dim=1)
            raw = raw + self.leak * (soft - soft.detach())  # adds 0, and a gradient to what is shut
        return GateOutput(raw * dims, raw, code, raw > MIN_OPEN_SHARE_OF_MEAN / dims)


class CellGate(nn.Module):
    """Code and gate in one: numbers or unlabelled samples of lines in, one factor for each feature out."""

    def __init__(self, config: GateConfig, dims: int) -> None:
        super().__init__()
        self.code = LineCode(config, dims)
        self.gate = FeatureGate(config, dims)

    def forward(self, features: Tensor | None = None, support: Tensor | None = None) -> GateOutput:
        """As :meth:`LineCode.forward`, then :meth:`FeatureGate.forward`."""
        found: GateOutput = self.gate(self.code(features, support))
        return found


def opened(gate: Tensor, share: float) -> Tensor:
    """The gate of a curriculum: 1 where ``share`` is 0, ``gate`` where it is 1."""
    return 1 + share * (gate - 1)


def _normal_quantile(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)


def open_matrix(gates: Tensor) -> np.ndarray:
    """Gates as an array for tables and pictures, shape (lines, d)."""
    return np.asarray(gates.detach().cpu().numpy(), np.float32)
