"""Boundary prior ``chromosome``: from the whole chromosome in large bins (40 or 80 kb), before any window is read."""

from __future__ import annotations

from torch import Tensor

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.models.boundary_prior import BandBoundaryPrior
from napari_hicstruct.models.strip import LinearAttention


class ChromosomeBoundaryPrior(BandBoundaryPrior):
    """Boundary logit per large bin from all of a chromosome's diagonal, repeated to coarse bins.

    As :class:`BandBoundaryPrior`, with linear attention (Katharopoulos et al. 2020) over the whole length, so that
    every bin carries what the whole chromosome shows: how deep, how strong its domains, how far they reach.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        if config.boundary_prior.resolution % config.coarse_resolution:
            raise ConfigError(
                f"key 'boundary_prior.resolution': {config.boundary_prior.resolution} is no multiple of "
                f"{config.coarse_resolution} bp.",
                hint="Choose 40000 or 80000.",
            )
        self.factor = config.boundary_prior.resolution // config.coarse_resolution
        self.attention = LinearAttention(config.boundary_prior.width)

    def forward(self, strip: Tensor) -> Tensor:
        """``(B, C, D, L)`` in large bins → ``(B, L · factor)`` boundary logits in coarse ones."""
        x = self.pyramid(self.read(self.stem(strip).flatten(1, 2)))
        return self.out(self.attention(x))[:, 0].repeat_interleave(self.factor, -1)
