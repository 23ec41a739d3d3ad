"""What a network says at one candidate: its log-odds, what its last layer reads there, and how far heads agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

Features = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sight:
    """One place of one candidate; a TAD has two, its borders.

    Attributes
    ----------
    owner : int
        Which of the records.
    layer : str
        Name of the head that speaks: ``fine_heads.loop``, ``heads.loop``, ``heads.stripe`` …
    logit : float
        Raw log-odds.  Loops and boundaries: of the best pixel in reach; stripes: the mean over their rectangle.
    features : float32, shape (d,)
        What the head's last layer weighs there; ``logit`` is linear in it but for the TAD prior.
    evidence : float
        Log-odds that decoding adds before it ranks (``decode.prominence``, ``decode.insulation``).
    offset : float
        The part of it that decides what is listed, too: all of it, but 0 for loops, which the network's word lists.
    """

    owner: int
    layer: str
    logit: float
    features: Features
    evidence: float = 0.0
    offset: float = 0.0

    @property
    def odds(self) -> float:
        """Log-odds by which it is listed."""
        return self.logit + self.offset


@dataclass(frozen=True, slots=True)
class Seen:
    """One candidate as a network sees it.

    Attributes
    ----------
    probability : float
        Raw, in [0, 1]; NaN for kinds that the network has no task for.
    votes : float64, shape (m,)
        Probabilities by the members of an ensemble of heads (channels dropped); empty where none was asked.
    features : float32, shape (d,)
        Of the head's last layer at the candidate; kinds differ in length.
    """

    probability: float
    votes: NDArray[np.float64]
    features: Features


def dropped_votes(sights: Sequence[Sight], net: nn.Module, members: int, *, drop: float = 0.3) -> NDArray[np.float64]:
    """Probabilities that heads with channels dropped by chance give, shape (n, members): Monte-Carlo dropout.

    Source: Gal & Ghahramani 2016; here in front of the last layer, so that one look at the map serves all members.
    """
    out = np.zeros((len(sights), members))
    for layer in dict.fromkeys(sight.layer for sight in sights):
        rows = [k for k, sight in enumerate(sights) if sight.layer == layer]
        features = np.stack([sights[k].features for k in rows])
        weight = last_layer(net, layer).weight.detach().float().cpu().numpy()[0].reshape(-1)
        rng = np.random.default_rng(0)
        keep = (rng.random((members, features.shape[1])) >= drop) / (1 - drop)
        change = features @ ((keep - 1) * weight).T
        logits = np.array([sights[k].odds for k in rows])[:, None] + change
        out[rows] = 1 / (1 + np.exp(-logits))
    return out


def last_layer(net: nn.Module, layer: str) -> nn.Conv2d | nn.Conv1d:
    """The convolution that ends a head; its first output channel is the logit."""
    return net.get_submodule(layer).out
