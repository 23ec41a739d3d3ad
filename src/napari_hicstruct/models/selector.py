"""What every selector is: the encoder's features as one task wants to read them; by itself, untouched."""

from __future__ import annotations

from torch import Tensor, nn

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import WindowContext


class Selector(nn.Module):
    """Base of all selectors, between encoder and decoders.

    Attributes
    ----------
    decodes : bool
        True if :meth:`forward` already gives decoded features (``f2``, and ``f1`` where it came in) of the widths
        that the task's heads read; the network then has no U-Net decoders (E6).
    detaches_encoder : bool
        True if no gradient passes to what comes before the selector.
    """

    decodes = False
    detaches_encoder = False

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config

    def forward(self, features: dict[str, Tensor], task: str, context: WindowContext) -> dict[str, Tensor]:
        """Features f1 … f5 (f1 only for fine windows) of the same shapes, as ``task`` reads them."""
        return features
