"""Head of the masked reconstruction: what was hidden of a coarse window, from the shared encoder's features.

Source: He et al. 2022 (masked autoencoders): a light decoder that is thrown away after pretraining.
"""

from __future__ import annotations

from torch import Tensor, nn

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.blocks import Decoder


class ReconstructionHead(nn.Module):
    """Encoder features of a coarse window → log1p of O/E per pixel, ``(B, 1, H, W)``."""

    WIDTHS = (24, 16, 16)

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.decoder = Decoder(config.channels, self.WIDTHS, fine=False)
        self.out = nn.Conv2d(self.WIDTHS[-1], 1, 1)

    def forward(self, features: dict[str, Tensor]) -> Tensor:
        """Features f2 … f5 → ``(B, 1, H, W)``."""
        x = features["f5"]
        for scale in self.decoder.scales:
            x = self.decoder.step(scale, x, features[scale])
        return self.out(x)
