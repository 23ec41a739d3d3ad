"""Deep Hough auxiliary: masks compared after summing them along lines, where a stripe is one point.

Source: Zhao et al. 2021, "Deep Hough transform for semantic line detection", eq. 1–4:
``Y(θ, r) = Σ X(x, y)`` over the pixels with ``round(x cos θ + y sin θ) = r``, x and y from the centre.  Stripes lie
along rows and columns, so a few angles about 0° and 90° take the place of the paper's whole turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

_EPS = 1e-6


@lru_cache(maxsize=8)
def _lines(height: int, width: int, angles: tuple[float, ...]) -> tuple[Tensor, int]:
    """Line of every pixel by angle ``(A, H·W)``, and the number of lines per angle."""
    y, x = torch.arange(height) - height // 2, torch.arange(width) - width // 2
    theta = torch.deg2rad(torch.tensor(angles, dtype=torch.float64))[:, None, None]
    r = torch.round(x * torch.cos(theta) + y[:, None] * torch.sin(theta)).long()
    half = (height + 1) // 2 + (width + 1) // 2
    return (r + half).flatten(1), 2 * half + 1


def hough(x: Tensor, angles: Sequence[float]) -> Tensor:
    """Sums along lines, ``(B, H, W) → (B, A, R)``.

    Parameters
    ----------
    angles : sequence of float
        Degrees of the lines' normals: 0 sums columns, 90 sums rows.
    """
    index, n_lines = _lines(*x.shape[-2:], tuple(angles))
    index = index.to(x.device)
    out = x.new_zeros(len(x), len(index), n_lines)
    return out.scatter_add(2, index.expand(len(x), -1, -1), x.flatten(1)[:, None].expand(-1, len(index), -1))


def hough_loss(p: Tensor, target: Tensor, known: Tensor, *, angles: Sequence[float] = (0.0,)) -> Tensor:
    """Divergence of the shares of each line that are stripe: ``Σ n·KL(t̄ ‖ p̄) / Σ n`` over lines of n known pixels.

    ``p̄`` and ``t̄`` are means along the line, KL that of two coins; 0 where they are equal.

    Parameters
    ----------
    p, target, known : Tensor, shape (B, H, W)
    angles : sequence of float
        Degrees off columns and off rows.
    """
    both = [angle + turn for turn in (0.0, 90.0) for angle in angles]
    n = hough(known, both)
    mean_p, mean_t = (hough(x * known, both) / n.clamp_min(_EPS) for x in (p, target))
    mean_p, mean_t = mean_p.clamp(_EPS, 1 - _EPS), mean_t.clamp(_EPS, 1 - _EPS)
    kl = mean_t * torch.log(mean_t / mean_p) + (1 - mean_t) * torch.log((1 - mean_t) / (1 - mean_p))
    return (n * kl).sum() / n.sum().clamp_min(1.0)
