"""The code of a line: from numbers that describe it, from unlabelled samples of it, or from both."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_hicstruct.config.gating import GateConfig


class SupportPooling(nn.Module):
    """Attention pooling of unlabelled samples: learnt queries choose what of them describes their line.

    The order of samples does not matter, and fewer than ``k`` may be given.

    Parameters
    ----------
    dims : int
        Features of a sample.
    code : int
        Length of the code.
    queries : int
        Weighted means that are taken.

    References
    ----------
    Ilse, Tomczak & Welling 2018, attention-based pooling; Lee et al. 2019 (Set Transformer), pooling by queries.
    """

    def __init__(self, dims: int, code: int, *, queries: int = 4) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dims)
        self.value = nn.Sequential(nn.Linear(dims, code), nn.GELU())
        self.score = nn.Linear(dims, queries)
        self.out = nn.Linear(queries * code, code)

    def forward(self, samples: Tensor) -> Tensor:
        """``(lines, k, dims) → (lines, code)``."""
        samples = self.norm(samples)
        weights = self.score(samples).softmax(dim=1)
        pooled = torch.einsum("lkq,lkc->lqc", weights, self.value(samples))
        return self.out(pooled.flatten(1))


class LineCode(nn.Module):
    """``features (64) → 128 → 256`` and ``support (k, d) → 256``; given both, their mean.

    Parameters
    ----------
    config : GateConfig
    dims : int
        Features of a support sample.
    """

    def __init__(self, config: GateConfig, dims: int) -> None:
        super().__init__()
        self.size = config.features
        self.explicit = nn.Sequential(
            nn.Linear(config.features, config.hidden), nn.GELU(), nn.Linear(config.hidden, config.code)
        )
        self.support = SupportPooling(dims, config.code)
        self.norm = nn.LayerNorm(config.code)

    def forward(self, features: Tensor | None = None, support: Tensor | None = None) -> Tensor:
        """Codes of some lines.

        Parameters
        ----------
        features : Tensor, shape (lines, ≤ 64), optional
            Standardised numbers; missing ones at the end count as 0.
        support : Tensor, shape (lines, k, dims), optional

        Returns
        -------
        Tensor, shape (lines, code)

        Raises
        ------
        ValueError
            If neither is given, or there are more numbers than the module reads.
        """
        parts = []
        if features is not None:
            if features.shape[1] > self.size:
                raise ValueError(f"{features.shape[1]} numbers describe a line; the module reads {self.size}")
            parts.append(self.explicit(nn.functional.pad(features, (0, self.size - features.shape[1]))))
        if support is not None:
            parts.append(self.support(support))
        if not parts:
            raise ValueError("a line needs numbers that describe it, or unlabelled samples")
        return self.norm(torch.stack(parts).mean(0))
