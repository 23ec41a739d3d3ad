"""What every interaction between task decoders is: two places where features may pass from task to task."""

from __future__ import annotations

from torch import Tensor, nn

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import WindowContext


class Interaction(nn.Module):
    """Base of all interactions; does nothing by itself (``none``).

    Attributes
    ----------
    exchanges : bool
        True if decoders of all tasks must run side by side, also those whose heads are not asked for.
    learning_rate_scale : float
        The optimiser's group of this module learns so many times as fast; ``interaction_options`` may say otherwise.
    """

    exchanges = False
    learning_rate_scale = 1.0

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        if config.interaction_options.learning_rate_scale is not None:
            self.learning_rate_scale = config.interaction_options.learning_rate_scale

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        """How many times as fast as the network which weights learn; without groups that are empty."""
        weights = list(self.parameters())
        return [(self.learning_rate_scale, weights)] if weights else []

    def share(self, features: dict[str, Tensor], task: str, context: WindowContext) -> dict[str, Tensor]:
        """Encoder features as ``task`` shall read them (f1 … f5), after the selector."""
        return features

    def exchange(self, scale: str, maps: dict[str, Tensor], context: WindowContext) -> dict[str, Tensor]:
        """Decoder features of all tasks after ``scale`` (f4, f3, f2; f1 of fine tasks): same keys, same shapes."""
        return maps
