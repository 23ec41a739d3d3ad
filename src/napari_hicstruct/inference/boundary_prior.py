"""The boundary prior of a chromosome, cut into the rows and columns of each window."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.channels import chromosome_channels, strip_channels
from napari_hicstruct.inference.device import precision
from napari_hicstruct.models.context import BoundaryPrior
from napari_hicstruct.models.network import MultiTaskNet

_REACH_BINS = 32
"""Bins at both ends of a strip that are taken from its neighbours: the receptive field is 18 bins either way."""


class BoundaryPriorTrack:
    """Boundary probability per coarse bin of a chromosome.

    Parameters
    ----------
    p : float32, shape (n_bins,)
    """

    def __init__(self, p: NDArray[np.float32]) -> None:
        self.p = p

    def _part(self, first: int, length: int) -> NDArray[np.float32]:
        out = np.zeros(length, np.float32)
        low, high = max(first, 0), min(first + length, len(self.p))
        if low < high:
            out[low - first : high - first] = self.p[low:high]
        return out

    def cut(self, corners: list[tuple[int, int]], size: int, *, factor: int, device: torch.device) -> BoundaryPrior:
        """Prior of windows of ``size`` bins at ``corners`` (bins of the window); ``factor`` bins make a coarse one."""
        length = size // factor
        sides = [np.stack([self._part(corner[k] // factor, length) for corner in corners]) for k in (0, 1)]
        return BoundaryPrior(*(torch.from_numpy(side).to(device) for side in sides))


def predict_boundary_prior(
    net: MultiTaskNet,
    band: Band,
    device: torch.device,
    tracks: NDArray[np.float32] | None = None,
    *,
    start: int = 0,
    stop: int = 1 << 60,
) -> BoundaryPriorTrack:
    """Prior along bins ``start … stop`` of a coarse band (0 elsewhere), or over all of it at once.

    ``tracks`` are the band's, where the network reads any.
    """
    w, inputs = net.config.windows, net.config.inputs
    if net.config.boundary_prior.kind == "chromosome":
        factor = net.config.boundary_prior.resolution // band.network_resolution
        x = chromosome_channels(band, factor, w.strip_diagonals, inputs, tracks)
        return BoundaryPriorTrack(_probability(net, x, device)[: band.n_bins])
    p = np.zeros(band.n_bins, np.float32)
    inner = w.strip_length - 2 * _REACH_BINS
    # strips lie at the same places whatever stretch is wanted, so that a bin's prior never depends on the stretch
    for first in range(max(0, start) // inner * inner, min(stop, band.n_bins), inner):
        x = strip_channels(band, first - _REACH_BINS, w.strip_length, w.strip_diagonals, inputs, tracks)
        part = _probability(net, x, device)[_REACH_BINS : _REACH_BINS + inner]
        p[first : first + inner] = part[: band.n_bins - first]
    return BoundaryPriorTrack(p)


def _probability(net: MultiTaskNet, strip: NDArray[np.float32], device: torch.device) -> NDArray[np.float32]:
    """Boundary probability that the boundary-prior network reads off one strip ``(C, D, L)``, per coarse bin."""
    with torch.inference_mode(), precision(device):
        p = torch.sigmoid(net.prior_logits(torch.from_numpy(strip)[None].to(device)).float())[0].cpu().numpy()
    return np.asarray(p, np.float32)
