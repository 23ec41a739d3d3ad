"""Two bands of one chromosome fused by a network, strip by strip along the diagonal."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit

from napari_hicstruct.fusion.map_features import MARGIN_BINS, MapTile, make_tile, measure_scales
from napari_hicstruct.fusion.map_pair import MapPair
from napari_hicstruct.fusion.sharpen import REACH_BINS, sharpened
from napari_hicstruct.jobs import CancelToken
from napari_hicstruct.models.fusion.network import HybridFusionNet

F32 = NDArray[np.float32]

STRIP = 256
"""Rows fused at once, without margins."""


MIN_EXPECTED = 1e-3
"""Expected contacts below which a pixel of maps of unlike bins is not worth its place in a file."""


@dataclass(frozen=True, slots=True)
class FusedBand:
    """What comes of two bands.

    Attributes
    ----------
    counts : float32, shape (n_diagonals, n_bins)
        Contacts of both maps together.
    mask : float32, same shape
        Share of the first map, 0 to 1.
    """

    counts: F32
    mask: F32


def fuse_bands(net: HybridFusionNet, pair: MapPair, token: CancelToken | None = None) -> FusedBand:
    """:func:`iter_fuse_bands` run to its end."""
    steps = iter_fuse_bands(net, pair, token)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            made: FusedBand = end.value
            return made


def iter_fuse_bands(
    net: HybridFusionNet, pair: MapPair, token: CancelToken | None = None
) -> Generator[float, None, FusedBand]:
    """Fuse; yields the share of strips done.

    Parameters
    ----------
    net : HybridFusionNet
    pair : MapPair
        Where its second map is ``spread``, the network's residual sharpens the blend; of maps in the same bins the
        blend is what counts say, and nothing is added.
    token : CancelToken, optional
        Checked at every strip.
    """
    scales = measure_scales(pair)
    n, depth = pair.n_bins, pair.n_diagonals
    out = FusedBand(np.zeros((depth, n), np.float32), np.zeros((depth, n), np.float32))
    margin = max(net.reach + MARGIN_BINS, REACH_BINS)
    for start in range(0, n, STRIP):
        if token is not None:
            token.check()
        stop = min(n, start + STRIP)
        top = start - margin
        size = (stop - start + 2 * margin, min(n, stop + depth) - start + 2 * margin)
        tile = make_tile(pair, scales, (top, top), size)
        counts, mask = fuse_tile(net, tile, spread=pair.spread)
        _into_band(counts, out.counts, top, start, stop)
        _into_band(mask, out.mask, top, start, stop)
        yield stop / n
    return out


def fuse_tile(net: HybridFusionNet, tile: MapTile, *, spread: bool) -> tuple[F32, F32]:
    """Fused contacts and mask of one rectangle, shape (H, W)."""
    device = next(net.parameters()).device
    with torch.inference_mode():
        a, b = (torch.from_numpy(one[: net.config.in_channels])[None].to(device) for one in (tile.a, tile.b))
        blank = torch.zeros_like(a[:, :1]).expand(-1, net.config.value_channels, -1, -1)  # counts are blended below
        made = net(a, b, values=(blank, blank))
        logit = made.logit[0, 0].float().cpu().numpy()
        residual = None if made.residual is None else made.residual.float().cpu()
    mask = decided(tile.share, logit, None if spread else tile.gate)
    mask = np.where(np.isnan(tile.forced), mask, tile.forced)
    counts = blend(tile.counts_a, tile.counts_b, mask, tile.share)
    if spread and residual is not None:
        with torch.inference_mode():
            total, expected, known = (torch.from_numpy(one)[None, None] for one in (counts, tile.expected, tile.known))
            counts = sharpened(total, residual, expected, known)[0, 0].numpy()
        counts[counts < MIN_EXPECTED] = 0
    return counts, mask


def decided(share: F32, logit: F32, gate: F32 | None = None) -> F32:
    """The mask: the share of contacts, moved by the network's logit as far as ``gate`` lets it."""
    moved = logit if gate is None else logit * gate
    prior = np.log(share / (1 - share))
    mask = expit(prior + moved)
    return np.where(moved == 0, share, mask).astype(np.float32)


def blend(counts_a: F32, counts_b: F32, mask: F32, share: F32) -> F32:
    """Contacts of both maps together: A · m / s + B · (1 − m) / (1 − s), with m = s their sum."""
    total: F32 = counts_a * (mask / share) + counts_b * ((1 - mask) / (1 - share))
    return total


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _into_band(values: F32, band: F32, top: int, start: int, stop: int) -> None:
    """Rows ``start``…``stop`` of a square rectangle at ``top`` into a band."""
    n_diagonals, n = band.shape
    for i in range(start, stop):
        for d in range(min(n_diagonals, n - i)):
            band[d, i] = values[i - top, i + d - top]
