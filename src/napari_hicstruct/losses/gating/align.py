"""Alignment: samples of one label have the same modulated features in every line."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def directions(features: Tensor) -> Tensor:
    """Features as directions from the batch's mean, of length 1; shape (n, d).

    Without the length, shrinking features would be the easiest way to agree.  Without the mean, a common offset would:
    features behind a ReLU are positive, and all of them soon point one way (measured: cosines of .98 after 100
    steps, and the task is not learnt).
    """
    return functional.normalize(features - features.mean(0, keepdim=True), dim=1)


def mean_square_alignment(features: Tensor, labels: Tensor, lines: Tensor) -> Tensor:
    """Mean squared distance of the mean directions of two lines, over labels and pairs of lines: 0 … 4.

    0 where no label is in two lines.

    Parameters
    ----------
    features : Tensor, shape (n, d)
    labels, lines : Tensor, shape (n,)
    """
    units = directions(features)
    found = []
    for label in labels.unique():
        of = labels == label
        means = [units[of & (lines == line)].mean(0) for line in lines[of].unique()]
        if len(means) > 1:
            found.append(torch.pdist(torch.stack(means)).square().mean())
    return torch.stack(found).mean() if found else features.sum() * 0


def contrastive_alignment(features: Tensor, labels: Tensor, lines: Tensor, *, temperature: float = 0.1) -> Tensor:
    """Supervised contrastive loss across lines: positives are samples of one label in other lines.

    For an anchor i, ``−mean over p of log(exp(s_ip/τ) / Σ_a exp(s_ia/τ))`` in units of ``log n``, s the cosine of
    directions, p of the same label in another line, a every p and every sample of another label (in any line); 0 where
    there is no such pair.  Chance is 1.

    References
    ----------
    Khosla et al. 2020, Supervised Contrastive Learning (eq. 2), with positives from other lines only.
    """
    units = directions(features)
    scores = units @ units.T / temperature
    alike = labels[:, None] == labels[None]
    positives = alike & (lines[:, None] != lines[None])
    others = positives | ~alike
    anchors = positives.any(1) & (~alike).any(1)
    if not bool(anchors.any()):
        return features.sum() * 0
    total = scores.masked_fill(~others, -torch.inf).logsumexp(1, keepdim=True)
    shares = (total - scores).masked_fill(~positives, 0).sum(1) / positives.sum(1).clamp_min(1)
    # of all that an anchor is compared with; the task's loss is in bits of two classes, this one of hundreds
    return shares[anchors].mean() / others.sum(1)[anchors].float().log().mean()
