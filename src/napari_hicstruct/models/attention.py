"""Attention blocks after the encoder; ``none`` passes features on untouched."""

from __future__ import annotations

from torch import Tensor, nn

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import WindowContext


class NoAttention(nn.Module):
    """The encoder's features as they are; base of the attention kinds."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()

    def forward(self, features: dict[str, Tensor], context: WindowContext) -> dict[str, Tensor]:
        """The same features, f1 … f5."""
        return features
