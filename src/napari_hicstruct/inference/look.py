"""What a network sees at given candidates: how sure it is, what an ensemble of its heads says, what its encoder feels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Seen:
    """One candidate as a network sees it.

    Attributes
    ----------
    probability : float
        In [0, 1]; NaN for kinds that the network has no task for.
    votes : float64, shape (m,)
        Probabilities by the members of an ensemble of heads (dropped channels); empty where none was asked.
    features : float32, shape (d,)
        Of the decoder at the candidate; empty where none were asked.
    """

    probability: float
    votes: NDArray[np.float64]
    features: NDArray[np.float32]
