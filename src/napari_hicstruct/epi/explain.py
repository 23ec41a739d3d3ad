"""Which motifs open in which line: motifs are put into random sequences, and gates weigh the features that answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from napari_hicstruct.epi.motifs import Motif
from napari_hicstruct.models.epi.network import EpiNet

BACKGROUNDS = 64
"""Random sequences that each motif is put into."""


@dataclass(frozen=True, slots=True)
class MotifOpenness:
    """How open lines are for motifs.

    Attributes
    ----------
    motifs, lines : tuple of str
    openness : float array, shape (motifs, lines)
        Mean gate over the features that answer to a motif, weighted by their answers; 1 is the mean of all features.
        NaN where no feature answers.
    response : float array, shape (motifs, d)
        Mean increase of each feature when the motif is there.
    """

    motifs: tuple[str, ...]
    lines: tuple[str, ...]
    openness: NDArray[np.float64]
    response: NDArray[np.float64]


def motif_openness(
    net: EpiNet, motifs: list[Motif], gates: NDArray[np.float32], lines: tuple[str, ...], *, window: int, seed: int = 0
) -> MotifOpenness:
    """Openness of every motif in every line.

    Parameters
    ----------
    gates : float array, shape (lines, d)
        Scaled to mean 1.
    window : int
        bp of a sequence.
    """
    rng = np.random.default_rng(seed)
    background = rng.integers(0, 4, (BACKGROUNDS, window)).astype(np.uint8)
    without = _features(net, background)
    response = []
    for motif in motifs:
        planted = background.copy()
        drawn = _draws(motif, BACKGROUNDS, rng)[:, : window - 2]
        start = (window - drawn.shape[1]) // 2
        planted[:, start : start + drawn.shape[1]] = drawn
        response.append((_features(net, planted) - without).mean(0))
    answers = np.clip(np.stack(response), 0, None)
    # what every motif raises (edges of the insertion, base composition) describes none of them
    distinct = np.clip(answers - np.median(answers, axis=0), 0, None) if len(motifs) > 2 else answers
    total = distinct.sum(1, keepdims=True)
    with np.errstate(invalid="ignore"):
        openness = np.where(total > 1e-9, distinct @ gates.T.astype(np.float64) / total, np.nan)
    return MotifOpenness(tuple(motif.name for motif in motifs), lines, openness, np.stack(response))


def _draws(motif: Motif, n: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    edges = motif.columns.cumsum(1)
    return (rng.random((n, len(edges), 1)) > edges[None]).sum(2).clip(0, 3).astype(np.uint8)


def _features(net: EpiNet, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    device = next(net.parameters()).device
    with torch.no_grad():
        return net.encoder(torch.from_numpy(codes).to(device)).double().cpu().numpy()
