"""The off-switches: selector E0 and interaction ``none`` pass features on untouched."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn


class IdentitySelector(nn.Module):
    """E0: every task reads the encoder's features as they are."""

    def forward(self, features: dict[str, Tensor], task: str) -> dict[str, Tensor]:
        """The same features for every ``task``."""
        return features


class NoInteraction(nn.Module):
    """Tasks exchange nothing after the shared encoder."""

    def forward(self, decoded: Mapping[str, dict[str, Tensor]]) -> Mapping[str, dict[str, Tensor]]:
        """Decoded features by task and scale, unchanged."""
        return decoded
