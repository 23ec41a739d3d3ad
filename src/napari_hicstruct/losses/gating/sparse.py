"""Few open dimensions: three forms, one of which teaches nothing under the sparse gates.

``raw`` of sparsemax and entmax sums to 1 whatever the logits are, so the gradient of ‖g‖₁ is 0
(``tests/unit/gating/test_gate_losses.py`` holds it).  Under a sigmoid it has a gradient, but the network reads the gate
scaled to mean 1: all values can shrink alike and the output stays what it was.  So the default counts what is scale
free: the share of dimensions that carry the gate.
"""

from __future__ import annotations

from torch import Tensor


def effective_share(raw: Tensor) -> Tensor:
    """Participation ratio ``(Σg)² / (d·Σg²)`` of each line in (0, 1]: the share of dimensions, if they were equal."""
    return raw.sum(1).square() / (raw.shape[1] * raw.square().sum(1)).clamp_min(1e-12)


def l1(raw: Tensor) -> Tensor:
    """Mean of |g|: a constant for sparsemax and entmax."""
    return raw.abs().mean()


def participation(raw: Tensor) -> Tensor:
    """Mean effective share: always asks for fewer."""
    return effective_share(raw).mean()


def outside_band(raw: Tensor, band: tuple[float, float], counted: Tensor | None = None) -> Tensor:
    """How far shares lie outside the wanted ones: 0 inside, so that the task decides there.

    Parameters
    ----------
    raw : Tensor, shape (lines, d)
    band : (float, float)
    counted : Tensor, shape (lines,), optional
        Shares of open dimensions as they are counted, which no gradient passes: their value is used, with the relative
        gradient of the effective share (entmax has long tails: 28 % effective were 49 % open).
    """
    share = effective_share(raw)
    if counted is not None:
        share = share * (counted / share.clamp_min(1e-12)).detach()
    return ((share - band[1]).clamp_min(0) + (band[0] - share).clamp_min(0)).mean()
