"""Boundary prior: boundary probability read off the diagonal, before any window is read."""

from __future__ import annotations

from torch import Tensor, nn

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import WindowContext
from napari_hicstruct.models.heads import PRIOR
from napari_hicstruct.models.strip import Dilated
from napari_hicstruct.models.tad_prior import band_mask


class NoBoundaryPrior(nn.Module):
    """No prior: windows come without boundary probabilities."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()

    def inject(self, features: dict[str, Tensor], context: WindowContext) -> dict[str, Tensor]:
        """The same features."""
        return features


class BandBoundaryPrior(NoBoundaryPrior):
    """Boundary logit per coarse bin from the strip of distances around the diagonal, without any window's features.

    Trained by its own boundary loss; everything that reads it reads it detached.  With ``boundary_prior.inject`` the
    boundary map is added to the encoder's f2 features through one learnable 1×1 convolution that starts at 0.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        width = config.boundary_prior.width
        self.stem = nn.Sequential(
            nn.Conv2d(config.in_channels, 8, 3, padding=1), nn.SiLU(inplace=True), nn.Conv2d(8, 4, 3, padding=1)
        )
        self.read = nn.Conv1d(4 * config.windows.strip_diagonals, width, 1)
        self.pyramid = nn.Sequential(*[Dilated(width, dilation) for dilation in (1, 2, 4, 8)])
        self.out = nn.Conv1d(width, 1, 3, padding=1)
        nn.init.constant_(self.out.bias, PRIOR / 2)
        self.injected = nn.Conv2d(1, config.channels[1], 1, bias=False) if config.boundary_prior.inject else None
        if self.injected is not None:
            nn.init.zeros_(self.injected.weight)

    def forward(self, strip: Tensor) -> Tensor:
        """``(B, C, D, L) → (B, L)`` boundary logits."""
        return self.out(self.pyramid(self.read(self.stem(strip).flatten(1, 2))))[:, 0]

    def inject(self, features: dict[str, Tensor], context: WindowContext) -> dict[str, Tensor]:
        """``f2`` with the boundary map added; the other scales as they are."""
        if self.injected is None:
            return features
        return features | {"f2": features["f2"] + self.injected(band_mask(*context.boundaries("f2")))}
