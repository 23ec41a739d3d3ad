"""Enhancer and promoter in, the score of the pair in each line out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional

from napari_hicstruct.config.epi import EpiConfig
from napari_hicstruct.models.epi.encoder import SequenceEncoder
from napari_hicstruct.models.gating.gate import CellGate, GateOutput, opened


@dataclass(slots=True)  # not frozen: Fabric passes through what goes in and out of a module
class LineInputs:
    """What a batch's lines are described by; rows are lines.

    Attributes
    ----------
    features : Tensor, shape (lines, ≤ 64), optional
        Standardised numbers.
    support : Tensor of codes, shape (lines, k, length), optional
        Unlabelled sequences.
    identity : Tensor, shape (lines,), optional
        Index of the line in training, −1 where it is new: read by the control ``one_hot`` only.
    """

    features: Tensor | None = None
    support: Tensor | None = None
    identity: Tensor | None = None


@dataclass(slots=True)  # not frozen: Fabric passes through what goes in and out of a module
class PairOutput:
    """What the network says.

    Attributes
    ----------
    logits : Tensor, shape (n,)
    modulated : Tensor, shape (n, 2·d)
        Features of both sequences after the gate: what alignment compares.
    lines : GateOutput
        Gates by line, whole, whatever the curriculum lets through.
    line_logits : Tensor, shape (n, lines in training), optional
        The domain classifier's, of the control ``adversarial``.
    """

    logits: Tensor
    modulated: Tensor
    lines: GateOutput
    line_logits: Tensor | None = None


class _Reversed(Function):
    """Gradient reversal (Ganin & Lempitsky 2015)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        return -gradients[0]


class EvidenceLinear(nn.Module):
    """A linear layer none of whose weights is below 0: more of an input never gives less of an output."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.free = nn.Parameter(torch.randn(outputs, inputs) - 1)
        self.bias = nn.Parameter(torch.full((outputs,), -0.5))
        self.scale = inputs**-0.5

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, functional.softplus(self.free) * self.scale, self.bias)


def make_head(form: Literal["evidence", "free"], inputs: int, hidden: int) -> nn.Sequential:
    """Score of features of both sequences and of their product.

    ``evidence``: a feature that is open counts for a pair.  A ``free`` head can also open what counts against one, and
    shut it where it does not; it then predicts as well, and its gates show the reverse of what lines open (measured).
    """
    if form == "evidence":
        return nn.Sequential(EvidenceLinear(inputs, hidden), nn.LeakyReLU(0.1), EvidenceLinear(hidden, 1))
    return nn.Sequential(nn.Linear(inputs, hidden), nn.GELU(), nn.Linear(hidden, 1))


class EpiNet(nn.Module):
    """Shared encoder, gate of the line, head on both sequences and their product.

    Controls have the same modules and so the same size: ``none`` leaves every gate at 1 (a constant gate of a sparse
    form would shut most features for good, and be a control that cannot learn; measured), ``one_hot`` has the number
    of the line as its description, ``bias`` adds the gate's logits to the features instead of multiplying,
    ``adversarial`` is ungated and a classifier behind a reversed gradient takes the gate's place, of as many weights.

    Parameters
    ----------
    config : EpiConfig
    n_lines : int
        Lines in training.
    """

    def __init__(self, config: EpiConfig, n_lines: int) -> None:
        super().__init__()
        self.control = config.control
        self.size = config.gate.features
        dims = config.encoder.dims
        self.encoder = SequenceEncoder(config.encoder)
        cell = CellGate(config.gate, dims)
        self.cell = None if config.control == "adversarial" else cell
        self.drop = nn.Dropout(config.encoder.dropout)
        self.head = make_head(config.encoder.head_form, 3 * dims, config.encoder.head)
        self.domain = None
        if config.control == "adversarial":
            hidden = max(1, (sum(p.numel() for p in cell.parameters()) - n_lines) // (2 * dims + 1 + n_lines))
            self.domain = nn.Sequential(nn.Linear(2 * dims, hidden), nn.GELU(), nn.Linear(hidden, n_lines))

    def describe(self, inputs: LineInputs) -> GateOutput:
        """Codes and gates of lines."""
        n = next(len(x) for x in (inputs.features, inputs.support, inputs.identity) if x is not None)
        if self.cell is None or self.control == "none":
            ones = self.encoder.stem.weight.new_ones(n, self.encoder.features.out_channels)
            return GateOutput(ones, ones, ones, ones > 0)
        if self.control == "one_hot":
            assert inputs.identity is not None
            return self.cell(features=self._one_hot(inputs.identity))
        support = None if inputs.support is None else self.read_support(inputs.support)
        return self.cell(features=inputs.features, support=support)

    def read_support(self, codes: Tensor) -> Tensor:
        """Features of support sequences ``(lines, k, length) → (lines, k, d)``; no gradient reaches the encoder."""
        with torch.no_grad():
            found = self.encoder(codes.flatten(0, 1))
        return found.unflatten(0, codes.shape[:2])

    def _one_hot(self, identity: Tensor) -> Tensor:
        found = self.encoder.stem.weight.new_zeros(len(identity), self.size)
        known = identity >= 0
        found[known, identity[known] % self.size] = 1
        return found

    def modulate(self, features: Tensor, gates: GateOutput, of_line: Tensor, share: float) -> Tensor:
        """Features of sequences as their lines see them."""
        if self.cell is None or self.control == "none":
            return features
        if self.control == "bias":
            return features + share * self.cell.gate.logits(gates.code)[of_line]
        return features * opened(gates.gate, share)[of_line]

    def forward(
        self, enhancers: Tensor, promoters: Tensor, of_line: Tensor, inputs: LineInputs, share: float = 1.0
    ) -> PairOutput:
        """Scores of pairs.

        Parameters
        ----------
        enhancers, promoters : Tensor of codes, shape (n, length)
        of_line : Tensor, shape (n,)
            Row of ``inputs`` that a pair's line is.
        inputs : LineInputs
        share : float
            Of the curriculum: 0 reads all features alike.
        """
        gates = self.describe(inputs)
        read = self.encoder(torch.cat([enhancers, promoters])).chunk(2)
        first, second = (self.modulate(x, gates, of_line, share) for x in read)
        both = torch.cat([first, second], 1)
        logits = self.head(self.drop(torch.cat([both, first * second], 1))).squeeze(1)
        hidden = None if self.domain is None else self.domain(_Reversed.apply(both))
        return PairOutput(logits, both, gates, hidden)
