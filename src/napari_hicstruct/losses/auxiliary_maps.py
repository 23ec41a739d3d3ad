"""What a map looks like around each pixel: four maps that follow from the input, targets for ``padnet``.

With ``m(A)`` the mean of o/e over the valid pixels of a block A of r × r pixels, r = 4, that touches pixel (i, j) from
up-left, up-right, down-left or down-right (without the pixel's own row and column):

==============  =================================================================================================
insulation      ``(m(UL) + m(DR) − m(UR) − m(DL)) / 2``; on the diagonal: inside the two domains minus across
directionality  ``m(right) − m(left)``, r pixels of the row; on the diagonal: downstream minus upstream
cornerness      ``max(m(DL), m(UR)) − (m(UL) + m(DR) + min(m(DL), m(UR))) / 3``; a domain's corner, either triangle
stripeness      the largest of row and column: r pixels either way and the pixel, minus the same two pixels beside
==============  =================================================================================================

Values are in units of the channel ``oe``; 0 where nothing valid is in reach.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from napari_hicstruct.models.context import WindowContext

NAMES = ("insulation", "directionality", "cornerness", "stripeness")

REACH_BINS = 4
"""r, pixels of the scale."""

_SIDE = 2


def auxiliary_maps(x: Tensor, inputs: Sequence[str], factor: int) -> dict[str, Tensor]:
    """The four maps of a batch of windows.

    Parameters
    ----------
    x : Tensor, shape (B, C, H, W)
        Input channels.
    inputs : sequence of str
        Their names; ``oe``, or the first where there is none (pictures), and ``valid`` are read.
    factor : int
        Bins of ``x`` per bin of the maps (``context.factor(scale)``).

    Returns
    -------
    dict of str to Tensor, shape (B, 1, H / factor, W / factor)
    """
    first = "oe" if "oe" in inputs else inputs[0]
    oe, valid = (x[:, inputs.index(name)][:, None].float() for name in (first, "valid"))
    valid = functional.avg_pool2d(valid, factor)
    mean = _Means(functional.avg_pool2d(oe, factor), valid)  # oe is 0 where not valid
    up, down, at = (-REACH_BINS, -1), (1, REACH_BINS), (0, 0)
    ul, ur, dl, dr = mean(up, up), mean(up, down), mean(down, up), mean(down, down)
    line = (-REACH_BINS, REACH_BINS)
    row = mean(at, line) - (mean((-_SIDE, -_SIDE), line) + mean((_SIDE, _SIDE), line)) / 2
    column = mean(line, at) - (mean(line, (-_SIDE, -_SIDE)) + mean(line, (_SIDE, _SIDE))) / 2
    return {
        "insulation": (ul + dr - ur - dl) / 2,
        "directionality": mean(at, down) - mean(at, up),
        "cornerness": torch.maximum(dl, ur) - (ul + dr + torch.minimum(dl, ur)) / 3,
        "stripeness": torch.maximum(row, column),
    }


def auxiliary_map_losses(live: Mapping[str, Tensor], context: WindowContext) -> dict[str, Tensor]:
    """Mean Huber error (δ = 1) over valid pixels of what was predicted of the maps, by name and scale.

    Parameters
    ----------
    live : mapping of str to Tensor
        ``trace.live`` of one pass over the windows of ``context``: predictions are ``auxiliary/<name>/<scale>``.
    context : WindowContext

    Returns
    -------
    dict of str to Tensor
        Scalars, without their λ; empty where nothing was predicted.
    """
    losses: dict[str, Tensor] = {}
    for key, predicted in live.items():
        kind, _, rest = key.partition("/")
        if kind == "auxiliary":
            name, scale = rest.split("/")
            target = auxiliary_maps(context.x, context.inputs, context.factor(scale))[name]
            valid = context.pooled("valid", scale)
            error = functional.huber_loss(predicted.float(), target, reduction="none")
            losses[rest] = (error * valid).sum() / valid.sum().clamp_min(1.0)
    return losses


class _Means:
    """Means over blocks of pixels beside each pixel, valid ones only."""

    def __init__(self, value: Tensor, weight: Tensor) -> None:
        self.both = functional.pad(torch.cat([value, weight], 1), (REACH_BINS,) * 4)

    def __call__(self, rows: tuple[int, int], cols: tuple[int, int]) -> Tensor:
        """Block from ``rows[0]`` to ``rows[1]`` and ``cols[0]`` to ``cols[1]``, both inclusive, seen from the pixel."""
        size = (rows[1] - rows[0] + 1, cols[1] - cols[0] + 1)
        sums = functional.avg_pool2d(self.both, size, stride=1, divisor_override=1)
        height, width = (n - 2 * REACH_BINS for n in self.both.shape[2:])
        y, x = rows[0] + REACH_BINS, cols[0] + REACH_BINS
        total, weight = sums[:, :, y : y + height, x : x + width].split(1, 1)
        return total / weight.clamp_min(1e-6)
