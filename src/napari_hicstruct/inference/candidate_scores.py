"""Scores of candidates by a network: log-odds, inputs of the last layer, and Monte-Carlo dropout of the heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

Features = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HeadScore:
    """Score of one place of one candidate by one head; a TAD has two places, its borders.

    Attributes
    ----------
    owner : int
        Index of the record.
    layer : str
        Name of the head: ``fine_heads.loop``, ``heads.loop``, ``heads.stripe`` …
    logit : float
        Raw log-odds.  Loops and boundaries: of the best pixel in reach; stripes: the mean over their rectangle.
    features : float32, shape (d,)
        Input of the head's last layer there; ``logit`` is linear in it but for the TAD prior.
    evidence : float
        Log-odds that decoding adds before it ranks (``decode.prominence``, ``decode.insulation``).
    offset : float
        The part of it that decides what is listed, too: all of it, but 0 for loops.
    noise : float
        Counting noise of a boundary (``decode.insulation.counting_noise``), log2; 0 for loops and stripes.
    """

    owner: int
    layer: str
    logit: float
    features: Features
    evidence: float = 0.0
    offset: float = 0.0
    noise: float = 0.0

    @property
    def log_odds(self) -> float:
        """Log-odds by which it is listed."""
        return self.logit + self.offset


@dataclass(frozen=True, slots=True)
class CandidateScore:
    """Score of one candidate by a network.

    Attributes
    ----------
    probability : float
        Raw, in [0, 1]; NaN for kinds that the network has no task for.
    votes : float64, shape (m,)
        Probabilities by the members of an ensemble of heads (channels dropped); empty without an ensemble.
    features : float32, shape (d,)
        Of the head's last layer at the candidate; kinds differ in length.
    """

    probability: float
    votes: NDArray[np.float64]
    features: Features


def mc_dropout_votes(
    scores: Sequence[HeadScore], net: nn.Module, members: int, *, drop: float = 0.3
) -> NDArray[np.float64]:
    """Probabilities that heads with channels dropped by chance give, shape (n, members): Monte-Carlo dropout.

    Source: Gal & Ghahramani 2016; here in front of the last layer, so that one pass over the map serves all members.
    """
    from scipy.special import expit

    out = np.zeros((len(scores), members))
    for layer in dict.fromkeys(score.layer for score in scores):
        rows = [k for k, score in enumerate(scores) if score.layer == layer]
        features = np.stack([scores[k].features for k in rows])
        weight = last_layer(net, layer).weight.detach().float().cpu().numpy()[0].reshape(-1)
        rng = np.random.default_rng(0)
        keep = (rng.random((members, features.shape[1])) >= drop) / (1 - drop)
        change = features @ ((keep - 1) * weight).T
        logits = np.array([scores[k].log_odds for k in rows])[:, None] + change
        out[rows] = expit(logits)
    return out


def last_layer(net: nn.Module, layer: str) -> nn.Conv2d | nn.Conv1d:
    """The convolution that ends a head; its first output channel is the logit."""
    return net.get_submodule(layer).out
