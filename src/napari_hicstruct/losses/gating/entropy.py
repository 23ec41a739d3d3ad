"""Entropy of a gate as a distribution over dimensions, in [0, 1]; which sign helps is measured, not assumed."""

from __future__ import annotations

import math
from typing import Literal

from torch import Tensor


def gate_entropy(raw: Tensor) -> Tensor:
    """``−Σ p log p / log d`` of ``p = g / Σg``, mean over lines: 1 all open alike, 0 one dimension open."""
    share = raw / raw.sum(1, keepdim=True).clamp_min(1e-12)
    return -(share * (share + 1e-12).log()).sum(1).mean() / math.log(raw.shape[1])


def entropy_sign(
    wanted: Literal["measured", "open", "close"], share_open: float, band: tuple[float, float]
) -> Literal[-1, 0, 1]:
    """Sign of the entropy in a loss that is made small.

    Parameters
    ----------
    wanted : {"measured", "open", "close"}
        ``open``: −1, entropy is rewarded and the gate opens.  ``close``: +1.  ``measured``: by the share that is open:
        above the band +1, below −1, inside 0.  A fixed sign runs into one of the two collapses if its weight is raised:
        ``open`` to all open, ``close`` to one open dimension.
    share_open : float
        As measured last.
    band : (float, float)
        Wanted share.
    """
    if wanted != "measured":
        return -1 if wanted == "open" else 1
    return 1 if share_open > band[1] else -1 if share_open < band[0] else 0
