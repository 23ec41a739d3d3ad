"""Tasks that should agree: loops at boundary corners, stripes along boundaries, symmetry, fine with coarse.

Every loss here teaches one side only; the other is detached.  Boundary probability comes in detached or is detached
here, so boundaries are not bent towards loops or stripes, but by :func:`anchor_loss`, which is for unlabelled bins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from napari_hicstruct.config.losses import ConsistencyConfig
from napari_hicstruct.models.tad_prior import band_mask, corner_mask

_MIN_PIXELS = 1.0
"""pixels; windows whose mask sums to less hold no boundary, or nothing else, and are left out."""

STRIPE = 10
"""Pixels along a row that make a stripe of it."""

MIN_DOMAIN_BP = 100_000.0
"""bp; closer than this to the diagonal two boundaries enclose no domain, and their corner is no corner."""


def _contrast(p: Tensor, mask: Tensor, known: Tensor, margin: float) -> Tensor:
    """``max(0, mean p off the mask - mean p on it + margin)`` per window, mean over windows that have both."""
    on, off = mask * known, (1 - mask) * known
    n_on, n_off = on.sum((1, 2)), off.sum((1, 2))
    gap = (p * off).sum((1, 2)) / n_off.clamp_min(_MIN_PIXELS) - (p * on).sum((1, 2)) / n_on.clamp_min(_MIN_PIXELS)
    seen = ((n_on >= _MIN_PIXELS) & (n_off >= _MIN_PIXELS)).float()
    return (functional.relu(gap + margin) * seen).sum() / seen.sum().clamp_min(1.0)


def corner_loss(p: Tensor, rows: Tensor, cols: Tensor, known: Tensor, *, margin: float = 0.05) -> Tensor:
    """``max(0, mean H off corners - mean H on corners + m)``, corners weighted ``p_i · p_j``.

    Parameters
    ----------
    p, known : Tensor, shape (B, H, W)
        Point probability; weight of each pixel (0 also where a corner is no loop, near the diagonal).
    rows, cols : Tensor, shape (B, H) and (B, W)
        Boundary probability of the window's rows and columns, at the bins of ``p``; detached here.
    margin : float
    """
    return _contrast(p, corner_mask(rows, cols).detach()[:, 0], known, margin)


def edge_loss(p: Tensor, rows: Tensor, cols: Tensor, known: Tensor, *, margin: float = 0.05) -> Tensor:
    """``max(0, mean p outside boundary bands - mean p inside + m)``, bands weighted ``max(p_i, p_j)``.

    Parameters
    ----------
    p, known : Tensor, shape (B, H, W)
        Mask probability; weight of each pixel.
    rows, cols : Tensor, shape (B, H) and (B, W)
        Boundary probability, detached here.
    margin : float
    """
    return _contrast(p, band_mask(rows, cols).detach()[:, 0], known, margin)


def symmetry_loss(p: Tensor, on_diagonal: Tensor, known: Tensor) -> Tensor:
    """Mean ``|p - pᵀ|`` over windows on the diagonal, the transposed side detached; 0 where there is none.

    Parameters
    ----------
    p, known : Tensor, shape (B, H, H)
    on_diagonal : Tensor, shape (B,)
        1 where the window's rows and columns are the same bins.
    """
    weight = known * known.transpose(1, 2) * on_diagonal[:, None, None]
    return ((p - p.detach().transpose(1, 2)).abs() * weight).sum() / weight.sum().clamp_min(1.0)


def block_loss(fine: Tensor, coarse: Tensor, known: Tensor, *, teacher: str = "fine") -> Tensor:
    """Fine and coarse point probability of the same bins: a coarse pixel is the maximum of its 2×2 block.

    ``teacher="fine"``: mean ``|p_coarse - maxpool(p_fine)|``, the fine side detached.
    ``teacher="coarse"``: mean ``max(0, p_fine - repeat(p_coarse))``, the coarse side detached: no fine pixel may exceed
    its block.  Nothing is interpolated.

    Parameters
    ----------
    fine : Tensor, shape (B, 2H, 2W)
    coarse, known : Tensor, shape (B, H, W)
    """
    if teacher == "fine":
        gap = (coarse - functional.max_pool2d(fine.detach()[:, None], 2)[:, 0]).abs()
    else:
        blocks = coarse.detach().repeat_interleave(2, 1).repeat_interleave(2, 2)
        gap = functional.avg_pool2d(functional.relu(fine - blocks)[:, None], 2)[:, 0]
    return (gap * known).sum() / known.sum().clamp_min(1.0)


def pair_loss(fine: Tensor, coarse: Tensor, known: Tensor) -> Tensor:
    """A fine and a coarse window over one place: both directions of :func:`block_loss`, summed."""
    return sum(
        (block_loss(fine, coarse, known, teacher=teacher) for teacher in ("fine", "coarse")), known.new_zeros(())
    )


def anchor_evidence(point: Tensor, far: Tensor) -> Tensor:
    """How likely each bin anchors a loop: the most likely pixel of its row or column, ``(H, H) → (H,)``.

    Parameters
    ----------
    point : Tensor, shape (H, H)
        Point probability of a window on the diagonal.
    far : Tensor, shape (H, H)
        1 at pixels that count: of known bins, and not next to the diagonal.
    """
    seen = point.detach() * far
    return torch.maximum(seen.amax(0), seen.amax(1))


def stripe_evidence(mask: Tensor, along: Tensor, far: Tensor) -> Tensor:
    """How likely each bin anchors a stripe: the mean of the ``STRIPE`` likeliest pixels that run along it, ``(H,)``.

    Parameters
    ----------
    mask, along : Tensor, shape (H, H)
        Probability of a stripe, and that it runs along the window's row.
    far : Tensor, shape (H, H)
        See :func:`anchor_evidence`.
    """
    seen = mask.detach() * far
    rows, cols = seen * along.detach(), (seen * (1 - along.detach())).T
    return torch.maximum(*(part.topk(min(STRIPE, len(part)), 1).values.mean(1) for part in (rows, cols)))


def anchor_loss(boundary: Tensor, evidence: Tensor, unlabelled: Tensor, *, margin: float = 0.05) -> Tensor:
    """``max(0, mean p off anchors - mean p on them + m)``: what anchors loops and stripes is a boundary more often.

    A boundary may be a bin beside its anchor: evidence reaches one bin to either side.  0 without unlabelled bins.

    Parameters
    ----------
    boundary, evidence, unlabelled : Tensor, shape (L,)
        Boundary probability, which learns; evidence of anchors, detached here; 1 where nobody labelled boundaries.
    margin : float
    """
    near = functional.max_pool1d(evidence.detach()[None], 3, stride=1, padding=1)
    return _contrast(boundary[None, None], near[None], unlabelled[None, None], margin)


def on_diagonal(distance: Tensor) -> Tensor:
    """Which windows lie on the diagonal: ``(B, 1, H, H)`` distances in bp → ``(B,)`` 0/1."""
    return (torch.diagonal(distance[:, 0], dim1=1, dim2=2) < 1).all(1).float()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What consistency needs to know of a batch of windows.

    Attributes
    ----------
    rows, cols : Tensor, shape (B, H) and (B, W), or None
        Boundary probability at the bins of the window; None where no boundaries are predicted.
    distance : Tensor, shape (B, 1, H, W)
        bp.
    known : Tensor, shape (B, H, W)
        Weight of each pixel.
    """

    rows: Tensor | None
    cols: Tensor | None
    distance: Tensor
    known: Tensor


