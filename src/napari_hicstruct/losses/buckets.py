"""Losses by distance of the anchors, so that gradients of near and far contacts can be kept apart."""

from __future__ import annotations

from torch import Tensor

EDGES = (200_000.0, 1_000_000.0)
"""bp; between near, middle and far."""

BUCKETS = ("<200kb", "200kb-1Mb", ">1Mb")


def distance_parts(distance: Tensor) -> dict[str, Tensor]:
    """0/1 masks by bucket, each shaped as ``distance`` (bp, ``(B, 1, H, W)``); every pixel is in exactly one."""
    low, high = EDGES
    parts = (distance < low, (distance >= low) & (distance < high), distance >= high)
    return {name: part.float() for name, part in zip(BUCKETS, parts, strict=True)}


def only(output: Tensor, part: Tensor) -> Tensor:
    """``output`` with gradients through ``part`` alone; its values are unchanged.

    A loss of ``only(output, part)`` is the whole loss, its gradient the part's share: over the parts of a partition the
    gradients sum to that of the plain loss exactly, also for losses that are no sum over pixels (log-IoU, Dice).

    Parameters
    ----------
    output : Tensor, shape (B, K, H, W)
    part : Tensor, shape (B, 1, H, W)
        0/1.
    """
    return output * part + output.detach() * (1 - part)
