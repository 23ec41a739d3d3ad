"""Losses of the fusion of two contact maps; docs/fusion.md has the equations.

All are of what is expected by distance, so that far pixels, which hold few contacts, count as near ones do.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

FLOOR = 0.02
"""Added to a fused value, in expected contacts: a pixel without counts is no proof that there never are any."""

Pair = tuple[Tensor, Tensor]


def likelihood(fused: Tensor, counts: Pair, shares: Pair, expected: Tensor, known: Pair) -> Tensor:
    """Poisson: minus the log likelihood of both maps' counts under the fused expectation, over what is expected.

    −Σ_X (X log(s_X f) − s_X f) / E, but for the part that f does not change, per known pixel.

    Parameters
    ----------
    fused : Tensor
        ``(B, 1, H, W)``: contacts of both maps together, f.
    counts : pair of Tensor
        Of A and B.  Others than were fused, else the sum is the answer: a second draw, or a third part of the reads.
    shares : pair of Tensor
        Known depths: which part of f each map's counts are of.
    expected : Tensor
        Contacts of both by distance, E.
    known : pair of Tensor
        1 where a map's counts are what they should be.
    """
    # 3 × 3: a single pixel's f is itself a count, and 0 as often as not
    f = smooth3(fused) + FLOOR * expected
    total = fused.new_zeros(())
    weight = fused.new_zeros(())
    for count, share, right in zip(counts, shares, known, strict=True):
        said = share * f
        term = (said - count * torch.log(said / (share * expected))) / expected
        total = total + (term * right).sum()
        weight = weight + right.sum()
    return total / weight.clamp(min=1)


def divergence(fused: Tensor, truth: Tensor, expected: Tensor, inside: Tensor) -> Tensor:
    """Poisson deviance of expected contacts that are known (simulated maps), over what is expected by distance."""
    f = fused + FLOOR * expected
    t = truth + FLOOR * expected
    term = (t * torch.log(t / f) - (t - f)) / expected
    return (term * inside).sum() / inside.sum().clamp(min=1)


def detail(fused: Tensor, target: Tensor, expected: Tensor, inside: Tensor) -> Tensor:
    """L1 of the Laplacians of log O/E: edges of loops, stripes and domains, whatever the distance."""
    found, wanted = (laplacian(log_ratio(one, expected)) for one in (fused, target))
    return ((found - wanted).abs() * inside).sum() / inside.sum().clamp(min=1)


def consistency(fused: Tensor, blend: Tensor, expected: Tensor, inside: Tensor) -> Tensor:
    """Bins of 5 kb summed 2 × 2 are the bins of 10 kb: L1 of fused and blended sums, over what is expected there.

    ``H`` and ``W`` are even, and the first row and column begin a block.
    """
    f, b, e, w = (4 * functional.avg_pool2d(one, 2) for one in (fused, blend, expected, inside))
    whole = (w > 3.5).to(fused.dtype)
    return (((f - b).abs() / e) * whole).sum() / whole.sum().clamp(min=1)


def variation(mask: Tensor, share: Tensor) -> Tensor:
    """TV of what the mask says against the share of contacts."""
    m = mask - share
    return (m[..., 1:, :] - m[..., :-1, :]).abs().mean() + (m[..., 1:] - m[..., :-1]).abs().mean()


def who_is_right(logit: Tensor, share: Tensor, wrong: Pair, inside: Tensor) -> Tensor:
    """Cross-entropy of the mask with the truth of a pair with known faults: 0 where A is wrong, 1 where B is, else s.

    Faulty pixels are few: they weigh as much as all others together.
    """
    wrong_a, wrong_b = wrong
    target = torch.where(wrong_a > 0, 0.0, torch.where(wrong_b > 0, 1.0, share))
    bad = ((wrong_a > 0) | (wrong_b > 0)).to(share.dtype) * inside
    good = inside - bad
    term = functional.binary_cross_entropy_with_logits(logit, target, reduction="none")
    entropy = functional.binary_cross_entropy(share, share, reduction="none")  # what s against itself costs
    on_bad = (term * bad).sum() / bad.sum().clamp(min=1)
    on_good = ((term - entropy) * good).sum() / good.sum().clamp(min=1)
    return on_bad * (bad.sum() > 0) + on_good


def log_ratio(values: Tensor, expected: Tensor) -> Tensor:
    """Log O/E, damped where little is expected."""
    return torch.log((values + FLOOR * expected) / expected)


def smooth3(values: Tensor) -> Tensor:
    """Mean of 3 × 3."""
    return functional.avg_pool2d(values, 3, stride=1, padding=1, count_include_pad=False)


def laplacian(values: Tensor) -> Tensor:
    """Of the four neighbours; borders repeat."""
    kernel = values.new_tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])[None, None]
    return functional.conv2d(functional.pad(values, (1, 1, 1, 1), mode="replicate"), kernel)
