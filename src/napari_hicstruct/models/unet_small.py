"""Encoder ``unet_small``: a U-Net's contracting path whose scales are genomic resolutions (5 … 80 kb).

Source: Ronneberger et al. 2015, with group norm; a fine (5 kb) and a coarse (10 kb) stem meet at f2, all that is
coarser is shared, so both bin sizes train the same features.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from napari_hicstruct.models.blocks import ConvBlock


class UNetSmall(nn.Module):
    """Shared encoder.

    Parameters
    ----------
    in_channels : int
        Input channels (``contacts.channels.CHANNELS``).
    channels : tuple of int
        Width at f1 … f5.
    """

    def __init__(self, in_channels: int, channels: tuple[int, int, int, int, int]) -> None:
        super().__init__()
        c1, c2, c3, c4, c5 = channels
        self.fine_stem = ConvBlock(in_channels, c1)
        self.fine_to_coarse = ConvBlock(c1, c2)
        self.coarse_stem = ConvBlock(in_channels, c2)
        self.down3, self.down4, self.down5 = ConvBlock(c2, c3), ConvBlock(c3, c4), ConvBlock(c4, c5)

    def fine(self, x: Tensor) -> dict[str, Tensor]:
        """``(B, C, H, W)`` at fine bins → features ``f1 (H) … f5 (H/16)``."""
        f1 = self.fine_stem(x)
        return {"f1": f1, **self._trunk(self.fine_to_coarse(functional.avg_pool2d(f1, 2)))}

    def coarse(self, x: Tensor) -> dict[str, Tensor]:
        """``(B, C, H, W)`` at coarse bins → features ``f2 (H) … f5 (H/8)``."""
        return self._trunk(self.coarse_stem(x))

    def _trunk(self, f2: Tensor) -> dict[str, Tensor]:
        f3 = self.down3(functional.max_pool2d(f2, 2))
        f4 = self.down4(functional.max_pool2d(f3, 2))
        return {"f2": f2, "f3": f3, "f4": f4, "f5": self.down5(functional.max_pool2d(f4, 2))}
