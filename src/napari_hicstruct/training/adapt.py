"""What of a network learns in a fine-tuning: heads, decoders with heads, all, or small adapters in frozen weights."""

from __future__ import annotations

import types

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

HEADS = ("heads", "fine_heads")
DECODERS = (*HEADS, "decoders", "selector", "interaction", "tad_prior")
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class LowRank(nn.Module):
    """``W + B·A``: a change of low rank in a weight that stays as it is.

    Source: Hu et al. 2021 (LoRA), on a convolution's weight read as a matrix ``(out, in·k·k)``.
    """

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        matrix = weight.detach().flatten(1)
        rank = min(rank, *matrix.shape)
        self.down = nn.Parameter(torch.randn(rank, matrix.shape[1]) / matrix.shape[1] ** 0.5)
        self.up = nn.Parameter(torch.zeros(matrix.shape[0], rank))  # nothing changes at first

    def forward(self, weight: Tensor) -> Tensor:
        """The weight with its change."""
        return weight + (self.up @ self.down).view_as(weight)


def choose_trainable(net: nn.Module, what: str, *, rank: int = 4) -> None:
    """Freeze what shall not learn.

    Parameters
    ----------
    what : str
        ``heads``, ``decoders`` (and heads), ``all``, or ``adapters`` (low-rank changes of every convolution outside the
        heads, and the heads).
    rank : int
        Of the adapters.
    """
    if what != "all":
        learns = DECODERS if what == "decoders" else HEADS
        for name, parameter in net.named_parameters():
            parameter.requires_grad_(name.split(".")[0] in learns)
    keep_norms(net)  # last: some lie in decoders
    if what == "adapters":
        for name, module in list(net.named_modules()):
            if isinstance(module, nn.Conv2d | nn.Conv1d) and name.split(".")[0] not in HEADS:
                parametrize.register_parametrization(module, "weight", LowRank(module.weight, rank))


def merge_adapters(net: nn.Module) -> None:
    """Make the adapters' changes part of the weights: the network is an ordinary one again."""
    for module in list(net.modules()):
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight", leave_parametrized=True)


def keep_norms(net: nn.Module) -> None:
    """Batch norm keeps its statistics and weights for good, also after ``.train()``: a few windows would ruin them."""
    for module in net.modules():
        if isinstance(module, _NORMS):
            module.eval()
            module.train = types.MethodType(lambda self, mode=True: self, module)  # type: ignore[method-assign]
            for parameter in module.parameters():
                parameter.requires_grad_(False)
