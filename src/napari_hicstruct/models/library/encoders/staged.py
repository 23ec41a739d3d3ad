"""What encoders made of a known network's stages share: our two stems before them, our widths after them."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from napari_hicstruct.errors import ConfigError
from napari_hicstruct.models.blocks import ConvBlock


def require(module: str, encoder: str) -> Any:
    """A module of the extra ``encoders``, imported where an encoder is built: it takes seconds.

    Raises
    ------
    ConfigError
        If it is not installed; names the extra.
    """
    try:
        importlib.import_module("einops")  # MONAI itself only misses it in the middle of a forward pass
        return importlib.import_module(module)
    except ImportError as error:
        hint = 'Install it: pip install "napari-hicstruct[encoders]".'
        raise ConfigError(f"encoder '{encoder}' needs {error.name or 'MONAI'}.", hint=hint) from error


class StagedEncoder(nn.Module):
    """f2 … f5 are the four stages of a known network, at 1, ½, ¼ and ⅛ of the coarse bins.

    A fine (5 kb) and a coarse (10 kb) stem meet at f2 as in ``unet_small``; 1×1 convolutions bring every stage to the
    width that the decoders read.

    Parameters
    ----------
    in_channels : int
        Input channels.
    channels : tuple of int
        Width at f1 … f5.
    stem : int
        Channels that the first stage reads.
    stages : sequence of nn.Module
        Four; the second to fourth halve the bins.
    widths : sequence of int
        What they give.
    """

    def __init__(
        self,
        in_channels: int,
        channels: tuple[int, int, int, int, int],
        *,
        stem: int,
        stages: Sequence[nn.Module],
        widths: Sequence[int],
    ) -> None:
        super().__init__()
        self.fine_stem = ConvBlock(in_channels, channels[0])
        self.fine_to_coarse = ConvBlock(channels[0], stem)
        self.coarse_stem = ConvBlock(in_channels, stem)
        self.stages = nn.ModuleList(stages)
        self.project = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in zip(widths, channels[1:], strict=True))

    def fine(self, x: Tensor) -> dict[str, Tensor]:
        """``(B, C, H, W)`` at fine bins → features ``f1 (H) … f5 (H/16)``."""
        f1 = self.fine_stem(x)
        return {"f1": f1, **self._trunk(self.fine_to_coarse(functional.avg_pool2d(f1, 2)))}

    def coarse(self, x: Tensor) -> dict[str, Tensor]:
        """``(B, C, H, W)`` at coarse bins → features ``f2 (H) … f5 (H/8)``."""
        return self._trunk(self.coarse_stem(x))

    def _trunk(self, x: Tensor) -> dict[str, Tensor]:
        out = {}
        for scale, stage, project in zip(("f2", "f3", "f4", "f5"), self.stages, self.project, strict=True):
            x = stage(x)
            out[scale] = project(x)
        return out
