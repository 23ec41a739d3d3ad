"""Loss of boundary heads without any boundary label (docs/adr/0015)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from napari_hicstruct.config.weak import WeakConfig


def structure_loss(p: Tensor, structure: Tensor, known: Tensor, *, margin: float = 0.05) -> Tensor:
    """``Σ p · max(0, μ_LR − (μ_LL + μ_RR)/2 + m) / Σ p``: boundaries stand where the cross block is emptier.

    Parameters
    ----------
    p, structure, known : Tensor, shape (B, L)
        ``structure`` is ``μ_LR − (μ_LL + μ_RR)/2`` of log2 O/E.
    """
    weight = p * known
    return (weight * functional.relu(structure + margin)).sum() / weight.sum().clamp_min(1.0)


def spacing_loss(p: Tensor, known: Tensor, *, bins: int = 4) -> Tensor:
    """Mean product of the probabilities of two different peaks fewer than ``bins`` apart (``B, L``)."""
    peaks = p * known * (p >= functional.max_pool1d(p[:, None], 3, 1, 1)[:, 0]).float()
    pairs = [(peaks[:, d:] * peaks[:, :-d]).sum() for d in range(2, bins)]
    return torch.stack([peaks.sum() * 0, *pairs]).sum() / peaks.sum().detach().clamp_min(1.0)


def sure_peaks(p: Tensor, known: Tensor, *, sure: tuple[float, float]) -> tuple[Tensor, Tensor]:
    """Own labels for self-training: 1 at peaks above the upper limit, 0 below the lower; and where either holds."""
    p = p.detach()
    peak = (p >= functional.max_pool1d(p[:, None], 5, 1, 2)[:, 0]) & (p > sure[1])
    return peak.float(), (peak | (p < sure[0])).float() * known


def _bce(logit: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """BCE on soft labels, boundaries × 5; wrong peaks (sure of what no label shows) count twice: hard negatives."""
    hard = ((torch.sigmoid(logit.detach()) > 0.5) & (target < 0.05)).float()
    weight = known * (1 + 4 * target + hard)
    loss = functional.binary_cross_entropy_with_logits(logit, target, reduction="none") * weight
    return loss.sum() / weight.sum().clamp_min(1.0)


def weak_loss(logit: Tensor, strip: dict[str, Tensor], config: WeakConfig) -> Tensor:
    """Insulation + directionality + structure + sparsity + spacing, then self-training on own sure peaks.

    Parameters
    ----------
    logit : Tensor, shape (B, L)
    strip : dict of Tensor
        ``weak_insulation``, ``weak_direction``, ``weak_structure``, ``known`` (B, L) and ``progress`` (B,): the share
        of the run that is done.  Over ``config.ramp`` insulation and directionality fall to a half, structure doubles.
    """
    logit, known = logit.float(), strip["known"]
    p = torch.sigmoid(logit)
    done = float(strip["progress"].mean())
    low, high = config.ramp
    part = min(1.0, max(0.0, (done - low) / max(high - low, 1e-6)))
    labels = config.insulation * _bce(logit, strip["weak_insulation"], known)
    labels = labels + config.direction * _bce(logit, strip["weak_direction"], known)
    total = (1 - 0.5 * part) * labels
    total = total + config.structure * (1 + part) * structure_loss(
        p, strip["weak_structure"], known, margin=config.margin
    )
    total = total + config.sparsity * (p * known).sum() / known.sum().clamp_min(1.0)
    total = total + config.spacing * spacing_loss(p, known, bins=config.spacing_bins)
    if config.self_training and done >= high:
        target, trusted = sure_peaks(p, known, sure=config.sure)
        total = total + config.self_training * _bce(logit, target, trusted)
    return total
