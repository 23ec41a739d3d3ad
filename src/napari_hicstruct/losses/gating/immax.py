"""IMMAX: logistic loss with a margin for each class, for rare positives.

Definition used.  Cortes, Mao, Mohri & Zhong 2025 ("Balancing the Scales: A Theoretical and Algorithmic Framework for
Learning from Imbalanced Data", ICML, PMLR 267:11255–11287; arXiv 2502.10381) define the class-imbalanced margin loss of
margins ρ₊, ρ₋ > 0: ``Φ(h(x)/ρ₊)`` for positives and ``Φ(−h(x)/ρ₋)`` for negatives, with the ramp ``Φ(u) = min(1,
max(0, 1 − u))``, and learn (algorithm IMMAX) with a convex bound Ψ ≥ Φ in its place.  Ours is the logistic bound,

    mean over the batch of  log₂(1 + exp(−y·h / ρ_y)),

in bits, so that it is an upper bound of the 0/1 loss.

Margins.  For hypotheses of one norm on samples of one radius the bound of the class-sensitive Rademacher complexity
grows as ``√(m₊/ρ₊² + m₋/ρ₋²) / m``.  With ρ₊ + ρ₋ fixed, its smallest value lies where ``m₊/ρ₊³ = m₋/ρ₋³``, hence

    ρ₊ : ρ₋ = m₊^(1/3) : m₋^(1/3)

(a class's count to the power ``exponent``; 0 gives equal margins and the plain logistic loss).  The rarer class has the
*smaller* ρ and so the steeper loss, 1/ρ.  (Margins of LDAM, Cao et al. 2019, are added to the score instead and grow
with rarity.)  Adaptive: counts are those of the training pairs, not of a batch; the mean of the two margins is 1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def class_margins(positives: int, negatives: int, *, exponent: float = 1 / 3) -> tuple[float, float]:
    """``(ρ₊, ρ₋)`` of counts, of mean 1.

    Raises
    ------
    ValueError
        If a class has no sample: there is nothing to separate.
    """
    if positives < 1 or negatives < 1:
        raise ValueError("both classes need samples")
    a, b = positives**exponent, negatives**exponent
    return 2 * a / (a + b), 2 * b / (a + b)


def immax(logits: Tensor, labels: Tensor, margins: tuple[float, float]) -> Tensor:
    """The mean loss of scores.

    Parameters
    ----------
    logits : Tensor, shape (n,)
        h(x): above 0 is a pair.
    labels : Tensor, shape (n,)
        1 or 0.
    margins : (ρ₊, ρ₋)
    """
    positive = labels > 0.5
    rho = torch.where(positive, logits.new_tensor(margins[0]), logits.new_tensor(margins[1]))
    signed = torch.where(positive, logits, -logits)
    return functional.softplus(-signed / rho).mean() / math.log(2)
