"""Loss of signed-distance heads: L1, and by choice the eikonal equation of distances.

Sources: regression of truncated distances as in Audebert et al. 2019; the eikonal term is that of Gropp et al. 2020
(implicit geometric regularisation), here by central differences and near borders only, for beyond the truncation the
distance is flat.
"""

from __future__ import annotations

from torch import Tensor

from napari_hicstruct.config.segmentation import SegmentationLossConfig


def distance_l1(value: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """Mean absolute error over known pixels, all ``(B, 1, H, W)``."""
    return ((value.float() - target).abs() * known).sum() / known.sum().clamp_min(1.0)


def eikonal(value: Tensor, target: Tensor, known: Tensor, truncate: float) -> Tensor:
    """Mean ``| |∇φ| − 1 |``, φ in pixels, over known pixels where the true distance is not truncated.

    Parameters
    ----------
    value, target, known : Tensor, shape (B, 1, H, W)
        Distances over ``truncate``, in [-1, 1].
    truncate : float
        Pixels of this resolution.
    """
    phi = value.float() * truncate
    along_y = (phi[..., 2:, 1:-1] - phi[..., :-2, 1:-1]) / 2
    along_x = (phi[..., 1:-1, 2:] - phi[..., 1:-1, :-2]) / 2
    slope = (along_y.square() + along_x.square() + 1e-8).sqrt()
    inner = (slice(None), slice(None), slice(1, -1), slice(1, -1))
    # one pixel short of the truncation, where the differences already meet the flat part
    near = (target[inner].abs() < 1 - 1.5 / truncate).float() * known[inner]
    return ((slope - 1).abs() * near).sum() / near.sum().clamp_min(1.0)


def distance_loss(
    value: Tensor, target: Tensor, known: Tensor, truncate: float, options: SegmentationLossConfig
) -> Tensor:
    """``λ · L1 + λ_eikonal · eikonal``; shapes as in :func:`eikonal`."""
    loss = options.distance * distance_l1(value, target, known)
    if options.eikonal:
        loss = loss + options.eikonal * eikonal(value, target, known, truncate)
    return loss
