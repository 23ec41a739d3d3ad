"""The boundary prior in training: inputs of its network, its probabilities for each window, and its loss."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.channels import chromosome_channels, strip_channels
from napari_hicstruct.losses.boundary import boundary_loss
from napari_hicstruct.models.context import BoundaryPrior
from napari_hicstruct.models.network import MultiTaskNet

Arrays = dict[str, NDArray[np.float32]]


def window_prior_inputs(
    band: Band, corner: tuple[int, int], size: int, config: ModelConfig, tracks: NDArray[np.float32] | None = None
) -> Arrays:
    """What the boundary-prior network reads for a window of ``size`` coarse bins; empty where the network has none.

    ``band`` kind: strips around the window's rows and columns.  ``chromosome``: the whole chromosome, and the window's
    bins in it.  ``tracks`` are the band's, where the network reads any.
    """
    prior, n = config.boundary_prior, config.windows.strip_diagonals
    if prior.kind == "none":
        return {}
    if prior.kind == "chromosome":
        factor = prior.resolution // config.coarse_resolution
        bins = [np.arange(first, first + size, dtype=np.float32) for first in corner]
        whole = chromosome_channels(band, factor, n, config.inputs, tracks)
        return {"prior_map": whole, "prior_rows": bins[0], "prior_cols": bins[1]}
    length = size + 2 * prior.pad
    rows, cols = (strip_channels(band, first - prior.pad, length, n, config.inputs, tracks) for first in corner)
    return {"prior_rows": rows, "prior_cols": cols}


def strip_prior_inputs(
    band: Band, first: int, length: int, config: ModelConfig, tracks: NDArray[np.float32] | None = None
) -> Arrays:
    """The same for a strip of tiles whose own bins are ``first … first + length``."""
    margin = config.windows.coarse_margin
    around = window_prior_inputs(band, (first - margin,) * 2, length + 2 * margin, config, tracks)
    if "prior_map" in around:
        return {"prior": around["prior_map"], "prior_first": np.array(first, np.float32)}
    return {"prior": around["prior_rows"]} if around else {}


def _probability(net: MultiTaskNet, strip: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.sigmoid(net.prior_logits(strip).float())


def _take(values: Tensor, bins: Tensor) -> Tensor:
    """``(B, L)`` at bins ``(B, n)``; 0 outside."""
    inside = (bins >= 0) & (bins < values.shape[1])
    return values.gather(1, bins.clamp(0, values.shape[1] - 1)) * inside


def window_prior(net: MultiTaskNet, sample: dict[str, Tensor]) -> BoundaryPrior | None:
    """Boundary probability of the rows and columns of a batch of windows; None where the network has none."""
    if "prior_rows" not in sample:
        return None
    rows, cols = sample["prior_rows"], sample["prior_cols"]
    if "prior_map" in sample:
        p = _probability(net, sample["prior_map"])
        return BoundaryPrior(_take(p, rows.long()), _take(p, cols.long()))
    pad = net.config.boundary_prior.pad
    p = _probability(net, torch.cat([rows, cols]))[:, pad : rows.shape[-1] - pad]
    return BoundaryPrior(*p.chunk(2))


def _origin(net: MultiTaskNet, strip: dict[str, Tensor]) -> int:
    """Where the strip's own first bin lies in the output for ``strip["prior"]``."""
    if "prior_first" in strip:
        return int(strip["prior_first"][0])
    return net.config.boundary_prior.pad + net.config.windows.coarse_margin


def tile_priors(net: MultiTaskNet, strip: dict[str, Tensor]) -> list[BoundaryPrior | None]:
    """Prior of the on-diagonal tiles of a strip, cut from one pass along all of it."""
    tiles = strip["tiles"][0]
    if "prior" not in strip:
        return [None] * len(tiles)
    size, margin = tiles.shape[-1], net.config.windows.coarse_margin
    p = _probability(net, strip["prior"])
    bins = torch.arange(size, device=p.device)[None] + _origin(net, strip) - margin
    cuts = [_take(p, bins + k * (size - 2 * margin)) for k in range(len(tiles))]
    return [BoundaryPrior(cut, cut) for cut in cuts]


def boundary_prior_loss(net: MultiTaskNet, strip: dict[str, Tensor]) -> Tensor:
    """Boundary loss of the prior on the strip itself; a large bin holds a boundary if any of its bins does."""
    logits, target = net.prior_logits(strip["prior"]), strip["target"]
    first = _origin(net, strip)
    bins = torch.arange(first, first + target.shape[1], device=logits.device)
    if "prior_first" in strip:
        factor = net.config.boundary_prior.resolution // net.config.coarse_resolution
        large = (bins // factor - first // factor)[None]
        most = target.new_zeros(1, int(large.max()) + 1).scatter_reduce(1, large, target, "amax")
        target = most.gather(1, large)
    return boundary_loss(_take(logits, bins[None]), target, strip["known"])