def window_consistency(
    points: Mapping[str, Tensor], masks: Mapping[str, Tensor], around: Surroundings, options: ConsistencyConfig
) -> dict[str, Tensor]:
    """Weighted corner, edge and symmetry losses by ``<loss>/<task>``; what has weight 0 is not computed.

    Parameters
    ----------
    points, masks : mapping of str to Tensor, shape (B, K, H, W)
        Outputs of point and mask heads by task; the first channel is the logit.
    around : Surroundings
    options : ConsistencyConfig
    """
    p = {name: torch.sigmoid(output[:, 0].float()) for name, output in {**points, **masks}.items()}
    terms: dict[str, Tensor] = {}
    if around.rows is not None and around.cols is not None:
        far = around.known * (around.distance[:, 0] >= MIN_DOMAIN_BP)
        for kind, loss, names in (("corner", corner_loss, points), ("edge", edge_loss, masks)):
            if weight := getattr(options, kind):
                for name in names:
                    value = loss(p[name], around.rows, around.cols, far, margin=options.margin)
                    terms[f"{kind}/{name}"] = weight * value
    if options.symmetry:
        diagonal = on_diagonal(around.distance)
        terms |= {f"symmetry/{n}": options.symmetry * symmetry_loss(p[n], diagonal, around.known) for n in p}
    return terms
