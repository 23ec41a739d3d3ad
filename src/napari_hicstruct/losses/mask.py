"""Loss of mask heads: BCE, log-IoU, direction inside the mask, length reward, thinness, and two auxiliaries."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from napari_hicstruct.config.losses import MaskLossConfig
from napari_hicstruct.losses.cldice import cldice_loss
from napari_hicstruct.losses.hough import hough_loss
from napari_hicstruct.losses.labels import centre_line, smooth_labels

BASELINE = MaskLossConfig(length=0.0, thinness=0.0)
"""BCE 1.0 + log-IoU 0.5 + direction 0.2: what the first model was trained with."""


def log_iou(p: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """``-log((Σpt + 1) / (Σ(p + t - pt) + 1))`` over the batch; 0 where both are empty.

    Parameters
    ----------
    p, target, known : Tensor, shape (B, H, W)
    """
    both = (p * target * known).sum()
    either = ((p + target - p * target) * known).sum()
    return -torch.log((both + 1) / (either + 1))


def length_loss(p: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """``1 - Σ p_i p_{i+1} / n`` over the n pairs of neighbouring pixels in the true mask, along rows and columns.

    A link holds if both its pixels are found: one missed bin costs two links, so long runs are worth more than the
    same pixels in pieces.  0 where there is no stripe.

    Parameters
    ----------
    p, target, known : Tensor, shape (B, H, W)
    """
    inside = target * known
    links, held = p.new_zeros(()), p.new_zeros(())
    for axis in (1, 2):
        n = target.shape[axis] - 1
        pair = inside.narrow(axis, 0, n) * inside.narrow(axis, 1, n)
        links = links + pair.sum()
        held = held + (p.narrow(axis, 0, n) * p.narrow(axis, 1, n) * pair).sum()
    return (links - held) / links.clamp_min(1.0)


def thinness_loss(p: Tensor, target: Tensor, known: Tensor, *, width: int = 5) -> Tensor:
    """Share of the probability that survives erosion by ``width × width`` where the truth does not.

    Probability in a band thinner than ``width`` bins costs nothing, in whichever direction it runs.

    Parameters
    ----------
    p, target, known : Tensor, shape (B, H, W)
    width : int
        Odd, bins.
    """
    core, true_core = (-functional.max_pool2d(-x[:, None], width, 1, width // 2)[:, 0] for x in (p, target))
    return (core * known * (1 - true_core)).sum() / (p * known).sum().clamp_min(1.0)


def mask_loss(output: Tensor, mask: Tensor, along: Tensor, known: Tensor, options: MaskLossConfig = BASELINE) -> Tensor:
    """Loss of a mask head.

    Parameters
    ----------
    output : Tensor, shape (B, 2, H, W)
        Mask logit, logit of running along the row.
    mask, along, known : Tensor, shape (B, H, W)
        Truth 0/1, whether it runs along the row 0/1 inside it, and each pixel's weight (0 where nobody knows).
    options : MaskLossConfig
    """
    logit, direction = output[:, 0].float(), output[:, 1].float()
    p = torch.sigmoid(logit)
    inside = mask * known
    way = (functional.binary_cross_entropy_with_logits(direction, along, reduction="none") * inside).sum()
    if options.centre_line:
        mask = centre_line(mask, options.centre_line)
    # Stripes cover a few percent of the pixels: weight them up, or the first epochs learn emptiness only.
    weight = known * (1 + 4 * mask)
    labels = smooth_labels(mask, options.smoothing)
    bce = (functional.binary_cross_entropy_with_logits(logit, labels, reduction="none") * weight).sum()
    loss = options.bce * bce / weight.sum().clamp_min(1.0) + options.log_iou * log_iou(p, mask, known)
    loss = loss + options.direction * way / inside.sum().clamp_min(1.0)
    if options.length:
        loss = loss + options.length * length_loss(p, mask, known)
    if options.thinness:
        loss = loss + options.thinness * thinness_loss(p, mask, known, width=options.thin_width)
    if options.cldice:
        loss = loss + options.cldice * cldice_loss(p, mask, known, iterations=options.cldice_iterations)
    if options.hough:
        loss = loss + options.hough * hough_loss(p, mask, known, angles=options.hough_angles)
    return loss
