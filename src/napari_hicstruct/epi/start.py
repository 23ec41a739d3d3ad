"""Where an encoder's motif filters start: frequent words of the training sequences, given motifs, or random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from napari_hicstruct.config.epi import EpiConfig
from napari_hicstruct.epi.data import EpiData
from napari_hicstruct.epi.motifs import Motif
from napari_hicstruct.epi.split import Split
from napari_hicstruct.epi.words import frequent_motifs
from napari_hicstruct.models.epi.encoder import SequenceEncoder
from napari_hicstruct.wording import how_many

FULL = 2.0
"""Activation of a filter where its motif is there base for base."""
NOISE = 0.1
"""Of the random weights that a feature keeps beside the filter that it starts with."""
FLOOR = 0.01
"""Least probability of a base: one mismatch never rules out a motif of a file by itself."""


def training_sites(data: EpiData, split: Split) -> NDArray[np.uint8]:
    """Sequences of the training pairs, each once; nothing of the chromosomes that are held out."""
    rows = np.flatnonzero(split.train)
    return data.sites[np.unique(np.concatenate([data.enhancers[rows], data.promoters[rows]]))]


def start_encoder(
    encoder: SequenceEncoder, data: EpiData, split: Split, motifs: Sequence[Motif], config: EpiConfig
) -> tuple[int, str]:
    """Set filters as ``encoder.start`` says; how many do not stay at random, and a sentence about it or nothing."""
    own = config.encoder
    if own.start == "random":
        return 0, ""
    if own.start == "motifs":
        columns = [motif.columns for motif in motifs]
        n = start_at_motifs(encoder, columns, window=own.window)
        left = "" if n == len(motifs) else f"; there are no filters for {how_many(len(motifs) - n, 'more motif')}"
        return n, f"{how_many(n, 'filter')} of {own.filters} start at given motifs{left}."
    columns = frequent_motifs(training_sites(data, split), own.filters, width=own.kernel, seed=config.seed)
    if not columns:
        return 0, "No word is more frequent in the sequences than expected: filters start at random."
    n = start_at_motifs(encoder, columns, window=own.window)
    return n, f"{how_many(n, 'filter')} of {own.filters} start at frequent words of the training sequences."


def start_at_motifs(encoder: SequenceEncoder, motifs: list[NDArray[np.float64]], *, window: int) -> int:
    """Set the first filters to motifs, and let features read one filter each; gives how many filters were set.

    A filter's weights are log-odds against a quarter of each base.  It is 0 where a motif is as probable as not in a
    window that holds one of it somewhere (log-odds of log 2·window: with 64 bp, about seven bases of nine), and
    ``FULL`` at the most probable sequence.  All weights stay free to learn.
    """
    stem, n = encoder.stem, min(len(motifs), encoder.stem.out_channels)
    if not n:
        return 0
    with torch.no_grad():
        for k, columns in enumerate(motifs[:n]):
            odds = fitted(np.log(np.clip(columns, FLOOR, None) / 0.25), stem.kernel_size[0])
            most, cut = float(odds.max(1).sum()), float(np.log(2 * window))
            # a short or vague motif never reaches that: its best half counts then
            cut = min(cut, 0.75 * most)
            scale = FULL / (most - cut)
            stem.weight[k] = torch.from_numpy(odds.T * scale).to(stem.weight)
            assert stem.bias is not None
            stem.bias[k] = -cut * scale
        for block in encoder.trunk:
            torch.nn.init.zeros_(block.body[-1].weight)  # what motifs mean to each other is learnt from nothing on
            torch.nn.init.zeros_(block.body[-1].bias)
        features = encoder.features
        features.weight *= NOISE
        own = torch.arange(features.out_channels)
        features.weight[own, own % stem.out_channels] += 1
        assert features.bias is not None
        torch.nn.init.zeros_(features.bias)
    return n


def fitted(columns: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Log-odds of as many columns as a filter has: the part that says most, or zeros around."""
    n = len(columns)
    if n > width:
        says = np.abs(columns).sum(1)
        start = int(np.argmax([says[k : k + width].sum() for k in range(n - width + 1)]))
        return columns[start : start + width]
    before = (width - n) // 2
    return np.pad(columns, ((before, width - n - before), (0, 0)))
