"""Scores of many pairs: each sequence is encoded once, each line's gate is made once."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_hicstruct.epi.batches import LineSource, in_chunks, inputs_to
from napari_hicstruct.epi.data import EpiData
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain
from napari_hicstruct.models.epi.network import EpiNet
from napari_hicstruct.models.gating.gate import GateOutput

SITES_AT_ONCE, PAIRS_AT_ONCE = 64, 2_048


def line_gates(net: EpiNet, source: LineSource, lines: NDArray[np.int64]) -> GateOutput:
    """Gates of lines (indices into the data's), one after another: each is described as it can be."""
    device = next(net.parameters()).device
    found = []
    for line in lines:
        # all that is kept of its samples, not a draw: training reads few at a time, and a code of few is much chance
        inputs = source.inputs(np.array([line]), np.random.default_rng(0), whole=True)
        found.append(net.describe(inputs_to(inputs, device)))
    names = ("gate", "raw", "code", "is_open")
    return GateOutput(*(torch.cat([getattr(one, name) for one in found]) for name in names))


def iter_site_features(
    net: EpiNet, sites: NDArray[np.uint8], wanted: NDArray[np.int64], token: CancelToken, clock: Clock
) -> Generator[Progress, None, Tensor]:
    """Features of some sites before the gate, ``(len(wanted), d)``."""
    device = next(net.parameters()).device
    found = []
    for rows in in_chunks(wanted, SITES_AT_ONCE):
        token.check()
        with torch.no_grad():
            found.append(net.encoder(torch.from_numpy(sites[rows]).to(device)))
        yield clock.step("read sequences", sum(map(len, found)), len(wanted))
    return torch.cat(found)


def iter_scores(
    net: EpiNet,
    data: EpiData,
    rows: NDArray[np.int64],
    source: LineSource,
    *,
    share: float = 1.0,
    token: CancelToken | None = None,
) -> Generator[Progress, None, NDArray[np.float64]]:
    """Logits of pairs (rows of the data).

    Parameters
    ----------
    share : float
        Of the curriculum: how far gates have closed.
    """
    token, clock = token or CancelToken(), Clock()
    was_training = net.training
    net.eval()
    try:
        wanted = np.unique(np.concatenate([data.enhancers[rows], data.promoters[rows]]))
        features = yield from iter_site_features(net, data.sites, wanted, token, clock)
        lines = np.unique(data.of_line[rows])
        with torch.no_grad():
            gates = line_gates(net, source, lines)
            logits = []
            for part in in_chunks(rows, PAIRS_AT_ONCE):
                token.check()
                at = torch.from_numpy(np.searchsorted(lines, data.of_line[part])).to(features.device)
                first, second = (
                    net.modulate(features[torch.from_numpy(np.searchsorted(wanted, of[part]))], gates, at, share)
                    for of in (data.enhancers, data.promoters)
                )
                logits.append(net.head(torch.cat([first, second, first * second], 1)).squeeze(1).cpu().numpy())
    finally:
        net.train(was_training)
    return np.concatenate(logits).astype(np.float64) if logits else np.zeros(0)


def score(
    net: EpiNet, data: EpiData, rows: NDArray[np.int64], source: LineSource, *, share: float = 1.0
) -> NDArray[np.float64]:
    """:func:`iter_scores` run to its end."""
    return drain(iter_scores(net, data, rows, source, share=share))
